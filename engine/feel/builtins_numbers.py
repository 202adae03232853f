"""Numeric functions and statistics (DMN 1.3, 10.3.4.4 and 10.3.4.5)."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from functools import reduce
from typing import Any

from .arithmetic import calculate
from .builtin import builtin, truncated
from .compare import order
from .errors import Fail
from .moments import carrier, nanos_of, span_of
from .run import Run
from .values import NUMBERS, kind


def rounded(value: Decimal, scale: Decimal | None, mode: str, function: str) -> Decimal:
    """A number rounded to a number of decimals, which may be negative."""
    places = 0 if scale is None else truncated(scale, function, "scale", -6111, 6176)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -places:
        return value
    context = Context(prec=max(34, value.adjusted() + places + 2, 1), rounding=mode, Emin=-9999, Emax=9999)
    return NUMBERS.plus(value.quantize(Decimal(1).scaleb(-places, context), context=context))


def _rounding(name: str, mode: str, optional: bool) -> None:
    def call(run: Run, value: Decimal, scale: Decimal | None = None) -> Decimal:
        return rounded(value, scale, mode, name)

    builtin(name, "n: number, scale: number")(call)
    if optional:
        builtin(name, "n: number")(call)


_rounding("decimal", ROUND_HALF_EVEN, False)
_rounding("floor", ROUND_FLOOR, True)
_rounding("ceiling", ROUND_CEILING, True)
_rounding("round up", ROUND_UP, True)
_rounding("round down", ROUND_DOWN, True)
_rounding("round half up", ROUND_HALF_UP, True)
_rounding("round half down", ROUND_HALF_DOWN, True)


@builtin("abs", "n: number|dtd|ymd")
def absolute(run: Run, value: Any) -> Any:
    """The size of a number or duration."""
    return span_of(abs(nanos_of(value))) if carrier(value) is timedelta else abs(value)


@builtin("modulo", "dividend: number, divisor: number")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Decimal:
    """The remainder of flooring division; it has the sign of the divisor."""
    if not divisor:
        raise Fail("division_by_zero")
    if dividend.adjusted() - divisor.adjusted() > 100:
        raise Fail("out_of_range", operation="modulo")
    run.charge(4)
    exact = Context(prec=400, Emin=-9999, Emax=9999)
    quotient = exact.divide(dividend, divisor).to_integral_value(ROUND_FLOOR)
    return NUMBERS.plus(exact.subtract(dividend, exact.multiply(divisor, quotient)))


@builtin("sqrt", "number: number")
def square_root(run: Run, value: Decimal) -> Decimal:
    """The square root."""
    if value < 0:
        raise Fail("argument_value", function="sqrt", name="number", value=str(value)[:40])
    run.charge(5)
    return NUMBERS.sqrt(value)


@builtin("log", "number: number")
def logarithm(run: Run, value: Decimal) -> Decimal:
    """The natural logarithm."""
    if value <= 0:
        raise Fail("argument_value", function="log", name="number", value=str(value)[:40])
    run.charge(100)
    return NUMBERS.ln(value)


@builtin("exp", "number: number")
def exponential(run: Run, value: Decimal) -> Decimal:
    """e raised to a number."""
    run.charge(100)
    return NUMBERS.exp(value)


@builtin("odd", "number: number")
def odd(run: Run, value: Decimal) -> bool:
    """Whether a whole number is odd."""
    return _last_digit(value) in (1, 3, 5, 7, 9)


@builtin("even", "number: number")
def even(run: Run, value: Decimal) -> bool:
    """Whether a whole number is even."""
    return _last_digit(value) in (0, 2, 4, 6, 8)


def _last_digit(value: Decimal) -> int | None:
    if value != value.to_integral_value():
        return None
    return 0 if value.adjusted() > 40 else int(abs(value)) % 10


def _statistic(name: str) -> Callable[[Callable[[Run, list[Any]], Any]], Callable[[Run, list[Any]], Any]]:
    """Declare a function of a list that may also be given its elements one by one."""

    def register(function: Callable[[Run, list[Any]], Any]) -> Callable[[Run, list[Any]], Any]:
        def call(run: Run, items: list[Any]) -> Any:
            run.charge(len(items))
            return function(run, items)

        builtin(name, "list: list")(call)
        builtin(name, "*list")(lambda run, *items: call(run, list(items)))
        return function

    return register


def _numbers(function: str, items: list[Any]) -> list[Decimal]:
    for item in items:
        if type(item) is not Decimal:
            raise Fail("arguments", function=function, found=kind(item))
    if not items:
        raise Fail("arguments", function=function, found="[]")
    return items


@builtin("count", "list: list")
def count(run: Run, items: list[Any]) -> Decimal:
    """How many elements a list has."""
    return Decimal(len(items))


def _extreme(function: str, items: list[Any], sign: int) -> Any:
    if not items:
        raise Fail("arguments", function=function, found="[]")
    best = items[0]
    for item in items:
        found = order(item, best)
        if found is None:
            raise Fail("no_order", left=kind(item), right=kind(best))
        if found * sign > 0:
            best = item
    return best


@_statistic("min")
def minimum(run: Run, items: list[Any]) -> Any:
    """The smallest element."""
    return _extreme("min", items, -1)


@_statistic("max")
def maximum(run: Run, items: list[Any]) -> Any:
    """The largest element."""
    return _extreme("max", items, 1)


@_statistic("sum")
def total(run: Run, items: list[Any]) -> Any:
    """The sum of numbers, or of durations of one kind."""
    if items and kind(items[0]).endswith("duration"):
        return reduce(lambda a, b: calculate("+", a, b), items)
    return reduce(NUMBERS.add, _numbers("sum", items), Decimal(0))


@_statistic("product")
def product(run: Run, items: list[Any]) -> Decimal:
    """The product of numbers."""
    return reduce(NUMBERS.multiply, _numbers("product", items))


@_statistic("mean")
def mean(run: Run, items: list[Any]) -> Any:
    """The arithmetic mean."""
    return calculate("/", total(run, items), Decimal(len(items)))


@_statistic("median")
def median(run: Run, items: list[Any]) -> Decimal:
    """The middle number, or the mean of the two in the middle."""
    ordered = sorted(_numbers("median", items))
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return NUMBERS.divide(NUMBERS.add(ordered[middle - 1], ordered[middle]), Decimal(2))


@_statistic("stddev")
def standard_deviation(run: Run, items: list[Any]) -> Decimal:
    """The standard deviation of a sample."""
    numbers = _numbers("stddev", items)
    if len(numbers) < 2:
        raise Fail("arguments", function="stddev", found="[number]")
    middle = mean(run, numbers)
    squares = [NUMBERS.power(NUMBERS.subtract(number, middle), 2) for number in numbers]
    return NUMBERS.sqrt(NUMBERS.divide(reduce(NUMBERS.add, squares), Decimal(len(numbers) - 1)))


@_statistic("mode")
def mode(run: Run, items: list[Any]) -> list[Decimal]:
    """The most frequent numbers, in ascending order."""
    if not items:
        return []
    counted = Counter(_numbers("mode", items))
    most = max(counted.values())
    return sorted(number for number, times in counted.items() if times == most)
