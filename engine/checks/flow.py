"""Ways through a diagram: gateways without a way out, steps nothing leads to, events nothing follows."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.joins import check_joins
from engine.checks.report import error, warning
from engine.runtime.model import TASKS, Element, Finding, Flow, Process, Scope


def scopes(process: Process) -> list[Scope]:
    """The process and every subprocess in it."""
    return [process, *(e.children for e in process.walk() if e.children is not None)]


def check_flow(process: Process) -> Iterator[Finding]:
    """Findings about the ways through ``process``."""
    for scope in scopes(process):
        yield from _unreachable(process, scope)
        yield from check_joins(process, scope)
        for element in scope.elements.values():
            flows = [scope.flows[f] for f in element.outgoing]
            if element.type.endswith("Gateway") and not flows:
                yield error(
                    process, element.id, f"网关“{element.label}”没有出口", f"the gateway “{element.label}” has no way out"
                )  # fmt: skip
            elif element.type in ("exclusiveGateway", "inclusiveGateway") or element.type in TASKS:
                yield from _conditions(process, element, flows)
            yield from _dead_end(process, element)


def _conditions(process: Process, element: Element, flows: list[Flow]) -> Iterator[Finding]:
    splits = element.type.endswith("Gateway") and len(flows) > 1
    for flow in flows:
        if splits and flow.condition is None and flow.id != element.default:
            yield error(
                process,
                flow.id,
                f"网关“{element.label}”的出口“{flow.name or flow.id}”既没有条件也不是缺省出口",
                f"the flow “{flow.name or flow.id}” of gateway “{element.label}” has no condition and is not the default",
            )
    open_ended = all(f.condition is not None for f in flows) if element.type in TASKS else True
    if element.default is None and open_ended and any(f.condition is not None for f in flows):
        yield warning(
            process,
            element.id,
            f"“{element.label}”没有缺省出口：条件都不成立时流程会停下",
            f"“{element.label}” has no default flow: the process stops when no condition holds",
        )


def _dead_end(process: Process, element: Element) -> Iterator[Finding]:
    waits = element.type in ("startEvent", "intermediateCatchEvent", "boundaryEvent")
    undoes = element.event is not None and element.event.kind == "compensate"
    if waits and not undoes and not element.outgoing:
        yield error(
            process,
            element.id,
            f"事件“{element.label}”之后没有任何步骤",
            f"nothing follows the event “{element.label}”",
        )


def _unreachable(process: Process, scope: Scope) -> Iterator[Finding]:
    reached: set[str] = set()
    begun = scope.starts() or scope.activatable()
    stack = [e.id for e in (*begun, *scope.event_subprocesses())]
    while stack:
        current = stack.pop()
        if current in reached:
            continue
        reached.add(current)
        element = scope.elements[current]
        stack += [scope.flows[f].target for f in element.outgoing]
        stack += [e.id for e in scope.boundary(current)]
        stack += [scope.handlers[current]] if current in scope.handlers else []
        if element.type == "intermediateThrowEvent" and element.event is not None and element.event.kind == "link":
            stack += [e.id for e in scope.elements.values() if _catches(e, element.event.name)]
    for element in scope.elements.values():
        if element.id not in reached:
            yield warning(
                process, element.id, f"“{element.label}”永远走不到", f"“{element.label}” can never be reached"
            )


def _catches(element: Element, link: str) -> bool:
    event = element.event
    return element.type == "intermediateCatchEvent" and event is not None and (event.kind, event.name) == ("link", link)
