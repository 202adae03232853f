"""All built-in functions: importing this module declares them."""

from . import (
    builtins_contexts,
    builtins_conversion,
    builtins_json,
    builtins_lists,
    builtins_missing,
    builtins_numbers,
    builtins_ranges,
    builtins_strings,
    builtins_temporal,
)
from .builtin import BUILTINS, FUNCTION_NAMES

__all__ = [
    "BUILTINS",
    "FUNCTION_NAMES",
    "builtins_contexts",
    "builtins_conversion",
    "builtins_json",
    "builtins_lists",
    "builtins_missing",
    "builtins_numbers",
    "builtins_ranges",
    "builtins_strings",
    "builtins_temporal",
]
