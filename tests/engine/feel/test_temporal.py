"""Dates, times and durations (DMN 1.3, 10.3.2.3.4 to 10.3.2.3.9, 10.3.4.1 and 10.3.4.10)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.feel import FeelValueError, YearsMonths, compile_expression, display, parse_duration

CASES = [
    ('date("2020-02-29")', '@"2020-02-29"'),
    ('date("2019-02-29")', "null"),
    ('date("2020-1-1")', "null"),
    ('date("20200101")', "null"),
    ('date("2020-01-01T00:00:00")', "null"),
    ('date(" 2020-01-01")', "null"),
    ("date(2020, 2, 29)", '@"2020-02-29"'),
    ("date(2020, 2, 30)", "null"),
    ("date(2020, 13, 1)", "null"),
    ("date(2020.5, 1, 1)", "null"),
    ("date(null)", "null"),
    ("date()", "null"),
    ("date(year: 2020, month: 3, day: 4)", '@"2020-03-04"'),
    ('date(from: "2020-01-01")', '@"2020-01-01"'),
    ('date(@"2020-01-01T10:00:00+08:00")', '@"2020-01-01"'),
    ('time("10:30:00")', '@"10:30:00"'),
    ('time("10:30:00.250")', '@"10:30:00.25"'),
    ('time("10:30:00Z")', '@"10:30:00Z"'),
    ('time("10:30:00z")', '@"10:30:00Z"'),
    ('time("10:30:00+00:00")', '@"10:30:00Z"'),
    ('time("10:30:00-05:30")', '@"10:30:00-05:30"'),
    ('time("10:30:00@Asia/Shanghai")', '@"10:30:00@Asia/Shanghai"'),
    ('time("10:30:00@Nowhere/City")', "null"),
    ('time("10:30:00+01:00@Europe/Paris")', "null"),
    ('time("24:00:00")', "null"),
    ('time("10:30")', "null"),
    ('time("10:60:00")', "null"),
    ('time("10:30:00+19:00")', "null"),
    ('time("10:30:00.1234567")', '@"10:30:00.1234567"'),
    ('time("10:30:00.0123456789")', "null"),
    ("time(10, 30, 15.5)", '@"10:30:15.5"'),
    ('time(10, 30, 15, @"PT8H")', '@"10:30:15+08:00"'),
    ('time(10, 30, 15, -@"PT8H")', '@"10:30:15-08:00"'),
    ('time(10, 30, 15, @"PT0S")', '@"10:30:15Z"'),
    ("time(10, 30, 15, null)", '@"10:30:15"'),
    ("time(24, 0, 0)", "null"),
    ('time(@"2020-01-01T10:30:00+08:00")', '@"10:30:00+08:00"'),
    ('time(@"2020-01-01")', '@"00:00:00Z"'),
    ('date and time("2020-01-01T10:00:00")', '@"2020-01-01T10:00:00"'),
    ('date and time("2020-01-01")', '@"2020-01-01T00:00:00"'),
    ('date and time("2020-01-01T10:00:00@Europe/Paris")', '@"2020-01-01T10:00:00@Europe/Paris"'),
    ('date and time("2020-01-01 10:00:00")', "null"),
    ('date and time(@"2020-01-01", @"10:00:00Z")', '@"2020-01-01T10:00:00Z"'),
    ('date and time(date: @"2020-01-01", time: @"10:00:00")', '@"2020-01-01T10:00:00"'),
    ('date and time(@"2020-01-01T23:00:00", @"10:00:00")', '@"2020-01-01T10:00:00"'),
    ("date and time(2020, 1, 2, 3, 4, 5)", '@"2020-01-02T03:04:05"'),
    ('date and time(2020, 1, 2, 3, 4, 5, @"PT8H")', '@"2020-01-02T03:04:05+08:00"'),
    ('date and time(2020, 1, 2, 3, 4, 5, "Europe/Paris")', '@"2020-01-02T03:04:05@Europe/Paris"'),
    ('date and time(@"2020-01-01T10:00:00Z", "Asia/Shanghai")', '@"2020-01-01T18:00:00@Asia/Shanghai"'),
    ('duration("P1DT36H")', '@"P2DT12H"'),
    ('duration("PT0.5S")', '@"PT0.5S"'),
    ('duration("-PT90M")', '@"-PT1H30M"'),
    ('duration("P14M")', '@"P1Y2M"'),
    ('duration("P0D")', '@"PT0S"'),
    ('duration("P0Y")', '@"P0M"'),
    ('duration("P1Y1D")', "null"),
    ('duration("P")', "null"),
    ('duration("PT")', "null"),
    ('duration("P1DT")', "null"),
    ('duration("P1W")', "null"),
    ('duration("1D")', "null"),
    ('duration("P99999999999D")', "null"),
    # properties, table 53
    ('@"2020-03-04".year', "2020"),
    ('@"2020-03-04".month', "3"),
    ('@"2020-03-04".day', "4"),
    ('@"2020-03-04".weekday', "3"),
    ('@"2020-03-04".hour', "null"),
    ('@"2020-03-04T05:06:07".hour', "5"),
    ('@"2020-03-04T05:06:07".minute', "6"),
    ('@"2020-03-04T05:06:07.5".second', "7.5"),
    ('@"2020-03-04T05:06:07".time offset', "null"),
    ('@"2020-03-04T05:06:07+08:00".time offset', '@"PT8H"'),
    ('@"2020-03-04T05:06:07@Asia/Shanghai".time offset', '@"PT8H"'),
    ('@"2020-03-04T05:06:07@Asia/Shanghai".timezone', '"Asia/Shanghai"'),
    ('@"2020-03-04T05:06:07Z".timezone', "null"),
    ('@"05:06:07@Asia/Shanghai".time offset', '@"PT8H"'),
    ('@"P1Y2M".years', "1"),
    ('@"-P1Y2M".months', "-2"),
    ('@"P1DT2H3M4S".days', "1"),
    ('@"P1DT2H3M4S".hours', "2"),
    ('@"P1DT2H3M4S".minutes', "3"),
    ('@"-P1DT2H3M4.5S".seconds', "-4.5"),
    # arithmetic, tables 50 to 54
    ('@"2020-01-31" + @"P1M"', '@"2020-02-29"'),
    ('@"2020-02-29" + @"P1Y"', '@"2021-02-28"'),
    ('@"2020-03-31" - @"P1M"', '@"2020-02-29"'),
    ('@"P1M" + @"2020-01-31"', '@"2020-02-29"'),
    ('@"2020-01-01" + @"P1D"', '@"2020-01-02"'),
    ('@"2020-01-01" + @"PT25H"', '@"2020-01-02"'),
    ('@"2020-01-01" - @"PT1H"', '@"2019-12-31"'),
    ('@"2020-01-01T10:00:00" + @"PT20H"', '@"2020-01-02T06:00:00"'),
    ('@"2020-03-29T01:30:00@Europe/Paris" + @"PT1H"', '@"2020-03-29T03:30:00@Europe/Paris"'),
    ('@"2020-01-01T00:00:00Z" - @"2020-01-01T00:00:00+08:00"', '@"PT8H"'),
    ('@"2020-01-02" - @"2020-01-01"', '@"P1D"'),
    ('@"2020-01-02T00:00:00Z" - @"2020-01-01"', '@"P1D"'),
    ('@"2020-01-02T00:00:00" - @"2020-01-01"', "null"),
    ('@"2020-01-02T00:00:00" - @"2020-01-01T00:00:00Z"', "null"),
    ('@"10:00:00" - @"09:30:00"', '@"PT30M"'),
    ('@"10:00:00Z" - @"10:00:00+01:00"', '@"PT1H"'),
    ('@"23:00:00" + @"PT2H"', '@"01:00:00"'),
    ('@"01:00:00" - @"PT2H"', '@"23:00:00"'),
    ('@"P1D" + @"PT1H"', '@"P1DT1H"'),
    ('@"P1D" - @"P2D"', '@"-P1D"'),
    ('@"P1Y" - @"P1M"', '@"P11M"'),
    ('@"P1Y" + @"P1D"', "null"),
    ('@"P1D" * 1.5', '@"P1DT12H"'),
    ('2 * @"P1Y6M"', '@"P3Y"'),
    ('@"P1D" / 2', '@"PT12H"'),
    ('@"P1Y" / 5', '@"P2M"'),
    ('@"P1D" / @"PT6H"', "4"),
    ('@"P1Y" / @"P3M"', "4"),
    ('@"P1D" / 0', "null"),
    ('@"P1D" * @"P1D"', "null"),
    ('-@"P1D"', '@"-P1D"'),
    ('@"9999-12-31" + @"P1D"', '@"10000-01-01"'),
    ('@"2020-01-01" + @"2020-01-01"', "null"),
    ('@"2020-01-01" + 1', "null"),
    # comparison
    ('@"2020-01-01" < @"2020-01-02"', "true"),
    ('@"2020-01-01" = @"2020-01-01T00:00:00"', "null"),
    ('@"2020-01-01T00:00:00Z" = @"2020-01-01T08:00:00+08:00"', "true"),
    ('@"2020-01-01T00:00:00" < @"2020-01-01T08:00:00+08:00"', "null"),
    ('@"10:00:00Z" = @"10:00:00+00:00"', "true"),
    ('@"10:00:00Z" > @"10:30:00+01:00"', "true"),
    ('@"P1D" < @"PT25H"', "true"),
    ('@"P1Y" = @"P12M"', "true"),
    ('@"P1Y" < @"P400D"', "null"),
    ('@"2020-01-01" in [@"2019-12-31"..@"2020-01-31"]', "true"),
    ('@"2020-02-15" between @"2020-01-01" and @"2020-12-31"', "true"),
    # functions
    ('years and months duration(@"2011-12-22", @"2013-08-24")', '@"P1Y8M"'),
    ('years and months duration(@"2013-08-24", @"2011-12-22")', '@"-P1Y8M"'),
    ('years and months duration(@"2020-01-31", @"2020-02-29")', '@"P0M"'),
    ('years and months duration(from: @"2020-01-01", to: @"2021-01-01T00:00:00")', '@"P1Y"'),
    ('years and months duration("2020-01-01", @"2020-01-01")', "null"),
    ('day of week(@"2026-02-13")', '"Friday"'),
    ('day of year(@"2020-12-31")', "366"),
    ('month of year(@"2020-12-31")', '"December"'),
    ('week of year(@"2003-12-29")', "1"),
    ('week of year(@"2005-01-01")', "53"),
    ('last day of month(@"2020-02-01")', '@"2020-02-29"'),
    ('last day of month(@"2022-02-01T10:00:00")', '@"2022-02-28"'),
    ('abs(@"-P1D")', '@"P1D"'),
    ('abs(@"-P1Y")', '@"P1Y"'),
    ('is(@"10:00:00Z", @"10:00:00+00:00")', "true"),
    ('is(@"10:00:00Z", @"11:00:00+01:00")', "false"),
    ('is(@"10:00:00Z", @"10:00:00")', "false"),
    ('is(1, "1")', "false"),
    ("is(1, 1.0)", "true"),
    ('string(@"2020-01-01T10:00:00.120@Europe/Paris")', '"2020-01-01T10:00:00.12@Europe/Paris"'),
    ('string(@"PT90M")', '"PT1H30M"'),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_value(text, expected):
    assert display(compile_expression(text).evaluate({})) == expected


def test_now_and_today_are_the_callers():
    moment = datetime(2026, 2, 13, 18, 30, tzinfo=UTC)
    zone = ZoneInfo("Asia/Shanghai")
    assert compile_expression("now()").evaluate({}, now=moment) == moment
    assert display(compile_expression("today()").evaluate({}, now=moment, zone=zone)) == '@"2026-02-14"'
    assert compile_expression("now() - now()").evaluate({}, now=moment) == timedelta()


def test_no_clock_is_a_reason():
    result = compile_expression("now()").explain({})
    assert result.value is None
    assert result.problems[0].code == "no_clock"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT1H", timedelta(hours=1)),
        ("P2W", timedelta(weeks=2)),
        ("-P1DT1.5S", -timedelta(days=1, seconds=1.5)),
        ("P1Y6M", YearsMonths(18)),
    ],
)
def test_parse_duration(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1Y1D", "PT1.5H", "P-1D", "P1D "])
def test_parse_duration_refuses(text):
    with pytest.raises(FeelValueError):
        parse_duration(text)
