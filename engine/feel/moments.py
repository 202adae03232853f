"""Dates, times and durations as numbers and as text (DMN 1.3, 10.3.2.3.4 to 10.3.2.3.8).

They are carried by the types of `datetime`, which know the years 1 to 9999 and microseconds. The standard knows
999,999,999 years either way and finer fractions: such a value is a Wide. The calendar repeats itself every 400 years,
weekdays included, so a date far away is a date nearby and a number of those cycles.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

MAX_YEAR = 999_999_999
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_START = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
# A time has no date of its own: in a named zone it takes the standard offset, the smaller one of these two days.
_REFERENCE_DAYS = (date(2000, 1, 1), date(2000, 7, 1))


@dataclass(frozen=True, slots=True)
class Wide:
    """A value that `base` cannot hold alone: it lies `cycles` of 400 years later, and `nanos` (0 to 999) later."""

    base: Any
    cycles: int = 0
    nanos: int = 0

    def __str__(self) -> str:
        return text_of(self)


def carrier(value: Any) -> type:
    """The type of `datetime` that carries a value, or the value's own type."""
    return type(value.base) if type(value) is Wide else type(value)


def parts(value: Any) -> tuple[Any, int, int]:
    """What `datetime` holds of a value, its cycles of 400 years and its nanoseconds beyond the microsecond."""
    return (value.base, value.cycles, value.nanos) if type(value) is Wide else (value, 0, 0)


def base_of(value: Any) -> Any:
    """A value as `datetime` holds it: in another cycle of the calendar, cut to microseconds."""
    return value.base if type(value) is Wide else value


def joined(base: Any, cycles: int = 0, nanos: int = 0) -> Any:
    """The value with these parts: of the type of its base wherever that can hold it; OverflowError past MAX_YEAR."""
    if cycles:
        year, cycles = _nearby(base.year + cycles * _CYCLE_YEARS)
        base = base.replace(year=year)
    return Wide(base, cycles, nanos) if cycles or nanos else base


def _nearby(year: int) -> tuple[int, int]:
    """A year that `date` knows and that is like the given one, and the cycles between them."""
    if abs(year) > MAX_YEAR:
        raise OverflowError("year out of range")
    if 1 <= year <= 9999:
        return year, 0
    return 2000 + year % _CYCLE_YEARS, (year - 2000) // _CYCLE_YEARS


def date_from(year: int, month: int, day: int) -> Any:
    """The date with these numbers; ValueError if there is none, OverflowError past MAX_YEAR."""
    nearby, cycles = _nearby(year)
    return joined(date(nearby, month, day), cycles)


def year_of(value: Any) -> int:
    """The year of a date or date and time."""
    base, cycles, _ = parts(value)
    return int(base.year) + cycles * _CYCLE_YEARS


def day_of(value: Any) -> Any:
    """The date of a date and time; a date is itself."""
    base, cycles, _ = parts(value)
    return joined(base.date() if type(base) is datetime else base, cycles)


def clock_of(value: Any) -> Any:
    """The time of a date and time, with its offset or zone."""
    base, _, nanos = parts(value)
    return joined(base.timetz(), 0, nanos)


def combined(day: Any, clock: Any) -> Any:
    """The date and time of a date and a time."""
    base, cycles, _ = parts(day)
    tick, _, nanos = parts(clock)
    return joined(datetime.combine(base, tick), cycles, nanos)


def add_months(value: Any, months: int) -> Any:
    """A date or date and time some months later, on the last day of the month when it has no such day."""
    base, _, nanos = parts(value)
    year, month = divmod(year_of(value) * 12 + base.month - 1 + months, 12)
    nearby, cycles = _nearby(year)
    day = min(base.day, monthrange(nearby, month + 1)[1])
    return joined(base.replace(year=nearby, month=month + 1, day=day), cycles, nanos)


