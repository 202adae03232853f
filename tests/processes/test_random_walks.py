"""Random walks over every bundled pack: never stuck, never an unhandled error, always an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import SYSTEM, history
from engine.errors import ExcludedPerformer, NoSubscription
from engine.models import Incident, ProcessInstance, Timer, UserTask, UserTaskCandidate
from engine.rehearsal import Rehearsal
from engine.scenarios import advance, member
from engine.types import Actor
from engine.user_tasks import variables_of
from engine.walks import plausible
from tests.processes.conftest import PACKS

ZONE = ZoneInfo("Asia/Shanghai")
MAX_STEPS = 250
FILED = {
    "channel": "热线", "kind": ["投诉", "投诉", "投诉", "建议", "咨询"],
    "contact": "13900000001",
}  # fmt: skip


def performer(candidate: str, number: int) -> Actor:
    """Member ``number`` of a candidate group (``pack/group``), or the account a task is offered to."""
    pack, slash, group = candidate.partition("/")
    return member(pack, group, number) if slash else Actor(id=candidate, name=candidate)


class Walker:
    """Chooses at random what happens next to one complaint."""

    def __init__(self, rehearsal: Rehearsal, seed: int) -> None:
        self.random = Random(seed)
        self.pack, self.clock, self.engine = rehearsal.pack, rehearsal.clock, rehearsal.engine
        rehearsal.begin(datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
        form = self.pack.start_form()
        hints = {
            k: v
            for k, v in FILED.items()
            if any(f.name == k and not (f.options and k == "channel") for f in form.fields)
        }
        values = plausible(form, {}, self.random, hints, self.now())
        self.started = self.engine.complaints.file(SYSTEM, self.pack.name, values)

    def now(self) -> datetime:
        return self.clock.now().astimezone(ZONE)

    def walk(self) -> str:
        """Act until the complaint ends; returns its state."""
        for step in range(MAX_STEPS):
            instance = self.instance()
            if instance.state != "active":
                return instance.state
            tasks = self.open_tasks()
            assert tasks or self.timers(), "stuck: nothing is open and nothing is due"
            # the longer it goes on, the more it keeps to completing tasks, so that every walk comes to its end
            if tasks and (step > 120 or self.random.random() < 0.75):
                self.complete(self.random.choice(tasks))
            elif self.random.random() < 0.7:
                advance(
                    self.engine,
                    self.clock,
                    self.engine.calendars["working"].add(self.clock.now(), f"PT{self.random.randint(1, 20)}H").at,
                )
            else:
                self.message()
        raise AssertionError(f"no end after {MAX_STEPS} steps; open: {[t.element_id for t in self.open_tasks()]}")

    def message(self) -> None:
        names = [m for m in self.pack.messages if m != "withdraw" or self.random.random() < 0.2]
        if not names:
            return
        values = {
            "note": "再次来电",
            "reason": "x",
            "satisfied": self.random.random() < 0.7,
            "satisfaction": "满意",
            "attitude": "满意",
            "opinion": "好",
            "other_issues": "",
            "information": "补充",
        }
        try:
            self.engine.messages.correlate(SYSTEM, self.random.choice(names), self.started.number, values)
        except NoSubscription:
            return

    def complete(self, task: UserTask) -> None:
        form = self.pack.forms.get(task.form_id or "")
        with self.engine.context.store.read() as session:
            candidates = list(
                session.scalars(select(UserTaskCandidate.candidate).where(UserTaskCandidate.task_id == task.id))
            )
            instance = session.get_one(ProcessInstance, self.started.instance_id)
            variables = variables_of(self.engine.context, session, instance, task.id)
        values = plausible(form, variables, self.random, {}, self.now()) if form else {}
        for number in range(1, 5):
            try:
                self.engine.tasks.complete(performer(candidates[0], number), task.id, values)
                return
            except ExcludedPerformer:
                continue
        raise AssertionError(f"nobody of four may do {task.element_id}")

    def instance(self) -> ProcessInstance:
        with self.engine.context.store.read() as session:
            return session.get_one(ProcessInstance, self.started.instance_id)

    def open_tasks(self) -> list[UserTask]:
        with self.engine.context.store.read() as session:
            query = select(UserTask).where(UserTask.instance_id == self.started.instance_id, UserTask.state == "open")
            return list(session.scalars(query.order_by(UserTask.created_at, UserTask.element_id, UserTask.id)))

    def timers(self) -> list[Timer]:
        with self.engine.context.store.read() as session:
            return list(session.scalars(select(Timer).where(Timer.instance_id == self.started.instance_id)))


@pytest.mark.parametrize("name", sorted(PACKS))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_walk_ends(name: str, seed: int, rehearse: Callable[[str], Rehearsal]) -> None:
    walker = Walker(rehearse(name), seed)
    assert walker.walk() == "completed"
    with walker.engine.context.store.read() as session:
        assert not session.scalars(select(Incident)).all()
        assert not history.verify(session)
    assert not walker.open_tasks()
    assert not walker.timers()
