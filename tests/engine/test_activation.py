"""Starting steps of an open ad-hoc subprocess: what is offered to whom, and what comes of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor, history, load_config
from engine.errors import BadRequest, Conflict, Ended, ExecutionError, Forbidden, NotFound
from engine.models import HistoryEvent, Incident, ProcessInstance
from engine.packs import load_pack
from engine.scenarios import Outcome, member
from engine.types import AdHocElement, AdHocSubprocess, Name, Started
from tests import small
from tests.office import INTAKE, PACKS, Office, manager, run_scenario

DESK, FINANCE, ENGINEER = (member("inquiry", group) for group in ("受理", "财务", "技术"))
MANAGER = manager("inquiry")
REGISTER = {"team": "技术", "departments": ["财务", "技术"]}
ALL = ["check_bill", "visit", "ask", "call_back", "chase", "conclude"]


def holder(role: str) -> Actor:
    return Actor(id=role, roles=frozenset({(role, "inquiry")}))


@pytest.fixture
def office(house: Office) -> Office:
    house.deploy(PACKS / "inquiry")
    return house


@pytest.fixture
def filed(office: Office) -> Started:
    """A complaint whose inquiry is open."""
    return gathering(office)


def gathering(office: Office, **register: Any) -> Started:
    found = office.engine.complaints.file(SYSTEM, "inquiry", {k: INTAKE[k] for k in small.INTAKE if k in INTAKE})
    office.complete(found.instance_id, "register", {**REGISTER, **register}, DESK)
    return found


def offered(office: Office, filed: Started, actor: Actor = MANAGER) -> AdHocSubprocess:
    (found,) = office.engine.activation.options(actor, filed.instance_id)
    return found


def startable(office: Office, filed: Started, actor: Actor) -> list[str]:
    return [e.element_id for e in offered(office, filed, actor).elements if e.may_activate]


def step(office: Office, filed: Started, element_id: str) -> AdHocElement:
    return next(e for e in offered(office, filed).elements if e.element_id == element_id)


def start(office: Office, filed: Started, actor: Actor, *elements: str, **more: Any) -> None:
    task_id = more.pop("task_id", None) or offered(office, filed).task_id
    office.engine.activation.activate(actor, filed.instance_id, task_id, elements, **more)


def open_now(office: Office, filed: Started) -> list[str]:
    return sorted(t.element_id for t in office.open_tasks(filed.instance_id))


def test_what_is_offered_has_names_explanation_and_performers(office: Office, filed: Started) -> None:
    found = offered(office, filed, DESK)
    assert (found.element_id, found.name, found.activations) == ("gather", Name("补充调查", "Further inquiry"), 0)
    assert found.documentation.zh.startswith("需要查清什么")
    assert found.documentation.en.startswith("Start whatever")
    assert [e.element_id for e in found.elements] == ALL
    bill = found.elements[0]
    assert (bill.name, bill.type) == (Name("核对账单", "Check the bill"), "userTask")
    assert bill.documentation.zh.startswith("调出近六个月")
    assert (bill.groups, bill.open, bill.done) == (("inquiry/财务",), 0, 0)


def test_performers_are_those_the_task_would_have(office: Office, filed: Started) -> None:
    """By an input mapping of the task, by the items of a multi-instance task, by the lane; scripts have none."""
    assert step(office, filed, "visit").groups == ("inquiry/技术",)
    assert step(office, filed, "ask").groups == ("inquiry/财务", "inquiry/技术")
    assert step(office, filed, "call_back").groups == ("inquiry/受理",)
    assert step(office, filed, "chase").groups == ()


def test_no_ad_hoc_subprocess_no_options(office: Office, filed: Started) -> None:
    early = office.engine.complaints.file(SYSTEM, "inquiry", {"matter": "还没有登记核对"})
    assert office.engine.activation.options(MANAGER, early.instance_id) == []
    task_id = offered(office, filed).task_id
    with office.store.write() as session:
        session.get_one(ProcessInstance, filed.instance_id).state = "suspended"
    assert office.engine.activation.options(MANAGER, filed.instance_id) == []
    with pytest.raises(Ended, match="suspended"):
        start(office, filed, MANAGER, "visit", task_id=task_id)


def test_steps_are_counted_and_what_was_started_can_be_worked_on(office: Office, filed: Started) -> None:
    start(office, filed, MANAGER, "check_bill", "check_bill", "ask", "chase")
    assert open_now(office, filed) == ["ask", "ask", "check_bill", "check_bill"]
    office.complete(filed.instance_id, "check_bill", {"note": "多收 30 元"})
    assert (step(office, filed, "check_bill").open, step(office, filed, "check_bill").done) == (1, 1)
    assert (step(office, filed, "ask").open, step(office, filed, "ask").done) == (1, 0)
    assert (step(office, filed, "chase").open, step(office, filed, "chase").done) == (0, 1)
    office.complete(filed.instance_id, "check_bill", {"note": "再核一次"})
    assert (step(office, filed, "check_bill").open, step(office, filed, "check_bill").done) == (0, 2)
    assert offered(office, filed).activations == 4


def test_managers_and_process_owners_start_everything(office: Office, filed: Started) -> None:
    for role in ("manager", "process_owner", "administrator"):
        assert startable(office, filed, holder(role)) == ALL
    start(office, filed, holder("process_owner"), "visit")
    assert open_now(office, filed) == ["visit"]


def test_staff_start_what_their_group_would_do_and_what_is_no_user_task(office: Office, filed: Started) -> None:
    assert startable(office, filed, DESK) == ["call_back", "chase", "conclude"]
    start(office, filed, DESK, "call_back", "chase")
    assert open_now(office, filed) == ["call_back"]
    with pytest.raises(Forbidden) as refused:
        start(office, filed, DESK, "call_back", "visit")
    assert "启动“现场查看”" in refused.value.text("zh")
    assert "技术部" in refused.value.text("zh")
    assert "Engineering" in refused.value.text("en")
    assert open_now(office, filed) == ["call_back"]


def test_who_does_not_see_the_complaint_starts_nothing(office: Office, filed: Started) -> None:
    complainant = office.engine.complaints.track(filed.number, filed.access_code)
    for actor in (FINANCE, Actor(id="nobody"), complainant):
        with pytest.raises(Forbidden):
            office.engine.activation.options(actor, filed.instance_id)
        with pytest.raises(Forbidden):
            start(office, filed, actor, "no such step")
    start(office, filed, MANAGER, "check_bill")
    assert startable(office, filed, FINANCE) == ["check_bill", "ask", "chase"]


def test_auditors_look_but_change_nothing(office: Office, filed: Started) -> None:
    assert startable(office, filed, holder("auditor")) == []
    with pytest.raises(Forbidden, match="manager"):
        start(office, filed, holder("auditor"), "chase")


def test_for_an_absent_colleague(office: Office, filed: Started) -> None:
    office.engine.users.create(SYSTEM, "lu", "Lu", groups=("inquiry/技术",))
    start(office, filed, MANAGER, "visit")
    stand_in = Actor(id="mo", groups=frozenset({"inquiry/技术"}), substitutes_for={"lu": "Lu"})
    start(office, filed, stand_in, "visit")
    assert told(office, filed).on_behalf_of == "Lu"


def told(office: Office, filed: Started) -> Any:
    rows = office.engine.instances.history(MANAGER, filed.instance_id)
    return [row for row in rows if row.type == "elements_activated"][-1]


def test_it_stands_in_the_history_in_both_languages(office: Office, filed: Started) -> None:
    start(office, filed, DESK, "call_back", "chase", "call_back", reason=" 客户来电要求 ")
    row = told(office, filed)
    assert (row.actor, row.element_id, row.reason) == (DESK.id, "gather", "客户来电要求")
    assert row.payload == {"elements": ["call_back", "chase", "call_back"]}
    assert row.text == Name(
        "启动“电话回访客户”（2 次）、“记一次催办”", "Started “Call the customer” (2 times), “Note a reminder”"
    )
    with office.store.read() as session:
        assert history.verify(session) == []


def test_the_diagram_shows_the_subprocess_as_active_while_it_is_open(office: Office, filed: Started) -> None:
    def active() -> int:
        elements = office.engine.instances.get(MANAGER, filed.instance_id).elements
        return next(e.active for e in elements if e.element_id == "gather")

    assert active() == 1
    start(office, filed, MANAGER, "conclude")
    office.complete(filed.instance_id, "conclude", {"concluded": True})
    assert active() == 0


def test_one_transaction_and_few_statements(office: Office, filed: Started) -> None:
    task_id = offered(office, filed).task_id
    with office.store.count_statements() as seen:
        office.engine.activation.activate(DESK, filed.instance_id, task_id, ["call_back"])
    assert seen.commits == 1
    assert len(seen.statements) <= 12


def test_what_cannot_be_started_is_named_with_the_choice(office: Office, filed: Started) -> None:
    with pytest.raises(BadRequest) as refused:
        start(office, filed, MANAGER, "check_bill", "reply", "no such step")
    for language in ("zh", "en"):
        assert "reply、no such step" in refused.value.text(language)
        assert "check_bill, visit" in refused.value.text(language)
    with pytest.raises(BadRequest, match="no step"):
        start(office, filed, MANAGER)
    assert open_now(office, filed) == []


def test_a_closed_subprocess_takes_nothing_more(office: Office, filed: Started) -> None:
    task_id = offered(office, filed).task_id
    start(office, filed, MANAGER, "conclude")
    office.complete(filed.instance_id, "conclude", {"concluded": True})
    with pytest.raises(Ended, match="Further inquiry"):
        start(office, filed, MANAGER, "visit", task_id=task_id)
    office.complete(filed.instance_id, "reply", {})
    with pytest.raises(Ended, match=f"{filed.number} is already completed"):
        start(office, filed, MANAGER, "visit", task_id=task_id)


def test_other_tasks_are_no_ad_hoc_subprocesses(office: Office, filed: Started) -> None:
    start(office, filed, MANAGER, "visit")
    for task_id in (office.task(filed.instance_id, "visit").id, "nothing"):
        with pytest.raises(NotFound):
            start(office, filed, MANAGER, "visit", task_id=task_id)
    with pytest.raises(NotFound):
        office.engine.activation.activate(MANAGER, "nothing", "nothing", ["visit"])


def test_somebody_else_was_quicker(office: Office, filed: Started) -> None:
    start(office, filed, MANAGER, "visit", activations=0)
    with pytest.raises(Conflict):
        start(office, filed, DESK, "call_back", activations=0)
    start(office, filed, DESK, "call_back", activations=1)
    assert open_now(office, filed) == ["call_back", "visit"]


def test_two_press_at_once_and_one_step_begins(office: Office, filed: Started) -> None:
    found = offered(office, filed)
    errors: list[BaseException | None] = []
    together = threading.Barrier(2)

    def press(actor: Actor) -> None:
        together.wait()
        try:
            start(office, filed, actor, "call_back", task_id=found.task_id, activations=found.activations)
            errors.append(None)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=press, args=(actor,)) for actor in (DESK, MANAGER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(error).__name__ for error in errors) == ["Conflict", "NoneType"]
    assert open_now(office, filed) == ["call_back"]


def test_a_fault_of_the_diagram_changes_nothing_and_is_an_incident(office: Office, filed: Started) -> None:
    """Nobody can tell whose task it would be, so only managers may try; then they see why it does not open."""
    files = (PACKS / "inquiry" / "inquiry.bpmn").read_bytes().replace(b'"=team"', b'"=missing"')
    office.engine.deployments.deploy_files(SYSTEM, {**_files(), "inquiry.bpmn": files}, name="inquiry")
    filed = gathering(office)
    assert step(office, filed, "visit").groups == ()
    assert "visit" not in startable(office, filed, DESK)
    with pytest.raises(ExecutionError):
        start(office, filed, MANAGER, "check_bill", "visit")
    assert open_now(office, filed) == []
    with office.store.read() as session:
        (incident,) = session.scalars(select(Incident)).all()
        assert (incident.element_id, incident.instance_id) == ("visit", filed.instance_id)
        events = session.scalars(select(HistoryEvent.type).where(HistoryEvent.instance_id == filed.instance_id)).all()
    assert "elements_activated" not in events


def _files() -> dict[str, bytes]:
    folder = PACKS / "inquiry"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_signals_of_a_started_step_reach_other_instances(house: Office) -> None:
    """The step throws a signal that another process of the pack waits for."""
    throw = (
        '<b:manualTask id="shout" name="喊停"/><b:intermediateThrowEvent id="stop">'
        '<b:signalEventDefinition signalRef="s"/></b:intermediateThrowEvent>' + small.flow("shout", "stop")
    )
    wait = '<b:intermediateCatchEvent id="step"><b:signalEventDefinition signalRef="s"/></b:intermediateCatchEvent>'
    roots = '<b:signal id="s" name="停线"/>'
    hears = small.diagram(wait, roots=roots, process="hears").replace(
        small.extension('<zeebe:formDefinition formId="intake"/>').encode(), b""
    )
    files = small.files(f'<b:adHocSubProcess id="step" name="随需">{throw}</b:adHocSubProcess>', roots=roots)
    small.deploy(house, files | {"hears.bpmn": hears})
    other = house.engine.instances.start(SYSTEM, "small", "hears", {})
    house.complete(other, "work", {})
    filed = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(filed.instance_id, "work", {})
    (found,) = house.engine.activation.options(SYSTEM, filed.instance_id)
    house.engine.activation.activate(SYSTEM, filed.instance_id, found.task_id, ["shout"])
    with house.store.read() as session:
        assert session.get_one(ProcessInstance, other).state == "completed"


def walked(tmp_path: Path, *steps: str) -> Outcome:
    """A scenario of the pack with these steps."""
    content = _files()["scenarios/gather.toml"].decode().split("[[step]]")
    text = "[[step]]".join([content[0], *([content[1]] if steps else content[1:]), *(f"\n{step}\n" for step in steps)])
    pack = load_pack({**_files(), "scenarios/gather.toml": text.encode()}, "inquiry")
    return run_scenario(pack, "scenarios/gather.toml", load_config(var=str(tmp_path)))


def test_scenarios_start_steps(tmp_path: Path) -> None:
    outcome = walked(tmp_path)
    assert (outcome.ok, outcome.problem) == (True, "")
    assert {"chase", "conclude", "gather"} <= outcome.passed


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ('activate = ["visit"]\nas = "受理"', "start “Look on site”"),
        ('activate = ["visit"]\nin = "elsewhere"', "“elsewhere” should be open to start steps in; open are ['gather']"),
        ('activate = ["visit"]\nexpect = { tasks = [] }', "open tasks: expected [], found ['visit']"),
        ('activate = ["visit"]\nrefused = "group"', "should have been refused"),
    ],
)
def test_scenarios_say_what_cannot_be_started(tmp_path: Path, step: str, problem: str) -> None:
    outcome = walked(tmp_path, step)
    assert (outcome.ok, outcome.step) == (False, 2)
    assert problem in outcome.problem
