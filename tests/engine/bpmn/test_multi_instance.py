"""Multi-instance activities (BPMN 2.0.2, 13.3.7; Camunda 8, multi-instance)."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play

ITEMS = ["a", "b", "c"]


def test_parallel_instances_collect_results_in_the_order_of_the_items() -> None:
    """Camunda 8: outputElement goes to the index of its instance, whatever the order of completion."""
    play = Play("mi_parallel").start(items=ITEMS)
    assert play.open == ["each"] * 3
    assert [s["item"] for s in play.seen["each"]] == ITEMS
    assert [s["loopCounter"] for s in play.seen["each"]] == [1, 2, 3]
    play.complete("each", 2, result="C").complete("each", 0, result="A")
    assert play.ended is None
    assert play.local("each")["results"] == ["A", None, "C"]
    assert "results" not in play.variables
    play.complete("each", result="B")
    assert play.open == ["after"]
    assert play.variables == {"items": ITEMS, "results": ["A", "B", "C"]}


@pytest.mark.parametrize("reload", [True, False])
def test_what_an_instance_was_given_does_not_change_with_the_collection(reload: bool) -> None:
    """Camunda 8, input mappings: evaluated when the instance begins; saving in between makes no difference."""
    play = Play("mi_reads_results", reload).start(items=ITEMS).complete("each", result="A")
    assert play.local("each")["results"] == ["A", None, None]
    assert play.local("each")["before"] == [None, None, None]


def test_sequential_instances_come_one_by_one() -> None:
    """Camunda 8: the next instance starts when the one before has ended."""
    play = Play("mi_sequential").start(items=ITEMS)
    for item in ITEMS:
        assert play.open == ["each"]
        assert play.local("each")["item"] == item
        play.complete("each", result=item.upper())
    assert play.variables["results"] == ["A", "B", "C"]
    assert play.open == ["after"]


@pytest.mark.parametrize("diagram", ["mi_parallel", "mi_sequential"])
def test_an_empty_collection_is_passed_at_once(diagram: str) -> None:
    """Camunda 8: no instance is created; the output collection is empty."""
    play = Play(diagram).start(items=[])
    assert play.open == ["after"]
    assert play.variables["results"] == []


def test_items_and_results_may_be_null() -> None:
    """Camunda 8: null is an item like any other; what was not set is null in the output collection."""
    play = Play("mi_parallel").start(items=[None, 1, None]).complete("each").complete("each", result=2)
    assert play.local("each")["item"] is None
    assert play.complete("each", result=None).variables["results"] == [None, 2, None]


def test_a_collection_that_is_no_list_is_a_fault() -> None:
    """Camunda 8: an incident when the input collection is not an array."""
    for items in (None, "abc", {"a": 1}):
        with pytest.raises(ExecutionError, match="not a list"):
            Play("mi_parallel").start(items=items)


def test_too_many_items_are_a_fault() -> None:
    """Cost is bounded."""
    with pytest.raises(ExecutionError, match="limit"):
        Play("mi_parallel").start(items=list(range(6000)))


def test_a_completion_condition_withdraws_the_rest() -> None:
    """Camunda 8: evaluated after each instance; the remaining ones are terminated."""
    play = Play("mi_until").start(items=ITEMS)
    play.complete("each", 1, result="B")
    assert play.open == ["each", "each"]
    play.complete("each", 1, result="C")
    assert play.open == ["after"]
    assert play.variables["results"] == [None, "B", "C"]
    assert play.cancelled == ["each"]


def test_a_completion_condition_stops_a_sequence() -> None:
    """Camunda 8: the condition sees the item and the counters of the body."""
    play = Play("mi_until_sequential").start(items=ITEMS)
    play.complete("each", result="A").complete("each", result="B")
    assert play.open == ["after"]
    assert play.variables["results"] == ["A", "B", None]


def test_service_script_and_rule_tasks_repeat() -> None:
    """BPMN 2.0.2, 13.3.7: any activity may be multi-instance; results do not leak between instances."""
    play = Play("mi_tasks")
    play.answers = {"work": lambda inputs: {"result": inputs["what"] * 10}, "rating": lambda seen: seen["item"] * 2}
    play.start(items=[1, 2])
    assert play.open == ["after"]
    assert play.variables == {"items": [1, 2], "results": [10, 20], "sums": [2, 4], "ratings": [2, 4]}
    assert [inputs["what"] for _, inputs in play.jobs] == [1, 2]


def test_receive_tasks_repeat() -> None:
    """BPMN 2.0.2, 13.3.7: each instance waits for a message of its own."""
    play = Play("mi_receive").start(items=["K1", "K2"])
    play.message("answer", "K2", text="two")
    assert play.open == []
    play.message("answer", "K1", text="one")
    assert play.variables["results"] == ["one", "two"]
    assert play.open == ["after"]


def test_subprocesses_repeat() -> None:
    """Camunda 8: mappings apply to each instance; the output element sees its local variables."""
    play = Play("mi_subprocess").start(items=["x", "y"])
    play.complete("a", 1, by="wang").complete("a", 0, by="li")
    assert play.open == ["b", "b"]
    play.complete("b", 0).complete("b", 0)
    assert play.open == ["after"]
    assert play.variables["results"] == [{"item": "x", "by": "li"}, {"item": "y", "by": "wang"}]
    assert "by" not in play.variables


def test_subprocesses_one_after_the_other_until_it_is_enough() -> None:
    """Camunda 8, completion condition: looked at after each instance, with the variables of that instance."""
    play = Play("mi_subprocess_sequential").start(items=["x", "y", "z"])
    assert play.complete("a", by="wang").open == ["b"]
    assert play.complete("b").open == ["a"]
    play.complete("a", by="li").complete("b")
    assert play.open == ["after"]
    assert play.variables["results"] == [{"item": "x", "by": "wang"}, {"item": "y", "by": "li"}, None]


@pytest.mark.parametrize("diagram", ["mi_call", "mi_call_sequential"])
def test_call_activities_repeat(diagram: str) -> None:
    """Camunda 8: outputs of an instance stay in it until the output element collects them."""
    play = Play(diagram).start(items=["x", "y"])
    for text in ("one", "two"):
        play.complete("a", 0, answer=text)
    assert play.open == ["after"]
    assert play.variables == {
        "items": ["x", "y"],
        "results": [{"item": "x", "got": "one", "n": 1}, {"item": "y", "got": "two", "n": 2}],
    }


@pytest.mark.parametrize("reload", [True, False])
@pytest.mark.parametrize("diagram", ["mi_call_all", "mi_call_inside"])
def test_a_called_process_does_not_undo_what_the_others_collected(diagram: str, reload: bool) -> None:
    """Camunda 8, multi-instance, warns that a called process gets a copy of the output collection and overwrites it
    when its variables come back; here the collection stays with the activity that fills it."""
    play = Play(diagram, reload).start(items=["x", "y", "z"])
    assert "results" not in play.local("a")
    for text in ("one", "two", "three"):
        play.complete("a", answer=text)
    assert play.open == ["after"]
    assert play.variables["results"] == ["one", "two", "three"]


def test_boundary_events_belong_to_the_body() -> None:
    """Camunda 8: one subscription for all instances; a reminder does not touch them, an interruption ends them all."""
    play = Play("mi_boundary").start(items=ITEMS, key="K1")
    assert play.waits() == ["chase", "late", "stop"]
    play.complete("each", result=1).advance("PT3H")
    assert play.open == ["chasing", "chasing", "each", "each"]
    play.advance("PT2H")
    assert play.open == ["chasing", "chasing", "overdue"]
    assert play.cancelled.count("each") == 3
    assert "results" not in play.variables


def test_a_message_cancels_the_body() -> None:
    """Camunda 8: an interrupting boundary event terminates all instances."""
    play = Play("mi_boundary").start(items=ITEMS, key="K1").message("stop")
    assert play.open == ["stopped"]
    assert play.waits() == []


def test_boundary_events_close_with_the_last_instance() -> None:
    """BPMN 2.0.2, 13.5.3: a boundary event is awaited only while its activity is active."""
    play = Play("mi_boundary").start(items=["a"], key="K1").complete("each", result=1)
    assert play.open == ["after"]
    assert play.waits() == []


@pytest.mark.parametrize("results", [5, ["only one"]])
def test_an_output_collection_that_was_overwritten_is_a_fault(results: object) -> None:
    """Camunda 8: an incident when the output collection is no array of that size any more."""
    play = Play("mi_parallel").start(items=ITEMS)
    with pytest.raises(ExecutionError, match="overwritten"):
        play.complete("each", result=1, results=results)
    assert play.open == ["each"] * 3
