"""From a BPMN file to the model, refusing by name what cannot be executed."""

from __future__ import annotations

from typing import cast

from lxml import etree

from engine import xml
from engine.runtime import structure
from engine.runtime.dialect import (
    FLOW_NODE_ATTRIBUTES,
    FLOW_NODE_CHILDREN,
    ONLY_VALUES,
    OTHER_ENGINES,
    PRESENTATION,
    REFUSED_CHILDREN,
    REFUSED_ELEMENTS,
    SCOPE_CHILDREN,
)
from engine.runtime.event_reader import EventReader
from engine.runtime.extension_reader import ExtensionReader, embedded_forms, properties
from engine.runtime.model import (
    BPMN,
    COUNTED,
    EVENTS,
    GATEWAYS,
    SUBPROCESSES,
    TASKS,
    ZEEBE,
    Element,
    Finding,
    Flow,
    Process,
    Scope,
)

_NS = {"b": BPMN}
_PICTURES = {
    "collaboration": "协作图",
    "choreography": "编排图",
    "conversation": "会话图",
    "globalConversation": "会话图",
}
"""Kinds of diagrams that describe without a process of their own."""
_B = f"{{{BPMN}}}"


class Reader:
    """Reads one file; ``processes`` and ``findings`` hold what came out of it.

    What a process that is not executable contains is described, but not judged.
    """

    def __init__(self, content: bytes, file: str) -> None:
        """Raise ModelInvalid when the file is not XML at all or far too large; everything else becomes a finding."""
        self.file = file
        self.findings: list[Finding] = []
        self.processes: list[Process] = []
        root = xml.parse(content, file)
        if root.tag != _B + "definitions":
            self._error(None, "不是 BPMN 2.0 文件", "this is not a BPMN 2.0 file")
            return
        xml.check_size(root, file, COUNTED)
        self._root = root
        self._ids: set[str] = set()
        self._events = EventReader(root, self._error)
        self._extensions = ExtensionReader(self._error, self._note)
        pools = {p.get("processRef"): p.get("name", "") for p in root.iterfind(".//b:participant", _NS)}
        for node in root.findall("b:process", _NS):
            before = len(self.findings)
            process = self._process(node, pools)
            self.processes.append(process)
            if not process.executable:
                del self.findings[before:]
        self._judge()

    def _judge(self) -> None:
        if not self.processes:
            found = {etree.QName(e).localname for e in self._root.iterchildren(tag=etree.Element)} & _PICTURES.keys()
            self._note(
                "warning" if found else "error",
                None,
                f"文件中没有流程{''.join(f'，只有{_PICTURES[kind]}' for kind in sorted(found))}，不会运行；要运行请画一个流程（process）",
                f"the file holds no process{''.join(f' but a {kind}' for kind in sorted(found))} and does not run; draw a process to run it",
            )
        elif not any(p.executable for p in self.processes):
            self._note(
                "warning",
                self.processes[0].id,
                "文件中没有可执行的流程（isExecutable），它只作说明，不会运行",
                "no process in this file is executable (isExecutable); it describes and does not run",
            )

    def _note(self, severity: str, element: str | None, zh: str, en: str) -> None:
        self.findings.append(Finding(severity, self.file, element, zh, en))

    def _error(self, element: str | None, zh: str, en: str) -> None:
        self._note("error", element, zh, en)

    def _process(self, node: etree._Element, pools: dict[str | None, str]) -> Process:
        process = Process(
            id=node.get("id", ""),
            name=node.get("name", "") or pools.get(node.get("id"), ""),
            file=self.file,
            executable=node.get("isExecutable", "false") in ("true", "1"),
            documentation=_documentation(node),
            properties=properties(node),
            version_tag=self._extensions.process(node),
            embedded_forms=embedded_forms(node),
            pool=pools.get(node.get("id"), ""),
        )
        self._unique(node)
        lane_of: dict[str, str] = {}
        for lane in node.iterfind(".//b:lane", _NS):
            name = lane.get("name", "") or lane.get("id", "")
            process.lanes[lane.get("id", "")] = name
            process.lane_properties[name] = properties(lane)
            for ref in lane.findall("b:flowNodeRef", _NS):
                lane_of[(ref.text or "").strip()] = name
        self._scope(node, process, process, lane_of, None if process.lanes else process.pool or None)
        structure.judge(process, self._error)
        return process

    def _scope(
        self, node: etree._Element, scope: Scope, process: Process, lane_of: dict[str, str], lane: str | None
    ) -> None:
        associations: list[tuple[str, str]] = []
        for child in node:
            if not isinstance(child.tag, str) or not child.tag.startswith(_B):
                continue
            tag = etree.QName(child).localname
            if tag == "sequenceFlow":
                self._flow(child, scope)
            elif tag in TASKS | GATEWAYS | EVENTS:
                element = self._element(child, tag, scope, process)
                element.lane = lane_of.get(element.id, lane)
                scope.elements[element.id] = element
                if tag in SUBPROCESSES:
                    element.children = Scope(element.id, element.name)
                    self._scope(child, element.children, process, lane_of, element.lane)
                self._events.read(child, element, scope)
            elif tag in REFUSED_ELEMENTS or tag in REFUSED_CHILDREN:
                owner = child.get("id") if tag in REFUSED_ELEMENTS else scope.id
                self._error(owner, *(REFUSED_ELEMENTS.get(tag) or REFUSED_CHILDREN[tag]))
            elif tag == "association":
                associations.append((child.get("sourceRef", ""), child.get("targetRef", "")))
            elif tag not in SCOPE_CHILDREN and (tag, node.tag) != ("completionCondition", _B + "adHocSubProcess"):
                self._error(
                    child.get("id"),
                    f"不支持执行“{tag}”，请改用任务、网关、事件或子流程",
                    f"“{tag}” cannot be executed; use tasks, gateways, events or subprocesses",
                )
        self._connect(scope)
        scope.handlers = _handlers(scope, associations)

    def _flow(self, node: etree._Element, scope: Scope) -> None:
        condition = node.find("b:conditionExpression", _NS)
        flow = Flow(
            id=node.get("id", ""),
            name=" ".join((node.get("name") or "").split()),
            source=node.get("sourceRef", ""),
            target=node.get("targetRef", ""),
            condition=(condition.text or "").strip() if condition is not None else None,
            properties=properties(node),
        )
        self._unique(node)
        scope.flows[flow.id] = flow

    def _connect(self, scope: Scope) -> None:
        for flow in list(scope.flows.values()):
            source, target = scope.elements.get(flow.source), scope.elements.get(flow.target)
            if source is None or target is None:
                named = f"“{flow.name}”" if flow.name else ""
                self._error(
                    flow.id or None,
                    f"连线{named}的起点“{flow.source}”或终点“{flow.target}”不存在，请在建模工具中重新连接",
                    f"the sequence flow {named} leads from “{flow.source}” to “{flow.target}”, one of which does not exist; connect it again in the modeller",
                )
                del scope.flows[flow.id]
                continue
            source.outgoing.append(flow.id)
            target.incoming.append(flow.id)

    def _element(self, node: etree._Element, tag: str, scope: Scope, process: Process) -> Element:
        interrupting = node.get("isInterrupting" if tag == "startEvent" else "cancelActivity", "true")
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
            interrupting=interrupting in ("true", "1"),
            event_subprocess=node.get("triggeredByEvent", "false") in ("true", "1"),
            compensation=node.get("isForCompensation", "false") in ("true", "1"),
            properties=properties(node),
        )
        self._unique(node)
        self._attributes(node, element)
        self._children(node, element)
        self._extensions.read(node, element)
        return element

    def _unique(self, node: etree._Element) -> None:
        identifier = node.get("id", "")
        if not identifier or identifier in self._ids:
            name = " ".join((node.get("name") or "").split())
            what = f"{etree.QName(node).localname}{f' “{name}”' if name else ''}"
            self._error(
                identifier or None,
                f"第 {node.sourceline} 行 {what} 的编号{'缺失' if not identifier else '在文件中重复'}，请在建模工具中给它一个唯一的编号",
                f"the id of {what} in line {node.sourceline} is {'missing' if not identifier else 'used twice'}; give it one of its own in the modeller",
            )
        self._ids.add(identifier)

    def _attributes(self, node: etree._Element, element: Element) -> None:
        for key, value in node.attrib.items():
            name = etree.QName(cast(str, key))
            if name.namespace in OTHER_ENGINES:
                self._foreign(element, str(name.localname))
            elif name.namespace == ZEEBE and name.localname not in PRESENTATION:
                self._unknown(element, f"zeebe:{name.localname}")
            elif name.namespace is None and name.localname in ONLY_VALUES:
                allowed, reason = ONLY_VALUES[name.localname]
                if value != allowed:
                    self._error(element.id, *reason)
            elif name.namespace is None and name.localname not in FLOW_NODE_ATTRIBUTES:
                self._unknown(element, name.localname)

    def _children(self, node: etree._Element, element: Element) -> None:
        for child in node.iterchildren(tag=etree.Element):
            name = etree.QName(child)
            if name.namespace == BPMN and name.localname in REFUSED_CHILDREN and element.type not in SUBPROCESSES:
                self._error(element.id, *REFUSED_CHILDREN[name.localname])
            elif (
                name.namespace == BPMN
                and name.localname not in FLOW_NODE_CHILDREN
                and not name.localname.endswith("EventDefinition")
                and element.type not in SUBPROCESSES
            ):
                self._unknown(element, name.localname)
        holder = node.find("b:extensionElements", _NS)
        for ext in holder if holder is not None else ():
            if isinstance(ext.tag, str) and etree.QName(ext).namespace in OTHER_ENGINES:
                self._foreign(element, etree.QName(ext).localname)

    def _unknown(self, element: Element, what: str) -> None:
        self._error(
            element.id,
            f"不认识“{what}”，无法执行；请在建模工具中删除它",
            f"“{what}” is not known and cannot be executed; remove it in the modeller",
        )

    def _foreign(self, element: Element, what: str) -> None:
        self._error(
            element.id,
            f"“{what}”是写给另一种流程引擎的；请在建模工具中按 Camunda 8 重新填写",
            f"“{what}” is meant for another engine; fill it in again for Camunda 8 in the modeller",
        )


def _handlers(scope: Scope, associations: list[tuple[str, str]]) -> dict[str, str]:
    """Which activity is undone by which handler: a compensation boundary event is associated with the handler."""
    found: dict[str, str] = {}
    for source, target in associations:
        event, handler = scope.elements.get(source), scope.elements.get(target)
        if event is not None and event.event is not None and event.event.kind == "compensate" and handler is not None:
            found[event.attached_to or ""] = handler.id
    return found


def _documentation(node: etree._Element) -> str:
    found = node.find("b:documentation", _NS)
    return (found.text or "").strip() if found is not None else ""
