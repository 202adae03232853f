"""What a token waits for: timers, messages, signals, errors and escalations."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task

from engine import feel
from engine.feel.text import string
from engine.runtime.model import Element

if TYPE_CHECKING:
    from engine.runtime.machine import Machine

_CYCLE = re.compile(r"^R(\d*)/(?:([^/P][^/]*)/)?(P[^/]+)$")


@dataclass(frozen=True)
class Wait:
    """An open subscription. Times are ISO texts in UTC, since it is stored as JSON."""

    kind: str
    name: str = ""
    """message or signal name, error or escalation code"""
    key: str | None = None
    due: str | None = None
    provisional: bool = False
    explanation: dict[str, Any] | None = None
    every: str | None = None
    left: int = 0
    """repetitions after this one, -1 for endless"""

    def to_dict(self) -> dict[str, Any]:
        return {k: v for k, v in asdict(self).items() if v not in (None, "", 0, False) or k == "kind"}

    def again(self, machine: Machine, element: Element) -> Wait | None:
        """The subscription that follows when the event does not interrupt: endless for messages, counted for cycles."""
        if self.kind != "timer":
            return self
        if self.every is None or self.left == 0 or self.due is None:
            return None
        return _timer(
            machine, element, datetime.fromisoformat(self.due), self.every, self.left - 1 if self.left > 0 else -1
        )


def subscribe(machine: Machine, task: Task, element: Element) -> Wait:
    """Open the subscription of ``element`` for ``task``: evaluate its time or its correlation key."""
    event = element.event
    if event is None:
        return Wait("none")
    if event.kind == "timer":
        return _first_timer(machine, task, element, event.timer or "duration", event.text)
    if event.kind == "message":
        key = machine.evaluate(task, event.correlation_key, "correlationKey") if event.correlation_key else None
        return Wait("message", machine.evaluate(task, event.name, "message"), None if key is None else _text(key))
    if event.kind == "signal":
        return Wait("signal", machine.evaluate(task, event.name, "signal"))
    return Wait(event.kind, event.code or "")


def _first_timer(machine: Machine, task: Task, element: Element, kind: str, text: str) -> Wait:
    value = machine.evaluate(task, text, "timer")
    now = machine.host.now()
    if isinstance(value, datetime):
        return _at(value, text)
    if isinstance(value, timedelta | feel.YearsMonths):
        value = string(value)
    if not isinstance(value, str):
        raise machine.fault(
            element,
            f"定时“{text}”的结果不是时间：{feel.display(value)}",
            f"the timer “{text}” does not give a time: {feel.display(value)}",
        )
    try:
        if kind == "date" or (kind == "duration" and not value.startswith("P")):
            return _at(datetime.fromisoformat(value), text)
        if kind == "cycle":
            match = _CYCLE.match(value)
            if match is None:
                raise ValueError(value)
            count, start, every = match.groups()
            left = int(count) - 1 if count else -1
            if start:
                return Wait("timer", due=datetime.fromisoformat(start).isoformat(), every=every, left=left)
            return _timer(machine, element, now, every, left)
        return _timer(machine, element, now, value, None)
    except (ValueError, feel.FeelError):
        raise machine.fault(
            element,
            f"“{value}”不是有效的时间，请写成 PT4H、P2D、R3/P1D 或日期时间",
            f"“{value}” is not a valid time; write PT4H, P2D, R3/P1D or a date and time",
        ) from None


def _timer(machine: Machine, element: Element, start: datetime, duration: str, left: int | None) -> Wait:
    at, provisional, explanation = machine.host.due(element, start, duration)
    return Wait(
        "timer",
        due=at.isoformat(),
        provisional=provisional,
        explanation=explanation,
        every=None if left is None else duration,
        left=left or 0,
    )


def _at(value: datetime, text: str) -> Wait:
    if value.tzinfo is None:
        raise ValueError(text)
    return Wait("timer", due=value.isoformat(), explanation={"date": text})


def _text(key: Any) -> str:
    return key if isinstance(key, str) else str(feel.display(key))
