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
    ('is(@"08:30:00@Australia/Hobart", @"08:30:00+10:00")', "false"),
    ('is(@"08:30:00@Europe/Rome", @"08:30:00@Europe/Oslo")', "false"),
    ('is(@"08:30:00@Europe/Rome", @"08:30:00@Europe/Rome")', "true"),
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


ARGUMENTS = [
    ("{half: function(n, by) [n, by], r: half(by: 2)}.r", [None, 2]),
    ("{half: function(n, by) [n, by], r: half(n: 1, by: 2)}.r", [1, 2]),
    ("{half: function(n, by) [n, by], r: half(1)}.r", None),
    ("{half: function(n, by) [n, by], r: half(n: 1, off: 2)}.r", None),
    ('substring(string: "complaint", start position: 7)', "int"),
    ("list contains(element: 2)", None),
    ("floor(n: 7.9)", 7),
    ("modulo(dividend: 7)", None),
]


@pytest.mark.parametrize(("text", "expected"), ARGUMENTS)
def test_a_parameter_without_its_named_argument_is_null(text, expected):
    """10.3.2.13.5: named arguments may be fewer than the parameters, arguments in position may not."""
    assert value(text) == expected


WHOLE = [
    ("decimal(2/3, 2.9)", "0.67"),
    ("round up(7.11, 1.9)", "7.2"),
    ('substring("storeys", -3.9)', '"eys"'),
    ("sublist([1, 2, 3], 2.9)", "[2, 3]"),
    ("sublist([1, 2, 3], 1, 2.9)", "[1, 2]"),
    ("remove([1, 2, 3], -1.5)", "[1, 2]"),
    ("insert before([1, 2], 1.5, 0)", "[0, 1, 2]"),
    ("list replace([1, 2], 1.5, 0)", "[0, 2]"),
    ("list replace([1, 2], 0.5, 0)", "null"),
    ("[1, 2][1.5]", "null"),
]


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_positions_and_scales_lose_their_decimals(text, expected):
    assert value(text) == value(expected)


@pytest.mark.parametrize(
    ("text", "expected", "codes"),
    [
        ("(= 7)", None, ["wrong_type"]),
        ("(!= 7)", None, ["wrong_type"]),
        ("7 in (= 7)", True, []),
        ("7 in (!= 7)", False, []),
        ("1 instance of list<tNone>", False, []),
        ("[1] instance of list<tNone>", None, ["unknown_type"]),
        ("1 instance of tNone", None, ["unknown_type"]),
    ],
)
def test_what_stands_alone_only_in_a_test(text, expected, codes):
    """= and != are no ranges; an unknown type is false where the kind alone decides, and null elsewhere."""
    result = compile_expression(text).explain({})
    assert result.value is expected
    assert [problem.code for problem in result.problems] == codes


CONVERTED = [
    ('(function(d: date and time) d)(@"2026-03-02")', '@"2026-03-02T00:00:00Z"'),
    ('(function(d: date and time) d)(@"12026-03-02")', '@"12026-03-02T00:00:00Z"'),
    ('(function(d: date) d)(@"2026-03-02T10:00:00")', "null"),
    ("(function(n: number) n)([[7]])", "7"),
    ("(function(n: number) n)([7, 8])", "null"),
    ("(function(l: list<number>) l)(7)", "[7]"),
    ('(function(l: list<number>) l)("7")', "null"),
]


@pytest.mark.parametrize(("text", "expected"), CONVERTED)
def test_arguments_are_made_to_fit_the_type_of_the_parameter(text, expected):
    """10.3.2.9.4: to and from a list of one, and from a date to its midnight in UTC."""
    assert value(text) == value(expected)
