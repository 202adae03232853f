"""Diagrams drawn by ``engine.layout``: complete, without overlaps, stable."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest
from lxml import etree

from engine.errors import ModelInvalid
from engine.layout import layout
from engine.layout.graph import Box

PACKS = Path(__file__).parents[2] / "processes"
DIAGRAMS = sorted(PACKS.glob("*/*.bpmn"))
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
B = f"{{{NS['b']}}}"
CONTAINERS = {f"{B}{tag}" for tag in ("participant", "lane", "subProcess")}

BARE = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  {before}
  <bpmn:process id="p">{content}</bpmn:process>
</bpmn:definitions>"""

EVERYTHING = BARE.format(
    before="""
  <bpmn:collaboration id="c">
    <bpmn:participant id="pool" processRef="p"/>
    <bpmn:participant id="outside" name="监管部门"/>
    <bpmn:messageFlow id="report" sourceRef="work" targetRef="outside"/>
  </bpmn:collaboration>""",
    content="""
    <bpmn:laneSet id="ls">
      <bpmn:lane id="office"><bpmn:childLaneSet id="cls">
        <bpmn:lane id="desk"><bpmn:flowNodeRef>begin</bpmn:flowNodeRef><bpmn:flowNodeRef>inner</bpmn:flowNodeRef></bpmn:lane>
        <bpmn:lane id="back"><bpmn:flowNodeRef>work</bpmn:flowNodeRef><bpmn:flowNodeRef>late</bpmn:flowNodeRef></bpmn:lane>
      </bpmn:childLaneSet></bpmn:lane>
      <bpmn:lane id="leaders"><bpmn:flowNodeRef>finish</bpmn:flowNodeRef><bpmn:flowNodeRef>warn</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="begin" name="开始办理"/>
    <bpmn:subProcess id="inner" name="内部步骤">
      <bpmn:startEvent id="inner_begin"/><bpmn:task id="inner_task"/><bpmn:endEvent id="inner_end"/>
      <bpmn:sequenceFlow id="i1" sourceRef="inner_begin" targetRef="inner_task"/>
      <bpmn:sequenceFlow id="i2" sourceRef="inner_task" targetRef="inner_end"/>
    </bpmn:subProcess>
    <bpmn:userTask id="work" name="办理"><bpmn:dataInputAssociation id="da"><bpmn:sourceRef>file</bpmn:sourceRef></bpmn:dataInputAssociation></bpmn:userTask>
    <bpmn:boundaryEvent id="late" name="到期" attachedToRef="work" cancelActivity="false"/>
    <bpmn:task id="warn"/><bpmn:endEvent id="finish" name="办结"/>
    <bpmn:subProcess id="withdraw" triggeredByEvent="true">
      <bpmn:startEvent id="withdraw_begin"/><bpmn:endEvent id="withdraw_end"/>
      <bpmn:sequenceFlow id="w1" sourceRef="withdraw_begin" targetRef="withdraw_end"/>
    </bpmn:subProcess>
    <bpmn:dataObjectReference id="file" name="卷宗"/>
    <bpmn:textAnnotation id="note"><bpmn:text>先核对身份再办理</bpmn:text></bpmn:textAnnotation>
    <bpmn:association id="as" sourceRef="work" targetRef="note"/>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="inner"/>
    <bpmn:sequenceFlow id="f2" sourceRef="inner" targetRef="work"/>
    <bpmn:sequenceFlow id="f3" name="通过" sourceRef="work" targetRef="finish"/>
    <bpmn:sequenceFlow id="f4" name="退回" sourceRef="work" targetRef="inner"/>
    <bpmn:sequenceFlow id="f5" sourceRef="late" targetRef="warn"/>""",
)


def boxes(root: etree._Element) -> dict[str, Box]:
    found = {}
    for shape in root.iterfind(".//bpmndi:BPMNShape", NS):
        bounds = shape.find("dc:Bounds", NS)
        found[shape.get("bpmnElement")] = Box(*(float(bounds.get(k)) for k in ("x", "y", "width", "height")))
    return found


