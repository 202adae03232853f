"""Forms that stand in the diagram itself."""

from __future__ import annotations

from tests import small
from tests.engine.checks.office import found
from tests.engine.versions import begin, detail, fields, go_on, variables
from tests.office import Office


def embedded(form: str, form_id: str = "own") -> dict[str, bytes]:
    """The pack with a job-based user task whose form stands in the diagram, as Camunda's modelers wrote it up to 8.5."""
    task = small.extension(
        f'<zeebe:formDefinition formKey="camunda-forms:bpmn:{form_id}"/>'
        '<zeebe:assignmentDefinition candidateGroups="前台"/>'
    )
    whole = small.files(f'<b:userTask id="step" name="下一步">{task}</b:userTask>')
    held = small.extension(f'<zeebe:userTaskForm id="{form_id}">{form}</zeebe:userTaskForm>')
    start = b'isExecutable="true">'
    return {**whole, "main.bpmn": whole["main.bpmn"].replace(start, start + held.encode())}


def test_an_embedded_form_is_a_form_of_the_pack(house: Office) -> None:
    small.deploy(house, embedded(small.form("own", "note2").decode()))
    running = begin(house)
    small.deploy(house, embedded(small.form("own", "note3").decode()))
    go_on(house, running)
    assert fields(detail(house, running, "step")) == ["note2"]
    go_on(house, running, "step", note2="x")
    assert variables(house, running)["note2"] == "x"


def test_embedded_forms_are_checked() -> None:
    assert "JSON" in _first(embedded("{"))
    assert "form id intake also stands in" in _first(embedded(small.form("own", "x").decode(), "intake"))
    lost = embedded(small.form("own", "x").decode())
    lost["main.bpmn"] = lost["main.bpmn"].replace(
        b'formKey="camunda-forms:bpmn:own"', b'formKey="camunda-forms:bpmn:y"'
    )
    assert "forms/y.form does not exist" in _first(lost)


def _first(given: dict[str, bytes]) -> str:
    return found(given)[0][2]
