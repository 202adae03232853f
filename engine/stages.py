"""The way ahead of a complaint in its pack's own stages, read off the diagram.

A stage is promised only when every way to the regular end leads through it: what may be left out (a decision of the
leaders, another round) is shown once it happens, not before.
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

        Empty when the element has left the regular way (a withdrawal, a request that ends early).
        """
        entry = self._pack.processes.get(self._pack.entry)
        chain = self._locate(entry, process_id, element_id, _DEPTH) if entry is not None else None
        stages: list[str] = []
        for scope, element in reversed(chain or []):
            required = self._required(scope, [element.id], _DEPTH)
            if required is None:
                return []
            stages += required
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
        return own + (self._required(scope, starts, depth) or []) if depth else own

    def _required(self, scope: Scope, sources: list[str], depth: int) -> list[str] | None:
        """The stages on every way from behind ``sources`` to the regular end; None when there is no such way."""
        goal = self._goal(scope)
        way = _path(scope, sources, goal) if goal is not None else None
        if way is None or goal is None:
            return None
        stages: list[str] = []
        for step in way:
            element = scope.elements[step]
            own, inner = _stage(element), self._inside(element)
            if own is None and inner is None:
                continue
            same = {e.id for e in scope.elements.values() if e.id == step or (own and _stage(e) == own)} - set(sources)
            if goal not in same and _path(scope, sources, goal, same) is not None:
                continue
            stages += [own] if own else []
            stages += self._through(inner, depth - 1) if inner is not None and depth else []
        return stages

    def _goal(self, scope: Scope) -> str | None:
        """The regular end: the one whose shortest way leads through the most stages."""
        best: tuple[int, int] = (-1, -1)
        goal: str | None = None
        for element in scope.elements.values():
            way = _path(scope, [e.id for e in scope.starts()], element.id) if element.type == "endEvent" else None
            if way is not None:
                rank = (len({_stage(scope.elements[e]) for e in way}), len(way))
                best, goal = max((best, goal or ""), (rank, element.id))
        return goal


def _stage(element: Element) -> str | None:
    return element.properties.get("stage") or None


def _path(scope: Scope, sources: Iterable[str], goal: str, without: Collection[str] = ()) -> list[str] | None:
    """The shortest way from behind ``sources`` to ``goal`` that avoids ``without``; it ends with ``goal``."""
    came: dict[str, str | None] = dict.fromkeys(sources)
    queue = deque(came)
    while queue:
        here = queue.popleft()
        if here == goal and came[here] is not None:
            break
        for step in _next(scope, here):
            if step not in came and step not in without:
                came[step] = here
                queue.append(step)
    if came.get(goal) is None:
        return None
    way: list[str] = []
    current, before = goal, came[goal]
    while before is not None:
        way.append(current)
        current, before = before, came[before]
    return way[::-1]


def _next(scope: Scope, element_id: str) -> list[str]:
    """Where a token may go from an element: its flows, its boundary events, the other side of a link."""
    element = scope.elements[element_id]
    steps = [scope.flows[flow].target for flow in element.outgoing if flow in scope.flows]
    steps += [boundary.id for boundary in scope.boundary(element_id)]
    if element.event is not None and element.event.kind == "link" and element.type == "intermediateThrowEvent":
        steps += [
            other.id
            for other in scope.elements.values()
            if other.type == "intermediateCatchEvent"
            and other.event is not None
            and other.event.name == element.event.name
        ]
    return [step for step in steps if step in scope.elements]
