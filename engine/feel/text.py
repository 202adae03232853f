"""Values as text: the function string() and the literal form that parses back."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from .errors import FeelLimitError, FeelValueError
from .lexer import is_plain_name
from .temporal import format_datetime, format_duration, format_time
from .values import NUMBERS, Function, Range, YearsMonths, kind

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SURROGATES = range(0xD800, 0xE000)
MAX_PARTS = 100_000


def number_text(value: Decimal) -> str:
    """A number without an exponent and without trailing zeros."""
    if not value:
        return "0"
    return format(value.normalize(NUMBERS), "f")


def quote(value: str) -> str:
    """A string literal."""
    inner = "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04X}" if ord(c) in _SURROGATES else c) for c in value)
    return f'"{inner}"'


_SCALARS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "null",
    bool: lambda value: "true" if value else "false",
    Decimal: number_text,
    date: date.isoformat,
    time: format_time,
    datetime: format_datetime,
    timedelta: format_duration,
    YearsMonths: str,
}
_TEMPORAL = (date, time, datetime, timedelta, YearsMonths)


class Writer:
    """Builds the text of one value. `literal` decides whether dates and durations become @ literals."""

    def __init__(self, literal: bool, limit: int = MAX_PARTS) -> None:
        self._literal = literal
        self._limit = limit
        self._left = limit

    def write(self, value: Any) -> str:
        """The text of a value; strings are quoted."""
        self._left -= 1
        if self._left < 0:
            raise FeelLimitError("result_too_large", limit=self._limit)
        if isinstance(value, str):
            return quote(value)
        scalar = _SCALARS.get(type(value))
        if scalar is not None:
            text = scalar(value)
            return f'@"{text}"' if self._literal and isinstance(value, _TEMPORAL) else text
        if isinstance(value, list):
            return "[" + ", ".join([self.write(item) for item in value]) + "]"
        if isinstance(value, dict):
            return "{" + ", ".join([f"{self._key(key)}: {self.write(item)}" for key, item in value.items()]) + "}"
        if isinstance(value, Range):
            return self._range(value)
        if isinstance(value, Function) and not self._literal:
            return f"function({', '.join(value.parameters)})"
        raise FeelValueError("refused_value", kind=kind(value))

    def _key(self, key: str) -> str:
        return key if is_plain_name(key) else quote(key)

    def _range(self, value: Range) -> str:
        if value.low is None and value.high is None:
            raise FeelValueError("refused_value", kind="range")
        if value.low is None:
            return f"({'<=' if value.high_included else '<'} {self.write(value.high)})"
        if value.high is None:
            return f"({'>=' if value.low_included else '>'} {self.write(value.low)})"
        low, high = self.write(value.low), self.write(value.high)
        return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"


def display(value: Any) -> str:
    """A value of the language as literal text that evaluates to the same value."""
    return Writer(literal=True).write(value)


def string(value: Any) -> str:
    """The text that the function string() gives (DMN 1.3, 10.3.4.1): a string is itself."""
    return value if isinstance(value, str) else Writer(literal=False, limit=20_000).write(value)