def edges(root: etree._Element) -> dict[str, list[tuple[float, float]]]:
    return {
        e.get("bpmnElement"): [(float(w.get("x")), float(w.get("y"))) for w in e.iterfind("di:waypoint", NS)]
        for e in root.iterfind(".//bpmndi:BPMNEdge", NS)
    }


def inside_shape(a: tuple[float, float], b: tuple[float, float], box: Box) -> bool:
    """Does the segment pass through the box (touching its border does not count)?"""
    segment = Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1]))
    return (
        segment.overlaps(box.grown(-1))
        if segment.width and segment.height
        else segment.grown(0.5).overlaps(box.grown(-1))
    )


@pytest.fixture(params=[*DIAGRAMS, EVERYTHING], ids=lambda p: p.stem if isinstance(p, Path) else "everything")
def drawn(request: pytest.FixtureRequest) -> etree._Element:
    content = request.param.read_bytes() if isinstance(request.param, Path) else request.param.encode()
    return etree.fromstring(layout(content))


def nodes(root: etree._Element) -> dict[str, etree._Element]:
    return {
        e.get("id"): e for p in root.iterfind("b:process", NS) for e in p.iter(f"{B}*")
        if e.get("id") in boxes(root) and e.tag != f"{B}lane"
    }  # fmt: skip


def test_everything_is_drawn(drawn: etree._Element) -> None:
    shapes, lines = boxes(drawn), edges(drawn)
    for element in drawn.iter(f"{B}participant", f"{B}lane", f"{B}textAnnotation", f"{B}dataObjectReference"):
        assert element.get("id") in shapes
    for process in drawn.iterfind("b:process", NS):
        for element in process.iter(f"{B}*"):
            tag = etree.QName(element).localname
            if tag.endswith(("Event", "Task", "Gateway")) or tag in ("task", "callActivity", "subProcess"):
                assert element.get("id") in shapes
    for element in drawn.iter(f"{B}sequenceFlow", f"{B}association", f"{B}messageFlow", f"{B}dataInputAssociation"):
        assert len(lines[element.get("id")]) >= 2


def test_shapes_do_not_overlap(drawn: etree._Element) -> None:
    shapes = boxes(drawn)
    plain = {i: e for i, e in nodes(drawn).items() if e.tag != f"{B}boundaryEvent"}
    for (a, first), (b, second) in combinations(plain.items(), 2):
        nested = first in second.iterancestors() or second in first.iterancestors()
        assert nested or not shapes[a].overlaps(shapes[b]), (a, b)


def test_nested_elements_are_inside(drawn: etree._Element) -> None:
    shapes = boxes(drawn)
    for ident, element in nodes(drawn).items():
        outer = next((a for a in element.iterancestors(f"{B}subProcess")), None)
        if outer is not None:
            assert shapes[outer.get("id")].contains(shapes[ident])


def test_every_shape_is_in_its_lane_and_every_lane_in_its_pool(drawn: etree._Element) -> None:
    shapes = boxes(drawn)
    for lane in drawn.iterfind(".//b:lane", NS):
        box = shapes[lane.get("id")]
        for ref in lane.findall("b:flowNodeRef", NS):
            assert box.contains(shapes[ref.text.strip()]), ref.text
        assert any(shapes[p.get("id")].contains(box) for p in drawn.iterfind(".//b:participant", NS))
    lanes = [lane for lane in drawn.iterfind(".//b:lane", NS) if lane.find("b:childLaneSet", NS) is None]
    for a, b in combinations(lanes, 2):
        assert not shapes[a.get("id")].overlaps(shapes[b.get("id")])


def test_boundary_events_sit_on_the_lower_edge_of_their_host(drawn: etree._Element) -> None:
    shapes = boxes(drawn)
    hosted: dict[str, list[Box]] = {}
    for event in drawn.iterfind(".//b:boundaryEvent", NS):
        box, host = shapes[event.get("id")], shapes[event.get("attachedToRef")]
        assert abs(box.cy - host.bottom) <= 1
        assert host.x <= box.cx <= host.right
        hosted.setdefault(event.get("attachedToRef"), []).append(box)
    for events in hosted.values():
        assert not any(a.overlaps(b) for a, b in combinations(events, 2))


