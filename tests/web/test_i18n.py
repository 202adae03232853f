"""Languages: complete catalogue, no Chinese outside it, choice of language, dates."""

import ast
import re
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from flask import Flask, g, render_template_string, request
from jinja2 import Environment, nodes

from web import assets, catalogue, charts, i18n

HAN = re.compile(r"[\u3400-\u9fff]")
TEMPLATES = catalogue.WEB / "templates"
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
MESSAGE_CALLS = {"_", "gettext", "lazy_gettext", "ngettext"}
PAIR_CALLS = {"Name", "say", "invalid"}


@pytest.fixture
def app():
    app = Flask("web.sample", root_path=str(catalogue.WEB), template_folder="templates", static_folder="static")
    app.secret_key = "test"
    assets.init_app(app)
    charts.init_app(app)
    i18n.init_app(app, zone="Asia/Shanghai", now=lambda: NOW)
    app.add_url_rule("/page/<number>", "page", lambda number: i18n.language())
    app.context_processor(_frame)
    return app


def _frame():
    return {
        "organisation": "Complaints Office",
        "current_user": SimpleNamespace(name="Li Na", is_authenticated=True),
        "links": {"home": "/", "search": "/search", "sign_out": "/out", "absence": "/absence", "account": "/me"},
        "nav": [
            {"url": f"/{n}", "icon": "inbox", "label": f"Item {n}", "count": n, "active": n == 6} for n in range(7)
        ],
        "packs": [{"name": n, "title": n, "url": f"/{n}", "active": n == "a"} for n in ("a", "b")],
    }


def test_every_message_has_an_english_text():
    current = catalogue.read()
    unknown = {m for _, m in catalogue.collect() if current.get(m) is None}
    assert unknown == set(), "run: python -m web.i18n extract"
    assert catalogue.missing(current) == [], "run: python -m web.i18n fill"


def test_no_chinese_in_english_texts_and_same_variables():
    for message in catalogue.read():
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        source = message.id[0] if isinstance(message.id, tuple | list) else message.id
        for string in filter(None, strings if message.id else ()):
            assert not HAN.search(string), source
            assert set(re.findall(r"%\(\w+\)\w|\{\w+\}", string)) == set(re.findall(r"%\(\w+\)\w|\{\w+\}", source)), (
                source
            )


def test_english_texts_use_no_chinese_punctuation():
    for message in catalogue.read():
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        assert not any(re.search(r"[。，：；？！（）《》、]", string) for string in strings if message.id), message.id


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_templates_have_no_chinese_outside_messages(path):
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text(encoding="utf-8"))
    excused = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MESSAGE_CALLS
        for constant in call.find_all(nodes.Const)
    }
    found = [(d.lineno, d.data.strip()) for d in tree.find_all(nodes.TemplateData) if HAN.search(d.data)]
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and HAN.search(constant.value) and id(constant) not in excused:
            found.append((constant.lineno, constant.value))
    assert found == []


@pytest.mark.parametrize("path", sorted(catalogue.WEB.glob("*.py")), ids=lambda p: p.name)
def test_python_has_no_chinese_outside_messages(path):
    if path.name == "i18n.py":
        pytest.skip("the date formats themselves")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    excused = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MESSAGE_CALLS | PAIR_CALLS:
                excused |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            excused.add(id(node.value))
    found = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value)
        if id(node) not in excused
    ]
    assert found == []


@pytest.mark.parametrize("frame", ["base.html", "public_base.html"])
def test_frames_show_no_chinese_in_english(app, frame):
    source = (
        f'{{% extends "{frame}" %}}{{% block title %}}Title{{% endblock %}}{{% block content %}}Text{{% endblock %}}'
    )
    with app.test_request_context("/?lang=en"):
        page = render_template_string(source)
    offered = page.replace("中文", "")
    assert not HAN.search(offered)
    assert '<html lang="en">' in page
    with app.test_request_context("/?lang=zh"):
        assert '<html lang="zh-CN">' in render_template_string(source)


def test_choice_of_language(app):
    client = app.test_client()
    assert client.get("/page/1").text == "zh"
    assert client.get("/page/1", headers={"Accept-Language": "en-GB,en;q=0.8"}).text == "en"
    assert client.get("/page/1", headers={"Accept-Language": "fr"}).text == "zh"
    assert client.get("/page/1?lang=xx").text == "zh"
    assert client.get("/page/1?lang=en").text == "en"
    assert client.get("/page/1").text == "en", "the choice is kept"
    assert client.get("/page/1", headers={"Accept-Language": "zh-CN"}).text == "en"


