"""The WTForms form of a bound form: inputs for rendering, and validators that ask our own rules."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import wtforms  # type: ignore[import-untyped]
from wtforms import validators, widgets
from wtforms.form import BaseForm  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from engine.forms.bound import BoundField


_choice = getattr(wtforms.fields, "SelectChoice", lambda value, label: (value, label))
_WIDGETS = {
    "text": widgets.TextInput,
    "email": widgets.EmailInput,
    "tel": widgets.TelInput,
    "date": widgets.DateInput,
    "time": widgets.TimeInput,
    "datetime-local": widgets.DateTimeLocalInput,
}


class _Texts(dict[str, list[str]]):
    """The texts in force, as WTForms reads submitted data."""

    def getlist(self, key: str) -> list[str]:
        """All texts under a name."""
        return self.get(key, [])


def build(fields: Iterable["BoundField"]) -> Any:
    """A WTForms form with one field per input, holding the texts in force."""
    inputs = [field for field in fields if field.field.is_input]
    form = BaseForm({field.name: _unbound(field) for field in inputs}.items())
    texts = _Texts({field.name: list(field.texts) for field in inputs})
    form.process(texts if texts else None)
    return form


def _unbound(field: "BoundField") -> Any:
    common: dict[str, Any] = {
        "label": field.label,
        "description": field.description,
        "id": field.id,
        "render_kw": dict(field.attrs),
        "validators": [_rule(field)],
    }
    choices = [_choice(value, label) for value, label, _ in field.options]
    kind = field.kind
    if kind == "textarea":
        return wtforms.TextAreaField(**common)
    if kind == "checkbox":
        return wtforms.BooleanField(**common)
    if kind in ("radio", "select"):
        if kind == "radio":
            return wtforms.RadioField(choices=choices, validate_choice=False, **common)
        return wtforms.SelectField(choices=[_choice("", ""), *choices], validate_choice=False, **common)
    if kind in ("checklist", "taglist"):
        widget = widgets.ListWidget(prefix_label=False) if kind == "checklist" else None
        option = widgets.CheckboxInput() if kind == "checklist" else None
        return wtforms.SelectMultipleField(
            choices=choices, validate_choice=False, widget=widget, option_widget=option, **common
        )
    if kind == "filepicker":
        return wtforms.MultipleFileField(**common) if "multiple" in field.attrs else wtforms.FileField(**common)
    return wtforms.StringField(widget=_WIDGETS[field.input_type](), **common)


def _rule(field: "BoundField") -> Callable[[Any, Any], None]:
    def validate(_form: Any, bound: Any) -> None:
        messages = field.messages()
        if messages:
            bound.errors = [*bound.errors, *messages[:-1]]
            raise validators.StopValidation(messages[-1])

    return validate
