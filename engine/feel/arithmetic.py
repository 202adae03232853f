"""Adding, subtracting, multiplying, dividing and raising values (DMN 1.3, 10.3.2.3, tables 50 to 54)."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException, DivisionByZero, InvalidOperation
from typing import Any

from .errors import Fail
from .temporal import MICROSECOND, clock_time, instant
from .values import NUMBERS, YearsMonths, kind

_DAY = timedelta(days=1)


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
    if isinstance(value, timedelta | YearsMonths):
        return -value
    raise Fail("wrong_type", operation="-", kind=kind(value))


def _add(left: Any, right: Any) -> Any:
    a, b = type(left), type(right)
    if a is b:
        if a is Decimal:
            return NUMBERS.add(left, right)
        if a is str or a is timedelta or a is YearsMonths:
            return left + right
        return None
    if b in (date, datetime, time):
        left, right, a, b = right, left, b, a
    return _shift(left, right)


def _shift(value: Any, duration: Any) -> Any:
    if type(duration) is YearsMonths and isinstance(value, date):
        return add_months(value, duration.months)
    if type(duration) is timedelta:
        if type(value) is date:
            return value + timedelta(days=duration // _DAY)
        if type(value) is datetime:
            if value.tzinfo is None:
                return value + duration
            return (value.astimezone(UTC) + duration).astimezone(value.tzinfo)
        if type(value) is time:
            moved = datetime.combine(date(2000, 1, 2), value.replace(tzinfo=None)) + duration % _DAY
            return moved.time().replace(tzinfo=value.tzinfo)
    return None


def add_months(value: date, months: int) -> date:
    """A date or date and time some months later, on the last day of the month when it has no such day."""
    total = value.year * 12 + value.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return value.replace(year=year, month=month + 1, day=min(value.day, calendar.monthrange(year, month + 1)[1]))


def _subtract(left: Any, right: Any) -> Any:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return NUMBERS.subtract(left, right)
    if a is b and a in (timedelta, YearsMonths):
        return left - right
    if a is date and b is date:
        return left - right
    if isinstance(left, date) and isinstance(right, date):
        return _between(_as_datetime(left), _as_datetime(right))
    if a is time and b is time:
        if (left.tzinfo is None) != (right.tzinfo is None):
            return None
        return clock_time(left) - clock_time(right)
    if b in (timedelta, YearsMonths):
        return _shift(left, -right)
    return None


def _as_datetime(value: date) -> datetime:
    """A date counts as its midnight in UTC next to a date and time (10.3.2.3.6)."""
    return value if isinstance(value, datetime) else datetime.combine(value, time(tzinfo=UTC))


def _between(left: datetime, right: datetime) -> timedelta | None:
    if (left.tzinfo is None) != (right.tzinfo is None):
        return None
    return instant(left) - instant(right)


def _multiply(left: Any, right: Any) -> Any:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return NUMBERS.multiply(left, right)
    if a is Decimal:
        left, right, a, b = right, left, b, a
    if b is not Decimal:
        return None
    if a is timedelta:
        return _whole(NUMBERS.multiply(Decimal(left // MICROSECOND), right)) * MICROSECOND
    if a is YearsMonths:
        return YearsMonths(int(_bounded(NUMBERS.multiply(Decimal(left.months), right))))
    return None


def _divide(left: Any, right: Any) -> Any:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return NUMBERS.divide(left, right)
    if a is timedelta and b is Decimal:
        return _whole(NUMBERS.divide(Decimal(left // MICROSECOND), right)) * MICROSECOND
    if a is YearsMonths and b is Decimal:
        return YearsMonths(int(_bounded(NUMBERS.divide(Decimal(left.months), right))))
    if a is timedelta and b is timedelta:
        return NUMBERS.divide(Decimal(left // MICROSECOND), Decimal(right // MICROSECOND))
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
