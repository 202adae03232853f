"""Equality and order (DMN 1.3, 10.3.2.3 tables 41 to 43) and membership in ranges and lists."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .moments import SECOND, base_of, carrier, instant, nanos_of, parts, time_offset
from .values import Function, Range, YearsMonths

if TYPE_CHECKING:
    from .run import Run

# Kinds whose Python equality is the equality of the language.
SIMPLE = frozenset({bool, str, Decimal, date, timedelta, YearsMonths})
# Kinds whose Python order is the order of the language.
ORDERED = frozenset({str, Decimal, date, timedelta, YearsMonths})


def equal(run: "Run", left: Any, right: Any) -> bool | None:
    """Whether two values are equal; None when their kinds differ."""
    a, b = type(left), type(right)
    if a is b and a in SIMPLE:
        return bool(left == right)
    if left is None or right is None:
        return bool(left is right)
    if carrier(left) is not carrier(right):
        if isinstance(left, Function) and isinstance(right, Function):
            return left is right
        return None
    return bool(identity(run, left) == identity(run, right))


def same(run: "Run", left: Any, right: Any) -> bool:
    """Whether two values are equal, where different kinds simply are not."""
    return equal(run, left, right) is True


def identity(run: "Run", value: Any) -> Any:
    """A hashable stand-in that is equal for equal values."""
    run.charge(3)
    cls = carrier(value)
    if cls in SIMPLE or value is None:
        return (cls, value)
    if cls is datetime or cls is time:
        return (cls, base_of(value).tzinfo is None, _second(value))
    if cls is list:
        return (cls, tuple(identity(run, item) for item in value))
    if cls is dict:
        return (cls, frozenset((key, identity(run, item)) for key, item in value.items()))
    if cls is Range:
        ends = (identity(run, value.low), identity(run, value.high))
        return (cls, ends, value.low_included, value.high_included)
    return (cls, id(value))


def _second(value: Any) -> int:
    """The whole seconds by which times are compared: fractions do not count (10.3.2.3.4)."""
    return instant(value) // SECOND


def exactly(run: "Run", left: Any, right: Any) -> bool:
    """The function is(): like equality, but 10:00Z is not 11:00+01:00 nor 10:00@Etc/UTC (10.3.4.9)."""
    if carrier(left) is not carrier(right):
        return False
    if carrier(left) in (datetime, time):
        return _read_off(left) == _read_off(right)
    return same(run, left, right)


def _read_off(value: Any) -> tuple[Any, ...]:
    base, cycles, nanos = parts(value)
    return base.replace(tzinfo=None), cycles, nanos, getattr(base.tzinfo, "key", None) or time_offset(base)


def order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 as the left value comes before, with or after the right one; None when they have no order."""
    a = carrier(left)
    if a is not carrier(right):
        return None
    if a is datetime or a is time:
        if (base_of(left).tzinfo is None) != (base_of(right).tzinfo is None):
            return None
        left, right = _second(left), _second(right)
    elif a is date:
        left, right = instant(left), instant(right)
    elif a is timedelta:
        left, right = nanos_of(left), nanos_of(right)
    elif a not in ORDERED:
        return None
    return int(left > right) - int(left < right)


def contains(value: Range, item: Any) -> bool | None:
    """Whether an item lies in a range; None when it cannot be compared with the ends."""
    if value.low is not None:
        low = order(item, value.low)
        if low is None:
            return None
        if low < 0 or (low == 0 and not value.low_included):
            return False if value.high is None or order(item, value.high) is not None else None
    if value.high is not None:
        high = order(item, value.high)
        if high is None:
            return None
        return high < 0 or (high == 0 and value.high_included)
    return True


def matches(run: "Run", item: Any, test: Any) -> bool | None:
    """Whether an item satisfies the value of a test: equal to it, in its range, or in its list (table 55)."""
    if type(test) is Range and type(item) is not Range:
        return contains(test, item)
    if type(test) is list:
        run.charge(len(test))
        if type(item) is list and same(run, item, test):
            return True
        return any(same(run, item, option) or (type(option) is Range and contains(option, item)) for option in test)
    return same(run, item, test)
