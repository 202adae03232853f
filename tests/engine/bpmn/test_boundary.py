"""Boundary events (BPMN 2.0.2, 13.5.3; Camunda 8, boundary events)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import FOLDER, START, Play, hours


def test_an_interrupting_timer_withdraws_the_task() -> None:
    """BPMN 2.0.2, 13.5.3: the activity is terminated, the token goes on at the event."""
    play = Play("boundary_timer").start()
    assert [t[0] for t in play.timers()] == [START + hours(2)]
    play.advance("PT1H")
    assert play.open == ["work"]
    play.advance("PT1H")
    assert play.open == ["aside"]
    assert play.cancelled == ["work"]
    assert play.complete("aside").ended == "aside_done"


def test_a_boundary_event_closes_with_its_task() -> None:
    """BPMN 2.0.2, 13.5.3: after the activity has completed the event is not awaited any more."""
    play = Play("boundary_timer").start().complete("work")
    assert play.timers() == []
    assert play.open == ["after"]
    assert "event" not in play.passed + play.cancelled


def test_the_time_of_a_boundary_event_may_use_the_inputs_of_its_task() -> None:
    """Camunda 8: input mappings are applied before the events of the activity are subscribed."""
    assert Play("boundary_timer_local").start().timers()[0][0] == START + hours(3)


def test_a_date() -> None:
    """BPMN 2.0.2, 10.5.5: timeDate; ISO 8601 with an offset."""
    assert Play("boundary_timer_date").start().timers()[0][0] == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_a_reminder_outlives_its_task() -> None:
    """BPMN 2.0.2, 13.5.3: a non-interrupting event leaves the activity alone; its own token is independent."""
    play = Play("boundary_reminder").start().advance("PT2H")
    assert play.open == ["aside", "work"]
    assert play.timers() == []
    play.complete("work")
    assert play.open == ["after", "aside"]
    play.complete("after")
    assert play.ended is None
    assert play.complete("aside").ended == "aside_done"


@pytest.mark.parametrize(("diagram", "first", "times"), [("boundary_cycle", 2, 3), ("boundary_cycle_dated", 5, 3)])
def test_a_cycle_repeats_as_often_as_it_says(diagram: str, first: int, times: int) -> None:
    """BPMN 2.0.2, 10.5.5: timeCycle; each repetition counts from the one before, not from when it was noticed."""
    play = Play(diagram).start()
    due = []
    while play.timers():
        due.append(play.timers()[0][0])
        play.advance("PT20M")
        while play.timers() and play.timers()[0][0] == due[-1]:
            play.advance("PT20M")
    assert due == [START + hours(first + 2 * n) for n in range(times)]
    assert play.open == ["aside"] * times + ["work"]
    assert play.complete("work").open == ["after"] + ["aside"] * times


def test_an_endless_cycle_ends_with_its_task() -> None:
    """BPMN 2.0.2, 13.5.3."""
    play = Play("boundary_cycle_endless").start().advance("PT41H")
    assert play.open.count("aside") == 20
    assert len(play.timers()) == 1
    assert play.complete("work").timers() == []


def test_a_cycle_that_began_long_ago_goes_on_from_now() -> None:
    """Repetitions in the past are passed over."""
    text = (FOLDER / "boundary_cycle_dated.bpmn").read_text().replace("R3/2026-03-02T06", "R/2026-03-01T02")
    assert Play(text.encode()).start().timers()[0][0] == START + hours(1)


@pytest.mark.parametrize("cycle", ["R/PT0S", "R5/P0D", "R/PT0.5S"])
def test_a_cycle_that_would_never_come_to_rest_is_a_fault(cycle: str) -> None:
    """Cost is bounded: at least one second lies between two repetitions."""
    content = (FOLDER / "boundary_cycle.bpmn").read_bytes().replace(b"R3/PT2H", cycle.encode())
    with pytest.raises(ExecutionError, match="at least one second"):
        Play(content).start()


@pytest.mark.parametrize("start", ["2026-03-02T06:00:00Z", "2026-03-02T07:00:00+01:00[Europe/Berlin]"])
def test_a_cycle_may_begin_at_a_date_in_a_named_zone(start: str) -> None:
    """Camunda 8, timer events: the start time of a cycle with its offset, its zone or both."""
    content = (FOLDER / "boundary_cycle_dated.bpmn").read_bytes().replace(b"2026-03-02T06:00:00Z", start.encode())
    assert Play(content).start().timers()[0][0] == START + hours(5)


def test_a_message_with_its_correlation_key() -> None:
    """Camunda 8: only the message with this key; output mappings choose what is kept."""
    play = Play("boundary_message").start(key="K7")
    with pytest.raises(LookupError):
        play.message("call", "K1")
    play.message("call", "K7", note="again", other=1)
    assert play.open == ["aside"]
    assert play.variables == {"key": "K7", "heard": "again"}


@pytest.mark.parametrize("key", [None, True, ["K"]])
def test_a_correlation_key_must_be_a_text_or_a_number(key: object) -> None:
    """Camunda 8: an incident when the key is neither."""
    with pytest.raises(ExecutionError, match="correlation key"):
        Play("boundary_message").start(key=key)


def test_a_number_is_a_correlation_key() -> None:
    """Camunda 8: numbers are written as text."""
    assert Play("boundary_message").start(key=12).message("call", "12").open == ["aside"]


def test_a_message_may_come_again_and_again() -> None:
    """BPMN 2.0.2, 13.5.3: a non-interrupting event can be triggered as often as the activity is active."""
    play = Play("boundary_message_repeated").start(key="K1")
    for number in range(3):
        play.message("call", note=number)
    assert play.open == ["aside"] * 3 + ["work"]
    assert play.variables["note"] == 2
    play.complete("work")
    with pytest.raises(LookupError):
        play.message("call")


def test_signals() -> None:
    """BPMN 2.0.2, 10.5.5: signals reach everyone who listens."""
    assert Play("boundary_signal").start().catch("other").catch("alarm", level=1).open == ["aside"]
    play = Play("boundary_signal_repeated").start().catch("alarm").catch("alarm")
    assert play.open == ["aside", "aside", "work"]


def test_on_a_subprocess_everything_inside_is_withdrawn() -> None:
    """BPMN 2.0.2, 13.3.4: terminating a subprocess terminates what it contains, nested scopes included."""
    play = Play("boundary_on_subprocess").start().advance("PT2H")
    assert play.open == ["a", "b", "c", "reminded"]
    play.complete("reminded").advance("PT3H")
    assert play.open == ["overdue"]
    assert sorted(play.cancelled) == ["a", "b", "c", "deep", "scope"]


def test_on_a_call_activity_the_called_process_is_withdrawn() -> None:
    """BPMN 2.0.2, 13.3.4; Camunda 8, call activities: the child instance is terminated."""
    play = Play("boundary_on_call").start().advance("PT2H")
    assert play.open == ["a", "reminded"]
    play.advance("PT3H")
    assert play.open == ["overdue", "reminded"]
    play = Play("boundary_on_call").start().advance("PT2H").complete("a")
    assert play.open == ["after", "reminded"]
    assert play.timers() == []


def test_several_boundary_events_lead_to_one_task() -> None:
    """BPMN 2.0.2, 13.3.1: each token that arrives runs the activity once."""
    play = Play("boundary_merge").start(key="K1", notes=[]).advance("PT1H").message("ask").advance("PT1H")
    assert play.variables["notes"] == ["half", "asked", "late"]
    assert play.open == ["work"]
    assert play.complete("work").ended == "done"


def test_a_receive_task_may_be_interrupted() -> None:
    """BPMN 2.0.2, 13.3.3 and 13.5.3."""
    play = Play("receive_task").start(key="K1")
    assert play.waits() == ["late", "wait"]
    assert play.advance("PT2H").open == ["overdue"]
    play = Play("receive_task").start(key="K1").message("answer", text="yes")
    assert play.variables == {"key": "K1", "answer": "yes"}
    assert (play.open, play.waits()) == (["after"], [])
