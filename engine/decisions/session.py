"""One evaluation: the values in scope, the rules that fired, the reasons for nulls, and how much may still be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .errors import DecisionError, Place
from .messages import Text, say

MAX_DEPTH = 40
MAX_CALLS = 5_000
MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule of a decision table whose output is part of the result; ``rule_index`` counts from 1."""

    decision_id: str
    decision_name: str
    rule_index: int
    rule_id: str
    annotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why some part of a decision is null."""

    place: Place
    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        """The place and the reason."""
        return DecisionError(self.place, {"zh": self.zh, "en": self.en}).text(language)


@dataclass(slots=True)
class Session:
    """The state of one evaluation, shared by all decisions it takes."""

    now: datetime | None = None
    strict: bool = True
    fired: list[FiredRule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    values: dict[tuple[int, str], Any] = field(default_factory=dict)
    """results of decisions, by model and decision id"""
    functions: dict[int, dict[str, Any]] = field(default_factory=dict)
    """the functions each model offers"""
    running: set[tuple[int, str]] = field(default_factory=set)
    inputs: dict[str, Any] = field(default_factory=dict)
    """what the table of the decision asked for looked at: label -> value"""
    asked: str = ""
    depth: int = 0
    calls: int = 0

    def enter(self, place: Place) -> None:
        """Count a call of a function or decision; refuse what is too deep or too much."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise DecisionError(place, say("depth", limit=MAX_DEPTH))
        self.count(place)

    def count(self, place: Place) -> None:
        """Count a step of work that is not inside one expression."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise DecisionError(place, say("calls", limit=MAX_CALLS))

    def leave(self) -> None:
        """The call is over."""
        self.depth -= 1

    def note(self, place: Place, reason: Text) -> None:
        """Keep the reason for a null."""
        problem = Problem(place, reason["zh"], reason["en"])
        if len(self.problems) < MAX_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def violated(self, place: Place, reason: Text) -> None:
        """The model or its input breaks its own rules: an error, or with ``strict`` off a null with a reason."""
        if self.strict:
            raise DecisionError(place, reason)
        self.note(place, reason)


@dataclass(frozen=True, slots=True)
class Env:
    """The values an expression sees."""

    names: Mapping[str, Any]
    session: Session

    def plus(self, more: Mapping[str, Any]) -> Env:
        """The same with further values."""
        return Env({**self.names, **more}, self.session)


Evaluate = Callable[[Env], Any]
