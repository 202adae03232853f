"""Diagrams of other tools: described, checked, drawn, and refused by name where they cannot run; never a crash.

One small diagram for each kind of thing that the interchange files of modelling tools hold.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from engine.check import check, check_file
from engine.errors import EngineError
from engine.layout import layout
from engine.packs import load_pack
from engine.playing.describing import describe
from tests.engine.bpmn.snippets import extension

OPEN = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:dd="http://www.omg.org/spec/DD/20100524/DI" xmlns:signavio="http://www.signavio.com" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0" '
    'xmlns:other="http://example.org/other" targetNamespace="http://example.org" '
    'modeler:executionPlatform="Camunda Cloud">'
)
STEPS = (
    '<startEvent id="s"/><task id="t" name="T"/><endEvent id="e"/>'
    '<sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/>'
)


def flows(*nodes: str) -> str:
    """Sequence flows from each node to the next."""
    return "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(nodes))


def process(inner: str) -> str:
    return f'<process id="p" name="P" isExecutable="%s">{inner}</process>'


PICTURES = {
    "choreography": '<choreography id="c"><participant id="a"/><participant id="b"/><startEvent id="s"/>'
    '<choreographyTask id="x" initiatingParticipantRef="a"><participantRef>a</participantRef></choreographyTask>'
    '<subChoreography id="y"/><callChoreography id="z"/></choreography>',
    "conversation": '<collaboration id="c"><participant id="a"/><participant id="b"><participantMultiplicity minimum="2"/>'
    '</participant><conversation id="k"><participantRef>a</participantRef></conversation><subConversation id="k2"/>'
    '<conversationLink id="l" sourceRef="a" targetRef="k"/><messageFlow id="m" sourceRef="a" targetRef="b"/>'
    '<messageFlow sourceRef="a"/></collaboration>',
}
SOUND = {
    "data": '<itemDefinition id="i"/><dataStore id="ds" name="CRM" isUnlimited="false"/>'
    + process(
        '<ioSpecification><dataInput id="di"/><dataOutput id="do"><dataState name="done"/></dataOutput><inputSet/>'
        '<outputSet/></ioSpecification><property id="pp"/><dataObject id="o" isCollection="true"/>'
        '<dataObjectReference id="r" dataObjectRef="o"/><dataStoreReference id="sr" dataStoreRef="ds"/>'
        '<startEvent id="s"/><userTask id="t" implementation="##WebService"><ioSpecification><inputSet/><outputSet/>'
        "</ioSpecification><dataInputAssociation><sourceRef>sr</sourceRef><targetRef>gone</targetRef></dataInputAssociation>"
        '<dataOutputAssociation id="x"><targetRef>r</targetRef><transformation>a</transformation></dataOutputAssociation>'
        '</userTask><endEvent id="e"/>' + flows("s", "t", "e")
    ),
    "lanes": '<collaboration id="c"><participant id="a" name="Pool" processRef="p"/><participant id="black box"/>'
    '<participant id="b" processRef="gone"/><participant id="twice" processRef="p"/></collaboration>'
    + process(
        '<laneSet id="ls"><lane id="l1"><childLaneSet><lane id="l2" name="Inner"><flowNodeRef>s</flowNodeRef>'
        "<flowNodeRef>gone</flowNodeRef><partitionElement/></lane><lane/></childLaneSet></lane></laneSet>"
        f'<laneSet><lane id="l3"><flowNodeRef>e</flowNodeRef></lane></laneSet>{STEPS}'
    ),
    "di": process(STEPS)
    + '<di:BPMNDiagram><di:BPMNPlane bpmnElement="p"><di:BPMNShape bpmnElement="s"/><di:BPMNShape bpmnElement="gone">'
    '<dc:Bounds x="nan" y="" width="wide" height="-5"/></di:BPMNShape><di:BPMNEdge bpmnElement="f1"/><di:BPMNEdge>'
    '<dd:waypoint x="1"/></di:BPMNEdge></di:BPMNPlane><di:BPMNLabelStyle/></di:BPMNDiagram><di:BPMNDiagram/>',
    "extensions": process(
        f'{extension("<signavio:meta/>").replace("b:", "")}<startEvent id="s" other:form="x"><extensionElements/>'
        '</startEvent><task id="t" startQuantity="1" completionQuantity="1" isForCompensation="false" other:x="1">'
        '<extensionElements><signavio:signavioMetaData metaKey="bg"/><plain xmlns="http://example.org/x"/>'
        '</extensionElements></task><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="t" isImmediate="true"/>'
        '<sequenceFlow id="f2" sourceRef="t" targetRef="e" name="" isImmediate="false"/>'
    ),
    "artifacts": '<category id="cat"><categoryValue id="cv"/></category><import importType="x" location="y" namespace="z"/>'
    '<interface id="if" name="I"><operation id="op" name="O"/></interface><resource id="res" name="R"/>'
    '<globalUserTask id="gu"/>'
    + process(
        f'{STEPS}<group id="g" categoryValueRef="cv"/><textAnnotation id="n"><text>Note</text></textAnnotation>'
        '<textAnnotation id="n2"/><association id="a1" sourceRef="t" targetRef="n"/>'
        '<association id="a2" sourceRef="n" targetRef="gone"/><auditing/><monitoring/>'
    ),
    "message flows": '<collaboration id="c"><participant id="a" processRef="p"/><messageFlow id="m1" sourceRef="a" '
    'targetRef="a"/><messageFlow id="m2" sourceRef="t" targetRef="t"/><messageFlow id="m3" sourceRef="gone"/>'
    f'</collaboration><collaboration id="c2"/>{process(STEPS)}',
    "comments": f"<!-- a -->{process(f'<!-- b --><?pi x?>{STEPS}<documentation><![CDATA[<b>]]></documentation>')}",
    "templates": process(
        '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>'
        '<serviceTask id="t" zeebe:modelerTemplate="mail" zeebe:modelerTemplateVersion="2" zeebe:modelerTemplateIcon="data:">'
        '<extensionElements><zeebe:taskDefinition type="mail:1" retries="3"/><zeebe:ioMapping><zeebe:input source="plain" '
        'target="data.kind"/></zeebe:ioMapping><zeebe:taskHeaders><zeebe:header key="resultExpression" value="={a: 1}"/>'
        '</zeebe:taskHeaders></extensionElements></serviceTask><callActivity id="ca"><extensionElements>'
        '<zeebe:calledElement processId="=&quot;q&quot;"/></extensionElements></callActivity><endEvent id="e"/>'
        + flows("s", "t", "ca", "e")
    )
    + '<process id="q" isExecutable="%s"><startEvent id="qs"/><endEvent id="qe"/><sequenceFlow id="qf" sourceRef="qs" '
    'targetRef="qe"/></process><message id="m" name="begin"/>',
    "embedded form": process(
        '<extensionElements><zeebe:userTaskForm id="form_1">{"components": [], "type": "default", "schemaVersion": 2}'
        '</zeebe:userTaskForm></extensionElements><startEvent id="s"/><userTask id="t"><extensionElements>'
        '<zeebe:formDefinition formKey="camunda-forms:bpmn:form_1"/></extensionElements></userTask><endEvent id="e"/>'
        + flows("s", "t", "e")
    ),
}
REFUSED = {
    "complex gateway": (process(f'{STEPS}<complexGateway id="odd"><activationCondition/></complexGateway>'), "odd"),
    "transaction": (process(f'{STEPS}<transaction id="odd" method="##Compensate"><startEvent id="x"/></transaction>'), "odd"),
    "cancel": (process(f'{STEPS}<boundaryEvent id="odd" attachedToRef="t"><cancelEventDefinition/></boundaryEvent>'), "odd"),
    "several triggers": (
        process(f'{STEPS}<startEvent id="odd"><messageEventDefinition/><timerEventDefinition/></startEvent>'),
        "odd",
    ),
    "shared trigger": (process(f'{STEPS}<endEvent id="odd"><eventDefinitionRef>x</eventDefinitionRef></endEvent>'), "odd"),
    "empty trigger": (process(f'{STEPS}<intermediateCatchEvent id="odd"><timerEventDefinition/></intermediateCatchEvent>'), "odd"),
    "implicit throw": (process(f'{STEPS}<implicitThrowEvent id="odd"/>'), "odd"),
    "loop": (process(STEPS.replace('name="T"/>', '><standardLoopCharacteristics testBefore="false"/></task>')), "t"),
    "bare multi-instance": (process(STEPS.replace('name="T"/>', "><multiInstanceLoopCharacteristics/></task>")), "t"),
    "performer": (process(STEPS.replace('name="T"/>', '><performer id="x"><resourceRef>r</resourceRef></performer></task>')), "t"),
    "another engine": (process(STEPS.replace('name="T"/>', 'camunda:class="X"/>')), "t"),
    "another language": (
        process(f'{STEPS}<sequenceFlow id="odd" sourceRef="t" targetRef="e"><conditionExpression>${{x}}</conditionExpression></sequenceFlow>'),
        "odd",
    ),
    "empty subprocess": (process(f'{STEPS}<subProcess id="odd"/>'), "odd"),
    "nowhere": (process(f'{STEPS}<sequenceFlow id="odd" sourceRef="t"/>'), "odd"),
    "no ids": (process(f'{STEPS}<task name="Nameless"/><sequenceFlow/><exclusiveGateway/><boundaryEvent/><textAnnotation/>'), None),
    "same ids": (process(f'{STEPS}<task id="t"/>') + process(STEPS), "t"),
    "stray boundary": (process(f'{STEPS}<boundaryEvent id="odd" attachedToRef="gone"/><task id="x"/>{flows("odd", "x")}'), "odd"),
    "a function as a time": (
        process(f'{STEPS}<intermediateCatchEvent id="odd"><timerEventDefinition><timeDuration>=number</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"),
        "odd",
    ),
    "nothing": (process(""), "p"),
}  # fmt: skip


def written(tmp_path: Path, inner: str, executable: bool) -> Path:
    file = tmp_path / "x.bpmn"
    file.write_text(f"{OPEN}{inner.replace('%s', str(executable).lower())}</definitions>", "utf-8")
    return file


def everything(file: Path) -> None:
    """What may be done with a file that nobody looked at before."""
    content = file.read_bytes()
    assert b'bpmnElement=""' not in layout(layout(content))
    report = check_file(file)
    assert all(f.zh.strip() and f.en.strip() for f in report.findings)
    for language in ("zh", "en"):
        assert list(describe(report, "x.bpmn", language)) or report.pack.processes
    pack = load_pack({"pack.toml": b'name = "x"\ntitle = "x"\nentry = "p"\n', "x.bpmn": content}, "x")
    check(pack)


@pytest.mark.parametrize("executable", [True, False])
@pytest.mark.parametrize("name", [*SOUND, *REFUSED, *PICTURES])
def test_nothing_crashes(tmp_path: Path, name: str, executable: bool) -> None:
    inner = SOUND.get(name) or PICTURES.get(name) or REFUSED[name][0]
    everything(written(tmp_path, inner, executable))


@pytest.mark.parametrize("name", SOUND)
def test_what_has_no_meaning_for_execution_is_left_alone(tmp_path: Path, name: str) -> None:
    report = check_file(written(tmp_path, SOUND[name], True))
    assert [f.en for f in report.findings if f.severity == "error"] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_run_is_refused_by_name(tmp_path: Path, name: str) -> None:
    inner, element = REFUSED[name]
    found = {f.element for f in check_file(written(tmp_path, inner, True)).findings if f.severity == "error"}
    assert element in found
    assert name in ("no ids", "same ids") or check_file(written(tmp_path, inner, False)).ok


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_without_a_process_is_no_error(tmp_path: Path, name: str) -> None:
    """It may lie in a pack beside the diagrams that run."""
    (finding,) = check_file(written(tmp_path, PICTURES[name], True)).findings
    assert finding.severity == "warning"
    assert "draw a process" in finding.en


def test_what_has_no_id_is_named_by_its_kind_name_and_line(tmp_path: Path) -> None:
    texts = [f.en for f in check_file(written(tmp_path, REFUSED["no ids"][0], True)).findings]
    assert any("task “Nameless” in line 1 is missing" in text for text in texts), texts


@pytest.mark.parametrize("content", [b"", b"<x", b"<html/>", b'<Package xmlns="http://www.wfmc.org/2008/XPDL2.1"/>'])
def test_what_is_no_diagram_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.bpmn").write_bytes(content)
    assert not check_file(tmp_path / "x.bpmn").ok
    with pytest.raises(EngineError):
        layout(content)


def test_other_encodings_are_read(tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>{OPEN}{process(STEPS)}</definitions>'.replace("%s", "true")
    (tmp_path / "x.bpmn").write_bytes(text.replace('"T"', '"Prüfen"').encode("latin-1"))
    assert check_file(tmp_path / "x.bpmn").pack.processes["p"].elements["t"].name == "Prüfen"
    (tmp_path / "x.bpmn").write_bytes(b"\xef\xbb\xbf" + text.replace("ISO-8859-1", "UTF-8").encode())
    assert check_file(tmp_path / "x.bpmn").ok
