"""Variables: mappings, scripts, decisions and what expressions may read (Camunda 8, variables)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play, user_tasks


def test_inputs_are_local_and_build_on_each_other() -> None:
    """Camunda 8, input mappings: evaluated in order into the local scope; a dot makes a nested context."""
    play = Play("mappings").start(total=3)
    local = dict(play.local("work"))
    assert local == {"total": 3, "amount": 3, "twice": 6, "text": "plain", "a": {"b": 1, "c": {"d": 2}}}
    assert play.variables == {"total": 3}


def test_outputs_are_all_that_comes_back() -> None:
    """Camunda 8, output mappings: the task's variables stay local; a nested target keeps the other entries."""
    play = Play("mappings").start(total=3, order={"id": 7})
    play.complete("work", amount=4, note="well")
    assert play.variables == {"total": 3, "order": {"id": 7, "note": "well"}, "copy": 4, "again": 4}


def test_an_output_goes_past_the_local_variable_of_its_name() -> None:
    """Camunda 8, output mappings: the sources see the local variables, the targets are set in the scope around."""
    play = Play("mappings_of_one_name").start(x=10).complete("work", note=5)
    assert play.variables == {"x": 6}


def test_a_local_variable_shadows_the_outer_one() -> None:
    """Camunda 8, variable propagation: what the job returns changes the local variable, and ends with the task."""
    play = Play("shadowing")
    play.answers["work"] = {"x": 5, "y": 6}
    play.start(x=0)
    assert play.variables == {"x": 0, "y": 6}


def test_scripts() -> None:
    """Camunda 8, script tasks: the result variable, then the output mappings."""
    play = Play("script").start(total=1)
    assert play.variables == {"total": 1, "sum": 2, "tenfold": 30}


def test_decisions() -> None:
    """Camunda 8, business rule tasks: the decision may be an expression."""
    play = Play("business_rule")
    play.answers["rating"] = lambda seen: {"level": seen["amount"] + 1}
    play.start(amount=1)
    assert play.variables == {"amount": 1, "stars": {"level": 2}, "level": 2}


def test_expressions_know_where_and_when_they_are() -> None:
    """now() is the host's time; element_id and task.created_at are given."""
    play = Play("expressions").start(at=datetime(2026, 3, 2, 5, tzinfo=UTC)).advance("PT1H")
    assert play.variables["seen"] == "look"
    assert play.complete("work").ended == "young"
    play = Play("expressions").start(at=datetime(2026, 3, 1, 5, tzinfo=UTC))
    machine = play.machine
    task = user_tasks(machine)[0]
    assert machine.evaluate(task, '="u" + element_id', "assignee") == "uwork"
    assert machine.evaluate(task, "=task.created_at", "x") == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert machine.evaluate(task, "plain", "x") == "plain"


def test_an_expression_that_cannot_be_read_names_its_place() -> None:
    """The error says which element and which attribute."""
    play = Play("expressions").start(at=datetime(2026, 3, 1, 5, tzinfo=UTC))
    machine = play.machine
    with pytest.raises(ExecutionError, match="priority") as caught:
        machine.evaluate(user_tasks(machine)[0], "=1 +", "priority")
    assert caught.value.params["element_id"] == "work"
