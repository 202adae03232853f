"""Deadlines on working days: the dates a policy promises, and what must hold for any start and any duration."""

import json
import timeit
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import (
    Calendar,
    CalendarError,
    Explanation,
    WorkingHours,
    calendars_from_config,
    format_timedelta,
    parse_span,
    remaining,
    span_text,
)
from engine.feel import parse_duration

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
CALENDARS = calendars_from_config({})
WORKING, ROUND = CALENDARS["working"], CALENDARS["calendar"]
BERLIN_WORKING = calendars_from_config({"calendar": {"zone": "Europe/Berlin", "public_holidays": "none"}})["working"]


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(text: str, duration: str, calendar: Calendar = WORKING) -> str:
    return f"{calendar.add(at(text, calendar.zone), duration).at.astimezone(calendar.zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("hour", ["00:00", "08:00", "10:00", "12:30", "17:30", "20:00", "23:59"])
def test_promise_of_seven_and_fifteen_working_days_over_spring_festival(hour: str) -> None:
    start = f"2026-02-13 {hour}"
    assert due(start, "P7D").startswith("2026-03-02")
    assert due(start, "P15D").startswith("2026-03-12")


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-03-02 10:00", "P1D", "2026-03-03 10:00"),
        ("2026-03-02 08:00", "P1D", "2026-03-03 09:00"),
        ("2026-03-02 12:30", "P1D", "2026-03-03 13:30"),
        ("2026-03-02 18:00", "P1D", "2026-03-03 17:30"),
        ("2026-03-07 10:00", "P1D", "2026-03-09 17:30"),
        ("2026-03-06 17:30", "P1D", "2026-03-09 17:30"),
        ("2026-03-02 10:00", "PT4H", "2026-03-02 15:30"),
        ("2026-03-02 16:00", "PT4H", "2026-03-03 11:30"),
        ("2026-03-02 09:00", "PT3H", "2026-03-02 12:00"),
        ("2026-03-06 17:30", "PT1S", "2026-03-09 09:00"),
        ("2026-03-02 10:00", "P1DT2H", "2026-03-03 12:00"),
        ("2026-03-02 10:00", "P1W", "2026-03-09 10:00"),
        ("2026-03-02 10:00", "P0.5D", "2026-03-02 15:00"),
        ("2026-03-02 10:00", "PT0.5H", "2026-03-02 10:30"),
        ("2026-03-02 10:00", "P0D", "2026-03-02 10:00"),
        ("2026-03-07 10:00", "PT0S", "2026-03-09 09:00"),
        ("2026-01-31 10:00", "P1M", "2026-02-28 10:00"),
        ("2026-02-07 10:00", "P1M", "2026-03-09 09:00"),
        ("2024-02-29 10:00", "P1Y", "2025-02-28 10:00"),
        ("2026-09-30 16:00", "PT4H", "2026-10-08 11:30"),
        ("2025-12-31 16:00", "P2D", "2026-01-05 16:00"),
    ],
)
def test_working_durations(start: str, duration: str, expected: str) -> None:
    assert due(start, duration) == expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-02-13 10:00", "P2D", "2026-02-15 10:00"),
        ("2026-02-13 10:00", "PT48H", "2026-02-15 10:00"),
        ("2026-02-13 10:00", "P1W", "2026-02-20 10:00"),
        ("2026-01-31 10:00", "P1M", "2026-02-28 10:00"),
        ("2026-02-13 10:00", "P1Y2M", "2027-04-13 10:00"),
        ("2026-02-13 10:00", "PT1.5S", "2026-02-13 10:00"),
    ],
)
def test_calendar_durations(start: str, duration: str, expected: str) -> None:
    assert due(start, duration, ROUND) == expected
    assert not ROUND.add(at(start), duration).provisional


def test_durations_come_as_text_timedelta_and_years_months() -> None:
    start = at("2026-03-02 10:00")
    assert WORKING.add(start, timedelta(days=2)) == WORKING.add(start, "P2D")
    assert WORKING.add(start, timedelta(days=1, hours=2)) == WORKING.add(start, "P1DT2H")
    assert WORKING.add(start, parse_duration("P1Y2M")).at == WORKING.add(start, "P1Y2M").at
    assert WORKING.add(start, parse_duration("P1DT2H")).at == WORKING.add(start, "P1DT2H").at
    assert WORKING.add(start, "PT48H").at != WORKING.add(start, "P2D").at


