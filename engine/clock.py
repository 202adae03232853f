"""What time it is. ``SystemClock`` is the only place in the engine that asks the operating system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant as an aware UTC time."""

    def now(self) -> datetime: ...


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved: for tests, walks and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward by ``by`` and return the new time."""
        if by < timedelta(0):
            raise ValueError("a clock advances forward; use set() to go back")
        self._now += by
        return self._now

    def set(self, to: datetime) -> datetime:
        """Move to the instant ``to`` and return it in UTC."""
        self._now = _utc(to)
        return self._now


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC)
