"""Syntax errors in both languages, and the reasons kept for a null."""

import pytest

from engine.feel import (
    FeelAssertionError,
    FeelError,
    FeelLimitError,
    FeelSyntaxError,
    FeelValueError,
    Function,
    compile_expression,
    compile_unary_tests,
    pointed,
)

SYNTAX = [
    ("1 +", 1, 4, "the end"),
    ("1 + * 2", 1, 5, "*"),
    ("(1 + 2", 1, 7, "the end"),
    ("[1, 2", 1, 6, "the end"),
    ("{a 1}", 1, 5, "}"),
    ("if a then b", 1, 12, "else"),
    ("for i in x", 1, 11, "return"),
    ("a\n= 'x'", 2, 3, "'"),
    ("x = “重大”", 1, 5, "“"),
    ("x ， y", 1, 3, "，"),
    ("“", 1, 1, '"'),
    ('x = "abc', 1, 5, "not closed"),
    ("1 2", 1, 3, "2"),
    ("1 = = 2", 1, 5, "="),
    ("x instance of", 1, 14, "a type"),
    ("x instance number", 1, 12, "of"),
    ("function(a) external {java: 1}", 1, 13, "external"),
    ("not x", 1, 1, "not(...)"),
    ("f(a: 1, 2)", 1, 10, "named"),
    ("a..b", 1, 2, ".."),
    ("", 1, 1, "the end"),
    ("@x", 1, 2, "x"),
    ("x #", 1, 3, "#"),
    ("1 /* open", 1, 3, "*/"),
    ("{1: 2}", 1, 2, "1"),
    ("a and", 1, 6, "the end"),
    ('"\\UFFFFFF"', 1, 1, "escape"),
    ("between 1 and 2", 1, 1, "between"),
]


@pytest.mark.parametrize(("text", "line", "column", "mentions"), SYNTAX)
def test_syntax_error(text, line, column, mentions):
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert mentions in error.message
    assert error.text == text
    assert error.en().splitlines()[-1].strip() == "^"
    assert error.zh().startswith(f"第 {line} 行第 {column} 列")


def test_caret_under_wide_characters():
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression("严重程度 = = 1")
    shown, caret = caught.value.zh().splitlines()[-2:]
    assert shown == "严重程度 = = 1"
    assert caret == "\u3000\u3000\u3000\u3000   ^"


def test_full_width_hint_in_chinese():
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression("sum（a，b）")
    assert "全角字符 ，" in caught.value.zh()


def test_syntax_error_in_a_cell():
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests("> 3,")
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests("not(1")


PROBLEMS = [
    ("missing", {}, "unknown_name", {"name": "missing"}, 1, 1),
    ("1 +\n  missing", {}, "unknown_name", {"name": "missing"}, 2, 3),
    ("a.b", {"a": {}}, "unknown_entry", {"name": "b"}, 1, 2),
    ("1 / 0", {}, "division_by_zero", {}, 1, 3),
    ('1 < "a"', {}, "no_order", {"left": "number", "right": "string"}, 1, 3),
    ('1 = "a"', {}, "wrong_types", {"operation": "=", "left": "number", "right": "string"}, 1, 3),
    ("true and 1", {}, "not_boolean", {"operation": "and", "kind": "number"}, 1, 10),
    ("[1][5]", {}, "index", {"index": "5", "size": 1}, 1, 4),
    ("abs()", {}, "arguments", {"function": "abs", "found": ""}, 1, 1),
    ("no such(1)", {}, "unknown_function", {"name": "no such"}, 1, 1),
    ('date("x")', {}, "invalid_literal", {"value": "x", "kind": "date"}, 1, 1),
    ('matches("a", "(")', {}, "invalid_pattern", {"value": "("}, 1, 1),
    ("{a: 1, a: 2}", {}, "duplicate_key", {"name": "a"}, 1, 1),
    ("1 instance of tX", {}, "unknown_type", {"name": "tX"}, 1, 3),
    ("x", {"x": object()}, "refused_value", {"kind": "object"}, 1, 1),
    ("x", {"x": float("nan")}, "refused_value", {"kind": "number"}, 1, 1),
    ('time("00:00:00.0000000001")', {}, "too_precise", {"value": "00:00:00.0000000001"}, 1, 1),
    ('date("999999999-12-31") + @"P1D"', {}, "out_of_range", {"operation": "+"}, 1, 25),
]


