"""All built-in functions: importing this module declares them."""

from . import (
    builtins_contexts,
    builtins_conversion,
    builtins_lists,
    builtins_numbers,
    builtins_ranges,
    builtins_strings,
    builtins_temporal,
)
from .builtin import BUILTINS, FUNCTION_NAMES

for _special in ("is defined", "get or else"):
    FUNCTION_NAMES.add(_special)

__all__ = [
    "BUILTINS",
    "FUNCTION_NAMES",
    "builtins_contexts",
    "builtins_conversion",
    "builtins_lists",
    "builtins_numbers",
    "builtins_ranges",
    "builtins_strings",
    "builtins_temporal",
]
