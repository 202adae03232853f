"""A smallest process pack as text: received → work → step → closed, to try out one thing at a time."""

from __future__ import annotations

import json
from typing import Any

from tests.office import Office

SPACES = (
    'xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'targetNamespace="http://example.org/small"'
)
MANIFEST = """name = "small"
title = "小流程"
entry = "main"
calendar = "calendar"
personal = ["complainant", "contact"]
[numbering]
pattern = "SM-{year}-{seq:04d}"
[groups]
"前台" = { title = "前台" }
"仓库" = { title = "仓库" }
[messages]
withdraw = "撤诉"
"""
STEP = '<b:manualTask id="step" name="下一步"/>'
INTAKE = {
    "channel": "热线", "complainant": "王小明", "contact": "13900000001", "matter": "货到了但是少一件", "category": "配送",
}  # fmt: skip


def extension(*inner: str) -> str:
    return f"<b:extensionElements>{''.join(inner)}</b:extensionElements>"


def service(topic: str, _element: str = "serviceTask", /, **inputs: str) -> str:
    """A service task ``step``; inputs are FEEL without the equals sign."""
    mapped = "".join(f'<zeebe:input source="={_quoted(v)}" target="{k.rstrip("_")}"/>' for k, v in inputs.items())
    inner = extension(f'<zeebe:taskDefinition type="{topic}"/><zeebe:ioMapping>{mapped}</zeebe:ioMapping>')
    return f'<b:{_element} id="step" name="下一步">{inner}</b:{_element}>'


def user_task(task_id: str, *inner: str, group: str = "前台", more: str = "") -> str:
    given = (
        f'<zeebe:userTask/><zeebe:formDefinition formId="{task_id}"/>'
        f'<zeebe:assignmentDefinition candidateGroups="{group}" {more}/>'
    )
    return f'<b:userTask id="{task_id}" name="{task_id}">{extension(given, *inner)}</b:userTask>'


def flow(source: str, target: str) -> str:
    return f'<b:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'


def diagram(step: str = STEP, work: str = "", more: str = "", roots: str = "", process: str = "main") -> bytes:
    start = extension('<zeebe:formDefinition formId="intake"/>')
    return (
        f'<b:definitions {SPACES}>{roots}<b:process id="{process}" name="小流程" isExecutable="true">'
        f'<b:startEvent id="received" name="收到">{start}</b:startEvent>{work or user_task("work")}{step}'
        f'<b:endEvent id="closed" name="办结"/>{flow("received", "work")}{flow("work", "step")}'
        f"{flow('step', 'closed')}{more}</b:process></b:definitions>"
    ).encode()


def form(form_id: str, *keys: str, required: tuple[str, ...] = ()) -> bytes:
    fields = [
        {"type": "textfield", "id": f"{form_id}_{k}", "key": k, "label": k, "validate": {"required": k in required}}
        for k in keys
    ]
    return json.dumps({"type": "default", "id": form_id, "schemaVersion": 18, "components": fields}).encode()


def files(step: str = STEP, **parts: Any) -> dict[str, bytes]:
    """The files of the pack; ``parts`` go to :func:`diagram`."""
    return {
        "pack.toml": MANIFEST.encode(),
        "main.bpmn": diagram(step, **parts),
        "forms/intake.form": form("intake", *INTAKE, required=("matter",)),
        "forms/work.form": form("work", "note", "category"),
        "letters/greeting.md": "# 关于 {{ complaint.number }}\n\n{{ complaint.complainant }}：{{ note }}\n".encode(),
    }


def deploy(office: Office, given: dict[str, bytes]) -> Any:
    from engine import SYSTEM

    return office.engine.deployments.deploy_files(SYSTEM, given, name="small")


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
