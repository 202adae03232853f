"""The two kinds of clock deadlines run on: round the clock, and working hours on working days.

Decisions (working clock):
- ``PnD`` falls on the n-th working day after the day of receipt, at the same clock time. Received before opening it
  is due at opening, after closing or on a closed day at closing, in a break when the break ends. So the day is right
  for any time of receipt, and exactly n days of working time lie between.
- ``PTnH`` counts working time only and spills over closed time; it ends at the end of an interval, not at the next
  opening.
- A week is five working days. Months and years are calendar ones (31 January + P1M = 28/29 February).
- Mixed durations add months first, then days, then hours. The result is always a working moment.
A timedelta counts its whole days as days and the rest as hours; write ``PT48H`` as text to mean working hours.
Round the clock a day is exactly 24 hours (as in FEEL), months and years keep the local clock time.
Where clocks are put back inside working hours, a day later means the first of two equal clock times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Protocol

from engine.calendars.days import DaySource, SkippedDay, YearDays
from engine.calendars.durations import MAX_YEARS, CalendarError, Span, YearsMonthsLike, parse_span
from engine.calendars.explain import Explanation

Duration = timedelta | YearsMonthsLike | str
Interval = tuple[time, time]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


@dataclass(frozen=True)
class Due:
    """A due instant (UTC), whether it may still move because a year is unpublished, and how it came about."""

    at: datetime
    provisional: bool
    explanation: Explanation


class Calendar(Protocol):
    """What a deadline runs on. ``day_seconds`` is the length of one of its days, for speaking about remaining time."""

    @property
    def name(self) -> str: ...
    @property
    def zone(self) -> tzinfo: ...
    @property
    def day_seconds(self) -> float: ...
    def add(self, start: datetime, duration: Duration) -> Due: ...
    def working_seconds(self, a: datetime, b: datetime) -> float: ...
    def is_working_day(self, day: date) -> bool: ...


@dataclass(frozen=True)
class WorkingHours:
    """The hours of a working day as local times, in order and apart; an end of 00:00 means midnight at the end."""

    intervals: tuple[Interval, ...] = ((time(9), time(12)), (time(13, 30), time(17, 30)))

    def __post_init__(self) -> None:
        last = -1
        for opens, closes in self.intervals:
            if not last <= _micros_of(opens) < _micros_of(closes, closing=True):
                raise CalendarError(
                    "工作时间须按先后填写且不能重叠或跨夜，例如 09:00-12:00、13:30-17:30",
                    "working hours must be in order, apart and within one day, e.g. 09:00-12:00, 13:30-17:30",
                )
            last = _micros_of(closes, closing=True)
        if not self.intervals:
            raise CalendarError("至少填写一段工作时间", "give at least one interval of working hours")

    @property
    def day_micros(self) -> int:
        """Working time in one day, in microseconds."""
        return sum(_micros_of(closes, closing=True) - _micros_of(opens) for opens, closes in self.intervals)


def _micros_of(at: time, closing: bool = False) -> int:
    if closing and at == _MIDNIGHT:
        return 86_400_000_000
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def _check_start(start: datetime) -> datetime:
    if start.tzinfo is None:
        raise CalendarError("时间缺少时区", "the instant has no time zone; pass an aware datetime")
    if not 1900 <= start.year <= 2900:
        raise CalendarError(f"无法从 {start.year} 年起算", f"cannot count from the year {start.year}")
    return start.astimezone(UTC)


def _add_months(local: datetime, months: int) -> datetime:
    """Calendar months later at the same naive clock time; the day is cut to the length of the month."""
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return local.replace(year=year, month=month + 1, day=min(local.day, (following - _ONE_DAY).day))


def _to_utc(local: datetime, zone: tzinfo) -> datetime:
    """A naive local time as UTC: the first of two equal clock times; inside a gap the instant the gap begins."""
    early = local.replace(tzinfo=zone).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == local:
        return early
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), early
    offset = low.astimezone(zone).utcoffset()
    while high - low > _MICRO:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high


@dataclass(frozen=True)
class RoundTheClock:
    """Calendar time, 24 hours on 7 days."""

    zone: tzinfo
    name: str = "calendar"
    day_seconds: float = 86_400.0

    def add(self, start: datetime, duration: Duration) -> Due:
        """The instant ``duration`` after ``start``. Raises CalendarError for durations and instants out of range."""
        span, at = parse_span(duration), _check_start(start)
        begin = at
        if span.months:
            at = _to_utc(_add_months(at.astimezone(self.zone).replace(tzinfo=None), span.months), self.zone)
        at += timedelta(microseconds=round((span.weeks * 7 + span.days) * 86_400_000_000) + span.micros)
        return Due(at, False, Explanation(begin, at, span.text, self.name))

    def working_seconds(self, a: datetime, b: datetime) -> float:
        """Seconds from ``a`` to ``b``, negative when ``b`` is earlier."""
        return (b - a).total_seconds()

    def is_working_day(self, day: date) -> bool:
        """Every day counts."""
        return True


@dataclass(frozen=True)
class _Year:
    """One year on the working clock: interval bounds in microseconds since 1970 and working time before each."""

    days: YearDays
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]
    total: int


class WorkingClock:
    """Working hours on working days. Years are laid out once and kept, so adding costs a few lookups."""

    def __init__(self, name: str, zone: tzinfo, hours: WorkingHours, days: DaySource) -> None:
        self.name, self.zone, self.hours, self.days = name, zone, hours, days
        self.day_seconds = hours.day_micros / 1_000_000
        self._years: dict[int, _Year] = {}

    def add(self, start: datetime, duration: Duration) -> Due:
        """The due instant; see the module's decisions. Raises CalendarError for durations and instants out of range."""
        span, begin = parse_span(duration), _check_start(start)
        at = begin
        days = span.weeks * 5 + span.days
        whole = int(days)
        if span.months or whole:
            local = at.astimezone(self.zone).replace(tzinfo=None)
            at = self._at_clock_time(_add_months(local, span.months), whole, begin)
        micros = span.micros + round((days - whole) * Fraction(self.hours.day_micros))
        at = self._add_micros(at, micros, begin)
        explanation = self._explain(begin, at, span)
        return Due(at, explanation.provisional_from is not None, explanation)

    def working_seconds(self, a: datetime, b: datetime) -> float:
        """Working seconds from ``a`` to ``b``, negative when ``b`` is earlier."""
        start, end = _check_start(a), _check_start(b)
        if end < start:
            return -self.working_seconds(end, start)
        first, last = start.astimezone(self.zone).year, end.astimezone(self.zone).year
        micros = self._elapsed(last, end) - self._elapsed(first, start)
        return (micros + sum(self._year(year).total for year in range(first, last))) / 1_000_000

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked: holidays and weekends are not, make-up days are."""
        return day not in self._year(day.year).days.off

    def _year(self, year: int) -> _Year:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._lay_out(year)
        return known

    def _lay_out(self, year: int) -> _Year:
        days = self.days.year(year)
        opens: list[int] = []
        closes: list[int] = []
        before: list[int] = []
        total = 0
        day = date(year, 1, 1)
        while day.year == year:
            for start, end in self.hours.intervals if day not in days.off else ():
                end_day = day + _ONE_DAY if end == _MIDNIGHT else day
                opens.append(_stamp(_to_utc(datetime.combine(day, start), self.zone)))
                closes.append(_stamp(_to_utc(datetime.combine(end_day, end), self.zone)))
                before.append(total)
                total += closes[-1] - opens[-1]
            day += _ONE_DAY
        return _Year(days, tuple(opens), tuple(closes), tuple(before), total)

    def _elapsed(self, year: int, at: datetime) -> int:
        """Working microseconds from the beginning of the local ``year`` to ``at``."""
        table, stamp = self._year(year), _stamp(at)
        index = bisect_right(table.opens, stamp) - 1
        if index < 0:
            return 0
        return table.before[index] + min(stamp, table.closes[index]) - table.opens[index]

    def _at_clock_time(self, local: datetime, days: int, begin: datetime) -> datetime:
        """``days`` working days after the day of ``local``, at its clock time moved into working hours."""
        opening, closing = self.hours.intervals[0][0], self.hours.intervals[-1][1]
        day, clock = local.date(), _micros_of(local.time())
        if not days:
            return _to_utc(local, self.zone)
        if not self.is_working_day(day) or clock > _micros_of(closing, closing=True):
            at_close = True
        else:
            at_close = False
            clock = max(clock, _micros_of(opening))
            for start, end in self.hours.intervals:
                if clock <= _micros_of(end, closing=True):
                    clock = max(clock, _micros_of(start))
                    break
        day = self._nth_working_day(day, days, begin)
        clock = _micros_of(closing, closing=True) if at_close else clock
        return _to_utc(datetime.combine(day, _MIDNIGHT) + timedelta(microseconds=clock), self.zone)

    def _nth_working_day(self, day: date, count: int, begin: datetime) -> date:
        off = self._year(day.year).days.off
        while count:
            day += _ONE_DAY
            if day.month == 1 and day.day == 1:
                self._check_end(day.year, begin)
                off = self._year(day.year).days.off
            if day not in off:
                count -= 1
        return day

    def _add_micros(self, at: datetime, micros: int, begin: datetime) -> datetime:
        """Working ``micros`` after ``at``; none from a closed moment leads to the next opening."""
        year = at.astimezone(self.zone).year
        done = self._elapsed(year, at)
        if not micros and self._is_open(year, at):
            return at
        wanted = done + micros
        table = self._year(year)
        while wanted > table.total or (not micros and wanted == table.total):
            wanted -= table.total
            year += 1
            self._check_end(year, begin)
            table = self._year(year)
        if not micros:
            return _instant(table.opens[bisect_left(table.before, wanted)])
        index = bisect_left(table.before, wanted) - 1
        return _instant(table.opens[index] + wanted - table.before[index])

    def _is_open(self, year: int, at: datetime) -> bool:
        table, stamp = self._year(year), _stamp(at)
        index = bisect_right(table.opens, stamp) - 1
        return index >= 0 and stamp <= table.closes[index]

    def _check_end(self, year: int, begin: datetime) -> None:
        if year > begin.year + MAX_YEARS:
            raise CalendarError(
                f"到期日晚于 {MAX_YEARS} 年，请缩短时长或检查日历设置",
                f"the due date is more than {MAX_YEARS} years away; shorten the duration or check the calendar",
            )

    def _explain(self, begin: datetime, at: datetime, span: Span) -> Explanation:
        first, last = begin.astimezone(self.zone).date(), at.astimezone(self.zone).date()
        skipped, worked = self._met(first, last)
        unpublished = (year for year in range(first.year, last.year + 1) if not self._year(year).days.published)
        return Explanation(begin, at, span.text, self.name, tuple(skipped), tuple(worked), next(unpublished, None))

    def _met(self, first: date, last: date) -> tuple[list[SkippedDay], list[date]]:
        """Days off and make-up days between the day the clock started and the due day; the first day only if off."""
        skipped: list[SkippedDay] = []
        worked: list[date] = []
        for day, days in self._days_between(first, last):
            if (off := days.off.get(day)) is not None:
                skipped.append(off)
            elif day in days.made_up:
                worked.append(day)
        return skipped, worked

    def _days_between(self, first: date, last: date) -> Iterator[tuple[date, YearDays]]:
        day, days = first, self._year(first.year).days
        while day <= last:
            yield day, days
            day += _ONE_DAY
            if day.month == 1 and day.day == 1:
                days = self._year(day.year).days


def _stamp(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _instant(stamp: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stamp)
