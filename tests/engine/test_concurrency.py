"""Several people, timers and signals at the same complaint: one at a time, nothing lost, no deadlock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, history
from engine.errors import ExecutionError, NoSubscription
from engine.models import Incident, ProcessInstance, Timer, UserTask
from tests import small
from tests.office import PACKS, TRIAGE, Office, at_once

SIGNAL = '<b:signal id="s_stop" name="停线"/>'


def waiting(signal: str, name: str = "wait") -> str:
    return f'<b:intermediateCatchEvent id="{name}"><b:signalEventDefinition signalRef="{signal}"/></b:intermediateCatchEvent>'


def side(process: str, content: bytes) -> dict[str, bytes]:
    """A process beside the complaint, without an intake form."""
    start = small.extension('<zeebe:formDefinition formId="intake"/>').encode()
    return {f"{process}.bpmn": content.replace(start, b"")}


THROW = small.STEP.replace("manualTask", "intermediateThrowEvent").replace(
    "/>", '><b:signalEventDefinition signalRef="s_stop"/></b:intermediateThrowEvent>'
)
FORK = (
    '<b:parallelGateway id="step"/>'
    + waiting("s_stop", "left")
    + waiting("s_stop", "right")
    + "".join(small.flow("step", t) + small.flow(t, "both") for t in ("left", "right"))
    + '<b:parallelGateway id="both"/>'
    + small.flow("both", "closed")
)


def listening(work: str = "") -> bytes:
    content = small.diagram(FORK, roots=SIGNAL, process="listening", work=work).decode()
    return content.replace(small.flow("step", "closed"), "").encode()


@pytest.fixture
def plant(house: Office) -> Office:
    files = small.files(THROW, roots=SIGNAL) | side("listening", listening())
    small.deploy(house, files)
    return house


def state_of(house: Office, instance_id: str) -> str:
    with house.store.read() as session:
        return session.get_one(ProcessInstance, instance_id).state


def test_a_signal_reaches_every_place_that_waits_in_every_other_instance(plant: Office) -> None:
    listeners = [plant.engine.instances.start(SYSTEM, "small", "listening", {}) for _ in range(2)]
    for instance_id in listeners:
        plant.complete(instance_id, "work", {})
    started = plant.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    assert [state_of(plant, i) for i in listeners] == ["active", "active"]
    plant.complete(started.instance_id, "work", {})
    assert [state_of(plant, i) for i in (*listeners, started.instance_id)] == ["completed"] * 3
    with plant.store.read() as session:
        assert not history.verify(session)


def test_signals_that_call_forth_signals_without_end_are_a_fault_and_nothing_remains(house: Office) -> None:
    roots = '<b:signal id="s_ping" name="ping"/><b:signal id="s_pong" name="pong"/>'

    def echo(process: str, hears: str, says: str) -> dict[str, bytes]:
        loop = (
            waiting(hears, "step")
            + f'<b:intermediateThrowEvent id="answer"><b:signalEventDefinition signalRef="{says}"/></b:intermediateThrowEvent>'
            + small.flow("step", "answer")
            + small.flow("answer", "step")
        )
        content = small.diagram(loop, roots=roots, process=process).decode()
        return side(process, content.replace(small.flow("step", "closed"), "").encode())

    throw = THROW.replace("s_stop", "s_ping")
    files = small.files(throw, roots=roots) | echo("ping", "s_ping", "s_pong") | echo("pong", "s_pong", "s_ping")
    small.deploy(house, files)
    for process in ("ping", "pong"):
        house.complete(house.engine.instances.start(SYSTEM, "small", process, {}), "work", {})
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError, match="without end"):
        house.complete(started.instance_id, "work", {})
    assert [t.element_id for t in house.open_tasks(started.instance_id)] == ["work"]


def test_a_timer_of_a_complaint_somebody_works_on_is_left_for_the_next_sweep(house: Office) -> None:
    if house.store.sqlite:
        pytest.skip("SQLite has one writer at a time; the sweep waits for it")
    house.deploy(PACKS / "reminder")
    form, _ = house.engine.complaints.intake_form("reminder")
    values = {f.name: f.options[0].value if f.options else "请尽快回复这件事情" for f in form.fields}
    started = house.engine.complaints.file(SYSTEM, "reminder", values)
    house.clock.advance(timedelta(minutes=2))
    with house.store.write() as session:
        session.scalars(select(ProcessInstance).with_for_update()).all()
        assert house.engine.timers.sweep() == 0
    with house.store.read() as session:
        assert not session.scalars(select(Incident)).all()
        assert session.scalars(select(Timer.attempts)).all() == [0]
    assert house.engine.timers.sweep() == 1
    assert house.task(started.instance_id, "reminder")


def test_two_sweeps_at_once_fire_a_timer_once(house: Office) -> None:
    house.deploy(PACKS / "reminder")
    form, _ = house.engine.complaints.intake_form("reminder")
    values = {f.name: f.options[0].value if f.options else "请尽快回复这件事情" for f in form.fields}
    for _ in range(5):
        house.engine.complaints.file(SYSTEM, "reminder", values)
    house.clock.advance(timedelta(minutes=2))
    fired: list[int] = []
    at_once(*[lambda: fired.append(house.engine.timers.sweep())] * 2)
    while house.engine.timers.sweep():
        pass
    with house.store.read() as session:
        reminders = session.scalars(select(UserTask.instance_id).where(UserTask.element_id == "reminder")).all()
        assert not session.scalars(select(Incident)).all()
    assert len(reminders) == len(set(reminders)) == 5


def test_a_message_that_comes_during_a_completion_is_not_lost(telecom: Office) -> None:
    started = telecom.file()
    task, errors = telecom.task(started.instance_id, "triage"), []

    def guarded(act: Any) -> Any:
        def run() -> None:
            try:
                act()
            except Exception as error:
                errors.append(error)

        return run

    at_once(
        guarded(lambda: telecom.engine.tasks.complete(SYSTEM, task.id, TRIAGE)),
        guarded(lambda: telecom.engine.messages.correlate(SYSTEM, "customer_contact", started.number, {"note": "催"})),
    )
    assert errors == []
    assert sorted(t.element_id for t in telecom.open_tasks(started.instance_id)) == ["attend", "transfer"]
    with telecom.store.read() as session:
        assert not history.verify(session)


def test_of_two_withdrawals_at_once_one_is_taken(telecom: Office) -> None:
    started, results = telecom.file(), []

    def withdraw() -> None:
        try:
            sent = telecom.engine.messages.correlate(SYSTEM, "withdraw", started.number, {"reason": "x"})
            results.append(sent.instances)
        except NoSubscription:
            results.append(0)

    at_once(withdraw, withdraw)
    assert sorted(results) == [0, 1]
    assert [t.element_id for t in telecom.open_tasks(started.instance_id)] == ["confirm_withdrawal"]
