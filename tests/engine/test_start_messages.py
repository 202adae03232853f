"""Processes that a message starts, complaints among them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.errors import (
    AlreadyFiled,
    AlreadyStarted,
    BadRequest,
    ExecutionError,
    Forbidden,
    FormInvalid,
    NoSubscription,
)
from engine.models import Complaint, HistoryEvent
from tests import small
from tests.office import Office, at_once
from tests.starting import (
    FAILS,
    ORDER,
    STAFF,
    begun,
    complaint_by_message,
    deploy,
    files,
    incidents,
    process,
    send,
    start,
)

STRANGER = Actor(id="mo", groups=frozenset({"bank/柜台"}))


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_message_starts_an_instance_with_its_variables_and_key(house: Office) -> None:
    deploy(house, start(ORDER, element="ordered"), start("", element="by_hand"))
    sent = send(house, "O-1", STAFF, order_id="O-1", amount=12)
    ((found,), (instance,)) = sent.started, begun(house)
    assert (sent.instances, found.instance_id, found.business_key, found.access_code) == (0, instance.id, "O-1", None)
    assert (instance.business_key, instance.started_by) == ("O-1", "li.na")
    assert house.engine.instances.variables(SYSTEM, instance.id) == {"order_id": "O-1", "amount": 12}
    (received,) = [r for r in house.engine.instances.history(SYSTEM, instance.id) if r.type == "message_received"]
    assert (received.element_id, received.actor) == ("ordered", "li.na")
    assert received.payload["message"] == "order"
    assert received.payload["variables"]["amount"] == 12


def test_output_mappings_choose_what_of_a_message_becomes_a_variable(house: Office) -> None:
    mapping = '<zeebe:ioMapping><zeebe:output source="=order.total * 2" target="double"/></zeebe:ioMapping>'
    deploy(house, start(ORDER, mapping))
    (found,) = send(house, order={"total": 4}, secret="x").started
    assert house.engine.instances.variables(SYSTEM, found.instance_id) == {"double": 8}


def test_personal_fields_of_a_message_are_not_kept(house: Office) -> None:
    deploy(house, start(ORDER))
    (found,) = send(house, complainant="王小明", amount=1).started
    assert house.engine.instances.variables(SYSTEM, found.instance_id) == {"amount": 1}
    assert "王小明" not in str([r.payload for r in house.engine.instances.history(SYSTEM, found.instance_id)])


PAID = (
    '<b:intermediateCatchEvent id="step" name="付款"><b:messageEventDefinition messageRef="m_paid"/>'
    "</b:intermediateCatchEvent>"
)


def test_an_instance_that_waits_takes_the_message_and_no_other_is_started(house: Office) -> None:
    deploy(house, start('<b:messageEventDefinition messageRef="m_paid"/>'), step=PAID)
    (first,) = send(house, "O-1", name="paid", order_id="O-1").started
    assert house.open_tasks(first.instance_id) == []
    again = send(house, "O-1", name="paid", total=3)
    assert (again.instances, again.started) == (1, ())
    assert [t.element_id for t in house.open_tasks(first.instance_id)] == ["write"]
    assert len(send(house, "O-2", name="paid", order_id="O-2").started) == 1


def test_one_that_waits_without_a_business_key_takes_it_too(house: Office) -> None:
    paid = '<b:messageEventDefinition messageRef="m_paid"/>'
    deploy(house, start(paid), start("", element="by_hand"), step=PAID)
    waits = house.engine.instances.start(SYSTEM, "small", "report", {"order_id": "O-1"})
    assert send(house, "O-1", name="paid").started == ()
    assert [t.element_id for t in house.open_tasks(waits)] == ["write"]


def test_of_one_process_one_waiting_instance_takes_a_message_and_every_process_gets_it(house: Office) -> None:
    """Camunda 8, "Message cardinality"."""
    other = process(start("", element="by_hand"), step=PAID, process_id="other", task="look")
    given = files(start("", element="by_hand"), step=PAID) | {
        "other.bpmn": other, "forms/look.form": small.form("look", "note")
    }  # fmt: skip
    small.deploy(house, given)
    ids = []
    for process_id in ("report", "report", "other"):
        ids.append(house.engine.instances.start(SYSTEM, "small", process_id, {"order_id": "O-1"}))
        house.clock.advance(timedelta(minutes=1))
    assert send(house, "O-1", name="paid").instances == 2
    assert [len(house.open_tasks(i)) for i in ids] == [1, 0, 1]
    assert send(house, "O-1", name="paid").instances == 1


def test_one_key_starts_one_running_instance_at_a_time(house: Office) -> None:
    """Camunda 8, "Message events": without a buffer the message is lost, and the sender is told."""
    deploy(house, start(ORDER))
    (first,) = send(house, "O-1").started
    with pytest.raises(AlreadyStarted) as caught:
        send(house, "O-1")
    assert "O-1" in caught.value.text("zh")
    assert "not kept" in caught.value.text("en")
    deploy(house, start(ORDER), note="remark")
    with pytest.raises(AlreadyStarted):
        send(house, "O-1")
    house.complete(first.instance_id, "write", {})
    assert len(send(house, "O-1").started) == 1


def test_an_empty_key_starts_as_often_as_it_is_sent(house: Office) -> None:
    deploy(house, start(ORDER), start("", element="by_hand"))
    house.engine.instances.start(SYSTEM, "small", "report", {}, "")
    assert [send(house).started[0].business_key for _ in range(2)] == [None, None]
    assert len(begun(house)) == 3


def test_of_two_messages_at_once_with_one_key_one_starts(house: Office) -> None:
    deploy(house, start(ORDER))
    results: list[str] = []

    def try_it() -> None:
        try:
            results.append("started" if send(house, "O-1").started else "taken")
        except AlreadyStarted:
            results.append("refused")

    at_once(try_it, try_it, try_it)
    assert sorted(results) == ["refused", "refused", "started"]
    assert len(begun(house)) == 1


def test_a_message_nobody_begins_with_is_refused_by_name(house: Office) -> None:
    deploy(house, start(ORDER))
    with pytest.raises(NoSubscription, match="refund") as caught:
        send(house, name="refund")
    assert "refund" in caught.value.text("zh")
    with pytest.raises(NoSubscription, match="O-9"):
        send(house, "O-9", name="refund")


def test_a_message_starts_only_in_packs_its_sender_works_in(house: Office) -> None:
    deploy(house, start(ORDER))
    for actor in (STRANGER, Actor(id=None, kind="complainant", number="SM-2026-0001")):
        with pytest.raises(Forbidden):
            send(house, "O-1", actor)
    assert begun(house) == []


def test_a_key_that_is_too_long_for_a_business_key_is_refused(house: Office) -> None:
    deploy(house, start(ORDER))
    with pytest.raises(BadRequest):
        send(house, "k" * 65)


def test_a_start_that_fails_leaves_an_incident_and_no_instance(house: Office) -> None:
    deploy(house, start(ORDER), step=FAILS)
    with pytest.raises(ExecutionError):
        send(house, "O-1")
    assert begun(house) == []
    assert [i["element_id"] for i in incidents(house)] == ["step"]


def test_the_correlation_key_of_an_event_subprocess_may_come_with_the_message(house: Office) -> None:
    inside = (
        '<b:subProcess id="step" triggeredByEvent="true"><b:startEvent id="came"><b:messageEventDefinition '
        'messageRef="m_paid"/></b:startEvent><b:endEvent id="gone"/>' + small.flow("came", "gone") + "</b:subProcess>"
    )
    given = process(start(ORDER)).replace(b"</b:process>", inside.encode() + b"</b:process>")
    small.deploy(house, files(start(ORDER)) | {"report.bpmn": given})
    send(house, "O-1", order_id="O-7")
    assert send(house, "O-7", name="paid").instances == 1


# -- complaints by message ---------------------------------------------------------------------------------------------


def test_a_message_files_a_complaint(house: Office) -> None:
    small.deploy(house, complaint_by_message())
    (found,) = send(house, "EXT-1", STAFF, **small.INTAKE).started
    assert found.business_key == "SM-2026-0001"
    assert house.engine.complaints.track(found.business_key, found.access_code or "").number == found.business_key
    with house.store.read() as session:
        row = session.get_one(Complaint, found.business_key)
    assert (row.instance_id, row.source_id, row.matter) == (found.instance_id, "EXT-1", small.INTAKE["matter"])
    assert house.open_tasks(found.instance_id)[0].element_id == "work"
    texts = [r.type for r in house.engine.instances.history(SYSTEM, found.instance_id)]
    assert texts[:2] == ["complaint_filed", "message_received"]
    with house.store.read() as session:
        elements = {e for e in session.scalars(select(HistoryEvent.element_id)) if e}
    assert "posted" in elements
    assert "received" not in elements


def test_a_complaint_is_filed_once_per_source_and_only_with_a_valid_intake(house: Office) -> None:
    small.deploy(house, complaint_by_message())
    send(house, "EXT-1", **small.INTAKE)
    with pytest.raises(AlreadyFiled, match="SM-2026-0001"):
        send(house, "EXT-1", **small.INTAKE)
    with pytest.raises(FormInvalid) as caught:
        send(house, "EXT-2", **{**small.INTAKE, "matter": ""})
    assert list(caught.value.params["errors"]) == ["matter"]
    with pytest.raises(AlreadyStarted):
        send(house, "SM-2026-0001", **small.INTAKE)
    with house.store.read() as session:
        assert len(session.scalars(select(Complaint)).all()) == 1
