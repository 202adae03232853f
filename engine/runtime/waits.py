"""What a token waits for: timers, messages, signals, conditions, errors and escalations."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from SpiffWorkflow.task import Task

from engine import feel
from engine.calendars import CalendarError, parse_span
from engine.feel.text import string
from engine.runtime.model import Element

if TYPE_CHECKING:
    from engine.runtime.machine import Machine

_CYCLE = re.compile(r"^R(\d*)/(?:([^P].*)/)?(P[^/]+)$", re.ASCII)
_ZONED = re.compile(r"(.+T.+)\[([A-Za-z][\w/+-]*)\]", re.ASCII)
_SECOND = 1_000_000
"""In microseconds."""
_MAX_REPETITIONS = 100_000
_MAX_SKIPPED = 5_000
"""Occurrences of a cycle that began in the past which are passed over one by one."""


@dataclass(frozen=True)
class Wait:
    """An open subscription. Times are ISO texts in UTC, since it is stored as JSON."""

    kind: str
    name: str = ""
    """message or signal name, error or escalation code, condition"""
    key: str | None = None
    """correlation key of a message; which changes a condition looks at"""
    due: str | None = None
    provisional: bool = False
    explanation: dict[str, Any] | None = None
    """Why it is due then; known while the subscription is opened, not stored with the state."""
    every: str | None = None
    left: int = 0
    """repetitions after this one, -1 for endless"""

    def to_dict(self) -> dict[str, Any]:
        """What is stored: everything that is not empty, but for the explanation."""
        named = ((f.name, getattr(self, f.name)) for f in fields(self) if f.name != "explanation")
        return {name: value for name, value in named if name == "kind" or value not in (None, "", 0, False)}

    def again(self, machine: Machine, element: Element) -> Wait | None:
        """The subscription that follows when the event does not interrupt; counted for cycles, None after the last."""
        if self.kind != "timer":
            return self
        if self.every is None or self.left == 0 or self.due is None:
            return None
        left = self.left - 1 if self.left > 0 else -1
        return _counted(machine, element, datetime.fromisoformat(self.due), self.every, left)


@dataclass(frozen=True)
class Cycle:
    """A repeating interval of ISO 8601."""

    repetitions: int
    """-1 for endless"""
    start: datetime | None
    every: str


def parse_cycle(text: str) -> Cycle:
    """Read ``R3/P1D``, ``R/PT1H`` or ``R2/2026-03-02T09:00:00+08:00/P1D``.

    Raises ValueError, CalendarError when the interval is below a second: the cycle would never come to rest.
    """
    match = _CYCLE.match(text)
    if match is None:
        raise ValueError(text)
    count, start, every = match.groups()
    span = parse_span(every)
    if not span.months and (span.weeks * 7 + span.days) * 86_400 * _SECOND + span.micros < _SECOND:
        raise CalendarError(
            "循环的间隔不能短于 1 秒，例如写 R/PT1H", "the interval of a cycle is at least one second; write for instance R/PT1H"
        )  # fmt: skip
    repetitions = int(count) if count else -1
    if repetitions == 0 or repetitions > _MAX_REPETITIONS:
        raise ValueError(text)
    return Cycle(repetitions, parse_instant(start) if start else None, every)


def parse_instant(text: str) -> datetime:
    """Read a date and time with its offset, the name of its zone (``...T09:00:00[Europe/Berlin]``) or both.

    Raises ValueError.
    """
    zoned = _ZONED.fullmatch(text)
    at = datetime.fromisoformat(zoned[1] if zoned else text)
    if zoned:
        zone = _zone(zoned[2])
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    if at.tzinfo is None:
        raise ValueError(text)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(name) from None


def subscription(machine: Machine, task: Task, element: Element, around: Task) -> Wait:
    """Evaluate the time or the correlation key of an event.

    The time of a boundary event may use the local variables of its activity ``around``, its correlation key may not.
    """
    event = element.event
    if event is None:
        return Wait("none")
    if event.kind == "timer":
        return _timer(machine, around, element, event.timer or "duration", event.text)
    if event.kind == "message":
        return Wait("message", named(machine, task, element, event.name), _key(machine, task, element))
    if event.kind == "signal":
        return Wait("signal", named(machine, around, element, event.name))
    if event.kind == "conditional":
        return Wait("conditional", event.text, event.changes)
    return Wait(event.kind, event.code or "")


def named(machine: Machine, task: Task, element: Element, text: str) -> str:
    """What an event calls its message, signal, error or escalation; a fault when that is no text."""
    kind = element.event.kind if element.event else "message"
    value = machine.evaluate(task, text, kind, element=element)
    if isinstance(value, str) and value:
        return value
    zh, en = _CALLED[kind]
    raise machine.fault(
        element,
        f"{zh}“{text}”不是文本：{feel.shown(value)}",
        f"the {en} “{text}” is not a text: {feel.shown(value)}",
    )


_CALLED = {
    "message": ("消息的名称", "name of the message"),
    "signal": ("信号的名称", "name of the signal"),
    "error": ("错误的代码", "code of the error"),
    "escalation": ("升级的代码", "code of the escalation"),
}


def _key(machine: Machine, task: Task, element: Element) -> str:
    text = element.event.correlation_key if element.event else None
    value = machine.evaluate(task, text or "=null", "correlationKey", element=element)
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(feel.display(value))
    raise machine.fault(
        element,
        f"消息的关联键“{text or ''}”没有值：{feel.shown(value)}，应为文本或数字",
        f"the correlation key “{text or ''}” of the message must be a text or a number, not {feel.shown(value)}",
    )


def _timer(machine: Machine, task: Task, element: Element, kind: str, text: str) -> Wait:
    value = machine.evaluate(task, text, "timer", element=element)
    try:
        if isinstance(value, timedelta | feel.YearsMonths):
            value = string(value)
        if isinstance(value, datetime):
            return _at(parse_instant(value.isoformat()), text)
        if not isinstance(value, str):
            raise ValueError(value)
        if kind == "cycle":
            return _cycle(machine, element, parse_cycle(value))
        if kind == "duration" and value.startswith("-P"):
            parse_span(value[1:])
            value = "PT0S"  # a negative duration is over at once (Camunda 8, "Timer events")
        if kind == "duration" and value.startswith("P"):
            return _counted(machine, element, machine.host.now(), value, None)
        return _at(parse_instant(value), text)
    except (ValueError, feel.FeelError) as error:
        why = error if isinstance(error, CalendarError) else None
        shown = f"“{text}”（{feel.shown(value)}）" if text.startswith("=") else f"“{text}”"
        raise machine.fault(
            element,
            f"定时{shown}不是有效的时间，请写成 PT4H、P2D、R3/P1D 或带时区的日期时间{'。' + why.zh if why else ''}",
            f"the timer {shown} is not a valid time; write PT4H, P2D, R3/P1D or a date and time with its offset{'. ' + why.en if why else ''}",
        ) from None


def _cycle(machine: Machine, element: Element, cycle: Cycle) -> Wait:
    left, now = (cycle.repetitions - 1 if cycle.repetitions > 0 else -1), machine.host.now()
    if cycle.start is None:
        return _counted(machine, element, now, cycle.every, left)
    at = cycle.start
    for _ in range(_MAX_SKIPPED):
        if at >= now or left == 0:
            return Wait("timer", due=at.isoformat(), every=cycle.every, left=left)
        at, left = machine.host.due(element, at, cycle.every)[0].astimezone(UTC), max(left - 1, -1)
    return _counted(machine, element, now, cycle.every, left)


def _counted(machine: Machine, element: Element, start: datetime, duration: str, left: int | None) -> Wait:
    at, provisional, explanation = machine.host.due(element, start, duration)
    return Wait(
        "timer",
        due=at.astimezone(UTC).isoformat(),
        provisional=provisional,
        explanation=explanation,
        every=None if left is None else duration,
        left=left or 0,
    )


def _at(at: datetime, text: str) -> Wait:
    return Wait("timer", due=at.isoformat(), explanation={"date": text})
