"""The way ahead of a complaint in its pack's own stages, read off the diagram.

A stage is promised only when every way leads through it: what may be left out (a decision of the leaders, another
round) is shown once it happens, not before. The entry process is followed to its regular end, the one behind most
stages; a called process or subprocess to any of its ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from engine.packs import Pack
from engine.runtime.model import Element, Scope

_DEPTH = 8


class Stages:
    """The stages of one pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def of(self, process_id: str, element_id: str) -> str | None:
        """The stage an element stands for, if its diagram names one."""
        process = self._pack.processes.get(process_id)
        element = process.find(element_id) if process is not None else None
        return _stage(element) if element is not None else None

    def ahead(self, process_id: str, element_id: str) -> list[str]:
        """The stages that certainly follow the waiting element, in order.

        Empty when the element has left the regular way (a withdrawal, a branch that ends by itself).
        """
        entry = self._pack.processes.get(self._pack.entry)
        chain = self._locate(entry, process_id, element_id, _DEPTH) if entry is not None else None
        if entry is None or chain is None:
            return []
        last = self._regular_end(entry)
        stages: list[str] = []
        for scope, element in reversed(chain):
            if last is None or _stage(last) in stages:
                break
            stages += self._required(scope, [element.id], [last.id] if scope is entry else _ends(scope), _DEPTH)
        return list(dict.fromkeys(stages))

    def _locate(self, scope: Scope, process_id: str, element_id: str, depth: int) -> list[tuple[Scope, Element]] | None:
        """The element and the activities it stands in, outermost first; event subprocesses are not looked into."""
        for element in scope.elements.values():
            if element.process_id == process_id and element.id == element_id:
                return [(scope, element)]
        for element in scope.elements.values():
            inner = self._inside(element)
            if inner is None or not depth or element.event_subprocess:
                continue
            found = self._locate(inner, process_id, element_id, depth - 1)
            if found is not None:
                return [(scope, element), *found]
        return None

    def _inside(self, element: Element) -> Scope | None:
        if element.children is not None:
            return element.children
        return self._pack.processes.get(element.called_process or "")

    def _through(self, scope: Scope, depth: int) -> list[str]:
        """The stages every regular run of ``scope`` passes."""
        starts = [e.id for e in scope.starts()]
        own = [s for e in scope.starts() if (s := _stage(e))]
        return own + self._required(scope, starts, _ends(scope), depth) if depth else own

    def _required(self, scope: Scope, sources: list[str], goals: Collection[str], depth: int) -> list[str]:
        """The stages on every way from behind ``sources`` to one of ``goals``; none when there is no such way."""
        stages: list[str] = []
        for step in _path(scope, sources, goals):
            element = scope.elements[step]
            own, inner = _stage(element), self._inside(element)
            if own is None and inner is None:
                continue
            same = {e.id for e in scope.elements.values() if e.id == step or (own and _stage(e) == own)} - set(sources)
            if _path(scope, sources, goals, same):
                continue
            stages += [own] if own else []
            stages += self._through(inner, depth - 1) if inner is not None and depth else []
        return stages

    @staticmethod
    def _regular_end(scope: Scope) -> Element | None:
        """The end whose shortest way leads through the most stages."""
        starts = [e.id for e in scope.starts()]
        ways = [way for end in _ends(scope) if (way := _path(scope, starts, [end]))]
        best = max(ways, key=lambda way: (len({_stage(scope.elements[e]) for e in way}), len(way)), default=None)
        return scope.elements[best[-1]] if best else None


def _ends(scope: Scope) -> list[str]:
    return [element.id for element in scope.elements.values() if element.type == "endEvent"]


def _stage(element: Element) -> str | None:
    return element.properties.get("stage") or None


def _path(scope: Scope, sources: Iterable[str], goals: Collection[str], without: Collection[str] = ()) -> list[str]:
    """The shortest way from behind ``sources`` to one of ``goals`` that avoids ``without``; empty when there is none."""
    came: dict[str, str | None] = dict.fromkeys(sources)
    queue = deque(came)
    while queue:
        here = queue.popleft()
        if here in goals and came[here] is not None:
            way = [here]
            while (before := came[way[-1]]) is not None:
                way.append(before)
            return way[-2::-1]
        for step in _next(scope, here):
            if step not in came and step not in without:
                came[step] = here
                queue.append(step)
    return []


def _next(scope: Scope, element_id: str) -> list[str]:
    """Where a token may go from an element: its flows, what interrupts it, the other side of a link."""
    element = scope.elements[element_id]
    steps = [scope.flows[flow].target for flow in element.outgoing if flow in scope.flows]
    steps += [boundary.id for boundary in scope.boundary(element_id) if boundary.interrupting]
    if element.event is not None and element.event.kind == "link" and element.type == "intermediateThrowEvent":
        steps += [
            other.id
            for other in scope.elements.values()
            if other.type == "intermediateCatchEvent"
            and other.event is not None
            and other.event.name == element.event.name
        ]
    return [step for step in steps if step in scope.elements]
