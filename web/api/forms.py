"""Forms as programs see them: which fields there are, what each takes, and what it holds now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine import feel
from engine.forms import BoundField, Field, Form
from engine.forms.model import Option
from engine.names import Names
from engine.types import Name
from web.forms import local_now


@dataclass(frozen=True)
class FormChoice:
    """One choice of a field: ``value`` is what to send."""

    value: Any
    label: Name


@dataclass(frozen=True)
class FormField:
    """One field. ``name`` is the dotted path of its value; ``condition`` (FEEL) hides it when true."""

    name: str
    type: str
    label: Name
    description: Name
    required: bool
    readonly: bool
    hidden: bool
    condition: str | None
    options: tuple[FormChoice, ...] | None
    rules: Mapping[str, Any]
    clause: str | None
    fields: tuple[FormField, ...]
    """The fields of each row of a list."""


@dataclass(frozen=True)
class FormView:
    """A form: its fields in order, and the values it begins with."""

    id: str
    fields: tuple[FormField, ...]
    values: Mapping[str, Any]


def form_view(form: Form, names: Names, variables: Mapping[str, Any]) -> FormView:
    """The form as it stands for these variables."""
    bound = form.bind(variables, None, "zh", None, local_now())
    shown = tuple(_bound(bound.components, names))
    values = {key: feel.encode(value) for key, value in form.defaults(variables, local_now()).items()}
    return FormView(form.id, shown, values)


def _bound(places: list[BoundField], names: Names) -> Iterator[FormField]:
    for place in places:
        if place.field.is_input or place.field.is_list:
            flags = (place.required, place.readonly or place.disabled, place.hidden)
            yield _field(place.field, names, flags, place.choices)
        elif place.children:
            yield from _bound(place.children, names)


def _plain(components: tuple[Field, ...], names: Names) -> Iterator[FormField]:
    """Fields of a list's rows, as they are before there is any row."""
    for field in components:
        if field.is_input or field.is_list:
            flags = (field.required, field.readonly is True or field.disabled is True, False)
            yield _field(field, names, flags, field.options or ())
        else:
            yield from _plain(field.components, names)


def _field(field: Field, names: Names, flags: tuple[bool, bool, bool], options: tuple[Option, ...]) -> FormField:
    required, readonly, hidden = flags
    limits = {k: v for k, v in asdict(field.rules).items() if v is not None and k != "required"}
    has_choices = field.options is not None or field.values_key or field.values_expression
    return FormField(
        name=field.name or field.id,
        type=field.type,
        label=_name(field.label or field.key, names),
        description=_name(field.description, names),
        required=required,
        readonly=readonly,
        hidden=hidden,
        condition=field.condition,
        options=tuple(FormChoice(o.value, _name(o.label, names)) for o in options) if has_choices else None,
        rules=limits,
        clause=field.clause,
        fields=tuple(_plain(field.components, names)) if field.is_list else (),
    )


def _name(text: str, names: Names) -> Name:
    return Name(text, names.label(text))
