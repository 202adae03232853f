"""Values from outside: texts of dates, times and durations become what the type of the input says they are.

JSON has no such values, so callers that speak it send them as texts, in the forms of DMN 1.3, 10.3.2.3.4 to 10.3.2.3.8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.feel import compile_expression

from .types import ANY, Item, Simple, Type, bases, plain_type

_TEXT = frozenset({"text"})
_READ = {
    name: compile_expression(f"{function}(text)", _TEXT)
    for name, function in {
        "date": "date",
        "time": "time",
        "date and time": "date and time",
        "days and time duration": "duration",
        "years and months duration": "duration",
    }.items()
}


def from_text(value: Any, wanted: Type) -> Any:
    """The value with every text read that stands where the type wants a date, time or duration; else unchanged."""
    if isinstance(value, str):
        return _read(value, plain_type(_member(wanted)))
    if isinstance(value, list):
        member = _member(wanted)
        return [from_text(item, member) for item in value]
    if isinstance(value, dict):
        parts = next((item.parts for item in bases(wanted) if isinstance(item, Item) and item.parts), {})
        return {key: from_text(item, parts.get(key, ANY)) for key, item in value.items()}
    return value


def _read(text: str, wanted: Simple | None) -> Any:
    read = _READ.get(wanted.wanted) if wanted is not None else None
    value = read.evaluate({"text": text}) if read is not None else None
    return text if value is None else value


def _member(wanted: Type) -> Type:
    """What the members of a list are to be; a type of single values itself."""
    for item in bases(wanted):
        if isinstance(item, Item) and item.collection:
            return replace(item, collection=False, constraint=None)
    return wanted