def test_setting_of_the_person_comes_before_the_browser(app, monkeypatch):
    app.login_manager = object()
    monkeypatch.setattr(i18n, "current_user", SimpleNamespace(language="en"))
    client = app.test_client()
    assert client.get("/page/1", headers={"Accept-Language": "zh-CN"}).text == "en"
    client.set_cookie("lang", "zh")
    assert client.get("/page/1").text == "zh"


def test_address_in_another_language_keeps_the_page(app):
    with app.test_request_context("/page/7?status=open&status=late&lang=zh"):
        assert request.endpoint == "page"
        assert i18n.language_url("en") == "/page/7?status=open&status=late&lang=en"
    with app.test_request_context("/nowhere"):
        assert i18n.language_url("en") == "/nowhere?lang=en"


@pytest.mark.parametrize(
    ("instant", "chinese", "english"),
    [
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "11月24日 周二 17:00", "Tue 24 Nov 17:00"),
        (datetime(2026, 3, 1, 16, 30, tzinfo=UTC), "3月2日 周一 00:30", "Mon 2 Mar 00:30"),
        (datetime(2027, 1, 1, 1, 5, tzinfo=UTC), "2027年1月1日 周五 09:05", "Fri 1 Jan 2027 09:05"),
    ],
)
def test_dates_and_times(app, instant, chinese, english):
    with app.test_request_context("/?lang=zh"):
        assert i18n.format_datetime(instant) == chinese
    with app.test_request_context("/?lang=en"):
        assert i18n.format_datetime(instant) == english


def test_date_alone(app):
    with app.test_request_context("/?lang=zh"):
        assert i18n.format_date(date(2026, 2, 13), weekday=False) == "2月13日"
        assert i18n.format_date(None) == ""
        assert i18n.format_time(NOW) == "10:30"


def test_two_language_values(app):
    name = SimpleNamespace(text=lambda language: {"zh": "受理", "en": "Accept"}[language])
    with app.test_request_context("/?lang=en"):
        assert "language_to_keep" not in g or g.language_to_keep == "en"
        assert [i18n.text(name), i18n.text("x"), i18n.text(None)] == ["Accept", "x", ""]


def test_translation_comes_back_with_its_message(tmp_path):
    root, path = tmp_path / "web", tmp_path / "en" / "messages.po"
    root.mkdir()
    page = root / "b.py"
    page.write_text("text = _('退回')\n", encoding="utf-8")
    catalogue.extract(root, path)
    catalogue.fill([("退回", "Return")], path)
    page.write_text("", encoding="utf-8")
    assert catalogue.extract(root, path).get("退回") is None
    page.write_text("text = _('退回')\n", encoding="utf-8")
    assert catalogue.extract(root, path).get("退回").string == "Return"


def test_extract_keeps_translations_and_drops_what_is_unused(tmp_path):
    root, path = tmp_path / "web", tmp_path / "en" / "messages.po"
    (root / "templates").mkdir(parents=True)
    page = root / "templates" / "a.html"
    page.write_text("{{ _('提交') }}{{ ngettext('%(num)d 项', '%(num)d 项', n) }}", encoding="utf-8")
    (root / "b.py").write_text("text = _('退回')\n", encoding="utf-8")
    assert len(catalogue.extract(root, path)) == 3
    unknown = catalogue.fill([("提交", "Submit"), ("%(num)d 项", "%(num)d item|%(num)d items"), ("没有", "x")], path)
    assert unknown == ["没有"]
    page.write_text("{{ _('提交') }}{{ ngettext('%(num)d 项', '%(num)d 项', n) }}{{ _('新的') }}", encoding="utf-8")
    (root / "b.py").write_text("", encoding="utf-8")
    current = catalogue.extract(root, path)
    assert current.get("提交").string == "Submit"
    assert current.get("退回") is None
    assert catalogue.missing(catalogue.read(path)) == ["新的"]
    assert "退回" not in path.read_text(encoding="utf-8"), "it never had an English text"
    loaded = catalogue.load("en", path)
    assert loaded.ungettext("%(num)d 项", "%(num)d 项", 2) == "%(num)d items"
