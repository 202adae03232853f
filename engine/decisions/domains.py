"""The cases an input column distinguishes: for each a sample value and the rules whose cell accepts it.

A column of literals divides the possible values into finitely many cases: each listed value and "any other", or the
boundaries of its ranges and what lies between them. Cells that are no literals are opaque: they get a case of their
own, in which they hold, and are left out of all others. So a rule in a case's mask is certain to match there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.feel import shown
from engine.feel.values import Range, YearsMonths

from .cells import Cell, literals, read_cell
from .messages import Text, say
from .tables import Input, Table
from .types import Allowed, Item, Simple, bases

_ORDERED = (Decimal, date, datetime, timedelta, YearsMonths)
_PATH = re.compile(r"[^\W\d]\w*(?: \w+)*(?:\.[^\W\d]\w*(?: \w+)*)*")
_OTHER = "\0"
_NOTHING = {Decimal: Decimal(0), timedelta: timedelta(0), YearsMonths: YearsMonths(0)}


@dataclass(frozen=True, slots=True)
class Case:
    """A sample value of a column, and as bits the rules that match it."""

    label: Text
    rules: int
    counts: bool
    """whether a rule is expected to exist for it"""
    example: str = ""
    """the sample value when the label does not say it"""


@dataclass(frozen=True, slots=True)
class Column:
    """The cases of an input column. ``closed`` when they are all there are and none depends on an opaque cell."""

    input: Input
    cases: tuple[Case, ...]
    anything: int
    """the rules whose cell is "-" """
    closed: bool


def columns(table: Table) -> list[Column]:
    """The columns of a table with their cases."""
    return [_column(table, index) for index in range(len(table.inputs))]


def independent(inputs: Sequence[Input]) -> bool:
    """Whether no two columns can depend on the same value, so that all combinations of cases are possible."""
    return len(inputs) < 2 or (all(_PATH.fullmatch(c.source) for c in inputs) and not related(inputs))


def related(inputs: Sequence[Input]) -> bool:
    """Whether two columns look at the same value, or one at a part of what the other looks at."""
    sources = sorted(column.source for column in inputs)
    return any(b == a or b.startswith(a + ".") for a in sources for b in sources[sources.index(a) + 1 :])


def _column(table: Table, index: int) -> Column:
    column = table.inputs[index]
    values = _samples(column)
    anything = 0
    opaque: dict[str, int] = {}
    known: list[tuple[int, Cell]] = []
    for number, cell in enumerate(column.cells):
        bit = 1 << number
        if cell is not None and cell.anything:
            anything |= bit
        elif cell is None or values is None:
            source = table.rules[number].texts[index]
            opaque[source] = opaque.get(source, 0) | bit
        else:
            known.append((bit, cell))
    cases = [
        Case(
            label,
            anything | sum(bit for bit, cell in known if cell.accepts(value)),
            counts and not opaque,
            "" if value is _OTHER or shown(value) == label["en"] else shown(value),
        )
        for value, label, counts in values or []
    ]
    if not values:
        not_null = sum(bit for bit, cell in known if cell.accepts(_OTHER))
        cases.append(Case(say("anything"), anything | not_null, not opaque))
    cases.extend(Case({"zh": source, "en": source}, anything | bits, False) for source, bits in opaque.items())
    nulls = sum(bit for bit, cell in known if cell.accepts_null())
    cases.append(Case({"zh": "null", "en": "null"}, anything | nulls, False))
    return Column(column, _merged(cases), anything, not opaque)


def _merged(cases: list[Case]) -> tuple[Case, ...]:
    """One case for all with the same rules, labelled with the first few; those that count go first."""
    found: dict[tuple[int, bool], list[Case]] = {}
    for case in cases:
        found.setdefault((case.rules, case.counts), []).append(case)
    return tuple(_joined(same) for (rules, counts), same in found.items() if counts or (rules, True) not in found)


def _joined(cases: list[Case]) -> Case:
    shown_cases, more = cases[:3], "..." if len(cases) > 3 else ""
    label = {
        language: " / ".join(dict.fromkeys(case.label[language] for case in shown_cases)) + more
        for language in ("zh", "en")
    }
    return Case(label, cases[0].rules, cases[0].counts, cases[0].example)


def _listed(column: Input) -> list[Any] | None:
    if column.allowed is not None and column.allowed.listed is not None:
        return column.allowed.listed
    return column.produced if column.produced is not None else column.type.values()


Samples = list[tuple[Any, Text, bool]]


def _samples(column: Input) -> Samples | None:
    """Sample values with their labels; None when the cells are of mixed kinds or have no order to go by."""
    listed = _listed(column)
    if listed is not None:
        return [(value, _label(shown(value)), True) for value in listed if value is not None]
    written = literals(column.cells)
    kinds = {type(value) for value in written}
    if not kinds:
        return []
    kind = kinds.pop()
    if kinds or (kind is datetime and len({value.tzinfo is None for value in written}) > 1):
        return None
    if kind is bool:
        return [(value, _label(shown(value)), True) for value in (True, False)]
    limits = [allowed.text for allowed in _limits(column)]
    if kind is str and not _has_ranges(column):
        texts = [(value, _label(shown(value)), True) for value in dict.fromkeys(written)]
        return [*texts, (_OTHER, say("other_value"), not limits)]
    if kind not in _ORDERED:
        return None
    bounds = {*written, *(v for v in literals(map(read_cell, limits)) if type(v) is kind)}
    samples = _sweep(sorted(bounds), isinstance(column.type, Simple) and column.type.wanted == "whole")
    return [sample for sample in samples if _possible(column, sample[0])]


def _limits(column: Input) -> list[Allowed]:
    """The allowed values of a column and of its type."""
    found = [column.allowed, *(item.allowed for item in bases(column.type) if isinstance(item, Item))]
    return [allowed for allowed in found if allowed is not None]


def _possible(column: Input, value: Any) -> bool:
    return column.type.accepts(value) and (column.allowed is None or column.allowed.matches(value))


def _has_ranges(column: Input) -> bool:
    return any(isinstance(item, Range) for cell in column.cells if cell is not None for item in cell.items)


def _label(text: str) -> Text:
    return {"zh": text, "en": text}


def _sweep(bounds: list[Any], whole: bool) -> Samples:
    """Every boundary, a value between each two, one below and one above; below nothing need not be asked for."""
    samples: Samples = []
    zero = _NOTHING.get(type(bounds[0]))
    below, above = _beside(bounds[0], -1), _beside(bounds[-1], 1)
    if below is not None:
        samples.append((below, _label(f"< {shown(bounds[0])}"), zero is None or bounds[0] > zero))
    for left, right in zip(bounds, [*bounds[1:], None], strict=True):
        samples.append((left, _label(shown(left)), True))
        middle = _between(left, right, whole) if right is not None else None
        if middle is not None:
            samples.append((middle, _label(f"({shown(left)}..{shown(right)})"), True))
    if above is not None:
        samples.append((above, _label(f"> {shown(bounds[-1])}"), True))
    return samples


def _beside(value: Any, step: int) -> Any:
    try:
        if isinstance(value, Decimal):
            return value + step
        if isinstance(value, YearsMonths):
            return YearsMonths(value.months + step)
        return value + timedelta(days=step)
    except OverflowError:
        return None


def _between(left: Any, right: Any, whole: bool) -> Any:
    if isinstance(left, YearsMonths):
        return YearsMonths(left.months + 1) if left.months + 1 < right.months else None
    if isinstance(left, Decimal):
        middle = left.to_integral_value() + 1 if whole else (left + right) / 2
    elif isinstance(left, datetime | timedelta):
        middle = left + (right - left) / 2
    else:
        middle = left + timedelta(days=1)
    return middle if left < middle < right else None
