"""Conversion and boolean functions (DMN 1.3, 10.3.4.1 and 10.3.4.2)."""

import re
from datetime import UTC, date, time
from decimal import Decimal
from typing import Any

from . import nodes as n
from .builtin import FUNCTION_NAMES, builtin, whole
from .compare import exactly, order
from .compiler import read_at_literal
from .errors import Fail, FeelError
from .moments import SECOND, base_of, carrier, clock_of, combined, day_of, in_zone, instant, joined, nanos_of, text_of
from .parser import parse_expression
from .run import Run
from .temporal import (
    find_zone,
    make_date,
    parse_date,
    parse_datetime,
    parse_offset,
    parse_time,
    read_duration,
)
from .text import string as written
from .values import NUMBERS, Range

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")


@builtin("number", "from: string")
@builtin("number", "from: string, grouping separator: string|null, decimal separator: string|null")
def number(run: Run, text: str, group: str | None = None, point: str | None = None) -> Decimal:
    """A number from text, with the given separators."""
    if group not in (None, " ", ",", ".") or point not in (None, ",", ".") or (group is not None and group == point):
        raise Fail("argument_value", function="number", name="grouping separator", value=f"{group} {point}"[:40])
    run.text(text)
    plain = text.replace(group, "") if group else text
    if point == ",":
        if "." in plain:
            raise Fail("invalid_literal", value=text[:40], kind="number")
        plain = plain.replace(",", ".")
    if len(plain) > 1000 or not _NUMBER.fullmatch(plain):
        raise Fail("invalid_literal", value=text[:40], kind="number")
    return NUMBERS.create_decimal(plain)


@builtin("number", "from: number")
def number_of_number(run: Run, value: Decimal) -> Decimal:
    """A number is itself."""
    return value


@builtin("string", "from")
def string(run: Run, value: Any) -> str | None:
    """The text of any value."""
    return None if value is None else run.text(written(value, run.charge))


@builtin("not", "negand: boolean|null")
def negation(run: Run, value: bool | None) -> bool | None:
    """Logical negation."""
    return None if value is None else not value


@builtin("is", "value1, value2")
def is_exactly(run: Run, left: Any, right: Any) -> bool:
    """Whether two values are the same, offsets included (10.3.4.9)."""
    return exactly(run, left, right)


@builtin("date", "from: string")
def date_of_text(run: Run, text: str) -> Any:
    """A date from text."""
    return parse_date(text)


@builtin("date", "from: date|datetime")
def date_of_date(run: Run, value: Any) -> Any:
    """The date of a date and time."""
    return day_of(value)


@builtin("date", "year: number, month: number, day: number")
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Any:
    """A date from its parts."""
    return make_date(whole(year, "date", "year"), whole(month, "date", "month"), whole(day, "date", "day"))


def _reading(text: str) -> int:
    """What reading a text costs: a time zone may have to be looked up."""
    return 50 if "@" in text else 2


@builtin("time", "from: string")
def time_of_text(run: Run, text: str) -> Any:
    """A time from text."""
    run.charge(_reading(text))
    return parse_time(text)


@builtin("time", "from: time|datetime|date")
def time_of_value(run: Run, value: Any) -> Any:
    """The time of a date and time; of a date, midnight in UTC."""
    if carrier(value) is time:
        return value
    return time(tzinfo=UTC) if carrier(value) is date else clock_of(value)


@builtin("time", "hour: number, minute: number, second: number, offset?: dtd")
def time_of_parts(run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: Any) -> Any:
    """A time from its parts."""
    return _clock("time", hour, minute, second, _offset("time", offset))


