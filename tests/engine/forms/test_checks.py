"""What a process owner is told about a form."""

import time
from typing import Any

import pytest

from engine.forms import messages
from engine.forms.patterns import matches


@pytest.mark.parametrize(
    "kind", ["html", "iframe", "table", "image", "documentPreview", "multipage", "script", "novel"]
)
def test_unsupported_components_are_refused_with_a_reason(kit: Any, kind: str) -> None:
    form = kit.form(kit.field("textfield"), {"type": kind, "id": "here"})
    (found,) = form.findings()
    assert (found.code, found.severity, found.component) == ("unsupported", "error", "here")
    assert kind in found.zh
    assert kind in found.text("en")
    assert kit.post(form, {"x": "a"}).validate()


def test_a_good_form_has_no_findings(kit: Any) -> None:
    form = kit.form(
        {"type": "text", "text": "# {{who}}\n{{#if a}}x{{/if}}"},
        kit.field("textfield", "a", conditional={"hide": "=b = 1"}, validate={"pattern": "^[A-Z]{2}\\d{6}$"}),
        kit.field("select", "s", valuesKey="list"),
        kit.field("number", "n", defaultValue=5, validate={"min": 1, "max": "=limit"}),
        kit.group("g", kit.field("radio", "a", values=kit.fruit, defaultValue="pear")),
        kit.rows("items", kit.field("textfield", "a")),
        {"type": "button", "label": "Submit"}, {"type": "separator"}, {"type": "spacer"},
        schemaVersion=19,
    )  # fmt: skip
    assert kit.codes(form) == []


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"key": ""}, "no_key"), ({"key": "a b"}, "bad_key"), ({"key": "1a"}, "bad_key"),
        ({"key": "this"}, "reserved_key"),
        ({"label": ""}, "no_label"), ({"conditional": {"hide": "=a +"}}, "feel"),
        ({"conditional": {"hide": "a"}}, "not_expression"),
        ({"label": "=("}, "feel"), ({"label": "{{ ( }}"}, "feel"), ({"description": "{{#if a}}"}, "template"),
        ({"description": "{{/if}}"}, "template"), ({"description": "{{#when a}}"}, "template"),
        ({"readonly": "=)"}, "feel"),
        ({"validate": {"required": "=1 +"}}, "feel"), ({"validate": {"minLength": 5, "maxLength": 2}}, "contradiction"),
        ({"validate": {"pattern": "("}}, "bad_pattern"), ({"validate": {"pattern": "x" * 1001}}, "bad_pattern"),
        ({"validate": {"pattern": "^(a+)+$"}}, "slow_pattern"),
        ({"validate": {"pattern": "^(a|aa)+$"}}, "slow_pattern"),
        ({"defaultValue": 5}, "bad_default"), ({"defaultValue": "abc", "validate": {"maxLength": 2}}, "bad_default"),
        ({"type": "select", "values": []}, "no_options"), ({"type": "select"}, "no_options"),
        ({"type": "select", "values": ["a", "a"]}, "duplicate_option"),
        ({"type": "select", "values": ["a"], "defaultValue": "b"}, "bad_default"),
        ({"type": "select", "valuesExpression": "list"}, "not_expression"),
        ({"type": "number", "defaultValue": "many"}, "bad_default"),
        ({"type": "number", "defaultValue": 9, "validate": {"max": 1}}, "bad_default"),
        ({"type": "datetime", "defaultValue": "soon"}, "bad_default"),
        ({"type": "datetime", "timeSerializingFormat": "utc_offset"}, "time_format"),
        ({"type": "expression", "expression": "1 + 1"}, "not_expression"),
        ({"type": "dynamiclist"}, "no_path"),
    ],
)  # fmt: skip
def test_findings(kit: Any, attributes: dict[str, Any], code: str) -> None:
    form = kit.form(kit.field("textfield", "other"), {**kit.field("textfield"), "id": "here", **attributes})
    (found,) = form.findings()
    assert (found.code, found.component) == (code, "here")
    assert found.zh != found.en


def test_findings_about_the_whole_form(kit: Any) -> None:
    assert kit.codes(kit.form(schemaVersion=25)) == ["newer_version", "no_fields"]
    twice = kit.form(kit.field("textfield"), kit.field("number"))
    assert kit.codes(twice) == ["duplicate_key"]
    assert kit.codes(kit.form(kit.field("textfield", "a.b"), kit.field("number", "a"))) == ["duplicate_key"]
    assert kit.codes(kit.form(kit.field("textfield", "a"), kit.group("a", kit.field("number", "b")))) == [
        "duplicate_key"
    ]
    same = kit.form({**kit.field("textfield", "a"), "id": "i"}, {**kit.field("number", "b"), "id": "i"})
    assert kit.codes(same) == ["duplicate_id"]


def test_expression_findings_say_where(kit: Any) -> None:
    (found,) = kit.form(kit.field("textfield", conditional={"hide": "=a = \n 1 +"})).findings()
    assert "conditional.hide" in found.zh
    assert "第 2 行" in found.zh
    assert "line 2" in found.en


def test_every_finding_speaks_both_languages() -> None:
    for severity, zh, en in messages.FINDINGS.values():
        assert severity in ("error", "warning")
        assert any("一" <= sign <= "鿿" for sign in zh)
        assert not any("一" <= sign <= "鿿" for sign in en)


def test_runaway_patterns_stop() -> None:
    began = time.perf_counter()
    assert matches("^(a|aa)+$", "a" * 5000 + "!") is None
    assert matches("(", "a") is None
    assert matches("^a", "abc") is True
    assert time.perf_counter() - began < 2
