"""A DMN file that has been read: its decisions, and taking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.feel import Function
from engine.runtime.model import Finding

from .errors import DecisionError, Place
from .messages import say
from .session import Env, Evaluate, FiredRule, Problem, Session
from .tables import Table
from .types import ANY, Item, Type

MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class InputData:
    """An input of the model: the variable it is, and what diagrams call it."""

    id: str
    name: str
    variable: str
    type: Type


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as written: the texts of its input cells and output cells, and its annotations."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    annotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """A decision table as written, for showing it. ``policy`` is U A F P R O C C+ C< C> or C#."""

    policy: str
    inputs: tuple[tuple[str, str], ...]
    """label and expression"""
    outputs: tuple[tuple[str, str], ...]
    """label and name"""
    rules: tuple[RuleView, ...]


@dataclass(slots=True)
class Decision:
    """A decision; ``requires`` are the names of the inputs and decisions it needs."""

    id: str
    name: str
    variable: str
    place: Place
    description: str = ""
    version_tag: str = ""
    type: Type = ANY
    requires: tuple[str, ...] = ()
    columns: Mapping[str, Type] = field(default_factory=dict)
    """the types its tables state for the variables their columns look at"""
    table: TableView | None = None
    error: DecisionError | None = None
    """why it cannot be taken, when something in it was not understood"""
    logic: Evaluate | Table | None = field(default=None, repr=False)
    needs: list[Need] = field(default_factory=list, repr=False)
    knows: list[Knowledge | Service] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Need:
    """A required input or decision; ``imported`` is the name its model is imported under, "" for none."""

    model: DecisionModel
    element: InputData | Decision
    imported: str = ""


@dataclass(slots=True)
class Knowledge:
    """A business knowledge model: ``make`` gives the function for the functions around it."""

    id: str
    name: str
    variable: str
    type: Type = ANY
    parameters: list[tuple[str, Type]] = field(default_factory=list)
    make: Callable[[Env], Function] | None = field(default=None, repr=False)
    knows: list[Knowledge | Service] = field(default_factory=list, repr=False)
    error: DecisionError | None = None


@dataclass(slots=True)
class Service:
    """A decision service: decisions of the model, offered as a function of its inputs."""

    id: str
    name: str
    variable: str
    place: Place
    type: Type = ANY
    outputs: list[Decision] = field(default_factory=list)
    inputs: list[InputData | Decision] = field(default_factory=list)
    error: DecisionError | None = None


Element = Decision | Knowledge | Service


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The value of a decision, the rules that fired on the way, what its table looked at, and reasons for nulls."""

    value: Any
    fired: tuple[FiredRule, ...]
    inputs: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


@dataclass(eq=False)
class DecisionModel:
    """The decisions of a file. Made by ``load_decisions``."""

    file: str
    id: str
    name: str
    namespace: str
    decisions: dict[str, Decision] = field(default_factory=dict)
    inputs: dict[str, InputData] = field(default_factory=dict)
    knowledge: dict[str, Knowledge] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    types: dict[str, Item] = field(default_factory=dict, repr=False)
    imports: dict[str, DecisionModel] = field(default_factory=dict, repr=False)
    """imported models by the name they are imported under"""
    merged: list[DecisionModel] = field(default_factory=list, repr=False)
    """models imported without a name, which are parts of this one, in the order their elements are looked for"""
    declared: frozenset[str] = field(default=frozenset(), repr=False)
    """the variables of its inputs and decisions: each is visible only to what requires it"""
    error: DecisionError | None = None
    """what was not understood outside of any decision"""
    check: Callable[[DecisionModel], list[Finding]] | None = field(default=None, repr=False)
    _findings: tuple[Finding, ...] | None = field(default=None, repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the check has to say about the file; worked out when first asked for."""
        if self._findings is None:
            self._findings = tuple(self.check(self)) if self.check is not None else ()
        return self._findings

    @property
    def version_tags(self) -> dict[str, str]:
        """The version tags of decisions that have one, by decision id."""
        return {key: decision.version_tag for key, decision in self.decisions.items() if decision.version_tag}

    def find(self, name: str) -> tuple[DecisionModel, Element] | None:
        """A decision by id, else by name or variable, else a decision service or business knowledge model.

        With its model: this one, one that is a part of it, or for ``import.name`` an imported one.
        """
        for model in (self, *self.merged):
            groups: Iterable[Mapping[str, Element]] = (model.decisions, model.services, model.knowledge)
            for group in groups:
                if name in group:
                    return model, group[name]
                for element in group.values():
                    if name in (element.name, element.variable):
                        return model, element
        for prefix, imported in self.imports.items():
            if name.startswith(f"{prefix}."):
                return imported.find(name.removeprefix(f"{prefix}."))
        return None

    def _names(self) -> list[str]:
        """The names of all that can be evaluated."""
        groups: Iterable[Iterable[Element]] = (
            group.values() for m in (self, *self.merged) for group in (m.decisions, m.services, m.knowledge)
        )
        return [element.name for group in groups for element in group]

    def evaluate(
        self,
        decision_id_or_name: str,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        strict: bool = True,
    ) -> DecisionResult:
        """Take a decision, or call a decision service or business knowledge model, with the values of a context.

        Inputs and parameters are found by name; a text given for a date, time or duration is read as one.
        Raises DecisionError when it is not in the file, was not understood, or when values break the model's own rules
        (types, allowed values, hit policy). With ``strict`` off such values become null as the standard has it,
        and the reason is among the result's problems.
        """
        from .run import take_asked

        found = self.find(decision_id_or_name)
        if found is None:
            place = Place(self.file, decision_id_or_name, decision_id_or_name)
            raise DecisionError(place, say("no_decision", known=", ".join(self._names()[:MAX_LISTED])))
        model, element = found
        session = Session(now=now, strict=strict, asked=element.id)
        try:
            value = take_asked(session, model, element, context)
        except RecursionError:
            place = Place(self.file, element.id, element.name)
            raise DecisionError(place, say("nesting")) from None
        return DecisionResult(value, tuple(session.fired), dict(session.inputs), tuple(session.problems))