@pytest.mark.parametrize("duration", [timedelta(0), timedelta(days=3, seconds=3723, microseconds=50), timedelta(1)])
def test_timedelta_text_reads_back(duration: timedelta) -> None:
    span = parse_span(format_timedelta(duration))
    assert timedelta(days=int(span.days), microseconds=span.micros) == duration


@pytest.mark.parametrize(
    "bad",
    ["", "P", "PT", "-P1D", "P-1D", "2 days", "P1H", "P0.5Y", "P1.5M", "P10000Y", "P99999D", "PT9999999H", "P1DT",
     "1" * 99, "P٣D", timedelta(seconds=-1), SimpleNamespace(months=-1), SimpleNamespace(months="1"), 5, None],
)  # fmt: skip
@pytest.mark.parametrize("calendar", [WORKING, ROUND])
def test_unusable_durations_are_refused_in_words(bad: object, calendar: Calendar) -> None:
    with pytest.raises(CalendarError) as caught:
        calendar.add(at("2026-03-02 10:00"), bad)  # type: ignore[arg-type]
    assert caught.value.text("zh")
    assert caught.value.text("en")


def test_far_due_dates_are_refused_quickly() -> None:
    began = timeit.default_timer()
    for duration in ("P36000D", "PT800000H"):
        with pytest.raises(CalendarError, match="100 years"):
            WORKING.add(at("2026-03-02 10:00"), duration)
    assert timeit.default_timer() - began < 5


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 2), datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)]
)
def test_unusable_starts_are_refused(start: datetime) -> None:
    for calendar in (WORKING, ROUND):
        with pytest.raises(CalendarError):
            calendar.add(start, "P1D")


def test_working_days_know_holidays_and_make_up_days() -> None:
    assert WORKING.is_working_day(date(2026, 2, 14))
    assert not WORKING.is_working_day(date(2026, 2, 16))
    assert not WORKING.is_working_day(date(2026, 3, 7))
    assert ROUND.is_working_day(date(2026, 3, 7))


def test_unpublished_years_follow_weekdays_and_are_provisional() -> None:
    found = WORKING.add(at("2026-12-30 10:00"), "P3D")
    assert found.provisional
    assert found.explanation.provisional_from == 2027
    assert not WORKING.add(at("2026-12-30 10:00"), "P1D").provisional
    assert WORKING.is_working_day(date(2030, 10, 1))


def test_config_publishes_a_year_and_overrides_the_built_in_one() -> None:
    given_years = {
        "2027": {"closed": ["2027-01-01"], "working": [date(2027, 1, 2)]},
        "2026": {"closed": ["2026-03-02"]},
    }
    own = calendars_from_config({"calendar": {"holidays": given_years}})["working"]
    found = own.add(at("2026-12-31 10:00"), "P1D")
    assert (f"{found.at.astimezone(SHANGHAI):%Y-%m-%d}", found.provisional) == ("2027-01-02", False)
    assert [(day.date.isoformat(), day.reason) for day in found.explanation.skipped] == [("2027-01-01", "closed")]
    assert not own.is_working_day(date(2026, 3, 2))
    assert own.is_working_day(date(2026, 2, 16))


def test_config_hours_zone_and_further_calendars() -> None:
    table = {"zone": "Europe/Berlin", "working": {"hours": ["08:00-16:00"]}, "late": {"hours": ["16:00-24:00"]}}
    found = calendars_from_config({"calendar": table})
    assert set(found) == {"calendar", "working", "late"}
    assert due("2026-03-02 15:00", "PT2H", found["working"]) == "2026-03-03 09:00"
    assert due("2026-03-02 23:00", "PT2H", found["late"]) == "2026-03-03 17:00"
    assert due("2026-03-07 23:00", "P1D", found["late"]) == "2026-03-10 00:00"


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({"zone": "Mars/Base"}, "calendar.zone"),
        ({"zone": "../etc/passwd"}, "calendar.zone"),
        ({"public_holidays": "france"}, "public_holidays"),
        ({"working": {"hours": "09:00-12:00"}}, "hours"),
        ({"working": {"hours": []}}, "hours"),
        ({"working": {"hours": ["25:00-26:00"]}}, "hours"),
        ({"working": {"hours": ["22:00-06:00"]}}, "hours"),
        ({"working": {"hours": ["09:00-12:00", "11:00-13:00"]}}, "hours"),
        ({"working": 5}, "calendar.working"),
        ({"late": {}}, "calendar.late.hours"),
        ({"holidays": {"soon": {}}}, "holidays.soon"),
        ({"holidays": {"2027": {"closed": ["2026-01-01"]}}}, "2027.closed"),
        ({"holidays": {"2027": {"closed": ["New Year"]}}}, "2027.closed"),
        ({"holidays": {"2027": {"closed": "2027-01-01"}}}, "2027.closed"),
        ({"holidays": {"2027": {"closed": ["2027-01-01"], "working": ["2027-01-01"]}}}, "2027"),
    ],
)
def test_config_errors_name_the_setting(table: dict[str, object], names: str) -> None:
    with pytest.raises(CalendarError) as caught:
        calendars_from_config({"calendar": table})
    assert names in caught.value.text("en")
    assert names in caught.value.text("zh")


