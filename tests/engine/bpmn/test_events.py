"""Intermediate events, signals and messages thrown."""

from __future__ import annotations

from datetime import UTC, datetime

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
