"""A small sound pack, to be spoilt in one place at a time, and what the check then finds."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.check import Report, check
from engine.packs import load_pack

SPACES = (
    'xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'targetNamespace="http://example.org/test"'
)
MANIFEST = """
name = "office"
title = "投诉室"
entry = "complaint"
calendar = "working"
[groups]
"受理" = { title = "受理", kind = "staff" }
[messages]
withdraw = "撤诉"
[[assumptions]]
clause = "R1"
name = "limits"
value = "P1D"
note = "原文空缺"
"""
DECISION = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
<decision id="rating" name="rating"><literalExpression><text>1</text></literalExpression></decision></definitions>"""


def ext(text: str) -> str:
    return f"<b:extensionElements>{text}</b:extensionElements>"


def pack_files(
    work: str = "", more: str = "", roots: str = "", task: str = "userTask", attributes: str = "", lane: str = "受理"
) -> dict[str, bytes]:
    """A small sound pack; ``work`` replaces what the task in the middle contains."""
    inner = work or ext('<zeebe:userTask/><zeebe:formDefinition formId="work" bindingType="deployment"/>')
    bpmn = f"""<b:definitions {SPACES}>{roots}<b:process id="complaint" isExecutable="true">
<b:laneSet id="lanes"><b:lane id="lane" name="{lane}"><b:flowNodeRef>work</b:flowNodeRef></b:lane></b:laneSet>
<b:startEvent id="begin"/><b:{task} id="work" name="办理" {attributes}>{inner}</b:{task}><b:endEvent id="done"/>
<b:sequenceFlow id="f1" sourceRef="begin" targetRef="work"/><b:sequenceFlow id="f2" sourceRef="work" targetRef="done"/>
{more}</b:process></b:definitions>"""
    form = {
        "type": "default",
        "id": "work",
        "components": [{"type": "textfield", "key": "note", "id": "n", "label": "x"}],
    }
    return {
        "pack.toml": MANIFEST.encode(),
        "office.bpmn": bpmn.encode(),
        "rating.dmn": DECISION.encode(),
        "forms/work.form": json.dumps(form).encode(),
        "letters/hello.md": "# 您好\n{{ complaint.number }}".encode(),
        "policy.tsv": "id\tclause\trule_zh\trule_en\tfigure\tcarry\thow\nR1\t1\t规则\trule\t\t\tprompted\n".encode(),
    }


def checked(files: Mapping[str, bytes]) -> Report:
    return check(load_pack(files))


def found(files: Mapping[str, bytes], severity: str = "error") -> list[tuple[str, str | None, str]]:
    return [(f.file, f.element, f.en) for f in checked(files).findings if f.severity == severity]


def job(topic: str, *inputs: tuple[str, str], task: str = "serviceTask") -> dict[str, bytes]:
    io = "".join(f'<zeebe:input source="{s}" target="{t}"/>' for s, t in inputs)
    return pack_files(ext(f'<zeebe:taskDefinition type="{topic}"/><zeebe:ioMapping>{io}</zeebe:ioMapping>'), task=task)


def boundary(definition: str) -> str:
    return (
        f'<b:boundaryEvent id="event" attachedToRef="work" cancelActivity="false">{definition}</b:boundaryEvent>'
        '<b:task id="a"/><b:sequenceFlow id="fa" sourceRef="event" targetRef="a"/>'
    )


def message(name: str, key: str) -> str:
    held = ext(f'<zeebe:subscription correlationKey="{key}"/>') if key else ""
    return f'<b:message id="m" name="{name}">{held}</b:message>'


CATCHES = '<b:messageEventDefinition messageRef="m"/>'


GATEWAY = (
    '<b:{0}Gateway id="gate" name="去向" {1}/><b:task id="a"/><b:task id="b"/>'
    '<b:sequenceFlow id="g0" sourceRef="work" targetRef="gate"/>'
)
TO_A = '<b:sequenceFlow id="ga" sourceRef="gate" targetRef="a">{}</b:sequenceFlow>'
TO_B = '<b:sequenceFlow id="gb" sourceRef="gate" targetRef="b">{}</b:sequenceFlow>'
YES = "<b:conditionExpression>=note = 1</b:conditionExpression>"
