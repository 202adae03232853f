"""Acting for an absent colleague: who may, how it is recorded, and when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.errors import Forbidden, TaskClaimed
from engine.models import HistoryEvent, UserTask
from tests.office import TRIAGE, Office, manager


def person(telecom: Office, login: str) -> Actor:
    found = telecom.engine.users.actor(login)
    assert found is not None
    return found


@pytest.fixture
def office(telecom: Office) -> Office:
    """Lin of the intake is away for two days; Zhao of the network department stands in."""
    users = telecom.engine.users
    users.create(SYSTEM, "lin", "林晓", None, ["telecom/投诉室受理"])
    users.create(SYSTEM, "zhou", "周敏", None, ["telecom/投诉室受理"])
    users.create(SYSTEM, "zhao", "赵强", None, ["telecom/网络部"])
    now = telecom.clock.now()
    users.absence_set(SYSTEM, "lin", "zhao", now, now + timedelta(days=2), "培训")
    return telecom


def last(telecom: Office, event_type: str) -> HistoryEvent:
    with telecom.store.read() as session:
        query = select(HistoryEvent).where(HistoryEvent.type == event_type).order_by(HistoryEvent.id.desc())
        found = session.scalars(query).first()
    assert found is not None
    return found


def test_a_task_of_the_absent_colleague_is_done_on_behalf_with_both_names(office: Office) -> None:
    started = office.file()
    task = office.task(started.instance_id, "triage")
    office.engine.tasks.claim(person(office, "lin"), task.id)
    office.engine.tasks.complete(person(office, "zhao"), task.id, TRIAGE)
    with office.store.read() as session:
        row = session.get_one(UserTask, task.id)
    assert (row.completed_by, row.on_behalf_of) == ("zhao", "lin")
    event = last(office, "task_completed")
    assert (event.actor, event.on_behalf_of) == ("zhao", "lin")
    shown = [h for h in office.engine.complaints.history(manager(), started.number) if h.type == "task_completed"]
    assert (shown[0].actor_name, shown[0].on_behalf_of) == ("赵强", "林晓")


def test_an_unclaimed_task_of_the_colleagues_group_is_done_on_behalf_too(office: Office) -> None:
    started = office.file()
    task = office.task(started.instance_id, "triage")
    office.engine.tasks.claim(person(office, "zhao"), task.id)
    claimed = last(office, "task_claimed")
    assert (claimed.actor, claimed.on_behalf_of) == ("zhao", "lin")
    office.engine.tasks.complete(person(office, "zhao"), task.id, TRIAGE)
    done = last(office, "task_completed")
    assert (done.actor, done.on_behalf_of) == ("zhao", "lin")


def test_what_one_would_do_anyway_is_done_in_ones_own_name(office: Office) -> None:
    office.engine.users.update(SYSTEM, "zhao", groups=["telecom/网络部", "telecom/投诉室受理"])
    started = office.file()
    office.engine.tasks.complete(person(office, "zhao"), office.task(started.instance_id, "triage").id, TRIAGE)
    assert last(office, "task_completed").on_behalf_of is None


def test_a_colleague_without_substitution_acts_in_the_own_name(office: Office) -> None:
    started = office.file()
    office.engine.tasks.complete(person(office, "zhou"), office.task(started.instance_id, "triage").id, TRIAGE)
    assert last(office, "task_completed").on_behalf_of is None


def test_a_task_claimed_by_a_present_colleague_stays_his(office: Office) -> None:
    started = office.file()
    task = office.task(started.instance_id, "triage")
    office.engine.tasks.claim(person(office, "zhou"), task.id)
    with pytest.raises(TaskClaimed):
        office.engine.tasks.complete(person(office, "zhao"), task.id, TRIAGE)


@pytest.mark.parametrize("days", [2, 3])
def test_after_the_absence_the_substitute_may_no_longer(office: Office, days: int) -> None:
    started = office.file()
    task = office.task(started.instance_id, "triage")
    office.engine.tasks.claim(person(office, "lin"), task.id)
    office.clock.advance(timedelta(days=days))
    with pytest.raises(Forbidden):
        office.engine.tasks.complete(person(office, "zhao"), task.id, TRIAGE)


def test_an_absence_that_has_not_begun_gives_no_rights_yet(telecom: Office) -> None:
    users, now = telecom.engine.users, telecom.clock.now()
    users.create(SYSTEM, "lin", "林晓", None, ["telecom/投诉室受理"])
    users.create(SYSTEM, "zhao", "赵强", None, ["telecom/网络部"])
    users.absence_set(SYSTEM, "lin", "zhao", now + timedelta(days=1), now + timedelta(days=2))
    started = telecom.file()
    with pytest.raises(Forbidden):
        telecom.engine.tasks.claim(person(telecom, "zhao"), telecom.task(started.instance_id, "triage").id)
