"""What service and send tasks do, topic by topic, and what they say when an input is missing or wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM
from engine.errors import ExecutionError, PackInvalid
from engine.models import ArchiveRecord, Complaint, HistoryEvent, Incident, Outbox, Suggestion
from tests import small
from tests.office import Office


def through(house: Office, step: str, values: dict[str, Any] | None = None, **parts: Any) -> str:
    """Deploy a pack with ``step``, file a complaint and complete its only task. Returns the number."""
    small.deploy(house, small.files(step, **parts))
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", values or {"note": "已核实"})
    return started.number


def refused(house: Office, step: str, values: dict[str, Any] | None = None) -> Incident:
    """The incident that ``step`` causes; the task stays open and nothing else is written."""
    small.deploy(house, small.files(step))
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError) as caught:
        house.complete(started.instance_id, "work", values or {})
    assert [t.element_id for t in house.open_tasks(started.instance_id)] == ["work"]
    with house.store.read() as session:
        for table in (Outbox, Suggestion, ArchiveRecord):
            assert not session.scalars(select(table)).all()
        incident = session.scalars(select(Incident)).one()
    assert (incident.element_id, incident.instance_id, incident.pack) == ("step", started.instance_id, "small")
    assert caught.value.text("zh") == incident.message_zh
    return incident


def one(house: Office, table: Any) -> Any:
    with house.store.read() as session:
        return session.scalars(select(table)).one()


def unseal(house: Office, data: bytes | None) -> str:
    assert data is not None
    return house.engine.context.vault.decrypt(data)


def test_notify_writes_a_letter_to_the_complainant(house: Office) -> None:
    number = through(house, small.service("notify", letter='"greeting"', to='"complainant"'))
    row = one(house, Outbox)
    assert (row.topic, row.letter, row.recipient_label) == ("notify", "greeting", "complainant")
    assert row.subject == f"关于 {number}"
    assert unseal(house, row.recipient) == "13900000001"
    assert unseal(house, row.body) == "王小明：已核实"
    assert row.run_at == house.clock.now()


def test_a_send_task_does_the_same_as_a_service_task(house: Office) -> None:
    through(house, small.service("notify", "sendTask", letter='"greeting"', to='"仓库"'))
    assert unseal(house, one(house, Outbox).recipient) == "small/仓库"


def test_without_a_contact_the_letter_has_no_address_and_the_process_goes_on(house: Office) -> None:
    small.deploy(house, small.files(small.service("notify", letter='"greeting"', to='"complainant"')))
    started = house.engine.complaints.file(SYSTEM, "small", {"matter": "匿名来信说的一件事"})
    house.complete(started.instance_id, "work", {})
    assert one(house, Outbox).recipient is None
    house.engine.outbox.deliver()
    assert "no address" in one(house, Outbox).error


@pytest.mark.parametrize(
    ("inputs", "note", "said"),
    [
        ({"letter": "note", "to": '"complainant"'}, "nowhere", "letters/nowhere.md"),
        ({"letter": '"greeting"', "to": "note"}, "无此组", "无此组"),
        ({"letter": '"greeting"', "to": "note"}, "", "to"),
        ({"letter": "note", "to": "note"}, "", "letter、to"),
    ],
)
def test_notify_names_what_is_wrong(house: Office, inputs: dict[str, str], note: str, said: str) -> None:
    incident = refused(house, small.service("notify", **inputs), {"note": note})
    assert said in incident.message_zh
    english = incident.message_en.replace("下一步", "").replace("无此组", "")
    assert not any("\u4e00" <= c <= "\u9fff" for c in english)


def test_a_letter_that_cannot_be_produced_is_an_incident(house: Office) -> None:
    files = small.files(small.service("notify", letter='"greeting"', to='"complainant"'))
    small.deploy(house, files | {"letters/greeting.md": b"# s\n{{ 1 / amount }}"})
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError, match="greeting"):
        house.complete(started.instance_id, "work", {})


def test_ledger_sets_fields_and_counts_durations_from_receipt(house: Office) -> None:
    step = small.service("ledger", severity='"重大"', promise_at='duration("P2D")', closed_at='"2026-03-09"')
    small.deploy(house, small.files(step))
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.clock.advance(timedelta(hours=20))
    house.complete(started.instance_id, "work", {})
    complaint = one(house, Complaint)
    assert complaint.severity == "重大"
    assert complaint.promise_at == complaint.received_at + timedelta(days=2)
    assert complaint.closed_at == datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)
    assert house.engine.instances.variables(SYSTEM, started.instance_id)["severity"] == "重大"


def test_archive_gives_a_number_and_a_date_of_retention(house: Office) -> None:
    files = small.files(small.service("archive", class_='"一般"', retention='"P3Y"', location='"A-1"'))
    files["pack.toml"] += b'\n[archive]\npattern = "DA-{year}-{category}-{seq:03d}"\n'
    small.deploy(house, files)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {})
    record = one(house, ArchiveRecord)
    assert (record.number, record.complaint_number) == ("DA-2026-配送-001", started.number)
    assert (record.archive_class, record.location, record.category) == ("一般", "A-1", "配送")
    assert record.retain_until == datetime(2029, 3, 2, 1, tzinfo=UTC)
    variables = house.engine.instances.variables(SYSTEM, started.instance_id)
    assert variables["archive_number"] == "DA-2026-配送-001"


def test_a_retention_that_is_no_duration_is_an_incident(house: Office) -> None:
    incident = refused(house, small.service("archive", class_='"一般"', retention='"三年"'))
    assert "保管期限" in incident.message_zh
    assert "retention" in incident.message_en


def test_a_suggestion_is_recorded_for_its_department(house: Office) -> None:
    number = through(house, small.service("suggestion", text="note", department='"仓库"'), {"note": "请双人复核"})
    row = one(house, Suggestion)
    assert (row.text, row.department, row.number, row.pack) == ("请双人复核", "仓库", number, "small")


def test_escalating_marks_the_complaint_once(house: Office) -> None:
    number = through(house, small.service("escalate", reason='"重大投诉"'))
    complaint = one(house, Complaint)
    assert (complaint.number, complaint.escalated_at, complaint.escalation) == (number, house.clock.now(), "重大投诉")
    with house.store.read() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.type == "escalated")).one()
    assert event.reason == "重大投诉"


def test_a_webhook_waits_in_the_outbox_with_its_body(house: Office) -> None:
    context = house.engine.context
    context.config = replace(context.config, webhooks={"billing": "https://billing.example.org"})
    number = through(
        house,
        small.service(
            "webhook",
            url='"billing"',
            body='{amount: 3.50, pieces: 2, on: date("2026-03-02"), within: duration("PT4H")}',
        ),
    )
    row = one(house, Outbox)
    assert (row.topic, unseal(house, row.recipient)) == ("webhook", "billing")
    assert json.loads(unseal(house, row.body)) == {
        "number": number,
        "body": {"amount": 3.5, "pieces": 2, "on": "2026-03-02", "within": "PT4H"},
    }


def test_a_webhook_without_an_address_in_the_settings_is_an_incident(house: Office) -> None:
    assert "config.toml" in refused(house, small.service("webhook", url='"nowhere"')).message_zh


@pytest.mark.parametrize(
    ("topic", "inputs", "missing"),
    [
        ("suggestion", {"text": "note"}, "text"),
        ("escalate", {"reason": "note"}, "reason"),
        ("archive", {"class_": "note", "retention": '"P1Y"'}, "class"),
        ("webhook", {"url": "note"}, "url"),
    ],
)
def test_an_input_without_value_is_named(house: Office, topic: str, inputs: dict[str, str], missing: str) -> None:
    files = small.files(small.service(topic, **inputs))
    small.deploy(house, files)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError) as caught:
        house.complete(started.instance_id, "work", {"note": ""})
    assert f"“{topic}”的输入没有值：{missing}" in caught.value.text("zh")
    assert f"“{topic}” got no value for: {missing}" in caught.value.text("en")


@pytest.mark.parametrize("topic", ["shell", "", "=&quot;notify&quot;"])
def test_a_topic_off_the_list_is_refused_at_deployment(house: Office, topic: str) -> None:
    with pytest.raises(PackInvalid) as caught:
        small.deploy(house, small.files(small.service(topic)))
    assert any(f["element"] == "step" and f["file"] == "main.bpmn" for f in caught.value.params["findings"])


@pytest.mark.parametrize("topic", ["ledger", "escalate", "archive"])
def test_a_process_that_is_no_complaint_cannot_touch_the_ledger(house: Office, topic: str) -> None:
    inputs = {"reason": '"x"', "class_": '"x"', "retention": '"P1Y"'}
    files = small.files()
    side = small.diagram(small.service(topic, **inputs), process="side").replace(b'formId="intake"', b'formId="none"')
    start = small.extension('<zeebe:formDefinition formId="none"/>').encode()
    small.deploy(house, files | {"side.bpmn": side.replace(start, b"")})
    instance_id = house.engine.instances.start(SYSTEM, "small", "side", {})
    with pytest.raises(ExecutionError, match="does not belong to a complaint"):
        house.complete(instance_id, "work", {})


def test_a_chased_task_counts_its_reminders_and_stands_in_the_letter(house: Office) -> None:
    chase = (
        '<b:boundaryEvent id="late" attachedToRef="work" cancelActivity="false"><b:timerEventDefinition>'
        "<b:timeCycle>R2/PT1H</b:timeCycle></b:timerEventDefinition></b:boundaryEvent>"
        + small.service("notify", letter='"greeting"', to='"assignee"', element='"work"').replace('"step"', '"chase"')
        + small.flow("late", "chase")
    )
    work = small.user_task("work", '<zeebe:taskSchedule dueDate="PT3H"/>')
    files = small.files(work=work, more=chase)
    text = "# 催办 {{ task.name }}\n{{ task.due_at }}\n"
    small.deploy(house, files | {"letters/greeting.md": text.encode()})
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.advance(hours=2)
    assert house.task(started.instance_id, "work").reminders == 2
    with house.store.read() as session:
        rows = session.scalars(select(Outbox).order_by(Outbox.id)).all()
    assert [r.subject for r in rows] == ["催办 work"] * 2
    assert {unseal(house, r.body) for r in rows} == {"2026年03月02日 12:00"}
    assert len({r.key for r in rows}) == 2
