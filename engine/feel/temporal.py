"""Reading dates, times and durations from text (DMN 1.3, 10.3.2.3.4 to 10.3.2.3.9 and 10.3.4.1)."""

import re
from datetime import UTC, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .errors import Fail, FeelValueError
from .moments import DAY, SECOND, combined, date_from, joined, moved, span_of
from .values import YearsMonths

_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"([zZ]|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?(?:@([A-Za-z][A-Za-z0-9_+\-/]*))?"
)
_END_OF_DAY = re.compile(r"24(:00:00(?:\.0+)?(?:[^.0-9].*)?)")
_MONTHS = re.compile(r"(-)?P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_DAYS = re.compile(r"(-)?P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?")
_MAX_TEXT = 64
_MAX_OFFSET = timedelta(hours=18)


def parse_date(text: str) -> Any:
    """A date such as 2020-01-31."""
    match = _DATE.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise Fail("invalid_literal", value=text[:_MAX_TEXT], kind="date")
    return make_date(int(match.group(1)), int(match.group(2)), int(match.group(3)), text)


def make_date(year: int, month: int, day: int, text: str = "") -> Any:
    """A date from numbers."""
    try:
        return date_from(year, month, day)
    except OverflowError:
        raise Fail("out_of_range", operation="date") from None
    except ValueError:
        raise Fail("invalid_literal", value=text or f"{year}-{month}-{day}"[:_MAX_TEXT], kind="date") from None


def parse_time(text: str) -> Any:
    """A time such as 10:30:00, 10:30:00Z, 10:30:00.5+08:00 or 10:30:00@Asia/Shanghai."""
    match = _TIME.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None or (match.group(5) and match.group(6)):
        raise Fail("invalid_literal", value=text[:_MAX_TEXT], kind="time")
    hour, minute, second, fraction, offset, zone = match.groups()
    tz = parse_offset(offset, text) if offset else find_zone(zone) if zone else None
    micros, nanos = divmod(_fraction(fraction, text), 1000)
    try:
        return joined(time(int(hour), int(minute), int(second), micros, tz), 0, nanos)
    except ValueError:
        raise Fail("invalid_literal", value=text, kind="time") from None


def parse_datetime(text: str) -> Any:
    """A date and time; a date alone means its midnight, and 24:00:00 the midnight at the end of the day."""
    day, separator, clock = text.partition("T")
    late = _END_OF_DAY.fullmatch(clock)
    found = combined(parse_date(day), parse_time(f"00{late.group(1)}" if late else clock) if separator else time())
    return moved(found, DAY) if late else found


def parse_offset(text: str, whole: str) -> tzinfo:
    """An offset such as Z or +08:00."""
    if text in "zZ":
        return UTC
    hours, minutes, *seconds = (int(part) for part in text[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    if offset > _MAX_OFFSET or minutes > 59 or (seconds and seconds[0] > 59):
        raise Fail("invalid_literal", value=whole, kind="time")
    return timezone(-offset if text[0] == "-" else offset)


def find_zone(name: str) -> tzinfo:
    """A zone by its IANA name."""
    zone = _zone(name)
    if zone is None:
        raise Fail("invalid_literal", value=name, kind="time zone")
    return zone


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _fraction(digits: str | None, text: str) -> int:
    """The nanoseconds that the digits after the point stand for."""
    significant = (digits or "").rstrip("0")
    if len(significant) > 9:
        raise Fail("too_precise", value=text)
    return int(significant.ljust(9, "0"))


def read_duration(text: str, weeks: bool = False) -> Any:
    """An ISO 8601 duration of one of the two kinds."""
    short = len(text) <= _MAX_TEXT and text[-1:] not in ("P", "T")
    months = _MONTHS.fullmatch(text) if short else None
    try:
        if months:
            total = int(months.group(2) or 0) * 12 + int(months.group(3) or 0)
            return YearsMonths(-total if months.group(1) else total)
        match = _DAYS.fullmatch(text) if short else None
        if match is None or (match.group(2) and not weeks):
            raise Fail("invalid_literal", value=text[:_MAX_TEXT], kind="duration")
        sign, week, day, hour, minute, second, fraction = match.groups()
        days = int(week or 0) * 7 + int(day or 0)
        seconds = (int(hour or 0) * 60 + int(minute or 0)) * 60 + int(second or 0)
        total = days * DAY + seconds * SECOND + _fraction(fraction, text)
        return span_of(-total if sign else total)
    except OverflowError:
        raise Fail("out_of_range", operation="duration") from None


def parse_duration(text: str) -> timedelta | YearsMonths:
    """An ISO 8601 duration, weeks included; FeelValueError if it is none, mixes months with days or is too precise."""
    try:
        found = read_duration(text, weeks=True)
    except Fail as fail:
        raise FeelValueError(fail.code, **fail.params) from None
    if isinstance(found, timedelta | YearsMonths):
        return found
    raise FeelValueError("too_precise", value=text)
