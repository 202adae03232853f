"""Compiling what takes values apart and puts them together: lists, contexts, paths and filters."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import nodes as n
from .compiler import Closure, Compiler, compiles, failing
from .errors import Fail
from .run import Scope
from .temporal import time_offset
from .values import Range, YearsMonths, kind

_MISSING: Any = object()


@compiles(n.ListOf)
def _list(c: Compiler, node: n.ListOf) -> Closure:
    items = [c.compile(item) for item in node.items]
    return lambda s: [item(s) for item in items]


@compiles(n.ContextOf)
def _context(c: Compiler, node: n.ContextOf) -> Closure:
    visible = len(c.bound)
    entries: list[tuple[str, Closure]] = []
    for key, value in node.entries:
        if any(key == known for known, _ in entries):
            return failing(c, node, "duplicate_key", name=key)
        entries.append((key, c.compile(value)))
        c.bound.append(key)
    del c.bound[visible:]

    def evaluate(s: Scope) -> dict[str, Any]:
        values: dict[str, Any] = {}
        inner = Scope(values, s, s.run)
        for key, value in entries:
            values[key] = value(inner)
        return values

    return evaluate


@compiles(n.Path)
def _path(c: Compiler, node: n.Path) -> Closure:
    base, name, place = c.compile(node.base), node.name, c.place(node)

    def evaluate(s: Scope) -> Any:
        value = base(s)
        if type(value) is dict and name in value:
            return value[name]
        try:
            return member(s, value, name)
        except Fail as fail:
            return s.run.failed(place, fail)

    root, parts = _names_only(node)
    return evaluate if root is None else _from_root(root, parts, evaluate, c.place(node))


def _names_only(node: n.Node) -> tuple[str | None, list[str]]:
    parts: list[str] = []
    while isinstance(node, n.Path):
        parts.insert(0, node.name)
        node = node.base
    return (node.name, parts) if isinstance(node, n.Name) else (None, parts)


def _from_root(root: str, parts: list[str], general: Closure, place: tuple[int, int]) -> Closure:
    """Follow a path through the host's own mappings, so that only the value at its end is converted."""

    def evaluate(s: Scope) -> Any:
        scope = s.holder(root)
        if scope is None or scope.parent is not None:
            return general(s)
        value = scope.names[root]
        for part in parts:
            value = value.get(part, _MISSING) if type(value) is dict else _MISSING
            if value is _MISSING:
                return general(s)
        return s.run.convert(value, place)

    return evaluate


def member(s: Scope, value: Any, name: str) -> Any:
    """An entry or property of a value (DMN 1.3, table 53); of every element, for a list."""
    if value is None:
        return None
    if type(value) is dict:
        if name not in value:
            raise Fail("unknown_entry", name=name)
        return value[name]
    if type(value) is list:
        s.run.charge(len(value))
        return [item.get(name) if type(item) is dict else _member_or_null(s, item, name) for item in value]
    getter = _PROPERTIES.get(type(value), {}).get(name)
    if getter is None:
        raise Fail("no_property", kind=kind(value), name=name)
    found = getter(value)
    return Decimal(found) if type(found) is int else found


def _member_or_null(s: Scope, item: Any, name: str) -> Any:
    try:
        return None if type(item) is list else member(s, item, name)
    except Fail:
        return None


_DATE: dict[str, Callable[[Any], Any]] = {
    "year": lambda v: v.year,
    "month": lambda v: v.month,
    "day": lambda v: v.day,
    "weekday": lambda v: v.isoweekday(),
}
_TIME: dict[str, Callable[[Any], Any]] = {
    "hour": lambda v: v.hour,
    "minute": lambda v: v.minute,
    "second": lambda v: Decimal(v.second) + Decimal(v.microsecond) / 1_000_000 if v.microsecond else v.second,
    "time offset": time_offset,
    "timezone": lambda v: getattr(v.tzinfo, "key", None),
}


def _part(size: timedelta, limit: int | None) -> Callable[[Any], Any]:
    def get(value: timedelta) -> Decimal:
        count = abs(value) // size
        count = count % limit if limit else count
        return Decimal(-count if value < timedelta() else count)

    return get


def _seconds(value: timedelta) -> Decimal:
    micros = abs(value) // timedelta(microseconds=1) % 60_000_000
    seconds = Decimal(micros).scaleb(-6)
    return -seconds if value < timedelta() else seconds


def _years(value: YearsMonths) -> int:
    return int(value.months / 12) if abs(value.months) < 2**52 else value.months // 12


_PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    date: _DATE,
    time: _TIME,
    datetime: {**_DATE, **_TIME},
    timedelta: {
        "days": _part(timedelta(days=1), None),
        "hours": _part(timedelta(hours=1), 24),
        "minutes": _part(timedelta(minutes=1), 60),
        "seconds": _seconds,
    },
    YearsMonths: {"years": _years, "months": lambda v: v.months - 12 * _years(v)},
    Range: {
        "start": lambda v: v.low,
        "end": lambda v: v.high,
        "start included": lambda v: v.low_included,
        "end included": lambda v: v.high_included,
    },
}


@compiles(n.Filter)
def _filter(c: Compiler, node: n.Filter) -> Closure:
    base, place = c.compile(node.base), c.place(node)
    index = _fixed_index(node.condition)
    if index is not None:

        def fixed(s: Scope) -> Any:
            value = base(s)
            return None if value is None else element(s, value if type(value) is list else [value], index, place)

        return fixed
    c.in_filter += 1
    c.bound.append("item")
    condition, weight = c.weighed(node.condition)
    c.bound.pop()
    c.in_filter -= 1

    def evaluate(s: Scope) -> Any:
        value = base(s)
        if value is None:
            return None
        return select(s, value if type(value) is list else [value], condition, weight, place)

    return evaluate


def _fixed_index(node: n.Node) -> Decimal | None:
    if isinstance(node, n.Negation):
        inner = _fixed_index(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, n.Literal) and isinstance(node.value, Decimal) else None


def element(s: Scope, items: list[Any], index: Decimal, place: tuple[int, int]) -> Any:
    """An element by its position from 1, or from -1 backwards."""
    size = len(items)
    if index == index.to_integral_value():
        if 1 <= index <= size:
            return items[int(index) - 1]
        if -size <= index <= -1:
            return items[int(index)]
    return s.run.problem(place, "index", index=str(index)[:40], size=size)


def select(s: Scope, items: list[Any], condition: Closure, weight: int, place: tuple[int, int]) -> Any:
    """The elements that satisfy a condition; a condition that is a number selects by position (10.3.2.5)."""
    run = s.run
    if not items:
        known = len(run.problems)
        found = condition(Scope({"item": None}, s, run))
        del run.problems[known:]
        return element(s, items, found, place) if type(found) is Decimal else []
    run.charge(weight * len(items))
    kept: list[Any] = []
    for item in items:
        inner = Scope({"item": item}, s, run)
        found = condition(Scope(item, inner, run) if type(item) is dict else inner)
        if found is True:
            kept.append(item)
        elif type(found) is Decimal:
            return element(s, items, found, place)
        elif found is not False and found is not None:
            run.problem(place, "not_boolean", operation="[ ]", kind=kind(found))
            return None
    return kept
