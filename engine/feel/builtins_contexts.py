"""Context functions (DMN 1.3 and 1.4, 10.3.4.8)."""

from typing import Any

from .builtin import builtin
from .errors import Fail
from .run import Run
from .values import kind


@builtin("get value", "m: context, key: string")
def get_value(run: Run, context: dict[str, Any], key: str) -> Any:
    """An entry of a context by its key."""
    if key not in context:
        raise Fail("unknown_entry", name=key[:80])
    return context[key]


@builtin("get value", "context: context, keys: list")
def get_nested_value(run: Run, context: dict[str, Any], keys: list[Any]) -> Any:
    """An entry of nested contexts by the keys on the way."""
    value: Any = context
    for key in keys:
        if not isinstance(key, str) or not isinstance(value, dict) or key not in value:
            raise Fail("unknown_entry", name=str(key)[:80])
        value = value[key]
    return value if keys else None


@builtin("get entries", "m: context")
def get_entries(run: Run, context: dict[str, Any]) -> list[Any]:
    """The entries of a context as contexts of key and value."""
    run.charge(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def context_of_entries(run: Run, entries: list[Any]) -> dict[str, Any]:
    """A context from entries with key and value."""
    run.charge(len(entries))
    made: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or "value" not in entry or not isinstance(entry.get("key"), str):
            raise Fail("argument_value", function="context", name="entries", value=kind(entry))
        if entry["key"] in made:
            raise Fail("duplicate_key", name=entry["key"][:80])
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context, key: string, value")
def context_put(run: Run, context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A context with an entry added or replaced."""
    run.charge(len(context) >> 2)
    return {**context, key: value}


@builtin("context put", "context: context, keys: list, value")
def context_put_nested(run: Run, context: dict[str, Any], keys: list[Any], value: Any) -> dict[str, Any]:
    """A context with an entry added or replaced in nested contexts."""
    if not keys or not all(isinstance(key, str) for key in keys):
        raise Fail("argument_value", function="context put", name="keys", value=kind(keys[0] if keys else None))
    run.charge(len(context) + len(keys))
    made = dict(context)
    inner = made
    for key in keys[:-1]:
        below = inner.get(key)
        if below is None and key not in inner:
            below = {}
        if not isinstance(below, dict):
            raise Fail("unknown_entry", name=key[:80])
        run.charge(len(below))
        inner[key] = dict(below)
        inner = inner[key]
    inner[keys[-1]] = value
    return made


@builtin("context merge", "contexts: list")
def context_merge(run: Run, contexts: list[Any]) -> dict[str, Any]:
    """Contexts put together; later entries win."""
    merged: dict[str, Any] = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise Fail("argument_value", function="context merge", name="contexts", value=kind(context))
        run.charge(1 + (len(context) >> 2))
        merged.update(context)
    return merged
