"""What a form is made of, after reading: components with typed attributes. Nothing here changes after loading."""

from dataclasses import dataclass, field
from typing import Any

TEXT_TYPES = frozenset({"textfield", "textarea"})
SINGLE_CHOICE = frozenset({"radio", "select"})
MULTI_CHOICE = frozenset({"checklist", "taglist"})
CHOICES = SINGLE_CHOICE | MULTI_CHOICE
INPUTS = TEXT_TYPES | CHOICES | {"number", "checkbox", "datetime", "filepicker", "expression"}
CONTAINERS = frozenset({"group", "dynamiclist"})
STATICS = frozenset({"text", "spacer", "separator", "button"})

Flag = bool | str
"""True, False, or a FEEL expression starting with ``=``."""


def is_expression(value: object) -> bool:
    """Whether an attribute is a FEEL expression, that is text starting with ``=``."""
    return isinstance(value, str) and value.lstrip().startswith("=")


@dataclass(frozen=True)
class Option:
    """A choice: ``value`` is what is stored, ``key`` how HTML sends it."""

    value: str | int | float | bool
    label: str

    @property
    def key(self) -> str:
        """The value as HTML text."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)


@dataclass(frozen=True)
class Rules:
    """The ``validate`` block. Numbers may be FEEL expressions (text starting with ``=``); sizes are bytes."""

    required: Flag = False
    min_length: int | str | None = None
    max_length: int | str | None = None
    min: float | int | str | None = None
    max: float | int | str | None = None
    pattern: str | None = None
    kind: str | None = None
    min_files: int | None = None
    max_files: int | None = None
    max_file_size: int | None = None


@dataclass(frozen=True)
class Field:
    """One component of a form. ``name`` is the dotted path of its value, containers' paths included.

    ``condition`` is the FEEL text (with its ``=``) that hides it, ``conditions`` the same with its containers' first.
    ``lists`` are the names of the repeating lists around it. ``columns`` is its width out of 16, None for an equal
    share of its row.
    """

    id: str
    type: str
    key: str = ""
    path: str = ""
    name: str = ""
    label: str = ""
    description: str = ""
    default: Any = None
    rules: Rules = Rules()
    readonly: Flag = False
    disabled: Flag = False
    condition: str | None = None
    conditions: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    options: tuple[Option, ...] | None = None
    values_key: str | None = None
    values_expression: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    row: str | None = None
    columns: int | None = None
    components: "tuple[Field, ...]" = ()
    text: str = ""
    height: int | None = None
    expression: str | None = None
    subtype: str = "date"
    disallow_passed: bool = False
    time_interval: int | None = None
    time_format: str | None = None
    decimal_digits: int | None = None
    increment: str | None = None
    as_text: bool = False
    accept: str = ""
    multiple: Flag = False
    prefix: str = ""
    suffix: str = ""
    repetitions: int = 1
    may_add: bool = True
    outline: bool = False
    action: str = "submit"

    @property
    def required(self) -> bool:
        """Whether a value is always required; a FEEL rule is decided when the form is bound."""
        return self.rules.required is True

    @property
    def clause(self) -> str | None:
        """The written rule this component carries."""
        return self.properties.get("clause")

    @property
    def is_input(self) -> bool:
        """Whether it yields a value."""
        return self.type in INPUTS

    @property
    def is_list(self) -> bool:
        """Whether it repeats its components."""
        return self.type == "dynamiclist"


def layout_rows(components: tuple[Field, ...]) -> tuple[tuple[Field, ...], ...]:
    """Components by their layout row, in order; one without a row stands alone."""
    rows: dict[str, list[Field]] = {}
    for number, component in enumerate(components):
        rows.setdefault(component.row or f"\0{number}", []).append(component)
    return tuple(tuple(row) for row in rows.values())
