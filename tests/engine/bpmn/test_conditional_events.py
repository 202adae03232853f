"""Conditional events: BPMN 2.0.2, 10.5.5 and 13.5.3; where the standard is open, Camunda 8, "Conditionals"."""

from __future__ import annotations

import pytest

from tests.engine.bpmn.driver import Play
from tests.engine.bpmn.snippets import diagram, errors


def test_a_catch_event_waits_until_its_condition_holds() -> None:
    """A condition without a value yet is not true; other variables do not matter."""
    play = Play("conditional_catch").start(wanted=3)
    assert (play.open, play.waits("conditional")) == (["fill"], ["ready"])
    assert play.complete("fill", stock=5).open == ["ship"]


def test_what_holds_on_arrival_goes_straight_on() -> None:
    assert Play("conditional_catch").start(wanted=3, stock=3).open == ["fill", "ship"]


def test_a_boundary_event_interrupts_and_sees_the_variables_of_its_activity() -> None:
    play = Play("conditional_boundary").start(limit=10, amount=5)
    assert play.open == ["beside", "work"]
    assert play.complete("beside", amount=11).open == ["stop"]
    assert play.cancelled == ["work"]
    assert play.complete("stop").ended == "done"


def test_a_boundary_event_that_holds_on_entry_interrupts_at_once() -> None:
    play = Play("conditional_boundary").start(limit=10, amount=11)
    assert play.open == ["beside", "stop"]


def test_what_the_activity_itself_returns_comes_too_late() -> None:
    """Camunda 8: the subscription is closed before what is written on completion is looked at."""
    play = Play("conditional_boundary").start(limit=10, amount=5).complete("work", amount=11)
    assert play.open == ["beside"]
    assert "enough" not in play.passed


def test_a_non_interrupting_event_fires_with_every_change() -> None:
    play = Play("conditional_boundary_beside").start(amount=0)
    play.complete("beside", amount=11)
    assert play.open == ["beside", "look", "work"]
    play.complete("beside", amount=11, other=1)
    assert play.open == ["beside", "look", "work"]
    play.complete("beside", amount=12)
    assert play.open == ["beside", "look", "look", "work"]
    assert play.complete("beside", amount=1).open == ["beside", "look", "look", "work"]


def test_only_the_changes_asked_for() -> None:
    play = Play("conditional_update_only").start().complete("beside", amount=11)
    assert play.open == ["beside", "work"]
    assert play.complete("beside", amount=12).open == ["beside", "look", "work"]


def test_an_event_subprocess_takes_over_before_anything_inside_reacts() -> None:
    """Outer scopes are looked at first."""
    play = Play("event_conditional").start().complete("ask", withdrawn=True)
    assert play.open == ["tidy"]
    assert "scope" in play.cancelled
    assert "too_late" not in play.passed
    assert play.complete("tidy").ended == "tidied"


def test_an_event_subprocess_runs_beside_with_every_change() -> None:
    """Only while its scope is active; afterwards a change means nothing."""
    play = Play("event_conditional_beside").start(amount=0).complete("beside", amount=11)
    assert play.open == ["a", "beside", "look"]
    assert play.complete("beside", amount=12).open == ["a", "beside", "look", "look"]
    play.complete("look").complete("look").complete("a").complete("beside", amount=13)
    assert play.open == ["after", "beside"]


def test_after_an_event_based_gateway() -> None:
    play = Play("event_gateway_conditional").start(count=0).complete("fill", count=1)
    assert play.waits() == ["full", "late"]
    assert play.complete("fill", count=3).open == ["a", "fill"]
    assert Play("event_gateway_conditional").start(count=0).advance("PT1H").open == ["b", "fill"]


def boundary(definition: str) -> bytes:
    return diagram(more=f'<b:boundaryEvent id="odd" attachedToRef="work">{definition}</b:boundaryEvent>')


CONDITION = "<b:conditionalEventDefinition><b:condition>{}</b:condition>{}</b:conditionalEventDefinition>"
FILTER = "<b:extensionElements><zeebe:conditionalFilter {}/></b:extensionElements>"


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("<b:conditionalEventDefinition/>", "needs a condition"),
        (CONDITION.format("amount &gt; 1", ""), "needs a condition"),
        (CONDITION.format("=a", FILTER.format('variableNames="a"')), "variableEvents only"),
        (CONDITION.format("=a", FILTER.format('variableEvents="delete"')), "variableEvents only"),
    ],
)
def test_refused(definition: str, why: str) -> None:
    assert [(element, why in text) for element, text in errors(boundary(definition))] == [("odd", True)]


def test_a_process_cannot_be_started_by_a_condition() -> None:
    start = f'<b:startEvent id="odd">{CONDITION.format("=a", "")}</b:startEvent>'
    assert [element for element, text in errors(diagram(more=start)) if "in this place" in text] == ["odd"]
