"""Compiling what takes values apart and puts them together: lists, contexts, paths and filters."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import nodes as n
from .compiler import Closure, Compiler, compiles, failing
from .errors import Fail
from .moments import SECOND, base_of, carrier, nanos_of, parts, time_offset, year_of
from .run import Scope
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
    getter = _PROPERTIES.get(carrier(value), {}).get(name)
    if getter is None:
        raise Fail("no_property", kind=kind(value), name=name)
    found = getter(value)
    return Decimal(found) if type(found) is int else found


def _member_or_null(s: Scope, item: Any, name: str) -> Any:
    try:
        return None if type(item) is list else member(s, item, name)
    except Fail:
        return None


def _second(value: Any) -> Decimal:
    base, _, nanos = parts(value)
    return _seconds(base.second * SECOND + base.microsecond * 1000 + nanos)


def _seconds(nanos: int) -> Decimal:
    """So many nanoseconds in seconds, without zeros after the last digit that counts."""
    whole, rest = divmod(abs(nanos), SECOND)
    seconds = Decimal(f"{whole}.{rest:09d}".rstrip("0")) if rest else Decimal(whole)
    return -seconds if nanos < 0 else seconds


def _part(size: int, limit: int) -> Callable[[Any], Any]:
    """How many whole units of a size, in seconds, a duration has beyond the larger units; signed as the duration."""

    def get(value: Any) -> Decimal:
        total = nanos_of(value)
        count = abs(total) // (size * SECOND) % limit
        return Decimal(-count if total < 0 else count)

    return get


def _duration_seconds(value: Any) -> Decimal:
    total = nanos_of(value)
    return _seconds(-(-total % (60 * SECOND)) if total < 0 else total % (60 * SECOND))


def _years(value: YearsMonths) -> int:
    return int(value.months / 12) if abs(value.months) < 2**52 else value.months // 12


_DATE: dict[str, Callable[[Any], Any]] = {
    "year": year_of,
    "month": lambda v: base_of(v).month,
    "day": lambda v: base_of(v).day,
    "weekday": lambda v: base_of(v).isoweekday(),
}
_TIME: dict[str, Callable[[Any], Any]] = {
    "hour": lambda v: base_of(v).hour,
    "minute": lambda v: base_of(v).minute,
    "second": _second,
    "time offset": time_offset,
    "timezone": lambda v: getattr(base_of(v).tzinfo, "key", None),
}


_PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    date: _DATE,
    time: _TIME,
    datetime: {**_DATE, **_TIME},
    timedelta: {
        "days": _part(86_400, 10**12),
        "hours": _part(3_600, 24),
        "minutes": _part(60, 60),
        "seconds": _duration_seconds,
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
