"""Decides what a filled-in form means: conditions, choices, values and errors, from the inputs and the variables."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from engine.forms import expressions
from engine.forms.expressions import FAILED
from engine.forms.inputs import Bad, is_plain, read_json, read_texts, texts_of
from engine.forms.messages import Message
from engine.forms.model import CHOICES, Field, Flag, Option, is_expression
from engine.forms.rules import Facts, check
from engine.forms.schema import MAX_OPTIONS, to_option
from engine.forms.slots import Slot, SlotBuilder
from engine.forms.sources import MISSING, Path, Source, look_up

_PASSES = 12


class Evaluation:
    """One form with one set of inputs. ``data`` is what expressions see: the variables overlaid with the values."""

    def __init__(
        self,
        components: tuple[Field, ...],
        source: Source,
        variables: Mapping[str, Any],
        now: datetime | None,
    ) -> None:
        self.variables, self.now, self.strict = variables, now, source.strict
        builder = SlotBuilder(source, variables)
        self.slots = builder.build(components)
        self.rows_changed = builder.rows_changed
        self.data: dict[str, Any] = dict(variables)
        for slot in self.all():
            self._prepare(slot)
        for _ in range(_PASSES):
            if not self._settle():
                break

    def all(self) -> Iterator[Slot]:
        """Every place in document order."""
        for slot in self.slots:
            yield from slot.walk()

    def inputs(self) -> Iterator[Slot]:
        """Every place that yields a value."""
        return (slot for slot in self.all() if slot.field.is_input)

    def scope(self, slot: Slot) -> Mapping[str, Any]:
        """What expressions at a place see: the data, and in a row its values, ``this``, ``parent`` and ``i``."""
        row = slot if slot.is_row else slot.enclosing_row
        if row is None:
            return self.data
        outer = self.scope(row.parent) if row.parent is not None else self.data
        own = look_up(self.data, row.path)
        own = own if isinstance(own, Mapping) else {}
        return {**outer, **own, "this": own, "parent": outer, "i": (row.row or 0) + 1}

    def text(self, slot: Slot, text: str) -> str:
        """A label or description with its expressions filled in."""
        return expressions.render(text, self.scope(slot), self.now) if "{{" in text or is_expression(text) else text

    def check(self) -> None:
        """Find every problem of the visible inputs."""
        for slot in self.all():
            if slot.hidden or slot.disabled or not slot.field.is_input:
                continue
            if isinstance(slot.value, Bad):
                slot.problems = [slot.value.message]
            elif slot.field.type == "expression":
                slot.problems = [Message("expression")] if slot.value is FAILED else []
            elif not slot.readonly:
                slot.problems = check(slot.field, slot.value, self._facts(slot))
            if self.strict and slot.forged:
                slot.problems = [Message("read_only")]

    def values(self) -> dict[str, Any]:
        """The values of the visible, enabled fields, nested by path. Unreadable ones are left out."""
        found: dict[str, Any] = {}
        for slot in self.all():
            if slot.hidden or slot.disabled or isinstance(slot.value, Bad) or slot.value is FAILED:
                continue
            if slot.is_row:
                _put(found, slot.path, {})
            elif slot.field.is_list:
                _put(found, slot.path, [])
            elif slot.field.is_input:
                as_text = slot.field.as_text and slot.value is not None
                _put(found, slot.path, expressions.to_text(slot.value) if as_text else slot.value)
        return found

    def _prepare(self, slot: Slot) -> None:
        """The first value of a place, before any condition is looked at."""
        if slot.is_row:
            known = look_up(self.variables, slot.origin)
            _put(self.data, slot.path, dict(known) if isinstance(known, Mapping) else {}, self.variables)
        elif slot.field.is_list:
            _put(self.data, slot.path, [], self.variables)
        elif slot.field.is_input and slot.field.type != "expression":
            slot.texts = self._initial(slot) if slot.sent is None else slot.sent
            self._read(slot, slot.json)
            _put(self.data, slot.path, _seen(slot.value), self.variables)

    def _initial(self, slot: Slot) -> list[str]:
        """The texts of the variable, else of the default value."""
        value = look_up(self.variables, slot.origin)
        if value is MISSING or value is None:
            value = slot.field.default
            if is_expression(value):
                value = expressions.evaluate(value, self.scope(slot), self.now)
        return texts_of(slot.field, value) if is_plain(value) else []

    def _settle(self) -> bool:
        """One pass over all places in order; whether anything changed."""
        changed = False
        for slot in self.all():
            before = (slot.hidden, slot.value if not isinstance(slot.value, Bad) else None, slot.options)
            self._decide(slot)
            changed |= before != (slot.hidden, slot.value if not isinstance(slot.value, Bad) else None, slot.options)
        return changed

    def _decide(self, slot: Slot) -> None:
        field, parent = slot.field, slot.parent
        slot.hidden = parent is not None and parent.hidden
        if not slot.hidden and field.condition and not slot.is_row:
            slot.hidden = self.flag(slot, field.condition)
        if not field.is_input:
            return
        slot.disabled, slot.readonly = self.flag(slot, field.disabled), self.flag(slot, field.readonly)
        slot.required = self.flag(slot, field.rules.required)
        if field.type in CHOICES and field.options is None:
            slot.options = self._choices(slot)
        if field.type == "expression":
            scope = self.scope(slot)
            slot.value = expressions.evaluate(field.expression, scope, self.now) if field.expression else FAILED
            slot.forged = slot.json is not MISSING and slot.json != slot.value
        elif slot.readonly or slot.disabled:
            slot.texts = self._initial(slot)
            slot.forged = slot.readonly and slot.sent is not None and slot.sent != slot.texts
            self._read(slot, MISSING)
        else:
            slot.texts = self._initial(slot) if slot.sent is None else slot.sent
            slot.forged = False
            self._read(slot, slot.json)
        shown = look_up(self.variables, slot.origin) if slot.hidden else _seen(slot.value)
        _put(self.data, slot.path, None if shown is MISSING else shown, self.variables)

    def _read(self, slot: Slot, sent: Any) -> None:
        if self.strict and sent is not MISSING:
            slot.value = read_json(slot.field, sent, slot.options)
        else:
            slot.value = read_texts(slot.field, slot.texts, slot.options)

    def flag(self, slot: Slot, flag: Flag) -> bool:
        """Whether a flag, or its expression, is true at a place."""
        return flag if isinstance(flag, bool) else expressions.is_true(flag, self.scope(slot), self.now)

    def _choices(self, slot: Slot) -> tuple[Option, ...]:
        field, scope = slot.field, self.scope(slot)
        if field.values_expression:
            raw = expressions.evaluate(field.values_expression, scope, self.now)
        else:
            raw = look_up(scope, (field.values_key or "").split("."))
        if not isinstance(raw, list | tuple):
            return ()
        options = (to_option(_plain_option(item)) for item in raw[:MAX_OPTIONS])
        return tuple({option.key: option for option in options if option is not None}.values())

    def _facts(self, slot: Slot) -> Facts:
        return Facts(
            options=slot.options,
            required=slot.required,
            today=self.now.date() if self.now else None,
            files=len(slot.uploads),
            evaluate=self._evaluator(slot),
        )

    def _evaluator(self, slot: Slot) -> Callable[[str], Any]:
        return lambda text: expressions.evaluate(text, self.scope(slot), self.now)


def _plain_option(item: Any) -> Any:
    """Choices computed by FEEL may carry Decimal values."""
    if isinstance(item, Mapping):
        return {key: _plain_option(value) for key, value in item.items()}
    return float(item) if isinstance(item, Decimal) else item


def _seen(value: Any) -> Any:
    """What expressions see of a value: nothing of an unreadable one."""
    return None if isinstance(value, Bad) or value is FAILED else value


def _put(target: dict[str, Any], path: Path, value: Any, base: Any = None) -> None:
    """Set a value in nested dicts and lists, making what is missing; dicts shared with ``base`` are copied first."""
    place: Any = target
    for part, following in pairwise(path):
        inner = look_up(place, (part,))
        if isinstance(following, int):
            if not isinstance(inner, list):
                inner = []
                _set(place, part, inner)
        elif not isinstance(inner, dict) or (base is not None and inner is look_up(base, (part,))):
            inner = dict(inner) if isinstance(inner, Mapping) else {}
            _set(place, part, inner)
        place, base = inner, look_up(base, (part,)) if base is not None else None
    _set(place, path[-1], value)


def _set(place: Any, part: str | int, value: Any) -> None:
    if isinstance(part, int):
        while len(place) <= part:
            place.append({})
    place[part] = value
