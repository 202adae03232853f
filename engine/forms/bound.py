"""A form with its inputs, ready to be shown, checked and taken over into the process."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from markupsafe import Markup

from engine.forms.attributes import rule_attributes
from engine.forms.evaluate import Evaluation
from engine.forms.expressions import strip_equals, to_text
from engine.forms.inputs import Bad
from engine.forms.markup import render_markup
from engine.forms.model import CHOICES, Field, Option, layout_rows
from engine.forms.slots import Slot
from engine.forms.sources import Source
from engine.forms.wtf import build

Translate = Callable[[str], str]

_INPUT_TYPES = {"date": "date", "time": "time", "datetime": "datetime-local"}


class BoundField:
    """One component in a bound form with all that a template needs. Texts are in the form's language."""

    def __init__(self, form: "BoundForm", slot: Slot) -> None:
        self._form, self._slot = form, slot
        self.field: Field = slot.field
        self.children: list[BoundField] = [BoundField(form, child) for child in slot.children]

    @property
    def kind(self) -> str:
        """The component type: textfield, select, group, dynamiclist, text, ...; ``row`` for a row of a list."""
        return "row" if self._slot.is_row else self.field.type

    @property
    def name(self) -> str:
        """The HTML name: the dotted path of the value; the component id where there is no value."""
        return self._slot.name

    @property
    def id(self) -> str:
        """The HTML id, stable for a component and row."""
        return "field-" + self.name.replace(".", "-")

    @cached_property
    def label(self) -> str:
        """The translated label; a field without one is called by its key."""
        return self._text(self.field.label) or self.field.key

    @cached_property
    def description(self) -> str:
        """The translated help text."""
        return self._text(self.field.description)

    @cached_property
    def prefix(self) -> str:
        """Text before the input, e.g. a currency."""
        return self._text(self.field.prefix)

    @cached_property
    def suffix(self) -> str:
        """Text after the input, e.g. a unit."""
        return self._text(self.field.suffix)

    @cached_property
    def markup(self) -> Markup:
        """The safe HTML of a text component."""
        text = self._form.translate(self.field.text) if self.field.text else ""
        return render_markup(text, self._form.evaluation.scope(self._slot), self._form.evaluation.now)

    @property
    def hidden(self) -> bool:
        """Whether its condition, or that of a container, hides it now."""
        return self._slot.hidden

    @property
    def required(self) -> bool:
        """Whether a value is required now."""
        return self._slot.required and not self.readonly

    @property
    def readonly(self) -> bool:
        """Whether it shows a value that cannot be changed."""
        return self._slot.readonly or self.field.type == "expression"

    @property
    def disabled(self) -> bool:
        """Whether it is switched off; its value is not taken over."""
        return self._slot.disabled

    @property
    def texts(self) -> list[str]:
        """What was typed, or the initial value as text."""
        return self._slot.texts

    @property
    def value(self) -> str:
        """The first of the texts: what a single input shows."""
        if self.field.type == "expression":
            return self._form.show(self._slot.value)
        return self._slot.texts[0] if self._slot.texts else ""

    @property
    def checked(self) -> bool:
        """Whether a checkbox is ticked."""
        return self._slot.value is True

    @cached_property
    def options(self) -> list[tuple[str, str, bool]]:
        """The choices as (value, translated label, selected)."""
        if self.field.type not in CHOICES:
            return []
        chosen = set(self._slot.texts)
        return [(item.key, self._form.translate(item.label), item.key in chosen) for item in self._slot.options]

    @property
    def choices(self) -> tuple[Option, ...]:
        """The choices as they are stored, untranslated."""
        return self._slot.options if self.field.type in CHOICES else ()

    @property
    def errors(self) -> list[str]:
        """Its messages after validate()."""
        return self._form.errors.get(self.name, [])

    @property
    def condition(self) -> str | None:
        """The FEEL text (without ``=``) that hides it, for the browser; its containers have their own."""
        return strip_equals(self.field.condition) if self.field.condition and not self._slot.is_row else None

    @property
    def input_type(self) -> str:
        """The HTML input type of a plain input."""
        if self.field.type == "datetime":
            return _INPUT_TYPES[self.field.subtype]
        kinds = {"email": "email", "phone": "tel"}
        return kinds.get(self.field.rules.kind or "", "text")

    @cached_property
    def attrs(self) -> dict[str, str]:
        """HTML attributes: maxlength, inputmode, data-min, accept, required, data-hide (its condition), ..."""
        found = rule_attributes(self._form.evaluation, self._slot)
        found |= {flag: flag for flag in ("required", "readonly", "disabled") if getattr(self, flag)}
        if self.condition:
            found["data-hide"] = self.condition
        return found

    @property
    def rows(self) -> list[list["BoundField"]]:
        """The components inside, by layout row."""
        return _in_rows(self.children) if self.kind != "dynamiclist" else []

    @property
    def items(self) -> list["BoundField"]:
        """The rows of a repeating list."""
        return self.children if self.kind == "dynamiclist" else []

    @property
    def add_name(self) -> str | None:
        """The name of the button that adds a row to a list."""
        return f"{self.name}:add" if self.kind == "dynamiclist" and self.field.may_add else None

    @property
    def remove_name(self) -> str | None:
        """The name of the button that removes this row."""
        return f"{self.name}:remove" if self.kind == "row" and self.field.may_add else None

    @property
    def marker_name(self) -> str | None:
        """The name of the hidden input every row must send, so that a row of empty boxes is not lost."""
        return f"{self.name}:row" if self.kind == "row" else None

    @property
    def widget(self) -> Any:
        """The WTForms field of an input."""
        return self._form.form[self.name]

    def walk(self) -> Iterator["BoundField"]:
        """This and everything inside, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def messages(self) -> list[str]:
        """What the rules found wrong, in the form's language."""
        problems = [] if self._slot.is_row else self._slot.problems
        return [message.text(self._form.language, self.label) for message in problems]

    def _text(self, text: str) -> str:
        return self._form.evaluation.text(self._slot, self._form.translate(text)) if text else ""


