"""Values as text: the function string() and the literal form that parses back."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from .errors import FeelLimitError, FeelValueError
from .lexer import is_plain_name
from .moments import Wide, text_of
from .values import NUMBERS, Function, Range, YearsMonths, kind

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('["\\\\\n\r\t\ud800-\udfff]')
MAX_PARTS = 100_000
MAX_SHOWN = 200
"""Characters of a value in a message."""


def number_text(value: Decimal) -> str:
    """A number without an exponent and without trailing zeros."""
    if not value:
        return "0"
    return format(value.normalize(NUMBERS), "f")


def quote(value: str) -> str:
    """A string literal."""
    inner = _ESCAPED.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}", value)
    return f'"{inner}"'


def _free(_: int) -> None:
    """What writing costs where nobody pays for it."""


_SCALARS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "null",
    bool: lambda value: "true" if value else "false",
    Decimal: number_text,
    **dict.fromkeys((date, time, datetime, timedelta, Wide), text_of),
    YearsMonths: str,
}
_TEMPORAL = (date, time, datetime, timedelta, Wide, YearsMonths)


class Writer:
    """Builds the text of one value. `literal` decides whether dates and durations become @ literals."""

    def __init__(self, literal: bool, charge: Callable[[int], None] = _free) -> None:
        self._literal = literal
        self._charge = charge
        self._left = MAX_PARTS

    def write(self, value: Any) -> str:
        """The text of a value; strings are quoted."""
        self._left -= 1
        if self._left < 0:
            raise FeelLimitError("result_too_large", limit=MAX_PARTS)
        self._charge(2)
        if isinstance(value, str):
            self._charge(len(value) >> 4)
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


def shown(value: Any, most: int = MAX_SHOWN) -> str:
    """A value as it stands in a message: never refused, and cut where it gets long."""
    try:
        text = display(value)
    except FeelLimitError:
        return "…"
    except FeelValueError:
        return kind(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def string(value: Any, charge: Callable[[int], None] = _free) -> str:
    """The text that the function string() gives (DMN 1.3, 10.3.4.1): a string is itself."""
    return value if isinstance(value, str) else Writer(literal=False, charge=charge).write(value)
