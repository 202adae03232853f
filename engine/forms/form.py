"""A compiled form: loaded once, checked for its owner, bound to variables and inputs as often as needed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from engine.forms.bound import BoundForm, Translate
from engine.forms.checks import find_problems
from engine.forms.evaluate import Evaluation
from engine.forms.messages import FormFinding, Message
from engine.forms.model import Field, layout_rows
from engine.forms.schema import SchemaReader, read_json
from engine.forms.sources import Draft, FormData, JsonValues, MultiDict, Source


@dataclass(frozen=True)
class FormResult:
    """What came of values sent by a program: ``values`` to take over when ``ok``, else ``errors`` by name."""

    ok: bool
    values: dict[str, Any]
    errors: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """A form file. ``components`` is the tree, ``fields`` the inputs in document order."""

    id: str
    file: str
    components: tuple[Field, ...]
    version: int | None = None
    version_tag: str = ""

    @property
    def all(self) -> tuple[Field, ...]:
        """Every component, containers before what is in them."""
        return tuple(_walk(self.components))

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every input."""
        return tuple(component for component in self.all if component.is_input)

    @property
    def rows(self) -> tuple[tuple[Field, ...], ...]:
        """The top components by layout row."""
        return layout_rows(self.components)

    def findings(self) -> list[FormFinding]:
        """What the process owner should correct, errors and warnings, in document order."""
        return find_problems(self.components, self.version)

    def defaults(self, variables: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
        """The values the form shows at first: variables, else default values; hidden fields are left out."""
        return Evaluation(self.components, Source(), variables, now).values()

    def bind(
        self,
        variables: Mapping[str, Any],
        formdata: MultiDict | None = None,
        language: str = "zh",
        translate: Translate | None = None,
        now: datetime | None = None,
        draft: Mapping[str, Any] | None = None,
    ) -> BoundForm:
        """The form with its inputs: what was submitted, else a draft, else the initial values.

        ``now`` is the present in the organisation's zone: "today" is its date. ``translate`` maps the pack's texts
        (labels, descriptions, choices) to ``language``. An empty submission is a submission; pass None for none.
        """
        source: Source = Source()
        if formdata is not None:
            source = FormData(formdata)
        elif draft is not None:
            source = Draft(draft)
        return BoundForm(self.components, source, variables, language, translate, now)

    def validate_values(
        self,
        values: Mapping[str, Any],
        variables: Mapping[str, Any],
        language: str = "zh",
        now: datetime | None = None,
        translate: Translate | None = None,
    ) -> FormResult:
        """Check values sent by a program by the same rules. A key that is not sent keeps its initial value."""
        bound = BoundForm(self.components, JsonValues(values), variables, language, translate, now)
        errors = _Shape(self.components, language, translate or (lambda text: text)).errors(values)
        bound.evaluation.check()
        for place in bound.fields:
            if messages := place.messages():
                errors.setdefault(place.name, []).extend(messages)
        return FormResult(not errors, {} if errors else bound.values, errors)


class _Shape:
    """Finds keys no field has, and lists or objects that are something else."""

    def __init__(self, components: tuple[Field, ...], language: str, label: Callable[[str], str]) -> None:
        self.language = language
        everything = tuple(_walk(components))
        self.leaves = {item.name for item in everything if item.is_input}
        self.lists = {item.name: label(item.label) or item.name for item in everything if item.is_list}
        names = self.leaves | self.lists.keys() | {item.name for item in everything if item.components}
        self.stems = {".".join(name.split(".")[:n]) for name in names for n in range(1, len(name.split(".")) + 1)}
        self.found: dict[str, list[str]] = {}

    def errors(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        """Messages by the dotted name of what is wrong."""
        self._object(values, "", "")
        return self.found

    def _object(self, values: Mapping[str, Any], name: str, shown: str) -> None:
        for key, value in values.items():
            inner = f"{name}.{key}" if name else str(key)
            place = f"{shown}.{key}" if shown else str(key)
            if "." in str(key) or inner not in self.stems:
                self._add(place[:200], Message("unknown_key", {"value": place[:200]}), place)
            elif inner in self.lists:
                self._list(value, inner, place)
            elif inner not in self.leaves:
                self._entries(value, inner, place)

    def _list(self, value: Any, name: str, shown: str) -> None:
        if not isinstance(value, list | tuple):
            if value is not None:
                self._add(shown, Message("not_list"), self.lists[name])
            return
        for number, item in enumerate(value):
            self._entries(item, name, f"{shown}.{number}")

    def _entries(self, value: Any, name: str, shown: str) -> None:
        if isinstance(value, Mapping):
            self._object(value, name, shown)
        elif value is not None:
            self._add(shown, Message("not_object"), shown)

    def _add(self, name: str, message: Message, label: str) -> None:
        self.found.setdefault(name, []).append(message.text(self.language, label))


def load_form(content: bytes, file: str) -> Form:
    """Read a ``.form`` file. Raises FormError, and nothing else, when it is malformed, too large or too deep."""
    data = read_json(content, file)
    reader = SchemaReader(file)
    components = reader.components(data.get("components", []), "")
    name, version, tag = data.get("id"), data.get("schemaVersion"), data.get("versionTag")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise reader.error("", "schemaVersion 应为整数", "schemaVersion must be a whole number")
    stem = PurePosixPath(file).stem if file else "form"
    name = name if isinstance(name, str) and name else stem
    return Form(name, file, components, version, tag if isinstance(tag, str) else "")


def _walk(components: tuple[Field, ...]) -> Iterator[Field]:
    for component in components:
        yield component
        yield from _walk(component.components)
