"""Event subprocesses (BPMN 2.0.2, 13.5.4; Camunda 8, event subprocesses)."""

from __future__ import annotations

import pytest

from tests.engine.bpmn.driver import START, Play, hours

TRIGGERS = ["message", "timer", "signal"]


def trigger(play: Play, kind: str) -> Play:
    if kind == "message":
        return play.message("call", note="again")
    return play.advance("PT2H") if kind == "timer" else play.catch("alarm")


@pytest.mark.parametrize("kind", TRIGGERS)
def test_an_interrupting_one_ends_everything_else(kind: str) -> None:
    """BPMN 2.0.2, 13.5.4: all other active work of the scope is terminated, nested scopes included."""
    play = trigger(Play(f"event_{kind}").start(key="K1"), kind)
    assert play.open == ["handle"]
    assert sorted(play.cancelled) == ["a", "b", "c", "deep"]
    assert play.waits() == []
    assert play.complete("handle").ended == "handled"


@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_non_interrupting_one_runs_beside(kind: str) -> None:
    """BPMN 2.0.2, 13.5.4: the rest of the scope is untouched; the scope ends when all of it has ended."""
    play = trigger(Play(f"event_{kind}_beside").start(key="K1"), kind)
    assert play.open == ["a", "b", "c", "handle"]
    for task in ("a", "b", "c"):
        play.complete(task)
    assert play.ended is None
    assert play.complete("handle").ended == "-"


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_a_non_interrupting_one_may_run_again_and_again(kind: str) -> None:
    """BPMN 2.0.2, 13.5.4: it can be triggered as often as its scope is active, even at the same time."""
    play = Play(f"event_{kind}_beside").start(key="K1")
    for _ in range(3):
        trigger(play, kind)
    assert play.open.count("handle") == 3
    for _ in range(3):
        play.complete("handle")
    assert play.open == ["a", "b", "c"]
    assert trigger(play, kind).open.count("handle") == 1


def test_a_timer_fires_once_a_cycle_as_often_as_it_says() -> None:
    """BPMN 2.0.2, 10.5.5."""
    play = Play("event_timer_beside").start().advance("PT9H")
    assert play.open.count("handle") == 1
    assert play.timers() == []
    play = Play("event_timer_cycle").start().advance("PT3H")
    assert play.timers()[0][0] == START + hours(4)
    play.advance("PT9H")
    assert play.open.count("handle") == 3
    assert play.timers() == []


def test_it_is_not_awaited_after_its_scope_has_ended() -> None:
    """BPMN 2.0.2, 13.5.4: the subscription ends with the scope."""
    play = Play("event_timer").start()
    for task in ("a", "b", "c"):
        play.complete(task)
    assert play.ended == "-"


@pytest.mark.parametrize(
    ("diagram", "inside"), [("event_message_nested", []), ("event_message_nested_beside", ["a", "b", "c"])]
)
def test_in_a_subprocess_only_that_is_affected(diagram: str, inside: list[str]) -> None:
    """BPMN 2.0.2, 13.5.4: its scope is the subprocess that contains it."""
    play = Play(diagram).start(key="K1").message("call", note="again")
    assert play.open == sorted([*inside, "beside", "handle"])
    for task in [*inside, "handle"]:
        play.complete(task)
    assert play.open == ["after", "beside"]
    assert play.waits() == []


def test_a_timer_in_a_subprocess_counts_from_its_beginning() -> None:
    """BPMN 2.0.2, 13.5.4."""
    assert Play("event_timer_nested").start().advance("PT2H").open == ["beside", "handle"]


@pytest.mark.parametrize(
    ("diagram", "open_"),
    [
        ("event_error", ["handle"]),
        ("event_error_nested", ["beside", "handle"]),
        ("event_escalation", ["handle"]),
        ("event_escalation_nested", ["beside", "handle"]),
        ("event_escalation_beside", ["b", "beside", "handle"]),
        ("event_escalation_nested_beside", ["b", "beside", "handle"]),
    ],
)
def test_errors_and_escalations_start_one(diagram: str, open_: list[str]) -> None:
    """BPMN 2.0.2, 10.5.1 and 13.5.4: thrown in the scope or further in, caught at the nearest place."""
    assert Play(diagram).start().complete("a").open == open_


