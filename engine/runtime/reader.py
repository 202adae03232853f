"""From a BPMN file to the model, refusing by name what cannot be executed."""

from __future__ import annotations

from typing import cast

from lxml import etree

from engine import xml
from engine.runtime.model import (
    BPMN,
    EVENTS,
    GATEWAYS,
    TASKS,
    ZEEBE,
    Element,
    EventDefinition,
    Finding,
    Flow,
    Loop,
    Process,
    Scope,
)

_NS = {"b": BPMN, "z": ZEEBE}
_B, _Z = f"{{{BPMN}}}", f"{{{ZEEBE}}}"
_IGNORED = frozenset(
    [
        "extensionElements",
        "documentation",
        "laneSet",
        "incoming",
        "outgoing",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "association",
        "group",
        "ioSpecification",
        "property",
        "dataInputAssociation",
        "dataOutputAssociation",
        "multiInstanceLoopCharacteristics",
        "sequenceFlow",
        "auditing",
        "monitoring",
        "category",
        "supports",
    ]
)
_TIMER = {"timeDuration": "duration", "timeDate": "date", "timeCycle": "cycle"}


class Reader:
    """Reads one file; ``processes`` and ``findings`` hold what came out of it."""

    def __init__(self, content: bytes, file: str) -> None:
        """Raise ModelInvalid when the file is not XML at all; everything else becomes a finding."""
        self.file = file
        self.findings: list[Finding] = []
        self.processes: list[Process] = []
        root = xml.parse(content, file)
        if root.tag != _B + "definitions":
            self._error(None, "不是 BPMN 2.0 文件", "this is not a BPMN 2.0 file")
            return
        self._messages = {m.get("id", ""): m for m in root.findall("b:message", _NS)}
        self._named = {
            kind: {e.get("id", ""): e for e in root.findall(f"b:{kind}", _NS)}
            for kind in ("signal", "error", "escalation")
        }
        pools = {p.get("processRef"): p.get("name", "") for p in root.iterfind(".//b:participant", _NS)}
        for node in root.findall("b:process", _NS):
            self.processes.append(self._process(node, pools))
        if not self.processes:
            self._error(None, "文件中没有流程", "the file holds no process")

    def _error(self, element: str | None, zh: str, en: str) -> None:
        self.findings.append(Finding("error", self.file, element, zh, en))

    def _process(self, node: etree._Element, pools: dict[str | None, str]) -> Process:
        process = Process(
            id=node.get("id", ""),
            name=node.get("name", "") or pools.get(node.get("id"), ""),
            file=self.file,
            executable=node.get("isExecutable", "false") == "true",
            documentation=_documentation(node),
            properties=_properties(node),
            pool=pools.get(node.get("id"), ""),
        )
        lane_of: dict[str, str] = {}
        for lane in node.iterfind(".//b:lane", _NS):
            name = lane.get("name", "") or lane.get("id", "")
            process.lanes[lane.get("id", "")] = name
            process.lane_properties[name] = _properties(lane)
            for ref in lane.findall("b:flowNodeRef", _NS):
                lane_of[(ref.text or "").strip()] = name
        self._scope(node, process, process, lane_of, None)
        return process

    def _scope(
        self, node: etree._Element, scope: Scope, process: Process, lane_of: dict[str, str], lane: str | None
    ) -> None:
        for child in node:
            if not isinstance(child.tag, str):
                continue
            tag = etree.QName(child).localname
            if tag == "sequenceFlow":
                self._flow(child, scope)
            elif tag in TASKS | GATEWAYS | EVENTS or tag in ("transaction", "adHocSubProcess"):
                element = self._element(child, tag, scope, process)
                element.lane = lane_of.get(element.id, lane)
                if element.id in scope.elements or not element.id:
                    self._error(element.id, "元素编号重复或缺失", "the element id is missing or used twice")
                scope.elements[element.id] = element
                if tag == "subProcess":
                    element.children = Scope(element.id, element.name)
                    self._scope(child, element.children, process, lane_of, element.lane)
            elif tag not in _IGNORED and child.tag.startswith(_B):
                self._error(
                    child.get("id"),
                    f"不支持执行“{tag}”，请改用任务、网关、事件或子流程",
                    f"“{tag}” cannot be executed; use tasks, gateways, events or subprocesses",
                )
        self._connect(scope)

    def _flow(self, node: etree._Element, scope: Scope) -> None:
        condition = node.find("b:conditionExpression", _NS)
        flow = Flow(
            id=node.get("id", ""),
            name=node.get("name", ""),
            source=node.get("sourceRef", ""),
            target=node.get("targetRef", ""),
            condition=(condition.text or "").strip() if condition is not None else None,
            properties=_properties(node),
        )
        scope.flows[flow.id] = flow

    def _connect(self, scope: Scope) -> None:
        for flow in scope.flows.values():
            source, target = scope.elements.get(flow.source), scope.elements.get(flow.target)
            if source is None or target is None:
                self._error(flow.id, "连线的起点或终点不存在", "the sequence flow starts or ends nowhere")
                continue
            source.outgoing.append(flow.id)
            target.incoming.append(flow.id)
        for element in scope.elements.values():
            host = scope.elements.get(element.attached_to) if element.attached_to else None
            if element.type == "boundaryEvent" and (host is None or host.type not in TASKS):
                self._error(element.id, "边界事件没有附着在任务上", "the boundary event is not attached to a task")

    def _element(self, node: etree._Element, tag: str, scope: Scope, process: Process) -> Element:
        element = Element(
            id=node.get("id", ""),
            type=tag,
            name=" ".join((node.get("name") or "").split()),
            process_id=process.id,
            scope_id=scope.id,
            line=cast(int, node.sourceline or 0),
            documentation=_documentation(node),
            default=node.get("default"),
            attached_to=node.get("attachedToRef"),
            interrupting=node.get("cancelActivity", node.get("isInterrupting", "true")) == "true",
            event_subprocess=node.get("triggeredByEvent") == "true",
            properties=_properties(node),
        )
        if tag in ("transaction", "adHocSubProcess"):
            zh = {"transaction": "事务子流程", "adHocSubProcess": "临时子流程"}[tag]
            self._error(
                element.id, f"不支持{zh}，请改用普通子流程", f"{tag} is not supported; use an embedded subprocess"
            )
        if tag in EVENTS or tag == "receiveTask":
            element.event = self._event(node, element)
        if node.find("b:standardLoopCharacteristics", _NS) is not None:
            self._error(
                element.id,
                "不支持标准循环标记，请用网关画出循环或使用多实例",
                "standard loop markers are not supported; draw the loop with a gateway or use multi-instance",
            )
        self._extensions(node, element)
        return element

    def _event(self, node: etree._Element, element: Element) -> EventDefinition:
        if element.type == "receiveTask":
            return self._message(node.get("messageRef"), element)
        definitions = [c for c in node if isinstance(c.tag, str) and c.tag.endswith("EventDefinition")]
        if not definitions:
            return EventDefinition("none")
        if len(definitions) > 1:
            self._error(
                element.id,
                "一个事件只能有一个触发条件，请拆成多个事件",
                "an event may have one trigger only; split it into several events",
            )
        node = definitions[0]
        kind = etree.QName(node).localname.removesuffix("EventDefinition")
        if kind == "timer":
            return self._timer(node, element)
        if kind == "message":
            return self._message(node.get("messageRef"), element)
        if kind in ("signal", "error", "escalation"):
            ref = self._named[kind].get(node.get(f"{kind}Ref") or "")
            if ref is None:
                return EventDefinition(kind)
            return EventDefinition(kind, name=ref.get("name", ""), code=ref.get(f"{kind}Code"))
        if kind == "link":
            return EventDefinition("link", name=node.get("name", ""))
        if kind == "terminate":
            return EventDefinition("terminate")
        self._error(element.id, f"不支持“{kind}”事件", f"“{kind}” events are not supported")
        return EventDefinition("none")

    def _timer(self, node: etree._Element, element: Element) -> EventDefinition:
        for tag, timer in _TIMER.items():
            found = node.find(f"b:{tag}", _NS)
            if found is not None and (found.text or "").strip():
                return EventDefinition("timer", timer=timer, text=(found.text or "").strip())
        self._error(
            element.id,
            "定时事件没有填写时间，例如 PT4H 或 =limits.reply",
            "the timer has no time, such as PT4H or =limits.reply",
        )
        return EventDefinition("timer", timer="duration", text="PT0S")

    def _message(self, ref: str | None, element: Element) -> EventDefinition:
        message = self._messages.get(ref or "")
        throwing = element.type in ("endEvent", "intermediateThrowEvent")
        if message is None or not message.get("name"):
            if not throwing:
                self._error(element.id, "消息事件没有选定消息", "no message is chosen for the message event")
            return EventDefinition("message")
        subscription = message.find("b:extensionElements/z:subscription", _NS)
        key = subscription.get("correlationKey") if subscription is not None else None
        return EventDefinition("message", name=message.get("name", ""), correlation_key=key)

    def _extensions(self, node: etree._Element, element: Element) -> None:
        for loop in node.findall("b:multiInstanceLoopCharacteristics", _NS):
            self._loop(loop, element)
        holder = node.find("b:extensionElements", _NS)
        for ext in holder if holder is not None else ():
            if isinstance(ext.tag, str) and ext.tag.startswith(_Z):
                self._extension(ext, element)

    def _extension(self, ext: etree._Element, element: Element) -> None:
        name = etree.QName(ext).localname
        if name == "assignmentDefinition":
            element.assignee = ext.get("assignee")
            element.candidate_groups = ext.get("candidateGroups")
            element.candidate_users = ext.get("candidateUsers")
        elif name == "taskSchedule":
            element.due_date, element.follow_up_date = ext.get("dueDate"), ext.get("followUpDate")
        elif name == "priorityDefinition":
            element.priority = ext.get("priority")
        elif name == "formDefinition":
            element.form_id = ext.get("formId") or ext.get("formKey")
        elif name == "taskDefinition":
            element.topic = ext.get("type")
        elif name == "ioMapping":
            pairs = [(etree.QName(m).localname, (m.get("source", ""), m.get("target", ""))) for m in ext]
            element.inputs = [pair for tag, pair in pairs if tag == "input"]
            element.outputs = [pair for tag, pair in pairs if tag == "output"]
        elif name == "script":
            element.script, element.result_variable = ext.get("expression"), ext.get("resultVariable")
        elif name == "calledDecision":
            element.called_decision, element.result_variable = ext.get("decisionId"), ext.get("resultVariable")
        elif name == "calledElement":
            element.called_process = ext.get("processId")
            element.propagate_children = ext.get("propagateAllChildVariables", "true") == "true"
            element.propagate_parent = ext.get("propagateAllParentVariables", "true") == "true"
        elif name not in ("properties", "userTask", "versionTag", "taskHeaders"):
            self._error(
                element.id,
                f"不支持扩展“zeebe:{name}”，请在建模工具中删除它",
                f"the extension “zeebe:{name}” is not supported; remove it in the modeller",
            )

    def _loop(self, node: etree._Element, element: Element) -> None:
        ext = node.find("b:extensionElements/z:loopCharacteristics", _NS)
        if ext is None or not ext.get("inputCollection"):
            self._error(
                element.id,
                "多实例没有填写输入集合（inputCollection）",
                "multi-instance needs an input collection (inputCollection)",
            )
            return
        condition = node.find("b:completionCondition", _NS)
        element.loop = Loop(
            sequential=node.get("isSequential") == "true",
            input_collection=ext.get("inputCollection", ""),
            input_element=ext.get("inputElement"),
            output_collection=ext.get("outputCollection"),
            output_element=ext.get("outputElement"),
            completion_condition=(condition.text or "").strip() if condition is not None else None,
        )


def _documentation(node: etree._Element) -> str:
    found = node.find("b:documentation", _NS)
    return (found.text or "").strip() if found is not None else ""


def _properties(node: etree._Element) -> dict[str, str]:
    found = node.iterfind("b:extensionElements/z:properties/z:property", _NS)
    return {p.get("name", ""): p.get("value", "") for p in found}
