"""Every construct the reader accepts has a smallest diagram in this folder, so that a test can run it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from engine.runtime.dialect import EVENTS_AT
from engine.runtime.model import EVENTS, GATEWAYS, TASKS, Element, Process
from engine.runtime.reader import Reader
from tests.engine.bpmn.driver import FOLDER

Construct = tuple[str, ...]
REPEATED = TASKS - {"task", "manualTask", "sendTask", "businessRuleTask"}
"""Activities whose multi-instance form has a diagram; a send task repeats like a service task."""


def constructs(process: Process, element: Element) -> Iterator[Construct]:
    """What ``element`` is an example of."""
    place, event = element.type, element.event
    if place == "startEvent" and element.scope_id != process.id:
        parent = process.find(element.scope_id)
        place = "triggered startEvent" if parent is not None and parent.event_subprocess else "subprocess startEvent"
    if element.type in EVENTS and event is not None:
        yield place, event.kind
        if event.timer:
            yield place, event.timer
        if place in ("boundaryEvent", "triggered startEvent"):
            yield place, event.kind, "interrupting" if element.interrupting else "beside"
    else:
        yield (place,)
    if element.loop is not None:
        yield place, "sequential" if element.loop.sequential else "parallel"
    if element.event_subprocess:
        yield place, "triggered"
    if element.compensation:
        yield place, "undoes"


@cache
def shown() -> frozenset[Construct]:
    readers = [Reader(file.read_bytes(), file.name) for file in FOLDER.glob("*.bpmn")]
    executable = [p for r in readers for p in r.processes if p.executable]
    return frozenset(c for p in executable for e in p.walk() for c in constructs(p, e))


def wanted() -> list[Construct]:
    found: list[Construct] = [(kind,) for kind in TASKS | GATEWAYS]
    found += [(place, kind) for place, kinds in EVENTS_AT.items() for kind in kinds]
    found += [("intermediateCatchEvent", timer) for timer in ("date", "duration")]
    found += [(place, timer) for place in ("boundaryEvent", "triggered startEvent") for timer in ("duration", "cycle")]
    for place in ("boundaryEvent", "triggered startEvent"):
        for kind in EVENTS_AT[place] - {"error", "compensate"}:
            found += [(place, kind, "interrupting"), (place, kind, "beside")]
    found += [(kind, "parallel") for kind in REPEATED]
    found += [(kind, "sequential") for kind in ("userTask", "callActivity", "subProcess", "businessRuleTask")]
    found += [("boundaryEvent", "date"), ("subProcess", "triggered"), ("userTask", "undoes")]
    return sorted(set(found))


@pytest.mark.parametrize("construct", wanted(), ids=" ".join)
def test_there_is_a_diagram(construct: Construct) -> None:
    assert construct in shown()