def _clock(function: str, hour: Decimal, minute: Decimal, second: Decimal, zone: Any) -> Any:
    total = NUMBERS.multiply(second, Decimal(SECOND))
    if total != total.to_integral_value():
        raise Fail("too_precise", value=str(second)[:40])
    seconds, rest = divmod(whole(total, function, "second", 0, 60 * SECOND - 1), SECOND)
    hours, minutes = whole(hour, function, "hour", 0, 23), whole(minute, function, "minute", 0, 59)
    return joined(time(hours, minutes, seconds, rest // 1000, zone), 0, rest % 1000)


def _offset(function: str, offset: Any) -> Any:
    if offset is None:
        return None
    seconds, rest = divmod(abs(nanos_of(offset)), SECOND)
    if seconds > 18 * 3600 or rest:
        raise Fail("argument_value", function=function, name="offset", value=text_of(offset))
    sign = "-" if nanos_of(offset) < 0 else "+"
    text = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return parse_offset("Z" if not seconds else text, text)


@builtin("date and time", "from: string")
def datetime_of_text(run: Run, text: str) -> Any:
    """A date and time from text."""
    run.charge(_reading(text))
    return parse_datetime(text)


@builtin("date and time", "from: datetime|date")
def datetime_of_value(run: Run, value: Any) -> Any:
    """A date and time is itself; a date means its midnight."""
    return combined(value, time()) if carrier(value) is date else value


@builtin("date and time", "date: date|datetime, time: time")
def datetime_of_date_and_time(run: Run, day: Any, clock: Any) -> Any:
    """A date and time from a date and a time."""
    return combined(day_of(day), clock)


@builtin("date and time", "date: datetime, timezone: string")
def datetime_in_zone(run: Run, value: Any, zone: str) -> Any:
    """The same moment in another time zone."""
    if base_of(value).tzinfo is None:
        raise Fail("arguments", function="date and time", found="date and time, string")
    run.charge(50)
    return in_zone(instant(value), _zone(zone))


def _zone(zone: str) -> Any:
    return parse_offset(zone, zone) if re.fullmatch(r"[zZ]|[+-]\d\d:\d\d", zone) else find_zone(zone[:64])


@builtin(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, offset?: dtd",
)
def datetime_of_parts(run: Run, *parts: Any) -> Any:
    """A date and time from its parts."""
    day = date_of_parts(run, *parts[:3])
    offset = _offset("date and time", parts[6])
    return combined(day, _clock("date and time", parts[3], parts[4], parts[5], offset))


@builtin(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, timezone: string",
)
def datetime_of_parts_in_zone(run: Run, *parts: Any) -> Any:
    """A date and time from its parts and a time zone."""
    run.charge(50)
    day = date_of_parts(run, *parts[:3])
    return combined(day, _clock("date and time", parts[3], parts[4], parts[5], _zone(parts[6])))


@builtin("duration", "from: string")
def duration_of_text(run: Run, text: str) -> Any:
    """A duration of either kind from text."""
    return read_duration(text)


@builtin("duration", "from: dtd|ymd")
def duration_of_duration(run: Run, value: Any) -> Any:
    """A duration is itself."""
    return value


@builtin("range", "from: string")
def range_of_text(run: Run, text: str) -> Range:
    """A range from text such as [1..3); its ends are literals (DMN 1.4)."""
    run.charge(20 + len(text[:400]))
    try:
        half_open = _HALF_OPEN.fullmatch(text[:400])
        if half_open is not None:
            return _half_open(*half_open.groups())
        node = parse_expression(text[:400], (), FUNCTION_NAMES)
        if isinstance(node, n.Interval):
            low, high = _constant(node.low), _constant(node.high)
            if order(low, high) in (-1, 0):
                return Range(low, high, node.low_included, node.high_included)
    except FeelError:
        pass
    raise Fail("invalid_literal", value=text[:40], kind="range")


# "(..3]" or "[1..)": an end without a value is open.
_HALF_OPEN = re.compile(r"\s*(?:[(\]]\s*\.\.(.+)([\])\[])|([\[(\]])(.+)\.\.\s*[)\[])\s*", re.DOTALL)


def _half_open(high: str | None, closing: str | None, opening: str | None, low: str | None) -> Range:
    if high is not None:
        return Range(None, _constant(parse_expression(high, (), FUNCTION_NAMES)), False, closing == "]")
    return Range(_constant(parse_expression(low or "", (), FUNCTION_NAMES)), None, opening == "[", False)


_CONSTRUCTORS = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_datetime,
    "duration": read_duration,
}


def _constant(node: n.Node) -> Any:
    if isinstance(node, n.Literal) and node.value is not None:
        return node.value
    if isinstance(node, n.Negation) and isinstance(node.operand, n.Literal) and isinstance(node.operand.value, Decimal):
        return -node.operand.value
    if isinstance(node, n.AtLiteral):
        return read_at_literal(node.text)
    if isinstance(node, n.Call) and isinstance(node.function, n.Name) and len(node.arguments) == 1:
        argument, read = node.arguments[0], _CONSTRUCTORS.get(node.function.name)
        if read is not None and isinstance(argument, n.Literal) and isinstance(argument.value, str):
            return read(argument.value)
    raise Fail("invalid_literal", value="range", kind="range")
