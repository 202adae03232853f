"""Files from outside: whatever they contain, reading and evaluating ends with an error of our own or a result."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.decisions import DecisionError, load_decisions
from engine.decisions.reader import MAX_TEXTS
from engine.errors import EngineError, ModelInvalid

BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="&b;"/>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="&a;"/>"""
UNREADABLE = [
    b"",
    b"no xml",
    b"<definitions",
    b"\xff\xfe\x00",
    b"<definitions/>",
    b'<definitions xmlns="http://www.omg.org/spec/DMN/20991231/MODEL/"/>',
    b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    b'<decision xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
    BOMB,
    OUTSIDE,
    b"<a>" * 5000 + b"</a>" * 5000,
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_what_is_no_dmn_is_refused(content):
    with pytest.raises(ModelInvalid) as error:
        load_decisions(content, "bad.dmn")
    assert "bad.dmn" in error.value.text("zh")
    assert "bad.dmn" in error.value.text("en")


def test_a_file_with_too_many_cells_is_refused(dmn):
    with pytest.raises(ModelInvalid):
        dmn.load("<text/>" * (MAX_TEXTS + 1))


def test_ids_are_required_and_unique(dmn):
    for parts in (("<decision/>",), (dmn.decision("d", dmn.literal("1")), dmn.decision("d", dmn.literal("2")))):
        model = dmn.load(*parts)
        assert model.findings[0].severity == "error"
        with pytest.raises(DecisionError):
            model.evaluate("d", {})


def test_deep_requirements_end_with_an_error(dmn):
    chain = [dmn.decision("d_0", dmn.literal("1"))]
    chain += [dmn.decision(f"d_{i}", dmn.literal(f"d_{i - 1} + 1"), f"d_{i - 1}") for i in range(1, 200)]
    model = dmn.load(*chain)
    assert model.evaluate("d_20", {}).value == 21
    with pytest.raises(DecisionError):
        model.evaluate("d_199", {})


def test_wide_requirements_are_taken_once_each(dmn):
    layers = [dmn.decision("d_0", dmn.literal("1"))]
    for i in range(1, 25):
        layers.append(dmn.decision(f"d_{i}", dmn.literal(f"d_{i - 1} + d_{i - 1}"), f"d_{i - 1}", f"d_{i - 1}"))
    assert dmn.load(*layers).evaluate("d_24", {}).value == 2**24


def test_costly_expressions_end_with_an_error(dmn):
    model = dmn.load(dmn.decision("d", dmn.literal("for i in 1..10000000 return i * i")))
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {})
    assert error.value.params["decision"] == "d"
    model = dmn.decide(["x"], ["v"], ["count(for i in 1..10000000 return i) > ? -> 1"])
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": 1})
    assert (error.value.params["rule"], error.value.params["column"]) == (1, "x")


def test_deep_values_end_with_an_error(dmn):
    value: list[object] = []
    for _ in range(300):
        value = [value]
    with pytest.raises(DecisionError):
        dmn.load(dmn.decision("d", dmn.literal("x"))).evaluate("d", {"x": value})


def test_texts_with_braces_and_markup_stay_texts(dmn):
    model = dmn.decide([{"expression": "x", "label": "{0} <b>"}], ["v"], ["} -> 1"])
    assert "{0} <b>" in model.findings[0].zh
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {})
    assert "{0} <b>" in error.value.text("en")


