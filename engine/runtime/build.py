"""From the model to SpiffWorkflow specifications, once per deployment."""

from __future__ import annotations

from engine.runtime.machine import Definitions
from engine.runtime.model import JOBS, Element, Flow, Process, Scope
from engine.runtime.nodes import (
    ActivityNode,
    CatchNode,
    DecisionNode,
    EventGatewayNode,
    ExclusiveNode,
    InclusiveNode,
    JobNode,
    MultiInstanceNode,
    Node,
    ParallelNode,
    PassNode,
    ReceiveNode,
    ScriptNode,
    StartNode,
    SubProcessNode,
    ThrowNode,
    UserTaskNode,
)
from engine.runtime.scopes import ScopeSpec

_NODES: dict[str, type[Node]] = {
    "startEvent": CatchNode,
    "endEvent": ThrowNode,
    "intermediateCatchEvent": CatchNode,
    "intermediateThrowEvent": ThrowNode,
    "boundaryEvent": CatchNode,
    "exclusiveGateway": ExclusiveNode,
    "parallelGateway": ParallelNode,
    "inclusiveGateway": InclusiveNode,
    "eventBasedGateway": EventGatewayNode,
    "userTask": UserTaskNode,
    "manualTask": ActivityNode,
    "task": ActivityNode,
    "receiveTask": ReceiveNode,
    "subProcess": SubProcessNode,
    "callActivity": SubProcessNode,
    "businessRuleTask": DecisionNode,
    "scriptTask": ScriptNode,
}


def build(processes: list[Process]) -> Definitions:
    """Executable forms of all executable ``processes``; expects a model that the check found sound."""
    definitions = Definitions()
    for process in processes:
        if process.executable:
            definitions.processes[process.id] = _scope(process, process, definitions)
    return definitions


def _scope(scope: Scope, process: Process, definitions: Definitions) -> ScopeSpec:
    spec = ScopeSpec(scope, process)
    spec.start = StartNode(spec)
    for element in scope.elements.values():
        if element.children is not None:
            definitions.subprocesses[process.id, element.id] = _scope(element.children, process, definitions)
        node = _node(spec, element, scope)
        node.flows = _flows(element, scope)
        if isinstance(node, InclusiveNode):
            node.upstream = {f: _upstream(scope, scope.flows[f].source, element.id) for f in element.incoming}
        if isinstance(node, EventGatewayNode):
            node.arms = {f.target: (f, scope.elements[f.target]) for f in node.flows}
    return spec


def _node(spec: ScopeSpec, element: Element, scope: Scope) -> Node:
    if element.event_subprocess:
        body = SubProcessNode(spec, element, element.id + "/")
        body.boundary = []
        return PassNode(spec, element)
    kind = JobNode if element.type in JOBS or (element.type == "businessRuleTask" and element.topic) else None
    if element.type == "scriptTask" and element.topic:
        kind = JobNode
    kind_of = kind or _NODES[element.type]
    if element.loop is None:
        node = kind_of(spec, element)
    else:
        node = MultiInstanceNode(spec, element)
        node.inner = kind_of(spec, element, element.id + "#")
        node.inner.repeats = True
    if isinstance(node, ActivityNode):
        node.boundary = scope.boundary(element.id)
    return node


def _flows(element: Element, scope: Scope) -> list[Flow]:
    if element.type == "intermediateThrowEvent" and element.event is not None and element.event.kind == "link":
        name = element.event.name
        for other in scope.elements.values():
            if other.type == "intermediateCatchEvent" and other.event is not None and other.event.kind == "link":
                if other.event.name == name:
                    return [Flow(f"{element.id}>{other.id}", "", element.id, other.id, None)]
    flows = [scope.flows[f] for f in element.outgoing]
    if element.type in ("parallelGateway", "eventBasedGateway"):
        return [Flow(f.id, f.name, f.source, f.target, None) for f in flows]
    return flows


def _upstream(scope: Scope, source: str, gateway: str) -> frozenset[str]:
    """Elements from which ``source`` can be reached (itself included) without passing ``gateway``."""
    found: set[str] = set()
    stack = [source]
    while stack:
        current = stack.pop()
        if current in found or current == gateway:
            continue
        found.add(current)
        element = scope.elements[current]
        stack += [scope.flows[f].source for f in element.incoming]
        if element.attached_to:
            stack.append(element.attached_to)
        stack += [] if element.type != "intermediateCatchEvent" else _link_sources(scope, element)
    return frozenset(found)


def _link_sources(scope: Scope, element: Element) -> list[str]:
    if element.event is None or element.event.kind != "link":
        return []
    return [
        e.id
        for e in scope.elements.values()
        if e.type == "intermediateThrowEvent"
        and e.event is not None
        and e.event.kind == "link"
        and e.event.name == element.event.name
    ]