def nanos_of(span: Any) -> int:
    """A days and time duration in nanoseconds."""
    base, _, nanos = parts(span)
    return int(base // _MICROSECOND) * 1000 + nanos


def span_of(nanos: int) -> Any:
    """The days and time duration of so many nanoseconds; OverflowError past what timedelta holds."""
    micros, rest = divmod(nanos, 1000)
    return joined(timedelta(microseconds=micros), 0, rest)


def time_offset(value: Any) -> timedelta | None:
    """The offset of a time or date and time; a time in a named zone takes the zone's standard offset."""
    base = base_of(value)
    if base.tzinfo is None:
        return None
    if isinstance(base, datetime):
        return base.utcoffset()
    offsets = [datetime.combine(day, base).utcoffset() for day in _REFERENCE_DAYS]
    return min((offset for offset in offsets if offset is not None), default=None)


def instant(value: Any) -> int:
    """A date, time or date and time in nanoseconds: since a fixed day or since midnight, in UTC if it has an offset."""
    base, cycles, _ = parts(value)
    days = 0 if type(base) is time else base.toordinal() + cycles * _CYCLE_DAYS
    if type(base) is date:
        return days * DAY
    offset = time_offset(base)
    return days * DAY + _ticks(value) - (0 if offset is None else nanos_of(offset))


def _ticks(value: Any) -> int:
    """Nanoseconds on the clock since midnight."""
    base, _, nanos = parts(value)
    seconds = (base.hour * 60 + base.minute) * 60 + base.second
    return int((seconds * 1_000_000 + base.microsecond) * 1000) + nanos


def _at(nanos: int) -> tuple[datetime, int, int]:
    """The parts of the date and time without offset at an instant."""
    ordinal, rest = divmod(nanos, DAY)
    cycles = 0 if 366 < ordinal < date.max.toordinal() - 366 else (ordinal - _START) // _CYCLE_DAYS
    base = datetime.fromordinal(ordinal - cycles * _CYCLE_DAYS) + timedelta(microseconds=rest // 1000)
    return base, cycles, rest % 1000


def in_zone(moment: int, zone: tzinfo) -> Any:
    """The date and time in a zone at an instant of UTC."""
    base, cycles, nanos = _at(moment)
    return joined(base.replace(tzinfo=UTC).astimezone(zone), cycles, nanos)


def on_day(number: int) -> Any:
    """The date on a day counted like the instants, in days."""
    return day_of(joined(*_at(number * DAY)))


def moved(value: Any, nanos: int) -> Any:
    """A date, time or date and time so many nanoseconds later; a date moves by whole days."""
    base = base_of(value)
    if type(base) is time:
        clock, _, rest = _at(_START * DAY + (_ticks(value) + nanos) % DAY)
        return joined(clock.time().replace(tzinfo=base.tzinfo), 0, rest)
    moment = instant(value) + nanos
    if type(base) is date:
        return on_day(moment // DAY)
    return joined(*_at(moment)) if base.tzinfo is None else in_zone(moment, base.tzinfo)


def text_of(value: Any) -> str:
    """A date, time, date and time or days and time duration as text, with its offset or zone."""
    return _TEXTS[carrier(value)](value)


def _date_text(value: Any) -> str:
    year = year_of(value)
    return f"{'-' if year < 0 else ''}{abs(year):04d}-{base_of(value):%m-%d}"


def _clock_text(value: Any) -> str:
    base, _, nanos = parts(value)
    fraction = f"{base.microsecond * 1000 + nanos:09d}".rstrip("0")
    return f"{base:%H:%M:%S}" + (f".{fraction}" if fraction else "")


def _zone_text(value: Any) -> str:
    base = base_of(value)
    if base.tzinfo is None:
        return ""
    key = getattr(base.tzinfo, "key", None)
    if isinstance(key, str):
        return f"@{key}"
    offset = base.utcoffset()
    if not offset:
        return "Z" if offset is not None else ""
    seconds = abs(offset) // timedelta(seconds=1)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    return ("-" if offset < timedelta() else "+") + text


def _span_text(value: Any) -> str:
    """Normal form: P1DT12H, PT0S."""
    total = nanos_of(value)
    seconds, nanos = divmod(abs(total), SECOND)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if nanos:
        clock += f"{seconds}.{nanos:09d}".rstrip("0") + "S"
    elif seconds or not (days or clock):
        clock += f"{seconds}S"
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-P" if total < 0 else "P") + text


_TEXTS = {
    date: _date_text,
    time: lambda value: _clock_text(value) + _zone_text(value),
    datetime: lambda value: f"{_date_text(value)}T{_clock_text(value)}{_zone_text(value)}",
    timedelta: _span_text,
}
