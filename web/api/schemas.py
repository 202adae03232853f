"""JSON Schemas: the small vocabulary of requests, and those of answers derived from the engine's value types."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from engine.types import InstanceDetail, PackInfo

Schema = Mapping[str, Any]

MOMENT = (
    "^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}"
    "([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)

TUPLES: Mapping[tuple[type, str], tuple[str, ...]] = {
    (PackInfo, "channels"): ("id", "name"),
    (InstanceDetail, "diagrams"): ("process_id", "name", "deployment_id"),
    (InstanceDetail, "timers"): ("element_id", "name", "due"),
}
"""Fields that hold tuples of fixed length, and what their parts are called in JSON."""


def text(maximum: int = 4000, minimum: int = 0, **more: Any) -> Schema:
    """A text of bounded length."""
    bounds = {"maxLength": maximum} | ({"minLength": minimum} if minimum else {})
    return {"type": "string", **bounds, **more}


def filled(maximum: int = 4000, **more: Any) -> Schema:
    """A text that is not blank."""
    return text(maximum, 1, pattern=r"\S", **more)


def moment(**more: Any) -> Schema:
    """An instant with its offset, from 1970 to 2199."""
    return {"type": "string", "format": "date-time", "pattern": MOMENT, **more}


def choice(*values: str, **more: Any) -> Schema:
    """One of several texts."""
    return {"type": "string", "enum": list(values), **more}


def whole(low: int, high: int, **more: Any) -> Schema:
    """A whole number within bounds."""
    return {"type": "integer", "minimum": low, "maximum": high, **more}


def flag(**more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", **more}


def optional(schema: Schema) -> Schema:
    """The schema, or null."""
    if "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": schema, **more}


def record(properties: Mapping[str, Schema], *needed: str, **more: Any) -> Schema:
    """An object with these properties and no others."""
    required = {"required": list(needed)} if needed else {}
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **required, **more}


def complete(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """An object that always has all of these properties, as in answers."""
    return record(properties, *properties, **more)


def free(description: str) -> Schema:
    """An object of whatever names and values."""
    return {"type": "object", "additionalProperties": True, "description": description}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


class Components:
    """The named schemas of the document; value types are added as they are referred to."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type annotation; a dataclass becomes a component of its own name."""
        if isinstance(kind, Mapping):
            return kind
        if is_dataclass(kind) and isinstance(kind, type):
            return self._component(kind)
        origin, parts = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return optional(self.of(next(p for p in parts if p is not type(None))))
        if origin is tuple or origin is list or origin is frozenset:
            return many(self.of(parts[0]))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(parts[1])}
        return _SIMPLE.get(kind, {})

    def _component(self, kind: type) -> Schema:
        if kind.__name__ not in self.schemas:
            self.schemas[kind.__name__] = {}
            about = (kind.__doc__ or "").split("\n")[0]
            said = {"description": about} if about and not about.startswith(f"{kind.__name__}(") else {}
            self.schemas[kind.__name__] = complete(self.properties(kind), **said)
        return reference(kind.__name__)

    def properties(self, kind: type) -> dict[str, Schema]:
        """The properties of a value type; those of a field called ``row`` stand beside the others."""
        hints = get_type_hints(kind)
        found: dict[str, Schema] = {}
        for item in fields(kind):
            hint = hints[item.name]
            if item.name == "row":
                found |= self.properties(hint)
            elif (kind, item.name) in TUPLES:
                parts = zip(TUPLES[kind, item.name], get_args(get_args(hint)[0]), strict=True)
                found[item.name] = many(complete({name: self.of(part) for name, part in parts}))
            else:
                found[item.name] = self.of(hint)
        return found


_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
