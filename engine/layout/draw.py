"""Writes the geometry as BPMN diagram interchange."""

from __future__ import annotations

from lxml import etree

from engine.layout.graph import BPMN, Box, Edge, Node, Point, Scope

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
_B = f"{{{BPMN}}}"


def draw(root: etree._Element, scopes: dict[str, Scope], pools: dict[str, Box]) -> None:
    """Replace the diagrams of ``root``."""
    for old in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(old)
    collaboration = root.find(f"{_B}collaboration")
    main = collaboration if collaboration is not None else root.find(f"{_B}process")
    if main is None:
        return
    nsmap = {"bpmndi": DI, "dc": DC, "di": DD}
    diagram = etree.SubElement(root, f"{{{DI}}}BPMNDiagram", {"id": f"{main.get('id')}_diagram"}, nsmap=nsmap)
    plane = etree.SubElement(
        diagram, f"{{{DI}}}BPMNPlane", {"id": f"{main.get('id')}_plane", "bpmnElement": main.get("id", "")}
    )
    for ident, box in pools.items():
        _row(plane, ident, box)
    for scope in scopes.values():
        _lanes(plane, scope)
        _scope(plane, scope)
    for message in root.findall(f"{_B}collaboration/{_B}messageFlow"):
        ends = [_box(scopes, pools, message.get(end, "")) for end in ("sourceRef", "targetRef")]
        if ends[0] is not None and ends[1] is not None:
            _edge(plane, Edge(message.get("id", ""), "", "", "", _message(ends[0], ends[1])))


def _scope(plane: etree._Element, scope: Scope) -> None:
    for node in sorted(scope.nodes.values(), key=lambda n: n.host is not None):
        _node(plane, node)
    for edge in scope.flows + scope.associations:
        _edge(plane, edge)


def _node(plane: etree._Element, node: Node) -> None:
    attributes = {}
    if node.tag == "exclusiveGateway":
        attributes["isMarkerVisible"] = "true"
    if node.scope is not None:
        attributes["isExpanded"] = "true"
    shape = _shape(plane, node.id, node.box, attributes)
    _label(shape, node.label)
    if node.scope is not None:
        _scope(plane, node.scope)


def _lanes(plane: etree._Element, scope: Scope) -> None:
    parents: dict[str, Box] = {}
    for lane in scope.lanes:
        for depth, ident in enumerate(reversed(lane.parents), 1):
            x, width = lane.box.x - 30.0 * depth, lane.box.width + 30.0 * depth
            known = parents.get(ident)
            top = known.y if known else lane.box.y
            parents[ident] = Box(x, top, width, lane.box.bottom - top)
    for ident, box in parents.items():
        _row(plane, ident, box)
    for lane in scope.lanes:
        _row(plane, lane.id, lane.box)


def _row(plane: etree._Element, ident: str, box: Box) -> None:
    """A pool or lane; one without an id cannot be drawn."""
    if ident:
        _shape(plane, ident, box, {"isHorizontal": "true"})


def _shape(plane: etree._Element, ident: str, box: Box, attributes: dict[str, str]) -> etree._Element:
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", {"id": f"{ident}_di", "bpmnElement": ident, **attributes})
    _bounds(shape, box)
    return shape


def _bounds(parent: etree._Element, box: Box) -> None:
    """Both edges are rounded, not the size: what touches or holds another still does."""
    left, top = round(box.x), round(box.y)
    values = {"x": left, "y": top, "width": round(box.right) - left, "height": round(box.bottom) - top}
    etree.SubElement(parent, f"{{{DC}}}Bounds", {k: str(v) for k, v in values.items()})


def _label(parent: etree._Element, box: Box | None) -> None:
    if box is not None:
        _bounds(etree.SubElement(parent, f"{{{DI}}}BPMNLabel"), box)


def _edge(plane: etree._Element, edge: Edge) -> None:
    """A flow or association; one without an id cannot be drawn."""
    if not edge.id:
        return
    element = etree.SubElement(plane, f"{{{DI}}}BPMNEdge", {"id": f"{edge.id}_di", "bpmnElement": edge.id})
    for x, y in edge.points:
        etree.SubElement(element, f"{{{DD}}}waypoint", {"x": _number(x), "y": _number(y)})
    _label(element, edge.label)


def _number(value: float) -> str:
    return str(round(value))


def _box(scopes: dict[str, Scope], pools: dict[str, Box], ident: str) -> Box | None:
    if ident in pools:
        return pools[ident]
    found = (s.nodes[ident].box for top in scopes.values() for s in top.walk() if ident in s.nodes)
    return next(found, None)


def _message(a: Box, b: Box) -> list[Point]:
    """A message flow goes straight up or down, from the middle of the narrower end."""
    x = (a if a.width <= b.width else b).cx
    start, end = (a.bottom, b.y) if a.cy < b.cy else (a.y, b.bottom)
    return [(x, start), (x, end)]
