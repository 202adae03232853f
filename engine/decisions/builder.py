"""What compiling a file shares: the findings, the types, and expressions made ready for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

from engine.feel import FeelError, UnaryTests, compile_expression, compile_unary_tests, shown
from engine.runtime.model import Finding

from .cells import unknown_calls
from .errors import DecisionError, Place, feel_text
from .messages import Text, say
from .session import Env, Evaluate, Session
from .types import ANY, Type

if TYPE_CHECKING:
    from .tables import Table

MAX_FINDINGS = 200
Names = frozenset[str]


@dataclass(slots=True)
class Builder:
    """Collects what is wrong with a file while its parts are compiled."""

    file: str
    find_type: Callable[[str], Type | None]
    findings: list[Finding] = field(default_factory=list)
    refusals: dict[str, DecisionError] = field(default_factory=dict)
    """the first error of each decision or business knowledge model, by id"""
    language: str = ""
    """the expression language of the whole file"""
    types: dict[str, str] = field(default_factory=dict)
    """the item definitions as types of FEEL"""
    tables: list[Table] = field(default_factory=list)
    unbound: list[tuple[Place, str]] = field(default_factory=list)
    """names that expressions read though nothing around them has that name"""

    def refuse(self, place: Place, reason: Text, standard: bool = False) -> Evaluate:
        """Record an error; the decision will not be evaluated, for a ``standard`` one only not strictly."""
        error = DecisionError(place, reason, standard)
        earlier = self.refusals.get(place.decision_id)
        if earlier is None or (earlier.standard and not standard):
            self.refusals[place.decision_id] = error
        self.find("error", place, reason)

        def refused(env: Env) -> Any:
            raise error

        return refused

    def find(self, severity: str, place: Place, reason: Text) -> None:
        """Record a finding."""
        if len(self.findings) < MAX_FINDINGS:
            where = place.where()
            label = (f"决策“{place.decision}”", f"Decision “{place.decision}”") if place.decision else ("", "")
            zh = "：".join(part for part in (label[0] + where["zh"], reason["zh"]) if part)
            en = ": ".join(part for part in (label[1] + where["en"], reason["en"]) if part)
            self.findings.append(Finding(severity, self.file, place.decision_id or None, zh, en))

    def speaks_feel(self, node: etree._Element, place: Place) -> bool:
        """Whether an element's expressions are FEEL; anything else is refused."""
        language = node.get("expressionLanguage") or self.language
        if not language or language.lower() == "feel" or "/FEEL/" in language or language.endswith("/FEEL"):
            return True
        self.refuse(place, say("language", language=language))
        return False

    def expression(self, source: str, names: Names, place: Place) -> Evaluate:
        """A FEEL expression; an empty one is null."""
        if not source:
            return lambda env: None
        try:
            compiled = compile_expression(source, names, self.types)
        except FeelError as error:
            return self.refuse(place, feel_text(error))
        self._note_names(source, compiled.names, names, place)

        def evaluate(env: Env) -> Any:
            try:
                result = compiled.explain(env.names, now=env.session.now)
            except FeelError as error:
                raise DecisionError(place, feel_text(error)) from None
            for problem in result.problems:
                env.session.note(place, {"zh": problem.zh(), "en": problem.message})
            return result.value

        return evaluate

    def tests(self, source: str, names: Names, place: Place) -> UnaryTests | None:
        """The tests of a cell, or None after an error."""
        try:
            compiled = compile_unary_tests(source, names, self.types)
        except FeelError as error:
            self.refuse(place, feel_text(error))
            return None
        self._note_names(source, compiled.names, names, place)
        return compiled

    def _note_names(self, source: str, read: Names, names: Names, place: Place) -> None:
        """Refuse calls of functions that do not exist; remember other names without a meaning here."""
        missing = read - names
        called = unknown_calls(source, names, missing) if missing else set()
        for name in sorted(called):
            self.refuse(place, say("unknown_function", name=name), standard=True)
        self.unbound.extend((place, name) for name in missing - called)

    def type(self, name: str | None, place: Place) -> Type:
        """The type of a name; an unknown one is an error."""
        found = self.find_type(" ".join((name or "").split()))
        if found is None:
            self.refuse(place, say("unknown_type", name=name))
            return ANY
        return found

    def stated_type(self, node: etree._Element, place: Place) -> Type:
        """The type an expression states besides that of its variable; an unknown one is only warned of."""
        name = node.get("typeRef")
        found = self.find_type(" ".join((name or "").split()))
        if found is None:
            self.find("warning", place, say("unknown_type", name=name))
        return found or ANY


def conforming(evaluate: Evaluate, wanted: Type, place: Place) -> Evaluate:
    """The same evaluation with its result made to fit a type."""
    if wanted is ANY:
        return evaluate
    return lambda env: fit(env.session, evaluate(env), wanted, place)


def fit(session: Session, value: Any, wanted: Type, place: Place) -> Any:
    """A value made to fit a type; one that does not fit violates the model."""
    fits, converted = wanted.conform(value)
    if not fits:
        session.violated(place, misfit(value, wanted))
    return converted


def misfit(value: Any, wanted: Type) -> Text:
    """Why a value is not of a type."""
    listed = wanted.values()
    if listed:
        options = ", ".join(shown(option) for option in listed[:12])
        return say("misfit_listed", value=shown(value), type=wanted.name, options=options)
    return say("misfit", value=shown(value), type=wanted.name)


def known(names: Iterable[str]) -> Names:
    """Names as the parser takes them."""
    return frozenset(name for name in names if name)