@pytest.mark.parametrize(("text", "context", "code", "params", "line", "column"), PROBLEMS)
def test_reason_for_null(text, context, code, params, line, column):
    result = compile_expression(text).explain(context)
    assert result.value is None
    problem = result.problems[0]
    assert (problem.code, problem.params, problem.line, problem.column) == (code, params, line, column)
    assert problem.message
    assert problem.zh() != problem.message


def test_no_reason_without_a_problem():
    assert compile_expression("a = null").explain({"a": None}).problems == ()
    assert compile_expression("get or else(missing, 1)").explain({}).problems == ()


def test_types_defined_around_an_expression():
    types = {"tAmounts": "list<number>", "tPerson": "context<name: string, amounts: tAmounts>"}
    expression = compile_expression("x instance of tPerson", types=types)
    assert expression.evaluate({"x": {"name": "a", "amounts": [1, 2]}}) is True
    assert expression.evaluate({"x": {"name": "a", "amounts": ["1"]}}) is False
    assert compile_expression("(function(a: tAmounts) a)(5)", types=types).evaluate({}) == [5]


def test_a_missing_variable_is_a_reason_even_where_the_value_is_not_null():
    result = compile_expression('severity = "重大"').explain({})
    assert result.value is False
    assert result.problems[0].params == {"name": "severity"}


def test_a_host_function():
    double = Function(("n",), lambda n: n * 2)
    assert compile_expression("double(4)").evaluate({"double": double}) == 8
    assert compile_expression("double(n: 4)").evaluate({"double": double}) == 8
    assert compile_expression("double(1, 2)").evaluate({"double": double}) is None


def test_a_host_function_that_returns_an_object():
    result = compile_expression("f()").explain({"f": Function((), object)})
    assert result.value is None
    assert result.problems[0].code == "refused_value"


def test_all_errors_are_of_one_family():
    for kind in (FeelAssertionError, FeelLimitError, FeelSyntaxError, FeelValueError):
        assert issubclass(kind, FeelError)


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("assert(x, x > 3)", "the condition of assert does not hold", "assert 的条件不成立"),
        ('assert(x, null, "x is small")', "assert does not hold: x is small", "assert 的条件不成立：x is small"),
        ("for i in 1..3 return assert(i, i < 3)", "does not hold", "不成立"),
    ],
)
def test_assert_ends_the_evaluation(text, en, zh):
    with pytest.raises(FeelAssertionError) as caught:
        compile_expression(text).evaluate({"x": 1})
    assert en in caught.value.en()
    assert zh in caught.value.zh()


@pytest.mark.parametrize("word", ["null", "list", "date", "function", "range"])
def test_a_word_of_the_text_is_not_translated(word):
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(f"1 {word}")
    assert f"此处是 {word}，" in caught.value.zh()


@pytest.mark.parametrize(
    ("text", "line", "column", "shown"),
    [
        ("1 + 2", 1, 3, ["1 + 2", "  ^"]),
        ("1 +\r\n2 *", 2, 4, ["2 *", "   ^"]),
        ("\t金额 +", 1, 5, [" 金额 +", " \u3000\u3000 ^"]),
        ("a\x1b[31m", 1, 2, ["a [31m", " ^"]),
        ("", 1, 1, ["", "^"]),
        ("x" * 500 + "!", 1, 501, ["x" * 60 + "!", " " * 60 + "^"]),
    ],
)
def test_pointing_at_a_column(text, line, column, shown):
    assert pointed(text, line, column).split("\n") == shown
