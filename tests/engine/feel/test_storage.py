"""Storing values as JSON, converting from Python, and writing values as literals."""

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from engine.feel import (
    FeelLimitError,
    FeelValueError,
    Function,
    Range,
    YearsMonths,
    compile_expression,
    decode,
    display,
    encode,
    to_feel,
)

STORED = [
    (None, None),
    (True, True),
    ("a", "a"),
    (Decimal("3"), 3),
    (Decimal("3.00"), 3),
    (Decimal("1.5"), {"$number": "1.5"}),
    (Decimal("1E+20"), 10**20),
    (Decimal("1E+300"), {"$number": "1E+300"}),
    (date(2020, 1, 2), {"$date": "2020-01-02"}),
    (time(10, 30), {"$time": "10:30:00"}),
    (time(10, 30, tzinfo=UTC), {"$time": "10:30:00Z"}),
    (datetime(2020, 1, 2, 3, 4, 5), {"$datetime": "2020-01-02T03:04:05"}),
    (datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=8))), {"$datetime": "2020-01-02T00:00:00+08:00"}),
    (datetime(2020, 1, 2, tzinfo=ZoneInfo("Asia/Shanghai")), {"$datetime": "2020-01-02T00:00:00@Asia/Shanghai"}),
    (timedelta(days=1, hours=2), {"$duration": "P1DT2H"}),
    (YearsMonths(14), {"$months": "P1Y2M"}),
    (Range(Decimal(1), Decimal(3), True, False), {"$range": [1, 3, True, False]}),
    (Range(None, date(2020, 1, 1), False, True), {"$range": [None, {"$date": "2020-01-01"}, False, True]}),
    ([Decimal(1), [None]], [1, [None]]),
    ({"a": Decimal(1), "$date": "x"}, {"a": 1, "$$date": "x"}),
    ({"$$x": "y"}, {"$$$x": "y"}),
    ({}, {}),
]


@pytest.mark.parametrize(("value", "stored"), STORED)
def test_round_trip(value, stored):
    assert encode(value) == stored
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_functions_are_not_stored():
    with pytest.raises(FeelValueError):
        encode({"f": Function((), lambda: 1)})


@pytest.mark.parametrize("broken", [{"$date": "x"}, {"$duration": "1"}, {"$time": ""}])
def test_broken_storage_is_an_error(broken):
    with pytest.raises(FeelValueError):
        decode(broken)


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, Decimal(1)),
        (0.1, Decimal("0.1")),
        (1e300, Decimal("1E+300")),
        (True, True),
        (Level.HIGH, Decimal(3)),
        ((1, 2), [Decimal(1), Decimal(2)]),
        (OrderedDict(a=1), {"a": Decimal(1)}),
        (MappingProxyType({"a": [1.5]}), {"a": [Decimal("1.5")]}),
        (Range(1, 2), Range(Decimal(1), Decimal(2))),
    ],
)
def test_to_feel(value, expected):
    found = to_feel(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "value", [object(), {1: 2}, {1, 2}, b"x", float("inf"), float("nan"), Decimal("NaN"), len, int]
)
def test_to_feel_refuses(value):
    with pytest.raises(FeelValueError):
        to_feel(value)


def test_endless_values_are_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(FeelLimitError):
        to_feel(endless)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a"b\n', r'"a\"b\n"'),
        (Decimal("-1.50"), "-1.5"),
        (date(2020, 1, 2), '@"2020-01-02"'),
        (YearsMonths(0), '@"P0M"'),
        (timedelta(), '@"PT0S"'),
        ({"a b": [1, None]}, "{a b: [1, null]}"),
        ({"x=y": True}, '{"x=y": true}'),
        ({"and": 1, "": 2}, '{"and": 1, "": 2}'),
        (Range(Decimal(1), None, False, False), "(> 1)"),
    ],
)
def test_display_is_a_literal(value, text):
    value = to_feel(value)
    assert display(value) == text
    assert compile_expression(text).evaluate({}) == value
