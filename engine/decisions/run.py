"""Taking decisions: inputs, required decisions first, then the decision's own logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.feel import FeelError, FeelValueError, Function, to_feel

from .builder import fit
from .errors import DecisionError, Place, feel_text
from .inputs import from_text
from .messages import say
from .model import Decision, DecisionModel, Element, InputData, Knowledge, Need, Service
from .session import Env, Session
from .types import ANY, result_type

Values = Mapping[str, Any]


def take_asked(session: Session, model: DecisionModel, element: Element, context: Values) -> Any:
    """The value of what the caller asked for."""
    place = Place(model.file, element.id, element.name)
    given = _converted(session, context, place)
    if isinstance(element, Decision):
        value = take(session, model, element, given)
        if not session.inputs:
            session.inputs = {need.element.name: _value_of(session, need, given, place) for need in element.needs}
        return value
    _raise(session, model.error)
    wanted = element.parameters if isinstance(element, Knowledge) else [(e.variable, e.type) for e in element.inputs]
    for name, _ in wanted:
        if name not in given:
            session.note(place, say("not_given", name=name))
    session.inputs = {name: from_text(given.get(name), type) for name, type in wanted}
    return functions(session, model)[element.variable].call(*session.inputs.values())


def _raise(session: Session, error: DecisionError | None) -> None:
    """Raise what reading a file refused, unless it is null by the standard and the evaluation is not strict."""
    if error is not None and (session.strict or not error.standard):
        raise error
    if error is not None:
        session.note(error.place, error.params["reason"])


def _converted(session: Session, context: Values, place: Place) -> dict[str, Any]:
    """The caller's values as values of the language; what is none is left out."""
    given: dict[str, Any] = {}
    for name, value in context.items():
        try:
            given[name] = to_feel(value)
        except FeelValueError as error:
            session.note(place.at(column=str(name)), feel_text(error))
        except FeelError as error:
            raise DecisionError(place.at(column=str(name)), feel_text(error)) from None
    return given


def take(session: Session, model: DecisionModel, decision: Decision, given: Values) -> Any:
    """The value of a decision, taken once per evaluation."""
    key = (id(model), decision.id)
    if key in session.values:
        return session.values[key]
    for error in (decision.error, model.error, *(known.error for known in decision.knows)):
        _raise(session, error)
    if key in session.running:
        raise DecisionError(decision.place, say("circle", path=decision.name))
    session.running.add(key)
    session.enter(decision.place)
    try:
        names = {
            name: from_text(value, decision.columns.get(name, ANY))
            for name, value in given.items()
            if name not in model.declared
        }
        names.update(functions(session, model))
        for need in decision.needs:
            _bind(session, names, need, given, decision.place)
        value = decision.logic(Env(names, session)) if decision.logic is not None else None
        value = fit(session, value, decision.type, decision.place)
    finally:
        session.leave()
        session.running.discard(key)
    session.values[key] = value
    return value


def _bind(session: Session, names: dict[str, Any], need: Need, given: Values, place: Place) -> None:
    value = _value_of(session, need, given, place)
    element = need.element
    if need.imported:
        inner = names.get(need.imported)
        names[need.imported] = {**(inner if isinstance(inner, dict) else {}), element.variable: value}
        return
    names[element.variable] = value
    for alias in (element.name, element.id):
        names.setdefault(alias, value)


def _value_of(session: Session, need: Need, given: Values, place: Place) -> Any:
    if need.imported:
        inner = given.get(need.imported)
        given = {**given, **inner} if isinstance(inner, dict) else given
    if isinstance(need.element, Decision):
        return take(session, need.model, need.element, given)
    return _input(session, need.element, given, place)


def _input(session: Session, data: InputData, given: Values, place: Place) -> Any:
    """An input of the decision at a place: by the name of its variable, else by its name in the diagram or its id."""
    for name in (data.variable, data.name, data.id):
        if name in given:
            return fit(session, from_text(given[name], data.type), data.type, place.at(column=data.name))
    session.note(place, say("not_given", name=data.variable))
    return None


def functions(session: Session, model: DecisionModel) -> dict[str, Any]:
    """The business knowledge models and decision services of a model, those it imports under the import's name."""
    known = session.functions.get(id(model))
    if known is not None:
        return known
    found: dict[str, Any] = {}
    session.functions[id(model)] = found
    for merged in reversed(model.merged):
        found.update(functions(session, merged))
    for name, imported in model.imports.items():
        found[name] = dict(functions(session, imported))
    for knowledge in model.knowledge.values():
        found[knowledge.variable] = _knowledge(session, found, knowledge)
    for service in model.services.values():
        found[service.variable] = _service(session, model, service)
    return found


def _knowledge(session: Session, around: Values, knowledge: Knowledge) -> Function:
    function = knowledge.make(Env(around, session)) if knowledge.make is not None else None
    lenient = knowledge.error is not None and knowledge.error.standard and not session.strict
    if function is not None and (knowledge.error is None or lenient):
        return function

    def refused(*arguments: Any) -> Any:
        raise knowledge.error or AssertionError(knowledge.id)

    return Function(function.parameters if function is not None else (), refused, knowledge.name)


def _service(session: Session, model: DecisionModel, service: Service) -> Function:
    def call(*arguments: Any) -> Any:
        if service.error is not None:
            raise service.error
        session.enter(service.place)
        inner = replace(session, values={}, running=set(), inputs={}, asked="")
        given: dict[str, Any] = {}
        for element, argument in zip(service.inputs, arguments, strict=True):
            value = fit(session, argument, element.type, service.place.at(column=element.variable))
            given[element.variable] = value
            if isinstance(element, Decision):
                inner.values[(id(model), element.id)] = value
        results = {decision.variable: take(inner, model, decision, given) for decision in service.outputs}
        session.calls = inner.calls
        session.leave()
        value = next(iter(results.values())) if len(results) == 1 else results
        return fit(session, value, result_type(service.type), service.place)

    return Function(tuple(element.variable for element in service.inputs), call, service.name)
