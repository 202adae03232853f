"""The places of a bound form: each component once, or once per row of the lists around it."""

from collections.abc import Iterator
from typing import Any

from engine.forms.inputs import is_plain, texts_of
from engine.forms.messages import Message
from engine.forms.model import Field, Option
from engine.forms.schema import MAX_ROWS
from engine.forms.sources import MISSING, Path, Source, look_up


class Slot:
    """One place. ``path`` is where its value goes, ``origin`` the same with the row numbers of the source.

    ``sent`` and ``json`` are what the source gave (None and MISSING when nothing), ``texts`` what is in force,
    ``value`` what it means (or Bad), ``problems`` why it was refused, ``forged`` whether a locked field was sent
    another value.
    """

    def __init__(self, field: Field, path: Path, origin: Path, parent: "Slot | None", row: int | None = None) -> None:
        self.field, self.path, self.origin, self.parent, self.row = field, path, origin, parent, row
        self.children: list[Slot] = []
        self.sent: list[str] | None = None
        self.json: Any = MISSING
        self.texts: list[str] = []
        self.uploads: list[Any] = []
        self.options: tuple[Option, ...] = field.options or ()
        self.value: Any = None
        self.problems: list[Message] = []
        self.hidden = self.readonly = self.disabled = self.required = self.forged = False

    @property
    def is_row(self) -> bool:
        """Whether this is one row of a list, not the list itself."""
        return self.row is not None

    @property
    def name(self) -> str:
        """The HTML name: the path joined by dots, or the component id where there is no value."""
        return dotted(self.path) if self.field.is_input or self.field.is_list else self.field.id

    def walk(self) -> Iterator["Slot"]:
        """This place and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def enclosing_row(self) -> "Slot | None":
        """The nearest row this place stands in."""
        place = self.parent
        while place is not None and not place.is_row:
            place = place.parent
        return place


def dotted(path: Path) -> str:
    """A path as an HTML name."""
    return ".".join(str(part) for part in path)


class SlotBuilder:
    """Lays out the places for a source; rows come from the source, else from the variables, else from the form."""

    def __init__(self, source: Source, variables: Any) -> None:
        self.source, self.variables = source, variables
        self.rows_changed = False
        self.budget = 5_000
        self.fresh: set[tuple[str, int]] = set()

    def build(
        self, components: tuple[Field, ...], path: Path = (), origin: Path = (), parent: Slot | None = None
    ) -> list[Slot]:
        """The places of ``components`` at a path."""
        return [self._one(component, path, origin, parent) for component in components]

    def _one(self, field: Field, path: Path, origin: Path, parent: Slot | None) -> Slot:
        own = tuple(part for part in (field.key if field.is_input else field.path).split(".") if part)
        if not own and (field.is_input or field.is_list):
            own = (field.id,)
        slot = Slot(field, path + own, origin + own, parent)
        if field.is_list:
            self._rows(slot)
        elif field.components:
            slot.children = self.build(field.components, slot.path, slot.origin, slot)
        elif field.is_input:
            self._fill(slot)
        return slot

    def _rows(self, slot: Slot) -> None:
        name = dotted(slot.origin)
        numbers = self.source.row_numbers(name, slot.origin)
        if numbers is None:
            known = look_up(self.variables, slot.origin)
            count = len(known) if isinstance(known, list | tuple) else slot.field.repetitions
            numbers = list(range(count))
        if slot.field.may_add:
            numbers = self._change(name, numbers)
        if len(numbers) > MAX_ROWS:
            slot.problems.append(Message("too_many_rows", {"limit": MAX_ROWS}))
        for row, number in enumerate(numbers[:MAX_ROWS]):
            self.budget -= 1
            if self.budget <= 0:
                break
            place = Slot(slot.field, (*slot.path, row), (*slot.origin, number), slot, row)
            source = self.source
            if (name, number) in self.fresh:
                self.source = Source()
            place.children = self.build(slot.field.components, place.path, place.origin, place)
            self.source = source
            slot.children.append(place)

    def _change(self, name: str, numbers: list[int]) -> list[int]:
        """Apply the pressed add and remove buttons."""
        kept = [number for number in numbers if not self.source.action(f"{name}.{number}:remove")]
        if self.source.action(f"{name}:add"):
            kept.append(max(numbers, default=-1) + 1)
            self.fresh.add((name, kept[-1]))
        if kept != numbers:
            self.rows_changed = True
        return kept

    def _fill(self, slot: Slot) -> None:
        self.budget -= 1
        name = dotted(slot.origin)
        slot.uploads = self.source.uploads(name)
        slot.json = self.source.given(slot.origin)
        slot.sent = self.source.texts(name)
        if slot.sent is None and slot.json is not MISSING:
            slot.sent = texts_of(slot.field, slot.json) if is_plain(slot.json) else []
