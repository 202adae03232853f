"""What is to be drawn: the nodes, edges and lanes of a BPMN file, without any geometry of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_B = f"{{{BPMN}}}"

ARTIFACTS = frozenset({"textAnnotation", "dataObjectReference", "dataStoreReference"})
_SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
_DATA = ("dataInputAssociation", "dataOutputAssociation")
_SIZES = {"dataObjectReference": (36.0, 50.0), "dataStoreReference": (50.0, 50.0), "textAnnotation": (140.0, 40.0)}
LABEL_FONT = 11.0
LINE_HEIGHT = 14.0
_LABEL_WIDTH = 90.0


@dataclass
class Box:
    """A rectangle; x and y are its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def cx(self) -> float:
        return self.x + self.width / 2

    @property
    def cy(self) -> float:
        return self.y + self.height / 2

    def shift(self, dx: float, dy: float) -> None:
        self.x += dx
        self.y += dy

    def grown(self, by: float) -> Box:
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlaps(self, other: Box) -> bool:
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def contains(self, other: Box) -> bool:
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom


Point = tuple[float, float]


@dataclass
class Node:
    """A flow node, artifact or data reference."""

    id: str
    tag: str
    name: str
    box: Box
    host: str | None = None
    """The activity a boundary event sits on."""
    event_subprocess: bool = False
    scope: Scope | None = None
    """What an embedded subprocess holds."""
    label: Box | None = None

    @property
    def is_event(self) -> bool:
        return is_event(self.tag)

    @property
    def is_gateway(self) -> bool:
        return is_gateway(self.tag)

    @property
    def is_artifact(self) -> bool:
        return self.tag in ARTIFACTS

    @property
    def has_outside_label(self) -> bool:
        return bool(self.name) and (self.is_event or self.is_gateway or self.tag.startswith("data"))


@dataclass
class Edge:
    """A sequence flow, association or data association; one that leads to a compensation handler is placed like a flow."""

    id: str
    source: str
    target: str
    name: str
    points: list[Point] = field(default_factory=list)
    label: Box | None = None


@dataclass
class Lane:
    """A lane; only leaves hold nodes."""

    id: str
    members: list[str]
    parents: list[str]
    box: Box = field(default_factory=lambda: Box(0, 0, 0, 0))


