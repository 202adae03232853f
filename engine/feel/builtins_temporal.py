"""Date and time functions (DMN 1.3, 10.3.4.1 and 10.3.4.10)."""

import calendar
from datetime import date, datetime, time
from decimal import Decimal

from .builtin import builtin
from .errors import Fail
from .run import Run
from .temporal import instant
from .values import YearsMonths

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("years and months duration", "from: date|datetime, to: date|datetime")
def years_and_months_duration(run: Run, start: date, end: date) -> YearsMonths:
    """The whole months from one date to another."""
    first, last = _moment(start), _moment(end)
    if (first.tzinfo is None) != (last.tzinfo is None):
        first, last = first.replace(tzinfo=None), last.replace(tzinfo=None)
    sign = 1
    if instant(last) < instant(first):
        first, last, sign = last, first, -1
    months = (last.year - first.year) * 12 + last.month - first.month
    if (last.day, last.time()) < (first.day, first.time()):
        months -= 1
    return YearsMonths(sign * months)


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


@builtin("day of week", "date: date|datetime")
def day_of_week(run: Run, value: date) -> str:
    """The English name of the day."""
    return _DAYS[value.weekday()]


@builtin("month of year", "date: date|datetime")
def month_of_year(run: Run, value: date) -> str:
    """The English name of the month."""
    return _MONTHS[value.month - 1]


@builtin("day of year", "date: date|datetime")
def day_of_year(run: Run, value: date) -> Decimal:
    """The number of the day in its year."""
    return Decimal(value.timetuple().tm_yday)


@builtin("week of year", "date: date|datetime")
def week_of_year(run: Run, value: date) -> Decimal:
    """The number of the week, as ISO 8601 counts."""
    return Decimal(value.isocalendar().week)


@builtin("last day of month", "date: date|datetime")
def last_day_of_month(run: Run, value: date) -> date:
    """The last day of the month of a date."""
    return date(value.year, value.month, calendar.monthrange(value.year, value.month)[1])


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
