"""Decision tables: hit policies, aggregations, outputs and cells (DMN 1.3, 8.2 and 8.3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.decisions import DecisionError
from engine.feel import YearsMonths

D = Decimal
GRADES = {"name": "grade", "values": '"重大", "较大", "一般"'}
OVERLAPPING = ['>= 10 -> "一般"', '>= 20 -> "较大"', '>= 30 -> "重大"']

SINGLE = [
    ("UNIQUE", 12, "一般", [1]),
    ("UNIQUE", 5, None, []),
    ("FIRST", 35, "一般", [1]),
    ("PRIORITY", 35, "重大", [3]),
    ("PRIORITY", 25, "较大", [2]),
    ("RULE ORDER", 35, ["一般", "较大", "重大"], [1, 2, 3]),
    ("OUTPUT ORDER", 35, ["重大", "较大", "一般"], [3, 2, 1]),
    ("COLLECT", 25, ["一般", "较大"], [1, 2]),
    ("COLLECT", 5, [], []),
    ("RULE ORDER", 5, [], []),
    ("OUTPUT ORDER", 5, [], []),
    ("PRIORITY", 5, None, []),
]


@pytest.mark.parametrize(("policy", "amount", "value", "fired"), SINGLE)
def test_hit_policy(dmn, policy, amount, value, fired):
    model = dmn.decide(["amount"], [GRADES], OVERLAPPING, policy)
    result = model.evaluate("d", {"amount": amount})
    assert result.value == value
    assert [rule.rule_index for rule in result.fired] == fired


AGGREGATED = [
    ("SUM", D(6), None),
    ("MIN", D(1), None),
    ("MAX", D(3), None),
    ("COUNT", D(3), D(0)),
    (None, [D(1), D(3), D(2)], []),
]


@pytest.mark.parametrize(("operator", "value", "nothing"), AGGREGATED)
def test_aggregation(dmn, operator, value, nothing):
    model = dmn.decide(["x"], ["n"], ["> 0 -> 1", "> 1 -> 3", "> 2 -> 2"], "COLLECT", operator)
    assert model.findings == ()
    assert model.evaluate("d", {"x": 9}).value == value
    assert model.evaluate("d", {"x": 0}).value == nothing
    assert model.decisions["d"].table.policy == "C" + {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}.get(
        operator, ""
    )


def test_smallest_of_dates_and_strings(dmn):
    model = dmn.decide([], ["v"], ['-> date("2026-02-01")', '-> date("2026-01-01")'], "COLLECT", "MIN")
    assert model.evaluate("d", {}).value == date(2026, 1, 1)
    model = dmn.decide([], ["v"], ['-> "b"', '-> "c"'], "COLLECT", "MAX")
    assert model.evaluate("d", {}).value == "c"


@pytest.mark.parametrize(("operator", "rule"), [("SUM", 2), ("MIN", 2), ("MAX", 2)])
def test_what_cannot_be_aggregated_is_refused(dmn, operator, rule):
    model = dmn.decide([], ["v"], ["-> 1", '-> "a"'], "COLLECT", operator)
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {})
    assert error.value.params["rule"] == rule
    loose = model.evaluate("d", {}, strict=False)
    assert loose.value is None
    assert len(loose.problems) == 1


def test_unique_refuses_two_rules(dmn):
    model = dmn.decide(["amount"], ["v"], ["> 1 -> 1", "> 2 -> 2"])
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"amount": 3})
    assert error.value.params["rule"] == 2
    assert "第 2 条规则" in error.value.text("zh")
    assert "rules 1, 2" in error.value.text("en")
    assert "决定" in error.value.text("zh")
    assert model.evaluate("d", {"amount": 3}, strict=False).value is None


def test_any_wants_equal_outputs(dmn):
    model = dmn.decide(["x"], ["v"], ["> 1 -> 5", "> 2 -> 5.0", "> 3 -> 6"], "ANY")
    result = model.evaluate("d", {"x": 3})
    assert result.value == 5
    assert [rule.rule_index for rule in result.fired] == [1, 2]
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"x": 4})
    assert error.value.params["rule"] == 3


def test_several_outputs_make_a_context(dmn):
    model = dmn.decide(["x"], ["days", "group"], ['1 -> 5 | "网络部"', '2 -> 7 | "财务部"'])
    assert model.evaluate("d", {"x": 2}).value == {"days": D(7), "group": "财务部"}
    rows = dmn.decide(["x"], ["days", "group"], ['- -> 5 | "a"', '2 -> 7 | "b"'], "COLLECT")
    assert rows.evaluate("d", {"x": 2}).value == [{"days": D(5), "group": "a"}, {"days": D(7), "group": "b"}]


def test_priority_over_several_outputs_goes_column_by_column(dmn):
    outputs = [{"name": "a", "values": '"高","低"'}, {"name": "b", "values": '"x","y"'}]
    rules = ['- -> "低" | "x"', '- -> "高" | "y"', '- -> "高" | "x"']
    assert dmn.decide(["1"], outputs, rules, "PRIORITY").evaluate("d", {}).value == {"a": "高", "b": "x"}
    ordered = dmn.decide(["1"], outputs, rules, "OUTPUT ORDER").evaluate("d", {})
    assert [rule.rule_index for rule in ordered.fired] == [3, 2, 1]


def test_priority_among_equals_is_rule_order(dmn):
    model = dmn.decide([], [{"name": "v", "values": '"a","b"'}], ['-> "b"', '-> "a"', '-> "a"'], "PRIORITY")
    assert [rule.rule_index for rule in model.evaluate("d", {}).fired] == [2]


def test_priority_from_the_allowed_values_of_the_type(dmn):
    table = dmn.table([], [{"name": "v", "type": "grade"}], ['-> "low"', '-> "high"'], "PRIORITY")
    model = dmn.load(dmn.type("grade", "string", '"high","low"'), dmn.decision("d", table))
    assert model.evaluate("d", {}).value == "high"


def test_output_values_may_be_ranges(dmn):
    model = dmn.decide([], [{"name": "v", "values": "[5..9], [0..5)"}], ["-> 2", "-> 7"], "OUTPUT ORDER")
    assert model.evaluate("d", {}).value == [D(7), D(2)]


DEFAULTS = [
    ("UNIQUE", None, D(9)),
    ("FIRST", None, D(9)),
    ("COLLECT", None, [D(9)]),
    ("RULE ORDER", None, [D(9)]),
    ("COLLECT", "SUM", D(9)),
]


@pytest.mark.parametrize(("policy", "operator", "value"), DEFAULTS)
def test_default_output(dmn, policy, operator, value):
    model = dmn.decide(["x"], [{"name": "v", "default": "9"}], ["1 -> 1"], policy, operator)
    assert model.evaluate("d", {"x": 2}).value == value
    assert model.evaluate("d", {"x": 2}).fired == ()


def test_defaults_of_several_outputs(dmn):
    model = dmn.decide(["x"], [{"name": "a", "default": '"n/a"'}, "b"], ['1 -> "x" | 1'])
    assert model.evaluate("d", {"x": 2}).value == {"a": "n/a", "b": None}


CELLS = [
    ("-", 5, True),
    ("", None, True),
    ("5", 5, True),
    ("5", "5", False),
    ("1", True, False),
    ("true", True, True),
    ("true", "x", False),
    ('"a", "b"', "b", True),
    ('not("a", "b")', "b", False),
    ('not("a", "b")', "c", True),
    ("[1..5]", 5, True),
    ("[1..5)", 5, False),
    ("]1..5[", 1, False),
    ("(1..5)", 3, True),
    ("< 3, > 8", 9, True),
    ("< 3, > 8", 5, False),
    ("-3", -3, True),
    ("null", None, True),
    ("null", 1, False),
    ("> 1", None, False),
    ("> 1", "a", False),
    ("not(null)", 3, True),
    ('date("2026-01-01")', date(2026, 1, 1), True),
    ('>= date("2026-01-01")', date(2025, 12, 31), False),
    ('[@"2026-01-01"..@"2026-12-31"]', date(2026, 5, 1), True),
    ('< duration("P1Y")', YearsMonths(11), True),
    ('date and time("2026-01-01T08:00:00+08:00")', datetime(2026, 1, 1, tzinfo=UTC), True),
    ("limit", 7, True),
    ("> limit", 8, True),
    ("? > limit and odd(?)", 9, True),
    ("? > limit and odd(?)", 10, False),
    ("contains(?, \"退费\")", "要求退费", True),
    ("limits", 2, True),
    ("[low..limit]", 4, True),
    ("1.50", D("1.5"), True),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value", "matches"), CELLS)
def test_cells(dmn, cell, value, matches):
    model = dmn.decide(["x"], ["v"], [f"{cell} -> true"])
    assert model.decisions["d"].error is None
    context = {"x": value, "limit": 7, "low": 3, "limits": [1, 2]}
    assert (model.evaluate("d", context).value is True) is matches


def test_input_expressions_and_inputs_shown(dmn):
    columns = [{"expression": "count(items) * 2", "label": "双倍"}, "customer.级别"]
    model = dmn.decide(columns, ["v"], ['> 3 | "VIP" -> items[1]'])
    result = model.evaluate("d", {"items": ["a", "b"], "customer": {"级别": "VIP"}})
    assert result.value == "a"
    assert result.inputs == {"双倍": D(4), "customer.级别": "VIP"}


def test_annotations_and_rule_ids(dmn):
    model = dmn.decide(["x"], ["v"], ["1 -> 1 // T6 // 第二栏"])
    fired = model.evaluate("d", {"x": 1}).fired[0]
    assert (fired.decision_id, fired.decision_name, fired.rule_id) == ("d", "决定", "r1")
    assert fired.annotations == ("T6", "第二栏")


def test_description_is_an_annotation(dmn):
    xml = dmn.table(["x"], ["v"], ["1 -> 1"]).replace('<rule id="r1">', '<rule id="r1"><description>T9</description>')
    assert dmn.load(dmn.decision("d", xml)).evaluate("d", {"x": 1}).fired[0].annotations == ("T9",)


def test_a_table_without_inputs(dmn):
    assert dmn.decide([], ["v"], ["-> 1 + 1"]).evaluate("d", {}).value == D(2)


def test_input_variable_of_the_modeller(dmn):
    xml = dmn.table(["a + b"], ["v"], ["total > 3 -> true"]).replace(
        "<input>", '<input xmlns:camunda="http://camunda.org/schema/1.0/dmn" camunda:inputVariable="total">'
    )
    assert dmn.load(dmn.decision("d", xml)).evaluate("d", {"a": 2, "b": 2}).value is True


def test_view_of_a_table(dmn):
    model = dmn.decide([{"expression": "x", "label": "金额"}], [GRADES], ['> 1 -> "一般" // T1'], "FIRST")
    view = model.decisions["d"].table
    assert view.policy == "F"
    assert view.inputs == (("金额", "x"),)
    assert view.outputs == (("grade", "grade"),)
    assert view.rules[0].inputs == ("> 1",)
    assert view.rules[0].outputs == ('"一般"',)
    assert view.rules[0].annotations == ("T1",)


def test_only_the_rules_before_the_hit_are_looked_at_under_first(dmn):
    model = dmn.decide(["x"], ["v"], ["1 -> 1", "? > undefined thing -> 2"], "FIRST")
    assert model.evaluate("d", {"x": 1}).problems == ()
    assert "undefined thing" in model.evaluate("d", {"x": 2}).problems[0].text("en")


def test_a_table_of_fifty_rules_costs_little_per_decision(dmn, monkeypatch):
    """Literal cells are looked up and never interpreted, and nothing is compiled after loading."""
    from engine.decisions import cells

    rules = [f'"类别{i}" | [{i}..{i + 10}) | {"true" if i % 2 else "false"} -> "组{i}"' for i in range(50)]
    model = dmn.decide(["kind", "amount", "urgent"], ["v"], rules)
    accepted = 0
    real = cells.Cell.accepts

    def counted(self, value):
        nonlocal accepted
        accepted += 1
        return real(self, value)

    monkeypatch.setattr(cells.Cell, "accepts", counted)
    monkeypatch.setattr("engine.decisions.builder.compile_expression", None)
    result = model.evaluate("d", {"kind": "类别7", "amount": 8, "urgent": True})
    assert result.value == "组7"
    assert accepted == 1