class BoundForm:
    """A form with its inputs. Typed input stays as it was after a failed validate()."""

    def __init__(
        self,
        components: tuple[Field, ...],
        source: Source,
        variables: Mapping[str, Any],
        language: str = "zh",
        translate: Translate | None = None,
        now: datetime | None = None,
    ) -> None:
        self.language = language
        self.translate: Translate = translate or (lambda text: text)
        self.evaluation = Evaluation(components, source, variables, now)
        self.components = [BoundField(self, slot) for slot in self.evaluation.slots]
        self.errors: dict[str, list[str]] = {}

    @property
    def rows(self) -> list[list[BoundField]]:
        """The components by layout row; hidden ones carry their flag."""
        return _in_rows(self.components)

    @cached_property
    def fields(self) -> list[BoundField]:
        """All components and rows in document order."""
        return [field for component in self.components for field in component.walk()]

    @property
    def rows_changed(self) -> bool:
        """Whether a button to add or remove a row was pressed: show the form again, nothing was submitted."""
        return self.evaluation.rows_changed

    @cached_property
    def form(self) -> Any:
        """The WTForms form, for rendering."""
        return build(self.fields)

    def __getitem__(self, name: str) -> BoundField:
        """The field or list with an HTML name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def visible(self, field: BoundField | Field | str) -> bool:
        """Whether a field is shown for the current values; a Field in a list when any of its rows shows it."""
        if isinstance(field, BoundField):
            return not field.hidden
        if isinstance(field, Field):
            return any(not bound.hidden for bound in self.fields if bound.field is field)
        return not self[field].hidden

    def validate(self) -> bool:
        """Check everything; ``errors`` is filled. False as well while rows are being added or removed."""
        self.errors = {}
        if self.rows_changed:
            return False
        self.evaluation.check()
        valid = bool(self.form.validate())
        for field in self.fields:
            if messages := field.messages():
                self.errors[field.name] = messages
        return valid and not self.errors

    @property
    def values(self) -> dict[str, Any]:
        """The typed values of the visible fields, nested by path; dates are ISO text."""
        return self.evaluation.values()

    @property
    def files(self) -> dict[str, list[Any]]:
        """The files sent for the visible fields, by name. Their size and type are for the caller to check."""
        slots = self.evaluation.inputs()
        return {slot.name: slot.uploads for slot in slots if slot.uploads and not slot.hidden and not slot.disabled}

    @property
    def draft(self) -> dict[str, Any]:
        """Everything typed, valid or not, as JSON for ``bind(draft=...)``; files are not part of it."""
        found: dict[str, Any] = {}
        for slot in self.evaluation.all():
            if slot.field.is_list and not slot.is_row:
                found[f"{slot.name}:rows"] = str(len(slot.children))
            elif slot.field.is_input and slot.field.type != "expression":
                found[slot.name] = slot.texts[0] if len(slot.texts) == 1 else list(slot.texts)
        return found

    def show(self, value: Any) -> str:
        """A computed value in the form's language."""
        if isinstance(value, bool):
            return {True: ("是", "yes"), False: ("否", "no")}[value][0 if self.language.startswith("zh") else 1]
        return "" if isinstance(value, Bad) else to_text(value)


def _in_rows(fields: list[BoundField]) -> list[list[BoundField]]:
    by_field = {id(field.field): field for field in fields}
    return [[by_field[id(component)] for component in row] for row in layout_rows(tuple(f.field for f in fields))]