CELLS = st.one_of(
    st.sampled_from(
        ["-", "", "1", "> 1", "[1..5]", '"a"', "true", "null", "not(1)", "x", "?", "? > 1", "= > 2", "date(\"2026-02-30\")",
         "f(1)", "[5..1]", "[1..", "duration(\"PT1H\")", "@\"2026-01-01\"", "{a: 1}", "for i in [1] return i", "1,2", "[\"a\"..2]"]
    ),
    st.text(max_size=12),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.dates(), st.floats()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
POLICIES = st.sampled_from(
    [("UNIQUE", None), ("ANY", None), ("FIRST", None), ("PRIORITY", None), ("RULE ORDER", None), ("OUTPUT ORDER", None)]
    + [("COLLECT", operator) for operator in (None, "SUM", "MIN", "MAX", "COUNT")]
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def speaks(error):
    assert error.text("zh")
    assert error.text("en")


def clean(text):
    """XML cannot carry control characters and surrogates; the rule notation of the tests uses a few signs itself."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "|\ufffe\uffff").replace(
        "->", ""
    )


@FUZZ
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), POLICIES, VALUES, VALUES)
def test_any_table(dmn, rows, policy, x, y):
    rules = [f"{clean(a)} | {clean(b)} -> {clean(c)}" for a, b, c in rows]
    try:
        model = dmn.decide(
            ["x", {"expression": "y", "values": "1,2"}], [{"name": "v", "values": "1,2"}], rules, *policy
        )
    except ModelInvalid:
        return
    assert all(finding.zh and finding.en for finding in model.findings)
    for strict in (True, False):
        try:
            result = model.evaluate("d", {"x": x, "y": y}, strict=strict)
        except EngineError as error:
            speaks(error)
        else:
            assert all(0 < rule.rule_index <= len(rules) for rule in result.fired)


TAGS = st.sampled_from(
    [
        "decision",
        "variable",
        "decisionTable",
        "input",
        "inputExpression",
        "inputEntry",
        "output",
        "outputEntry",
        "rule",
        "text",
        "literalExpression",
        "context",
        "contextEntry",
        "invocation",
        "binding",
        "parameter",
        "relation",
        "column",
        "row",
        "list",
        "functionDefinition",
        "formalParameter",
        "inputData",
        "businessKnowledgeModel",
        "encapsulatedLogic",
        "informationRequirement",
        "requiredDecision",
        "requiredInput",
        "itemDefinition",
        "typeRef",
        "itemComponent",
        "allowedValues",
        "import",
        "decisionService",
        "outputDecision",
        "for",
        "in",
        "return",
        "filter",
        "match",
        "conditional",
        "if",
    ]
)
NAMES = st.sampled_from(
    ["id", "name", "href", "typeRef", "hitPolicy", "isCollection", "namespace", "aggregation", "kind"]
)
WORDS = st.sampled_from(
    ["d", "#d", "a", "#a", "number", "COLLECT", "SUM", "true", "x y", "", "a.b", "urn:test#d", "Java"]
)


@st.composite
def elements(draw, depth=4):
    tag = draw(TAGS)
    given_attributes = draw(st.dictionaries(NAMES, WORDS, max_size=3))
    inner = draw(st.sampled_from(["", "1", "a + 1", "number"]))
    if depth:
        inner += "".join(draw(st.lists(elements(depth=depth - 1), max_size=3)))
    return f"<{tag}" + "".join(f' {k}="{v}"' for k, v in given_attributes.items()) + f">{inner}</{tag}>"


@FUZZ
@given(st.lists(elements(), max_size=4))
def test_any_elements(dmn, parts):
    model = dmn.load(*parts, dmn.decision("d", dmn.literal("1")))
    assert all(finding.zh and finding.en for finding in model.findings)
    for name in list(model.decisions):
        try:
            model.evaluate(name, {"a": 1})
        except DecisionError as error:
            speaks(error)


@FUZZ
@given(st.data())
def test_any_damage_to_a_good_file(dmn, data):
    table = dmn.table(["x"], ["v"], ['> 1 -> "a" // n', '<= 1 -> "b"'])
    content = bytearray(dmn.file(dmn.input_data("x"), dmn.decision("d", table, "i_x"), dmn.type("t", "number", "1,2")))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        model = load_decisions(bytes(content), "damaged.dmn")
        for name in list(model.decisions):
            model.evaluate(name, {"x": 2})
        assert all(finding.zh for finding in model.findings)
    except EngineError as error:
        speaks(error)
