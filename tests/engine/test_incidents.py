"""Incidents: what stopped a process, who sees it, and trying again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine import SYSTEM, Actor
from engine.errors import ExecutionError, Forbidden, NotFound
from engine.incidents import record
from engine.models import Incident, ProcessInstance, Timer, UserTask
from tests import small
from tests.office import PACKS, Office

OWNER = Actor(id="owner", roles=frozenset({("process_owner", "small")}))
AUDITOR = Actor(id="auditor", roles=frozenset({("auditor", "small")}))


def broken(house: Office) -> str:
    """A complaint whose task cannot be completed, because a letter has no recipient."""
    small.deploy(house, small.files(small.service("notify", letter='"greeting"', to="category")))
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError):
        house.complete(started.instance_id, "work", {"category": "无"})
    return started.instance_id


def test_the_same_fault_again_is_counted_not_repeated(house: Office) -> None:
    instance_id = broken(house)
    with pytest.raises(ExecutionError):
        house.complete(instance_id, "work", {"category": "无"})
    (incident,) = house.engine.incidents.list(OWNER)
    assert (incident["count"], incident["element_id"], incident["instance_id"]) == (2, "step", instance_id)
    assert set(incident["message"]) == {"zh", "en"}
    assert "下一步" in incident["message"]["zh"]


def test_the_same_fault_of_two_packs_are_two_incidents(house: Office) -> None:
    for pack in ("small", "other"):
        record(house.engine.context, ExecutionError(element="x", reason="y", pack=pack))
    assert [i["pack"] for i in house.engine.incidents.list(SYSTEM)] == ["other", "small"]
    assert [i["pack"] for i in house.engine.incidents.list(SYSTEM, "other")] == ["other"]


def test_incidents_are_shown_to_those_who_look_after_the_pack(house: Office) -> None:
    broken(house)
    assert len(house.engine.incidents.list(AUDITOR)) == 1
    for actor in (
        Actor(id="x", groups=frozenset({"small/前台"})),
        Actor(id="y", roles=frozenset({("manager", "bank")})),
    ):
        assert house.engine.incidents.list(actor) == []


def test_after_mending_the_values_the_task_can_be_completed(house: Office) -> None:
    instance_id = broken(house)
    house.complete(instance_id, "work", {"category": "仓库"})
    with house.store.read() as session:
        assert session.get_one(ProcessInstance, instance_id).state == "completed"


def test_retrying_is_for_managers_and_owners_and_resolves(house: Office) -> None:
    broken(house)
    (incident,) = house.engine.incidents.list(OWNER)
    for actor in (AUDITOR, Actor(id="x", groups=frozenset({"small/前台"}))):
        with pytest.raises(Forbidden):
            house.engine.incidents.retry(actor, incident["id"])
    with pytest.raises(NotFound):
        house.engine.incidents.retry(OWNER, 999_999)
    house.engine.incidents.retry(OWNER, incident["id"])
    assert house.engine.incidents.list(OWNER) == []
    with house.store.read() as session:
        row = session.get_one(Incident, incident["id"])
    assert (row.resolved_by, row.resolved_at) == ("owner", house.clock.now())


def test_a_failed_timer_backs_off_and_fires_after_a_retry(house: Office) -> None:
    house.deploy(PACKS / "reminder")
    form, _ = house.engine.complaints.intake_form("reminder")
    values = {f.name: f.options[0].value if f.options else "请尽快回复这件事情" for f in form.fields}
    started = house.engine.complaints.file(SYSTEM, "reminder", values)
    with house.store.write() as session:
        instance = session.get_one(ProcessInstance, started.instance_id)
        whole, instance.data = instance.data, b"broken"
    house.clock.advance(timedelta(minutes=1))
    waits = []
    for _ in range(6):
        house.engine.timers.sweep()
        with house.store.read() as session:
            timer = session.scalars(select(Timer)).one()
        waits.append((timer.run_at - house.clock.now()).total_seconds())
        house.clock.set(timer.run_at)
    assert waits == [60, 300, 900, 3600, 21600, 21600]
    (incident,) = house.engine.incidents.list(SYSTEM)
    assert (incident["count"], incident["pack"], incident["element_id"]) == (6, "reminder", "one_minute")
    with house.store.write() as session:
        session.execute(update(ProcessInstance).values(data=whole))
    with house.store.write() as session:
        session.execute(update(Timer).values(run_at=house.clock.now() + timedelta(hours=6)))
    assert house.engine.timers.sweep() == 0
    house.engine.incidents.retry(SYSTEM, incident["id"])
    house.engine.timers.sweep()
    with house.store.read() as session:
        assert session.scalars(select(UserTask.element_id).where(UserTask.element_id == "reminder")).all() == [
            "reminder"
        ]
        assert not session.scalars(select(Timer)).all()
