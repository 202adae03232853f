"""The values of the language and the Python types that carry them (DMN 1.3, 10.3.2.3).

null None, boolean bool, number Decimal, string str, date, time and date and time as in `datetime`, days and time
duration timedelta, and where those end Wide; years and months duration YearsMonths, range Range, list list, context
dict, function Function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

from .errors import FeelLimitError, FeelValueError
from .moments import MAX_YEAR, Wide, carrier

# 34 digits, half even, and the exponents of decimal128 (10.3.2.3.1).
NUMBERS: Final = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
MAX_MONTHS: Final = 2 * MAX_YEAR * 12 + 11
MAX_NESTING: Final = 100


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A years and months duration, kept as a number of months (10.3.2.3.8)."""

    months: int

    def __post_init__(self) -> None:
        if abs(self.months) > MAX_MONTHS:
            raise OverflowError("years and months duration out of range")

    def __add__(self, other: "YearsMonths") -> "YearsMonths":
        return YearsMonths(self.months + other.months)

    def __sub__(self, other: "YearsMonths") -> "YearsMonths":
        return YearsMonths(self.months - other.months)

    def __neg__(self) -> "YearsMonths":
        return YearsMonths(-self.months)

    def __abs__(self) -> "YearsMonths":
        return YearsMonths(abs(self.months))

    def __bool__(self) -> bool:
        return self.months != 0

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-P" if self.months < 0 else "P") + text


@dataclass(frozen=True, slots=True)
class Range:
    """A range; an end that is None is open to that side (10.3.2.7)."""

    low: Any
    high: Any
    low_included: bool = True
    high_included: bool = True


class Function:
    """A function value. A host may put one into a context to offer an operation, such as a business knowledge model."""

    __slots__ = ("call", "name", "parameters")

    def __init__(self, parameters: tuple[str, ...], call: Callable[..., Any], name: str = "function") -> None:
        self.parameters = parameters
        self.call = call
        self.name = name


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    YearsMonths: "years and months duration",
    Range: "range",
    list: "list",
    dict: "context",
}
# Types that to_feel returns as they are.
PLAIN: Final = (frozenset(_KINDS) | {Wide}) - {list, dict, Decimal, Range}


def kind(value: Any) -> str:
    """The name of the kind of a value: number, string, ..."""
    return _KINDS.get(carrier(value), "function")


def to_feel(value: Any) -> Any:
    """The value of the language for a Python value: numbers become Decimal, mappings dict, sequences list.

    Objects of any other kind are refused with FeelValueError.
    """
    return _convert(value, 0)


def _convert(value: Any, depth: int) -> Any:
    cls = type(value)
    if cls in PLAIN:
        return value
    if cls is int or cls is Decimal:
        return _number(value)
    if depth > MAX_NESTING:
        raise FeelLimitError("too_deep")
    if cls is list or cls is tuple:
        return [_convert(item, depth + 1) for item in value]
    if cls is dict:
        return {_key(key): _convert(item, depth + 1) for key, item in value.items()}
    return _convert_other(value, depth)


def _convert_other(value: Any, depth: int) -> Any:
    if isinstance(value, Range):
        return Range(
            _convert(value.low, depth + 1), _convert(value.high, depth + 1), value.low_included, value.high_included
        )
    if isinstance(value, Function):
        return value
    if isinstance(value, float):
        return _number(Decimal(float.__repr__(value)))
    if isinstance(value, int):
        return _number(int(value))
    if isinstance(value, Decimal):
        return _number(Decimal(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return datetime.combine(date(value.year, value.month, value.day), value.timetz())
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, timedelta):
        return timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, list | tuple):
        return [_convert(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _convert(item, depth + 1) for key, item in value.items()}
    raise FeelValueError("refused_value", kind=type(value).__name__)


def _number(value: int | Decimal) -> Decimal:
    try:
        number = NUMBERS.create_decimal(value)
    except (InvalidOperation, Overflow):
        raise FeelValueError("refused_value", kind="number") from None
    if not number.is_finite():
        raise FeelValueError("refused_value", kind="number")
    return number


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, str):
        return str.__str__(key)
    raise FeelValueError("refused_value", kind=f"key {type(key).__name__}")
