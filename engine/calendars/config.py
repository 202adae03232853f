"""Calendars from ``config.toml``.

[calendar]
zone = "Asia/Shanghai"
public_holidays = "china"            # or "none": weekdays only
[calendar.working]
hours = ["09:00-12:00", "13:30-17:30"]
[calendar.holidays.2027]             # a year given here is published and replaces the built-in one as a whole
closed = ["2027-01-01"]
working = ["2027-01-09"]
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from engine.calendars.clocks import Calendar, RoundTheClock, WorkingClock, WorkingHours
from engine.calendars.days import DaySource, PublishedYear
from engine.calendars.durations import CalendarError

_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", re.ASCII)
_RESERVED = {"zone", "public_holidays", "holidays", "working", "calendar"}


def calendars_from_config(config: Mapping[str, Any]) -> dict[str, Calendar]:
    """The calendars by name: ``calendar``, ``working`` and one more for each further table with ``hours``.

    ``config`` is the whole configuration; a missing [calendar] table means the defaults. Raises CalendarError naming
    the setting that cannot be used.
    """
    settings = _table(config.get("calendar", {}), "calendar")
    zone = _zone(settings.get("zone", "Asia/Shanghai"))
    days = DaySource(_china(settings.get("public_holidays", "china")), _years(settings.get("holidays", {})))
    working = _table(settings.get("working", {}), "calendar.working")
    hours = _hours(working["hours"], "calendar.working.hours") if "hours" in working else WorkingHours()
    calendars: dict[str, Calendar] = {
        "calendar": RoundTheClock(zone),
        "working": WorkingClock("working", zone, hours, days),
    }
    for name in settings.keys() - _RESERVED:
        own = _table(settings[name], f"calendar.{name}")
        calendars[name] = WorkingClock(name, zone, _hours(own.get("hours"), f"calendar.{name}.hours"), days)
    return calendars


def _bad(setting: str, zh: str, en: str) -> CalendarError:
    return CalendarError(f"config.toml 的 {setting}：{zh}", f"config.toml, {setting}: {en}")


def _table(value: object, setting: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _bad(setting, "应为一个表", "must be a table")
    return value


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError) as error:
        raise _bad("calendar.zone", f"没有时区“{name}”", f"there is no time zone '{name}'") from error


def _china(value: object) -> bool:
    if value not in ("china", "none"):
        raise _bad("calendar.public_holidays", '只能是 "china" 或 "none"', 'must be "china" or "none"')
    return value == "china"


def _hours(value: object, setting: str) -> WorkingHours:
    items = value if isinstance(value, list | tuple) else []
    matches = [_SPAN.fullmatch(item) if isinstance(item, str) else None for item in items]
    try:
        intervals = [(time(int(m[1]), int(m[2])), _closing(int(m[3]), int(m[4]))) for m in matches if m]
        if len(intervals) == len(matches) > 0:
            return WorkingHours(tuple(intervals))
    except ValueError as error:
        if isinstance(error, CalendarError):
            raise _bad(setting, error.zh, error.en) from error
    raise _bad(setting, '请写成 ["09:00-12:00", "13:30-17:30"]', 'write it as ["09:00-12:00", "13:30-17:30"]')


def _closing(hour: int, minute: int) -> time:
    return time(0) if (hour, minute) == (24, 0) else time(hour, minute)


def _years(value: object) -> dict[int, PublishedYear]:
    years = {}
    for key, table in _table(value, "calendar.holidays").items():
        setting = f"calendar.holidays.{key}"
        if not re.fullmatch(r"(19|2\d)\d\d", str(key), re.ASCII):
            raise _bad(setting, "表名应为年份，例如 2027", "the name must be a year such as 2027")
        given = _table(table, setting)
        closed = _dates(given.get("closed", []), int(key), f"{setting}.closed")
        working = _dates(given.get("working", []), int(key), f"{setting}.working")
        if both := closed & working:
            raise _bad(setting, f"{min(both)} 既放假又上班", f"{min(both)} is both closed and working")
        years[int(key)] = PublishedYear(closed, working)
    return years


def _dates(values: object, year: int, setting: str) -> frozenset[date]:
    if not isinstance(values, list | tuple):
        raise _bad(setting, "应为日期列表", "must be a list of dates")
    days = set()
    for value in values:
        try:
            day = value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            zh, en = f"“{value}”不是日期，请写 2027-01-01", f"'{value}' is not a date like 2027-01-01"
            raise _bad(setting, zh, en) from error
        if day.year != year:
            raise _bad(setting, f"{day} 不在 {year} 年", f"{day} is not in {year}")
        days.add(day)
    return frozenset(days)
