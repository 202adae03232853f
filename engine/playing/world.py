"""What answers jobs and decisions when a diagram is played: a scenario, else the tables beside it and the examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.calendars import Calendar
from engine.decisions import DecisionError
from engine.packs import Pack
from engine.playing.examples import example
from engine.playing.player import Answer
from engine.runtime.host import BpmnError
from engine.runtime.machine import Machine
from engine.runtime.model import Element


@dataclass(frozen=True)
class Work:
    """What a scenario says of a job: the variables it gives, or the BPMN error it raises."""

    values: Mapping[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class Answers:
    """What a scenario says of jobs (by topic or element) and decisions (by id or element); FEEL values."""

    jobs: Mapping[str, Work] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Neighbourhood:
    """The world of a lone diagram: ``pack`` is what lies beside it."""

    pack: Pack
    calendars: Mapping[str, Calendar]
    answers: Answers

    def decide(self, machine: Machine, element: Element, decision: str, variables: Mapping[str, Any]) -> Answer:
        """By the scenario, else by the table of that id."""
        for name in (element.id, decision):
            if name in self.answers.decisions:
                return Answer(self.answers.decisions[name], "scenario")
        model = self.pack.decisions.get(decision)
        if model is None:
            raise machine.fault(
                element,
                f'文件旁边没有决策“{decision}”。请把它的 .dmn 文件放在一起，用 --with 指定，或在场景文件中写 [decisions."{decision}"]',
                f'no file beside it holds the decision “{decision}”. Put its .dmn file there, name it with --with, or give [decisions."{decision}"] in a scenario',
            )
        try:
            outcome = model.evaluate(decision, variables, now=machine.host.now())
        except DecisionError as error:
            raise machine.fault(element, error.text("zh"), error.text("en")) from None
        rules = tuple(
            {"decision": f.decision_id, "name": f.decision_name, "rule": f.rule_index, "notes": list(f.annotations)}
            for f in outcome.fired
        )
        return Answer(outcome.value, "table", rules)

    def work(self, element: Element, topic: str, inputs: Mapping[str, Any]) -> Answer:
        """By the scenario, else the element's example; nothing really happens."""
        for name in (element.id, topic):
            work = self.answers.jobs.get(name)
            if work is not None and work.error is not None:
                raise BpmnError(work.error, work.values)
            if work is not None:
                return Answer(work.values, "scenario")
        given = example(element)
        return Answer(given or {}, "nothing" if given is None else "example")

    def calendar(self, element: Element) -> Calendar:
        """The one named on the element, else the pack's."""
        return self.calendars[element.properties.get("calendar", self.pack.calendar)]
