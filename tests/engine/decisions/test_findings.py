"""What the check says of a file: each finding names the decision, the rule and the column, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from engine.decisions import DecisionError

STATE = {"expression": "state", "label": "状态", "values": '"新","旧"'}


def said(model, severity=None, language="zh"):
    return [f.text(language) for f in model.findings if severity in (None, f.severity)]


def refused(model, *parts, decision="d"):
    """The model has an error containing the parts, and refuses the decision for it."""
    errors = said(model, "error") + said(model, "error", "en")
    assert any(all(part in error for part in parts) for error in errors), errors
    with pytest.raises(DecisionError):
        model.evaluate(decision, {})


def test_a_table_without_faults_has_no_findings(dmn):
    model = dmn.decide(
        [STATE, {"expression": "urgent", "type": "boolean"}],
        ["v"],
        ['"新" | true -> 1', '"新" | false -> 2', '"旧" | - -> 3'],
    )
    assert model.findings == ()


SYNTAX = [
    (["> -> 1"], "第 1 条规则“x”", "rule 1, “x”"),
    (["1 -> 1", "“大” -> 1"], "第 2 条规则“x”", "rule 2"),
    (["1 -> 1 +"], "第 1 条规则“v”", "rule 1, “v”"),
    (["1 -> 1", "2 -> 3", "foo(?) -> 1"], "第 3 条规则“x”：没有名为“foo”的函数", "function “foo”"),
    (["1 -> blub(2)"], "第 1 条规则“v”：没有名为“blub”的函数", "“v”"),
]


@pytest.mark.parametrize(("rules", "zh", "en"), SYNTAX)
def test_cells_that_are_no_feel(dmn, rules, zh, en):
    model = dmn.decide(["x"], ["v"], rules)
    refused(model, zh)
    refused(model, en)
    assert {f.element for f in model.findings} == {"d"}
    assert {f.file for f in model.findings} == {"test.dmn"}


def test_the_error_of_a_refused_decision_names_the_place(dmn):
    model = dmn.decide([{"expression": "x", "label": "金额"}], ["v"], ["1 -> 1", "2 > -> 1"])
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": 1})
    params = error.value.params
    assert (params["file"], params["decision_id"], params["rule"], params["column"]) == ("test.dmn", "d", 2, "金额")


BROKEN = [
    ({"policy": "FASTEST"}, "FASTEST"),
    ({"policy": "COLLECT", "aggregation": "AVERAGE"}, "AVERAGE"),
    ({"policy": "FIRST", "aggregation": "SUM"}, "SUM"),
    ({"policy": "PRIORITY"}, "output values"),
    ({"policy": "OUTPUT ORDER"}, "输出值的顺序"),
]


@pytest.mark.parametrize(("more", "part"), BROKEN)
def test_tables_that_are_not_understood(dmn, more, part):
    refused(dmn.decide(["x"], ["v"], ["1 -> 1"], **more), part)


STRUCTURE = [
    (["x"], ["v"], ["1 | 2 -> 1"], "应有 1 个输入格"),
    (["x"], ["a", "b"], ["1 -> 1"], "not 1 and 2"),
    (["x"], ["a", "a"], ["1 -> 1 | 2"], "不同的名称"),
    (["x"], ["a", {}], ["1 -> 1 | 2"], "不同的名称"),
    ([""], ["v"], ["1 -> 1"], "输入列没有表达式"),
    (["x +"], ["v"], ["1 -> 1"], "“x +”"),
    ([{"expression": "x", "type": "tMissing"}], ["v"], ["1 -> 1"], "tMissing"),
    ([{"expression": "x", "values": "1,,"}], ["v"], ["1 -> 1"], "“x”"),
    (["x"], [{"name": "v", "default": "1 1"}], ["1 -> 1"], "“v”"),
]


@pytest.mark.parametrize(("inputs", "outputs", "rules", "part"), STRUCTURE)
def test_structure_of_a_table(dmn, inputs, outputs, rules, part):
    refused(dmn.decide(inputs, outputs, rules), part)


def test_aggregation_of_several_columns_is_refused(dmn):
    refused(dmn.decide(["x"], ["a", "b"], ["1 -> 1 | 2"], "COLLECT", "SUM"), "一个输出列")


LANGUAGES = ["expressionLanguage='juel'", "expressionLanguage='http://www.omg.org/spec/javascript'"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_expression_languages_are_refused(dmn, language):
    table = dmn.table(["x"], ["v"], ["1 -> 1"])
    for tag in ("inputExpression", "inputEntry", "outputEntry"):
        refused(dmn.load(dmn.decision("d", table.replace(f"<{tag}", f"<{tag} {language}", 1))), "FEEL")
    refused(
        dmn.load(
            dmn.decision(
                "d",
                dmn.literal("1"),
            ),
            expressionLanguage="groovy",
        ),
        "groovy",
    )


@pytest.mark.parametrize("language", ["feel", "FEEL", "http://www.omg.org/spec/DMN/20180521/FEEL/"])
def test_feel_by_any_of_its_names(dmn, language):
    model = dmn.load(dmn.decision("d", dmn.literal("1 + 1", expressionLanguage=language)))
    assert model.findings == ()


# -- overlaps and conflicts ---------------------------------------------------------------------------------------

OVERLAPS = [
    (["[0..10] -> 1", "[10..20] -> 2"], "x：10"),
    (["< 5 -> 1", "> 3 -> 2"], "x：(3..5)"),
    (['"a","b" -> 1', '"b" -> 2'], 'x："b"'),
    (["- -> 1", "7 -> 2"], "x：7"),
    (["not(1) -> 1", "2 -> 2"], "x：2"),
    (['[date("2026-01-01")..date("2026-02-01")] -> 1', '>= date("2026-02-01") -> 2'], "2026-02-01"),
    (["odd(?) -> 1", "odd(?) -> 2"], "odd(?)"),
    (["- -> 1", "odd(?) -> 2"], "odd(?)"),
]


@pytest.mark.parametrize(("rules", "example"), OVERLAPS)
def test_overlap_under_unique_is_an_error(dmn, rules, example):
    model = dmn.decide(["x"], ["v"], rules)
    (error,) = said(model, "error")
    assert example in error
    assert "第 1 条与第 2 条规则重叠" in error
    assert "rules 1 and 2 overlap" in said(model, "error", "en")[0]


NO_OVERLAPS = [
    ["[0..10) -> 1", "[10..20] -> 2"],
    ['"a" -> 1', '"b" -> 2', 'not("a","b") -> 3'],
    ["true -> 1", "false -> 2"],
    ["odd(?) -> 1", "even(?) -> 2"],
    ['< duration("PT4H") -> 1', '>= duration("PT4H") -> 2'],
    ["null -> 1", "1 -> 2"],
]


@pytest.mark.parametrize("rules", NO_OVERLAPS)
def test_rules_that_do_not_overlap(dmn, rules):
    assert said(dmn.decide(["x"], ["v"], rules), "error") == []


def test_overlap_in_two_columns_needs_both(dmn):
    apart = dmn.decide(["x", "y"], ["v"], ["< 5 | < 5 -> 1", "< 9 | >= 5 -> 2"])
    assert said(apart, "error") == []
    both = dmn.decide(["x", "y"], ["v"], ["< 5 | < 5 -> 1", "< 9 | > 3 -> 2"])
    assert len(said(both, "error")) == 1


def test_overlap_of_columns_about_the_same_value_is_only_a_warning(dmn):
    model = dmn.decide(["x", "x + 1"], ["v"], ["< 5 | - -> 1", "- | > 9 -> 2"])
    assert said(model, "error") == []
    assert any("重叠" in text for text in said(model, "warning"))


def test_conflict_under_any(dmn):
    model = dmn.decide(["x"], ["v"], ["< 5 -> 1", "< 9 -> 2"], "ANY")
    assert "输出不同" in said(model, "error")[0]
    assert said(dmn.decide(["x"], ["v"], ["< 5 -> 1", "< 9 -> 1.0"], "ANY"), "error") == []


# -- gaps ---------------------------------------------------------------------------------------------------------

GAPS = [
    ([STATE], ['"新" -> 1'], ['状态："旧"']),
    (["x"], ["true -> 1"], ["x：false"]),
    (["x"], ["< 5 -> 1", "> 5 -> 2"], ["x：5"]),
    (["x"], ["[0..5) -> 1", "(5..9] -> 2"], ["x：5 / > 9"]),
    (["x"], ['"a" -> 1'], ["x：其他值"]),
    (["x", "y"], ["true | true -> 1", "false | - -> 2"], ["x：true，y：false"]),
    ([{"expression": "x", "values": "[0..100]"}], ["<= 50 -> 1", "(60..100] -> 2"], ["x：(50..60)"]),
    (["d"], ['< date("2026-01-01") -> 1', '> date("2026-01-02") -> 2'], ["d：@\"2026-01-01\""]),
    ([{"expression": "x", "type": "integer"}], ["<= 5 -> 1", ">= 7 -> 2"], ["x：(5..7)"]),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "rules", "gaps"), GAPS)
def test_gaps_are_warnings(dmn, inputs, rules, gaps):
    model = dmn.decide(inputs, ["v"], rules)
    assert said(model, "error") == []
    warnings = said(model, "warning")
    assert len(warnings) == len(gaps)
    for warning, gap in zip(warnings, gaps, strict=True):
        assert gap in warning
        assert "没有规则适用于" in warning
    assert all("no rule applies to" in warning for warning in said(model, "warning", "en"))


NO_GAPS = [
    ([STATE], ['"新" -> 1', '"旧" -> 2'], "UNIQUE", {}),
    (["x"], ["< 5 -> 1", ">= 5 -> 2"], "UNIQUE", {}),
    (["x"], ["[0..5) -> 1", ">= 5 -> 2"], "UNIQUE", {}),
    (["x"], ["5 -> 1", "- -> 2"], "FIRST", {}),
    (["x"], ["5 -> 1"], "COLLECT", {}),
    (["x"], ["5 -> 1"], "UNIQUE", {"default": "0"}),
    (["x"], ["odd(?) -> 1"], "UNIQUE", {}),
    ([{"expression": "x", "type": "integer"}], ["<= 5 -> 1", ">= 6 -> 2"], "UNIQUE", {}),
    ([{"expression": "x", "values": "[1..9]"}], ["[1..5) -> 1", "[5..9] -> 2"], "UNIQUE", {}),
]


@pytest.mark.parametrize(("inputs", "rules", "policy", "output"), NO_GAPS)
def test_no_gap_where_none_is(dmn, inputs, rules, policy, output):
    assert dmn.decide(inputs, [{"name": "v", **output}], rules, policy).findings == ()


def test_gaps_of_typed_inputs(dmn):
    table = dmn.table([{"expression": "s", "type": "tState"}], ["v"], ['"新" -> 1'])
    model = dmn.load(dmn.type("tState", "string", '"新","旧"'), dmn.decision("d", table))
    assert 's："旧"' in said(model, "warning")[0]


def test_gaps_of_what_a_required_table_produces(dmn):
    base = dmn.table(["x"], ["level"], ['true -> "高"', 'false -> "低"'])
    model = dmn.load(
        dmn.decision("d_base", base, variable="level"),
        dmn.decision("d", dmn.table(["level"], ["v"], ['"高" -> 1', '"中" -> 2']), "d_base"),
    )
    warnings = said(model, "warning")
    assert any('没有规则适用于：level："低"' in text for text in warnings)
    assert any("第 2 条规则" in text and "永远不会成立" in text for text in warnings)


def test_many_gaps_are_counted(dmn):
    rules = [f"{2 * i} | true -> {i}" for i in range(8)]
    warnings = said(dmn.decide(["x", "y"], ["v"], rules), "warning")
    assert "另有" in warnings[-1]
    assert len(warnings) == 6


# -- rules without effect -----------------------------------------------------------------------------------------

UNREACHED = [
    (["- -> 1", "5 -> 2"], 2),
    (["< 5 -> 1", ">= 5 -> 2", "3 -> 3", "- -> 4"], 3),
    (['"a","b" -> 1', '"b" -> 2', "- -> 3"], 2),
    (["odd(?) -> 1", "odd(?) -> 2", "- -> 3"], 2),
]


@pytest.mark.parametrize(("rules", "number"), UNREACHED)
def test_rule_that_is_never_reached_under_first(dmn, rules, number):
    (warning,) = said(dmn.decide(["x"], ["v"], rules, "FIRST"), "warning")
    assert f"第 {number} 条规则" in warning
    assert "轮不到" in warning


def test_rule_covered_by_several_rules_together(dmn):
    rules = ["true | - -> 1", "- | < 5 -> 2", "false | < 3 -> 3", "- | - -> 4"]
    (warning,) = said(dmn.decide(["x", "y"], ["v"], rules, "FIRST"), "warning")
    assert "第 3 条规则" in warning


def test_rest_rule_after_all_values_still_takes_null(dmn):
    assert dmn.decide(["x"], ["v"], ["true -> 1", "false -> 2", "- -> 3"], "FIRST").findings == ()


@pytest.mark.parametrize("cell", ["[5..1]", "(5..5)"])
def test_rule_that_can_never_match(dmn, cell):
    model = dmn.decide(["x"], ["v"], [f"{cell} -> 1", "- -> 2"], "FIRST")
    assert any("第 1 条规则" in text and "永远不会成立" in text for text in said(model, "warning"))


def test_input_cell_outside_the_allowed_values(dmn):
    warnings = said(dmn.decide([STATE], ["v"], ['"新" -> 1', '"旧" -> 2', '"坏" -> 3']), "warning")
    assert any("第 3 条规则“状态”" in text and '"坏"' in text for text in warnings)


def test_input_cell_of_another_type(dmn):
    warnings = said(
        dmn.decide([{"expression": "x", "type": "number"}], ["v"], ['"5" -> 1', "- -> 2"], "FIRST"), "warning"
    )
    assert any("第 1 条规则“x”" in text and "number" in text for text in warnings)


def test_output_outside_the_allowed_values_is_an_error(dmn):
    model = dmn.decide(["x"], [{"name": "v", "values": '"a","b"'}], ['1 -> "a"', '2 -> "c"'])
    assert "第 2 条规则“v”" in said(model, "error")[0]
    assert 'values allowed for this column ("a","b")' in said(model, "error", "en")[0]
    with pytest.raises(DecisionError):
        model.evaluate("d", {"x": 2})


def test_output_of_another_type_is_an_error(dmn):
    model = dmn.decide(["x"], [{"name": "v", "type": "number"}], ['1 -> "a"'])
    assert "第 1 条规则“v”" in said(model, "error")[0]


def test_a_large_table_is_not_checked_but_says_so(dmn):
    model = dmn.decide(["x"], ["v"], [f"{i} -> {i}" for i in range(600)])
    assert [f.severity for f in model.findings] == ["info"]
    assert model.evaluate("d", {"x": 599}).value == 599


def test_a_table_of_many_columns_is_checked_within_bounds(dmn):
    columns = [f"c{i}" for i in range(12)]
    rules = [" | ".join("> 1" if i == j else "< 9" for j in range(12)) + f" -> {i}" for i in range(30)]
    model = dmn.decide(columns, ["v"], rules, "FIRST")
    assert all(f.severity != "error" for f in model.findings)


STANDING = ["> 5 -> 1", "5, 6 -> 1", "true -> 1", '[@"2026-01-01"..@"2026-02-01"] -> 1']


@pytest.mark.parametrize("rule", STANDING)
def test_the_type_string_left_standing_on_a_column_is_warned_of(dmn, rule):
    """Modellers give every new column the type string."""
    model = dmn.decide([{"expression": "x", "type": "string"}], ["v"], [rule, '- -> "none"'], "FIRST")
    assert any("“x”" in text and "改正类型" in text for text in said(model, "warning"))
    values = {"> 5": 7, "5, 6": 6, "true": True}
    assert model.evaluate("d", {"x": values.get(rule[:-5], date(2026, 1, 5))}).value == 1


@pytest.mark.parametrize("rules", [['"a" -> 1', "> 5 -> 2"], ["- -> 1"], ["string length(?) > 3 -> 1"]])
def test_the_type_string_counts_when_a_cell_may_mean_it(dmn, rules):
    model = dmn.decide([{"expression": "x", "type": "string"}], ["v"], rules)
    assert not any("改正类型" in text for text in said(model, "warning"))
    with pytest.raises(DecisionError, match="string"):
        model.evaluate("d", {"x": 7})


EXAMPLES = [
    ("number", ["<= 10 -> 1", "> 11 -> 2"], "x：(10..11) / 11（如 10.5）", "x: (10..11) / 11 (such as 10.5)"),
    ("number", ["< 10 -> 1", "> 10 -> 2"], "x：10", "x: 10"),
    ("date", ['> @"2026-01-01" -> 1'], '（如 @"2025-12-31"）', '(such as @"2025-12-31")'),
    ("integer", ["< 10 -> 1", "> 12 -> 2"], "10 / (10..12) / 12", "10 / (10..12) / 12"),
    ("boolean", ["true -> 1"], "x：false", "x: false"),
]


@pytest.mark.parametrize(("type", "rules", "zh", "en"), EXAMPLES)
def test_a_gap_names_a_value(dmn, type, rules, zh, en):
    model = dmn.decide([{"expression": "x", "type": type}], ["v"], rules)
    assert any(zh in text for text in said(model, "warning"))
    assert any(en in text for text in said(model, "warning", "en"))


@pytest.mark.parametrize("sources", [("x", "x"), ("x", "x.y"), ("z", "x", "x.y.z")])
def test_gaps_are_not_looked_for_between_columns_about_the_same_value(dmn, sources):
    """A combination such as below 5 and above 10 of one value is none."""
    rules = [
        " | ".join(["> 5", "-", "-"][: len(sources)]) + " -> 1",
        " | ".join(["-", "<= 5", "-"][: len(sources)]) + " -> 2",
    ]
    model = dmn.decide(list(sources), ["v"], rules)
    assert not any("no rule applies" in text for text in said(model, "warning", "en"))
    assert any("同一个值" in text for text in said(model, "info"))


def test_names_that_begin_alike_are_different_values(dmn):
    model = dmn.decide(["x", "xy"], ["v"], ["> 5 | - -> 1", "- | <= 5 -> 2"])
    assert any("no rule applies" in text for text in said(model, "warning", "en"))


def test_a_rule_for_all_that_is_not_null_can_match(dmn):
    rules = ["not(null) -> 1", "null -> 2"]
    model = dmn.decide(["x"], ["v"], rules)
    assert model.findings == ()
    assert [model.evaluate("d", {"x": x}).value for x in (3, "a", None)] == [1, 1, 2]
    assert any("没有规则适用" in text for text in said(dmn.decide(["x"], ["v"], ["null -> 2"])))
