"""Dates far away, fractions of a second below the microsecond, and what follows from them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from engine.feel import FeelValueError, compile_expression, decode, display, encode, parse_duration
from engine.feel import moments as m

FAR = [
    ('date("-0044-03-15")', '@"-0044-03-15"'),
    ('date("0000-02-29")', '@"0000-02-29"'),
    ('date("-0001-02-29")', "null"),
    ('date("-0004-02-29")', '@"-0004-02-29"'),
    ('date("12020-02-29")', '@"12020-02-29"'),
    ('date("12021-02-29")', "null"),
    ('date("999999999-12-31")', '@"999999999-12-31"'),
    ('date("1000000000-01-01")', "null"),
    ('date("02020-01-01")', "null"),
    ('date("+12020-01-01")', "null"),
    ('date("-44-03-15")', "null"),
    ("date(-44, 3, 15)", '@"-0044-03-15"'),
    ("date(999999999, 12, 31)", '@"999999999-12-31"'),
    ("date(1000000000, 1, 1)", "null"),
    ('date and time("-0044-03-15T12:00:00Z")', '@"-0044-03-15T12:00:00Z"'),
    ('date and time(@"12020-02-29", @"08:00:00")', '@"12020-02-29T08:00:00"'),
    ('date(@"12020-02-29T08:00:00")', '@"12020-02-29"'),
    ('time(@"12020-02-29T08:00:00+08:00")', '@"08:00:00+08:00"'),
    ('@"-0044-03-15".year', "-44"),
    ('@"-0044-03-15".month', "3"),
    ('@"12020-02-29".weekday', "6"),
    ('@"-0044-03-15T12:30:00".minute', "30"),
    ('day of week(@"12020-02-29")', '"Saturday"'),
    ('day of year(@"12020-12-31")', "366"),
    ('week of year(@"12020-12-31")', "53"),
    ('month of year(@"-0044-03-15")', '"March"'),
    ('last day of month(@"12020-02-01")', '@"12020-02-29"'),
    ('string(@"-0044-03-15")', '"-0044-03-15"'),
]
SUMS = [
    ('@"9999-12-31" + @"P1D"', '@"10000-01-01"'),
    ('@"10000-01-01" - @"P1D"', '@"9999-12-31"'),
    ('@"0001-01-01" - @"P1D"', '@"0000-12-31"'),
    ('@"-0044-03-15" + @"P44Y"', '@"0000-03-15"'),
    ('@"12020-02-29" + @"P1Y"', '@"12021-02-28"'),
    ('@"999999999-12-31" + @"P1D"', "null"),
    ('@"-999999999-01-01" - @"P1M"', "null"),
    ('@"9999-12-31T23:59:59Z" + @"PT2S"', '@"10000-01-01T00:00:01Z"'),
    ('@"12020-01-31T23:00:00@Asia/Shanghai" + @"PT2H"', '@"12020-02-01T01:00:00@Asia/Shanghai"'),
    ('@"12020-03-01" - @"12020-02-01"', '@"P29D"'),
    ('@"10000-01-01" - @"-0001-01-01"', '@"P3652790D"'),
    ('@"12020-01-01T00:00:00Z" - @"12020-01-01T00:00:00+08:00"', '@"PT8H"'),
    ('years and months duration(@"-0001-01-01", @"12000-07-01")', '@"P12001Y6M"'),
    ('years and months duration(@"-999999999-01-01", @"999999999-12-31")', '@"P1999999998Y11M"'),
    ('@"P1999999998Y11M" + @"P13M"', "null"),
    ('for day in @"9999-12-31"..@"10000-01-01" return day.year', "[9999, 10000]"),
    ('for day in (@"0001-01-01"..@"0000-12-30"] return day', '[@"0000-12-31", @"0000-12-30"]'),
]
FINE = [
    ('time("10:30:00.123456789")', '@"10:30:00.123456789"'),
    ('time("10:30:00.0000000001")', "null"),
    ('@"10:30:07.000000001".second', "7.000000001"),
    ("time(10, 30, 7.000000001)", '@"10:30:07.000000001"'),
    ("time(10, 30, 7.0000000001)", "null"),
    ('@"10:30:00.999999999" + @"PT0.000000001S"', '@"10:30:01"'),
    ('@"2020-01-01T00:00:00" - @"PT0.000000001S"', '@"2019-12-31T23:59:59.999999999"'),
    ('@"PT0.000000001S" * 1500', '@"PT0.0000015S"'),
    ('@"PT0.000000003S" / 3', '@"PT0.000000001S"'),
    ('@"PT0.000000003S" / @"PT0.000000002S"', "1.5"),
    ('abs(-@"PT0.000000003S")', '@"PT0.000000003S"'),
    ('@"PT0.000000003S".seconds', "0.000000003"),
    ('@"10:00:00.1" = @"10:00:00.9"', "true"),
    ('@"10:00:00.1" < @"10:00:00.9"', "false"),
    ('is(@"10:00:00.1", @"10:00:00.9")', "false"),
    ('@"PT0.1S" < @"PT0.9S"', "true"),
    ('@"10:00:00.9" in [@"10:00:00"..@"10:00:00"]', "true"),
]
ORDER = [
    ('@"-0044-03-15" < @"0001-01-01"', "true"),
    ('@"12020-01-01" > @"9999-12-31"', "true"),
    ('@"12020-01-01T08:00:00+08:00" = @"12020-01-01T00:00:00Z"', "true"),
    ('is(@"12020-01-01T08:00:00+08:00", @"12020-01-01T00:00:00Z")', "false"),
    ('@"12020-01-01" = @"12020-01-01T00:00:00"', "null"),
    ('@"2020-01-01" in [@"-0044-03-15"..@"12020-01-01"]', "true"),
    ('min(@"12020-01-01", @"-0044-03-15", @"2020-01-01")', '@"-0044-03-15"'),
    ('sort([@"12020-01-01", @"-0044-03-15"])', '[@"-0044-03-15", @"12020-01-01"]'),
    ('distinct values([@"12020-01-01", @"12020-01-01"])', '[@"12020-01-01"]'),
    ('@"12020-01-01" instance of date', "true"),
    ('@"10:00:00.000000001" instance of time', "true"),
    ('@"12020-01-01" instance of date and time', "false"),
]
MIDNIGHT = [
    ('date and time("2019-12-31T24:00:00")', '@"2020-01-01T00:00:00"'),
    ('date and time("9999-12-31T24:00:00Z")', '@"10000-01-01T00:00:00Z"'),
    ('date and time("2019-12-31T24:00:01")', "null"),
    ('time("24:00:00")', "null"),
]


@pytest.mark.parametrize(("text", "expected"), [*FAR, *SUMS, *FINE, *ORDER, *MIDNIGHT])
def test_value(text, expected):
    assert display(compile_expression(text).evaluate({})) == expected


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ('@"-0044-03-15"', {"$date": "-0044-03-15"}),
        ('@"12020-01-01T08:00:00@Asia/Shanghai"', {"$datetime": "12020-01-01T08:00:00@Asia/Shanghai"}),
        ('@"10:00:00.000000001Z"', {"$time": "10:00:00.000000001Z"}),
        ('-@"P1DT0.000000001S"', {"$duration": "-P1DT0.000000001S"}),
    ],
)
def test_stored_and_read_again(text, stored):
    value = compile_expression(text).evaluate({})
    assert encode(value) == stored
    assert decode(json.loads(json.dumps(stored))) == value


def test_what_datetime_can_hold_is_held_by_it():
    near = compile_expression('@"12020-01-01" - @"P10000Y"').evaluate({})
    assert (near, type(near)) == (date(2020, 1, 1), date)
    exact = compile_expression('@"2020-01-01T00:00:00.000000001Z" - @"PT0.000000001S"').evaluate({})
    assert (exact, type(exact)) == (datetime(2020, 1, 1, tzinfo=UTC), datetime)
    assert type(compile_expression('@"PT0.000000001S" * 1000').evaluate({})) is timedelta


@pytest.mark.parametrize("year", [-999_999_999, -400, -1, 0, 1, 1999, 2000, 9999, 10_000, 123_456, 999_999_999])
def test_every_day_has_one_number(year):
    inwards = -400 * m.DAY if year > 0 else 400 * m.DAY
    for month, day in ((1, 1), (2, 28), (3, 1), (12, 31)):
        value = m.date_from(year, month, day)
        assert m.on_day(m.instant(value) // m.DAY) == value
        assert m.moved(m.moved(value, inwards), -inwards) == value


def test_years_end_where_the_standard_ends():
    for year in (m.MAX_YEAR + 1, -m.MAX_YEAR - 1):
        with pytest.raises(OverflowError):
            m.date_from(year, 1, 1)


def test_a_timer_is_not_finer_than_a_microsecond():
    assert parse_duration("PT0.000001S") == timedelta(microseconds=1)
    with pytest.raises(FeelValueError):
        parse_duration("PT0.0000001S")
