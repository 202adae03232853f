"""What a cell of literals says, for fast matching and for the analysis of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.feel import FeelError, compile_expression, display
from engine.feel import nodes as n
from engine.feel.builtins import FUNCTION_NAMES
from engine.feel.compare import contains, order
from engine.feel.parser import parse_tests
from engine.feel.values import Range, YearsMonths

HASHED = frozenset({bool, str, Decimal, date, timedelta, YearsMonths})
"""Kinds whose equality and hash in Python are those of the language."""
_CONSTRUCTORS = frozenset({"date", "time", "date and time", "duration"})


@dataclass(frozen=True, slots=True)
class Exact:
    """Equal to a value."""

    value: Any


Item = Exact | Range


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell made of literals; ``anything`` for "-"."""

    items: tuple[Item, ...] = ()
    negated: bool = False
    anything: bool = False

    def keys(self) -> list[tuple[type, Any]] | None:
        """Hash keys when the cell only lists simple values, else None."""
        if self.negated or self.anything:
            return None
        found = [(type(i.value), i.value) for i in self.items if isinstance(i, Exact) and type(i.value) in HASHED]
        return found if len(found) == len(self.items) else None

    def has_null(self) -> bool:
        """Whether the cell mentions null."""
        return any(isinstance(item, Exact) and item.value is None for item in self.items)

    def accepts_null(self) -> bool:
        """Whether null satisfies the cell: it has no order, and is equal to nothing but itself."""
        if not self.negated:
            return self.anything or self.has_null()
        return not self.has_null() and not any(isinstance(item, Range) for item in self.items)

    def accepts(self, value: Any) -> bool:
        """Whether a value, null apart, satisfies the cell."""
        if self.anything:
            return True
        found = [_accepts(item, value) for item in self.items]
        if not self.negated:
            return any(found)
        return all(answer is False for answer in found)


def _accepts(item: Item, value: Any) -> bool | None:
    """Whether a value satisfies a test; None when they cannot be compared."""
    if isinstance(item, Range):
        return contains(item, value)
    if item.value is not None and type(item.value) is not type(value):
        return None
    return same(item.value, value)


def same(left: Any, right: Any) -> bool:
    """Whether two values of the language are equal, values of different kinds being different."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, datetime | time):
        return order(left, right) == 0
    return bool(left == right)


def literals(cells: Iterable[Cell | None]) -> list[Any]:
    """The values that cells mention, null apart."""
    found: list[Any] = []
    for cell in cells:
        for item in cell.items if cell is not None else ():
            found.extend([item.value] if isinstance(item, Exact) else [item.low, item.high])
    return [value for value in found if value is not None]


class _NotConstant(Exception):
    pass


def read_cell(text: str, names: frozenset[str] = frozenset()) -> Cell | None:
    """The meaning of a cell that consists of literals only; None for any other cell."""
    try:
        tests = parse_tests(text, names, FUNCTION_NAMES)
        if not tests.items:
            return Cell(anything=True)
        return Cell(tuple(_item(node) for node in tests.items), tests.negated)
    except (FeelError, _NotConstant):
        return None


def constants(text: str, names: frozenset[str] = frozenset()) -> list[Any] | None:
    """The values of a list of literals such as allowed values; None when it contains anything else."""
    cell = read_cell(text, names)
    if cell is None or cell.negated or cell.anything:
        return None
    values = [item.value for item in cell.items if isinstance(item, Exact)]
    return values if len(values) == len(cell.items) else None


def _item(node: n.Node) -> Item:
    if isinstance(node, n.Interval):
        low, high = _constant(node.low), _constant(node.high)
        if low is None or high is None:
            raise _NotConstant
        return Range(low, high, node.low_included, node.high_included)
    if not isinstance(node, n.Unary):
        return Exact(_constant(node))
    end = _constant(node.operand)
    if node.operator == "=":
        return Exact(end)
    if node.operator == "!=" or end is None:
        raise _NotConstant
    if node.operator.startswith("<"):
        return Range(None, end, False, node.operator == "<=")
    return Range(end, None, node.operator == ">=", False)


def _constant(node: n.Node) -> Any:
    """The value of a literal, a negative number, or a date, time or duration written with its constructor."""
    if isinstance(node, n.Literal):
        return node.value
    if isinstance(node, n.Negation):
        value = _constant(node.operand)
        if isinstance(value, Decimal):
            return -value
    if isinstance(node, n.AtLiteral):
        return _evaluated(f"@{display(node.text)}")
    if isinstance(node, n.Call) and isinstance(node.function, n.Name) and node.function.name in _CONSTRUCTORS:
        arguments = node.arguments
        if len(arguments) == 1 and isinstance(arguments[0], n.Literal) and isinstance(arguments[0].value, str):
            return _evaluated(f"{node.function.name}({display(arguments[0].value)})")
    raise _NotConstant


def _evaluated(text: str) -> Any:
    value = compile_expression(text).evaluate({})
    if value is None:
        raise _NotConstant
    return value


def unknown_calls(text: str, names: frozenset[str], missing: frozenset[str]) -> set[str]:
    """Which of the missing names an expression or cell calls as a function."""
    try:
        tree = parse_tests(text, names, FUNCTION_NAMES)
    except FeelError:
        return set()
    called: set[str] = set()
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, n.Node | n.Iterator):
            if isinstance(node, n.Call) and isinstance(node.function, n.Name):
                called.add(node.function.name)
            stack.extend(getattr(node, slot) for slot in type(node).__dataclass_fields__)
    return called & missing
