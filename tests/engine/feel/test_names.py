"""Names with spaces, operators, keywords and any script, resolved against what is in scope (10.3.1.4)."""

import pytest

from engine.feel import compile_expression, display

CASES = [
    ('严重程度 = "重大"', {"严重程度": "重大"}, "true"),
    ("Applicant Age + 1", {"Applicant Age": 41}, "42"),
    ("Applicant  Age\n+ 1", {"Applicant Age": 41}, "42"),
    ("a-b", {"a-b": 7}, "7"),
    ("a - b", {"a-b": 7}, "7"),
    ("a-b", {"a": 5, "b": 2}, "3"),
    ("a-b", {"a": 5, "b": 2, "a-b": 9}, "9"),
    ("a-b-c", {"a-b": 9, "c": 1}, "8"),
    ("a+b * 2", {"a+b": 3}, "6"),
    ("profit and loss + 1", {"profit and loss": 3}, "4"),
    ("days in office > 3", {"days in office": 4}, "true"),
    ("x in office", {"x": 1, "office": 1}, "true"),
    ("customer's age", {"customer's age": 3}, "3"),
    ("Rule 1 + 1", {"Rule 1": 1}, "2"),
    ("金额（元） > 100", {"金额（元）": 101}, "true"),
    ("处理（含复核）", {"处理（含复核）": 1}, "1"),
    ("a.first name", {"a": {"first name": "x"}}, '"x"'),
    ("a.first-name", {"a": {"first-name": "x"}}, '"x"'),
    ("a.b.c-d + 1", {"a": {"b": {"c-d": 1}}}, "2"),
    ("list[unit-price > 1]", {"list": [{"unit-price": 1}, {"unit-price": 2}]}, '[{"unit-price": 2}]'),
    ("date and time of receipt", {"date and time of receipt": 1}, "1"),
    ("date", {"date": 3}, "3"),
    ('date("2020-01-01").year + date', {"date": 3}, "2023"),
    ("count", {"count": 3}, "3"),
    ("count([1, 2]) + count", {"count": 3}, "5"),
    ("item", {"item": 3}, "3"),
    ("not", {"not": 3}, "3"),
    ("äöü + 1", {"äöü": 1}, "2"),
    ("🐎 + 1", {"🐎": 1}, "2"),
    ("if x then y z else 0", {"x": True, "y z": 5}, "5"),
    ("for my item in my list return my item * 2", {"my list": [1, 2]}, "[2, 4]"),
    ("some a b in c d satisfies a b > 1", {"c d": [1, 2]}, "true"),
]


@pytest.mark.parametrize(("text", "context", "expected"), CASES)
def test_resolved_at_evaluation(text, context, expected):
    found = compile_expression(text).evaluate(context)
    shown = display(found)
    assert shown.replace("unit-price", '"unit-price"').replace('""', '"') == expected


def test_names_given_at_compilation():
    for name in ("x in days", "24h SLA", "100% done", "a-b", "Q&A", "金额（元）/天"):
        expression = compile_expression(f"{name} + 1", [name])
        assert expression.evaluate({name: 1}) == 2
        assert expression.names == {name}


def test_same_text_with_other_names_is_compiled_apart():
    expression = compile_expression("a-b")
    assert expression.evaluate({"a": 3, "b": 1}) == 2
    assert expression.evaluate({"a-b": 9}) == 9
    assert expression.evaluate({"a": 3, "b": 1}) == 2


def test_a_key_cannot_take_over_an_expression():
    assert compile_expression("x = 1").evaluate({"x = 1": "taken", "x": 1}) is True
    assert compile_expression("if x then 1 else 2").evaluate({"if": 1, "x": True, "then": 3}) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a + b.c", {"a", "b"}),
        ("for i in xs return i + k", {"xs", "k"}),
        ("orders[status = 1 and item.x > 2]", {"orders"}),
        ("{a: 1, b: a + c}", {"c"}),
        ("(function(x) x + y)(z)", {"y", "z"}),
        ("count(list) + unknown thing(1)", {"list", "unknown thing"}),
        ("some x in xs satisfies x = lim", {"xs", "lim"}),
        ("5 in (low..high)", {"low", "high"}),
    ],
)
def test_free_names(text, names):
    assert compile_expression(text).names == names


def test_names_in_a_filter_are_possible_names():
    assert compile_expression("orders[status = limit]").possible_names == {"orders", "status", "limit"}
