"""Where the standard is easily missed: each case names the section of DMN 1.3 (or later) it follows."""

import pytest

from engine.feel import FeelSyntaxError, compile_expression, compile_unary_tests


def value(text, types=None):
    return compile_expression(text, types=types).evaluate({})


SLIPS = ["=> 7", "= > 7", "!= < 7", "<= >= 7", "3 in => 7"]


@pytest.mark.parametrize("text", SLIPS)
def test_a_comparison_has_a_value_on_its_right_side(text):
    """Rule 7: what follows the operator of a unary test is a value, not another test."""
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests(text)


@pytest.mark.parametrize("text", ["hours => 7", "hours =< 7", "1 + > 7", "hours between < 1 and 3"])
def test_operators_that_are_none(text):
    with pytest.raises(FeelSyntaxError):
        compile_expression(text)


def test_a_range_may_be_compared():
    """DMN 1.4, rule 51: a comparison without its left side is a range."""
    assert value('range("[4..)") = >=4') is True
    assert value("(> 4) = (> 5)") is False


NEGATED = [
    ("not(7)", "seven", None),
    ("not(7)", 8, True),
    ("not(7)", 7, False),
    ("not(7)", None, True),
    ('not("a", 7)', 7, False),
    ('not("a", 7)', "b", None),
    ("not([7..9])", "b", None),
    ("not(null)", "b", True),
]


@pytest.mark.parametrize(("text", "item", "expected"), NEGATED)
def test_negated_tests_of_another_kind(text, item, expected):
    """10.3.2.3: values of different kinds are not comparable, and the negation of null is null."""
    assert compile_unary_tests(text).matches(item, {}) is expected


FUNCTIONS = [
    ("(function() 7) instance of function<>->number", True),
    ('(function() "x") instance of function<>->number', False),
    ("(function() 7) instance of function<>->Any", True),
    ("(function(a: number) a) instance of function<number>->number", True),
    ("(function(a: number) a) instance of function<number>->string", False),
    ("(function(a) 7) instance of function<string>->number", True),
    ("(function(a: number) 7) instance of function<string>->number", False),
    ("(function(a: number, b: number) 7) instance of function<number>->number", False),
    ("(function() {u: 1, v: [1]}) instance of function<>->context<v: list<number>>", True),
    ("(function() {u: 1}) instance of function<>->context<v: number>", False),
    ("(function(c: context<u: number>) 7) instance of function<context<u: number, v: number>>->number", True),
    ("(function(c: context<u: number, v: number>) 7) instance of function<context<u: number>>->number", False),
    ("(function() function() 7) instance of function<>->function<>->number", True),
    ("(function() if true then 1 else 2) instance of function<>->number", True),
    ("(function() 1 < 2) instance of function<>->boolean", True),
]


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS)
def test_types_of_functions(text, expected):
    """10.3.2.9.2: parameters may be wider and results narrower."""
    assert value(text) is expected


def test_types_around_the_expression():
    types = {"tAge": "number", "tGroup": "list<tMember>", "tMember": 'context<"age at entry": tAge, sub: tGroup>'}
    member = "{age at entry: 30, sub: []}"
    assert value("30 instance of tAge", types) is True
    assert value(f"[{member}] instance of tGroup", types) is True
    assert value('{age at entry: "x", sub: []} instance of tMember', types) is False
    nested = f"{{age at entry: 1, sub: [{member}, {{age at entry: true, sub: null}}]}}"
    assert value(f"{nested} instance of tMember", types) is False
    assert value("(function(a: tGroup) count(a))(" + member + ")", types) == 1


VALUES = [
    ('substring("storeys", 3.9)', '"oreys"'),
    ('substring("storeys", 3, 2.9)', '"or"'),
    ('is(@"08:30:00@Australia/Hobart", @"08:30:00+10:00")', "true"),
    ('is(@"08:30:00@Europe/Rome", @"08:30:00@Europe/Oslo")', "true"),
    ('is(@"08:30:00@Europe/Rome", @"07:30:00Z")', "false"),
    ('@"08:30:00@Australia/Hobart".time offset', '@"PT10H"'),
    (r'matches("two words", "two\ swords", "x")', "true"),
    (r'matches("two words", "two [ ] wor ds", "x")', "true"),
    (r'matches("words", "\p{ L l }+", "x")', "true"),
    ('string join(["a", "b"], "-", "<", ">")', '"<a-b>"'),
    ('string join(["a", "b"], "-", "<")', "null"),
    ("round up(2.1, null)", "null"),
    ("round up(2.1)", "3"),
    *((f"{name}()", "null") for name in ("all", "any", "sum", "mode", "median", "concatenate", "union")),
    ("append([1])", "null"),
    ("append([1], null)", "[1, null]"),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_functions(text, expected):
    assert value(text) == value(expected)
