"""Errors and escalations (BPMN 2.0.2, 10.5.1, 10.5.6 and 13.5.3)."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play


@pytest.mark.parametrize(("code", "task"), [("A", "after_a"), ("B", "after_b"), ("C", "after_rest")])
def test_an_error_is_caught_at_the_nearest_place_that_knows_it(code: str, task: str) -> None:
    """BPMN 2.0.2, 10.5.1: outwards from scope to scope; a named code goes before a catch-all."""
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
    """BPMN 2.0.2, 10.5.6: the thrower does not go on."""
    play = Play("escalation_interrupting").start().complete("a")
    assert play.open == ["leaders"]
    assert "raise" in play.passed
    assert "b" not in play.seen


def test_a_non_interrupting_escalation_runs_beside() -> None:
    """BPMN 2.0.2, 10.5.6: the thrower goes on."""
    play = Play("escalation_beside").start().complete("a")
    assert play.open == ["b", "leaders"]
    assert play.complete("b").open == ["after", "leaders"]


@pytest.mark.parametrize(
    ("diagram", "open_"),
    [("escalation_end", ["after", "leaders"]), ("escalation_end_interrupting", ["leaders"])],
)
def test_an_escalation_end_event(diagram: str, open_: list[str]) -> None:
    """BPMN 2.0.2, 13.5.6: the end event throws and ends its token."""
    assert Play(diagram).start().complete("a").open == open_


def test_an_escalation_nobody_catches_is_let_go() -> None:
    """Camunda 8, escalation events: the process continues."""
    assert Play("escalation_uncaught").start().complete("a").open == ["b"]


def test_an_error_of_a_job_in_a_called_process_brings_its_variables() -> None:
    """Camunda 8, error events: the error is propagated to the caller; output mappings choose among its variables."""
    play = Play("error_from_called_job")
    play.answers["serve"] = play.answers["work"] = "refused"
    play.start().complete("a")
    assert (play.open, play.variables) == (["mended"], {"why": "said so"})
    play = Play("error_from_called_job")
    play.answers["work"] = "unheard of"
    play.start().complete("a")
    assert (play.open, play.variables) == (["elsewhere"], {"reason": "said so"})


def test_an_error_in_one_called_process_ends_all_of_them() -> None:
    """BPMN 2.0.2, 13.5.3: the boundary event of a multi-instance call cancels all its instances."""
    play = Play("error_in_called_instances").start(items=[1, 2, 3]).complete("a", 1)
    assert play.open == ["mended"]
    assert play.cancelled.count("a") == 2
    assert play.waits() == []


@pytest.mark.parametrize(("code", "task"), [("A", "handle"), ("B", "otherwise")])
def test_the_code_of_an_error_may_be_an_expression(code: str, task: str) -> None:
    """Camunda 8, error events: evaluated when it is thrown; in one scope a named code goes before a catch-all."""
    play = Play("error_code").start(code=code).complete("first")
    assert play.open == [task]
    assert play.waits() == []


@pytest.mark.parametrize("code", [None, 5, ""])
def test_a_code_that_is_no_text_is_a_fault(code: object) -> None:
    """Camunda 8, error events: an incident when the expression gives no string."""
    play = Play("error_code").start(code=code)
    with pytest.raises(ExecutionError, match=r"code of the error .* is not a text"):
        play.complete("first")
    assert play.open == ["first"]


def test_what_an_event_subprocess_throws_again_goes_to_the_next_scope() -> None:
    """BPMN 2.0.2, 10.5.6: the inner handler comes first; it may hand the same error on."""
    play = Play("error_thrown_again").start().complete("u")
    assert play.open == ["here"]
    play.complete("here")
    assert play.open == ["there"]
    assert play.complete("there").ended == "far_failed_end"


def test_escalations_may_be_thrown_again_and_again() -> None:
    """BPMN 2.0.2, 10.5.1 and 13.5.3: each one triggers the non-interrupting event anew; only one event catches it."""
    play = Play("escalation_repeated").start()
    assert play.open == ["a", "leaders", "leaders"]
    assert play.complete("a").open == ["after", "leaders", "leaders", "leaders"]


def test_an_escalation_leaves_a_called_process() -> None:
    """Camunda 8, escalation events: caught at the call activity, and the called process goes on; the code is evaluated."""
    play = Play("escalation_from_call").start(code="E")
    assert play.open == ["a", "leaders"]
    assert play.complete("a").open == ["after", "leaders"]
    assert Play("escalation_from_call").start(code="F").open == ["a"]
    with pytest.raises(ExecutionError, match="code of the escalation"):
        Play("escalation_from_call").start()
