"""Decision tables ready for evaluation: matching rules, outputs, and the checks that belong to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.feel import FeelError, UnaryTests, shown

from .builder import fit
from .cells import HASHED, Cell, constants
from .errors import DecisionError, Place, feel_text
from .hits import Violation, aggregate, one_or_conflict
from .messages import say
from .session import Env, Evaluate, FiredRule
from .types import ANY, Allowed, Type

Key = tuple[type, Any]


@dataclass(slots=True)
class Input:
    """An input column. ``cells`` holds what each rule's cell says when it consists of literals."""

    label: str
    source: str
    evaluate: Evaluate
    type: Type
    allowed: Allowed | None = None
    variable: str = ""
    produced: list[Any] | None = None
    """all values there can be, when a required table of literals produces them"""
    cells: list[Cell | None] = field(default_factory=list)
    keyed: dict[Key, int] = field(default_factory=dict)
    """the rules, as bits, whose cell lists a value"""
    others: int = 0
    """the rules whose cell is "-" or has to be tested"""


@dataclass(slots=True)
class Output:
    """An output column. ``options`` are the tests of the output values, in their order."""

    name: str
    label: str
    type: Type
    allowed: Allowed | None = None
    options: list[Allowed] = field(default_factory=list)
    default: Evaluate | None = None


@dataclass(slots=True)
class Rule:
    """A row: the tests that are not decided by looking up a value, and the outputs."""

    id: str
    annotations: tuple[str, ...]
    texts: tuple[str, ...]
    tests: list[tuple[int, UnaryTests | Cell]] = field(default_factory=list)
    outputs: list[Evaluate] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A decision table; calling it evaluates it."""

    place: Place
    policy: str
    operator: str
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]
    wanted: Type = ANY
    """the type of the whole result"""
    main: bool = False
    """whether the table is the whole logic of its decision"""

    def __call__(self, env: Env) -> Any:
        """The result for the values in scope."""
        values, valid = self._read(env)
        if self.main and env.session.asked == self.place.decision_id:
            env.session.inputs = {column.label: value for column, value in zip(self.inputs, values, strict=True)}
        if not valid:
            return None
        matched = self._matched(env, values)
        try:
            value = self._result(env, matched) if matched else self._default(env)
            return fit(env.session, value, self.wanted, self.place)
        except Violation as violation:
            env.session.violated(self.place.at(rule=violation.rule), violation.reason)
            return None

    # -- inputs ---------------------------------------------------------------------------------------------------

    def _read(self, env: Env) -> tuple[list[Any], bool]:
        values: list[Any] = []
        valid = True
        for column in self.inputs:
            place = self.place.at(column=column.label)
            value = fit(env.session, column.evaluate(env), column.type, place)
            if value is not None and column.allowed is not None and not column.allowed.matches(value):
                env.session.violated(place, say("input_not_allowed", value=shown(value), allowed=column.allowed.text))
                valid = False
            values.append(value)
        return values, valid

    def _matched(self, env: Env, values: list[Any]) -> list[int]:
        """The indexes of the rules that match; for F only the first."""
        candidates = (1 << len(self.rules)) - 1
        for column, value in zip(self.inputs, values, strict=True):
            kind = type(value)
            candidates &= column.others | (column.keyed.get((kind, value), 0) if kind in HASHED else 0)
        found: list[int] = []
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            index = lowest.bit_length() - 1
            if all(self._test(env, index, at, test, values[at]) for at, test in self.rules[index].tests):
                found.append(index)
                if self.policy == "F":
                    break
        return found

    def _test(self, env: Env, index: int, at: int, test: UnaryTests | Cell, value: Any) -> bool:
        if isinstance(test, Cell):
            return value is not None and test.accepts(value)
        column = self.inputs[at]
        names = {**env.names, column.variable: value} if column.variable else env.names
        place = self.place.at(index + 1, column.label)
        try:
            result = test.explain(value, names, now=env.session.now)
        except FeelError as error:
            raise DecisionError(place, feel_text(error)) from None
        if result.value is None and value is not None:
            for problem in result.problems:
                env.session.note(place, {"zh": problem.zh(), "en": problem.message})
        return result.value is True

    # -- outputs --------------------------------------------------------------------------------------------------

    def _result(self, env: Env, matched: list[int]) -> Any:
        rows = [self._row(env, index) for index in matched]
        numbers = [index + 1 for index in matched]
        results = [self._joined(row) for row in rows]
        one_or_conflict(self.policy, numbers, results)
        if self.policy in ("P", "O"):
            ranked = sorted(range(len(rows)), key=lambda i: self._rank(rows[i], numbers[i]))
            matched, results = [matched[i] for i in ranked], [results[i] for i in ranked]
        single = self.policy in ("U", "F", "P")
        self._fire(env, matched[:1] if single else matched)
        if self.policy in ("U", "A", "F", "P"):
            return results[0]
        if self.operator:
            return aggregate(self.operator, numbers, results)
        return results

    def _row(self, env: Env, index: int) -> list[Any]:
        values: list[Any] = []
        for column, evaluate in zip(self.outputs, self.rules[index].outputs, strict=True):
            place = self.place.at(index + 1, column.label)
            value = fit(env.session, evaluate(env), column.type, place)
            if value is not None and column.allowed is not None and not column.allowed.matches(value):
                reason = say("output_not_allowed", value=shown(value), allowed=column.allowed.text)
                env.session.violated(place, reason)
                value = None
            values.append(value)
        return values

    def _joined(self, row: list[Any]) -> Any:
        if len(self.outputs) == 1:
            return row[0]
        return {column.name: value for column, value in zip(self.outputs, row, strict=True)}

    def _rank(self, row: list[Any], rule: int) -> tuple[int, ...]:
        ranks: list[int] = []
        for column, value in zip(self.outputs, row, strict=True):
            if column.options:
                rank = next((i for i, option in enumerate(column.options) if option.matches(value)), None)
                if rank is None:
                    raise Violation(say("no_rank", value=shown(value)), rule)
                ranks.append(rank)
        return tuple(ranks)

    def produces(self) -> dict[str, list[Any]]:
        """All values each output column can have, for columns of literals, by name ("" for a single one)."""
        found: dict[str, list[Any]] = {}
        for index, column in enumerate(self.outputs, start=len(self.inputs)):
            values = [constants(rule.texts[index]) for rule in self.rules]
            if column.default is None and self.policy in ("U", "A", "F", "P") and all(values):
                name = column.name if len(self.outputs) > 1 else ""
                found[name] = [value for group in values for value in group or []]
        return found

    def _default(self, env: Env) -> Any:
        if all(column.default is None for column in self.outputs):
            return self._nothing()
        row = [
            fit(env.session, column.default(env), column.type, self.place.at(column=column.label))
            if column.default is not None
            else None
            for column in self.outputs
        ]
        value = self._joined(row)
        return [value] if self.policy in ("R", "O", "C") and not self.operator else value

    def _nothing(self) -> Any:
        """The result without a rule and without defaults: no outputs for the policies that list them, else null."""
        if self.operator:
            return Decimal(0) if self.operator == "#" else None
        return [] if self.policy in ("R", "O", "C") else None

    def _fire(self, env: Env, matched: list[int]) -> None:
        for index in matched:
            rule = self.rules[index]
            fired = FiredRule(self.place.decision_id, self.place.decision, index + 1, rule.id, rule.annotations)
            env.session.fired.append(fired)
