"""Changes to a diagram that take an element's force away and leave the rest as it is."""

from __future__ import annotations

from lxml import etree

from engine import xml
from engine.runtime.model import BPMN, ZEEBE

_NS = {"b": BPMN, "z": ZEEBE}
_B, _Z = f"{{{BPMN}}}", f"{{{ZEEBE}}}"


def without(content: bytes, element_id: str) -> bytes:
    """The element is gone, with the flows that leave it."""
    root, node = _find(content, element_id)
    for flow in root.findall(f".//b:sequenceFlow[@sourceRef='{element_id}']", _NS):
        _remove(flow)
        for end in root.iterfind(".//b:incoming", _NS):
            if (end.text or "").strip() == flow.get("id"):
                _remove(end)
    for lane in root.iterfind(".//b:flowNodeRef", _NS):
        if (lane.text or "").strip() == element_id:
            _remove(lane)
    _remove(node)
    return _bytes(root)


def passed_through(content: bytes, element_id: str) -> bytes:
    """The activity does nothing any more."""
    root, node = _find(content, element_id)
    _keep_flows(node)
    node.tag = f"{_B}task"
    for key in [k for k in node.attrib if k not in ("id", "name", "default")]:
        del node.attrib[key]
    return _bytes(root)


def plain_event(content: bytes, element_id: str) -> bytes:
    """The event neither waits nor throws."""
    root, node = _find(content, element_id)
    _keep_flows(node)
    if node.tag == f"{_B}intermediateCatchEvent":
        node.tag = f"{_B}intermediateThrowEvent"
    return _bytes(root)


def closed(content: bytes, flow_id: str) -> bytes:
    """The condition of the flow never holds."""
    root, node = _find(content, flow_id)
    condition = node.find("b:conditionExpression", _NS)
    if condition is not None:
        condition.text = "=false"
    return _bytes(root)


def once(content: bytes, element_id: str) -> bytes:
    """The activity runs once instead of for each item."""
    root, node = _find(content, element_id)
    for loop in node.findall("b:multiInstanceLoopCharacteristics", _NS):
        node.remove(loop)
    return _bytes(root)


def without_attribute(content: bytes, element_id: str, extension: str, attribute: str) -> bytes:
    """The extension of the element says nothing about ``attribute``."""
    root, node = _find(content, element_id)
    for found in node.iterfind(f"b:extensionElements/z:{extension}", _NS):
        found.attrib.pop(attribute, "")
    return _bytes(root)


def without_property(content: bytes, element_id: str, name: str) -> bytes:
    """The element has no property ``name``."""
    root, node = _find(content, element_id)
    for found in node.findall(f"b:extensionElements/z:properties/z:property[@name='{name}']", _NS):
        _remove(found)
    return _bytes(root)


def assigned(content: bytes, element_id: str, group: str) -> bytes:
    """The user task belongs to ``group``."""
    root, node = _find(content, element_id)
    holder = node.find("b:extensionElements", _NS)
    if holder is None:
        holder = etree.Element(f"{_B}extensionElements")
        node.insert(0, holder)
    found = holder.find("z:assignmentDefinition", _NS)
    if found is None:
        found = etree.SubElement(holder, f"{_Z}assignmentDefinition")
    found.set("candidateGroups", group)
    return _bytes(root)


def rename(content: bytes, identifier: str, name: str) -> bytes:
    """The lane is called ``name``."""
    root, node = _find(content, identifier)
    node.set("name", name)
    return _bytes(root)


def _find(content: bytes, identifier: str) -> tuple[etree._Element, etree._Element]:
    root = xml.parse(content, "")
    return root, next(node for node in root.iter(etree.Element) if node.get("id") == identifier)


def _keep_flows(node: etree._Element) -> None:
    for child in list(node):
        if child.tag not in (f"{_B}incoming", f"{_B}outgoing"):
            node.remove(child)


def _remove(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root))
