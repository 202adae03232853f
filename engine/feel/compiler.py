"""Syntax tree to Python closures. A closure takes a Scope and returns a value; whatever goes wrong yields None."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from . import nodes as n
from .arithmetic import calculate, negate
from .builtin import BUILTINS
from .compare import ORDERED, SIMPLE, contains, equal, order
from .errors import Fail, position
from .feeltypes import Types
from .run import Place, Scope
from .temporal import parse_date, parse_datetime, parse_time, read_duration
from .values import NUMBERS, PLAIN, Range, kind

Closure = Callable[[Scope], Any]


class Compiler:
    """Compiles one text, and notes which names it reads."""

    def __init__(self, text: str, types: Mapping[str, n.TypeNode] | None = None) -> None:
        self.text = text
        self.types = Types(types or {})
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


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparison(c: Compiler, node: n.Comparison) -> Closure:
    if node.operator in ("=", "!="):
        return _equality(c, node)
    left, right, place = c.compile(node.left), c.compile(node.right), c.place(node)
    compare = COMPARISONS[node.operator]

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
    n.If: _if,
}


def compiles(cls: type) -> Callable[[Callable[[Compiler, Any], Closure]], Callable[[Compiler, Any], Closure]]:
    """Register the function that compiles a kind of node."""

    def register(function: Callable[[Compiler, Any], Closure]) -> Callable[[Compiler, Any], Closure]:
        _COMPILE[cls] = function
        return function

    return register
