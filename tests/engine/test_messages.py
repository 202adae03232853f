"""Messages from outside and timers that are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.errors import Forbidden, NoSubscription
from engine.models import Incident, MessageSubscription, Outbox, ProcessInstance, Timer
from tests.office import PACKS, TRIAGE, Office


def test_withdrawal_ends_the_complaint_whatever_is_open(telecom: Office) -> None:
    started = telecom.file()
    telecom.complete(started.instance_id, "triage", TRIAGE)
    telecom.engine.messages.correlate(SYSTEM, "withdraw", started.number, {"reason": "已自行解决"})
    open_now = [t.element_id for t in telecom.open_tasks(started.instance_id)]
    assert open_now == ["confirm_withdrawal"]
    telecom.complete(
        started.instance_id, "confirm_withdrawal", {"verified": "本人确认", "withdrawal_reason": "已自行解决"}
    )
    with telecom.store.read() as session:
        assert session.get_one(ProcessInstance, started.instance_id).state == "completed"
        assert not session.scalars(select(Timer).where(Timer.instance_id == started.instance_id)).all()
        assert not session.scalars(select(MessageSubscription)).all()


def test_a_withdrawn_complaint_takes_no_further_message(telecom: Office) -> None:
    started = telecom.file()
    telecom.engine.messages.correlate(SYSTEM, "withdraw", started.number, {"reason": "误投"})
    with pytest.raises(NoSubscription):
        telecom.engine.messages.correlate(SYSTEM, "withdraw", started.number, {"reason": "再撤一次"})


def test_the_customer_may_call_again_as_often_as_he_likes(telecom: Office) -> None:
    started = telecom.file()
    for note in ("第一次催", "第二次催"):
        telecom.engine.messages.correlate(SYSTEM, "customer_contact", started.number, {"note": note})
    assert [t.element_id for t in telecom.open_tasks(started.instance_id)].count("attend") == 2


def test_a_complainant_reaches_his_own_complaint_only(telecom: Office) -> None:
    mine, other = telecom.file(), telecom.file(contact="13900000002")
    actor = telecom.engine.complaints.track(mine.number, mine.access_code)
    with pytest.raises(Forbidden):
        telecom.engine.messages.correlate(actor, "withdraw", other.number, {"reason": "x"})
    telecom.engine.messages.correlate(actor, "withdraw", mine.number, {"reason": "x"})


def test_a_stranger_to_the_complaint_may_not_send_messages(telecom: Office) -> None:
    started = telecom.file()
    with pytest.raises(Forbidden):
        telecom.engine.messages.correlate(Actor(id="nobody"), "withdraw", started.number, {})


def test_a_reminder_fires_at_its_due_instant_once(telecom: Office) -> None:
    telecom.deploy(PACKS / "reminder")
    instance = (
        telecom.engine.instances.start(SYSTEM, "reminder", telecom.engine.deployments.pack("reminder").entry, {})
        if not telecom.engine.deployments.parsed(
            telecom.engine.deployments.pack("reminder").deployment_id
        ).manifest.get("numbering")
        else telecom.engine.complaints.file(SYSTEM, "reminder", reminder_values(telecom)).instance_id
    )
    assert [t.element_id for t in telecom.open_tasks(instance)] == ["wait_reply"]
    telecom.clock.advance(timedelta(seconds=59))
    assert telecom.engine.timers.sweep() == 0
    telecom.clock.advance(timedelta(seconds=1))
    assert telecom.engine.timers.sweep() == 1
    assert sorted(t.element_id for t in telecom.open_tasks(instance)) == ["reminder", "wait_reply"]
    assert telecom.engine.timers.sweep() == 0


def reminder_values(telecom: Office) -> dict[str, object]:
    form, _ = telecom.engine.complaints.intake_form("reminder")
    return {f.name: (f.options[0].value if f.options else "x") for f in form.fields if f.required}


def test_a_failing_timer_becomes_an_incident_and_does_not_block_the_others(telecom: Office) -> None:
    first, second = telecom.file(), telecom.file(contact="13900000002")
    with telecom.store.write() as session:
        session.get_one(ProcessInstance, first.instance_id).data = b"broken"
        for timer in session.scalars(select(Timer)):
            timer.run_at = telecom.clock.now()
        before = len(session.scalars(select(Outbox)).all())
    telecom.engine.timers.sweep()
    with telecom.store.read() as session:
        assert session.scalars(select(Incident)).first() is not None
        failed = session.scalars(select(Timer).where(Timer.instance_id == first.instance_id)).all()
        assert all(t.run_at > telecom.clock.now() and t.attempts == 1 for t in failed)
        assert not session.scalars(
            select(Timer).where(Timer.instance_id == second.instance_id, Timer.run_at <= telecom.clock.now())
        ).all()
        assert len(session.scalars(select(Outbox)).all()) > before


def test_a_timer_that_was_due_while_nobody_ran_fires_later(telecom: Office) -> None:
    started = telecom.file()
    telecom.clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    while telecom.engine.timers.sweep():
        pass
    assert telecom.task(started.instance_id, "triage").reminders >= 1
