"""FEEL, the expression language of DMN 1.3: compile once, evaluate often, with no way to reach Python.

Numbers are Decimal, dates and times those of `datetime`, days and time durations timedelta, years and months durations
YearsMonths. An operation that is not defined yields None, and `Expression.explain` tells why and where.
"""

from .errors import (
    FeelAssertionError,
    FeelError,
    FeelLimitError,
    FeelSyntaxError,
    FeelValueError,
    Problem,
    Result,
    pointed,
)
from .expression import Expression, UnaryTests, compile_expression, compile_unary_tests
from .storage import decode, encode
from .temporal import parse_duration
from .text import display, shown
from .values import Function, Range, YearsMonths, to_feel

__all__ = [
    "Expression",
    "FeelAssertionError",
    "FeelError",
    "FeelLimitError",
    "FeelSyntaxError",
    "FeelValueError",
    "Function",
    "Problem",
    "Range",
    "Result",
    "UnaryTests",
    "YearsMonths",
    "compile_expression",
    "compile_unary_tests",
    "decode",
    "display",
    "encode",
    "parse_duration",
    "pointed",
    "shown",
    "to_feel",
]
