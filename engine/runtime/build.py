"""From the model to SpiffWorkflow specifications, once per deployment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from engine.runtime.adhoc import ACTIVATION, ActivationNode, AdHocNode
from engine.runtime.compensation import INSIDE
from engine.runtime.gateways import EventGatewayNode, ExclusiveNode, InclusiveNode, ParallelNode
from engine.runtime.machine import Definitions
from engine.runtime.model import JOBS, Element, Flow, Process, Scope
from engine.runtime.nodes import (
    ActivityNode,
    CatchNode,
    DecisionNode,
    JobNode,
    ListenerNode,
    Node,
    ReceiveNode,
    ScriptNode,
    StartNode,
    SubProcessNode,
    ThrowNode,
    UndoNode,
    UserTaskNode,
)
from engine.runtime.repeats import MultiInstanceNode
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
    "serviceTask": JobNode,
    "sendTask": JobNode,
    "subProcess": SubProcessNode,
    "adHocSubProcess": AdHocNode,
    "callActivity": SubProcessNode,
    "businessRuleTask": DecisionNode,
    "scriptTask": ScriptNode,
}


def build(processes: list[Process]) -> Definitions:
    """Executable forms of all executable ``processes``; expects a model that the reader found sound."""
    definitions = Definitions()
    for process in processes:
        if process.executable:
            definitions.processes[process.id] = _scope(process, process, definitions)
    return definitions


def _scope(scope: Scope, process: Process, definitions: Definitions) -> ScopeSpec:
    spec = ScopeSpec(scope, process)
    spec.start = StartNode(spec)
    attached: dict[str, list[Element]] = defaultdict(list)
    for element in scope.elements.values():
        if element.attached_to and element.event is not None and element.event.kind != "compensate":
            attached[element.attached_to].append(element)
    for element in scope.elements.values():
        if element.children is not None:
            inside = _scope(element.children, process, definitions)
            definitions.subprocesses[process.id, element.id] = inside
            UndoNode(spec, element, element.id + INSIDE)
            if element.ad_hoc is not None:
                ActivationNode(inside, element, ACTIVATION)
                UndoNode(inside, element, element.id + INSIDE)
        node = _node(spec, element)
        if isinstance(node, ActivityNode):
            node.boundary = tuple(attached[element.id])
        node.flows = _flows(element, scope)
        node.conditional = any(f.condition is not None or f.id == element.default for f in node.flows)
        if isinstance(node, InclusiveNode):
            node.upstream = {f: _upstream(scope, scope.flows[f].source, element.id) for f in element.incoming}
        if isinstance(node, EventGatewayNode):
            node.arms = {f.target: (f, scope.elements[f.target]) for f in node.flows}
    return spec


def _node(spec: ScopeSpec, element: Element) -> Node:
    if element.event_subprocess:
        SubProcessNode(spec, element, element.id + "/")
        return ListenerNode(spec, element)
    kind = JobNode if element.topic and element.type not in JOBS and element.type.endswith("Task") else None
    kind = kind or _NODES[element.type]
    if element.loop is None:
        node = kind(spec, element)
    else:
        node = MultiInstanceNode(spec, element)
        node.loop = element.loop
        node.inner = kind(spec, element, element.id + "#")
        node.inner.repeats = True
    return node


def _flows(element: Element, scope: Scope) -> list[Flow]:
    if _is_link(element, "intermediateThrowEvent"):
        targets = list(_links(scope, element, "intermediateCatchEvent"))
        return [Flow(f"{element.id}>{e.id}", "", element.id, e.id, None) for e in targets[:1]]
    flows = [scope.flows[f] for f in element.outgoing]
    if element.type in ("parallelGateway", "eventBasedGateway"):
        return [replace(f, condition=None) for f in flows]
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
        if _is_link(element, "intermediateCatchEvent"):
            stack += [e.id for e in _links(scope, element, "intermediateThrowEvent")]
    return frozenset(found)


def _is_link(element: Element, kind: str) -> bool:
    return element.type == kind and element.event is not None and element.event.kind == "link"


def _links(scope: Scope, element: Element, kind: str) -> Iterator[Element]:
    """The other ends of the link ``element``."""
    name = element.event.name if element.event else ""
    return (e for e in scope.elements.values() if _is_link(e, kind) and e.event and e.event.name == name)
