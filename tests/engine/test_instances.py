"""Process instances: starting, looking at and cancelling them, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor, history
from engine.errors import BadRequest, Ended, ExecutionError, Forbidden, FormInvalid, NotFound
from engine.models import Complaint, HistoryEvent, Incident, MessageSubscription, ProcessInstance, Timer, UserTask
from tests import small
from tests.office import TRIAGE, Office, manager

REQUEST = {"applicant": "何静", "applicant_unit": "市场部", "archive_number": "DA-1", "purpose": "复盘同类投诉"}
STAFF = Actor(id="li.na", groups=frozenset({"telecom/投诉室受理"}))
STRANGER = Actor(id="stranger", groups=frozenset({"bank/x"}), roles=frozenset({("manager", "bank")}))


def start(telecom: Office, actor: Actor = SYSTEM, process: str = "archive_access", **changes: Any) -> str:
    return telecom.engine.instances.start(actor, "telecom", process, {**REQUEST, **changes})


def test_starting_records_who_and_with_what(telecom: Office) -> None:
    instance_id = start(telecom, STAFF)
    with telecom.store.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        first = session.scalars(select(HistoryEvent).where(HistoryEvent.instance_id == instance_id)).first()
    assert (instance.started_by, instance.state, instance.process_id) == ("li.na", "active", "archive_access")
    assert first is not None
    assert first.type == "instance_started"
    assert telecom.engine.instances.variables(manager(), instance_id)["archive_number"] == "DA-1"


def test_personal_fields_never_become_variables(telecom: Office) -> None:
    instance_id = start(telecom, complainant="王小明", contact="13900000001")
    assert not {"complainant", "contact"} & set(telecom.engine.instances.variables(SYSTEM, instance_id))


@pytest.mark.parametrize(
    "wrong", [{"applicant": ""}, {"purpose": None}, {"applicant": "长" * 51}, {"archive_number": {}}]
)
def test_variables_that_do_not_fit_the_start_form_are_refused(telecom: Office, wrong: dict[str, Any]) -> None:
    with pytest.raises(FormInvalid) as caught:
        start(telecom, STAFF, **wrong)
    assert list(caught.value.params["errors"]) == list(wrong)
    with telecom.store.read() as session:
        assert not session.scalars(select(ProcessInstance)).all()


def test_a_complaint_is_started_by_filing_it_and_unknown_processes_are_not_found(telecom: Office) -> None:
    with pytest.raises(BadRequest):
        start(telecom, process="complaint")
    for process in ("nowhere", ""):
        with pytest.raises(NotFound):
            start(telecom, process=process)
    with pytest.raises(NotFound):
        telecom.engine.instances.start(SYSTEM, "bank", "archive_access", {})
    with pytest.raises(BadRequest):
        telecom.engine.instances.start(SYSTEM, "telecom", "archive_access", REQUEST, "k" * 65)


def test_starting_needs_a_place_in_the_pack(telecom: Office) -> None:
    with pytest.raises(Forbidden):
        start(telecom, STRANGER)


def test_a_start_that_fails_leaves_nothing_but_an_incident_of_the_pack(house: Office) -> None:
    step = small.user_task("work", '<zeebe:taskSchedule dueDate="=nowhere_set.limit"/>')
    small.deploy(house, small.files(work=step))
    for _ in range(3):
        with pytest.raises(ExecutionError):
            house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with house.store.read() as session:
        for table in (ProcessInstance, Complaint, UserTask, HistoryEvent):
            assert not session.scalars(select(table)).all()
        incident = session.scalars(select(Incident)).one()
    assert (incident.pack, incident.instance_id, incident.element_id, incident.count) == ("small", None, "work", 3)


def test_cancelling_ends_everything_and_says_why(telecom: Office) -> None:
    started = telecom.file()
    telecom.complete(started.instance_id, "triage", TRIAGE)
    telecom.engine.instances.cancel(manager(), started.instance_id, " 重复登记 ")
    assert telecom.open_tasks(started.instance_id) == []
    with telecom.store.read() as session:
        instance = session.get_one(ProcessInstance, started.instance_id)
        complaint = session.get_one(Complaint, started.number)
        events = session.scalars(select(HistoryEvent).order_by(HistoryEvent.seq)).all()
        assert not session.scalars(select(Timer)).all()
        assert not session.scalars(select(MessageSubscription)).all()
        assert not history.verify(session)
    assert (instance.state, instance.ended_at, instance.end_element) == ("cancelled", telecom.clock.now(), None)
    assert (complaint.state, complaint.closed_at, complaint.due_at) == ("cancelled", telecom.clock.now(), None)
    (asked,) = [e for e in events if e.type == "cancel_requested"]
    assert (asked.actor, asked.reason) == ("manager", "重复登记")
    assert events[-1].type == "instance_cancelled"


def test_cancelling_needs_a_reason_a_manager_and_a_running_instance(telecom: Office) -> None:
    started = telecom.file()
    cancel = telecom.engine.instances.cancel
    with pytest.raises(BadRequest):
        cancel(manager(), started.instance_id, "  ")
    for actor in (STAFF, manager("bank"), Actor(id="a", roles=frozenset({("auditor", "telecom")}))):
        with pytest.raises(Forbidden):
            cancel(actor, started.instance_id, "x")
    with pytest.raises(NotFound):
        cancel(manager(), "no-such-instance", "x")
    cancel(manager(), started.instance_id, "x")
    with pytest.raises(Ended) as caught:
        cancel(manager(), started.instance_id, "x")
    assert started.number in caught.value.text("zh")
    assert "cancelled" in caught.value.text("en")


def test_reading_is_for_those_who_see_the_complaint(telecom: Office) -> None:
    started, instances = telecom.file(), telecom.engine.instances
    for actor in (manager(), STAFF, Actor(id="a", roles=frozenset({("auditor", "*")}))):
        assert instances.get(actor, started.instance_id).business_key == started.number
        assert instances.history(actor, started.instance_id)
    for actor in (STRANGER, Actor(id="x", groups=frozenset({"telecom/网络部"}))):
        for read in (instances.get, instances.history, instances.variables):
            with pytest.raises(Forbidden):
                read(actor, started.instance_id)
    with pytest.raises(NotFound):
        instances.get(manager(), "no-such-instance")


def test_the_overview_counts_what_is_open_late_and_broken(telecom: Office) -> None:
    first, second = telecom.file(), telecom.file(contact="13900000002")
    telecom.advance(hours=1)
    telecom.complete(first.instance_id, "triage", TRIAGE)
    telecom.advance(hours=9)
    counts = telecom.engine.instances.overview(manager(), "telecom")
    triage = next(elements["triage"] for elements in counts.values() if "triage" in elements)
    transfer = next(elements["transfer"] for elements in counts.values() if "transfer" in elements)
    assert (triage["active"], triage["overdue"], triage["avg_hours"]) == (1, 1, 1.0)
    assert transfer["active"] == 1
    assert second.number != first.number
    with pytest.raises(Forbidden):
        telecom.engine.instances.overview(STAFF, "telecom")
