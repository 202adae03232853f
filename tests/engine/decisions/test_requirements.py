"""Decisions that require inputs, other decisions, knowledge, services and other files."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from engine.decisions import DecisionError, load_decisions

D = Decimal


def test_required_decisions_come_first_and_their_rules_are_told(dmn):
    severity = dmn.table(["amount"], ["v"], ['< 100 -> "一般" // T1', '>= 100 -> "重大" // T2'])
    days = dmn.table(["severity"], ["v"], ['"一般" -> 5', '"重大" -> 1'])
    model = dmn.load(
        dmn.input_data("amount", "number"),
        dmn.decision("d_severity", severity, "i_amount", name="严重程度", variable="severity"),
        dmn.decision("d_days", days, "d_severity", name="时限"),
    )
    assert model.findings == ()
    result = model.evaluate("时限", {"amount": 500})
    assert result.value == D(1)
    told = [(rule.decision_id, rule.rule_index, rule.annotations) for rule in result.fired]
    assert told == [("d_severity", 2, ("T2",)), ("d_days", 2, ())]
    assert model.decisions["d_days"].requires == ("严重程度",)


def test_a_shared_decision_is_taken_once(dmn):
    base = dmn.table([], ["v"], ["-> 1"])
    model = dmn.load(
        dmn.decision("d_base", base),
        dmn.decision("d_left", dmn.literal("d_base + 1"), "d_base"),
        dmn.decision("d_right", dmn.literal("d_base + 2"), "d_base"),
        dmn.decision("d_top", dmn.literal("d_left + d_right"), "d_left", "d_right"),
    )
    result = model.evaluate("d_top", {})
    assert result.value == D(5)
    assert len(result.fired) == 1


def test_names_with_spaces_operators_and_chinese(dmn):
    model = dmn.load(
        dmn.input_data("Applicant's age", "number", id="i_age"),
        dmn.input_data("risk-free rate", "number", id="i_rate"),
        dmn.decision("d_in", dmn.literal("Applicant's age + 1"), "i_age", name="Age next year"),
        dmn.decision("d_n", dmn.literal("risk-free rate * 2"), "i_rate", name="利率 (加倍)"),
        dmn.decision(
            "d_t",
            dmn.table(["Age next year", "risk-free rate"], ["v"], ["> 18 | < 1 -> Age next year"], "COLLECT", "MAX"),
            "d_in",
            "i_rate",
        ),
    )
    assert model.findings == ()
    context = {"Applicant's age": 20, "risk-free rate": D("0.5")}
    assert model.evaluate("d_t", context).value == D(21)
    assert model.evaluate("利率 (加倍)", context).value == D(1)


def test_a_decision_by_id_name_or_variable(dmn):
    model = dmn.load(dmn.decision("d", dmn.literal("1"), name="名称", variable="v"))
    for name in ("d", "名称", "v"):
        assert model.evaluate(name, {}).value == D(1)
    with pytest.raises(DecisionError) as error:
        model.evaluate("nothing", {})
    assert "名称" in error.value.text("zh")


def test_an_input_may_be_given_by_its_name_in_the_diagram(dmn):
    model = dmn.load(
        dmn.input_data("matter", label="投诉事项"), dmn.decision("d", dmn.literal("upper case(matter)"), "i_matter")
    )
    assert model.evaluate("d", {"投诉事项": "a"}).value == "A"
    assert model.evaluate("d", {"matter": "b"}).value == "B"
    missing = model.evaluate("d", {})
    assert missing.value is None
    assert any("matter" in problem.zh for problem in missing.problems)


def test_a_missing_variable_is_told(dmn):
    result = dmn.load(dmn.decision("d", dmn.literal("amount + 1"))).evaluate("d", {})
    assert result.value is None
    assert "amount" in result.problems[0].text("zh")
    assert "amount" in result.problems[0].text("en")


def test_now_is_the_callers(dmn):
    model = dmn.load(dmn.decision("d", dmn.literal("date(now())")))
    assert (
        model.evaluate("d", {}, now=datetime.fromisoformat("2026-03-02T09:00:00+08:00")).value.isoformat()
        == "2026-03-02"
    )


def test_values_the_language_does_not_know_are_told(dmn):
    result = dmn.load(dmn.decision("d", dmn.literal("a"))).evaluate("d", {"a": object(), "b": 1})
    assert result.value is None
    assert result.problems


def test_what_is_not_required_is_not_seen(dmn):
    model = dmn.load(
        dmn.input_data("beta"),
        dmn.decision("d_a", dmn.literal("1"), variable="alpha"),
        dmn.decision("d_b", dmn.literal("[alpha, beta, gamma]")),
    )
    assert [(finding.severity, finding.element) for finding in model.findings] == [("error", "d_b")] * 2
    assert any("alpha" in finding.zh and "alpha" in finding.en for finding in model.findings)
    result = model.evaluate("d_b", {"alpha": 1, "beta": 2, "gamma": 3})
    assert result.value == [None, None, D(3)]
    assert len(result.problems) == 2


def test_findings_are_the_same_when_asked_again(dmn):
    content = dmn.file(dmn.decision("d", dmn.table(["x"], ["v"], ["1 -> 1", "1 -> 2"])))
    model = load_decisions(content, "test.dmn")
    assert model.findings == tuple(model.check(model)) == load_decisions(content, "test.dmn").findings


def test_requirements_in_a_circle_are_refused(dmn):
    model = dmn.load(
        dmn.decision("d_a", dmn.literal("d_b"), "d_b", name="A"),
        dmn.decision("d_b", dmn.literal("d_a"), "d_a", name="B"),
        dmn.decision("d", dmn.literal("1")),
    )
    assert any("循环依赖：A → B → A" in finding.zh for finding in model.findings)
    for name in ("d_a", "d_b"):
        with pytest.raises(DecisionError):
            model.evaluate(name, {})
    assert model.evaluate("d", {}).value == D(1)


@pytest.mark.parametrize("href", ["d_missing", "urn:elsewhere#d_x", "k_missing"])
def test_a_requirement_of_nothing_is_refused(dmn, href):
    model = dmn.load(dmn.decision("d", dmn.literal("1"), href))
    assert any(href in finding.zh for finding in model.findings)
    with pytest.raises(DecisionError):
        model.evaluate("d", {})


def test_a_decision_that_needs_a_refused_one_is_refused_with_its_reason(dmn):
    model = dmn.load(
        dmn.decision("d_a", dmn.table(["x"], ["v"], ["1 -> 1 +"]), name="坏表"),
        dmn.decision("d_b", dmn.literal("d_a"), "d_a"),
    )
    with pytest.raises(DecisionError) as error:
        model.evaluate("d_b", {"x": 1})
    assert error.value.params["decision"] == "坏表"
    assert error.value.params["rule"] == 1


def test_a_decision_without_logic_is_null(dmn):
    model = dmn.load(dmn.decision("d", ""), dmn.decision("e", dmn.literal('if d = null then "none" else d'), "d"))
    assert [(f.severity, f.element) for f in model.findings] == [("warning", "d")]
    assert "没有决策表或表达式" in model.findings[0].zh
    assert model.evaluate("d", {}).value is None
    assert model.evaluate("e", {}).value == "none"


# -- business knowledge models ------------------------------------------------------------------------------------


def test_knowledge_is_a_function(dmn):
    model = dmn.load(
        dmn.knowledge("k_fee", "late fee", ["amount:number", "days:number"], dmn.literal("amount * days / 100")),
        dmn.decision("d_a", dmn.literal("late fee(200, 3)"), "k_fee"),
        dmn.decision("d_b", dmn.literal("late fee(days: 2, amount: 50)"), "k_fee"),
    )
    assert model.findings == ()
    assert model.evaluate("d_a", {}).value == D(6)
    assert model.evaluate("d_b", {}).value == D(1)
    assert model.evaluate("late fee", {"amount": 100, "days": 1}).value == D(1)


def test_knowledge_may_hold_a_table_and_call_other_knowledge(dmn):
    table = dmn.table(["double(n)"], ["v"], ['> 10 -> "large"', '<= 10 -> "small"'])
    model = dmn.load(
        dmn.knowledge("k_double", "double", ["n"], dmn.literal("n * 2")),
        dmn.knowledge("k_size", "size of", ["n"], table),
        dmn.decision("d", dmn.literal("[size of(3), size of(8)]"), "k_size"),
    )
    result = model.evaluate("d", {})
    assert result.value == ["small", "large"]
    assert [(rule.decision_name, rule.rule_index) for rule in result.fired] == [("size of", 2), ("size of", 1)]


def test_knowledge_sees_its_parameters_only(dmn):
    model = dmn.load(
        dmn.knowledge("k", "f", ["a"], dmn.literal("a + secret")), dmn.decision("d", dmn.literal("f(1)"), "k")
    )
    assert model.evaluate("d", {"secret": 5}).value is None


def test_recursion_ends_with_an_error(dmn):
    endless = dmn.load(
        dmn.knowledge("k", "f", ["n"], dmn.literal("f(n + 1)")), dmn.decision("d", dmn.literal("f(1)"), "k")
    )
    with pytest.raises(DecisionError):
        endless.evaluate("d", {})
    factorial = dmn.literal("if n <= 1 then 1 else n * f(n - 1)")
    model = dmn.load(dmn.knowledge("k", "f", ["n"], factorial), dmn.decision("d", dmn.literal("f(10)"), "k"))
    assert model.evaluate("d", {}).value == D(3628800)


def test_calls_are_bounded_in_number(dmn):
    body = dmn.literal("if n = 0 then 0 else f(n - 1) + f(n - 1)")
    model = dmn.load(dmn.knowledge("k", "f", ["n"], body), dmn.decision("d", dmn.literal("f(30)"), "k"))
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {})
    assert "5000" in error.value.text("en")


@pytest.mark.parametrize("kind", ["Java", "PMML"])
def test_knowledge_in_other_languages_is_refused(dmn, kind):
    model = dmn.load(
        dmn.knowledge("k", "f", ["a"], dmn.literal("a"), kind=kind), dmn.decision("d", dmn.literal("f(1)"), "k")
    )
    assert kind in model.findings[0].en
    with pytest.raises(DecisionError):
        model.evaluate("d", {})


def test_knowledge_checks_the_types_of_its_arguments_and_result(dmn):
    model = dmn.load(
        dmn.knowledge("k", "f", ["a:number"], dmn.literal("string(a)"), type="string"),
        dmn.knowledge("k_2", "g", ["a"], dmn.literal("a"), type="number"),
        dmn.decision("d", dmn.literal("f(x)"), "k"),
        dmn.decision("d2", dmn.literal("g(x)"), "k_2"),
    )
    assert model.evaluate("d", {"x": 5}).value == "5"
    for name in ("d", "d2"):
        with pytest.raises(DecisionError):
            model.evaluate(name, {"x": "five"})
    assert model.evaluate("d2", {"x": "five"}, strict=False).value is None


# -- decision services --------------------------------------------------------------------------------------------


def service(dmn, *outputs, inputs=(), decisions=()):
    inner = "".join(f'<outputDecision href="#{o}"/>' for o in outputs)
    inner += "".join(f'<inputDecision href="#{d}"/>' for d in decisions) + "".join(
        f'<inputData href="#{i}"/>' for i in inputs
    )
    return f'<decisionService id="k_service" name="service">{inner}</decisionService>'


def test_a_decision_service_is_a_function_of_its_inputs(dmn):
    model = dmn.load(
        dmn.input_data("a", "number"),
        dmn.decision("d_in", dmn.literal("1000")),
        dmn.decision("d_sum", dmn.literal("a + d_in"), "i_a", "d_in"),
        service(dmn, "d_sum", inputs=["i_a"], decisions=["d_in"]),
        dmn.decision("d_top", dmn.literal("service(1, 2)"), "k_service"),
    )
    assert model.findings == ()
    assert model.evaluate("d_sum", {"a": 1}).value == D(1001)
    assert model.evaluate("d_top", {}).value == D(3)
    assert model.evaluate("service", {"a": 5, "d_in": 6}).value == D(11)


def test_a_service_with_several_outputs_gives_a_context(dmn):
    model = dmn.load(
        dmn.decision("d_a", dmn.literal("1")), dmn.decision("d_b", dmn.literal("2")), service(dmn, "d_a", "d_b"),
        dmn.decision("d", dmn.literal("service()"), "k_service"),
    )  # fmt: skip
    assert model.evaluate("d", {}).value == {"d_a": D(1), "d_b": D(2)}


def test_a_service_without_outputs_is_refused(dmn):
    model = dmn.load(service(dmn))
    assert model.findings[0].element == "k_service"
    with pytest.raises(DecisionError):
        model.evaluate("service", {})


# -- imports ------------------------------------------------------------------------------------------------------


def include(name, namespace, kind="https://www.omg.org/spec/DMN/20191111/MODEL/"):
    return f'<import name="{name}" namespace="{namespace}" importType="{kind}"/>'


@pytest.fixture
def library(dmn):
    return dmn.load(
        dmn.type("tGrade", "string", '"A","B"'),
        dmn.input_data("score", "number"),
        dmn.decision(
            "d_grade",
            dmn.table(["score"], ["v"], ['>= 60 -> "A"', '< 60 -> "B"']),
            "i_score",
            name="grade",
            type="tGrade",
        ),
        dmn.knowledge("k_add", "add up", ["a", "b"], dmn.literal("a + b")),
        namespace="urn:library",
    )


def test_imported_decisions_knowledge_and_types(dmn, library):
    model = dmn.load(
        include("lib", "urn:library"),
        dmn.input_data("wish", "lib.tGrade"),
        dmn.decision("d_a", dmn.literal("lib.grade"), "urn:library#d_grade", type="lib.tGrade"),
        dmn.decision("d_b", dmn.literal("lib.add up(1, 2)"), "urn:library#k_add"),
        dmn.decision("d_c", dmn.literal("wish"), "i_wish"),
        imports={"urn:library": library},
    )
    assert model.findings == ()
    result = model.evaluate("d_a", {"score": 70})
    assert result.value == "A"
    assert result.fired[0].decision_name == "grade"
    assert model.evaluate("d_a", {"lib": {"score": 10}}).value == "B"
    assert model.evaluate("d_b", {}).value == D(3)
    with pytest.raises(DecisionError):
        model.evaluate("d_c", {"wish": "C"})


def test_import_without_a_name_joins_the_names(dmn, library):
    model = dmn.load(
        include("", "urn:library"),
        dmn.decision(
            "d_a", dmn.literal('if grade = "A" then add up(1, 1) else 0'), "urn:library#d_grade", type="number"
        ),
        imports={"urn:library": library},
    )
    assert model.evaluate("d_a", {"score": 70}).value == D(2)


def test_missing_import_and_foreign_import_are_refused(dmn, library):
    for part in (include("lib", "urn:nowhere"), include("lib", "urn:library", "http://www.dmg.org/PMML-4_3")):
        model = dmn.load(part, dmn.decision("d", dmn.literal("1")), imports={"urn:library": library})
        assert model.findings[0].severity == "error"
        with pytest.raises(DecisionError):
            model.evaluate("d", {})
