"""Tokens, sequence flows, loops, links, start and end events."""

from __future__ import annotations

from time import perf_counter

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play


def test_several_outgoing_flows_fork() -> None:
    """BPMN 2.0.2, 13.3.1: every outgoing flow gets a token; a task without a way out ends its token."""
    play = Play("implicit_fork").start().complete("first")
    assert play.open == ["a", "b"]
    assert play.complete("a").ended is None
    assert play.complete("b").ended == "-"


@pytest.mark.parametrize(("a", "b", "open_"), [(True, True, "ab"), (False, True, "b"), (False, False, "c")])
def test_conditional_flows_leave_a_task(a: bool, b: bool, open_: str) -> None:
    """BPMN 2.0.2, 13.3.1 and 8.4.13: each true condition gets a token, the default one only when none is true."""
    play = Play("conditional_flows").start().complete("first", a=a, b=b)
    assert play.open == list(open_)


def test_conditional_flows_without_a_way_out_are_a_fault() -> None:
    """BPMN 2.0.2, 13.3.1: a token that can leave by no flow would vanish silently."""
    play = Play("conditional_flows_no_default").start()
    with pytest.raises(ExecutionError, match="no way out"):
        play.complete("first", a=False, b=False)
    assert play.open == ["first"]


@pytest.mark.parametrize(("chosen", "task"), [(None, "a"), ("by_hand", "a"), ("by_message", "b"), ("by_clock", "c")])
def test_one_of_several_start_events_begins_the_process(chosen: str | None, task: str) -> None:
    """BPMN 2.0.2, 13.2: each start event is an alternative; the plain one without a choice."""
    assert Play("several_starts").start(chosen).open == [task]


def test_conditions_do_not_see_what_was_local_to_the_activity() -> None:
    """Camunda 8, variables: local variables are removed when their scope is left, and only then a way is chosen."""
    assert Play("conditional_flows_local").start(x=0).complete("u").open == ["outside"]


def test_a_signal_starts_a_process_with_what_its_mappings_take() -> None:
    """BPMN 2.0.2, 10.5.2; Camunda 8, signal events: the payload passes through the output mappings of the start."""
    play = Play("start_signal")
    machine = play.machine
    play.step(machine, lambda: machine.start("process", {}, "opened", {"day": "Monday", "more": 1}))
    assert (play.open, play.variables) == (["a"], {"since": "Monday"})


def test_a_start_event_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        Play("several_starts").start("by_nobody")


def test_elements_may_be_called_start_and_end() -> None:
    """Any XML id is an element id (BPMN 2.0.2, 8.3.1)."""
    play = Play("start_and_end").start()
    assert play.open == ["Root"]
    play.complete("Root")
    assert play.open == ["b"]
    assert play.complete("b").ended == "End"
    assert play.passed == ["Start", "Root", "End", "b"]


def test_three_hundred_rounds_do_not_make_the_state_grow() -> None:
    """A finished token leaves nothing behind."""
    play = Play("waiting_loop").start(count=0)
    for _ in range(150):
        play.advance("PT1H")
        play.machine.performers.setdefault("work", []).append("somebody")
        play.complete("work")
    early = play.sizes[20]
    for _ in range(150):
        play.advance("PT1H").complete("work")
    assert play.ended == "done"
    assert play.passed.count("chase") == 300
    assert max(play.sizes) < early + 16


def test_who_did_a_task_is_remembered_once() -> None:
    """Rounds of rework by the same people do not make the state grow."""
    play = Play("waiting_loop", reload=False).start(count=0)
    machine = play.machine
    machine.performers["work"] = ["li", "wang", "li"] * 100
    play.reload = True
    play.complete("work")
    assert play.machine.performers == {"work": ["wang", "li"]}


def test_a_loop_without_a_wait_is_a_fault_in_bounded_time() -> None:
    """The step is rolled back; the task stays open."""
    play = Play("endless_loop").start(count=0)
    started = perf_counter()
    with pytest.raises(ExecutionError, match="without waiting"):
        play.complete("first")
    assert perf_counter() - started < 5
    assert play.open == ["first"]


def test_undefined_and_manual_tasks_are_passed_through() -> None:
    """BPMN 2.0.2, 13.3.3: an engine does nothing for them."""
    play = Play("manual_tasks").start()
    assert play.open == ["after"]
    assert play.passed == ["begin", "nothing", "by_hand", "reached"]
    assert play.variables == {"x": 1}


@pytest.mark.parametrize("left", [True, False])
def test_links_are_go_to(left: bool) -> None:
    """BPMN 2.0.2, 10.5.4: several throwing ends lead to one catching end of the same name."""
    play = Play("links").start(left=left)
    play.complete("a" if left else "b")
    assert play.open == ["after"]
    assert play.complete("after").ended == "done"


def test_links_belong_to_their_scope() -> None:
    """BPMN 2.0.2, 10.5.5: a link connects within one process level; the same name may be used in another."""
    play = Play("links_in_subprocess").start().complete("a")
    assert play.open == ["b"]
    assert play.complete("b").open == ["after"]
    assert play.complete("after").ended == "done"


def test_terminate_ends_everything() -> None:
    """BPMN 2.0.2, 13.5.6: all tokens of the process are destroyed, nested scopes included."""
    play = Play("terminate").start()
    assert play.open == ["a", "b", "c"]
    assert play.complete("a").ended == "stop"
    assert sorted(play.cancelled) == ["b", "c", "scope"]


def test_terminate_in_a_subprocess_ends_only_that() -> None:
    """BPMN 2.0.2, 13.5.6: the subprocess ends, the process goes on."""
    play = Play("subprocess_terminate").start()
    play.complete("a")
    assert play.open == ["after", "beside"]
    assert play.cancelled == ["b"]


def test_terminate_in_one_instance_leaves_the_others_alone() -> None:
    """BPMN 2.0.2, 13.5.6; Camunda 8, terminate events: only the current iteration ends; its output is collected."""
    play = Play("terminate_in_instance").start(items=[1, 2]).complete("a", 0)
    assert play.open == ["a", "b"]
    assert play.cancelled == ["b"]
    play.complete("a")
    assert play.open == ["after"]
    assert play.variables["results"] == [1, 2]


def test_terminate_in_a_called_process_ends_only_that() -> None:
    """Camunda 8, terminate events: the call activity completes and its caller goes on."""
    play = Play("terminate_in_call").start().complete("a")
    assert play.open == ["after", "beside"]
    assert play.cancelled == ["b"]


def test_terminate_in_an_event_subprocess_ends_only_that_run() -> None:
    """Camunda 8, terminate events: neither the scope around it nor another run of it is touched."""
    play = Play("terminate_in_event_subprocess").start(key="K1").message("ask").message("ask").complete("h")
    assert play.open == ["a", "h", "i"]
    assert play.cancelled == ["i"]


def test_only_the_chosen_pool_runs() -> None:
    """BPMN 2.0.2, 9: pools are processes of their own; one that only describes may hold anything."""
    play = Play("pools").start()
    assert list(play.known.processes) == ["process", "other"]
    assert play.complete("a").ended == "done"


def test_data_and_notes_mean_nothing_for_execution() -> None:
    """BPMN 2.0.2, 10.4 and 8.3.2: data objects, stores, annotations and groups are for the reader of the diagram."""
    assert Play("data_and_notes").start().complete("a").ended == "done"
