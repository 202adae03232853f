"""Which days are worked: weekdays, public holidays of China with make-up working days, and years given in config."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Literal

import chinese_calendar
from chinese_calendar import constants

Reason = Literal["weekend", "holiday", "closed"]

WEEKEND: Reason = "weekend"
HOLIDAY: Reason = "holiday"
CLOSED: Reason = "closed"
_CHINESE_NAMES: dict[str, str] = {item.value: item.chinese for item in chinese_calendar.Holiday}


@dataclass(frozen=True)
class SkippedDay:
    """A day that did not count: ``reason`` is weekend, holiday (with its English name) or closed (config)."""

    date: date
    reason: Reason
    name: str | None = None

    def label(self, language: str) -> str:
        """Why the day did not count, in plain words."""
        if self.reason == WEEKEND:
            return "周末" if language == "zh" else "weekend"
        if self.reason == CLOSED or not self.name:
            return "休息日" if language == "zh" else "closed"
        return _CHINESE_NAMES.get(self.name, self.name) if language == "zh" else self.name


@dataclass(frozen=True)
class PublishedYear:
    """The days of one year as set in config: ``closed`` days off and ``working`` make-up days."""

    closed: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()


@dataclass(frozen=True)
class YearDays:
    """One year of days: the ones off with their reason, the make-up days worked, and whether the year is published."""

    off: dict[date, SkippedDay]
    made_up: frozenset[date]
    published: bool


@dataclass(frozen=True)
class DaySource:
    """Answers what kind of day a date is. ``china`` off means weekdays only (and every year counts as published)."""

    china: bool = True
    years: Mapping[int, PublishedYear] = field(default_factory=dict)

    @cached_property
    def last_published_year(self) -> int | None:
        """The last year whose holidays are known, or None when the plain weekday rule is all there is."""
        if not self.china:
            return None
        return max([_china_years()[1], *self.years])

    def year(self, year: int) -> YearDays:
        """The days of ``year``: config first, then the published Chinese calendar, then the weekday rule."""
        given = self.years.get(year)
        if given is not None:
            return _build(year, {day: SkippedDay(day, CLOSED) for day in given.closed}, given.working, True)
        first, last = _china_years()
        if self.china and first <= year <= last:
            names = {
                day: SkippedDay(day, HOLIDAY, name) for day, name in constants.holidays.items() if day.year == year
            }
            return _build(year, names, frozenset(day for day in constants.workdays if day.year == year), True)
        return _build(year, {}, frozenset(), not self.china)


@cache
def _china_years() -> tuple[int, int]:
    """First and last year whose holidays were published; a stray New Year's Day of the next year does not count."""
    years = [day.year for day in constants.holidays]
    last = max(years)
    while last > min(years) and years.count(last) < 5:
        last -= 1
    return min(years), last


def _build(year: int, named: dict[date, SkippedDay], working: frozenset[date], published: bool) -> YearDays:
    off = dict(named)
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() >= 5 and day not in working and day not in off:
            off[day] = SkippedDay(day, WEEKEND)
        day += timedelta(days=1)
    for made_up in working:
        off.pop(made_up, None)
    return YearDays(off, frozenset(day for day in working if day.weekday() >= 5), published)
