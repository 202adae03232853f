"""What starts a process without a person: the triggers of its start events, and when a start timer is due.

Camunda 8 ("Timer events", "Message events", "Signal events"): the expressions of such a start event are evaluated when
the process is deployed. No instance exists then, so there are no variables.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine import feel
from engine.calendars import Calendar, CalendarError, parse_span
from engine.runtime.model import Element, EventDefinition, Scope
from engine.runtime.waits import Cycle, parse_cycle, parse_instant

MAX_NAME = 128
_SECOND = 1_000_000
"""In microseconds."""


class Unreadable(ValueError):
    """A start event whose trigger means nothing at deployment; ``zh`` and ``en`` say why and what to write."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Trigger:
    """What a start event waits for from its deployment on."""

    kind: str
    """timer · message · signal"""
    name: str = ""
    cycle: Cycle | None = None
    at: datetime | None = None


def triggered(scope: Scope) -> list[Element]:
    """The start events of a process that are not plain ones."""
    return [e for e in scope.starts() if e.event is not None and e.event.kind != "none"]


def written(event: EventDefinition) -> str:
    """The trigger as the diagram says it; the same text is the same trigger."""
    return f"{event.timer} {event.text}" if event.kind == "timer" else event.name


def read_trigger(event: EventDefinition, now: datetime) -> Trigger:
    """Evaluate the trigger of a start event at ``now``, in the organisation's zone. Raises Unreadable."""
    if event.kind != "timer":
        name = _value(event.name, now)
        if not isinstance(name, str) or not name or len(name) > MAX_NAME:
            raise Unreadable(
                f"消息或信号的名称“{event.name}”须是 1 到 {MAX_NAME} 个字的文本，得出的是：{_shown(name)}",
                f"the name “{event.name}” of the message or signal must be a text of 1 to {MAX_NAME} characters, not {_shown(name)}",
            )
        return Trigger(event.kind, name)
    value = _value(event.text, now)
    try:
        if event.timer == "cycle":
            return Trigger("timer", cycle=_cycle(value))
        return Trigger("timer", at=parse_instant(value.isoformat() if isinstance(value, datetime) else value))
    except (ValueError, TypeError) as error:
        why = error if isinstance(error, CalendarError | Unreadable) else None
        example = "R/P1D、R/2026-03-05T09:00:00+08:00/P1M" if event.timer == "cycle" else "2026-03-05T09:00:00+08:00"
        shown = f"“{event.text}”" + (f"（{_shown(value)}）" if event.text.startswith("=") else "")
        raise Unreadable(
            f"定时开始{shown}不是有效的时间，请写成 {example}{'。' + why.zh if why else ''}",
            f"the start timer {shown} is not a valid time; write {example.replace('、', ' or ')}{'. ' + why.en if why else ''}",
        ) from None


def _value(text: str, now: datetime) -> Any:
    if not text.startswith("="):
        return text
    try:
        expression = feel.compile_expression(text[1:])
        value = expression.evaluate({}, now=now)
    except feel.FeelError as error:
        raise Unreadable(f"表达式“{text}”：{error}", f"the expression “{text}”: {error}") from None
    if expression.names:
        names = sorted(expression.names)
        raise Unreadable(
            f"表达式“{text}”用到变量 {'、'.join(names)}，但开始事件在部署时计算，那时还没有变量；请写固定的值",
            f"the expression “{text}” uses the variables {', '.join(names)}, but a start event is evaluated at deployment, when there are none yet; write a fixed value",
        )
    return value


def _shown(value: Any) -> str:
    try:
        return str(feel.display(value))
    except feel.FeelError:
        return "?"


def _cycle(value: Any) -> Cycle:
    if looks_like_cron(value):
        raise Unreadable(*NO_CRON)
    return parse_cycle(value)


NO_CRON = (
    "不支持 cron 表达式；请写 ISO 8601 循环，每天 R/2026-03-02T09:00:00+08:00/P1D，每月 R/2026-03-05T09:00:00+08:00/P1M，只算工作日则加 calendar = working",
    "cron expressions are not supported; write an ISO 8601 cycle: R/2026-03-02T09:00:00+08:00/P1D for every day, R/2026-03-05T09:00:00+08:00/P1M for every month, with calendar = working for working days only",
)


def looks_like_cron(text: Any) -> bool:
    """Five or six fields, or a word like ``@daily``."""
    return isinstance(text, str) and (text.startswith("@") or len(text.split()) in (5, 6))


@dataclass(frozen=True)
class Schedule:
    """The occurrences of a start timer, counted from the anchor, which is number 0.

    Each is reckoned from the anchor and not from the one before, so that a month later than 31 January is 28 February
    and two months later 31 March, and an occurrence that a holiday moved does not move those after it.
    """

    anchor: datetime
    every: str | None
    """ISO 8601 interval; None for a single date"""
    last: int | None
    """number of the last occurrence; None for endless"""
    calendar: Calendar

    def at(self, number: int) -> datetime | None:
        """When occurrence ``number`` is due, in the calendar; None behind the last one and beyond 100 years."""
        if self.last is not None and number > self.last:
            return None
        if not number or self.every is None:
            return self.anchor
        try:
            return self.calendar.add(self.anchor, _times(self.every, number)).at
        except CalendarError:
            return None

    def first_after(self, number: int, now: datetime) -> int:
        """The first occurrence from ``number`` on that is later than ``now`` or does not exist any more."""

        def passed(n: int) -> bool:
            at = self.at(n)
            return at is not None and at <= now

        step = 1
        while passed(number + step - 1):
            step *= 2
        return number + bisect_left(range(step), True, key=lambda n: not passed(number + n))


def schedule(trigger: Trigger, calendar: Calendar, now: datetime) -> tuple[Schedule, int]:
    """The occurrences of a timer that is deployed ``now``, and the number of the first one.

    A cycle without a start begins one interval from now. One whose start has passed keeps its rhythm and begins with
    the next occurrence: nothing was missed while it was not deployed. A date in the past, or a finite cycle that lies
    wholly in the past, is due at once (Camunda 8, "Timer events").
    """
    cycle = trigger.cycle
    if cycle is None:
        return Schedule(trigger.at or now, None, 0, calendar), 0
    count = cycle.repetitions if cycle.repetitions > 0 else None
    if cycle.start is None:
        return Schedule(now, cycle.every, count, calendar), 1
    whole = Schedule(cycle.start, cycle.every, None if count is None else count - 1, calendar)
    first = whole.first_after(0, now - timedelta.resolution)
    return whole, first if whole.last is None else min(first, whole.last)


def _times(every: str, number: int) -> str:
    """``number`` times the interval, as ISO 8601 text; its parts stay apart, as working time needs them."""
    span = parse_span(every)
    weeks, days, seconds = (_text(n * number) for n in (span.weeks, span.days, Fraction(span.micros, _SECOND)))
    return f"P{span.months * number}M{weeks}W{days}DT{seconds}S"


def _text(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
