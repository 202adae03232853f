"""Syntax tree to Python closures. A closure takes a Scope and returns a value; whatever goes wrong yields None."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from . import nodes as n
from .arithmetic import calculate, negate
from .builtin import BUILTINS
from .compare import ORDERED, SIMPLE, contains, equal, matches, order
from .errors import Fail, position
from .feeltypes import checker, is_known, resolve
from .run import Place, Scope
from .temporal import parse_date, parse_datetime, parse_time, read_duration
from .values import NUMBERS, PLAIN, Range, kind

Closure = Callable[[Scope], Any]


class Compiler:
    """Compiles one text, and notes which names it reads."""

    def __init__(self, text: str, types: Mapping[str, n.TypeNode] | None = None) -> None:
        self.text = text
        self.types = types or {}
        self.free: set[str] = set()
        self.possible: set[str] = set()
        self.bound: list[str] = []
        self.in_filter = 0
        self.count = 0

    def compile(self, node: n.Node) -> Closure:
        """The closure for a node."""
        self.count += 1
        return _COMPILE[type(node)](self, node)

    def weighed(self, node: n.Node) -> tuple[Closure, int]:
        """The closure for a node and what one evaluation of it costs."""
        before = self.count
        closure = self.compile(node)
        return closure, self.count - before

    def place(self, node: n.Node) -> Place:
        """Line and column of a node."""
        return position(self.text, node.at)

    def note(self, name: str) -> None:
        """Remember that a name is read from outside; inside a filter it may also be an entry of the element."""
        if name not in self.bound:
            (self.possible if self.in_filter else self.free).add(name)


_SMALL = 10**30


def _literal(c: Compiler, node: n.Literal) -> Closure:
    value = node.value
    return lambda s: value


def read_at_literal(text: str) -> Any:
    """The value of @"text" (rule 62): a duration, a date and time, a time or a date."""
    if text.lstrip("-")[:1] == "P":
        return read_duration(text)
    if "T" in text.partition("@")[0]:
        return parse_datetime(text)
    return parse_time(text) if text[2:3] == ":" else parse_date(text)


def _at_literal(c: Compiler, node: n.AtLiteral) -> Closure:
    try:
        value = read_at_literal(node.text)
    except Fail as fail:
        return failing(c, node, fail.code, **fail.params)
    return lambda s: value


def failing(c: Compiler, node: n.Node, code: str, **params: Any) -> Closure:
    """A closure that always yields null, for one reason."""
    place = c.place(node)
    return lambda s: s.run.problem(place, code, **params)


def _name(c: Compiler, node: n.Name) -> Closure:
    name, place = node.name, c.place(node)
    function = BUILTINS.get(name)
    if function is None:
        c.note(name)

    def read(s: Scope) -> Any:
        scope: Scope | None = s
        while scope is not None:
            names = scope.names
            if name in names:
                value = names[name]
                if scope.parent is not None or type(value) in PLAIN:
                    return value
                if type(value) is int and -_SMALL < value < _SMALL:
                    return Decimal(value)
                return s.run.convert(value, place)
            scope = scope.parent
        if function is not None:
            return function
        return s.run.problem(place, "unknown_name", name=name)

    return read


def _negation(c: Compiler, node: n.Negation) -> Closure:
    operand, place = c.compile(node.operand), c.place(node)

    def evaluate(s: Scope) -> Any:
        try:
            return negate(operand(s))
        except Fail as fail:
            return s.run.failed(place, fail)

    return evaluate


_FAST = {"+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply}


def _arithmetic(c: Compiler, node: n.Arithmetic) -> Closure:
    left, right, place = c.compile(node.left), c.compile(node.right), c.place(node)
    symbol, fast = node.operator, _FAST.get(node.operator)

    def evaluate(s: Scope) -> Any:
        a, b = left(s), right(s)
        try:
            if fast is not None and type(a) is Decimal and type(b) is Decimal:
                return fast(a, b)
        except ArithmeticError:
            return s.run.problem(place, "out_of_range", operation=symbol)
        try:
            value = calculate(symbol, a, b)
        except Fail as fail:
            return s.run.failed(place, fail)
        s.run.charge(100 if symbol == "**" else 1)
        return s.run.text(value) if type(value) is str else value

    return evaluate


def _equality(c: Compiler, node: n.Comparison) -> Closure:
    left, right, place = c.compile(node.left), c.compile(node.right), c.place(node)
    wanted, symbol = node.operator == "=", node.operator
    if any(isinstance(side, n.Literal) and side.value is None for side in (node.left, node.right)):
        return _null_test(left, right, wanted)

    def evaluate(s: Scope) -> Any:
        a, b = left(s), right(s)
        if type(a) is type(b) and type(a) in SIMPLE:
            return (a == b) is wanted
        result = equal(s.run, a, b)
        if result is None:
            return s.run.problem(place, "wrong_types", operation=symbol, left=kind(a), right=kind(b))
        return result is wanted

    return evaluate


def _null_test(left: Closure, right: Closure, wanted: bool) -> Closure:
    """Comparing with null asks whether there is a value: a name that is not known is no problem then."""

    def evaluate(s: Scope) -> bool:
        known = len(s.run.problems)
        same = left(s) is None and right(s) is None
        del s.run.problems[known:]
        return same is wanted

    return evaluate


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparison(c: Compiler, node: n.Comparison) -> Closure:
    if node.operator in ("=", "!="):
        return _equality(c, node)
    left, right, place = c.compile(node.left), c.compile(node.right), c.place(node)
    compare = _ORDER[node.operator]

    def evaluate(s: Scope) -> Any:
        a, b = left(s), right(s)
        if type(a) is type(b) and type(a) in ORDERED:
            return compare(a, b)
        result = order(a, b)
        if result is None:
            return s.run.problem(place, "no_order", left=kind(a), right=kind(b))
        return compare(result, 0)

    return evaluate


def _logic(c: Compiler, node: n.Logic) -> Closure:
    parts = tuple((c.compile(operand), c.place(operand)) for operand in node.operands)
    decisive, symbol = node.operator == "or", node.operator

    def evaluate(s: Scope) -> Any:
        result: bool | None = not decisive
        for operand, place in parts:
            value = operand(s)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                result = None
                if value is not None:
                    s.run.problem(place, "not_boolean", operation=symbol, kind=kind(value))
        return result

    return evaluate


def _between(c: Compiler, node: n.Between) -> Closure:
    value, low, high = c.compile(node.value), c.compile(node.low), c.compile(node.high)
    place = c.place(node)

    def evaluate(s: Scope) -> Any:
        item, bottom, top = value(s), low(s), high(s)
        for end in (bottom, top):
            if order(item, end) is None:
                return s.run.problem(place, "no_order", left=kind(item), right=kind(end))
        return contains(Range(bottom, top), item)

    return evaluate


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


def compile_test(c: Compiler, node: n.Node) -> Test:
    """A test of an item: a comparison, a range, or a value to be equal to or contained in."""
    if isinstance(node, n.Unary):
        return _unary_test(c, node)
    if isinstance(node, n.Interval):
        return _interval_test(c, node)
    value, condition = c.compile(node), isinstance(node, _CONDITIONS)
    about_input = mentions_input(node)

    def evaluate(s: Scope, item: Any) -> bool | None:
        known = len(s.run.problems)
        found = value(s)
        if type(found) is bool and (about_input or (condition and type(item) is not bool)):
            return found
        if found is None and (about_input or len(s.run.problems) > known):
            return None
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
        return _ORDER[symbol](found, 0)

    return evaluate


def _interval_test(c: Compiler, node: n.Interval) -> Test:
    low, high, place = c.compile(node.low), c.compile(node.high), c.place(node)

    def evaluate(s: Scope, item: Any) -> Any:
        bottom, top = low(s), high(s)
        for end in (bottom, top):
            if order(item, end) is None:
                return s.run.problem(place, "no_order", left=kind(item), right=kind(end))
        return contains(Range(bottom, top, node.low_included, node.high_included), item)

    return evaluate


def _unary(c: Compiler, node: n.Unary) -> Closure:
    """A comparison without its left side as a value: the range of what satisfies it."""
    operand, place, symbol = c.compile(node.operand), c.place(node), node.operator

    def evaluate(s: Scope) -> Any:
        end = operand(s)
        if symbol == "!=" or order(end, end) is None:
            return s.run.problem(place, "wrong_type", operation=symbol, kind=kind(end))
        if symbol == "=":
            return Range(end, end)
        if symbol[0] == "<":
            return Range(None, end, False, symbol == "<=")
        return Range(end, None, symbol == ">=", False)

    return evaluate


def _interval(c: Compiler, node: n.Interval) -> Closure:
    low, high, place = c.compile(node.low), c.compile(node.high), c.place(node)

    def evaluate(s: Scope) -> Any:
        bottom, top = low(s), high(s)
        if order(bottom, top) is None:
            return s.run.problem(place, "no_order", left=kind(bottom), right=kind(top))
        return Range(bottom, top, node.low_included, node.high_included)

    return evaluate


def _instance_of(c: Compiler, node: n.InstanceOf) -> Closure:
    wanted = resolve(node.type, c.types)
    value, unknown = c.compile(node.value), is_known(wanted)
    if unknown is not None:
        return failing(c, node, "unknown_type", name=unknown)
    check, of_null = checker(wanted), wanted.name.lower() == "null"

    def evaluate(s: Scope) -> bool:
        found = value(s)
        return of_null if found is None else check(found)

    return evaluate


def _if(c: Compiler, node: n.If) -> Closure:
    condition, then, otherwise = c.compile(node.condition), c.compile(node.then), c.compile(node.otherwise)
    return lambda s: then(s) if condition(s) is True else otherwise(s)


_COMPILE: dict[type, Callable[[Compiler, Any], Closure]] = {
    n.Literal: _literal,
    n.AtLiteral: _at_literal,
    n.Name: _name,
    n.Negation: _negation,
    n.Arithmetic: _arithmetic,
    n.Comparison: _comparison,
    n.Logic: _logic,
    n.Between: _between,
    n.In: _in,
    n.Unary: _unary,
    n.Interval: _interval,
    n.InstanceOf: _instance_of,
    n.If: _if,
}


def compiles(cls: type) -> Callable[[Callable[[Compiler, Any], Closure]], Callable[[Compiler, Any], Closure]]:
    """Register the function that compiles a kind of node."""

    def register(function: Callable[[Compiler, Any], Closure]) -> Callable[[Compiler, Any], Closure]:
        _COMPILE[cls] = function
        return function

    return register
