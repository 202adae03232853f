"""Types of inputs, outputs and variables, and their allowed values (DMN 1.3, 7.3.2 and 10.3.2.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from engine.decisions import DecisionError
from engine.feel import YearsMonths

D = Decimal

FITTING = [
    ("number", 5, D(5)),
    ("string", "a", "a"),
    ("boolean", True, True),
    ("date", date(2026, 1, 1), date(2026, 1, 1)),
    ("time", time(8), time(8)),
    ("dateTime", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ("date and time", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
    ("dayTimeDuration", timedelta(hours=1), timedelta(hours=1)),
    ("years and months duration", YearsMonths(3), YearsMonths(3)),
    ("Any", [1], [D(1)]),
    ("context", {"a": 1}, {"a": D(1)}),
    ("list", [1, "a"], [D(1), "a"]),
    ("integer", 4, D(4)),
    ("number", [7], D(7)),
    ("number", [[7]], D(7)),
    ("tNames", "a", ["a"]),
    ("tNames", ["a", None], ["a", None]),
    ("tGrade", "A", "A"),
    ("tPerson", {"name": "a", "age": 3}, {"name": "a", "age": D(3)}),
    ("tPerson", {"name": "a", "age": None, "more": 1}, {"name": "a", "age": None, "more": D(1)}),
    ("tPeople", [{"name": "a", "age": 3}], [{"name": "a", "age": D(3)}]),
    ("tAdult", {"name": "a", "age": 20}, {"name": "a", "age": D(20)}),
    ("feel:number", 5, D(5)),
    ("number", None, None),
]

MISFITS = [
    ("number", "5"),
    ("number", True),
    ("boolean", 1),
    ("string", 5),
    ("date", "2026-13-01"),
    ("integer", D("4.5")),
    ("number", [1, 2]),
    ("number", [[1, 2]]),
    ("tNames", ["a", 5]),
    ("tGrade", "C"),
    ("tPerson", {"name": "a"}),
    ("tPerson", {"name": 1, "age": 3}),
    ("tPerson", "a"),
    ("tPeople", [{"name": "a"}]),
    ("tFew", [1, 2, 3]),
    ("tScore", 101),
]


@pytest.fixture
def typed(dmn):
    person = dmn.part("name", "string") + dmn.part("age", "number")
    types = (
        dmn.type("tNames", "string", collection=True),
        dmn.type("tGrade", "string", '"A", "B"'),
        dmn.type("tPerson", parts=person),
        dmn.type("tPeople", "tPerson", collection=True),
        dmn.type("tAdult", "tPerson"),
        dmn.type("tScore", "number", "[0..100]"),
        dmn.type("tFew", "number", collection=True, constraint="count(?) < 3"),
    )

    def load(type_name):
        return dmn.load(
            *types,
            dmn.input_data("x", type_name),
            dmn.decision("d_in", dmn.literal("x"), "i_x"),
            dmn.decision("d_out", dmn.literal("y"), type=type_name),
            version="1.5",
        )

    return load


@pytest.mark.parametrize(("type_name", "value", "result"), FITTING)
def test_values_that_fit(typed, type_name, value, result):
    model = typed(type_name)
    assert model.findings == ()
    assert model.evaluate("d_in", {"x": value}).value == result
    assert model.evaluate("d_out", {"y": value}).value == result


@pytest.mark.parametrize(("type_name", "value"), MISFITS)
def test_values_that_do_not_fit(typed, type_name, value):
    model = typed(type_name)
    with pytest.raises(DecisionError) as error:
        model.evaluate("d_in", {"x": value})
    assert (error.value.params["decision_id"], error.value.params["column"]) == ("d_in", "x")
    assert type_name in error.value.text("zh")
    assert type_name in error.value.text("en")
    with pytest.raises(DecisionError):
        model.evaluate("d_out", {"y": value})
    loose = model.evaluate("d_out", {"y": value}, strict=False)
    assert loose.value is None
    assert type_name in loose.problems[-1].zh


def test_the_message_lists_the_allowed_values(typed):
    with pytest.raises(DecisionError) as error:
        typed("tGrade").evaluate("d_in", {"x": "C"})
    assert '"A", "B"' in error.value.text("zh")


def test_table_inputs_are_checked(dmn):
    model = dmn.decide([{"expression": "x", "label": "金额", "type": "number"}], ["v"], ["> 1 -> 1"])
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": "many"})
    assert error.value.params["column"] == "金额"
    loose = model.evaluate("d", {"x": "many"}, strict=False)
    assert (loose.value, loose.inputs) == (None, {"金额": None})


def test_allowed_input_values_are_checked(dmn):
    model = dmn.decide([{"expression": "x", "values": '"a","b"'}], ["v"], ['"a" -> 1', "- -> 2"], "FIRST")
    assert model.evaluate("d", {"x": "b"}).value == D(2)
    assert model.evaluate("d", {"x": None}).value == D(2)
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": "c"})
    assert '"a","b"' in error.value.text("zh")
    assert model.evaluate("d", {"x": "c"}, strict=False).value is None


def test_computed_outputs_are_checked(dmn):
    model = dmn.decide(["x"], [{"name": "v", "values": "[0..10]", "type": "number"}], ["- -> x * 2"])
    assert model.evaluate("d", {"x": 5}).value == D(10)
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": 6})
    assert (error.value.params["rule"], error.value.params["column"]) == (1, "v")
    assert model.evaluate("d", {"x": 6}, strict=False).value is None


def test_type_of_a_literal_expression(dmn):
    with pytest.raises(DecisionError):
        dmn.load(dmn.decision("d", dmn.literal("1", typeRef="string"))).evaluate("d", {})


def test_components_with_spaces_and_operators(dmn):
    parts = (
        dmn.part("family name", "string")
        + dmn.part("no-show", "number")
        + dmn.part("档案", parts=dmn.part("a/b", "number"))
    )
    model = dmn.load(
        dmn.type("tGuest", parts=parts),
        dmn.input_data("guest", "tGuest"),
        dmn.decision("d", dmn.literal("[guest.family name, guest.no-show + 1, guest.档案.a/b]"), "i_guest"),
    )
    assert model.findings == ()
    guest = {"family name": "王", "no-show": 2, "档案": {"a/b": 5}}
    assert model.evaluate("d", {"guest": guest}).value == ["王", D(3), D(5)]


def test_types_may_refer_to_types_below_them_and_to_themselves_in_parts(dmn):
    tree = dmn.part("name", "string") + dmn.part("children", "tTree", collection=True)
    model = dmn.load(
        dmn.type("tFirst", "tSecond"), dmn.type("tSecond", "number", "> 0"), dmn.type("tTree", parts=tree),
        dmn.decision("d", dmn.literal("x"), type="tFirst"), dmn.decision("d_t", dmn.literal("t"), type="tTree"),
    )  # fmt: skip
    assert model.evaluate("d", {"x": 1}).value == D(1)
    with pytest.raises(DecisionError):
        model.evaluate("d", {"x": -1})
    leaf = {"name": "b", "children": []}
    assert model.evaluate("d_t", {"t": {"name": "a", "children": [leaf]}}).value["children"] == [leaf]
    with pytest.raises(DecisionError):
        model.evaluate("d_t", {"t": {"name": "a", "children": [{"name": 1, "children": []}]}})


def test_function_types(dmn):
    function = '<itemDefinition name="tF"><functionItem outputTypeRef="number"><parameters name="a"/></functionItem></itemDefinition>'
    model = dmn.load(
        function,
        dmn.decision("d", dmn.literal("x"), type="tF"),
        dmn.decision("d_f", dmn.literal("function(a) a"), type="tF"),
    )
    assert model.evaluate("d_f", {}).value.parameters == ("a",)
    with pytest.raises(DecisionError):
        model.evaluate("d", {"x": 1})


FAULTS = [
    ('<itemDefinition name="t"><typeRef>t</typeRef></itemDefinition>', "引用自身"),
    (
        '<itemDefinition name="a"><typeRef>b</typeRef></itemDefinition><itemDefinition name="b"><typeRef>a</typeRef></itemDefinition>',
        "refers to itself",
    ),
    ('<itemDefinition name="t"><typeRef>missing</typeRef></itemDefinition>', "missing"),
    ('<itemDefinition name="t"/><itemDefinition name="t"/>', "重复"),
    ('<itemDefinition name="t"><itemComponent/></itemDefinition>', "component"),
    ('<itemDefinition name="t"><wish/></itemDefinition>', "wish"),
    (
        '<itemDefinition name="t"><typeRef>number</typeRef><allowedValues><text>1 1</text></allowedValues></itemDefinition>',
        "“t”",
    ),
]


@pytest.mark.parametrize(("types", "part"), FAULTS)
def test_faults_of_types_refuse_the_file(dmn, types, part):
    model = dmn.load(types, dmn.decision("d", dmn.literal("1")))
    assert any(part in finding.zh + finding.en for finding in model.findings)
    with pytest.raises(DecisionError):
        model.evaluate("d", {})


def test_unknown_types_are_refused_where_they_are_used(dmn):
    model = dmn.load(dmn.decision("d", dmn.literal("1"), type="tNone"), dmn.decision("d_ok", dmn.literal("1")))
    assert "tNone" in model.findings[0].zh
    with pytest.raises(DecisionError):
        model.evaluate("d", {})
    assert model.evaluate("d_ok", {}).value == D(1)
