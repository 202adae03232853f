"""Adding, subtracting, multiplying, dividing and raising values (DMN 1.3, 10.3.2.3, tables 50 to 54)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException, DivisionByZero, InvalidOperation
from typing import Any

from .errors import Fail
from .moments import add_months, base_of, carrier, combined, instant, moved, nanos_of, span_of
from .values import NUMBERS, YearsMonths, kind


def calculate(operator: str, left: Any, right: Any) -> Any:
    """The value of `left operator right`; Fail when it is not defined."""
    try:
        value = _OPERATIONS[operator](left, right)
    except (DivisionByZero, ZeroDivisionError):
        raise Fail("division_by_zero") from None
    except InvalidOperation:
        code = "division_by_zero" if operator == "/" and not right else "out_of_range"
        raise Fail(code, operation=operator) from None
    except (DecimalException, OverflowError):
        raise Fail("out_of_range", operation=operator) from None
    if value is None:
        raise Fail("wrong_types", operation=operator, left=kind(left), right=kind(right))
    return value


def negate(value: Any) -> Any:
    """Arithmetic negation, of numbers and durations."""
    if isinstance(value, Decimal):
        return NUMBERS.minus(value)
    if type(value) is YearsMonths:
        return -value
    if carrier(value) is timedelta:
        return span_of(-nanos_of(value))
    raise Fail("wrong_type", operation="-", kind=kind(value))


def _add(left: Any, right: Any) -> Any:
    a, b = carrier(left), carrier(right)
    if a is b:
        if a is Decimal:
            return NUMBERS.add(left, right)
        if a is str or a is YearsMonths:
            return left + right
        return span_of(nanos_of(left) + nanos_of(right)) if a is timedelta else None
    return _shift(right, left) if b in (date, datetime, time) else _shift(left, right)


def _shift(value: Any, duration: Any, sign: int = 1) -> Any:
    kinds = carrier(value), carrier(duration)
    if kinds in ((date, YearsMonths), (datetime, YearsMonths)):
        return add_months(value, sign * duration.months)
    if kinds in ((date, timedelta), (datetime, timedelta), (time, timedelta)):
        return moved(value, sign * nanos_of(duration))
    return None


def _subtract(left: Any, right: Any) -> Any:
    a, b = carrier(left), carrier(right)
    if a is b:
        if a is Decimal:
            return NUMBERS.subtract(left, right)
        if a is YearsMonths:
            return left - right
        if a is timedelta:
            return span_of(nanos_of(left) - nanos_of(right))
        if a is date:
            return span_of(instant(left) - instant(right))
    if b in (timedelta, YearsMonths):
        return _shift(left, right, -1)
    return _between(left, right) if a is b or {a, b} == {date, datetime} else None


def _between(left: Any, right: Any) -> Any:
    """The time from one time, or date and time, to another. A date counts as its midnight in UTC (10.3.2.3.6)."""
    left, right = (combined(v, time(tzinfo=UTC)) if carrier(v) is date else v for v in (left, right))
    if carrier(left) not in (time, datetime) or (base_of(left).tzinfo is None) != (base_of(right).tzinfo is None):
        return None
    return span_of(instant(left) - instant(right))


def _multiply(left: Any, right: Any) -> Any:
    a, b = carrier(left), carrier(right)
    if a is Decimal:
        left, right, a, b = right, left, b, a
    if b is not Decimal:
        return None
    if a is Decimal:
        return NUMBERS.multiply(left, right)
    if a is timedelta:
        return span_of(_whole(NUMBERS.multiply(Decimal(nanos_of(left)), right)))
    if a is YearsMonths:
        return YearsMonths(int(_bounded(NUMBERS.multiply(Decimal(left.months), right))))
    return None


def _divide(left: Any, right: Any) -> Any:
    a, b = carrier(left), carrier(right)
    if a is Decimal and b is Decimal:
        return NUMBERS.divide(left, right)
    if a is timedelta and b is Decimal:
        return span_of(_whole(NUMBERS.divide(Decimal(nanos_of(left)), right)))
    if a is YearsMonths and b is Decimal:
        return YearsMonths(int(_bounded(NUMBERS.divide(Decimal(left.months), right))))
    if a is timedelta and b is timedelta:
        return NUMBERS.divide(Decimal(nanos_of(left)), Decimal(nanos_of(right)))
    if a is YearsMonths and b is YearsMonths:
        return NUMBERS.divide(Decimal(left.months), Decimal(right.months))
    return None


def _bounded(number: Decimal) -> Decimal:
    if abs(number) > Decimal("1e30"):
        raise OverflowError
    return number


def _whole(number: Decimal) -> int:
    return int(_bounded(number).to_integral_value(ROUND_HALF_EVEN))


def _power(left: Any, right: Any) -> Any:
    if type(left) is not Decimal or type(right) is not Decimal:
        return None
    power = NUMBERS.power(left, right)
    if not power.is_finite():
        raise OverflowError
    return power


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "**": _power,
}
