"""Letters: what templates may do, what they may not, and that every letter of every pack renders."""

from __future__ import annotations

import re

import pytest

from engine.letters import MAX_LENGTH, LetterInvalid, problems, render
from engine.packs import Pack, load_pack, read_folder
from tests.office import PACKS as TEST_PACKS
from tests.office import ROOT

FOLDERS = [f.parent for place in (ROOT / "processes", TEST_PACKS) for f in sorted(place.glob("*/pack.toml"))]
LETTERS = [
    pytest.param(pack, name, language, id=f"{pack.name}-{name}-{language}")
    for pack in (load_pack(read_folder(folder), folder.name) for folder in FOLDERS)
    for name, language in sorted(pack.letters)
]
FACTS = {
    "complaint": {
        "number": "TS-2026-00001", "received_at": "2026年03月02日 09:30", "complainant": "王小明", "matter": "多扣费",
        "demand": "退费", "channel": "热线", "category": "资费争议", "severity": "一般", "department": "市场部",
        "promise_at": "2026年03月11日 09:30", "result": "已退", "track_url": "https://example.org/track/TS-2026-00001",
    },
    "organisation": "投诉受理中心", "now": "2026年03月02日 09:30", "number": "TS-2026-00001", "severity": "一般",
    "task": {"name": "调查核实", "due_at": "2026年03月04日 09:30"}, "department": "市场部", "rounds": 1,
    "result": "已退", "reply_text": "已处理", "decision": "维持", "decision_reason": "依据", "answer": "可以",
    "other_issues": "无", "kind": "投诉", "withdrawal_reason": "已解决", "note": "x", "inputs": {},
}  # fmt: skip


def test_the_first_line_is_the_subject() -> None:
    letter = render("x", "# 关于 {{ number }}\n\n您好 {{ name }}。\n", {"number": "TS-1", "name": "王"})
    assert (letter.subject, letter.body) == ("关于 TS-1", "您好 王。")


@pytest.mark.parametrize("blank", ["{{ unknown }}", "{{ unknown.deeper.still }}", "{{ nothing }}"])
def test_what_is_not_known_reads_as_a_dash(blank: str) -> None:
    assert render("x", f"# s\n{blank}", {"nothing": None}).body == "—"


@pytest.mark.parametrize("name", ["self", "context", "args", "loop", "range"])
def test_a_variable_may_have_any_name(name: str) -> None:
    template = "# s\n{{ complaint.number }}" + ("" if name == "self" else f" {{{{ {name} }}}}")
    assert render("x", template, {"complaint": {"number": "TS-1"}, name: "v"}).body.startswith("TS-1")


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ complaint.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'].system('id') }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ ''['__class__']['__base__'] }}",
        "{{ 'x'|attr('__class__') }}",
        "{{ complaint.update(number='forged') }}",
        "{{ complaint.items() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
        "{{ range(100000) }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d'|format(1) }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x'|center(1000000000) }}",
        "{% for a in items %}{% for b in items %}{% for c in items %}x{% endfor %}{% endfor %}{% endfor %}",
    ],
)
def test_an_escape_from_the_sandbox_is_refused(escape: str) -> None:
    complaint = {"number": "TS-1"}
    with pytest.raises(LetterInvalid) as caught:
        render("evil", f"# s\n{escape}", {"complaint": complaint, "items": [1, 2]})
    assert "evil" in caught.value.text("zh")
    assert complaint == {"number": "TS-1"}


@pytest.mark.parametrize("broken", ["{{ (", "{% if %}", "{% for x %}", "{{ 1 / 0 }}", "{{ 'a' + 1 }}"])
def test_a_broken_letter_says_so(broken: str) -> None:
    with pytest.raises(LetterInvalid):
        render("x", f"# s\n{broken}", {})


def test_problems_are_found_without_rendering() -> None:
    assert problems("# fine {{ a.b }}") is None
    assert "macro" in (problems("{% macro m() %}{% endmacro %}") or "")
    assert problems("x" * (MAX_LENGTH + 1)) is not None
    assert problems("{{ ((") is not None


def test_a_letter_does_not_grow_without_end() -> None:
    letter = render("x", "# s\n{% for a in items %}{{ text }}{% endfor %}", {"items": [1] * 100, "text": "長" * 1000})
    assert len(letter.body) <= MAX_LENGTH


@pytest.mark.parametrize(("pack", "name", "language"), LETTERS)
def test_every_letter_of_every_pack_renders_in_both_languages(pack: Pack, name: str, language: str) -> None:
    assert {(name, "zh"), (name, "en")} <= set(pack.letters)
    for values in (FACTS, {"complaint": FACTS["complaint"], "organisation": "x"}):
        letter = render(name, pack.letters[name, language], values)
        assert letter.subject
        assert letter.body
        assert not re.search(r"[{}]|None|True|False|Undefined", letter.subject + letter.body)
    if language == "en":
        template = re.sub(r"\{[{%].*?[%}]\}", "", pack.letters[name, "en"])
        assert not re.search(r"[\u4e00-\u9fff]", template)
