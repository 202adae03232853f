"""Boxed expressions: context, invocation, relation, list, function, conditional, filter and iterators."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.decisions import DecisionError

D = Decimal


def entry(name, logic, type=None):
    variable = f'<variable name="{name}"{f" typeRef={chr(34)}{type}{chr(34)}" if type else ""}/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def context(*entries):
    return f"<context>{''.join(entries)}</context>"


def invocation(callee, **bindings):
    bound = "".join(f'<binding><parameter name="{k.replace("_", " ")}"/>{v}</binding>' for k, v in bindings.items())
    return f"<invocation><literalExpression><text>{callee}</text></literalExpression>{bound}</invocation>"


def value(dmn, logic, *more, context=None, version="1.4", **options):
    return dmn.load(dmn.decision("d", logic), *more, version=version).evaluate("d", context or {}, **options).value


def broken(dmn, logic, part, *more):
    model = dmn.load(dmn.decision("d", logic), *more, version="1.4")
    assert any(part in finding.zh + finding.en for finding in model.findings), model.findings
    with pytest.raises(DecisionError):
        model.evaluate("d", {})


def test_context_entries_see_those_before(dmn):
    logic = context(
        entry("a", dmn.literal("1")), entry("b of a", dmn.literal("a + 1")), entry("c", dmn.literal("b of a * 2"))
    )
    assert value(dmn, logic) == {"a": D(1), "b of a": D(2), "c": D(4)}


def test_context_with_a_result(dmn):
    assert value(dmn, context(entry("a-b", dmn.literal("3")), entry("", dmn.literal("a-b + 1")))) == D(4)


def test_table_in_a_context(dmn):
    logic = context(entry("rate", dmn.table(["x"], ["v"], ["1 -> 10", "2 -> 20"])), entry("", dmn.literal("rate * 2")))
    assert value(dmn, logic, context={"x": 2}) == D(40)


def test_types_of_context_entries(dmn):
    logic = context(entry("a", dmn.literal('"x"'), "number"))
    with pytest.raises(DecisionError) as error:
        value(dmn, logic)
    assert error.value.params["column"] == "a"
    assert value(dmn, logic, strict=False) == {"a": None}


def test_faults_of_contexts(dmn):
    broken(dmn, context(entry("a", dmn.literal("1")), entry("a", dmn.literal("2"))), "重复")
    broken(dmn, context(entry("", dmn.literal("1")), entry("a", dmn.literal("2"))), "最后")
    broken(dmn, context(entry("a", dmn.literal("1 +"))), "“a”")
    broken(dmn, context(entry("a", dmn.literal("1") + dmn.literal("2"))), "more than one")


def test_invocation_of_knowledge_binds_by_name(dmn):
    knowledge = dmn.knowledge("k", "share of", ["the part", "whole"], dmn.literal("the part / whole"))
    logic = invocation("share of", whole=dmn.literal("x"), the_part=dmn.literal("1"))
    assert value(dmn, logic, knowledge, context={"x": 4}) == D("0.25")


def test_invocation_of_a_built_in_function(dmn):
    assert value(dmn, invocation("substring", string=dmn.literal('"abc"'), start_position=dmn.literal("2"))) == "bc"


def test_invocation_with_a_wrong_parameter_is_null_with_a_reason(dmn):
    knowledge = dmn.knowledge("k", "f", ["a"], dmn.literal("a"))
    result = dmn.load(dmn.decision("d", invocation("f", b=dmn.literal("1"))), knowledge).evaluate("d", {})
    assert result.value is None
    assert "b" in result.problems[0].en


def test_faults_of_invocations(dmn):
    broken(dmn, "<invocation/>", "函数")
    broken(dmn, invocation("nothing here", a=dmn.literal("1")), "nothing here")
    broken(dmn, invocation("count", list=dmn.literal("1 +")), "“list”")


def test_relation(dmn):
    rows = "".join(f"<row>{dmn.literal(a)}{dmn.literal(b)}</row>" for a, b in [('"张"', "1"), ('"李"', "n")])
    columns = '<column name="姓名" typeRef="string"/><column name="年限"/>'
    assert value(dmn, f"<relation>{columns}{rows}</relation>", context={"n": 2}) == [
        {"姓名": "张", "年限": D(1)},
        {"姓名": "李", "年限": D(2)},
    ]
    broken(dmn, f"<relation>{columns}<row>{dmn.literal('1')}</row></relation>", "应有 2 格")
    broken(dmn, f"<relation>{columns}<row>{dmn.literal('1')}{dmn.literal('1 1')}</row></relation>", "第 1 条规则“年限”")


def test_list(dmn):
    assert value(dmn, f"<list>{dmn.literal('1')}{dmn.literal('x')}</list>", context={"x": 5}) == [D(1), D(5)]


def test_function_definition(dmn):
    function = (
        f'<functionDefinition><formalParameter name="n" typeRef="number"/>{dmn.literal("n * k")}</functionDefinition>'
    )
    logic = context(entry("k", dmn.literal("3")), entry("f", function), entry("", dmn.literal("f(5)")))
    assert value(dmn, logic) == D(15)
    broken(dmn, function.replace("<functionDefinition", '<functionDefinition kind="Java"'), "Java")


def part(tag, logic):
    return f"<{tag}>{logic}</{tag}>"


def test_conditional(dmn):
    logic = (
        "<conditional>"
        + part("if", dmn.literal("x > 1"))
        + part("then", dmn.literal('"a"'))
        + part("else", dmn.literal('"b"'))
        + "</conditional>"
    )
    assert [value(dmn, logic, context={"x": x}) for x in (2, 1, None)] == ["a", "b", "b"]


def test_filter(dmn):
    logic = (
        "<filter>" + part("in", dmn.literal("rows")) + part("match", dmn.literal("item.n > 1 and n < 9")) + "</filter>"
    )
    assert value(dmn, logic, context={"rows": [{"n": 1}, {"n": 2}, {"n": 9}]}) == [{"n": D(2)}]
    assert value(dmn, logic, context={"rows": {"n": 5}}) == [{"n": D(5)}]
    assert value(dmn, logic) is None


def test_iterators(dmn):
    def loop(tag, test, source):
        return (
            f'<{tag} iteratorVariable="i">'
            + part("in", dmn.literal(source))
            + part(test, dmn.literal("i > 1" if tag != "for" else "i * 2"))
            + f"</{tag}>"
        )

    assert value(dmn, loop("for", "return", "[1..3]")) == [D(2), D(4), D(6)]
    assert value(dmn, loop("for", "return", "xs"), context={"xs": [5]}) == [D(10)]
    assert value(dmn, loop("some", "satisfies", "[1, 2]")) is True
    assert value(dmn, loop("every", "satisfies", "[1, 2]")) is False
    assert value(dmn, loop("every", "satisfies", "[]")) is True
    assert value(dmn, loop("some", "satisfies", '[1, "x"]')) is None


def test_partial_results_of_an_iteration(dmn):
    logic = (
        '<for iteratorVariable="i">'
        + part("in", dmn.literal("[1, 2, 3]"))
        + part("return", dmn.literal("sum(partial) + i"))
        + "</for>"
    )
    assert value(dmn, logic)[0] is None
    assert value(dmn, logic.replace("sum(partial)", "count(partial)")) == [D(1), D(3), D(5)]


def test_unknown_parts_are_refused(dmn):
    broken(dmn, "<magic/>", "magic")
    broken(dmn, dmn.literal("1") + dmn.literal("2"), "多于一个表达式")
    broken(dmn, "<literalExpression><importedValues/></literalExpression>", "importedValues")
    table = dmn.table(["x"], ["v"], ["1 -> 1"])
    for tag in ("decisionTable", "input", "output", "rule", "inputExpression", "inputEntry", "outputEntry"):
        broken(dmn, table.replace(f"</{tag}>", f"<extra/></{tag}>", 1), "extra")
    model = dmn.load("<spell/>", dmn.decision("d", dmn.literal("1")))
    assert "spell" in model.findings[0].zh
    with pytest.raises(DecisionError):
        model.evaluate("d", {})


def test_display_elements_are_ignored(dmn):
    model = dmn.load(
        '<knowledgeSource id="s" name="制度"/><textAnnotation id="t"><text>注</text></textAnnotation>'
        '<association id="a"><sourceRef href="#d"/><targetRef href="#t"/></association><group id="g"/>',
        '<x:anything xmlns:x="urn:x"/>',
        dmn.decision(
            "d",
            "<question>？</question><allowedAnswers>1</allowedAnswers><extensionElements><z/></extensionElements>"
            + dmn.literal("1"),
        ),
    )
    assert model.findings == ()
    assert model.evaluate("d", {}).value == D(1)


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5"])
def test_versions(dmn, version):
    assert value(dmn, dmn.literal("1"), version=version) == D(1)