def test_flows_are_orthogonal_and_avoid_shapes(drawn: etree._Element) -> None:
    shapes, lines, known = boxes(drawn), edges(drawn), nodes(drawn)
    for flow in drawn.iterfind(".//b:sequenceFlow", NS):
        points = lines[flow.get("id")]
        own = {flow.get("sourceRef"), flow.get("targetRef")} | {known[flow.get("sourceRef")].get("attachedToRef")}
        around = {a.get("id") for a in flow.iterancestors()}
        for a, b in pairwise(points):
            assert a[0] == b[0] or a[1] == b[1], flow.get("id")
            crossed = [i for i in known if i not in own | around and inside_shape(a, b, shapes[i])]
            assert not [i for i in crossed if not any(o.get("id") in own for o in known[i].iterancestors())], (
                flow.get("id"),
                crossed,
            )


def test_flows_start_and_end_on_their_shapes(drawn: etree._Element) -> None:
    shapes, lines = boxes(drawn), edges(drawn)
    for flow in drawn.iterfind(".//b:sequenceFlow", NS):
        points = lines[flow.get("id")]
        for (x, y), end in ((points[0], "sourceRef"), (points[-1], "targetRef")):
            touching = shapes[flow.get(end)].grown(1)
            assert touching.x <= x <= touching.right, flow.get("id")
            assert touching.y <= y <= touching.bottom, flow.get("id")


def test_labels_do_not_cover_shapes_or_each_other(drawn: etree._Element) -> None:
    labels = []
    for label in drawn.iterfind(".//bpmndi:BPMNLabel/dc:Bounds", NS):
        labels.append(Box(*(float(label.get(k)) for k in ("x", "y", "width", "height"))).grown(-1))
    shapes, known = boxes(drawn), nodes(drawn)
    solid = [shapes[i] for i, e in known.items() if e.tag not in CONTAINERS]
    for label in labels:
        assert not any(label.overlaps(shape.grown(-1)) for shape in solid)
    for a, b in combinations(labels, 2):
        assert not a.overlaps(b)


def test_layout_is_deterministic_and_leaves_the_process_alone() -> None:
    once = layout(EVERYTHING.encode())
    assert layout(EVERYTHING.encode()) == once
    assert layout(once) == once
    before = etree.fromstring(EVERYTHING.encode()).find("b:process", NS)
    after = etree.fromstring(once).find("b:process", NS)
    assert [e.attrib for e in before.iter(f"{B}*")] == [e.attrib for e in after.iter(f"{B}*")]


def test_committed_diagrams_are_laid_out() -> None:
    for path in DIAGRAMS:
        root = etree.fromstring(path.read_bytes())
        assert set(boxes(root)) == set(boxes(etree.fromstring(layout(path.read_bytes())))), path


def test_loops_without_a_start_and_loose_elements_are_drawn() -> None:
    content = BARE.format(
        before="",
        content="""<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:task id="alone"/>
        <bpmn:sequenceFlow id="f" sourceRef="a" targetRef="b"/><bpmn:sequenceFlow id="g" sourceRef="b" targetRef="a"/>
        <bpmn:sequenceFlow id="h" sourceRef="a" targetRef="a"/>""",
    )
    root = etree.fromstring(layout(content.encode()))
    assert set(boxes(root)) == {"a", "b", "alone"}
    assert set(edges(root)) == {"f", "g", "h"}


def test_a_file_with_nothing_to_draw() -> None:
    assert etree.fromstring(layout(BARE.format(before="", content="").encode())) is not None


@pytest.mark.parametrize(
    "content",
    [b"<broken", b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
    ids=["broken", "entity"],
)
def test_unsafe_or_broken_xml_is_refused(content: bytes) -> None:
    with pytest.raises(ModelInvalid):
        layout(content)


def test_a_file_that_is_no_bpmn_is_refused() -> None:
    with pytest.raises(ModelInvalid, match="not a BPMN"):
        layout(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
