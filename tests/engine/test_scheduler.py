"""The scheduler: when it looks, what it fires, and that it ends; nobody sleeps here."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, open_engine
from engine.models import Outbox, Timer
from engine.scheduler import LOOK_AGAIN, Scheduler
from tests.office import PACKS, Office


class Planned:
    """Stands in for APScheduler: keeps the last run asked for."""

    def __init__(self) -> None:
        self.runs: list[datetime] = []

    def add_job(self, _run: Any, _trigger: str, *, run_date: datetime, **_options: Any) -> None:
        self.runs.append(run_date)


@pytest.fixture
def office(telecom: Office) -> Office:
    telecom.deploy(PACKS / "reminder")
    return telecom


@pytest.fixture
def planned(office: Office) -> Planned:
    planned = Planned()
    office.engine.scheduler._scheduler = planned  # type: ignore[assignment]
    office.engine.context.wake = office.engine.scheduler.wake
    return planned


def waiting(office: Office) -> str:
    values = {"channel": "热线", "complainant": "甲", "contact": "13900000001", "matter": "请回复一下这件事情"}
    form, _ = office.engine.complaints.intake_form("reminder")
    given = {f.name: values.get(f.name, "请回复一下这件事情") for f in form.fields if f.options is None}
    given |= {f.name: f.options[0].value for f in form.fields if f.options}
    return office.engine.complaints.file(SYSTEM, "reminder", given).instance_id


def open_elements(office: Office, instance_id: str) -> list[str]:
    return sorted(t.element_id for t in office.open_tasks(instance_id))


def test_a_run_fires_what_is_due_and_plans_the_next_look(office: Office, planned: Planned) -> None:
    instance_id = waiting(office)
    office.engine.scheduler._run()
    assert open_elements(office, instance_id) == ["wait_reply"]
    assert planned.runs[-1] == office.clock.now() + LOOK_AGAIN
    office.clock.advance(timedelta(seconds=60))
    office.engine.scheduler._run()
    assert open_elements(office, instance_id) == ["reminder", "wait_reply"]


def test_the_next_look_is_the_earliest_due_row_when_that_is_sooner(office: Office, planned: Planned) -> None:
    waiting(office)
    office.clock.advance(timedelta(seconds=59, milliseconds=600))
    office.engine.scheduler._run()
    assert planned.runs[-1] == office.clock.now() + timedelta(milliseconds=400)


def test_a_new_timer_wakes_the_scheduler_only_when_it_is_earlier(office: Office, planned: Planned) -> None:
    waiting(office)
    due = office.clock.now() + timedelta(seconds=60)
    assert planned.runs == [due]
    office.clock.advance(timedelta(seconds=10))
    waiting(office)
    assert planned.runs == [due]
    office.engine.scheduler.wake(due - timedelta(seconds=30))
    assert planned.runs[-1] == due - timedelta(seconds=30)


def test_what_becomes_due_during_a_sweep_is_not_lost(
    office: Office, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler, soon = office.engine.scheduler, office.clock.now() + timedelta(milliseconds=5)

    def sweep() -> int:
        scheduler.wake(soon)
        assert planned.runs == []
        return 0

    monkeypatch.setattr(office.engine.timers, "sweep", sweep)
    scheduler._run()
    assert planned.runs == [soon]


def test_a_failing_sweep_is_tried_again(office: Office, planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    instance_id = waiting(office)
    office.clock.advance(timedelta(minutes=2))
    with monkeypatch.context() as patch:
        patch.setattr(office.engine.timers, "sweep", lambda: (_ for _ in ()).throw(RuntimeError("database away")))
        office.engine.scheduler._run()
    assert planned.runs[-1] == office.clock.now() + LOOK_AGAIN
    office.engine.scheduler._run()
    assert "reminder" in open_elements(office, instance_id)


def test_a_run_delivers_letters(telecom: Office) -> None:
    telecom.engine.scheduler._scheduler = Planned()  # type: ignore[assignment]
    with telecom.store.write() as session:
        row = Outbox(
            key="k", topic="notify", recipient=telecom.engine.context.vault.encrypt("telecom/网络部"),
            recipient_label="网络部", subject="s", body=telecom.engine.context.vault.encrypt("b"),
            created_at=telecom.clock.now(), run_at=telecom.clock.now(),
        )  # fmt: skip
        session.add(row)
    telecom.engine.users.create(SYSTEM, "net.one", "网一", None, ["telecom/网络部"])
    telecom.engine.scheduler._run()
    with telecom.store.read() as session:
        assert session.scalars(select(Outbox.sent_at)).one() == telecom.clock.now()


def test_after_a_restart_what_was_due_meanwhile_fires(office: Office) -> None:
    instance_id = waiting(office)
    office.clock.advance(timedelta(hours=5))
    again = open_engine(office.engine.config, office.clock, office.store)
    again.scheduler._scheduler = Planned()  # type: ignore[assignment]
    again.scheduler._run()
    assert open_elements(office, instance_id) == ["reminder", "wait_reply"]
    with office.store.read() as session:
        assert not session.scalars(select(Timer).where(Timer.run_at <= office.clock.now())).all()


def test_stopping_during_a_sweep_waits_for_it_and_ends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = Scheduler(office.engine.context, office.engine.timers, office.engine.outbox)
    began, go_on, stopped = threading.Event(), threading.Event(), threading.Event()

    def sweep() -> int:
        began.set()
        assert go_on.wait(10)
        return 0

    def stop() -> None:
        scheduler.stop()
        stopped.set()

    monkeypatch.setattr(office.engine.timers, "sweep", sweep)
    monkeypatch.setattr(office.engine.context, "clock", type("Real", (), {"now": staticmethod(_real_now)})())
    scheduler.start()
    assert began.wait(10)
    ender = threading.Thread(target=stop, daemon=True)
    ender.start()
    while not scheduler._stopped:
        pass
    go_on.set()
    assert stopped.wait(10), "the scheduler did not end"


def _real_now() -> datetime:
    from engine.clock import SystemClock

    return SystemClock().now()
