"""Relations between points and ranges (DMN 1.3, 10.3.4.11, table 78)."""

from collections.abc import Callable
from typing import Any

from .builtin import builtin
from .compare import contains, order, same
from .errors import Fail
from .run import Run
from .values import Range, kind

_POINT = "number|string|date|time|datetime|dtd|ymd"


def _order(left: Any, right: Any) -> int:
    found = order(left, right)
    if found is None:
        raise Fail("no_order", left=kind(left), right=kind(right))
    return found


def _low(a: Range, b: Range) -> int:
    """Where the range a begins compared with b: an open end begins after a closed one."""
    if a.low is None or b.low is None:
        return (a.low is not None) - (b.low is not None)
    return _order(a.low, b.low) or b.low_included - a.low_included


def _high(a: Range, b: Range) -> int:
    """Where the range a ends compared with b: an open end ends before a closed one."""
    if a.high is None or b.high is None:
        return (a.high is None) - (b.high is None)
    return _order(a.high, b.high) or a.high_included - b.high_included


def _gap(a: Range, b: Range) -> int:
    """-1 when a ends before b begins, 0 when they share exactly the point where they touch, else 1."""
    if a.high is None or b.low is None:
        return 1
    found = _order(a.high, b.low)
    return found if found else (0 if a.high_included and b.low_included else -1)


def _point_in(run: Run, point: Any, item: Range) -> bool:
    found = contains(item, point)
    if found is None:
        raise Fail("no_order", left=kind(point), right=kind(item.low if item.low is not None else item.high))
    return found


def _as_range(point: Any) -> Range:
    return Range(point, point)


Relation = Callable[[Range, Range], bool]


def _both_ways(name: str, inverse: str, relation: Relation, *forms: str) -> None:
    """Declare a relation and its inverse. A point counts as the range that holds only it."""

    def call(run: Run, left: Any, right: Any) -> bool:
        return relation(*(value if isinstance(value, Range) else _as_range(value) for value in (left, right)))

    for form in forms:
        first, second = form.split(" ")
        names = _names(first, second)
        builtin(name, ", ".join(names))(call)
        builtin(inverse, ", ".join(_names(second, first)))(lambda run, a, b: call(run, b, a))


def _names(first: str, second: str) -> tuple[str, str]:
    suffix = ("1", "2") if first == second else ("", "")
    kinds = {"point": _POINT, "range": "range"}
    return f"{first}{suffix[0]}: {kinds[first]}", f"{second}{suffix[1]}: {kinds[second]}"


_both_ways("before", "after", lambda a, b: _gap(a, b) < 0, "point point", "point range", "range point", "range range")
_both_ways("meets", "met by", lambda a, b: _gap(a, b) == 0, "range range")
_both_ways(
    "overlaps before",
    "overlaps after",
    lambda a, b: _low(a, b) < 0 and _gap(a, b) >= 0 and _high(a, b) <= 0,
    "range range",
)
_both_ways("finishes", "finished by", lambda a, b: _high(a, b) == 0 and _low(a, b) >= 0, "point range", "range range")
_both_ways("during", "includes", lambda a, b: _low(a, b) >= 0 and _high(a, b) <= 0, "point range", "range range")
_both_ways("starts", "started by", lambda a, b: _low(a, b) == 0 and _high(a, b) <= 0, "point range", "range range")


@builtin("overlaps", "range1: range, range2: range")
def overlaps(run: Run, a: Range, b: Range) -> bool:
    """Whether two ranges have a point in common."""
    return _gap(a, b) >= 0 and _gap(b, a) >= 0


@builtin("coincides", f"point1: {_POINT}, point2: {_POINT}")
def points_coincide(run: Run, a: Any, b: Any) -> bool:
    """Whether two points are the same."""
    return _order(a, b) == 0


@builtin("coincides", "range1: range, range2: range")
def ranges_coincide(run: Run, a: Range, b: Range) -> bool:
    """Whether two ranges are the same."""
    return same(run, a, b)
