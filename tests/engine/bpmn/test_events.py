"""Intermediate events, signals and messages thrown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import START, Play, hours


def test_timers_hold_a_token() -> None:
    """BPMN 2.0.2, 13.5.2: the token waits until the time has come; a date may be an expression."""
    play = Play("catch_timer").start(at=datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert play.timers()[0][0] == START + hours(2)
    play.advance("PT2H")
    assert play.timers()[0][0] == START + hours(5)
    play.advance("PT2H59M")
    assert play.open == []
    assert play.advance("PT1M").open == ["after"]


@pytest.mark.parametrize("at", [None, 5, "soon", "2026-03-02", "2026-03-02T09:00:00"])
def test_what_is_no_time_is_a_fault(at: object) -> None:
    """Camunda 8, timers: an incident when the expression gives no time with an offset."""
    play = Play("catch_timer").start(at=at)
    with pytest.raises(ExecutionError, match="not a valid time"):
        play.advance("PT2H")


def test_a_message_is_caught_with_its_variables() -> None:
    """Camunda 8, message events: without output mappings the payload goes to the process."""
    play = Play("catch_message").start(key="K1", text="old")
    play.message("answer", text="new", more=1)
    assert play.variables == {"key": "K1", "text": "new", "more": 1}
    assert play.open == ["after"]


def test_a_signal_reaches_everyone_who_listens_now() -> None:
    """BPMN 2.0.2, 10.5.5: a broadcast; whoever begins to listen later has missed it.

    Camunda 8, signal events: the payload is what the input mappings made.
    """
    play = Play("signals").start().complete("first")
    assert play.signals == [("news", {"sum": 2})]
    assert play.open == ["heard"]
    assert play.waits() == ["later"]
    assert play.variables == {"sum": 2}
    assert play.catch("news").open == ["after", "heard"]


def test_the_name_of_a_signal_may_be_an_expression() -> None:
    """Camunda 8, signal events."""
    assert Play("signal_name").start().complete("a", which="7").signals == [("news-7", {})]


def test_message_throw_and_end_events_are_jobs() -> None:
    """Camunda 8, message events: throwing is done by the topic, with mappings like a service task."""
    play = Play("throw_message")
    play.answers["notify"] = {"sent_at": 5}
    play.start()
    assert play.variables == {"at": 5}
    assert play.complete("after").ended == "tell"
    assert play.jobs == [("notify", {"letter": "hello"}), ("notify", {"letter": "bye"})]


@pytest.mark.parametrize("text", ["PT0S", "-PT1H", "2026-03-01T00:00:00Z"])
def test_a_time_that_has_passed_is_due_at_once(text: str) -> None:
    """Camunda 8, timer events: a duration of zero or less fires immediately, and so does a date in the past."""
    play = Play("catch_duration").start(wait=text)
    assert play.open == []
    assert play.advance("PT0S").open == ["after"]
    assert play.time == START


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (timedelta(days=1, hours=2), START + hours(26)),
        (-timedelta(days=1), START),
        ("P1Y2M", datetime(2027, 5, 2, 1, tzinfo=UTC)),
        ("P3Y6M4DT12H30M5S", datetime(2029, 9, 6, 13, 30, 5, tzinfo=UTC)),
        ("P2W", START + hours(14 * 24)),
        (datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=8))), START + hours(1)),
        ("2026-03-02T12:00:00+01:00[Europe/Berlin]", START + hours(10)),
        ("2026-07-02T12:00:00[Europe/Berlin]", datetime(2026, 7, 2, 10, tzinfo=UTC)),
    ],
)
def test_what_a_time_may_look_like(value: object, due: datetime) -> None:
    """Camunda 8, timer events: ISO 8601 texts with an offset or the name of a zone, and FEEL's own values."""
    assert Play("catch_duration").start(wait=value).timers()[0][0] == due


@pytest.mark.parametrize(
    "value", ["P", "-P", "PT", "R/P1D", "2026-03-02T12:00:00[No/Where]", "0001-01-01T00:00:00+08:00"]
)
def test_what_is_no_time_at_all(value: str) -> None:
    """A fault that shows the value, never an error of another kind."""
    with pytest.raises(ExecutionError, match=r"not a valid time|not an ISO 8601 duration"):
        Play("catch_duration").start(wait=value)


def test_one_message_reaches_one_of_two_that_wait_for_it() -> None:
    """Camunda 8, message events: a message has one recipient."""
    play = Play("message_twice").start(key="K1").message("call")
    assert play.open == ["a"]
    assert play.message("call").open == ["a", "b"]


@pytest.mark.parametrize(
    ("number", "key"), [(7, "7"), (7.5, "7.5"), ("7", "7"), ("编号 7", "编号 7"), (10**20, "1" + "0" * 20)]
)
def test_name_and_key_of_a_message_may_be_expressions(number: object, key: str) -> None:
    """Camunda 8, message events: evaluated when the event is activated; the key is a text or a number."""
    play = Play("message_name").start(which="x", order={"id": number})
    with pytest.raises(LookupError):
        play.message("call-x", key + "0")
    assert play.message("call-x", key).open == ["after"]


@pytest.mark.parametrize("which", [None, 5])
def test_a_name_that_is_no_text_is_a_fault(which: object) -> None:
    """Camunda 8, message events: an incident when the expression gives no string."""
    with pytest.raises(ExecutionError, match=r"name of the message .* is not a text"):
        Play("message_name").start(which=which, order={"id": 1})


def test_a_signal_reaches_every_kind_of_event_at_once() -> None:
    """BPMN 2.0.2, 10.5.1: published to all that wait, in called processes too; each of them catches it once."""
    play = Play("signal_to_everyone").start().complete("first")
    assert play.open == ["after", "armed", "child_heard", "heard", "instead", "listener", "noted", "told"]
    assert play.waits() == ["listened", "tell"]
    assert play.cancelled == ["stopped"]


def test_a_signal_may_interrupt_the_one_that_threw_it() -> None:
    """BPMN 2.0.2, 13.5.3: nothing behind the throw event is carried out."""
    play = Play("signal_stops_its_sender").start().complete("u")
    assert play.open == ["after"]
    assert play.jobs == []


def test_a_signal_does_not_reach_what_it_has_just_ended() -> None:
    """BPMN 2.0.2, 13.5.3: the interrupting boundary event comes first and ends what waits inside."""
    play = Play("signal_from_outside_in").start().catch("S")
    assert play.open == ["after"]
    assert play.cancelled == ["hear", "scope"]


def test_the_name_of_a_thrown_signal_must_be_a_text() -> None:
    """Camunda 8, signal events: an incident when the expression gives no string."""
    play = Play("signal_name").start()
    with pytest.raises(ExecutionError, match=r"name of the signal .* is not a text"):
        play.complete("a", which=None)


def test_send_tasks_are_jobs() -> None:
    """BPMN 2.0.2, 13.3.3; Camunda 8, send tasks: like a service task."""
    play = Play("send_task")
    play.answers["notify"] = {"sent_at": 5, "more": 1}
    play.start()
    assert (play.open, play.variables, play.jobs) == (["after"], {"at": 5}, [("notify", {"letter": "hello"})])
