"""Values as JSON for storage, and back. What JSON lacks is a mapping with one tag, such as {"$date": "2020-01-31"}."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from .errors import Fail, FeelLimitError, FeelValueError
from .moments import carrier, text_of
from .temporal import parse_date, parse_datetime, parse_time, read_duration
from .text import number_text
from .values import NUMBERS, Range, YearsMonths, kind, to_feel

MAX_PARTS = 200_000
_TAGS: dict[type, str] = {date: "$date", time: "$time", datetime: "$datetime", timedelta: "$duration"}
_READ: dict[str, Callable[[str], Any]] = {
    "$number": NUMBERS.create_decimal,
    "$date": parse_date,
    "$time": parse_time,
    "$datetime": parse_datetime,
    "$duration": read_duration,
    "$months": read_duration,
}


def encode(value: Any) -> Any:
    """A value of the language, or of Python, as something `json` can write. Functions are refused."""
    return _Encoder().encode(to_feel(value))


class _Encoder:
    def __init__(self) -> None:
        self._left = MAX_PARTS

    def encode(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise FeelLimitError("result_too_large", limit=MAX_PARTS)
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, Decimal):
            if value == value.to_integral_value() and abs(value) < 10**34:
                return int(value)
            return {"$number": number_text(value) if -40 < value.adjusted() < 40 else str(value)}
        if isinstance(value, list):
            return [self.encode(item) for item in value]
        if isinstance(value, dict):
            return {(f"${key}" if key.startswith("$") else key): self.encode(item) for key, item in value.items()}
        if isinstance(value, Range):
            ends = [self.encode(value.low), self.encode(value.high)]
            return {"$range": [*ends, value.low_included, value.high_included]}
        if isinstance(value, YearsMonths):
            return {"$months": str(value)}
        if carrier(value) in _TAGS:
            return {_TAGS[carrier(value)]: text_of(value)}
        raise FeelValueError("refused_value", kind=kind(value))


def decode(json: Any) -> Any:
    """The value that was encoded."""
    if isinstance(json, list):
        return [decode(item) for item in json]
    if not isinstance(json, dict):
        return to_feel(json)
    if len(json) == 1:
        tag, content = next(iter(json.items()))
        if tag == "$range":
            low, high, low_included, high_included = content
            return Range(decode(low), decode(high), bool(low_included), bool(high_included))
        if tag in _READ:
            try:
                return _READ[tag](content)
            except Fail as fail:
                raise FeelValueError(fail.code, **fail.params) from None
    return {(key[1:] if key.startswith("$") else key): decode(item) for key, item in json.items()}
