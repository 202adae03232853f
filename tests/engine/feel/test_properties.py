"""Properties: printing and parsing are inverse, values survive, and nothing but our own errors escapes."""

import json
import time
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import FeelError, YearsMonths, compile_expression, compile_unary_tests, decode, display, encode
from engine.feel import nodes as n
from engine.feel.builtins import FUNCTION_NAMES
from engine.feel.moments import date_from, joined
from engine.feel.parser import parse_expression, parse_tests
from engine.feel.printer import unparse
from engine.feel.values import Range

QUICK = settings(max_examples=150, deadline=None)
NAMES = st.sampled_from(["a", "b", "严重程度", "first name", "string length", "Rule 1", "item"])
TYPES = st.recursive(
    st.sampled_from(["number", "string", "Any", "date and time", "days and time duration"]).map(n.TypeNode),
    lambda inner: st.one_of(
        st.builds(n.TypeNode, st.sampled_from(["list", "range"]), st.tuples(inner)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=2).map(
            lambda fields: n.TypeNode("context", tuple(fields.values()), tuple(fields))
        ),
        st.tuples(st.lists(inner, max_size=2).map(tuple), inner).map(
            lambda p: n.TypeNode("function", p[0], result=p[1])
        ),
    ),
    max_leaves=3,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = st.one_of(
    st.decimals(0, 10**6, allow_nan=False, places=2).map(n.Literal),
    st.sampled_from([True, False, None, Decimal("1E+400"), Decimal("1.5E-400")]).map(n.Literal),
    TEXT.map(n.Literal),
    NAMES.map(n.Name),
    st.sampled_from(["2020-01-01", "-0044-03-15T08:00:00.000000001@Asia/Shanghai", "PT90M", "x"]).map(n.AtLiteral),
)


def grow(inner):
    several = st.lists(inner, max_size=3).map(tuple)
    iterators = st.lists(st.builds(n.Iterator, NAMES, inner, st.one_of(st.none(), inner)), min_size=1, max_size=2).map(
        tuple
    )
    return st.one_of(
        st.builds(n.Arithmetic, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner),
        st.builds(n.Comparison, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(n.Logic, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(n.Negation, inner),
        st.builds(n.Between, inner, inner, inner),
        st.builds(n.In, inner, st.lists(inner, min_size=1, max_size=2).map(tuple)),
        st.builds(n.If, inner, inner, inner),
        st.builds(n.Path, inner, NAMES),
        st.builds(n.Filter, inner, inner),
        st.builds(n.Call, NAMES.map(n.Name) | inner, several),
        st.dictionaries(st.sampled_from(["list", "start position", "a b"]), inner, min_size=1, max_size=2).flatmap(
            lambda named: st.builds(
                n.Call, NAMES.map(n.Name) | inner, st.just(tuple(named.values())), st.just(tuple(named))
            )
        ),
        st.builds(n.ListOf, several),
        st.builds(n.ContextOf, st.lists(st.tuples(TEXT, inner), max_size=3).map(tuple)),
        st.builds(n.FunctionOf, st.lists(st.tuples(NAMES, st.none() | TYPES), max_size=2).map(tuple), inner),
        st.builds(n.For, iterators, inner),
        st.builds(n.Quantified, st.sampled_from(["some", "every"]), iterators, inner),
        st.builds(n.Interval, inner, inner, st.booleans(), st.booleans()),
        st.builds(n.InstanceOf, inner, TYPES),
        st.builds(n.Unary, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), inner),
    )


TREES = st.recursive(LEAVES, grow, max_leaves=12)
CELLS = st.builds(n.Tests, st.lists(TREES, max_size=3).map(tuple), st.booleans())
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        TEXT,
        st.decimals(-(10**20), 10**20, allow_nan=False, places=4),
        st.dates(date(1000, 1, 1)),
        st.builds(date_from, st.integers(-999_999_999, 999_999_999), st.integers(1, 12), st.integers(1, 28)),
        st.builds(
            joined,
            st.datetimes(datetime(1000, 1, 1), timezones=st.sampled_from([None, UTC])),
            st.integers(-3, 3),
            st.integers(0, 999),
        ),
        st.builds(joined, st.times(), st.just(0), st.integers(0, 999)),
        st.builds(joined, st.timedeltas(timedelta(-10000), timedelta(10000)), st.just(0), st.integers(0, 999)),
        st.integers(-(10**6), 10**6).map(YearsMonths),
        st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.booleans(), st.booleans()).map(
            lambda p: Range(Decimal(p[0]), Decimal(p[1]), p[2], p[3])
        ),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@QUICK
@given(TREES)
def test_printed_trees_parse_to_themselves(tree):
    assert parse_expression(unparse(tree), (), FUNCTION_NAMES) == tree


@QUICK
@given(CELLS)
def test_printed_cells_parse_to_themselves(tests):
    expected = tests if tests.items else n.Tests(())
    assert parse_tests(unparse(expected), (), FUNCTION_NAMES) == expected


def parts(node):
    """A node and all nodes inside it."""
    yield node
    for field in fields(node):
        waiting = [getattr(node, field.name)]
        while waiting:
            value = waiting.pop()
            if isinstance(value, n.Node | n.Iterator):
                yield from parts(value)
            elif isinstance(value, tuple):
                waiting.extend(value)


def test_every_kind_of_node_is_among_the_generated():
    generated = set()

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(CELLS)
    def collect(tests):
        generated.update(type(part) for part in parts(tests))

    collect()
    kinds = {kind for kind in vars(n).values() if isinstance(kind, type) and issubclass(kind, n.Node)}
    assert kinds - {n.Node} <= generated


@QUICK
@given(TREES)
def test_any_tree_evaluates_without_a_python_error(tree):
    context = {"a": 1, "b": [1, {"first name": "x"}], "严重程度": "重大", "Rule 1": {"a": None}}
    try:
        result = compile_expression(unparse(tree)).explain(context)
    except FeelError:
        return
    assert all(problem.line >= 1 and problem.message and problem.zh() for problem in result.problems)


@QUICK
@given(VALUES)
def test_values_survive_storage(value):
    assert decode(json.loads(json.dumps(encode(value)))) == value


@QUICK
@given(VALUES)
def test_displayed_values_evaluate_to_themselves(value):
    assert compile_expression(display(value)).evaluate({}) == value


PIECES = st.sampled_from(
    [
        *("1", "2.5", '"a"', "x", "a b", "?", "null", "true", "@", "(", ")", "[", "]", "{", "}", ",", ":", ".", ".."),
        *("+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or", "not", "if", "then", "else", "for"),
        *("in", "return", "some", "satisfies", "between", "instance of", "list<", "function(", "date(", "count("),
        *(
            '@"P1D"',
            '@"2020-01-01"',
            "//",
            "/*",
            "*/",
            '"',
            "\\",
            "'",
            "，",
            "（",
            "\n",
            "matches(",
            "external",
            "item",
        ),
    ]
)


def survives(text):
    started = time.thread_time()
    for compiler in (compile_expression, compile_unary_tests):
        with suppress(FeelError):
            compiled = compiler(text)
            context = {"x": [1, 2, {"a b": 3}], "a b": 2, "a-b": 1}
            compiled.evaluate(context) if compiler is compile_expression else compiled.matches(1, context)
    assert time.thread_time() - started < 1


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map(" ".join) | st.lists(PIECES, max_size=25).map("".join))
def test_only_our_own_errors_escape(text):
    survives(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_survived(text):
    survives(text)


@QUICK
@given(
    st.sampled_from(["matches", "split", "extract"]),
    st.text(st.sampled_from("ab(){}[]*+?|\\^$.-1,pi"), max_size=15),
)
def test_any_pattern_is_survived(function, pattern):
    with suppress(FeelError):
        compile_expression(f"{function}(text, pattern)").evaluate({"text": "aabba-1", "pattern": pattern})