def test_an_error_handled_inside_lets_the_subprocess_end_normally() -> None:
    """BPMN 2.0.2, 10.5.6: the event subprocess takes the place of its scope."""
    play = Play("event_error_nested").start().complete("a").complete("handle")
    assert play.open == ["after", "beside"]


def test_what_it_throws_itself_it_does_not_catch() -> None:
    """BPMN 2.0.2, 10.5.6: thrown again, it goes to the scope around."""
    play = Play("event_throws_again").start().complete("a")
    assert play.open == ["b", "handle"]
    assert play.complete("handle").open == ["b"]


def test_the_payload_goes_where_the_start_event_says() -> None:
    """Camunda 8, variables: without output mappings the payload goes to the process; mapped, to the nearest scope."""
    play = Play("event_message").start(key="K1").message("call", note="again", more=1)
    assert play.variables == {"key": "K1", "heard": "again"}
    play = Play("event_message_beside").start(key="K1").message("call", note="again")
    assert play.variables["heard"] == "again"


def test_its_own_variables_keep_runs_apart() -> None:
    """Camunda 8, event subprocesses: input mappings make local variables, output mappings hand them on."""
    play = Play("event_local").start(key="K1").message("call", note="one").message("call", note="two")
    assert [dict(play.local("handle", n))["heard"] for n in (0, 1)] == ["one", "two"]
    assert "heard" not in play.variables
    play.complete("handle", 0)
    assert play.variables["last"] == "one"
    assert play.complete("handle", 0).variables["last"] == "two"


def test_none_begins_after_the_work_of_its_scope_is_done() -> None:
    """BPMN 2.0.2, 13.3.2, state Completing: running handlers are completed, but no new ones are created."""
    play = Play("event_after_the_work").start(key="K1").message("ask").complete("a")
    assert play.open == ["answer"]
    assert play.waits() == ["stopped"]
    with pytest.raises(LookupError):
        play.message("ask")
    assert play.complete("answer").ended == "done"


def test_an_interrupting_one_may_still_end_the_others() -> None:
    """BPMN 2.0.2, 13.3.2: an interrupting event terminates the handlers that still run."""
    play = Play("event_after_the_work").start(key="K1").message("ask").complete("a").message("stop")
    assert play.open == ["tidy"]
    assert play.cancelled == ["answer", "asking"]
    assert play.complete("tidy").ended == "stopped_end"


def test_its_scope_does_not_wait_for_what_may_still_happen() -> None:
    """BPMN 2.0.2, 13.3.4: the scope ends with its last token, even if events could still be caught."""
    play = Play("event_after_the_work").start(key="K1").advance("PT3H")
    assert play.passed.count("reminded") == 3
    assert play.complete("a").ended == "done"


def test_each_instance_has_its_own() -> None:
    """BPMN 2.0.2, 13.3.7 and 13.5.4: an interruption inside one instance leaves the others alone."""
    play = Play("event_in_instances").start(items=["K1", "K2"]).message("ask", "K2")
    assert play.open == ["answer", "u"]
    assert play.waits() == ["asked"]
    play.complete("answer")
    assert play.open == ["u"]
    assert play.complete("u").open == ["after"]


def test_one_may_lie_in_another() -> None:
    """BPMN 2.0.2, 13.5.4: it belongs to one run of the event subprocess around it, and ends with that."""
    play = Play("event_in_event").start(key="K1").message("ask").advance("PT30M").message("ask").advance("PT30M")
    assert play.open == ["a", "answer", "answer", "hurry"]
    play.complete("answer").complete("hurry")
    assert play.waits("timer") == ["reminded"]
    play.complete("answer")
    assert play.waits("timer") == []
    assert play.complete("a").ended == "done"
