"""Filling forms without a person: valid values for demonstrations and random walks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.forms import Field, Form

_ROUNDS = 8
_CHOICES = ("radio", "select")
_SEVERAL = ("checklist", "taglist")

Hints = Mapping[str, Any]
"""field name -> a value, or a list of values to choose from"""


def plausible(form: Form, variables: Mapping[str, Any], random: Random, hints: Hints, now: datetime) -> dict[str, Any]:
    """Values that ``form`` accepts: hints where given, else drawn from what each field allows.

    Raises ValueError naming the fields when no valid values were found; then the form asks for something that cannot
    be made up (a file, a rare pattern).
    """
    fields = {f.name: f for f in form.fields}
    values: dict[str, Any] = {}
    offered = _offered(form, variables, values, now)
    for name, field in fields.items():
        if name in hints or field.type in _CHOICES:
            _put(values, name, _value(field, offered, random, hints, now))
    errors: Mapping[str, list[str]] = {}
    for _ in range(_ROUNDS):
        result = form.validate_values(values, variables, "en", now)
        if result.ok:
            return result.values
        errors, offered = result.errors, _offered(form, variables, values, now)
        for name in errors:
            known = fields.get(name)
            if known is not None:
                _put(values, name, _value(known, offered, random, hints, now))
    raise ValueError(f"{form.file}: {dict(errors)}")


def _value(field: Field, offered: Mapping[str, list[Any]], random: Random, hints: Hints, now: datetime) -> Any:
    if field.name in hints:
        hint = hints[field.name]
        several = field.type in _SEVERAL
        if isinstance(hint, list) and not (several and hint and not isinstance(hint[0], list)):
            return random.choice(hint)
        return hint
    if field.type in _CHOICES or field.type in _SEVERAL:
        options = offered.get(field.name, [])
        if field.type in _CHOICES:
            return random.choice(options) if options else None
        return random.sample(options, random.randint(1, max(1, min(2, len(options))))) if options else []
    if field.type == "number":
        low, high = field.rules.min, field.rules.max
        return int(low) if low is not None else min(1, int(high)) if high is not None else 1
    if field.type == "checkbox":
        return True
    if field.type == "datetime":
        at = now + timedelta(days=1)
        return {"date": at.date().isoformat(), "time": "10:00"}.get(
            field.subtype, at.replace(microsecond=0, tzinfo=None).isoformat()
        )
    text = f"{field.label or field.key}：已按规定办理。"
    least = field.rules.min_length
    return text + "。" * max(0, (least if isinstance(least, int) else 0) - len(text))


def _offered(
    form: Form, variables: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> Mapping[str, list[Any]]:
    """The choices of each field, with those that expressions and variables give."""
    bound = form.bind(variables, now=now, draft=values)
    return {field.field.name: [option.value for option in field.choices] for field in bound.fields}


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *path, last = name.split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value