def test_working_hours_are_checked() -> None:
    with pytest.raises(CalendarError):
        WorkingHours(())
    with pytest.raises(CalendarError):
        WorkingHours(((time(12), time(9)),))


def test_days_with_another_length_in_a_dst_zone() -> None:
    berlin = calendars_from_config({"calendar": {"zone": "Europe/Berlin", "public_holidays": "none"}})
    all_day = {"zone": "Europe/Berlin", "public_holidays": "none", "working": {"hours": ["00:00-24:00"]}}
    spring = calendars_from_config({"calendar": {**all_day, "holidays": {"2026": {"working": ["2026-03-29"]}}}})[
        "working"
    ]
    assert due("2026-03-27 10:00", "P1D", berlin["working"]) == "2026-03-30 10:00"
    assert spring.working_seconds(at("2026-03-29 00:00", BERLIN), at("2026-03-30 00:00", BERLIN)) == 23 * 3600
    assert due("2026-03-27 02:30", "P1D", spring) == "2026-03-29 03:00"
    assert due("2026-03-28 12:00", "PT24H", berlin["calendar"]) == "2026-03-29 13:00"
    assert due("2026-02-28 02:30", "P1M1D", berlin["calendar"]) == "2026-03-29 03:30"


def test_explanation_tells_what_was_skipped_and_survives_storage() -> None:
    explanation = WORKING.add(at("2026-02-13 10:00"), "P7D").explanation
    assert Explanation.from_dict(json.loads(json.dumps(explanation.to_dict()))) == explanation
    zh, en = explanation.text("zh", "Asia/Shanghai"), explanation.text("en", SHANGHAI)
    for part in (
        "2026年2月13日 周五 10:00",
        "7 个工作日",
        "春节（2月15日至2月23日）",
        "周末 1 天",
        "2月14日、2月28日",
        "3月2日",
    ):
        assert part in zh
    for part in (
        "7 working days",
        "Spring Festival (15 Feb to 23 Feb)",
        "1 weekend day",
        "14 Feb, 28 Feb",
        "2 Mar 2026",
    ):
        assert part in en


def test_explanation_of_provisional_and_calendar_time() -> None:
    explanation = WORKING.add(at("2026-12-30 10:00"), "P3D").explanation
    assert "2027 年的放假安排尚未公布" in explanation.text("zh")
    assert "provisional" in explanation.text("en")
    assert (
        ROUND.add(at("2026-03-02 10:00"), "PT2H").explanation.text("en").startswith("2 hours from Mon 2 Mar 2026 10:00")
    )


@pytest.mark.parametrize("stored", [{}, {"start": "x"}, {"start": "2026-01-01", "at": 5}])
def test_unreadable_explanations_are_refused(stored: dict[str, object]) -> None:
    with pytest.raises(CalendarError):
        Explanation.from_dict(stored)


@pytest.mark.parametrize(
    ("duration", "zh", "en"),
    [
        ("P1D", "1 个工作日", "1 working day"),
        ("P1Y3M", "1 年 3 个月", "1 year 3 months"),
        ("P1W", "5 个工作日", "5 working days"),
        ("PT4H30M5S", "4 个工作小时 30 分钟 5 秒", "4 working hours 30 minutes 5 seconds"),
        ("P0D", "0 分钟", "0 minutes"),
    ],
)
def test_durations_in_words(duration: str, zh: str, en: str) -> None:
    assert span_text(parse_span(duration), "working", "zh") == zh
    assert span_text(parse_span(duration), "working", "en") == en


