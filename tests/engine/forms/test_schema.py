"""Reading form files: what form-js writes is understood, everything else is one kind of error."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from engine.forms import FormError, load_form

KINDS = [
    "textfield", "textarea", "number", "checkbox", "checklist", "radio", "select", "taglist", "datetime", "filepicker",
    "text", "html", "spacer", "separator", "group", "dynamiclist", "table", "iframe", "button", "expression", "image",
]  # fmt: skip


def test_attributes_of_the_editor_are_kept(kit: Any) -> None:
    form = kit.form(
        kit.field(
            "textfield", "a", description="help", properties={"clause": "L36"}, layout={"row": "r1", "columns": 8},
            appearance={"prefixAdorner": "¥", "suffixAdorner": "元"}, defaultValue="d", readonly="=true",
            validate={"required": True, "minLength": "2", "maxLength": 5, "pattern": "^a", "validationType": "email"},
        ),
        kit.field("filepicker", "f", multiple=True, accept=".pdf", validate={"maxFileSize": "10 MB"}),
        id="task", schemaVersion=19, exporter={"name": "form-js", "version": "1.23.0"},
    )  # fmt: skip
    a, f = form.fields
    assert (form.id, form.version) == ("task", 19)
    assert (a.clause, a.row, a.columns, a.prefix, a.suffix, a.readonly) == ("L36", "r1", 8, "¥", "元", "=true")
    assert (a.required, a.rules.min_length, a.rules.max_length, a.rules.kind) == (True, 2, 5, "email")
    assert (f.multiple, f.accept, f.rules.max_file_size) == (True, ".pdf", 10 * 1024**2)


def test_paths_of_containers_make_names(kit: Any) -> None:
    form = kit.form(
        kit.group("user", kit.field("textfield", "name.first")),
        kit.group("", kit.field("textfield", "plain")),
        kit.rows("a.items", kit.field("number", "n"), kit.rows("inner", kit.field("number", "m"))),
    )
    assert [item.name for item in form.fields] == ["user.name.first", "plain", "a.items.n", "a.items.inner.m"]
    assert form.fields[3].lists == ("a.items", "a.items.inner")


def test_layout_rows_are_kept_in_order(kit: Any) -> None:
    one, two, three = (
        kit.field("textfield", key, layout={"row": row}) for key, row in (("a", "r1"), ("b", "r2"), ("c", "r1"))
    )
    form = kit.form(one, two, three, kit.field("textfield", "d"))
    assert [[item.key for item in row] for row in form.rows] == [["a", "c"], ["b"], ["d"]]
    assert [[item.name for item in row] for row in kit.post(form).rows] == [["a", "c"], ["b"], ["d"]]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"components": {}}', b'{"components": [5]}',
        b'{"components": [{}, NaN]}', b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"components": [1e999]}',
        b'{"x": ' + b"9" * 5000 + b"}",
        b'{"components": [], "id": "\\ud800"}', b'{"components": [], "schemaVersion": "x"}', b" " * 1_000_001,
    ],
)  # fmt: skip
def test_malformed_files_are_refused(content: bytes) -> None:
    with pytest.raises(FormError) as caught:
        load_form(content, "task.form")
    assert caught.value.file == "task.form"
    assert caught.value.text("zh").startswith("task.form")
    assert caught.value.zh != caught.value.en


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": 5}, {"key": []}, {"label": {}}, {"label": "a\0b"}, {"validate": []}, {"validate": {"required": "yes"}},
        {"validate": {"minLength": "x"}}, {"validate": {"min": []}}, {"validate": {"maxFileSize": "big"}},
        {"values": {}}, {"values": [{}]}, {"values": [None]}, {"readonly": 5}, {"defaultValue": {}}, {"layout": "r"},
        {"properties": {"a": []}}, {"conditional": "=true"}, {"conditional": {"hide": True}}, {"subtype": "week"},
        {"increment": []}, {"serializeToString": "yes"}, {"decimalDigits": 1.5}, {"appearance": 1},
        {"multiple": "many"},
        {"components": 5}, {"values": [{"value": "x"}] * 2001},
    ],
)  # fmt: skip
def test_wrong_attributes_name_the_component(wrong: dict[str, Any]) -> None:
    kinds = ["textfield", "select", "number", "datetime", "filepicker", "group"]
    errors = []
    for kind in kinds:
        data = {"components": [{"id": "here", "type": kind, "key": "k", **wrong}]}
        try:
            load_form(json.dumps(data).encode(), "task.form")
        except FormError as error:
            errors.append(error)
    assert errors
    assert {error.component for error in errors} == {"here"}


def test_too_many_and_too_deep_are_refused() -> None:
    many = {"components": [{"type": "textfield", "key": f"k{n}"} for n in range(1001)]}
    deep: dict[str, Any] = {"type": "textfield"}
    for _ in range(12):
        deep = {"type": "group", "components": [deep]}
    for data in (many, {"components": [deep]}):
        with pytest.raises(FormError):
            load_form(json.dumps(data).encode(), "task.form")


def test_nested_repetitions_cannot_explode() -> None:
    inner: dict[str, Any] = {"type": "dynamiclist", "path": "z", "defaultRepetitions": 200}
    for depth in range(8):
        inner = {"type": "dynamiclist", "path": f"p{depth}", "defaultRepetitions": 200, "components": [inner]}
    form = load_form(json.dumps({"components": [inner]}).encode(), "task.form")
    assert len(form.bind({}).fields) < 20_000


def test_hostile_json_values_are_answered() -> None:
    form = load_form(json.dumps({"components": [{"type": "textfield", "key": "a"}]}).encode(), "task.form")
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    assert not form.validate_values({"a": deep}, {}).ok
    assert form.bind({"a": deep}, draft={"a": deep}).values == {"a": ""}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["=x", "=(", "{{x}}", "{{#if", "a.b", "\0", "(a+)+$", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ATTRIBUTES = [
    "key", "path", "label", "description", "defaultValue", "validate", "disabled", "readonly", "conditional", "values",
    "valuesKey", "valuesExpression", "appearance", "properties", "layout", "components", "text", "subtype",
    "expression", "increment", "decimalDigits", "serializeToString", "multiple", "accept",
    "height", "defaultRepetitions", "id",
]  # fmt: skip
likely = {
    "key": st.sampled_from(["a", "b", "a.b", "this", "1", ""]),
    "path": st.sampled_from(["a", "b", "a.b", ""]),
    "conditional": st.fixed_dictionaries({"hide": st.sampled_from(["=a = 1", "=b", "=(", "x"])}),
    "validate": st.dictionaries(
        st.sampled_from(["required", "min", "max", "minLength", "maxLength", "pattern", "validationType", "maxFiles"]),
        st.sampled_from([True, 1, 5, "=a", "(", "^a$", "email", "phone", None]),
        max_size=4,
    ),
    "values": st.lists(st.sampled_from([{"label": "L", "value": "v"}, {"value": 1}, "t", 2, True]), max_size=3),
}
components = st.deferred(
    lambda: st.fixed_dictionaries(
        {"type": st.sampled_from(KINDS)},
        optional={
            **{name: likely.get(name, json_values) | json_values for name in ATTRIBUTES},
            "components": st.lists(components, max_size=2),
        },
    )
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({"components": st.lists(components, max_size=4)}) | json_values, json_values, json_values)
def test_any_json_is_a_form_or_a_form_error(data: Any, typed: Any, variables: Any) -> None:
    try:
        form = load_form(json.dumps(data).encode(), "task.form")
    except FormError:
        return
    for finding in form.findings():
        assert finding.zh != finding.en
    known = variables if isinstance(variables, dict) else {"a": variables}
    names = {item.name: str(typed) for item in form.fields} | {"a.0.b": "1", "a:add": "", "a.0:row": "1"}
    for bound in (form.bind(known), form.bind(known, MultiDict(names)), form.bind(known, draft=names)):
        bound.validate()
        for place in bound.fields:
            assert isinstance((place.attrs, place.value, place.options, place.errors), tuple)
            assert "<script" not in place.markup
            assert isinstance(place.label, str)
        json.dumps(bound.draft)
        json.dumps(bound.values, default=str)
    form.defaults(known)
    result = form.validate_values(typed if isinstance(typed, dict) else {"a": typed}, known)
    assert result.ok == (not result.errors)
