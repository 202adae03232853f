"""Dates, times and durations as text (DMN 1.3, 10.3.2.3.4 to 10.3.2.3.9 and 10.3.4.1)."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from .errors import Fail, FeelValueError
from .values import YearsMonths

_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"([zZ]|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?(?:@([A-Za-z][A-Za-z0-9_+\-/]*))?"
)
_MONTHS = re.compile(r"(-)?P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_DAYS = re.compile(r"(-)?P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?")
_MAX_TEXT = 64
_MAX_OFFSET = timedelta(hours=18)
MICROSECOND = timedelta(microseconds=1)
# A time has no date of its own: in a named zone it takes the standard offset, the smaller one of these two days.
_REFERENCE_DAYS = (date(2000, 1, 1), date(2000, 7, 1))


def parse_date(text: str) -> date:
    """A date such as 2020-01-31."""
    match = _DATE.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise Fail("invalid_literal", value=text[:_MAX_TEXT], kind="date")
    return make_date(int(match.group(1)), int(match.group(2)), int(match.group(3)), text)


def make_date(year: int, month: int, day: int, text: str = "") -> date:
    """A date from numbers; years outside 1 to 9999 are refused as out of range."""
    if not 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31:
        raise Fail("out_of_range", operation="date")
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise Fail("invalid_literal", value=text or f"{year}-{month}-{day}"[:_MAX_TEXT], kind="date") from None


def parse_time(text: str) -> time:
    """A time such as 10:30:00, 10:30:00Z, 10:30:00.5+08:00 or 10:30:00@Asia/Shanghai."""
    match = _TIME.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None or (match.group(5) and match.group(6)):
        raise Fail("invalid_literal", value=text[:_MAX_TEXT], kind="time")
    hour, minute, second, fraction, offset, zone = match.groups()
    tz = parse_offset(offset, text) if offset else find_zone(zone) if zone else None
    try:
        return time(int(hour), int(minute), int(second), _microseconds(fraction, text), tz)
    except ValueError:
        raise Fail("invalid_literal", value=text, kind="time") from None


def parse_datetime(text: str) -> datetime:
    """A date and time; a date alone means its midnight."""
    day, separator, clock = text.partition("T")
    if not separator:
        return datetime.combine(parse_date(day), time())
    return datetime.combine(parse_date(day), parse_time(clock))


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


def _microseconds(fraction: str | None, text: str) -> int:
    if not fraction:
        return 0
    digits = fraction.rstrip("0")
    if len(digits) > 6:
        raise Fail("too_precise", value=text)
    return int(digits.ljust(6, "0"))


def read_duration(text: str, weeks: bool = False) -> timedelta | YearsMonths:
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
        total_days = timedelta(
            weeks=int(week or 0),
            days=int(day or 0),
            hours=int(hour or 0),
            minutes=int(minute or 0),
            seconds=int(second or 0),
            microseconds=_microseconds(fraction, text),
        )
    except OverflowError:
        raise Fail("out_of_range", operation="duration") from None
    return -total_days if sign else total_days


def parse_duration(text: str) -> timedelta | YearsMonths:
    """An ISO 8601 duration, weeks included; FeelValueError if it is none, or mixes months with days."""
    try:
        return read_duration(text, weeks=True)
    except Fail as fail:
        raise FeelValueError(fail.code, **fail.params) from None


def format_duration(value: timedelta) -> str:
    """A days and time duration as text, in normal form: P1DT12H, PT0S."""
    micros = abs(value) // MICROSECOND
    seconds, micros = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if micros:
        clock += f"{seconds}.{micros:06d}".rstrip("0") + "S"
    elif seconds or not (days or clock):
        clock += f"{seconds}S"
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-P" if value < timedelta() else "P") + text


def format_time(value: time) -> str:
    """A time as text, with its offset or zone."""
    return _clock(value) + format_zone(value.tzinfo)


def format_datetime(value: datetime) -> str:
    """A date and time as text, with its offset or zone."""
    return f"{value.date().isoformat()}T{_clock(value)}{format_zone(value.tzinfo, value)}"


def _clock(value: time | datetime) -> str:
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    return text + (f".{value.microsecond:06d}".rstrip("0") if value.microsecond else "")


def format_zone(zone: tzinfo | None, moment: datetime | None = None) -> str:
    """The text for an offset or a zone; empty without one."""
    if zone is None:
        return ""
    key = getattr(zone, "key", None)
    if isinstance(key, str):
        return f"@{key}"
    offset = zone.utcoffset(moment)
    if not offset:
        return "Z" if offset is not None else ""
    seconds = abs(offset) // timedelta(seconds=1)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    return ("-" if offset < timedelta() else "+") + text


def time_offset(value: time | datetime) -> timedelta | None:
    """The offset of a value; a time in a named zone takes the zone's standard offset."""
    if value.tzinfo is None:
        return None
    if isinstance(value, datetime):
        return value.utcoffset()
    offsets = [datetime.combine(day, value).utcoffset() for day in _REFERENCE_DAYS]
    return min((offset for offset in offsets if offset is not None), default=None)


def instant(value: datetime) -> timedelta:
    """A date and time as the time since a fixed moment, in UTC when it has an offset."""
    elapsed = value.replace(tzinfo=None, fold=0) - datetime(1, 1, 1)
    offset = value.utcoffset()
    return elapsed - offset if offset is not None else elapsed


def clock_time(value: time) -> timedelta:
    """A time as the time since midnight, in UTC when it has an offset."""
    elapsed = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    offset = time_offset(value)
    return elapsed - offset if offset is not None else elapsed
