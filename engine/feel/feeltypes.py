"""Types at evaluation: `instance of`, and the types of parameters (DMN 1.3, 10.3.2.9)."""

from collections.abc import Callable, Mapping
from typing import Any

from . import nodes as n
from .values import Function, kind

_NAMES = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "list": "list",
    "context": "context",
    "range": "range",
    "function": "function",
    "Null": "null",
    "null": "null",
}

Check = Callable[[Any], bool]


def resolve(node: n.TypeNode, types: Mapping[str, n.TypeNode], depth: int = 0) -> n.TypeNode:
    """A type with the names of item definitions replaced by what they stand for."""
    if depth > 20:
        return n.TypeNode("Any")
    if node.name in types:
        return resolve(types[node.name], types, depth + 1)
    inner = tuple(resolve(part, types, depth + 1) for part in node.arguments)
    result = resolve(node.result, types, depth + 1) if node.result is not None else None
    return n.TypeNode(node.name, inner, node.keys, result, at=node.at)


def is_known(node: n.TypeNode) -> str | None:
    """The first type name that is not built in, if any."""
    if node.name != "Any" and node.name not in _NAMES:
        return node.name
    inner = (*node.arguments, *([node.result] if node.result else []))
    return next((name for part in inner if (name := is_known(part)) is not None), None)


def checker(node: n.TypeNode) -> Check:
    """Whether a value, null apart, conforms to a type."""
    if node.name == "Any":
        return lambda value: value is not None
    wanted = _NAMES[node.name]
    if node.name == "function" and node.result is not None:
        arity = len(node.arguments)
        return lambda value: isinstance(value, Function) and len(value.parameters) == arity
    if not node.arguments:
        return lambda value: kind(value) == wanted
    inner = tuple(_or_null(checker(part)) for part in node.arguments)
    if node.name == "list":
        return lambda value: kind(value) == "list" and all(inner[0](item) for item in value)
    if node.name == "range":
        return lambda value: kind(value) == "range" and inner[0](value.low) and inner[0](value.high)
    keys = node.keys
    return lambda value: (
        kind(value) == "context"
        and all(key in value and check(value[key]) for key, check in zip(keys, inner, strict=True))
    )


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def coerce(value: Any, check: Check, wants_list: bool) -> Any:
    """A value made to fit a type by wrapping or unwrapping a list of one (10.3.2.9.4); None if it does not fit."""
    if value is None or check(value):
        return value
    if wants_list and not isinstance(value, list):
        return [value] if check([value]) else None
    if isinstance(value, list) and len(value) == 1 and check(value[0]):
        return value[0]
    return None
