"""What must hold of the elements of a process together, so that it can be executed at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.runtime.model import TASKS, Element, Process, Scope

Report = Callable[[str | None, str, str], None]
Problem = tuple[str, str, str]


def judge(process: Process, error: Report) -> None:
    """Report every rule of BPMN 2.0.2 that ``process`` breaks and that execution relies on."""
    scopes: list[Scope] = [process, *(e.children for e in process.walk() if e.children is not None)]
    for scope in scopes:
        for element in scope.elements.values():
            for problem in _element(scope, element):
                error(*problem)
    for problem in _starts(process, process.id, "流程", "process"):
        error(*problem)
    for element in process.walk():
        if element.children is not None:
            problems = _event_subprocess(element) if element.event_subprocess else _starts(
                element.children, element.id, "子流程", "subprocess", one=True
            )  # fmt: skip
            for problem in problems:
                error(*problem)


def _element(scope: Scope, element: Element) -> Iterator[Problem]:
    yield from _boundary(scope, element)
    yield from _ends(scope, element)
    if element.type == "eventBasedGateway":
        yield from _arms(scope, element)
    if element.event is not None and element.event.kind == "link":
        yield from _link(scope, element)
    if element.event_subprocess and (
        element.incoming or element.outgoing or element.loop or scope.boundary(element.id)
    ):
        yield (
            element.id,
            "事件子流程不能有连线、边界事件或多实例标记",
            "an event subprocess has no sequence flows, boundary events or multi-instance marker",
        )


def _boundary(scope: Scope, element: Element) -> Iterator[Problem]:
    if element.type != "boundaryEvent":
        return
    host = scope.elements.get(element.attached_to or "")
    if host is None or host.type not in TASKS:
        yield (element.id, "边界事件没有附着在任务上", "the boundary event is not attached to an activity")


def _ends(scope: Scope, element: Element) -> Iterator[Problem]:
    if element.incoming and element.type in ("startEvent", "boundaryEvent"):
        yield (element.id, f"“{element.label}”不能有进入的连线", f"no sequence flow may lead to “{element.label}”")
    if element.outgoing and element.type == "endEvent":
        yield (
            element.id,
            f"结束事件“{element.label}”之后不能再有步骤",
            f"nothing may follow the end event “{element.label}”",
        )
    conditional = element.type in ("exclusiveGateway", "inclusiveGateway") or element.type in TASKS
    for flow in (scope.flows[f] for f in element.outgoing):
        if flow.condition is not None and not conditional:
            yield (
                flow.id,
                f"从“{element.label}”出来的连线不能带条件，请用排他或相容网关",
                f"a flow that leaves “{element.label}” cannot have a condition; use an exclusive or inclusive gateway",
            )
        elif flow.condition is not None and flow.id == element.default:
            yield (flow.id, "缺省出口不能带条件", "the default flow cannot have a condition")
    if element.default is not None and (element.default not in element.outgoing or not conditional):
        yield (element.id, "缺省出口不是该元素的出口", "the default flow does not leave this element")


def _arms(scope: Scope, element: Element) -> Iterator[Problem]:
    targets = [scope.elements[scope.flows[f].target] for f in element.outgoing]
    catching = [
        t
        for t in targets
        if t.type == "receiveTask"
        or (t.type == "intermediateCatchEvent" and t.event is not None and t.event.kind != "link")
    ]
    if len(catching) < len(targets) or len(targets) < 2:
        yield (
            element.id,
            f"事件网关“{element.label}”须有至少两个出口，且之后只能是定时、消息、信号捕获事件或接收任务",
            f"the event-based gateway “{element.label}” needs at least two ways out, each to a timer, message or signal catch event or a receive task",
        )
    for target in targets:
        if target.loop is not None or scope.boundary(target.id):
            yield (
                target.id,
                "事件网关之后的接收任务不能带边界事件或多实例标记",
                "a receive task after an event-based gateway has no boundary events or multi-instance marker",
            )


def _link(scope: Scope, element: Element) -> Iterator[Problem]:
    name = element.event.name if element.event else ""
    ends = [
        e
        for e in scope.elements.values()
        if e.type == "intermediateCatchEvent"
        and e.event is not None
        and e.event.kind == "link"
        and e.event.name == name
    ]
    if len(ends) != 1:
        yield (
            element.id,
            f"链接“{name}”须有且只有一个接收端，现有 {len(ends)} 个",
            f"the link “{name}” needs exactly one catching end; there are {len(ends)}",
        )
    wrong = element.incoming if element.type == "intermediateCatchEvent" else element.outgoing
    if wrong:
        yield (
            element.id,
            f"链接“{name}”的抛出端不能有出口，接收端不能有入口",
            f"the throwing end of the link “{name}” has no way out, its catching end no way in",
        )


def _starts(scope: Scope, owner: str, zh: str, en: str, one: bool = False) -> Iterator[Problem]:
    starts = scope.starts()
    plain = [e for e in starts if e.event is None or e.event.kind == "none"]
    if not starts:
        yield (owner, f"{zh}没有开始事件", f"the {en} has no start event")
    elif len(plain) > 1 or (one and len(starts) != 1):
        yield (
            owner,
            f"{zh}只能有一个无触发条件的开始事件，现有 {len(plain)} 个",
            f"the {en} may have one plain start event; there are {len(plain)}",
        )


def _event_subprocess(element: Element) -> Iterator[Problem]:
    starts = element.children.starts() if element.children is not None else []
    if len(starts) != 1:
        yield (
            element.id,
            f"事件子流程须有且只有一个开始事件，现有 {len(starts)} 个",
            f"an event subprocess needs exactly one start event; there are {len(starts)}",
        )
