"""Compensation: BPMN 2.0.2, 10.7 and 13.5.5; where the standard is open, Camunda 8, "Compensation events"."""

from __future__ import annotations

import pytest

from tests.engine.bpmn.driver import Play
from tests.engine.bpmn.snippets import diagram, errors


def test_everything_completed_is_undone_and_the_event_waits_for_it() -> None:
    play = Play("compensation").start().complete("book").complete("pay").complete("choose")
    assert play.open == ["refund", "unbook"]
    assert "undo" not in play.passed
    assert play.complete("refund").open == ["unbook"]
    assert play.complete("unbook").open == ["after"]
    assert play.complete("after").ended == "done"
    assert play.passed == ["begin", "book", "pay", "choose", "refund", "unbook", "undo", "after", "done"]


def test_what_is_still_active_is_not_undone() -> None:
    """The script undoes itself at once; ``pay`` is not complete and goes on."""
    play = Play("compensation_end").start().complete("talk")
    assert play.open == ["pay"]
    assert play.variables["booked"] == "unbooked"
    assert play.complete("pay").ended == "paid"
    assert "refund" not in play.passed


def test_one_activity_only() -> None:
    play = Play("compensation_of_one").start().complete("book").complete("pay")
    assert play.open == ["refund"]
    assert play.complete("refund").complete("after").ended == "done"
    assert "unbook" not in play.passed


def test_as_often_as_it_was_completed() -> None:
    play = Play("compensation_in_a_loop").start().complete("book", more=True).complete("book", more=True)
    play.complete("book", more=False)
    assert play.open == ["unbook"] * 3
    assert play.complete("unbook").complete("unbook").complete("unbook").ended == "done"


def test_what_was_done_in_a_subprocess_is_undone_with_its_variables() -> None:
    """13.5.5: compensation sees the data of the subprocess as it was when it completed."""
    play = Play("compensation_of_a_subprocess").start(number=7).complete("book").complete("pay", number=8)
    assert "own" not in play.variables
    play.complete("choose")
    assert play.open == ["refund", "unbook"]
    assert play.local("unbook")["place"] == "room 7"
    assert play.complete("unbook").complete("refund").open == ["after"]
    assert "own" not in play.variables
    assert play.passed.count("trip") == 1


def test_a_subprocess_that_is_active_undoes_only_its_own() -> None:
    play = Play("compensation_inside").start().complete("pay").complete("book")
    assert play.open == ["unbook"]
    assert play.complete("unbook").ended == "done"
    assert "refund" not in play.passed


def test_a_handler_of_the_subprocess_takes_the_place_of_those_inside() -> None:
    """10.7.1: an associated compensation activity knows nothing of what is inside."""
    play = Play("compensation_own_handler").start().complete("book")
    assert play.open == ["call_off"]
    assert play.complete("call_off").ended == "done"


def test_an_event_subprocess_undoes_what_its_scope_has_done() -> None:
    play = Play("compensation_by_event").start().complete("book").complete("pay")
    assert play.open == ["unbook"]
    assert play.complete("unbook").ended == "stopped"


def test_a_multi_instance_activity_is_undone_once() -> None:
    play = Play("compensation_of_many").start(items=["x", "y"]).complete("book").complete("book")
    assert play.open == ["unbook"]
    assert play.local("unbook")["item"] == "x"
    assert play.complete("unbook").open == ["unbook"]
    assert play.complete("unbook").ended == "done"


def test_each_instance_of_a_subprocess_is_undone() -> None:
    play = Play("compensation_of_many_subprocesses").start(items=["x", "y"]).complete("book")
    assert play.complete("book").open == ["unbook", "unbook"]
    assert play.local("unbook")["item"] == "y"
    assert play.complete("unbook").complete("unbook").ended == "done"


def test_a_called_process_is_undone_by_the_handler_of_the_call_only() -> None:
    play = Play("compensation_of_a_call").start().complete("book")
    assert play.open == ["call_off"]
    assert play.complete("call_off").ended == "done"


def test_handlers_end_with_their_scope() -> None:
    play = Play("compensation_stopped").start(key="K1").complete("book")
    assert play.open == ["unbook"]
    assert play.message("stop").ended == "stopped"
    assert sorted(play.cancelled) == ["unbook", "undo_all"]


HANDLER = '<b:task id="h" isForCompensation="true"/>'
BOUNDARY = '<b:boundaryEvent id="odd" attachedToRef="work"><b:compensateEventDefinition/></b:boundaryEvent>'
LINK = '<b:association id="a" sourceRef="odd" targetRef="h"/>'


@pytest.mark.parametrize(
    ("more", "element", "why"),
    [
        (HANDLER, "h", "is associated with this compensation handler"),
        (BOUNDARY, "odd", "associated with one compensation handler"),
        (BOUNDARY + LINK + '<b:task id="h"/>', "odd", "associated with one compensation handler"),
        (BOUNDARY + LINK + HANDLER + '<b:sequenceFlow id="f" sourceRef="odd" targetRef="done"/>', "odd", "no way out"),
        (BOUNDARY + LINK + HANDLER + '<b:sequenceFlow id="f" sourceRef="h" targetRef="done"/>', "h", "no sequence"),
        (BOUNDARY + LINK + HANDLER + BOUNDARY.replace("odd", "twin"), "odd", "only one"),
        (
            '<b:intermediateThrowEvent id="t"><b:compensateEventDefinition activityRef="work"/></b:intermediateThrowEvent>',
            "t",
            "no compensation boundary event",
        ),
        (
            '<b:endEvent id="t"><b:compensateEventDefinition waitForCompletion="false"/></b:endEvent>',
            "t",
            "waitForCompletion",
        ),
        ('<b:intermediateCatchEvent id="t"><b:compensateEventDefinition/></b:intermediateCatchEvent>', "t", "place"),
    ],
)
def test_refused(more: str, element: str, why: str) -> None:
    found = errors(diagram(more=more))
    assert (element, True) in [(e, why in text) for e, text in found]
