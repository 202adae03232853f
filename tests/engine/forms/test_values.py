"""Each component: what it accepts, what it refuses and in which words, by browser and by program."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.forms import messages

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def choice(kit: Any, kind: str, **more: Any) -> Any:
    return kit.form(kit.field(kind, values=kit.fruit, **more))


CASES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("textfield", {}, " 王 芳 ", "王 芳"),
    ("textfield", {}, "a\r\nb", "a b"),
    ("textfield", {}, "", ""),
    ("textarea", {}, "a\r\nb ", "a\nb "),
    ("textarea", {}, "   ", ""),
    ("textfield", {"validate": {"validationType": "email"}}, "a.b@example.com", "a.b@example.com"),
    ("textfield", {"validate": {"validationType": "phone"}}, "+86 138-0013-8000", "+86 138-0013-8000"),
    ("textfield", {"validate": {"validationType": "phone"}}, "12315", "12315"),
    ("textfield", {"validate": {"validationType": "phone"}}, "（010）12345678", "（010）12345678"),
    ("textfield", {"validate": {"pattern": "^\\d{3}$"}}, "123", "123"),
    ("textfield", {"validate": {"pattern": "(a+)+$"}}, "xaaa", "xaaa"),
    ("number", {}, "12", 12),
    ("number", {}, "１２．５", Decimal("12.5")),
    ("number", {}, "-0.50", Decimal("-0.50")),
    ("number", {}, "-0", 0),
    ("number", {}, "1e3", 1000),
    ("number", {}, "0.1234567890123456789012345678901234567891", Decimal("0.1234567890123456789012345678901234567891")),
    ("number", {}, "", None),
    ("number", {"serializeToString": True}, "12.50", "12.5"),
    ("number", {"decimalDigits": 2}, "1.50", Decimal("1.50")),
    ("number", {"validate": {"min": 1, "max": "5"}}, "5", 5),
    ("checkbox", {}, "true", True),
    ("checkbox", {}, [], False),
    ("datetime", {"subtype": "date"}, "2024-02-29", "2024-02-29"),
    ("datetime", {"subtype": "time"}, "14:30", "14:30:00"),
    ("datetime", {"subtype": "datetime"}, "2026-03-02T14:30", "2026-03-02T14:30:00"),
    ("datetime", {"subtype": "datetime"}, "2026-03-02T14:30:05Z", "2026-03-02T14:30:05+00:00"),
    ("datetime", {"subtype": "date", "disallowPassedDates": True}, "2026-03-02", "2026-03-02"),
    ("filepicker", {}, ["document-1"], ["document-1"]),
]


@pytest.mark.parametrize(("kind", "attributes", "typed", "value"), CASES)
def test_accepted_input(kit: Any, kind: str, attributes: dict[str, Any], typed: Any, value: Any) -> None:
    bound = kit.post(kit.form(kit.field(kind, **attributes)), {"x": typed}, now=NOW)
    assert bound.validate(), bound.errors
    assert bound.values == {"x": value}
    assert type(bound.values["x"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("radio", "pear", "pear"), ("select", "pear", "pear"), ("select", "", None), ("radio", [], None),
        ("checklist", ["apple", "pear"], ["apple", "pear"]), ("taglist", ["pear", "pear"], ["pear"]),
        ("taglist", [], []),
    ],
)  # fmt: skip
def test_accepted_choices(kit: Any, kind: str, typed: Any, value: Any) -> None:
    bound = kit.post(choice(kit, kind), {"x": typed})
    assert bound.validate()
    assert bound.values == {"x": value}


REFUSED: list[tuple[str, dict[str, Any], Any, str]] = [
    ("textfield", {"validate": {"required": True}}, " ", "required"),
    ("textarea", {"validate": {"required": True}}, "\n", "required"),
    ("textfield", {}, "a\0b", "characters"),
    ("textarea", {}, "a\ud800b", "characters"),
    ("textarea", {}, "x" * 10_001, "too_long"),
    ("textfield", {"validate": {"maxLength": 3}}, "abcd", "too_long"),
    ("textfield", {"validate": {"maxLength": "=1 + 1"}}, "abc", "too_long"),
    ("textfield", {"validate": {"minLength": 3}}, "ab", "too_short"),
    ("textfield", {"validate": {"validationType": "email"}}, "a@b", "email"),
    ("textfield", {"validate": {"validationType": "phone"}}, "call me", "phone"),
    ("textfield", {"validate": {"pattern": "^\\d{3}$"}}, "12", "pattern"),
    ("textfield", {"validate": {"pattern": "^(a|aa)+$"}}, "a" * 60 + "!", "pattern_slow"),
    ("number", {"validate": {"required": True}}, "", "required"),
    ("number", {}, "12,5", "not_number"),
    ("number", {}, "abc", "not_number"),
    ("number", {}, "NaN", "not_number"),
    ("number", {}, "Infinity", "not_number"),
    ("number", {}, "1e999", "number_size"),
    ("number", {}, "9" * 61, "number_size"),
    ("number", {"decimalDigits": 1}, "1.25", "decimals"),
    ("number", {"decimalDigits": 0}, "1.5", "whole_number"),
    ("number", {"validate": {"min": 1}}, "0", "too_small"),
    ("number", {"validate": {"max": 1}}, "1.01", "too_large"),
    ("number", {"validate": {"max": "=limit"}}, "8", "too_large"),
    ("checkbox", {"validate": {"required": True}}, [], "required_checked"),
    ("datetime", {"validate": {"required": True}}, "", "required_choice"),
    ("datetime", {}, "2026-02-30", "not_date"),
    ("datetime", {}, "20260302", "not_date"),
    ("datetime", {}, "2026-W10-1", "not_date"),
    ("datetime", {"subtype": "time"}, "25:00", "not_time"),
    ("datetime", {"subtype": "datetime"}, "2026-03-02", "not_datetime"),
    ("datetime", {"disallowPassedDates": True}, "2026-03-01", "passed_date"),
    ("filepicker", {"validate": {"required": True}}, [], "required_file"),
    ("filepicker", {}, ["a", "b"], "too_many_files"),
    ("filepicker", {"multiple": True, "validate": {"maxFiles": 1}}, ["a", "b"], "too_many_files"),
    ("filepicker", {"multiple": True, "validate": {"minFiles": 2}}, ["a"], "too_few_files"),
]


@pytest.mark.parametrize(("kind", "attributes", "typed", "code"), REFUSED)
def test_refused_input(kit: Any, kind: str, attributes: dict[str, Any], typed: Any, code: str) -> None:
    form = kit.form(kit.field(kind, **attributes))
    for number, language in enumerate(("zh", "en")):
        bound = kit.post(form, {"x": typed}, {"limit": 7}, language=language, now=NOW)
        assert not bound.validate()
        assert bound.errors["x"] == [said(code, number, bound)]
        assert bound["x"].errors == bound.errors["x"] == bound.form["x"].errors
        assert bound["x"].texts == (typed if isinstance(typed, list) else [typed])


def said(code: str, language: int, bound: Any) -> str:
    """The whole message as the form put it, checked to be that of ``code``."""
    (problem,) = bound["x"]._slot.problems
    assert problem.code == code
    return messages.INPUT[code][language].format(**{"label": "label x", **problem.params})


@pytest.mark.parametrize("kind", ["radio", "select", "checklist", "taglist"])
def test_forged_and_missing_choices_are_refused(kit: Any, kind: str) -> None:
    many = kind in ("checklist", "taglist")
    forged = kit.post(choice(kit, kind), {"x": ["apple", "poison"] if many else "poison"})
    assert not forged.validate()
    assert "poison" in forged.errors["x"][0]
    assert forged.values == {}
    missing = kit.post(choice(kit, kind, validate={"required": True}), {})
    assert not missing.validate()
    assert missing.errors == {"x": ["请选择“label x”。"]}


def test_choices_keep_their_type(kit: Any) -> None:
    form = kit.form(kit.field("select", values=[{"label": "one", "value": 1}, {"label": "yes", "value": True}, "text"]))
    assert kit.post(form, {"x": "1"}).values == {"x": 1}
    assert kit.post(form, {"x": "true"}).values["x"] is True
    assert kit.post(form, {"x": "text"}).values == {"x": "text"}
    assert form.validate_values({"x": 1}, {}).values == {"x": 1}
    assert not form.validate_values({"x": "1"}, {}).ok
    assert form.validate_values({"x": True}, {}).values["x"] is True


def test_choices_from_variables_and_expressions(kit: Any) -> None:
    by_key = kit.form(kit.field("select", valuesKey="lists.staff", validate={"required": True}))
    staff = {"lists": {"staff": [{"label": "王芳", "value": "wang"}, "li", 3, None, {"bad": []}]}}
    bound = kit.post(by_key, {"x": "li"}, staff)
    assert bound["x"].options == [("wang", "王芳", False), ("li", "li", True), ("3", "3", False)]
    assert bound.validate()
    assert not kit.post(by_key, {"x": "other"}, staff).validate()
    empty = kit.post(by_key, {}, {})
    assert not empty.validate()
    assert empty.errors == {"x": ["“label x”目前没有可选项，无法填写，请联系制度管理员。"]}
    computed = kit.form(
        kit.field("radio", valuesExpression='=for n in list return {label: "Nr " + string(n), value: n}')
    )
    bound = kit.post(computed, {"x": "2"}, {"list": [1, 2]})
    assert bound.validate()
    assert bound.values == {"x": 2}
    assert bound["x"].options == [("1", "Nr 1", False), ("2", "Nr 2", True)]


@pytest.mark.parametrize(
    ("kind", "attributes", "sent", "code"),
    [
        ("textfield", {}, 5, "not_text"), ("textarea", {}, ["a"], "not_text"), ("number", {}, "5", "not_number"),
        ("number", {}, True, "not_number"), ("number", {}, float("nan"), "not_number"),
        ("number", {}, 10**40, "number_size"),
        ("number", {}, float("inf"), "not_number"), ("checkbox", {}, "true", "not_boolean"),
        ("datetime", {}, 5, "not_text"),
        ("datetime", {}, "soon", "not_date"), ("checklist", {"values": ["a"]}, "a", "not_list"),
        ("checklist", {"values": ["a"]}, [{}], "not_choice"), ("select", {"values": ["a"]}, ["a"], "not_choice"),
        ("filepicker", {}, [5], "not_text"), ("textfield", {"validate": {"required": True}}, None, "required"),
        ("textfield", {"readonly": True}, "other", "read_only"), ("textfield", {}, "\0", "characters"),
    ],
)  # fmt: skip
def test_programs_send_json_types(kit: Any, kind: str, attributes: dict[str, Any], sent: Any, code: str) -> None:
    form = kit.form(kit.field(kind, **attributes))
    zh, en = form.validate_values({"x": sent}, {}), form.validate_values({"x": sent}, {}, "en")
    assert (zh.ok, en.ok, zh.values) == (False, False, {})
    start = messages.INPUT[code][1].format_map({"label": "label x", "value": "", "limit": ""})[:12]
    assert en.errors["x"][0].startswith(start) or code == "not_choice"
    assert zh.errors != en.errors


def test_programs_may_leave_keys_out_but_not_invent_them(kit: Any) -> None:
    form = kit.form(
        kit.field("textfield", "a", defaultValue="d", validate={"required": True}),
        kit.group("g", kit.field("number", "n")),
        kit.rows("items", kit.field("textfield", "t")),
    )
    assert form.validate_values({}, {}).values == {"a": "d", "g": {"n": None}, "items": [{"t": ""}]}
    assert form.validate_values({"a": "x", "g": {"n": 1.5}}, {}).values["g"] == {"n": Decimal("1.5")}
    sent = {"b": 1, "a.c": 2, "g": {"n": 1, "m": 2}, "items": [{"t": "x", "u": 1}, 5]}
    found = form.validate_values(sent, {}, "en")
    assert set(found.errors) == {"b", "a.c", "g.m", "items.0.u", "items.1"}
    assert "no field “g.m”" in found.errors["g.m"][0]
    assert set(form.validate_values({"g": 5, "items": "x"}, {}).errors) == {"g", "items"}


def test_every_message_says_it_in_both_languages() -> None:
    for zh, en in messages.INPUT.values():
        assert "{label}" in zh or "{value}" in zh
        assert any("一" <= sign <= "鿿" for sign in zh)
        assert not any("一" <= sign <= "鿿" for sign in en)
        assert "，" in zh or "请" in zh or "只能" in zh
    used = {code for *_, code in REFUSED} | {
        "not_choice",
        "no_choices",
        "not_text",
        "not_boolean",
        "not_list",
        "read_only",
    }
    others = {"not_object", "too_many_rows", "unknown_key", "expression"}
    assert messages.INPUT.keys() == used | others


def test_patterns_may_name_their_format(kit: Any) -> None:
    rule = {"validate": {"pattern": "^[A-Z]{2}$"}}
    named = kit.form(kit.field("textfield", properties={"patternHint": "两个大写字母"}, **rule))
    bound = kit.post(named, {"x": "a"})
    assert not bound.validate()
    assert bound.errors == {"x": ["“label x”的格式不符合要求，请按此格式填写：两个大写字母。"]}
