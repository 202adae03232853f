"""The occurrences of start timers, reckoned from their anchor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine import load_config
from engine.calendars import Calendar, RoundTheClock, calendars_from_config
from engine.runtime.model import EventDefinition
from engine.triggers import Schedule, read_trigger, schedule

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def working() -> Calendar:
    return calendars_from_config(load_config().calendar)["working"]


def round_the_clock(anchor: datetime, every: str, last: int | None = None) -> Schedule:
    return Schedule(anchor.astimezone(UTC), every, last, RoundTheClock(SHANGHAI))


def opened(text: str, now: datetime = NOW) -> tuple[Schedule, int]:
    trigger = read_trigger(EventDefinition("timer", timer="cycle", text=text), now)
    return schedule(trigger, RoundTheClock(SHANGHAI), now)


def test_months_keep_the_local_clock_time_when_clocks_are_changed() -> None:
    monthly = Schedule(datetime(2026, 1, 31, 8, tzinfo=UTC), "P1M", None, RoundTheClock(BERLIN))
    local = [at.astimezone(BERLIN) for n in range(12) if (at := monthly.at(n)) is not None]
    assert {at.hour for at in local} == {9}
    assert [at.day for at in local] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_a_leap_day_comes_back_every_fourth_year() -> None:
    yearly = round_the_clock(datetime(2024, 2, 29, 9, tzinfo=SHANGHAI), "P1Y")
    days = [at.astimezone(SHANGHAI).day for n in range(9) if (at := yearly.at(n)) is not None]
    assert days == [29, 28, 28, 28, 29, 28, 28, 28, 29]


def test_an_occurrence_that_a_holiday_moves_does_not_move_those_after_it(working: Calendar) -> None:
    monthly = Schedule(datetime(2026, 4, 5, 1, tzinfo=UTC), "P1M", None, working)
    found = [at.astimezone(SHANGHAI) for n in range(1, 4) if (at := monthly.at(n)) is not None]
    assert [(at.month, at.day, at.hour) for at in found] == [(5, 6, 9), (6, 5, 9), (7, 6, 9)]


def test_parts_of_an_interval_are_multiplied_apart(working: Calendar) -> None:
    assert Schedule(NOW, "P1W", None, working).at(2) == working.add(NOW, "P10D").at
    assert Schedule(NOW, "PT8H", None, working).at(3) == working.add(NOW, "PT24H").at
    assert round_the_clock(NOW, "P1DT0.5S").at(3) == NOW + timedelta(days=3, seconds=1.5)


@pytest.mark.parametrize("hours", [0, 1, 59, 1000, 100_000])
def test_the_first_occurrence_after_an_instant_is_found(hours: int) -> None:
    hourly = round_the_clock(NOW, "PT1H")
    assert hourly.first_after(0, NOW + timedelta(hours=hours)) == hours + 1
    assert hourly.first_after(0, NOW + timedelta(hours=hours, seconds=-1)) == hours
    assert hourly.first_after(hours + 7, NOW + timedelta(hours=hours)) == hours + 7
    assert round_the_clock(NOW, "PT1H", 5).first_after(0, NOW + timedelta(hours=hours)) == min(hours + 1, 6)


def test_a_cycle_without_a_start_begins_one_interval_later() -> None:
    plan, first = opened("R2/P1D")
    assert [plan.at(n) for n in (first, first + 1, first + 2)] == [
        NOW + timedelta(days=1),
        NOW + timedelta(days=2),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("R/2026-03-02T09:00:00+08:00/P1D", NOW),
        ("R/2026-03-01T09:00:00+08:00/P1D", NOW),
        ("R/2026-03-01T10:00:00+08:00/P1D", NOW + timedelta(hours=1)),
        ("R/2026-04-01T09:00:00+08:00/P1D", NOW + timedelta(days=30)),
        ("R/1970-01-01T09:00:00+08:00/P1D", NOW),
        ("R9/2026-03-01T10:00:00+08:00/P1D", NOW + timedelta(hours=1)),
        ("R2/2026-02-01T09:00:00+08:00/P1D", NOW - timedelta(days=28)),
    ],
)
def test_a_cycle_whose_start_has_passed_keeps_its_rhythm(text: str, first: datetime) -> None:
    plan, number = opened(text)
    assert plan.at(number) == first


def test_occurrences_that_had_passed_at_deployment_count() -> None:
    plan, first = opened("R3/2026-03-01T10:00:00+08:00/P1D")
    assert [plan.at(n) is not None for n in range(first, first + 3)] == [True, True, False]


def test_nothing_is_due_beyond_a_hundred_years() -> None:
    plan = round_the_clock(NOW, "P60Y")
    assert plan.at(1) is not None
    assert plan.at(2) is None
    assert plan.first_after(0, NOW + timedelta(days=36_500)) == 2
