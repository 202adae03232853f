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
        for problem in _twins(scope):
            error(*problem)
    for problem in (*_starts(process, process.id, "流程", "process"), *_undone(process, [])):
        error(*problem)
    for element in process.walk():
        if element.children is not None:
            for problem in _inside(element, element.children):
                error(*problem)


def _inside(element: Element, children: Scope) -> Iterator[Problem]:
    if element.ad_hoc is not None:
        yield from _ad_hoc(element, children)
    elif element.event_subprocess:
        yield from _event_subprocess(element, children)
    else:
        yield from _starts(children, element.id, "子流程", "subprocess", one=True)


def _element(scope: Scope, element: Element) -> Iterator[Problem]:
    yield from _boundary(scope, element)
    yield from _compensation(scope, element)
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


def _twins(scope: Scope) -> Iterator[Problem]:
    """Of two events in one place that wait for the same, only one can catch it (Camunda 8, "Error events")."""
    places: dict[str, list[Element]] = {}
    for element in scope.elements.values():
        if element.attached_to:
            places.setdefault(element.attached_to, []).append(element)
        elif element.event_subprocess and element.children is not None:
            places.setdefault(scope.id, []).extend(element.children.starts())
        elif element.type == "eventBasedGateway":
            places[element.id] = [scope.elements[scope.flows[f].target] for f in element.outgoing]
    for waiting in places.values():
        seen: dict[tuple[str | None, ...], Element] = {}
        for element in waiting:
            event = element.event
            if event is None or event.kind not in _CAUGHT_ONCE:
                continue
            caught = event.name if event.kind == "message" else event.code
            twin = seen.setdefault((event.kind, caught, event.correlation_key), element)
            if twin is not element:
                zh, en = _CAUGHT_ONCE[event.kind]
                yield (
                    element.id,
                    f"“{element.label}”与“{twin.label}”在同一处等待同样的{zh}，只有一个能捕获；请删除一个，或换成另一个{zh}",
                    f"“{element.label}” waits for the same {en} in the same place as “{twin.label}”, and only one can catch it; remove one or give it another {en}",
                )


_CAUGHT_ONCE = {"message": ("消息", "message"), "error": ("错误", "error"), "escalation": ("升级", "escalation")}


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


def _ad_hoc(element: Element, children: Scope) -> Iterator[Problem]:
    if any(e.type in ("startEvent", "endEvent") for e in children.elements.values()):
        yield (
            element.id,
            "临时子流程里不能有开始和结束事件，要依次办理的步骤直接用连线连起来",
            "an ad-hoc subprocess has no start and end events; connect the steps that follow each other directly",
        )
    if not any(e.type in TASKS for e in children.activatable()):
        yield (
            element.id,
            "临时子流程里没有可以启动的步骤（没有进入连线的任务）",
            "the ad-hoc subprocess holds nothing that can be activated (an activity no flow leads to)",
        )
    if element.event_subprocess:
        yield (element.id, "临时子流程不能由事件触发", "an ad-hoc subprocess cannot be triggered by an event")


def _compensation(scope: Scope, element: Element) -> Iterator[Problem]:
    event = element.event
    if element.compensation:
        if element.incoming or element.outgoing or scope.boundary(element.id):
            yield (
                element.id,
                "补偿步骤不能有连线和边界事件，它只由补偿边界事件的关联线引出",
                "a compensation handler has no sequence flows and no boundary events; it is reached by the association of a compensation boundary event",
            )
        elif element.id not in scope.handlers.values():
            yield (
                element.id,
                "没有补偿边界事件用关联线指向这个补偿步骤",
                "no compensation boundary event is associated with this compensation handler",
            )
    if event is None or event.kind != "compensate":
        return
    if element.type == "boundaryEvent":
        handler = scope.elements.get(scope.handlers.get(element.attached_to or "", ""))
        twins = [e for e in scope.boundary(element.attached_to or "") if e.event and e.event.kind == "compensate"]
        if handler is None or not handler.compensation or element.outgoing or len(twins) > 1:
            yield (
                element.id,
                "补偿边界事件须用一条关联线指向一个补偿步骤（isForCompensation），没有出口，每个任务只有一个",
                "a compensation boundary event is associated with one compensation handler (isForCompensation), has no way out, and an activity has only one",
            )


def _undone(scope: Scope, around: list[Scope]) -> Iterator[Problem]:
    """What a compensation event names must lie in its scope, or in the one its event subprocess belongs to."""
    reach = [scope, *around]
    for element in scope.elements.values():
        event = element.event
        wanted = event.activity if event is not None else None
        if wanted and not any(wanted in s.handlers or _holds_handlers(s.elements.get(wanted)) for s in reach):
            yield (
                element.id,
                f"要补偿的步骤“{wanted}”不在同一层，或没有补偿边界事件",
                f"the activity to compensate, “{wanted}”, is not in the same scope or has no compensation boundary event",
            )
        if element.children is not None:
            yield from _undone(element.children, reach if element.event_subprocess else [])


def _holds_handlers(element: Element | None) -> bool:
    children = element.children if element is not None else None
    return children is not None and (
        bool(children.handlers) or any(_holds_handlers(e) for e in children.elements.values())
    )


def _event_subprocess(element: Element, children: Scope) -> Iterator[Problem]:
    starts = children.starts()
    if len(starts) != 1:
        yield (
            element.id,
            f"事件子流程须有且只有一个开始事件，现有 {len(starts)} 个",
            f"an event subprocess needs exactly one start event; there are {len(starts)}",
        )
