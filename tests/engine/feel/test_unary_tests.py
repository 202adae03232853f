"""Cells of decision tables (DMN 1.3, 10.3.1.2 rules 7 to 18, table 55), as dmn-js writes them."""

import pytest

from engine.feel import compile_unary_tests

CASES = [
    ("-", None, {}, True),
    ("", 1, {}, True),
    ("  ", 1, {}, True),
    ('"重大"', "重大", {}, True),
    ('"重大"', "一般", {}, False),
    ('"a","b"', "b", {}, True),
    ('"a","b"', "c", {}, False),
    ('not("a","b")', "c", {}, True),
    ('not("a","b")', "a", {}, False),
    ("not(> 3)", 5, {}, False),
    ("< 5", 4, {}, True),
    ("<= 5", 5, {}, True),
    ("> 5", 5, {}, False),
    (">= limit", 5, {"limit": 5}, True),
    ("!= 5", 4, {}, True),
    ("= 5", 5, {}, True),
    ("[1..5]", 5, {}, True),
    ("]1..5[", 5, {}, False),
    ("(1..5]", 1, {}, False),
    ("[1..5],[8..9]", 8, {}, True),
    ("[low..high]", 3, {"low": 1, "high": 4}, True),
    ("< 5, > 10", 12, {}, True),
    ("5", 5, {}, True),
    ("5", 5.0, {}, True),
    ("-5", -5, {}, True),
    ("2 + 3", 5, {}, True),
    ("true", True, {}, True),
    ("true", False, {}, False),
    ("false", False, {}, True),
    ("null", None, {}, True),
    ("null", 1, {}, False),
    ("not(null)", 1, {}, True),
    ("other", 3, {"other": 3}, True),
    ("others", 3, {"others": [1, 3]}, True),
    ("[1, 3]", 3, {}, True),
    ("? > 3", 5, {}, True),
    ("? > 3 and ? < 5", 5, {}, False),
    ("? = other or ? = 1", 1, {"other": 3}, True),
    ('starts with(?, "a")', "abc", {}, True),
    ('not(contains(?, "b"))', "abc", {}, False),
    ('ends with(?, "x"), "abc"', "abc", {}, True),
    ("count(?) > 1", [1, 2], {}, True),
    ("some x in ? satisfies x > 1", [1, 2], {}, True),
    ("limit > 3", 1, {"limit": 5}, True),
    ("limit > 3", 1, {"limit": 2}, False),
    ("is defined(?)", 1, {}, True),
    ('date("2020-01-01")', None, {}, False),
    ('> @"P1D"', None, {}, None),
    ("> 3", "a", {}, None),
    ("missing", 1, {}, None),
    ("? > missing", 1, {}, None),
    ('"a", missing', "a", {}, True),
    ("not(missing)", 1, {}, None),
    ("[1..missing]", 1, {}, None),
]


@pytest.mark.parametrize(("text", "value", "context", "expected"), CASES)
def test_matches(text, value, context, expected):
    assert compile_unary_tests(text).matches(value, context) is expected


def test_unusual_names():
    assert compile_unary_tests("> a-b").matches(10, {"a-b": 9}) is True
    assert compile_unary_tests("> a-b", ["a-b"]).names == {"a-b"}


def test_the_input_is_not_a_free_name():
    assert compile_unary_tests("? > x").names == {"x"}


def test_reason_for_an_unquoted_text():
    result = compile_unary_tests("重大").explain("重大", {})
    assert result.value is None
    assert result.problems[0].params == {"name": "重大"}
