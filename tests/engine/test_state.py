"""The stored state of an instance: complete, small, and refused when it does not fit the diagram."""

from __future__ import annotations

import json
import zlib
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from engine import feel
from engine.errors import ExecutionError
from engine.feel import Range, YearsMonths
from engine.runtime import state
from engine.runtime.model import Process
from tests.engine.bpmn.driver import FOLDER, Play, definitions

DIAGRAMS = sorted(p.stem for p in FOLDER.glob("*.bpmn"))


def inside(content: bytes) -> dict[str, object]:
    """What is written, as plain JSON."""
    stored: dict[str, object] = json.loads(zlib.decompress(content))
    return stored


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_diagram_can_be_read(name: str) -> None:
    """The smallest diagrams are sound, and opened in a modeller they show themselves."""
    content = (FOLDER / f"{name}.bpmn").read_bytes()
    built, process = definitions(content)
    assert isinstance(built.processes[process].scope, Process)
    assert b"BPMNShape" in content


def test_values_of_every_kind_come_back() -> None:
    values = {
        "number": Decimal("12345678901234567890.125"),
        "text": "“引号”\n$date",
        "truth": False,
        "nothing": None,
        "day": date(2026, 3, 2),
        "moment": datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8))),
        "clock": time(9, 30),
        "days": timedelta(days=2, hours=3),
        "months": YearsMonths(14),
        "list": [1, [2, {"a": None}]],
        "$date": 1,
        "$$": "name",
        "context": {"$date": "not a date", "深": {"层": 1}},
        "range": Range(Decimal(1), Decimal(5), True, False),
    }
    play = Play("parallel").start(**values)
    assert play.variables == Play("parallel", reload=False).start(**values).variables
    assert play.variables["moment"].utcoffset() == timedelta(hours=8)


def test_variables_are_read_without_restoring() -> None:
    play = Play("subprocess").start(total=2).complete("a", noted="yes")
    content = state.dump(play.machine)
    assert state.variables(content) == {"total": 2, "noted": "yes"}
    assert state.all_variables(content) == {"total": 2, "noted": "yes", "doubled": 4, "depth": 1}


def test_only_what_is_open_is_stored() -> None:
    play = Play("parallel").start().complete("a")
    stored = inside(state.dump(play.machine))
    scopes = stored["scopes"]
    assert isinstance(scopes, list)
    assert sorted(task[1] for task in scopes[0]["tasks"]) == ["b", "join"]


def test_explanations_and_diagrams_are_not_stored() -> None:
    text = json.dumps(inside(state.dump(Play("boundary_timer").start().machine)))
    assert "explanation" not in text
    assert "Work" not in text


def test_a_state_of_another_diagram_is_refused() -> None:
    content = state.dump(Play("parallel").start().machine)
    other, _ = definitions((FOLDER / "subprocess.bpmn").read_bytes())
    with pytest.raises(KeyError):
        state.load(content, other, Play("subprocess"))


def test_a_large_variable_is_stored_once() -> None:
    big = [{"text": f"{n} " + "资费争议" * 20} for n in range(400)]
    play = Play("parallel").start(big=big)
    raw = zlib.decompress(state.dump(play.machine))
    assert raw.count("资费争议".encode()) == 20 * 400


def test_a_value_that_cannot_be_stored_names_its_variable() -> None:
    machine = Play("parallel", reload=False).start().machine
    machine.root.data["odd"] = feel.compile_expression("function(x) x").evaluate({})
    with pytest.raises(ExecutionError, match="“odd” cannot be stored") as caught:
        state.dump(machine)
    assert caught.value.params["element_id"] == "process"


def test_a_state_names_its_format() -> None:
    assert inside(state.dump(Play("parallel").start().machine))["format"] == state.FORMAT


def test_saving_changes_nothing() -> None:
    machine = Play("mi_boundary").start(items=["a", "b"], key="K1").machine
    assert state.dump(machine) == state.dump(machine)


def test_the_diagrams_stand_where_the_tests_look() -> None:
    assert Path(__file__).parent / "bpmn" == FOLDER
    assert len(DIAGRAMS) > 90
