"""Everything in a pack that carries a rule, each with one change that takes the rule's force away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.assignment import BLIND
from engine.mutations import diagrams, forms, tables
from engine.packs import MANIFEST, Pack
from engine.runtime.model import Element, Flow, Process, Scope


@dataclass(frozen=True)
class Mutant:
    """One change to one file of a pack."""

    place: str
    """file#element"""
    change: str
    rules: tuple[str, ...]
    """the rules that lose their force"""
    path: str
    content: bytes
    elements: frozenset[str]
    """elements, and table rows as ``decision#number``, one of which a run must touch to notice"""


def mutants(pack: Pack) -> Iterator[Mutant]:
    """Every mutant of ``pack``: elements, flows, lanes, form fields and table rows that name a rule of its policy."""
    known = {rule.id for rule in pack.rules}
    for process in pack.processes.values():
        if process.executable:
            yield from _process(pack, process, known)
    for form_id, form in pack.forms.items():
        users = frozenset(e.id for p in pack.processes.values() for e in p.walk() if e.form_id == form_id)
        for item in form.fields:
            rules = _known(item.properties.get("clause", ""), known)
            if rules and item.key in pack.personal:
                yield Mutant(f"{form.file}#{item.key}", "plain", rules, MANIFEST, _plain(pack, item.key), users)
            changed = forms.optional(pack.files[form.file], item.key) if rules else None
            if changed is not None:
                yield Mutant(f"{form.file}#{item.key}", "optional", rules, form.file, changed, users)
    yield from _tables(pack, known)


def _process(pack: Pack, process: Process, known: set[str]) -> Iterator[Mutant]:
    content = pack.files[process.file]
    for scope in _scopes(process):
        for element in scope.elements.values():
            rules = _known(element.properties.get("clause", ""), known)
            for change, changed, touched in _element(pack, scope, element, content) if rules else ():
                yield Mutant(f"{process.file}#{element.id}", change, rules, process.file, changed, touched)
        for flow in scope.flows.values():
            rules = _known(flow.properties.get("clause", ""), known)
            if rules and flow.condition is not None:
                yield _no_way(process, flow, rules, content)
    for lane_id, lane in process.lanes.items():
        rules = _known(process.lane_properties.get(lane, {}).get("clause", ""), known)
        other = _another(pack, [pack.lane_group(lane) or lane])
        if rules and other is not None:
            tasks = frozenset(e.id for e in process.walk() if e.lane == lane and e.type == "userTask")
            changed = diagrams.rename(content, lane_id, other)
            yield Mutant(f"{process.file}#{lane}", "another group", rules, process.file, changed, tasks)


def _element(pack: Pack, scope: Scope, element: Element, content: bytes) -> Iterator[tuple[str, bytes, frozenset[str]]]:
    """(change, changed diagram, what a run must touch) of one element."""
    itself = frozenset([element.id])
    if element.type == "boundaryEvent":
        timer = element.event is not None and element.event.kind == "timer"
        yield "no timer" if timer else "gone", diagrams.without(content, element.id), itself
    elif element.event_subprocess:
        inside = frozenset(element.children.elements) if element.children is not None else itself
        yield "gone", diagrams.without(content, element.id), inside
    elif element.type in ("exclusiveGateway", "inclusiveGateway"):
        for flow in (scope.flows[f] for f in element.outgoing):
            if flow.condition is not None:
                yield "no way", diagrams.closed(content, flow.id), frozenset([flow.target])
    elif element.type.endswith("Event"):
        yield "passed", diagrams.plain_event(content, element.id), itself
    elif not element.type.endswith("Gateway"):
        yield "gone", diagrams.passed_through(content, element.id), itself
    if element.loop is not None:
        yield "once", diagrams.once(content, element.id), itself
    if element.type == "userTask":
        yield from _user_task(pack, element, content)


def _user_task(pack: Pack, element: Element, content: bytes) -> Iterator[tuple[str, bytes, frozenset[str]]]:
    itself = frozenset([element.id])
    if element.due_date:
        yield "no limit", diagrams.without_attribute(content, element.id, "taskSchedule", "dueDate"), itself
    if element.properties.get("excludes"):
        yield "anyone again", diagrams.without_property(content, element.id, "excludes"), itself
    if element.properties.get(BLIND):
        yield "in the open", diagrams.without_property(content, element.id, BLIND), itself
    other = _another_group(pack, element)
    if other is not None:
        yield "another group", diagrams.assigned(content, element.id, other), itself


def _another_group(pack: Pack, element: Element) -> str | None:
    """A group that does not do the task; where an expression names it, that of the customers."""
    given = element.candidate_groups
    if given is None:
        return _another(pack, [pack.lane_group(element.lane) or ""])
    if not given.startswith("="):
        return _another(pack, [group.strip() for group in given.split(",")])
    customers = [name for name, group in pack.groups.items() if group.get("kind") == "customer"]
    return next(iter([*customers, *reversed(list(pack.groups))]), None)


def _plain(pack: Pack, key: str) -> bytes:
    """pack.toml where the field ``key`` is no personal one."""
    left = ", ".join(json.dumps(other, ensure_ascii=False) for other in pack.personal if other != key)
    return re.sub(
        r"(?ms)^personal\s*=\s*\[.*?\]", lambda _: f"personal = [{left}]", pack.files[MANIFEST].decode("utf-8")
    ).encode()


def _no_way(process: Process, flow: Flow, rules: tuple[str, ...], content: bytes) -> Mutant:
    changed = diagrams.closed(content, flow.id)
    return Mutant(
        f"{process.file}#{flow.id}", "no way", rules, process.file, changed, frozenset([flow.source, flow.target])
    )


def _tables(pack: Pack, known: set[str]) -> Iterator[Mutant]:
    for model in {id(m): m for m in pack.decisions.values()}.values():
        for row in tables.without_rows(pack.files[model.file]):
            rules = _known(row.text, known)
            if rules:
                place = f"{model.file}#{row.id}"
                yield Mutant(place, "row gone", rules, model.file, row.content, frozenset([row.fired]))


def _scopes(process: Process) -> list[Scope]:
    return [process, *(e.children for e in process.walk() if e.children is not None)]


_ID = re.compile(r"[A-Za-z]+[A-Za-z0-9-]*\d+")


def _known(text: str, known: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in _ID.findall(text) if word in known))


def _another(pack: Pack, groups: Sequence[str]) -> str | None:
    return next((group for group in pack.groups if group not in groups), None)
