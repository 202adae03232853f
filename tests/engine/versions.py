"""A pack whose called process, decision, form and letter say which version they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine import SYSTEM
from engine.models import ProcessInstance
from engine.runtime import state
from engine.scenarios import member
from engine.types import TaskDetail
from tests import small
from tests.office import Office

CLERK = member("small", "前台")
OWN = 'bindingType="deployment"'
TAGGED = 'bindingType="versionTag" versionTag="{}"'

DECISION = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x"
xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><decision id="rating" name="rating"><extensionElements>
<zeebe:versionTag value="{tag}"/></extensionElements><variable name="rating"/>
<literalExpression><text>"{value}"</text></literalExpression></decision></definitions>"""


def child(name: str, *, tag: str = "", task: str = "check", inner: str = "", binding: str = OWN) -> bytes:
    """A called process with one task, labelled ``name``."""
    tagged = small.extension(f'<zeebe:versionTag value="{tag}"/>') if tag else ""
    given = small.extension(
        f'<zeebe:userTask/><zeebe:formDefinition formId="check" {binding}/>'
        '<zeebe:assignmentDefinition candidateGroups="前台"/>'
    )
    return (
        f'<b:definitions {small.SPACES}><b:process id="child" name="{name}" isExecutable="true">{tagged}'
        f'<b:startEvent id="in"/><b:userTask id="{task}" name="{name}">{given}</b:userTask>{inner}'
        f'<b:endEvent id="out"/>{small.flow("in", task)}{small.flow(task, "out")}</b:process></b:definitions>'
    ).encode()


def call(binding: str, step: str = "step", process: str = "child") -> str:
    held = small.extension(f'<zeebe:calledElement processId="{process}" {binding}/>')
    return f'<b:callActivity id="{step}" name="下一步">{held}</b:callActivity>'


def rule(binding: str) -> str:
    held = small.extension(f'<zeebe:calledDecision decisionId="rating" resultVariable="rating" {binding}/>')
    return f'<b:businessRuleTask id="step" name="评级">{held}</b:businessRuleTask>'


def tagged_form(*keys: str, tag: str = "") -> bytes:
    return json.dumps(json.loads(small.form("check", *keys)) | {"versionTag": tag}).encode()


def files(
    step: str, version: int, *, tag: str = "", change: Mapping[str, bytes | None] | None = None
) -> dict[str, bytes]:
    """Version ``version`` of a pack whose child process, decision, form and letter say which they are."""
    given: dict[str, bytes | None] = small.files(step) | {
        "child.bpmn": child(f"核对{version}", tag=tag),
        "rating.dmn": DECISION.format(value=f"v{version}", tag=tag).encode(),
        "forms/check.form": tagged_form(f"field{version}", tag=tag),
        "letters/greeting.md": f"# 第 {version} 版\n".encode(),
    }
    return {path: content for path, content in (given | dict(change or {})).items() if content is not None}


def begin(house: Office) -> str:
    """A running complaint, at its first task."""
    return str(house.engine.complaints.file(SYSTEM, "small", small.INTAKE).instance_id)


def go_on(house: Office, instance_id: str, element: str = "work", **values: Any) -> None:
    house.engine.tasks.complete(CLERK, house.task(instance_id, element).id, values)


def detail(house: Office, instance_id: str, element: str = "check") -> TaskDetail:
    return house.engine.tasks.get(CLERK, house.task(instance_id, element).id)


def variables(house: Office, instance_id: str) -> dict[str, Any]:
    with house.store.read() as session:
        return state.variables(session.get_one(ProcessInstance, instance_id).data)


def fields(task: TaskDetail) -> list[str]:
    return [f.key for f in task.form.fields]
