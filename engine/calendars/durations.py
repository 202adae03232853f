"""ISO 8601 durations as deadline arithmetic needs them: months, weeks, days and clock time kept apart.

FEEL keeps only a number of months or a number of seconds, so ``P2D`` and ``PT48H`` are the same value there. In working
time they are not (two working days against forty-eight working hours), so timer texts are parsed here.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Protocol

MAX_YEARS = 100
_MICROS = 1_000_000
_NUMBER = r"(\d{1,12}(?:[.,]\d{1,9})?)"
_ISO = re.compile(
    rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.ASCII,
)


class CalendarError(ValueError):
    """A duration, an instant or a calendar setting that cannot be used; ``zh`` and ``en`` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en

    def __reduce__(self) -> tuple[type["CalendarError"], tuple[str, str]]:
        """It passes from one process to another with both texts."""
        return type(self), (self.zh, self.en)

    def text(self, language: str = "zh") -> str:
        """The reason in ``language``, zh or en."""
        return self.zh if language.startswith("zh") else self.en


class YearsMonthsLike(Protocol):
    """A FEEL years-and-months duration: anything with a whole number of ``months``."""

    @property
    def months(self) -> int: ...


@dataclass(frozen=True)
class Span:
    """A parsed duration. ``days`` and ``weeks`` may be fractions, ``micros`` is the clock part in microseconds."""

    months: int
    weeks: Fraction
    days: Fraction
    micros: int
    text: str


def parse_span(duration: "timedelta | YearsMonthsLike | str") -> Span:
    """Read an ISO 8601 text, a timedelta (its whole days count as days) or a FEEL years-and-months duration.

    Raises CalendarError for malformed, negative and unreasonably long (over 100 years) durations.
    """
    if isinstance(duration, str):
        span = _parse_text(duration)
    elif isinstance(duration, timedelta):
        span = _from_timedelta(duration)
    elif isinstance(months := getattr(duration, "months", None), int):
        if months < 0:
            raise _negative()
        span = Span(months, Fraction(0), Fraction(0), 0, f"P{months // 12}Y{months % 12}M")
    else:
        raise CalendarError(
            f"“{duration!r}”不是时长，请写 ISO 8601 时长，例如 P2D、PT4H",
            f"{duration!r} is not a duration; write an ISO 8601 duration such as P2D or PT4H",
        )
    days = span.weeks * 7 + span.days
    if span.months > MAX_YEARS * 12 or days > MAX_YEARS * 366 or span.micros > MAX_YEARS * 366 * 86_400 * _MICROS:
        raise CalendarError(
            f"时长 {span.text} 超过 {MAX_YEARS} 年，请缩短",
            f"duration {span.text} exceeds {MAX_YEARS} years; shorten it",
        )
    return span


def _parse_text(text: str) -> Span:
    text = text.strip()
    if text.startswith("-"):
        raise _negative()
    match = _ISO.fullmatch(text) if len(text) <= 80 else None
    if match is None or text == "P":
        raise CalendarError(
            f"“{text[:40]}”不是 ISO 8601 时长，请写成 P2D（2 天）、PT4H（4 小时）、P1M（1 个月）这样的形式",
            f"'{text[:40]}' is not an ISO 8601 duration; write it like P2D (2 days), PT4H (4 hours), P1M (1 month)",
        )
    years, months, weeks, days, _, hours, minutes, seconds = (_fraction(part) for part in match.groups())
    if years.denominator != 1 or months.denominator != 1:
        raise CalendarError(
            f"{text}：年和月只能是整数，例如写 P6M 而不是 P0.5Y",
            f"{text}: years and months must be whole; write P6M instead of P0.5Y",
        )
    micros = round((hours * 3600 + minutes * 60 + seconds) * _MICROS)
    return Span(int(years) * 12 + int(months), weeks, days, micros, text)


def _fraction(part: str | None) -> Fraction:
    if part is None or part.startswith("T"):
        return Fraction(0)
    return Fraction(part.replace(",", "."))


def _from_timedelta(duration: timedelta) -> Span:
    if duration < timedelta(0):
        raise _negative()
    micros = duration.seconds * _MICROS + duration.microseconds
    return Span(0, Fraction(0), Fraction(duration.days), micros, format_timedelta(duration))


def format_timedelta(duration: timedelta) -> str:
    """The ISO 8601 text of a non-negative timedelta, e.g. ``P1DT2H``; zero is ``PT0S``."""
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    clock = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value)
    if seconds or fraction:
        clock += f"{seconds}{fraction}S"
    text = (f"{duration.days}D" if duration.days else "") + (f"T{clock}" if clock else "")
    return f"P{text}" if text else "PT0S"


def _negative() -> CalendarError:
    return CalendarError("时长不能是负数", "a duration cannot be negative")
