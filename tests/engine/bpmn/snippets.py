"""A smallest diagram as text, for trying out one construct at a time."""

from __future__ import annotations

from engine.runtime.model import Finding, Process
from engine.runtime.reader import Reader

HEAD = (
    '<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="http://example.org/test">'
)


def diagram(
    inner: str = "", roots: str = "", process: str = "", task: str = "userTask", attributes: str = "", more: str = ""
) -> bytes:
    """begin → work → done; ``inner`` goes into the task ``work``, ``more`` beside it, ``roots`` before the process."""
    return (
        f'{HEAD}{roots}<b:process id="process" isExecutable="true">{process}<b:startEvent id="begin"/>'
        f'<b:{task} id="work" name="Work" {attributes}>{inner}</b:{task}><b:endEvent id="done"/>'
        '<b:sequenceFlow id="f1" sourceRef="begin" targetRef="work"/>'
        f'<b:sequenceFlow id="f2" sourceRef="work" targetRef="done"/>{more}</b:process></b:definitions>'
    ).encode()


def extension(text: str) -> str:
    return f"<b:extensionElements>{text}</b:extensionElements>"


def read(content: bytes) -> tuple[Process, list[Finding]]:
    """The first process of a file, and what the reader has to say about it."""
    reader = Reader(content, "test.bpmn")
    return reader.processes[0], reader.findings


def errors(content: bytes) -> list[tuple[str | None, str]]:
    """(element, message) of every error."""
    return [(f.element, f.en) for f in Reader(content, "test.bpmn").findings if f.severity == "error"]
