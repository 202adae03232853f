"""What other modellers write and the standard allows."""

from __future__ import annotations

import pytest

from engine.decisions import DecisionError, load_decisions


def taken(model, name, **context):
    return model.evaluate(name, context, strict=False).value


def test_instance_of_knows_the_item_definitions(dmn):
    """10.3.2.9.2: allowed values are no part of a type; types may contain each other."""
    types = (
        dmn.type("tScore", "number", allowed="[0..9]"),
        dmn.type("t-Grade", "string"),
        dmn.type("tScores", "tScore", collection=True),
        dmn.type("tNode", parts=dmn.part("score", "tScore") + dmn.part("next one", "tNode")),
    )
    cases = {
        "a": ("12 instance of tScore", True),
        "b": ("[1, 12] instance of tScores", True),
        "c": ('[1, "x"] instance of tScores', False),
        "d": ('"x" instance of t-Grade', True),
        "e": ("{score: 1, next one: {score: 2, next one: null}} instance of tNode", True),
        "f": ('{score: 1, next one: {score: "x", next one: null}} instance of tNode', False),
        "g": ("(function(all: tScores) count(all))(7) = 1", True),
        "h": ("1 instance of tNothing", None),
    }
    model = dmn.load(*types, *(dmn.decision(f"d_{id}", dmn.literal(text)) for id, (text, _) in cases.items()))
    for id, (_, expected) in cases.items():
        assert taken(model, f"d_{id}") is expected, id


def test_instance_of_knows_imported_types(dmn):
    library = dmn.load(dmn.type("tScore", "number"), namespace="urn:library")
    imported = '<import name="lib" namespace="urn:library" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
    decision = dmn.decision("d_x", dmn.literal("1 instance of lib.tScore"))
    assert taken(dmn.load(imported, decision, imports={"urn:library": library}), "d_x") is True


FUNCTION_TYPE = '<itemDefinition name="tCount"><functionItem outputTypeRef="number"/></itemDefinition>'


def test_the_variable_of_a_function_may_have_a_function_type(dmn):
    """7.3.3 and 10.4: the results are then of the type the function type gives."""
    good = dmn.knowledge("k_good", "good", ["x"], dmn.literal("x + 1"), type="tCount")
    bad = dmn.knowledge("k_bad", "bad", ["x"], dmn.literal('"none"'), type="tCount")
    service = '<decisionService id="s" name="S"><variable name="S" typeRef="tCount"/><outputDecision href="#d_y"/>'
    model = dmn.load(
        FUNCTION_TYPE,
        good,
        bad,
        service + "</decisionService>",
        dmn.decision("d_x", dmn.literal("[good(1), bad(1)]"), "k_good", "k_bad"),
        dmn.decision("d_y", dmn.literal("4")),
    )
    assert taken(model, "d_x") == [2, None]
    assert taken(model, "S") == 4


def test_type_names_with_a_prefix(dmn):
    head = {
        "xmlns:own": "urn:test",
        "xmlns:feel": "https://www.omg.org/spec/DMN/20191111/FEEL/",
        "xmlns:other": "urn:x",
    }
    parts = (
        dmn.type("tScore", "feel:number"),
        dmn.decision("d_x", dmn.literal('"x"'), type="own:tScore"),
        dmn.decision("d_y", dmn.literal("1"), type="other:tScore"),
    )
    model = dmn.load(*parts, **head)
    assert taken(model, "d_x") is None
    assert [finding.element for finding in model.findings if finding.severity == "error"] == ["d_y"]


def test_elements_without_an_id_are_known_by_their_name(dmn):
    content = dmn.file('<decision name="first"><variable name="first"/>' + dmn.literal("7") + "</decision>")
    model = load_decisions(content, "test.dmn")
    assert taken(model, "first") == 7
    assert not [finding for finding in model.findings if finding.severity == "error"]


