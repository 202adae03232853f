"""What can be said of a decision table without evaluating it: overlaps, conflicts, gaps, rules that never fire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.feel import shown

from .builder import Builder, misfit
from .cells import Exact, constants, same
from .domains import Case, Column, columns, independent, related
from .messages import Text, say
from .tables import Table
from .types import ANY, Allowed, Type

MAX_STEPS = 100_000
MAX_RULES = 500
MAX_CELLS = 5_000
MAX_REPORTS = 10


def check_table(builder: Builder, table: Table) -> None:
    """Add what is found to the builder's findings."""
    _check_values(builder, table)
    if not table.rules or any(len(column.cells) != len(table.rules) for column in table.inputs):
        return
    if len(table.rules) > MAX_RULES or len(table.rules) * len(table.inputs) > MAX_CELLS:
        builder.find("info", table.place, say("too_large"))
    else:
        _Analysis(builder, table).run()


class _TooLarge(Exception):
    pass


class _Analysis:
    def __init__(self, builder: Builder, table: Table) -> None:
        self.builder = builder
        self.table = table
        self.columns = columns(table)
        self.steps = MAX_STEPS
        self.everywhere = self._everywhere()
        self.together = [self._neighbours(index) for index in range(len(table.rules))]

    def _everywhere(self) -> list[int]:
        """For each column the rules that say nothing in it or in any column after it."""
        masks = [(1 << len(self.table.rules)) - 1]
        for column in reversed(self.columns):
            masks.insert(0, masks[0] & column.anything)
        return masks

    def _neighbours(self, index: int) -> int:
        """The rules that certainly match together with a rule in some case; 0 when the rule never matches itself."""
        bit, found = 1 << index, (1 << len(self.table.rules)) - 1
        for column in self.columns:
            shared = 0
            for case in column.cases:
                if case.rules & bit:
                    shared |= case.rules
            found &= shared
        return found

    def run(self) -> None:
        for index, together in enumerate(self.together):
            if not together:
                self.builder.find("warning", self.table.place.at(rule=index + 1), say("never_matches"))
        try:
            if self.table.policy in ("U", "A"):
                self._overlaps()
            if self.table.policy == "F":
                self._unreached()
            if self.table.policy in ("U", "A", "F", "P") and self._complete_cases():
                self._gaps()
        except _TooLarge:
            self.builder.find("info", self.table.place, say("too_large"))

    # -- overlaps -------------------------------------------------------------------------------------------------

    def _overlaps(self) -> None:
        unique = self.table.policy == "U"
        severity = "error" if independent(self.table.inputs) else "warning"
        reported = 0
        for first, together in enumerate(self.together):
            for second in _bits(together >> (first + 1)):
                other = first + 1 + second
                if reported >= MAX_REPORTS or not (unique or self._conflict(first, other)):
                    continue
                reported += 1
                example = self._example([self._shared(column, first, other) for column in self.columns])
                reason = say("overlap" if unique else "conflict", first=first + 1, second=other + 1, example=example)
                self.builder.find(severity, self.table.place.at(rule=other + 1), reason)

    def _conflict(self, first: int, second: int) -> bool:
        """Whether the outputs of two rules certainly differ."""
        width = len(self.table.inputs)
        pairs = zip(self.table.rules[first].texts[width:], self.table.rules[second].texts[width:], strict=True)
        for left, right in pairs:
            a, b = constants(left), constants(right)
            if a is not None and b is not None and not same(a, b):
                return True
        return False

    def _shared(self, column: Column, first: int, second: int) -> Case:
        both = 1 << first | 1 << second
        return next(case for case in column.cases if case.rules & both == both)

    # -- coverage -------------------------------------------------------------------------------------------------

    def _uncovered(self, chosen: Sequence[Sequence[Case]], rules: int) -> Iterator[list[Case | None]]:
        """The combinations of the chosen cases that none of the rules covers; None stands for any case."""
        stack: list[tuple[list[Case | None], int]] = [([], rules)]
        while stack:
            path, mask = stack.pop()
            self.steps -= 1
            if self.steps < 0:
                raise _TooLarge
            depth = len(path)
            if mask & self.everywhere[depth]:
                continue
            if not mask or depth == len(chosen):
                yield path + [None] * (len(chosen) - depth)
                continue
            stack.extend(([*path, case], mask & case.rules) for case in reversed(chosen[depth]))

    def _unreached(self) -> None:
        """Rules of a First table whose cases are all taken by rules before them."""
        for index, together in enumerate(self.together):
            bit = 1 << index
            before = together & (bit - 1)
            if before:
                cases = [[case for case in column.cases if case.rules & bit] for column in self.columns]
                if next(self._uncovered(cases, before), None) is None:
                    self.builder.find("warning", self.table.place.at(rule=index + 1), say("never_first"))

    def _complete_cases(self) -> bool:
        """Whether the cases are all there are and can be combined freely."""
        if any(column.default is not None for column in self.table.outputs):
            return False
        if related(self.table.inputs):
            self.builder.find("info", self.table.place, say("related"))
            return False
        return all(column.closed and any(case.counts for case in column.cases) for column in self.columns)

    def _gaps(self) -> None:
        cases = [[case for case in column.cases if case.counts] for column in self.columns]
        more = 0
        for number, path in enumerate(self._uncovered(cases, (1 << len(self.table.rules)) - 1)):
            if number < MAX_REPORTS // 2:
                self.builder.find("warning", self.table.place, say("gap", example=self._example(path)))
            else:
                more += 1
        if more:
            self.builder.find("warning", self.table.place, say("more_gaps", count=more))

    def _example(self, path: Sequence[Case | None]) -> Text:
        """The cases in words, without those that say nothing."""
        silent = say("anything")
        parts = [
            (column.input.label, case.label, case.example)
            for column, case in zip(self.columns, path, strict=True)
            if case is not None and case.label != silent
        ]
        if not parts:
            return silent
        return {
            "zh": "，".join(
                f"{name}：{label['zh']}" + (f"（如 {sample}）" if sample else "") for name, label, sample in parts
            ),
            "en": ", ".join(
                f"{name}: {label['en']}" + (f" (such as {sample})" if sample else "") for name, label, sample in parts
            ),
        }


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _check_values(builder: Builder, table: Table) -> None:
    """Literals that cannot be: inputs that never occur, outputs that are not allowed."""
    width = len(table.inputs)
    for number, rule in enumerate(table.rules, start=1):
        for column, cell in zip(table.inputs, (c.cells[number - 1] for c in table.inputs), strict=True):
            place = table.place.at(number, column.label)
            for item in cell.items if cell is not None else ():
                values = [item.value] if isinstance(item, Exact) else [item.low, item.high]
                allowed = column.allowed if isinstance(item, Exact) else None
                reason = next((why for v in values if (why := _refused(v, column.type, allowed))), None)
                if reason is not None:
                    builder.find("warning", place, reason)
        for output, source in zip(table.outputs, rule.texts[width:], strict=True):
            for value in constants(source) or []:
                reason = _refused(value, output.type, output.allowed)
                if reason is not None:
                    builder.find("error", table.place.at(number, output.label), reason)


def _refused(value: object, wanted: Type, allowed: Allowed | None) -> Text | None:
    """Why a literal is not possible in a column."""
    if value is None:
        return None
    if wanted is not ANY and not wanted.conform(value)[0]:
        return misfit(value, wanted)
    if allowed is not None and not allowed.matches(value):
        return say("cell_not_allowed", value=shown(value), allowed=allowed.text)
    return None
