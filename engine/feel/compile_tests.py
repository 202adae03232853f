"""Compiling unary tests: `in`, comparisons without a left side, ranges, and the cells of decision tables."""

import operator
from collections.abc import Callable
from typing import Any

from . import nodes as n
from .compare import ORDERED, SIMPLE, contains, equal, matches, order
from .compiler import COMPARISONS, Closure, Compiler, compiles
from .run import Scope
from .values import Range, kind


@compiles(n.In)
def _in(c: Compiler, node: n.In) -> Closure:
    value = c.compile(node.value)
    c.bound.append("?")
    tests = tuple(compile_test(c, test) for test in node.tests)
    c.bound.pop()
    binds = "?" in c.text

    def evaluate(s: Scope) -> Any:
        item = value(s)
        inner = Scope({"?": item}, s, s.run) if binds else s
        return any_test(tests, inner, item)

    return evaluate


Test = Callable[[Scope, Any], bool | None]


def any_test(tests: tuple[Test, ...], scope: Scope, item: Any) -> bool | None:
    """The disjunction of tests."""
    result: bool | None = False
    for test in tests:
        found = test(scope, item)
        if found:
            return True
        if found is None:
            result = None
    return result


# Expressions that say by themselves whether the test is satisfied, when the input is no boolean (table 55).
_CONDITIONS = (n.Comparison, n.Logic, n.Between, n.In, n.InstanceOf, n.Quantified, n.Call)


def compile_test(c: Compiler, node: n.Node, negated: bool = False) -> Test:
    """A test of an item: a comparison, a range, or a value to be equal to or contained in.

    Inside not(...) an item of another kind than the value yields null, as comparing them does.
    """
    if isinstance(node, n.Unary):
        return _unary_test(c, node)
    if isinstance(node, n.Interval):
        return _interval_test(c, node)
    value, condition = c.compile(node), isinstance(node, _CONDITIONS)
    about_input, place = mentions_input(node), c.place(node)

    def evaluate(s: Scope, item: Any) -> Any:
        known = len(s.run.problems)
        found = value(s)
        if type(found) is bool and (about_input or (condition and type(item) is not bool)):
            return found
        if found is None and (about_input or len(s.run.problems) > known):
            return None
        if negated and item is not None and type(found) in SIMPLE and type(found) is not type(item):
            return s.run.problem(place, "wrong_types", operation="not", left=kind(item), right=kind(found))
        return matches(s.run, item, found)

    return evaluate


def mentions_input(node: Any) -> bool:
    """Whether an expression reads "?"."""
    if isinstance(node, n.Name):
        return node.name == "?"
    if isinstance(node, tuple):
        return any(mentions_input(part) for part in node)
    if isinstance(node, n.Node | n.Iterator):
        return any(mentions_input(getattr(node, slot)) for slot in type(node).__dataclass_fields__)
    return False


def _unary_test(c: Compiler, node: n.Unary) -> Test:
    operand, place, symbol = c.compile(node.operand), c.place(node), node.operator

    def evaluate(s: Scope, item: Any) -> Any:
        other = operand(s)
        if symbol in ("=", "!="):
            same = equal(s.run, item, other)
            return same if same is None or symbol == "=" else not same
        found = order(item, other)
        if found is None:
            return s.run.problem(place, "no_order", left=kind(item), right=kind(other))
        return COMPARISONS[symbol](found, 0)

    return evaluate


def _interval_test(c: Compiler, node: n.Interval) -> Test:
    low, high, place = c.compile(node.low), c.compile(node.high), c.place(node)

    above = operator.ge if node.low_included else operator.gt
    below = operator.le if node.high_included else operator.lt

    def evaluate(s: Scope, item: Any) -> Any:
        bottom, top = low(s), high(s)
        if type(item) in ORDERED and type(item) is type(bottom) is type(top):
            return above(item, bottom) and below(item, top)
        for end in (bottom, top):
            if order(item, end) is None:
                return s.run.problem(place, "no_order", left=kind(item), right=kind(end))
        return contains(Range(bottom, top, node.low_included, node.high_included), item)

    return evaluate


@compiles(n.Unary)
def _unary(c: Compiler, node: n.Unary) -> Closure:
    """A comparison without its left side as a value: the range of what satisfies it."""
    operand, place, symbol = c.compile(node.operand), c.place(node), node.operator

    def evaluate(s: Scope) -> Any:
        end = operand(s)
        if symbol in ("=", "!=") or order(end, end) is None:
            return s.run.problem(place, "wrong_type", operation=symbol, kind=kind(end))
        if symbol[0] == "<":
            return Range(None, end, False, symbol == "<=")
        return Range(end, None, symbol == ">=", False)

    return evaluate


@compiles(n.Interval)
def _interval(c: Compiler, node: n.Interval) -> Closure:
    low, high, place = c.compile(node.low), c.compile(node.high), c.place(node)

    def evaluate(s: Scope) -> Any:
        bottom, top = low(s), high(s)
        if order(bottom, top) is None:
            return s.run.problem(place, "no_order", left=kind(bottom), right=kind(top))
        return Range(bottom, top, node.low_included, node.high_included)

    return evaluate


@compiles(n.InstanceOf)
def _instance_of(c: Compiler, node: n.InstanceOf) -> Closure:
    value, unknown, place = c.compile(node.value), c.types.unknown(node.type), c.place(node)
    if unknown is not None:
        outer = c.types.kind_of(node.type)
        return lambda s: (
            False if outer not in (None, kind(value(s))) else s.run.problem(place, "unknown_type", name=unknown)
        )
    check, of_null = c.types.checker(node.type), c.types.plain(node.type).name.lower() == "null"

    def evaluate(s: Scope) -> bool:
        found = value(s)
        return of_null if found is None else check(found)

    return evaluate