@dataclass
class Scope:
    """A process or an embedded subprocess."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Edge] = field(default_factory=list)
    associations: list[Edge] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)

    def boundary(self, host: str) -> list[Node]:
        return [n for n in self.nodes.values() if n.host == host]

    def origin(self, node_id: str) -> str:
        """The node itself, or the activity it sits on."""
        return self.nodes[node_id].host or node_id

    def walk(self) -> Iterator[Scope]:
        yield self
        for node in self.nodes.values():
            if node.scope is not None:
                yield from node.scope.walk()

    def shift(self, dx: float, dy: float) -> None:
        """Move everything inside, nested scopes included."""
        for node in self.nodes.values():
            node.box.shift(dx, dy)
            if node.label is not None:
                node.label.shift(dx, dy)
            if node.scope is not None:
                node.scope.shift(dx, dy)
        for edge in self.flows + self.associations:
            edge.points = [(x + dx, y + dy) for x, y in edge.points]
            if edge.label is not None:
                edge.label.shift(dx, dy)
        for lane in self.lanes:
            lane.box.shift(dx, dy)


def is_event(tag: str) -> bool:
    return tag.endswith("Event")


def is_gateway(tag: str) -> bool:
    return tag.endswith("Gateway")


def is_activity(tag: str) -> bool:
    return tag in ("task", "callActivity") or tag.endswith("Task") or tag in _SUBPROCESSES


def text_width(text: str) -> float:
    return sum(LABEL_FONT if ord(c) > 0x2E80 else LABEL_FONT * 0.56 for c in text)


def label_size(text: str) -> tuple[float, float]:
    """Width and height of an outside label as bpmn-js wraps it."""
    width = text_width(text)
    lines = max(1, -(-int(width) // int(_LABEL_WIDTH)))
    return (min(width, _LABEL_WIDTH) + 1, lines * LINE_HEIGHT)


def read_scope(element: etree._Element) -> Scope:
    """The contents of a process or subprocess element; what has no id cannot be drawn."""
    scope = Scope(element.get("id", ""))
    for child in element:
        if not isinstance(child.tag, str) or not child.tag.startswith(_B):
            continue
        tag, ident = etree.QName(child).localname, child.get("id", "")
        if ident and (is_event(tag) or is_gateway(tag) or is_activity(tag) or tag in ARTIFACTS):
            scope.nodes[ident] = _node(child, tag)
        elif tag in ("sequenceFlow", "association"):
            edge = Edge(ident, child.get("sourceRef", ""), child.get("targetRef", ""), child.get("name", ""))
            (scope.flows if tag == "sequenceFlow" else scope.associations).append(edge)
        elif tag == "laneSet":
            scope.lanes.extend(_lanes(child, []))
    for node in scope.nodes.values():
        if node.host is not None and not is_activity(scope.nodes[node.host].tag if node.host in scope.nodes else ""):
            node.host = None
    _data_associations(element, scope)
    known = scope.nodes.keys()
    steps = {ident for ident, node in scope.nodes.items() if not (node.is_artifact or node.event_subprocess)}
    free = {ident for ident in steps if scope.nodes[ident].host is None}
    scope.flows = [f for f in scope.flows if f.source in steps and f.target in free]
    scope.associations = [a for a in scope.associations if a.source in known and a.target in known]
    handlers = [a for a in scope.associations if scope.nodes[a.source].host and is_activity(scope.nodes[a.target].tag)]
    scope.flows += handlers
    scope.associations = [a for a in scope.associations if a not in handlers]
    _widen_hosts(scope)
    return scope


def _node(element: etree._Element, tag: str) -> Node:
    ident = element.get("id", "")
    name = " ".join((element.get("name") or element.findtext(f"{_B}text") or "").split())
    side = 36.0 if is_event(tag) else 50.0
    width, height = _SIZES.get(tag, (100.0, 80.0) if is_activity(tag) else (side, side))
    if tag == "textAnnotation":
        height = max(40.0, 10 + LINE_HEIGHT * -(-int(text_width(name)) // 125))
    node = Node(ident, tag, name, Box(0, 0, width, height), element.get("attachedToRef"))
    if tag in _SUBPROCESSES:
        node.event_subprocess = element.get("triggeredByEvent") == "true"
        node.scope = read_scope(element)
    return node


def _lanes(lane_set: etree._Element, parents: list[str]) -> list[Lane]:
    found: list[Lane] = []
    for lane in lane_set.findall(f"{_B}lane"):
        ident, inner = lane.get("id", ""), lane.find(f"{_B}childLaneSet")
        if inner is not None:
            found.extend(_lanes(inner, [*parents, ident]))
        else:
            found.append(Lane(ident, [(r.text or "").strip() for r in lane.findall(f"{_B}flowNodeRef")], parents))
    return found


def _data_associations(element: etree._Element, scope: Scope) -> None:
    for activity in element:
        for tag in _DATA:
            for found in activity.findall(f"{_B}{tag}"):
                ends = (
                    (found.findtext(f"{_B}sourceRef") or "").strip(),
                    (found.findtext(f"{_B}targetRef") or "").strip(),
                )
                source, target = (e if e in scope.nodes else activity.get("id", "") for e in ends)
                scope.associations.append(Edge(found.get("id", ""), source, target, ""))


def _widen_hosts(scope: Scope) -> None:
    for node in scope.nodes.values():
        node.box.width = max(node.box.width, 50.0 * len(scope.boundary(node.id)))
