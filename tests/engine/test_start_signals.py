"""Processes that a signal starts."""

from __future__ import annotations

import pytest

from engine import SYSTEM
from engine.errors import (
    ExecutionError,
)
from tests import small
from tests.office import Office
from tests.starting import (
    FAILS,
    ORDER,
    RECALL,
    begun,
    calendar,
    cycle,
    files,
    process,
    send,
    start,
)

# -- signals -----------------------------------------------------------------------------------------------------------

THROW = small.STEP.replace("manualTask", "intermediateThrowEvent").replace(
    "/>",
    ">" + small.extension('<zeebe:ioMapping><zeebe:input source="=note" target="why"/></zeebe:ioMapping>')
    + '<b:signalEventDefinition signalRef="s_recall"/></b:intermediateThrowEvent>',
)  # fmt: skip


def throwing() -> dict[str, bytes]:
    return small.files(THROW, roots='<b:signal id="s_recall" name="recall"/>')


def test_a_signal_starts_every_process_that_begins_with_it_in_whatever_pack(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL)), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    away = {k: v.replace(b'name = "small"', b'name = "depot"') for k, v in files(start(RECALL)).items()}
    house.engine.deployments.deploy_files(SYSTEM, away, name="depot")
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"note": "缺件"})
    assert sorted(i.pack for i in begun(house)) == ["depot", "small"]
    for instance in begun(house):
        assert instance.started_by is None
        assert house.engine.instances.variables(SYSTEM, instance.id) == {"why": "缺件"}
        (received,) = [r for r in house.engine.instances.history(SYSTEM, instance.id) if r.type == "signal_received"]
        assert "recall" in received.text.zh
        assert "recall" in received.text.en


def test_a_start_by_signal_that_fails_undoes_the_step_that_threw_it(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL), step=FAILS), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError):
        house.complete(started.instance_id, "work", {"note": "缺件"})
    assert [t.element_id for t in house.open_tasks(started.instance_id)] == ["work"]
    assert begun(house) == []


def test_a_process_that_calls_itself_forth_by_a_signal_is_stopped(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL), step=THROW), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError, match="without end"):
        house.complete(started.instance_id, "work", {"note": "缺件"})
    assert begun(house) == []


@pytest.mark.parametrize("begins", [start(cycle("R/P1D"), calendar("calendar")), start(ORDER)])
def test_a_signal_thrown_by_a_started_process_is_broadcast_too(house: Office, begins: str) -> None:
    second = process(start(RECALL), process_id="second", task="look")
    given = files(begins, step=THROW) | {"second.bpmn": second, "forms/look.form": small.form("look", "note")}
    small.deploy(house, given)
    if ORDER in begins:
        send(house)
    house.advance(days=1)
    assert len(begun(house)) == len(begun(house, "second")) == 1


def test_personal_fields_of_a_signal_are_not_kept(house: Office) -> None:
    thrown = THROW.replace('target="why"', 'target="contact"')
    side = {"report.bpmn": process(start(RECALL)), "forms/write.form": small.form("write", "note")}
    small.deploy(house, small.files(thrown, roots='<b:signal id="s_recall" name="recall"/>') | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"note": "13900000001"})
    (instance,) = begun(house)
    assert house.engine.instances.variables(SYSTEM, instance.id) == {}
    assert "13900000001" not in str([r.payload for r in house.engine.instances.history(SYSTEM, instance.id)])