@pytest.mark.parametrize(
    ("now", "zh", "en"),
    [
        ("2026-03-02 14:00", "还剩 1 个工作日", "1 working day left"),
        ("2026-03-02 10:30", "还剩 1 个工作日 2 小时", "1 working day 2 h left"),
        ("2026-03-03 11:40", "还剩 50 分钟", "50 min left"),
        ("2026-03-03 13:59", "还剩 1 分钟", "1 min left"),
        ("2026-03-03 13:59:30", "即将到期", "due any moment"),
        ("2026-03-03 14:00:01", "刚刚超时", "just overdue"),
        ("2026-03-03 16:00", "已超时 2 小时", "2 h overdue"),
        ("2026-03-05 14:00", "已超时 2 个工作日", "2 working days overdue"),
    ],
)
def test_remaining_in_working_time(now: str, zh: str, en: str) -> None:
    found = remaining(at("2026-03-03 14:00"), at(now), WORKING)
    assert (found.text("zh"), found.text("en")) == (zh, en)


def test_remaining_in_calendar_time() -> None:
    target = ROUND.add(at("2026-03-02 10:00"), "P2D")
    assert remaining(target, at("2026-03-03 07:00"), ROUND).text("en") == "1 day 3 h left"
    assert remaining(target, at("2026-03-07 10:00"), ROUND).text("zh") == "已超时 3 天"
    assert remaining(target, at("2026-03-07 10:00"), ROUND).seconds == -3 * 86_400


def test_adding_twenty_working_days_is_fast() -> None:
    start = at("2026-02-13 10:00")
    WORKING.add(start, "P20D")
    best = min(timeit.repeat(lambda: WORKING.add(start, "P20D"), number=100, repeat=5)) / 100
    assert best < 0.0002


instants = st.datetimes(datetime(2020, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))
seconds = st.integers(0, 3_000_000)
clocks = st.sampled_from([WORKING, ROUND, BERLIN_WORKING])
texts = st.sampled_from(["P0D", "P1D", "P7D", "PT4H", "P1DT2H", "P1M", "P1W", "P0.5D", "P1Y2M3DT4H5M6S", "PT90M"])


@settings(max_examples=200, deadline=None)
@given(clocks, instants, instants, texts)
def test_later_starts_are_never_due_earlier(calendar: Calendar, a: datetime, b: datetime, duration: str) -> None:
    first, second = sorted((a, b))
    assert calendar.add(first, duration).at <= calendar.add(second, duration).at


@settings(max_examples=200, deadline=None)
@given(clocks, instants, st.integers(0, 60), st.integers(0, 60), seconds, seconds)
def test_longer_durations_are_never_due_earlier(
    calendar: Calendar, start: datetime, days: int, more: int, rest: int, longer: int
) -> None:
    one, two = sorted((rest, longer))
    short, long = calendar.add(start, f"P{days}DT{one}S"), calendar.add(start, f"P{days + more}DT{two}S")
    assert start <= short.at <= long.at


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([WORKING, BERLIN_WORKING]), instants, texts)
def test_due_dates_lie_in_working_hours(calendar: Calendar, start: datetime, duration: str) -> None:
    local = calendar.add(start, duration).at.astimezone(calendar.zone)
    assert calendar.is_working_day(local.date())
    assert any(opens <= local.time() <= closes for opens, closes in WorkingHours().intervals)


@settings(max_examples=200, deadline=None)
@given(clocks, instants, seconds, seconds)
def test_hours_add_up_and_measure_back(calendar: Calendar, start: datetime, a: int, b: int) -> None:
    half = calendar.add(start, f"PT{a}S").at
    assert calendar.working_seconds(start, half) == a
    assert calendar.working_seconds(half, start) == -a
    whole = calendar.add(start, f"PT{a + b}S").at
    assert calendar.add(half, f"PT{b}S").at == whole or (b == 0 and calendar.working_seconds(half, whole) == 0)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([WORKING, BERLIN_WORKING]), instants, st.integers(1, 60))
def test_working_days_measure_back_in_whole_days(calendar: Calendar, start: datetime, days: int) -> None:
    assert calendar.working_seconds(start, calendar.add(start, f"P{days}D").at) == days * calendar.day_seconds


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="PTYMWDHS0123456789.,-+ ", max_size=20))
def test_any_text_is_a_duration_or_a_calendar_error(text: str) -> None:
    for calendar in (WORKING, ROUND):
        with suppress(CalendarError):
            assert calendar.add(at("2026-03-02 10:00"), text).at >= at("2026-03-02 10:00")
