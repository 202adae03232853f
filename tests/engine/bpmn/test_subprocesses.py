"""Embedded subprocesses and call activities."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play


def test_nested_subprocesses_have_variables_of_their_own() -> None:
    """BPMN 2.0.2, 13.3.4; Camunda 8, variables: local variables end with their scope, outputs go to the outer one."""
    play = Play("subprocess").start(total=2)
    assert play.open == ["a"]
    assert play.local("a")["doubled"] == 4
    play.complete("a", noted="yes")
    assert play.variables == {"total": 2, "noted": "yes"}
    assert play.local("b")["depth"] == 1
    play.complete("b")
    assert play.open == ["after"]
    assert play.variables == {"total": 2, "noted": "yes", "result": 5}
    assert play.complete("after").ended == "done"


def test_a_variable_is_changed_where_it_lives() -> None:
    """Camunda 8, variable propagation: the innermost scope that has it, else the process."""
    play = Play("subprocess_variables").start(total=1)
    play.complete("a", own=5, total=6, fresh=7)
    assert play.variables == {"total": 6, "fresh": 7}
    assert play.local("b")["own"] == 5
    play.complete("b")
    assert play.variables == {"total": 6, "fresh": 7}


def test_everything_goes_in_and_comes_back_by_default() -> None:
    """Camunda 8, call activities: all variables are copied both ways unless told otherwise."""
    play = Play("call_all").start(number=1)
    assert play.local("a")["number"] == 1
    play.complete("a", answer="yes", number=2)
    assert play.open == ["after"]
    assert play.variables == {"number": 2, "answer": "yes"}


def test_only_what_the_mappings_say() -> None:
    """Camunda 8, call activities: with propagation off only inputs go in and only outputs come back."""
    play = Play("call_mapped").start(number=1, other=2)
    assert dict(play.local("a")) == {"n": 1}
    play.complete("a", answer="yes", n=9)
    assert play.variables == {"number": 1, "other": 2, "reply": "yes"}


def test_nothing_comes_back_without_propagation_or_outputs() -> None:
    """Camunda 8, call activities: propagateAllChildVariables false and no output mapping."""
    play = Play("call_none").start(number=1)
    play.complete("a", answer="yes", number=2)
    assert play.variables == {"number": 1}
    assert play.open == ["after"]


def test_outputs_replace_propagation() -> None:
    """Camunda 8, call activities: with output mappings only those variables are propagated."""
    play = Play("call_all_mapped").start(number=1)
    assert play.local("a")["answer"] == 1
    play.complete("a", answer="yes", number=2)
    assert play.variables == {"number": 1, "reply": "yes"}


def test_the_called_process_may_be_an_expression() -> None:
    """Camunda 8, call activities: processId may be an expression."""
    play = Play("call_expression").start(which="child")
    assert play.open == ["a"]
    play.complete("a")
    assert play.open == ["after"]
    with pytest.raises(ExecutionError, match="does not exist"):
        Play("call_expression").start(which="nobody")


def test_only_a_plain_start_event_can_be_called() -> None:
    """BPMN 2.0.2, 13.3.4; Camunda 8, call activities: other start events of the called process are ignored."""
    assert Play("call_of_several_starts").start().open == ["a"]
    with pytest.raises(ExecutionError, match="no plain start event") as caught:
        Play("call_triggered").start(which="child")
    assert caught.value.params["element_id"] == "sub"


def test_a_process_that_calls_itself_is_a_fault() -> None:
    """Depth is bounded."""
    with pytest.raises(ExecutionError, match="nested"):
        Play("call_itself").start()
