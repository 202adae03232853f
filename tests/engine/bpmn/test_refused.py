"""What cannot be executed is refused by the reader: with the element, the reason and a way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import ModelInvalid
from engine.runtime.reader import Reader
from tests.engine.bpmn.snippets import HEAD, diagram, errors, read

TIMER = "<b:timerEventDefinition><b:time{0}>{1}</b:time{0}></b:timerEventDefinition>"
M = '<b:message id="m" name="m"/><b:error id="e" errorCode="E"/><b:escalation id="x" escalationCode="X"/>'


@pytest.mark.parametrize(
    ("tag", "way_out"),
    [
        ("transaction", "embedded subprocess"),
        ("complexGateway", "exclusive, parallel"),
        ("callChoreography", "use tasks"),
        ("resourceRole", "candidate groups"),
    ],
)
def test_elements(tag: str, way_out: str) -> None:
    found = errors(diagram(more=f'<b:{tag} id="odd"/>'))
    assert found[0][0] in ("odd", "process")
    assert way_out in found[0][1]


@pytest.mark.parametrize(
    ("inner", "attributes", "way_out"),
    [
        ("<b:standardLoopCharacteristics/>", "", "gateway"),
        ("<b:potentialOwner/>", "", "candidate groups"),
        ("<b:script>print(1)</b:script>", "", "zeebe:script"),
        ("<b:unheardOf/>", "", "unheardOf"),
        ("", 'startQuantity="2"', "parallel gateway"),
        ("", 'completionQuantity="2"', "parallel gateway"),
        ("", 'instantiate="true"', "message start event"),
        ("", 'colour="red"', "colour"),
        ("", 'default="f1"', "does not leave"),
    ],
)
def test_attributes_and_parts_of_a_task(inner: str, attributes: str, way_out: str) -> None:
    found = errors(diagram(inner, attributes=attributes))
    assert [element for element, _ in found] == ["work"]
    assert way_out in found[0][1]


def catching(definition: str, tag: str = "boundaryEvent", attributes: str = 'attachedToRef="work"') -> bytes:
    return diagram(roots=M, more=f'<b:{tag} id="odd" {attributes}>{definition}</b:{tag}>')


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (catching("<b:compensateEventDefinition/>"), "associated with one compensation handler"),
        (catching("<b:cancelEventDefinition/>"), "transactions"),
        (catching("<b:oddEventDefinition/>"), "odd"),
        (catching("<b:eventDefinitionRef>d</b:eventDefinitionRef>"), "trigger into the event"),
        (catching(""), "in this place"),
        (catching("<b:terminateEventDefinition/>"), "in this place"),
        (catching('<b:messageEventDefinition messageRef="m"/><b:errorEventDefinition/>'), "one trigger"),
        (catching('<b:messageEventDefinition messageRef="nobody"/>'), "no message"),
        (catching("<b:messageEventDefinition/>"), "no message"),
        (catching('<b:signalEventDefinition signalRef="nobody"/>'), "no signal"),
        (catching('<b:errorEventDefinition errorRef="nobody"/>'), "no error"),
        (catching("<b:timerEventDefinition/>"), "needs one time"),
        (catching(TIMER.format("Cycle", "R/P1D")), "fires once"),
        (catching("<b:errorEventDefinition/>", attributes='attachedToRef="work" cancelActivity="false"'), "interrupts"),
        (catching("<b:errorEventDefinition/>", attributes='attachedToRef="begin"'), "not attached"),
        (catching(TIMER.format("Cycle", "R/P1D"), "intermediateCatchEvent", ""), "waits once"),
        (catching(TIMER.format("Duration", "P1D"), "startEvent", ""), "R/P1D"),
        (catching("<b:errorEventDefinition/>", "startEvent", ""), "in this place"),
        (catching("<b:linkEventDefinition/>", "intermediateCatchEvent", ""), "no name"),
        (catching("<b:linkEventDefinition name='L'/>", "intermediateThrowEvent", ""), "exactly one"),
        (catching("<b:errorEventDefinition/>", "endEvent", ""), "no error"),
        (catching("<b:timerEventDefinition/>", "intermediateThrowEvent", ""), "needs one time"),
        (catching("", "startEvent", 'parallelMultiple="true"'), "several events"),
        (catching("", "eventBasedGateway", 'eventGatewayType="Parallel"'), "parallel gateway"),
        (catching("", "eventBasedGateway", ""), "at least two"),
    ],
)
def test_events(content: bytes, why: str) -> None:
    found = [text for element, text in errors(content) if element == "odd"]
    assert any(why in text for text in found), found


def sub(inner: str, attributes: str = "", more: str = "") -> bytes:
    return diagram(roots=M, more=f'<b:subProcess id="odd" {attributes}>{inner}</b:subProcess>{more}')


START = '<b:startEvent id="s{}">{}</b:startEvent>'
TRIGGERED = 'triggeredByEvent="true"'
MESSAGE = '<b:messageEventDefinition messageRef="m"/>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (sub(""), "no start event"),
        (sub(START.format(1, "") + START.format(2, "")), "one plain start"),
        (sub("", TRIGGERED), "exactly one start"),
        (sub(START.format(1, MESSAGE) + START.format(2, MESSAGE), TRIGGERED), "exactly one start"),
        (
            sub(START.format(1, MESSAGE), TRIGGERED, '<b:sequenceFlow id="f3" sourceRef="work" targetRef="odd"/>'),
            "no sequence flows",
        ),
        (
            sub(
                START.format(1, MESSAGE),
                TRIGGERED,
                '<b:boundaryEvent id="b" attachedToRef="odd"><b:errorEventDefinition/></b:boundaryEvent>',
            ),
            "boundary events",
        ),
    ],
)
def test_subprocesses(content: bytes, why: str) -> None:
    assert any(why in text for element, text in errors(content) if element == "odd"), errors(content)


@pytest.mark.parametrize(("start", "event"), [("", TRIGGERED), (MESSAGE, "")])
def test_start_events_of_subprocesses(start: str, event: str) -> None:
    """An event subprocess begins with a trigger, an embedded one without."""
    assert ("s1", True) in [(e, "in this place" in text) for e, text in errors(sub(START.format(1, start), event))]


@pytest.mark.parametrize(
    ("more", "element", "why"),
    [
        ('<b:sequenceFlow id="f3" sourceRef="done" targetRef="work"/>', "done", "nothing may follow"),
        ('<b:sequenceFlow id="f3" sourceRef="work" targetRef="begin"/>', "begin", "may lead to"),
        ('<b:sequenceFlow id="f3" sourceRef="work" targetRef="nowhere"/>', "f3", "nowhere"),
        ('<b:sequenceFlow id="f1" sourceRef="work" targetRef="done"/>', "f1", "used twice"),
        ('<b:task id="work"/>', "work", "used twice"),
        ("<b:task/>", None, "missing"),
        ('<b:startEvent id="again"/>', "process", "one plain start"),
        (
            '<b:sequenceFlow id="f3" sourceRef="begin" targetRef="done"><b:conditionExpression>=x</b:conditionExpression></b:sequenceFlow>',
            "f3",
            "gateway",
        ),
    ],
)
def test_flows_and_ids(more: str, element: str | None, why: str) -> None:
    assert any(e == element and why in text for e, text in errors(diagram(more=more))), errors(diagram(more=more))


def test_a_default_flow_has_no_condition() -> None:
    flow = '<b:sequenceFlow id="f3" sourceRef="work" targetRef="done"><b:conditionExpression>=x</b:conditionExpression></b:sequenceFlow>'
    assert errors(diagram(attributes='default="f3"', more=flow)) == [("f3", "the default flow cannot have a condition")]


def test_arms_of_an_event_gateway() -> None:
    arms = (
        '<b:eventBasedGateway id="odd"/><b:userTask id="t"/><b:task id="u"/>'
        '<b:sequenceFlow id="f3" sourceRef="odd" targetRef="t"/><b:sequenceFlow id="f4" sourceRef="odd" targetRef="u"/>'
    )
    assert any("catch event" in text for element, text in errors(diagram(more=arms)) if element == "odd")


def esp(number: int, definition: str) -> str:
    start = f'<b:startEvent id="t{number}">{definition}</b:startEvent>'
    return f'<b:subProcess id="e{number}" triggeredByEvent="true">{start}</b:subProcess>'


def attached(number: int, definition: str) -> str:
    return f'<b:boundaryEvent id="t{number}" attachedToRef="work">{definition}</b:boundaryEvent>'


@pytest.mark.parametrize("place", [esp, attached])
@pytest.mark.parametrize(
    "definition",
    [
        '<b:errorEventDefinition errorRef="e"/>',
        "<b:errorEventDefinition/>",
        '<b:escalationEventDefinition escalationRef="x"/>',
        '<b:messageEventDefinition messageRef="m"/>',
    ],
)
def test_two_that_wait_for_the_same_in_one_place(place: Callable[[int, str], str], definition: str) -> None:
    """Camunda 8, error, escalation and message events: each catches something of its own, a catch-all beside it."""
    found = errors(diagram(roots=M, more=place(1, definition) + place(2, definition)))
    assert [(element, "only one can catch it" in text) for element, text in found] == [("t2", True)]
    other = "<b:errorEventDefinition/>" if "Ref" in definition else '<b:errorEventDefinition errorRef="e"/>'
    assert errors(diagram(roots=M, more=place(1, definition) + place(2, other))) == []


def test_two_arms_that_wait_for_the_same() -> None:
    """BPMN 2.0.2, 10.6.6: the first event decides; the second arm could never be taken."""
    arms = '<b:eventBasedGateway id="gate"/>' + "".join(
        f'<b:intermediateCatchEvent id="t{n}"><b:messageEventDefinition messageRef="m"/></b:intermediateCatchEvent>'
        f'<b:sequenceFlow id="g{n}" sourceRef="gate" targetRef="t{n}"/>'
        for n in (1, 2)
    )
    assert [element for element, text in errors(diagram(roots=M, more=arms)) if "only one" in text] == ["t2"]


def test_a_process_without_a_start_event() -> None:
    assert errors(f'{HEAD}<b:process id="p" isExecutable="true"/></b:definitions>'.encode()) == [
        ("p", "the process has no start event")
    ]


def test_files_that_are_no_diagrams() -> None:
    """A clear finding or ModelInvalid, never a crash."""
    assert errors(b"<html/>")
    assert errors(f"{HEAD}</b:definitions>".encode())
    for content in (
        b"",
        b"PK\x03\x04",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 500 + b"</a>" * 500,
    ):
        with pytest.raises(ModelInvalid):
            Reader(content, "broken.bpmn")


def test_a_process_that_only_describes_is_not_judged() -> None:
    content = diagram(more='<b:transaction id="t"/>').replace(b'isExecutable="true"', b"")
    process, findings = read(content)
    assert [(f.severity, f.element) for f in findings] == [("warning", "process")]
    assert process.find("work") is not None
