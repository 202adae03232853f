"""Errors and escalations (BPMN 2.0.2, 10.5.7 and 13.5.3)."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play


@pytest.mark.parametrize(("code", "task"), [("A", "after_a"), ("B", "after_b"), ("C", "after_rest")])
def test_an_error_is_caught_at_the_nearest_place_that_knows_it(code: str, task: str) -> None:
    """BPMN 2.0.2, 10.5.7: outwards from scope to scope; a named code goes before a catch-all."""
    play = Play("boundary_errors").start().complete("choose", code=code)
    assert play.open == [task]
    assert f"fails_{code.lower()}" in play.passed


def test_without_an_error_everything_ends_normally() -> None:
    assert Play("boundary_errors").start().complete("choose", code="").ended == "done"


def test_an_uncaught_error_is_a_fault() -> None:
    """Camunda 8, error events: an incident when no catch event matches."""
    play = Play("error_uncaught").start()
    with pytest.raises(ExecutionError, match="caught by no") as caught:
        play.complete("first")
    assert caught.value.params["element_id"] == "fails"
    assert play.open == ["first"]


def test_a_job_may_raise_an_error() -> None:
    """Camunda 8, error events: thrown by a job with a code and variables, caught at its task."""
    play = Play("job_error")
    play.answers["work"] = "refused"
    play.start().complete("first")
    assert play.open == ["mended"]
    assert play.variables == {"why": "said so"}
    play.answers["work"] = "unheard of"
    with pytest.raises(ExecutionError, match="unheard of"):
        Play.complete(_again(play), "first")


def _again(play: Play) -> Play:
    fresh = Play("job_error")
    fresh.answers = play.answers
    return fresh.start()


def test_an_error_leaves_a_called_process() -> None:
    """Camunda 8, call activities: errors of the called process are caught at the call activity."""
    play = Play("error_from_call").start().complete("a")
    assert play.open == ["mended"]


def test_an_error_in_one_instance_ends_them_all() -> None:
    """Camunda 8, multi-instance: the boundary event of the body catches it before any event subprocess outside."""
    play = Play("error_in_instance").start(items=[1, 2, 3]).complete("a", 1, bad=True)
    assert play.open == ["mended"]
    play = Play("error_in_instance").start(items=[1, 2], bad=False).complete("a").complete("a")
    assert play.open == ["after"]


def test_an_interrupting_escalation_ends_the_scope_that_threw() -> None:
    """BPMN 2.0.2, 10.5.7: the thrower does not go on."""
    play = Play("escalation_interrupting").start().complete("a")
    assert play.open == ["leaders"]
    assert "raise" in play.passed
    assert "b" not in play.seen


def test_a_non_interrupting_escalation_runs_beside() -> None:
    """BPMN 2.0.2, 10.5.7: the thrower goes on."""
    play = Play("escalation_beside").start().complete("a")
    assert play.open == ["b", "leaders"]
    assert play.complete("b").open == ["after", "leaders"]


@pytest.mark.parametrize(
    ("diagram", "open_"),
    [("escalation_end", ["after", "leaders"]), ("escalation_end_interrupting", ["leaders"])],
)
def test_an_escalation_end_event(diagram: str, open_: list[str]) -> None:
    """BPMN 2.0.2, 13.5.5: the end event throws and ends its token."""
    assert Play(diagram).start().complete("a").open == open_


def test_an_escalation_nobody_catches_is_let_go() -> None:
    """Camunda 8, escalation events: the process continues."""
    assert Play("escalation_uncaught").start().complete("a").open == ["b"]
