"""Diagrams from outside, broken in every way: read, checked, laid out, built and begun.

Only errors of our own kind, and bounded processor time and memory. FEEL and decision tables have tests of this kind
of their own.
"""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from random import Random
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.check import check
from engine.errors import EngineError, ModelInvalid
from engine.layout import layout
from engine.packs import load_pack
from engine.runtime.model import BPMN, ZEEBE
from engine.runtime.reader import Reader
from engine.xml import MAX_ELEMENTS
from tests.engine.bpmn.driver import FOLDER, Play
from tests.engine.bpmn.event_blocks import write
from tests.engine.bpmn.snippets import HEAD
from tests.engine.checks.office import pack_files

SECONDS = 8.0
"""Processor time of one file, whatever is in it, on a slow and busy machine; usually it is a hundredth of a second."""
MEGABYTES = 100

bounded = settings(
    max_examples=100,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NAMES = (
    "ad_hoc_output boundary_errors compensation_of_a_subprocess conditional_boundary_beside event_gateway "
    "event_message_nested_beside inclusive_unstructured links mappings mi_subprocess pools several_starts signals "
    "boundary_cycle_dated call_mapped escalation_repeated"
)
SEEDS = [(FOLDER / f"{name}.bpmn").read_bytes() for name in NAMES.split()]
PARTS = [etree.fromstring(content) for content in SEEDS]
VALUES = [
    "", " ", "=", "=1 +", "=null", "=items[1", "true", "false", "work", "begin", "done", "=" + "(" * 300, "R/P1D", "R0/PT0S",
    "PT", "P99999Y", "9" * 50, "-1", "\u0000x"[1:], "投诉", "a b", "x" * 300, "../../etc", "=for i in 1..9999999 return i", "{}",
]  # fmt: skip
TAGS = [
    *[f"{{{BPMN}}}{tag}" for tag in ("task", "subProcess", "boundaryEvent", "startEvent", "endEvent", "inclusiveGateway",
      "eventBasedGateway", "callActivity", "adHocSubProcess", "sequenceFlow", "unheardOf", "process", "lane",
      "multiInstanceLoopCharacteristics", "intermediateThrowEvent", "compensateEventDefinition")],
    *[f"{{{ZEEBE}}}{tag}" for tag in ("ioMapping", "script", "unheardOf")],
    "task", "{http://example.org/other}task",
]  # fmt: skip


def swallow(content: bytes) -> None:
    """Everything that is done with a file before a person sees it; an error of another kind comes out."""
    started = process_time()
    for step in (_check, _draw, _run):
        error = ours(step, content)
        assert error is None or (error.text("zh") and error.text("en"))
    assert process_time() - started < SECONDS


def ours(step: Callable[[bytes], None], content: bytes) -> EngineError | None:
    try:
        step(content)
    except EngineError as error:
        return error
    return None


def _check(content: bytes) -> None:
    for finding in check(load_pack({**pack_files(), "office.bpmn": content})).findings:
        assert finding.zh
        assert finding.en


def _draw(content: bytes) -> None:
    etree.fromstring(layout(content))


def _run(content: bytes) -> None:
    reader = Reader(content, "office.bpmn")
    if any(f.severity == "error" for f in reader.findings) or not any(p.executable for p in reader.processes):
        return
    play = Play(content).start(key="K1", items=[1, 2], amount=5, code="A", wanted=["a"])
    for _ in range(4):
        if play.open:
            play.complete(play.open[0])
        elif timers := play.timers():
            play.fire(timers[0][1], {}, "")


def spoilt(random: Random) -> bytes:
    """A sound diagram with a few changes."""
    root = etree.fromstring(random.choice(SEEDS))
    for _ in range(random.randint(1, 5)):
        nodes = [n for n in root.iter(etree.Element) if n is not root and "/DD/" not in n.tag and "/DI" not in n.tag]
        if nodes:
            random.choice(CHANGES)(random, random.choice(nodes), nodes)
    return etree.tostring(root, encoding=random.choice(["UTF-8", "UTF-16", "GB18030", "US-ASCII"]))


def _delete(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    node.getparent().remove(node)


def _duplicate(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    node.addnext(etree.fromstring(etree.tostring(node, with_tail=False)))


def _rename(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    node.tag = random.choice(TAGS)


def _move(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    other = random.choice(nodes)
    if node not in (other, *other.iterancestors()):
        other.append(node)


def _borrow(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    """An element of another diagram."""
    others = list(random.choice(PARTS).iter(etree.Element))
    node.append(etree.fromstring(etree.tostring(random.choice(others[1:]), with_tail=False)))


def _set(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    known = [k for n in nodes for k in n.attrib]
    node.set(random.choice(known), random.choice(VALUES))


def _unset(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    if node.attrib:
        del node.attrib[random.choice(list(node.attrib))]


def _swap(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    """References that lead somewhere else."""
    other = random.choice(nodes)
    for key in ("id", "sourceRef", "targetRef", "attachedToRef", "default", "messageRef", "processRef", "activityRef"):
        if key in node.attrib and key in other.attrib:
            one, two = node.get(key), other.get(key)
            node.set(key, str(two))
            other.set(key, str(one))


def _write(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    node.text = random.choice(VALUES)


def _nest(random: Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    inner = node
    for number in range(random.choice([1, 5, 150])):
        inner = etree.SubElement(inner, f"{{{BPMN}}}subProcess", id=f"nested{number}")


CHANGES: list[Callable[[Random, etree._Element, list[etree._Element]], None]] = [
    _delete, _duplicate, _rename, _move, _borrow, _set, _set, _unset, _swap, _swap, _write, _nest,
]  # fmt: skip


@bounded
@given(st.integers(0, 10**9))
def test_a_sound_diagram_with_a_few_changes(seed: int) -> None:
    swallow(spoilt(Random(seed)))


@bounded
@given(
    st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)), min_size=1, max_size=4)
)
def test_a_sound_diagram_with_other_bytes(content: bytes, changes: list[tuple[int, bytes]]) -> None:
    for at, put in changes:
        place = at % len(content)
        content = content[:place] + put + content[place + len(put) :]
    swallow(content)


@bounded
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"<?xml version='1.0'?>", b"\xff\xfe", b"\xef\xbb\xbf<", b"<!DOCTYPE a>"]),
)
def test_any_bytes(content: bytes, before: bytes) -> None:
    swallow(before + content)


def diagram(inside: str, before: str = "", encoding: str = "utf-8") -> bytes:
    process = f'<b:process id="complaint" isExecutable="true"><b:startEvent id="s"/>{inside}</b:process>'
    return f"{before}{HEAD}{process}</b:definitions>".encode(encoding)


def many(count: int, text: str) -> str:
    return "".join(text.replace("#", str(n)) for n in range(count))


def laughing(encoding: str, size: int = 9) -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, size + 1))
    before = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE l [<!ENTITY a0 "ha">{entities}]>'
    return diagram(f'<b:task id="&a{size};"/>', before).replace(b"<!", b"+ADwAIQ-") if encoding == "UTF-7" else diagram(
        f'<b:task id="&a{size};"/>', before, encoding
    )  # fmt: skip


FLOW = '<b:sequenceFlow id="f#" sourceRef="g" targetRef="t#"/>'
REFUSED = {
    "billion laughs": laughing("utf-8"),
    "billion laughs in UTF-16": laughing("utf-16"),
    "billion laughs in UTF-7": laughing("UTF-7"),
    "one entity in UTF-7": laughing("UTF-7", 1),
    "an external entity": diagram("&a;", '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
    "an attribute of 10 MB": diagram(f'<b:task id="a" name="{"x" * 10_000_000}"/>'),
    "an attribute of 4 MB": diagram(f'<b:task id="a" name="{"x" * 4_000_000}"/>'),
    "a text of 4 MB": diagram(f'<b:task id="a"><b:documentation>{"x" * 4_000_000}</b:documentation></b:task>'),
    "100,000 elements": diagram(many(100_000, '<b:task id="t#"/>')),
    "too many elements": diagram(many(MAX_ELEMENTS, '<b:task id="t#"/>')),
    "300,000 unknown elements": diagram("<b:x/>" * 300_000),
    "10,000 nested subprocesses": diagram("<b:subProcess>" * 10_000 + "</b:subProcess>" * 10_000),
    "10,000 attributes": diagram(f'<b:task id="t" {many(10_000, "a#=" + chr(34) * 2 + " ")}/>'),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_refused_at_once(content: bytes) -> None:
    tracemalloc.start()
    started = process_time()
    with pytest.raises(ModelInvalid):
        Reader(content, "x.bpmn")
    assert process_time() - started < SECONDS
    assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    tracemalloc.stop()


WAYS = many(300, '<b:task id="t#"/>' + FLOW)
HEAVY = {
    "one long name in many messages": diagram(f'<b:exclusiveGateway id="g" name="{"名" * 40_000}"/>{WAYS}'),
    "many unknown elements": diagram(many(5_000, "<b:x/>")),
    "many inclusive gateways": diagram(
        many(60, '<b:inclusiveGateway id="t#"/>')
        + "".join(f'<b:sequenceFlow id="f{n}" sourceRef="t{n % 60}" targetRef="t{n * 7 % 59}"/>' for n in range(240))
    ),
    "a hundred and eighty nested subprocesses": diagram(
        many(180, '<b:subProcess id="p#"><b:startEvent id="s#"/>') + "</b:subProcess>" * 180
    ),
    "many links": diagram(
        many(600, '<b:intermediateThrowEvent id="l#"><b:linkEventDefinition name="L#"/></b:intermediateThrowEvent>')
    ),
    "many lanes and event subprocesses": diagram(
        f'<b:laneSet id="l">{many(500, "<b:lane id=^l#^><b:flowNodeRef>e#</b:flowNodeRef></b:lane>")}</b:laneSet>'.replace("^", '"')
        + many(500, '<b:subProcess id="e#" triggeredByEvent="true"/>')
    ),
    "everything to one place": diagram('<b:task id="g"/><b:task id="t"/>' + many(300, FLOW.replace("t#", "t"))),
    "deep brackets": diagram(f'<b:sequenceFlow id="f" sourceRef="s" targetRef="s"><b:conditionExpression>={"(" * 9_000}'
                             "</b:conditionExpression></b:sequenceFlow>"),
}  # fmt: skip


@pytest.mark.parametrize("content", HEAVY.values(), ids=HEAVY)
def test_what_is_large_but_allowed(content: bytes) -> None:
    swallow(content)
    tracemalloc.start()
    _check(content)
    assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    tracemalloc.stop()


def test_a_hundred_boundary_events_are_drawn_in_bounded_time() -> None:
    """The search for the best lines gives up; what is left becomes straight lines."""
    more = many(100, '<b:boundaryEvent id="e#" attachedToRef="w" cancelActivity="false"><b:signalEventDefinition/></b:boundaryEvent>'
                '<b:task id="t#"/><b:sequenceFlow id="f#" sourceRef="e#" targetRef="t#"/>')  # fmt: skip
    started = process_time()
    drawn = layout(diagram('<b:task id="w"/>' + more))
    assert process_time() - started < SECONDS
    assert drawn.count(b"BPMNEdge") >= 100


def test_a_diagram_of_blocks_survives_every_change_of_one_byte() -> None:
    """Every place of a small diagram, each with a byte that is special in XML."""
    content = write(("boundary", "message", False, ("user",), ("user",)))
    for at in range(0, len(content), 11):
        swallow(content[:at] + b"<\"'>&= \x00\xff"[at % 9 : at % 9 + 1] + content[at + 1 :])
