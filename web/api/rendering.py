"""Values of the engine as JSON: the shapes that :mod:`web.api.schemas` describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

from engine import feel
from web.api.schemas import TUPLES


def plain(value: Any) -> Any:
    """A value type, or a structure of them, as JSON. Instants are in UTC."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return feel.encode(value)


def written(value: Any) -> bytes:
    """JSON as it is sent: in UTF-8, names in the order in which they were put."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """Process variables: plain JSON, with a tag such as ``{"$date": "2026-03-02"}`` where JSON has no such value."""
    return {key: feel.encode(value) for key, value in values.items()}


def _record(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(value):
        part = getattr(value, item.name)
        if item.name == "row":
            found |= _record(part)
        elif (names := TUPLES.get((type(value), item.name))) is not None:
            found[item.name] = [dict(zip(names, map(plain, entry), strict=True)) for entry in part]
        else:
            found[item.name] = plain(part)
    return found