@pytest.mark.parametrize(("match", "expected"), [("item > 1", [2, 3]), ("null", []), ('"x"', None), ("2", None)])
def test_a_boxed_filter_wants_truth_values(dmn, match, expected):
    boxed = f"<filter><in>{dmn.literal('[1, 2, 3]')}</in><match>{dmn.literal(match)}</match></filter>"
    result = dmn.load(dmn.decision("d_x", boxed)).evaluate("d_x", {}, strict=False)
    assert result.value == expected
    assert bool(result.problems) is (expected is None)


def test_a_table_with_a_type_of_its_own(dmn):
    """The type of the table is that of the whole result, and the table can still be shown."""
    table = dmn.table(["score"], ["grade"], ['> 5 -> "good"', '> 2 -> "fair"'], policy="COLLECT", typeRef="tGrades")
    model = dmn.load(
        dmn.type("tGrades", "string", collection=True),
        dmn.input_data("score", "number"),
        dmn.decision("d_x", table, "i_score"),
    )
    assert taken(model, "d_x", score=7) == ["good", "fair"]
    assert model.decisions["d_x"].table is not None


def test_a_negated_cell_does_not_match_another_kind(dmn):
    """10.3.2.3: "x" is not comparable with 7, so neither 7 nor not(7) holds."""
    table = dmn.table(["what"], ["found"], ['7 -> "seven"', 'not(7) -> "other"'])
    model = dmn.load(dmn.input_data("what"), dmn.decision("d_x", table, "i_what"))
    assert taken(model, "d_x", what=7) == "seven"
    assert taken(model, "d_x", what=8) == "other"
    assert taken(model, "d_x", what="x") is None


def test_a_context_entry_may_state_the_result_of_its_function(dmn):
    """DMN 1.1 models type the variable of a function with what the function gives."""
    double = f'<functionDefinition><formalParameter name="x"/>{dmn.literal("x")}</functionDefinition>'
    entry = '<contextEntry><variable name="same" typeRef="number"/>' + double + "</contextEntry>"
    result = "<contextEntry>" + dmn.literal('[same(4), same("x")]') + "</contextEntry>"
    model = dmn.load(dmn.decision("d_x", f"<context>{entry}{result}</context>"))
    assert taken(model, "d_x") == [4, None]


def test_an_unknown_type_of_an_expression_is_warned_of(dmn):
    model = dmn.load(dmn.decision("d_x", dmn.literal("7", typeRef="tNowhere"), type="number"))
    assert taken(model, "d_x") == 7
    assert [(f.severity, "tNowhere" in f.en) for f in model.findings] == [("warning", True)]


def test_a_call_of_an_unknown_function_is_null_by_the_standard_and_an_error_by_default(dmn):
    """10.3.2.13.2 gives null; a file that says so is a mistake all the same."""
    model = dmn.load(
        dmn.knowledge("k", "ask", ["x"], dmn.literal("x + nowhere(x)")),
        dmn.decision("d", dmn.literal('if nowhere(1) = null then "null" else "value"')),
        dmn.decision("d_k", dmn.literal("ask(1)"), "k"),
    )
    assert {f.element for f in model.findings if f.severity == "error"} == {"k", "d"}
    for name in ("d", "d_k", "ask"):
        with pytest.raises(DecisionError, match="nowhere"):
            model.evaluate(name, {"x": 1})
    loose = model.evaluate("d", {}, strict=False)
    assert loose.value == "null"
    assert any("nowhere" in problem.zh for problem in loose.problems)
    assert model.evaluate("d_k", {}, strict=False).value is None


def test_what_is_no_feel_stays_refused_beside_an_unknown_function(dmn):
    for rules in (["1 -> nowhere(1)", "2 -> 1 +"], ["1 -> 1 +", "2 -> nowhere(1)"]):
        with pytest.raises(DecisionError):
            dmn.decide(["x"], ["v"], rules).evaluate("d", {"x": 3}, strict=False)
