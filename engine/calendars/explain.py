"""Why a due date is what it is: stored as JSON beside the date and told in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from engine.calendars.days import SkippedDay
from engine.calendars.durations import CalendarError, Span, parse_span

_ZH_WEEKDAYS = "一二三四五六日"
_EN_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Explanation:
    """How a due date came about: the start of the clock, the duration as written, the calendar, and the days it met.

    ``start`` and ``at`` are UTC; ``skipped`` are the days that did not count, ``worked`` the make-up working days that
    did; ``provisional_from`` is the first year met whose public holidays are not published yet.
    """

    start: datetime
    at: datetime
    duration: str
    calendar: str
    skipped: tuple[SkippedDay, ...] = ()
    worked: tuple[date, ...] = ()
    provisional_from: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, to be stored with the due date."""
        return {
            "start": self.start.isoformat(),
            "at": self.at.isoformat(),
            "duration": self.duration,
            "calendar": self.calendar,
            "skipped": [[day.date.isoformat(), day.reason, day.name] for day in self.skipped],
            "worked": [day.isoformat() for day in self.worked],
            "provisional_from": self.provisional_from,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Explanation":
        """The inverse of to_dict. Raises CalendarError when the stored value is not one."""
        try:
            return cls(
                start=datetime.fromisoformat(data["start"]),
                at=datetime.fromisoformat(data["at"]),
                duration=str(data["duration"]),
                calendar=str(data["calendar"]),
                skipped=tuple(SkippedDay(date.fromisoformat(day), why, name) for day, why, name in data["skipped"]),
                worked=tuple(date.fromisoformat(day) for day in data["worked"]),
                provisional_from=data["provisional_from"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CalendarError(
                "存储的期限说明无法读取", "the stored explanation of a due date is unreadable"
            ) from error

    def text(self, language: str = "zh", zone: tzinfo | str = "Asia/Shanghai") -> str:
        """The explanation in plain words, ``language`` zh or en, times shown in ``zone``."""
        shown = ZoneInfo(zone) if isinstance(zone, str) else zone
        start, at = self.start.astimezone(shown), self.at.astimezone(shown)
        span = span_text(parse_span(self.duration), self.calendar, language)
        days = "；".join(self._day_texts("zh")) if language == "zh" else "; ".join(self._day_texts("en"))
        if language == "zh":
            tail = f"{days}。" if days else ""
            note = (
                f"{self.provisional_from} 年的放假安排尚未公布，该日期为暂定，公布后会重新计算。"
                if self.provisional_from
                else ""
            )
            return f"从 {moment(start, 'zh')} 起算 {span}，到 {moment(at, 'zh')}。{tail}{note}"
        tail = f" {days[0].upper()}{days[1:]}." if days else ""
        note = (
            f" The public holidays of {self.provisional_from} are not published yet: the date is provisional"
            " and will be computed again once they are."
            if self.provisional_from
            else ""
        )
        return f"{span[0].upper()}{span[1:]} from {moment(start, 'en')} to {moment(at, 'en')}.{tail}{note}"

    def _day_texts(self, language: str) -> list[str]:
        zh = language == "zh"
        texts = []
        if self.skipped:
            listed = ("、" if zh else ", ").join(_skipped_texts(self.skipped, language))
            texts.append(("不计 " if zh else "not counted: ") + listed)
        if self.worked:
            listed = ("、" if zh else ", ").join(_date(day, language) for day in self.worked)
            texts.append(f"调休上班计入 {listed}" if zh else f"make-up working days counted: {listed}")
        return texts


def _skipped_texts(days: Iterable[SkippedDay], language: str) -> list[str]:
    """Runs of neighbouring days with the same reason as one text, and all plain weekends together."""
    weekends = [day for day in days if day.reason == "weekend"]
    others = [day for day in days if day.reason != "weekend"]
    runs: list[list[SkippedDay]] = [[day] for day in others[:1]]
    for before, day in pairwise(others):
        same = (before.reason, before.name) == (day.reason, day.name)
        if same and day.date - before.date == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    between = "至" if language == "zh" else " to "
    texts = []
    for run in runs:
        span = _date(run[0].date, language) + (between + _date(run[-1].date, language) if len(run) > 1 else "")
        texts.append(
            f"{run[0].label(language)}（{span}）" if language == "zh" else f"{run[0].label(language)} ({span})"
        )
    if weekends:
        count = len(weekends)
        texts.append(f"周末 {count} 天" if language == "zh" else f"{count} weekend day{'s' if count > 1 else ''}")
    return texts


def _date(day: date, language: str) -> str:
    return f"{day.month}月{day.day}日" if language == "zh" else f"{day.day} {_EN_MONTHS[day.month - 1]}"


def moment(local: datetime, language: str) -> str:
    """A local date and time as people read it: ``2026年3月2日 周一 10:00`` or ``Mon 2 Mar 2026 10:00``."""
    clock = f"{local:%H:%M}"
    if language == "zh":
        return f"{local.year}年{_date(local, 'zh')} 周{_ZH_WEEKDAYS[local.weekday()]} {clock}"
    return f"{_EN_WEEKDAYS[local.weekday()]} {_date(local, 'en')} {local.year} {clock}"


def span_text(span: Span, calendar: str, language: str) -> str:
    """A duration in words: ``7 个工作日``, ``2 working days 4 working hours``; calendar time without the word."""
    working = calendar != "calendar"
    minutes, micros = divmod(span.micros, 60_000_000)
    days = span.days + span.weeks * (5 if working else 7)
    amounts: list[tuple[float, str, str]] = [
        (span.months // 12, "年", "year"),
        (span.months % 12, "个月", "month"),
        (float(days), "个工作日" if working else "天", "working day" if working else "day"),
        (minutes // 60, "个工作小时" if working else "小时", "working hour" if working else "hour"),
        (minutes % 60, "分钟", "minute"),
        (micros / 1_000_000, "秒", "second"),
    ]
    chosen = [amount for amount in amounts if amount[0]] or [amounts[4]]
    if language == "zh":
        return " ".join(f"{value:g} {zh}" for value, zh, _ in chosen)
    return " ".join(f"{value:g} {en}{'' if value == 1 else 's'}" for value, _, en in chosen)
