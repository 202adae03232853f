"""Date and time functions (DMN 1.3, 10.3.4.1 and 10.3.4.10)."""

from calendar import monthrange
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from .builtin import builtin
from .errors import Fail
from .moments import base_of, carrier, combined, day_of, instant, joined, parts, year_of
from .run import Run
from .values import YearsMonths

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("years and months duration", "from: date|datetime, to: date|datetime")
def years_and_months_duration(run: Run, start: Any, end: Any) -> YearsMonths:
    """The whole months from one date to another."""
    first, last = (combined(value, time()) if carrier(value) is date else value for value in (start, end))
    if (base_of(first).tzinfo is None) != (base_of(last).tzinfo is None):
        first, last = _without_zone(first), _without_zone(last)
    sign = 1
    if instant(last) < instant(first):
        first, last, sign = last, first, -1
    months = (year_of(last) - year_of(first)) * 12 + base_of(last).month - base_of(first).month
    return YearsMonths(sign * (months - (_within_month(last) < _within_month(first))))


def _without_zone(value: Any) -> Any:
    base, cycles, nanos = parts(value)
    return joined(base.replace(tzinfo=None), cycles, nanos)


def _within_month(value: Any) -> tuple[int, time, int]:
    base, _, nanos = parts(value)
    return base.day, base.time(), nanos


@builtin("day of week", "date: date|datetime")
def day_of_week(run: Run, value: Any) -> str:
    """The English name of the day."""
    return _DAYS[base_of(value).weekday()]


@builtin("month of year", "date: date|datetime")
def month_of_year(run: Run, value: Any) -> str:
    """The English name of the month."""
    return _MONTHS[base_of(value).month - 1]


@builtin("day of year", "date: date|datetime")
def day_of_year(run: Run, value: Any) -> Decimal:
    """The number of the day in its year."""
    return Decimal(base_of(value).timetuple().tm_yday)


@builtin("week of year", "date: date|datetime")
def week_of_year(run: Run, value: Any) -> Decimal:
    """The number of the week, as ISO 8601 counts."""
    return Decimal(base_of(value).isocalendar().week)


@builtin("last day of month", "date: date|datetime")
def last_day_of_month(run: Run, value: Any) -> Any:
    """The last day of the month of a date."""
    base, cycles, _ = parts(day_of(value))
    return joined(base.replace(day=monthrange(base.year, base.month)[1]), cycles)


@builtin("now")
def now(run: Run) -> datetime:
    """The moment of the evaluation, as its caller says it is."""
    if run.now is None:
        raise Fail("no_clock", function="now")
    return run.now.astimezone(run.zone) if run.zone is not None and run.now.tzinfo is not None else run.now


@builtin("today")
def today(run: Run) -> date:
    """The day of the evaluation."""
    if run.now is None:
        raise Fail("no_clock", function="today")
    return now(run).date()
