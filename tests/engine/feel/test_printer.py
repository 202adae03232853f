"""What the printer writes has the value of what was parsed."""

import pytest

from engine.feel import compile_expression, shown
from engine.feel.builtins import FUNCTION_NAMES
from engine.feel.parser import parse_expression
from engine.feel.printer import unparse
from tests.engine.feel import test_conformance as conformance
from tests.engine.feel import test_functions as functions
from tests.engine.feel import test_moments as moments
from tests.engine.feel import test_operators as operators
from tests.engine.feel import test_structures as structures
from tests.engine.feel import test_temporal as temporal

TABLES = [
    *(conformance.FUNCTIONS, conformance.VALUES, conformance.ARGUMENTS),
    *(functions.CONVERSION, functions.STRINGS, functions.LISTS, functions.NUMBERS, functions.CONTEXTS),
    *(functions.RANGES, moments.SUMS, operators.CASES, structures.CASES, temporal.CASES),
]


def printed(text):
    return unparse(parse_expression(text, (), FUNCTION_NAMES))


@pytest.mark.parametrize("text", sorted({case[0] for table in TABLES for case in table}))
def test_the_printed_expression_has_the_same_value(text):
    again = printed(text)
    assert printed(again) == again
    assert shown(compile_expression(again).evaluate({})) == shown(compile_expression(text).evaluate({}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("1+2*3", "1 + (2 * 3)"),
        ("-(2 ** 2)", "-(2 ** 2)"),
        ("a[item>1].b", "(a[item > 1]).b"),
        ("x in (= 7, [1..2[)", "x in ((= 7), [1..2))"),
        ("]1..2]", "(1..2]"),
        ("x in (= 7)", "x in (= 7)"),
        ("f(b: 1, a c: 2)", "f(b: 1, a c: 2)"),
        ("function(a: list<number>, b) a", "function(a: list<number>, b) a"),
        (
            "x instance of function<number> -> context<a b: string>",
            "x instance of function<number> -> context<a b: string>",
        ),
        ('{a b: "x"}', '{"a b": "x"}'),
        ("for i in 1..3, j in i return i", "for i in 1..3, j in i return i"),
        ("if a then b else if c then d else e", "if a then b else if c then d else e"),
    ],
)
def test_the_text(text, expected):
    assert printed(text) == expected
