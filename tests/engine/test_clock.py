"""Time comes from one place and can be moved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.clock import SystemClock, VirtualClock

ENGINE = Path(__file__).resolve().parents[2] / "engine"


def test_the_system_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_virtual_clock_moves_only_when_told(clock: VirtualClock) -> None:
    assert clock.now() == clock.now() == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert clock.advance(timedelta(hours=2)) == clock.now() == datetime(2026, 3, 2, 3, tzinfo=UTC)
    shanghai = timezone(timedelta(hours=8))
    assert clock.set(datetime(2026, 3, 3, 9, tzinfo=shanghai)) == datetime(2026, 3, 3, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_the_virtual_clock_refuses_what_cannot_be(clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2026, 3, 3))


def test_nothing_else_in_the_engine_asks_for_the_time() -> None:
    asks = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.time)\(")
    found = {str(path.relative_to(ENGINE)) for path in ENGINE.rglob("*.py") if asks.search(path.read_text("utf-8"))}
    assert found == {"clock.py"}
