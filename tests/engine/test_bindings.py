"""Which version of a called process, decision or form a running complaint takes, while new versions are deployed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from engine import SYSTEM, history
from engine.errors import ExecutionError
from engine.models import DeployedDefinition, HistoryEvent, Incident, ProcessInstance, UserTask
from engine.packs import load_pack
from engine.scenarios import member
from tests import small
from tests.engine.versions import CLERK, OWN, TAGGED, begin, call, child, detail, fields, files, go_on, rule, variables
from tests.office import Office, manager

# -- called processes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("binding", "version"), [("", 2), ('bindingType="latest"', 2), (OWN, 1), (TAGGED.format("old"), 1)]
)
def test_a_running_complaint_calls_the_version_its_binding_asks_for(house: Office, binding: str, version: int) -> None:
    small.deploy(house, files(call(binding), 1, tag="old"))
    running = begin(house)
    small.deploy(house, files(call(binding), 2))
    go_on(house, running)
    task = detail(house, running)
    assert task.row.name.zh == f"核对{version}"
    assert fields(task) == [f"field{version}"]
    go_on(house, running, "check", **{f"field{version}": "x"})
    assert variables(house, running)[f"field{version}"] == "x"
    assert house.engine.instances.get(manager("small"), running).state == "completed"


def test_what_was_entered_stays_in_its_version(house: Office) -> None:
    """Binding takes place when the element is entered, not later."""
    small.deploy(house, files(call(""), 1))
    running = begin(house)
    go_on(house, running)
    small.deploy(house, files(call(""), 2, change={"child.bpmn": child("改名", task="other")}))
    assert detail(house, running).row.name.zh == "核对1"
    go_on(house, running, "check", field1="x")


def test_the_scope_remembers_where_it_comes_from_and_nothing_else_does(house: Office) -> None:
    first = small.deploy(house, files(call(""), 1))
    running, early = begin(house), begin(house)
    go_on(house, early)
    second = small.deploy(house, files(call(""), 2))
    go_on(house, running)
    with house.store.read() as session:
        tasks = session.scalars(select(UserTask).where(UserTask.element_id == "check")).all()
        assert {t.instance_id: t.deployment_id for t in tasks} == {
            early: first.deployment_id,
            running: second.deployment_id,
        }
        assert {session.get_one(ProcessInstance, i).deployment_id for i in (early, running)} == {first.deployment_id}
        sizes = {i: len(session.get_one(ProcessInstance, i).data) for i in (early, running)}
    assert sizes[early] + 20 < sizes[running] < sizes[early] + 120


def test_calls_inside_a_called_process_bind_from_there(house: Office) -> None:
    """``deployment`` inside version 2 is version 2; ``latest`` may be newer still, and a tag may lead back."""
    inner = {"inner.bpmn": child("里面1", tag="old").replace(b'id="child"', b'id="inner"')}
    outer = small.diagram(
        call(OWN, process="inner"), work='<b:manualTask id="work"/>', process="child"
    ).replace(b'<zeebe:formDefinition formId="intake"/>', b"")  # fmt: skip
    for binding, expected in ((OWN, "里面2"), ("", "里面3"), (TAGGED.format("old"), "里面1")):
        middle = outer.replace(OWN.encode(), binding.encode())
        small.deploy(house, files(call(""), 1, change={**inner, "child.bpmn": outer}))
        running = begin(house)
        second = {"inner.bpmn": child("里面2").replace(b'id="child"', b'id="inner"')}
        waits = small.user_task("hold")
        held = middle.replace(b'<b:manualTask id="work"/>', waits.replace('id="hold"', 'id="work"').encode())
        form = {"forms/hold.form": small.form("hold", "note")}
        small.deploy(house, files(call(""), 2, change={**second, **form, "child.bpmn": held}))
        go_on(house, running)
        third = {"inner.bpmn": child("里面3").replace(b'id="child"', b'id="inner"')}
        small.deploy(house, files(call(""), 3, change={**third, **form, "child.bpmn": held}))
        go_on(house, running)
        assert detail(house, running).row.name.zh == expected, binding
        go_on(house, running, "check")
        assert house.engine.instances.get(manager("small"), running).state == "completed"


def test_a_process_that_the_newest_version_dropped_is_taken_from_the_newest_that_has_it(house: Office) -> None:
    small.deploy(house, files(call(""), 1))
    running = begin(house)
    small.deploy(house, files(call(""), 2))
    small.deploy(house, files(small.STEP, 3, change={"child.bpmn": None, "forms/check.form": None}))
    go_on(house, running)
    assert detail(house, running).row.name.zh == "核对2"


def test_embedded_subprocesses_of_a_called_process_survive_saving(house: Office) -> None:
    inside = (
        f'<b:subProcess id="box" name="里面"><b:startEvent id="b1"/>{small.user_task("deep")}<b:endEvent id="b2"/>'
        f"{small.flow('b1', 'deep')}{small.flow('deep', 'b2')}</b:subProcess>"
    )
    deeper = (
        f'<b:definitions {small.SPACES}><b:process id="child" isExecutable="true"><b:startEvent id="in"/>{inside}'
        f'<b:endEvent id="out"/>{small.flow("in", "box")}{small.flow("box", "out")}</b:process></b:definitions>'
    ).encode()
    small.deploy(house, files(call(""), 1))
    running = begin(house)
    form = {"forms/deep.form": small.form("deep", "note")}
    small.deploy(house, files(call(""), 2, change={"child.bpmn": deeper, **form}))
    go_on(house, running)
    go_on(house, running, "deep", note="gut")
    assert variables(house, running)["note"] == "gut"


# -- decisions, forms, letters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("binding", "value"), [("", "v2"), (OWN, "v1"), (TAGGED.format("old"), "v1")])
def test_decisions(house: Office, binding: str, value: str) -> None:
    small.deploy(house, files(rule(binding), 1, tag="old"))
    running = begin(house)
    second = small.deploy(house, files(rule(binding), 2))
    go_on(house, running)
    assert variables(house, running)["rating"] == value
    with house.store.read() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.type == "decision_evaluated")).one()
    assert event.payload is not None
    assert event.payload.get("deployment_id") == (second.deployment_id if value == "v2" else None)


@pytest.mark.parametrize(
    ("binding", "version"), [("", 2), (OWN, 1), (TAGGED.format("old"), 1), (TAGGED.format("=note"), 1)]
)
def test_forms(house: Office, binding: str, version: int) -> None:
    """The task belongs to its process; its form may be of another version, for showing and for validating."""
    step = child("x", binding=binding).decode().split("<b:userTask")[1].split("</b:userTask>")[0]
    step = f"<b:userTask{step}</b:userTask>".replace('id="check"', 'id="step"')
    first = small.deploy(house, files(step, 1, tag="old"))
    running = begin(house)
    second = small.deploy(house, files(step, 2))
    go_on(house, running, note="old")
    task = detail(house, running, "step")
    assert fields(task) == [f"field{version}"]
    assert task.deployment_id == first.deployment_id
    assert task.form_deployment_id == (second if version == 2 else first).deployment_id
    house.engine.tasks.save_draft(CLERK, task.row.id, {f"field{version}": "halb"})
    assert detail(house, running, "step").draft == {f"field{version}": "halb"}
    go_on(house, running, "step", **{f"field{version}": "x"})
    assert variables(house, running)[f"field{version}"] == "x"


def test_personal_fields_of_the_newer_form_are_sealed_too(house: Office) -> None:
    changed = small.MANIFEST.replace('"contact"]', '"contact", "phone"]').encode()
    small.deploy(house, files(call(""), 1))
    running = begin(house)
    change = {"pack.toml": changed, "forms/check.form": small.form("check", "phone")}
    small.deploy(house, files(call(""), 2, change=change))
    go_on(house, running)
    house.engine.tasks.save_draft(CLERK, house.task(running, "check").id, {"phone": "13900000009"})
    with house.store.read() as session:
        draft = session.get_one(UserTask, house.task(running, "check").id).draft
    assert "13900000009" not in json.dumps(draft)
    go_on(house, running, "check", phone="13900000009")
    assert "phone" not in variables(house, running)


def test_letters_groups_and_calendar_of_a_called_process_are_its_own(house: Office) -> None:
    def sending(version: int) -> bytes:
        letter = small.service("notify", letter='"greeting"', to='"complainant"').replace('id="step"', 'id="send"')
        whole = child(f"核对{version}").decode().replace(small.flow("check", "out"), "")
        more = letter + small.flow("check", "send") + small.flow("send", "out")
        return whole.replace("</b:process>", f"{more}</b:process>").replace('"前台"', f'"组{version}"').encode()

    def manifest(version: int) -> bytes:
        more = f'"组{version}" = {{ title = "组" }}\n[messages]'
        return small.MANIFEST.replace("[messages]", more).encode()

    def version(number: int) -> dict[str, bytes]:
        change = {"child.bpmn": sending(number), "pack.toml": manifest(number)}
        return files(call(""), number, change=change)

    small.deploy(house, version(1))
    running = begin(house)
    small.deploy(house, version(2))
    go_on(house, running)
    house.engine.tasks.complete(member("small", "组2"), house.task(running, "check").id, {"field2": "x"})
    with house.store.read() as session:
        sent = session.scalars(select(HistoryEvent).where(HistoryEvent.type == "letter_sent")).one()
    assert sent.payload is not None
    assert sent.payload["subject"] == "第 2 版"


# -- what people see ------------------------------------------------------------------------------------------------------


def test_names_and_diagrams_are_those_of_the_version_called(house: Office) -> None:
    first = small.deploy(house, files(call(""), 1))
    running = begin(house)
    second = small.deploy(house, files(call(""), 2))
    go_on(house, running)
    task = house.task(running, "check")
    house.engine.tasks.claim(CLERK, task.id)
    go_on(house, running, "check", field2="x")
    shown = house.engine.instances.get(manager("small"), running)
    assert [(p, n.zh, d) for p, n, d in shown.diagrams] == [
        ("main", "小流程", first.deployment_id),
        ("child", "核对2", second.deployment_id),
    ]
    assert next(e.name.zh for e in shown.elements if e.element_id == "check") == "核对2"
    rows = {r.type: r for r in house.engine.instances.history(manager("small"), running) if r.element_id == "check"}
    assert {r.element_name.zh for r in rows.values() if r.element_name} == {"核对2"}
    assert {r.deployment_id for r in rows.values()} == {second.deployment_id}
    assert {"task_claimed", "task_completed"} <= rows.keys()
    with house.store.read() as session:
        assert history.verify(session) == []


def test_an_instance_that_keeps_its_version_names_no_other(house: Office) -> None:
    small.deploy(house, files(call(OWN), 1))
    running = begin(house)
    small.deploy(house, files(call(OWN), 2))
    go_on(house, running)
    go_on(house, running, "check", field1="x")
    with house.store.read() as session:
        assert not session.scalars(select(HistoryEvent).where(HistoryEvent.deployment_id.is_not(None))).all()


# -- when there is nothing to take ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["gone", "=t"])
@pytest.mark.parametrize(
    ("step", "what"),
    [(call(TAGGED), "process “child”"), (rule(TAGGED), "decision “rating”")],
)
def test_a_tag_nobody_carries_is_an_incident_with_a_way_out(house: Office, step: str, what: str, tag: str) -> None:
    small.deploy(house, files(step.format(tag), 1, tag="old"))
    running = begin(house)
    before = variables(house, running)
    with pytest.raises(ExecutionError) as caught:
        go_on(house, running)
    assert what in str(caught.value.text("en"))
    assert ("“gone”" if tag == "gone" else "“null”") in caught.value.text("en")
    assert "Deploy a version with this tag" in caught.value.text("en")
    with house.store.read() as session:
        incident = session.scalars(select(Incident)).one()
    assert (incident.element_id, incident.instance_id) == ("step", running)
    assert variables(house, running) == before
    if tag == "gone":
        small.deploy(house, files(step.format(tag), 2, tag="gone"))
        go_on(house, running)


def test_the_newest_of_two_versions_with_the_same_tag_is_taken(house: Office) -> None:
    small.deploy(house, files(rule(TAGGED.format("t")), 1, tag="t"))
    running = begin(house)
    small.deploy(house, files(rule(TAGGED.format("t")), 2, tag="t"))
    small.deploy(house, files(rule(TAGGED.format("t")), 3))
    go_on(house, running)
    assert variables(house, running)["rating"] == "v2"


def test_packs_do_not_lend_each_other_versions(house: Office) -> None:
    small.deploy(house, files(rule(TAGGED.format("t")), 1, tag="t"))
    running = begin(house)
    for version in (2, 3):
        other = files(rule(""), version, tag="t")
        other["pack.toml"] = other["pack.toml"].replace(b'"small"', b'"other"')
        house.engine.deployments.deploy_files(SYSTEM, other, name="other")
    go_on(house, running)
    assert variables(house, running)["rating"] == "v1"


# -- what it costs --------------------------------------------------------------------------------------------------------


def statements(house: Office, step: str) -> int:
    small.deploy(house, files(step, 1, tag="t"))
    running = begin(house)
    small.deploy(house, files(step, 2))
    task = house.task(running, "work").id
    with house.store.count_statements() as seen:
        house.engine.tasks.complete(CLERK, task, {})
    return int(seen.count)


def test_binding_to_the_deployment_costs_nothing_and_the_others_one_query(house: Office) -> None:
    own = statements(house, call(OWN))
    assert statements(house, call("")) == own + 1
    assert statements(house, call(TAGGED.format("t"))) == own + 1
    assert own <= 12


def test_every_definition_of_a_deployment_can_be_looked_up(house: Office) -> None:
    deployed = small.deploy(house, files(call(OWN), 1, tag="t"))
    pack = load_pack(files(call(OWN), 1, tag="t"), "small")
    with house.store.read() as session:
        rows = session.scalars(
            select(DeployedDefinition).where(DeployedDefinition.deployment_id == deployed.deployment_id)
        )
        assert {(r.kind, r.name, r.version_tag) for r in rows} == set(pack.bindable())
    assert ("form", "check", "t") in set(pack.bindable())
    assert ("decision", "rating", "t") in set(pack.bindable())
