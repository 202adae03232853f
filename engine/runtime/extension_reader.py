"""Reads the zeebe extensions of Camunda 8 into the model, and refuses those that are not understood."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from engine.runtime.dialect import (
    BINDINGS,
    EMBEDDED,
    EXTENSIONS,
    NO_EFFECT,
    NO_FORM_KEY,
    NO_INPUTS,
    PRESENTATION,
    REFUSED_ATTRIBUTES,
    REFUSED_EXTENSIONS,
)
from engine.runtime.model import BPMN, ZEEBE, AdHoc, Element, Loop

_NS = {"b": BPMN, "z": ZEEBE}

Report = Callable[[str | None, str, str], None]
Note = Callable[[str, str | None, str, str], None]


class ExtensionReader:
    """Reads the extension elements of one file."""

    def __init__(self, error: Report, note: Note) -> None:
        self._error = error
        self._note = note

    def process(self, node: etree._Element) -> str:
        """Check the extensions of a process; returns its version tag."""
        tag = ""
        for ext in _extensions(node):
            owner, name = node.get("id", ""), etree.QName(ext).localname
            if not self._known(ext, "process", owner):
                continue
            if name == "versionTag":
                tag = ext.get("value", "")
            elif name == "userTaskForm" and not ext.get("id"):
                self._error(owner, "嵌入的表单没有编号", "an embedded form has no id")
        return tag

    def read(self, node: etree._Element, element: Element) -> None:
        """Set what the extensions of ``node`` say of ``element``."""
        for ext in _extensions(node):
            if self._known(ext, element.type, element.id):
                self._take(node, ext, element)
        for loop in node.findall("b:multiInstanceLoopCharacteristics", _NS):
            self._loop(loop, element)
        if element.headers and not element.topic and element.type != "userTask":
            self._note(
                "info",
                element.id,
                "任务头不起作用：这里没有填写服务类型",
                "the task headers have no effect: there is no topic here",
            )
        if element.type == "adHocSubProcess":
            self._ad_hoc(node, element)
        if element.topic and (element.script or element.called_decision):
            self._error(
                element.id,
                "同时填写了服务类型和表达式或决策，请只保留一种",
                "it has a topic and an expression or decision as well; keep one of them",
            )

    def _known(self, ext: etree._Element, host: str, owner: str) -> bool:
        name = etree.QName(ext).localname
        if name in REFUSED_EXTENSIONS:
            self._error(owner, *REFUSED_EXTENSIONS[name])
            return False
        known = EXTENSIONS.get(name)
        if known is None or host not in known.hosts:
            self._error(
                owner,
                f"不支持在此处使用扩展“zeebe:{name}”，请在建模工具中删除它",
                f"the extension “zeebe:{name}” is not supported here; remove it in the modeller",
            )
            return False
        for key, value in ext.attrib.items():
            attribute = str(key)
            if attribute in PRESENTATION:
                continue
            if (name, attribute) in REFUSED_ATTRIBUTES and value:
                self._error(owner, *REFUSED_ATTRIBUTES[name, attribute])
            elif attribute not in known.attributes and (name, attribute) not in REFUSED_ATTRIBUTES:
                self._error(
                    owner,
                    f"不认识“zeebe:{name}”的属性“{attribute}”，请在建模工具中删除它",
                    f"the attribute “{attribute}” of “zeebe:{name}” is not known; remove it in the modeller",
                )
        for child in ext.iterchildren(tag=etree.Element):
            part = etree.QName(child)
            if part.namespace == ZEEBE and part.localname in known.children:
                self._known(child, name, owner)
            else:
                self._error(
                    owner,
                    f"不认识“zeebe:{name}”中的“{part.localname}”，请在建模工具中删除它",
                    f"“{part.localname}” inside “zeebe:{name}” is not known; remove it in the modeller",
                )
        if name in NO_EFFECT:
            self._note("info", owner, *NO_EFFECT[name])
        return True

    def _take(self, node: etree._Element, ext: etree._Element, element: Element) -> None:
        name = etree.QName(ext).localname
        if name == "assignmentDefinition":
            element.assignee = ext.get("assignee") or None
            element.candidate_groups = ext.get("candidateGroups") or None
            element.candidate_users = ext.get("candidateUsers") or None
        elif name == "taskSchedule":
            element.due_date, element.follow_up_date = ext.get("dueDate") or None, ext.get("followUpDate") or None
        elif name == "priorityDefinition":
            element.priority = ext.get("priority") or None
        elif name == "formDefinition":
            self._form(ext, element)
        elif name == "taskDefinition":
            self._task_definition(node, ext, element)
        elif name == "taskHeaders":
            self._headers(ext, element)
        elif name == "ioMapping":
            self._mapping(ext, element)
        elif name == "script":
            element.script, element.result_variable = ext.get("expression"), ext.get("resultVariable")
        elif name == "calledDecision":
            element.called_decision, element.result_variable = ext.get("decisionId"), ext.get("resultVariable")
            self._binding(ext, element)
        elif name == "calledElement":
            element.called_process = ext.get("processId")
            element.propagate_children = ext.get("propagateAllChildVariables", "true") == "true"
            element.propagate_parent = ext.get("propagateAllParentVariables", "true") == "true"
            self._binding(ext, element)

    def _form(self, ext: etree._Element, element: Element) -> None:
        key, form_id = ext.get("formKey", ""), ext.get("formId")
        element.form_id = form_id or key.removeprefix(EMBEDDED) or None
        self._binding(ext, element)
        if key and (form_id or not key.startswith(EMBEDDED)):
            self._error(element.id, *NO_FORM_KEY)
        elif key:
            element.binding = "deployment"

    def _binding(self, ext: etree._Element, element: Element) -> None:
        element.binding, element.version_tag = ext.get("bindingType") or "latest", ext.get("versionTag") or None
        if element.binding not in BINDINGS:
            self._error(
                element.id,
                f"不认识版本绑定“{element.binding}”，可选：{'、'.join(BINDINGS)}",
                f"the binding type “{element.binding}” is not known; use one of {', '.join(BINDINGS)}",
            )
        elif element.binding == "versionTag" and element.version_tag is None:
            self._error(
                element.id,
                "按版本标签绑定须填写版本标签（versionTag）",
                "binding to a version tag needs the tag (versionTag)",
            )
        elif element.binding != "versionTag" and element.version_tag is not None:
            self._note(
                "warning",
                element.id,
                f"版本标签“{element.version_tag}”不起作用：版本绑定（bindingType）不是 versionTag",
                f"the version tag “{element.version_tag}” has no effect: the binding type is not versionTag",
            )

    def _headers(self, ext: etree._Element, element: Element) -> None:
        for header in ext.iterchildren(tag=etree.Element):
            key = header.get("key", "")
            if not key.strip() or key in element.headers:
                self._error(
                    element.id,
                    f"任务头“{key or '（空）'}”没有名称或重复，请给每个任务头一个自己的名称",
                    f"the task header “{key or '(none)'}” has no key or occurs twice; give each header a key of its own",
                )
            element.headers[key] = header.get("value", "")

    def _task_definition(self, node: etree._Element, ext: etree._Element, element: Element) -> None:
        element.topic = ext.get("type") or None
        event = element.type in ("endEvent", "intermediateThrowEvent")
        if event and node.find("b:messageEventDefinition", _NS) is None:
            self._error(
                element.id,
                "只有消息事件可以填写服务类型",
                "only message events may have a topic",
            )
        if ext.get("retries", "3") != "3":
            self._note(
                "info",
                element.id,
                "重试次数不起作用：发往外部的通知由发件箱按自己的间隔重试",
                "the number of retries has no effect: what leaves the house is retried by the outbox at its own intervals",
            )

    def _mapping(self, ext: etree._Element, element: Element) -> None:
        for pair in ext.iterchildren(tag=etree.Element):
            side = element.inputs if etree.QName(pair).localname == "input" else element.outputs
            side.append((pair.get("source", ""), pair.get("target", "").strip()))
        if element.inputs and element.type in NO_INPUTS:
            self._error(
                element.id,
                "事件不能有输入映射，请改用输出映射",
                "an event that is caught cannot have input mappings; use output mappings",
            )
        for source, target in (*element.inputs, *element.outputs):
            if not source or not all(part.strip() for part in target.split(".")):
                self._error(
                    element.id,
                    f"映射“{source} → {target}”缺少来源或目标",
                    f"the mapping “{source} → {target}” lacks its source or its target",
                )

    def _loop(self, node: etree._Element, element: Element) -> None:
        if node.get("behavior", "All") != "All":
            self._error(
                element.id,
                "多实例不支持抛出事件的行为（behavior），请改用完成条件",
                "the behaviour attribute of multi-instance is not supported; use a completion condition",
            )
        ext = node.find("b:extensionElements/z:loopCharacteristics", _NS)
        if ext is None or not ext.get("inputCollection"):
            self._error(
                element.id,
                "多实例没有填写输入集合（inputCollection），例如 =departments 或 =for i in 1..3 return i",
                "multi-instance needs an input collection (inputCollection), such as =departments or =for i in 1..3 return i",
            )
            return
        self._known(ext, "multiInstanceLoopCharacteristics", element.id)
        condition = node.find("b:completionCondition", _NS)
        element.loop = Loop(
            sequential=node.get("isSequential", "false") in ("true", "1"),
            input_collection=ext.get("inputCollection", ""),
            input_element=ext.get("inputElement") or None,
            output_collection=ext.get("outputCollection") or None,
            output_element=ext.get("outputElement") or None,
            completion_condition=(condition.text or "").strip() or None if condition is not None else None,
        )
        self._paired(element, element.loop.output_collection, element.loop.output_element)

    def _ad_hoc(self, node: etree._Element, element: Element) -> None:
        ext = node.find("b:extensionElements/z:adHoc", _NS)
        given: dict[str, str] = {} if ext is None else {str(k): str(v) for k, v in ext.attrib.items() if v}
        condition = node.find("b:completionCondition", _NS)
        element.ad_hoc = AdHoc(
            active_elements=given.get("activeElementsCollection"),
            completion_condition=(condition.text or "").strip() or None if condition is not None else None,
            cancel_remaining=node.get("cancelRemainingInstances", "true") in ("true", "1"),
            output_collection=given.get("outputCollection"),
            output_element=given.get("outputElement"),
        )
        self._paired(element, element.ad_hoc.output_collection, element.ad_hoc.output_element)

    def _paired(self, element: Element, collection: str | None, output: str | None) -> None:
        if bool(collection) != bool(output):
            self._error(
                element.id,
                "输出集合与输出元素须一起填写",
                "the output collection and the output element belong together",
            )


def properties(node: etree._Element) -> dict[str, str]:
    """The zeebe properties of any element."""
    found = node.iterfind("b:extensionElements/z:properties/z:property", _NS)
    return {p.get("name", ""): p.get("value", "") for p in found}


def embedded_forms(node: etree._Element) -> dict[str, str]:
    """The forms embedded in a process: id -> JSON text."""
    found = node.iterfind("b:extensionElements/z:userTaskForm", _NS)
    return {form.get("id", ""): (form.text or "").strip() for form in found}


def _extensions(node: etree._Element) -> list[etree._Element]:
    holder = node.find("b:extensionElements", _NS)
    return (
        []
        if holder is None
        else [e for e in holder.iterchildren(tag=etree.Element) if e.tag.startswith(f"{{{ZEEBE}}}")]
    )
