"""A bound form: conditions, defaults, drafts, rows, files, and what a template gets."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage, MultiDict

from engine.forms.markup import render_markup

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_conditions_hide_and_drop(kit: Any) -> None:
    form = kit.form(
        kit.field("checkbox", "major"),
        kit.field("textfield", "why", validate={"required": True}, conditional={"hide": "=not(major)"}),
        kit.group(
            "g", kit.field("textfield", "inner", validate={"required": True}), conditional={"hide": '=why != "x"'}
        ),
    )
    off = kit.post(form, {"why": "x", "g.inner": "forged"})
    assert off.validate()
    assert off.values == {"major": False}
    assert not off.visible("g.inner")
    assert not off.visible(form.fields[1])
    on = kit.post(form, {"major": "true", "why": "x", "g.inner": "kept"})
    assert on.validate()
    assert on.values == {"major": True, "why": "x", "g": {"inner": "kept"}}
    assert on.visible(on["g.inner"])
    missing = kit.post(form, {"major": "true"})
    assert not missing.validate()
    assert set(missing.errors) == {"why"}
    assert form.validate_values({"major": False, "why": "x"}, {}).values == {"major": False}
    assert form.fields[2].conditions == ('=why != "x"',)
    assert missing["why"].attrs["data-hide"] == "not(major)"


def test_conditions_see_variables_and_unclear_ones_show(kit: Any) -> None:
    form = kit.form(kit.field("textfield", conditional={"hide": '=severity = "minor"'}))
    assert kit.post(form, {"x": "a"}, {"severity": "minor"}).values == {}
    assert kit.post(form, {"x": "a"}, {"severity": "major"}).values == {"x": "a"}
    assert kit.post(form, {"x": "a"}, {}).values == {"x": "a"}
    swinging = kit.form(kit.field("checkbox", "a", conditional={"hide": "=a"}))
    assert kit.post(swinging, {"a": "true"}).values in ({}, {"a": True})


def test_flags_may_be_expressions(kit: Any) -> None:
    form = kit.form(
        kit.field("checkbox", "urgent"),
        kit.field("textfield", "a", validate={"required": "=urgent"}),
        kit.field("textfield", "b", readonly="=urgent"),
        kit.field("textfield", "c", disabled="=urgent"),
    )
    free = kit.post(form, {"a": "", "b": "new", "c": "new"}, {"b": "old", "c": "old"})
    assert free.validate()
    assert free.values == {"urgent": False, "a": "", "b": "new", "c": "new"}
    bound = kit.post(form, {"urgent": "true", "a": "", "b": "new", "c": "new"}, {"b": "old", "c": "old"})
    assert not bound.validate()
    assert set(bound.errors) == {"a"}
    assert bound.values == {"urgent": True, "a": "", "b": "old"}
    assert (bound["a"].required, bound["b"].readonly, bound["c"].disabled) == (True, True, True)
    assert bound["b"].value == "old"


def test_defaults_come_from_variables_then_the_form(kit: Any) -> None:
    form = kit.form(
        kit.field("textfield", "a", defaultValue="d"),
        kit.field("number", "n", defaultValue="=1 + 1"),
        kit.field("checkbox", "c", defaultValue=True),
        kit.field("checklist", "l", values=kit.fruit, defaultValue=["pear"]),
        kit.field("datetime", "t", defaultValue="=today()"),
        kit.field("textfield", "u", defaultValue="=who.name"),
    )
    assert form.defaults({"who": {"name": "王芳"}}, NOW) == {
        "a": "d", "n": 2, "c": True, "l": ["pear"], "t": "2026-03-02", "u": "王芳",
    }  # fmt: skip
    known = {"a": "x", "n": 0, "c": False, "l": [], "t": "2026-01-01", "u": ""}
    assert form.defaults(known, NOW) == known
    assert kit.post(form, {}).values["a"] == ""
    assert form.bind({"a": {"not": "text"}, "n": "many"}).values["a"] == ""


def test_expressions_are_computed_on_the_server(kit: Any) -> None:
    form = kit.form(
        kit.field("number", "price"), kit.field("number", "count"),
        {"type": "expression", "key": "sum.total", "expression": "=price * count", "computeOn": "change"},
    )  # fmt: skip
    bound = kit.post(form, {"price": "2.5", "count": "4", "sum.total": "999"}, {"sum": {"other": 1}})
    assert bound.validate()
    assert bound.values == {"price": pytest.approx(2.5), "count": 4, "sum": {"total": 10}}
    assert bound["sum.total"].value == "10"
    assert not form.validate_values({"price": 1, "count": 1, "sum": {"total": 5}}, {}).ok
    assert form.validate_values({"price": 1, "count": 1, "sum": {"total": 1}}, {}).ok
    broken = kit.form({"type": "expression", "key": "e", "expression": "=("})
    assert "无法计算" in broken.validate_values({}, {}).errors["e"][0]
    variables = {"sum": {"other": 1}}
    form.defaults(variables)
    assert variables == {"sum": {"other": 1}}


def test_labels_and_texts_are_filled_in_and_translated(kit: Any) -> None:
    heading = "## 摘要\n{{#if urgent}}**急** {{who}}{{/if}}\n\n"
    template = heading + "{{#loop items}}\n- {{name}} / {{parent.who}}\n{{/loop}}"
    form = kit.form(
        kit.field("textfield", label="处理 {{who}}", description='="for " + who'),
        kit.field("select", "s", values=kit.fruit),
        {"type": "text", "text": template},
    )  # fmt: skip
    names = {"苹果": "apple", "处理 {{who}}": "Handle {{who}}"}
    variables = {"who": "<王>", "urgent": True, "items": [{"name": "a"}, {"name": "*b*"}]}
    bound = form.bind(variables, translate=lambda text: names.get(text, text), language="en")
    assert (bound["x"].label, bound["x"].description) == ("Handle <王>", "for <王>")
    assert bound["s"].options == [("apple", "apple", False), ("pear", "梨", False)]
    html = bound["c2"].markup
    assert "<h4>摘要</h4>" in html
    assert "<strong>急</strong> &lt;王&gt;" in html
    assert "<li>a / &lt;王&gt;</li>" in html
    assert "<li>*b* / &lt;王&gt;</li>" in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("> q", "<blockquote>q</blockquote>"),
        ("---", "<hr>"),
        ("*i* `c*d*`", "<p><em>i</em> <code>c*d*</code></p>"),
        ("[l](https://a.b/?x=1&y=2)", '<p><a href="https://a.b/?x=1&amp;y=2" rel="noopener noreferrer">l</a></p>'),
        ("[l](javascript:alert)", "<p>l</p>"),
        ("[l](//evil.example)", "<p>l</p>"),
        ("[l]({{bad}})", "<p>l</p>"),
        ("{{link}}", "<p>[x](https://evil.example)</p>"),
        ("{{missing}}", ""),
        ("{{#if", "<p>{{#if</p>"),
        ("", ""),
    ],
)
def test_markup_is_a_safe_subset(text: str, html: str) -> None:
    scope = {"bad": "javascript:alert(1)", "link": "[x](https://evil.example)"}
    assert render_markup(text, scope, None) == html


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='<>"&*_`[]()#-1. {}=/\n\ue000\ue0010ab', max_size=60), st.text(max_size=10))
def test_markup_never_lets_tags_through(text: str, value: str) -> None:
    html = render_markup(text + "{{v}}", {"v": value + '<b onclick="x">'}, None)
    assert "<b " not in html
    assert 'onclick="' not in html


def list_form(kit: Any, **attributes: Any) -> Any:
    parts = (kit.field("textfield", "name", validate={"required": True}), kit.field("checkbox", "ok"))
    return kit.form(kit.rows("items", *parts, **attributes))


def test_rows_are_read_renumbered_and_checked(kit: Any) -> None:
    data = {"items.0:row": "1", "items.0.name": "a", "items.5:row": "1", "items.5.name": "b", "items.5.ok": "true"}
    bound = kit.post(list_form(kit), data)
    assert bound.validate()
    assert bound.values == {"items": [{"name": "a", "ok": False}, {"name": "b", "ok": True}]}
    empty = kit.post(list_form(kit), {"items.0:row": "1"})
    assert not empty.validate()
    assert set(empty.errors) == {"items.0.name"}
    assert kit.post(list_form(kit), {}).values == {"items": []}
    many = kit.post(list_form(kit), {f"items.{n}.name": "a" for n in range(201)})
    assert not many.validate()
    assert "200" in many.errors["items"][0]


def test_rows_are_added_and_removed_without_script(kit: Any) -> None:
    form = list_form(kit)
    data = {"items.0.name": "a", "items.1.name": "b"}
    added = kit.post(form, {**data, "items:add": ""})
    assert added.rows_changed
    assert not added.validate()
    assert added.errors == {}
    assert [row["name"] for row in added.values["items"]] == ["a", "b", ""]
    removed = kit.post(form, {**data, "items.0:remove": ""})
    assert [row["name"] for row in removed.values["items"]] == ["b"]
    fixed = kit.post(list_form(kit, allowAddRemove=False), {**data, "items:add": ""})
    assert not fixed.rows_changed


def test_rows_start_from_variables_or_repetitions(kit: Any) -> None:
    assert list_form(kit, defaultRepetitions=2).defaults({})["items"] == [{"name": "", "ok": False}] * 2
    known = {"items": [{"name": "a", "ok": True, "more": 1}]}
    bound = list_form(kit).bind(known)
    assert bound.values == {"items": [{"name": "a", "ok": True}]}
    (row,) = bound["items"].items
    assert (row.kind, row.name, row.marker_name, row.remove_name) == ("row", "items.0", "items.0:row", "items.0:remove")
    assert bound["items"].add_name == "items:add"
    assert [[place.name for place in line] for line in row.rows] == [["items.0.name"], ["items.0.ok"]]
    assert row.rows[0][0].id == "field-items-0-name"
    assert known == {"items": [{"name": "a", "ok": True, "more": 1}]}


def test_conditions_in_rows_see_their_row(kit: Any) -> None:
    form = kit.form(
        kit.field("textfield", "ask"),
        kit.rows(
            "items",
            kit.field("textfield", "kind"),
            kit.field("textfield", "more", conditional={"hide": '=this.kind != "x" or parent.ask = "no"'}),
            kit.field("textfield", "last", label="Nr {{i}}", conditional={"hide": "=kind = null"}),
        ),
    )
    data = {"items.0.kind": "x", "items.0.more": "m", "items.1.kind": "y", "items.1.more": "n", "ask": "yes"}
    bound = kit.post(form, data)
    assert [row.get("more") for row in bound.values["items"]] == ["m", None]
    assert bound["items.1.last"].label == "Nr 2"
    assert "more" not in kit.post(form, {**data, "ask": "no"}).values["items"][0]


def test_nested_rows(kit: Any) -> None:
    form = kit.form(kit.rows("a", kit.field("textfield", "n"), kit.rows("b", kit.field("number", "m"))))
    bound = kit.post(form, {"a.0.n": "x", "a.0.b.0.m": "1", "a.0.b.3.m": "2", "a.1.b.0.m": "3"})
    assert bound.values == {"a": [{"n": "x", "b": [{"m": 1}, {"m": 2}]}, {"n": "", "b": [{"m": 3}]}]}
    sent = {"a": [{"n": "x", "b": [{"m": 1}]}]}
    assert form.validate_values(sent, {}).values == sent
    assert set(form.validate_values({"a": [{"b": [{"m": "no"}]}]}, {}).errors) == {"a.0.b.0.m"}


def test_drafts_keep_everything_typed(kit: Any) -> None:
    form = kit.form(
        kit.field("number", "n", validate={"required": True}), kit.field("checkbox", "c", defaultValue=True),
        kit.field("checklist", "l", values=kit.fruit), kit.field("textarea", "t"),
        kit.field("textfield", "r", readonly=True),
        kit.rows("items", kit.field("datetime", "d")),
    )  # fmt: skip
    data = {"n": "twelve", "l": ["apple", "forged"], "t": "half", "items.3.d": "soon", "r": "forged"}
    first = kit.post(form, data, {"r": "kept"})
    assert not first.validate()
    again = form.bind({"r": "kept"}, draft=json.loads(json.dumps(first.draft)))
    assert again.draft == first.draft
    assert [again[name].texts for name in ("n", "c", "l", "t", "r")] == [
        ["twelve"], [], ["apple", "forged"], ["half"], ["kept"],
    ]  # fmt: skip
    assert again["items.0.d"].texts == ["soon"]
    assert not again.validate()
    assert again.errors == first.errors
    nested = form.bind({}, draft={"n": 5, "c": False, "items": [{"d": "2026-03-02"}, {"d": None}]})
    assert nested.values["n"] == 5
    assert nested.values["c"] is False
    assert nested.values["items"] == [{"d": "2026-03-02"}, {"d": None}]
    assert form.bind({}, draft={"items:rows": "0"}).values["items"] == []
    assert form.bind({"t": "known"}, draft={"n": "1"})["t"].texts == ["known"]


def test_files_are_handed_over(kit: Any) -> None:
    form = kit.form(
        kit.field("filepicker", "f", multiple=True, accept=".pdf", validate={"required": True, "maxFileSize": "2k"}),
        kit.field("filepicker", "g", conditional={"hide": "=true"}),
    )
    upload, empty = FileStorage(BytesIO(b"x"), "a.pdf"), FileStorage(BytesIO(b""), "")
    bound = form.bind({}, MultiDict([("f", upload), ("f", empty), ("f", "earlier"), ("g", upload)]))
    assert bound.validate()
    assert bound.files == {"f": [upload]}
    assert bound.values == {"f": ["earlier"]}
    expected = {"accept": ".pdf", "multiple": "multiple", "data-max-size": "2048", "required": "required"}
    assert bound["f"].attrs == expected
    assert not form.bind({}, MultiDict([("f", empty)])).validate()


def test_templates_get_what_they_need(kit: Any) -> None:
    form = kit.form(
        kit.field("textfield", "a.b", validate={"required": True, "maxLength": 9, "validationType": "phone"}),
        kit.field("number", "n", decimalDigits=2, increment="0.5", validate={"min": 0, "max": 9}),
        kit.field("datetime", "d", subtype="datetime", disallowPassedDates=True, timeInterval=15),
        kit.field("datetime", "t", subtype="time"),
        kit.field("select", "s", values=kit.fruit, defaultValue="pear"),
        kit.field("checkbox", "c"),
        {"type": "spacer", "height": 40}, {"type": "separator"}, {"type": "button", "label": "Go"},
    )  # fmt: skip
    bound = form.bind({"d": "2026-03-05T10:00:00", "c": True}, now=NOW)
    a = bound["a.b"]
    assert (a.kind, a.name, a.id, a.required, a.input_type) == ("textfield", "a.b", "field-a-b", True, "tel")
    assert a.attrs["maxlength"] == "9"
    assert bound["n"].attrs == {
        "inputmode": "decimal", "data-decimals": "2", "data-step": "0.5", "data-min": "0", "data-max": "9",
    }  # fmt: skip
    assert bound["d"].attrs == {"min": "2026-03-02T00:00", "data-interval": "15"}
    assert (bound["d"].value, bound["d"].input_type) == ("2026-03-05T10:00", "datetime-local")
    assert bound["s"].options[1] == ("pear", "梨", True)
    assert bound["c"].checked
    assert bound["c6"].field.height == 40
    html = "".join(str(bound[name].widget()) for name in ("a.b", "n", "d", "t", "s", "c"))
    assert 'name="a.b"' in html
    assert 'id="field-a-b"' in html
    assert 'value="2026-03-05T10:00"' in html
    assert '<option selected value="pear">' in html
    assert "checked" in html


def test_every_input_renders_with_wtforms(kit: Any) -> None:
    kinds = (
        "textfield",
        "textarea",
        "number",
        "checkbox",
        "checklist",
        "radio",
        "select",
        "taglist",
        "datetime",
        "filepicker",
    )
    form = kit.form(*(kit.field(kind, kind, values=kit.fruit) for kind in kinds))
    bound = form.bind({})
    assert all(f'name="{kind}"' in str(bound[kind].widget()) for kind in kinds)
    with pytest.raises(KeyError):
        bound["missing"]


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["n", "c", "l", "t", "d", "items.0.n", "items.2:row", "items:add"]), st.text(max_size=9)
    )
)
def test_any_submission_is_checked_and_kept(kit: Any, data: dict[str, str]) -> None:
    form = kit.form(
        kit.field("number", "n"), kit.field("checkbox", "c"), kit.field("checklist", "l", values=kit.fruit),
        kit.field("textarea", "t"), kit.field("datetime", "d"), kit.rows("items", kit.field("number", "n")),
    )  # fmt: skip
    bound = kit.post(form, data)
    valid = bound.validate()
    assert valid == (not bound.errors and not bound.rows_changed)
    assert all(bound[name].texts == [data[name]] for name in ("n", "t", "d") if name in data)
    if valid:
        assert form.validate_values(bound.values, {}).values == bound.values
