"""Gateways."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionError
from tests.engine.bpmn.driver import Play


@pytest.mark.parametrize(("amount", "task"), [(50, "big"), (500, "big"), (5, "rest")])
def test_exclusive_takes_the_first_true_condition_else_the_default(amount: int, task: str) -> None:
    """BPMN 2.0.2, 13.4.2: conditions are evaluated in order; exactly one flow is taken."""
    play = Play("exclusive").start(amount=amount)
    assert play.open == [task]
    assert play.complete(task).ended == "done"


def test_exclusive_without_a_way_out_is_a_fault() -> None:
    """BPMN 2.0.2, 13.4.2: an exception when all conditions are false and there is no default flow."""
    with pytest.raises(ExecutionError) as caught:
        Play("exclusive_no_default").start(amount=7)
    assert caught.value.params["element_id"] == "route"
    assert "amount > 10" in caught.value.text("en")


def test_a_condition_that_is_null_names_the_missing_variable() -> None:
    """Camunda 8, expressions: a condition that yields null is an incident, not a silent no."""
    with pytest.raises(ExecutionError) as caught:
        Play("exclusive").start()
    assert "amount has no value" in caught.value.text("en")
    assert "变量 amount 没有值" in caught.value.text("zh")
    with pytest.raises(ExecutionError, match="amount has no value"):
        Play("exclusive").start(amount=None)


def test_a_condition_that_reads_an_unknown_variable_is_a_fault_even_if_it_would_be_false() -> None:
    """A variable that was never set is a gap in the diagram, not a silent no."""
    play = Play("inclusive")
    with pytest.raises(ExecutionError, match="b has no value"):
        play.start(a=True)


def test_a_condition_that_is_no_truth_value_is_a_fault() -> None:
    """Camunda 8, expressions: conditions are boolean."""
    with pytest.raises(ExecutionError, match="neither true nor false"):
        Play("exclusive").start(amount="many")


@pytest.mark.parametrize("order", ["abcd", "dcba", "cadb", "bdac"])
def test_parallel_waits_for_every_branch_nested_ones_too(order: str) -> None:
    """BPMN 2.0.2, 13.4.1: a token on every incoming flow."""
    play = Play("parallel").start()
    for task in ["b", *[t for t in order if t != "b"]]:
        assert "after" not in play.open
        play.complete(task)
    assert play.open == ["after"]
    assert play.passed.count("join") == 1
    assert play.complete("after").ended == "done"


def test_parallel_in_a_loop_joins_anew_in_every_round() -> None:
    """BPMN 2.0.2, 13.4.1: consumed tokens leave nothing behind."""
    play = Play("parallel_loop").start()
    for order in ("ab", "ba", "ab"):
        assert play.open == ["a", "b"]
        for task in order:
            play.complete(task)
    assert play.ended == "done"
    assert play.passed.count("join") == 3


def test_parallel_keeps_extra_tokens_of_one_flow_for_the_next_time() -> None:
    """BPMN 2.0.2, 13.4.1: excess tokens on a flow remain."""
    play = Play("parallel_extra_tokens").start()
    play.complete("a").complete("b")
    assert play.open == ["c", "d"]
    play.complete("c")
    assert play.open == ["after", "d"]
    play.complete("after")
    assert play.ended is None
    assert play.complete("d").complete("after").ended == "done"
    assert play.passed.count("join") == 2


@pytest.mark.parametrize("left", [True, False])
def test_tokens_that_wait_for_ever_are_a_fault(left: bool) -> None:
    """BPMN 2.0.2, 13.4.1: a join after an exclusive split never gets its second token."""
    play = Play("parallel_deadlock").start(left=left)
    with pytest.raises(ExecutionError, match="never arrive") as caught:
        play.complete("a" if left else "b")
    assert caught.value.params["element_id"] == "join"
    assert play.open == ["a" if left else "b"]


@pytest.mark.parametrize(("a", "b", "open_"), [(True, False, "a"), (True, True, "ab"), (False, False, "c")])
def test_inclusive_waits_for_the_branches_that_were_taken(a: bool, b: bool, open_: str) -> None:
    """BPMN 2.0.2, 13.4.3: one, some or, when no condition holds, the default."""
    play = Play("inclusive").start(a=a, b=b)
    assert play.open == list(open_)
    for task in reversed(open_):
        assert "after" not in play.open
        play.complete(task)
    assert play.complete("after").ended == "done"
    assert play.passed.count("join") == 1


def test_inclusive_without_a_way_out_is_a_fault() -> None:
    """BPMN 2.0.2, 13.4.3: an exception when no condition holds and there is no default flow."""
    with pytest.raises(ExecutionError, match="no way out"):
        Play("inclusive_no_default").start(a=False, b=False)


def test_inclusive_join_sees_that_a_branch_left() -> None:
    """BPMN 2.0.2, 13.4.3: it fires as soon as no token can reach an empty flow any more."""
    play = Play("inclusive_unstructured").start(first=True, second=True)
    play.complete("d")
    assert play.open == ["b"]
    play.complete("b", leave=True)
    assert play.open == ["after", "c"]
    play.complete("after")
    assert play.ended is None
    assert play.complete("c").ended == "left_end"


@pytest.mark.parametrize("order", ["bd", "db"])
def test_inclusive_join_holds_while_a_token_may_still_come(order: str) -> None:
    """BPMN 2.0.2, 13.4.3: a token with a path to an empty incoming flow holds it up."""
    play = Play("inclusive_unstructured").start(first=True, second=True)
    for task in order:
        assert "after" not in play.open
        play.complete(task, leave=False)
    assert play.open == ["after"]


def test_inclusive_in_a_loop() -> None:
    """BPMN 2.0.2, 13.4.3: paths through the gateway itself do not count."""
    play = Play("inclusive_loop").start()
    assert play.open == ["b"]
    play.complete("b")
    assert play.open == ["a", "b"]
    play.complete("a")
    assert play.open == ["b"]
    play.complete("b")
    assert play.open == ["a"]
    assert play.complete("a").ended == "done"


def test_inclusive_join_waits_for_a_path_that_began_at_a_boundary_event() -> None:
    """BPMN 2.0.2, 13.4.3: the reminder's token has a path to the gateway, so the gateway waits for it."""
    play = Play("inclusive_after_boundary").start().complete("b").advance("PT1H").complete("a")
    assert play.open == ["c"]
    play.complete("c")
    assert play.open == ["after"]
    assert play.complete("after").ended == "done"


def test_inclusive_join_does_not_wait_for_an_event_that_cannot_happen_any_more() -> None:
    """BPMN 2.0.2, 13.4.3 and 13.5.3: with its activity the boundary event is gone, and no token can come from it."""
    play = Play("inclusive_after_boundary").start().complete("b")
    assert play.open == ["a"]
    assert play.complete("a").open == ["after"]


def test_inclusive_join_waits_for_a_subprocess_beside_it() -> None:
    """BPMN 2.0.2, 13.4.3: what happens inside a subprocess counts as the subprocess being active."""
    play = Play("inclusive_beside_subprocess").start().complete("b").complete("u")
    assert play.open == ["v"]
    assert play.complete("v").open == ["after"]


def test_inclusive_keeps_extra_tokens_of_one_flow_for_the_next_time() -> None:
    """BPMN 2.0.2, 13.4.3: one token is consumed from each flow that has one; a token that can also reach a flow
    that has one does not hold the gateway up."""
    play = Play("inclusive_extra_tokens").start().complete("a").complete("c")
    assert play.open == ["after", "b"]
    play.complete("b")
    assert play.open == ["after", "after"]
    assert play.complete("after").complete("after").ended == "done"
    assert play.passed.count("join") == 2


def test_inclusive_join_takes_one_token_of_each_flow() -> None:
    """BPMN 2.0.2, 13.4.3: two tokens on one flow fire it twice, the second time alone."""
    play = Play("inclusive_extra_tokens").start().complete("a").complete("b")
    assert play.open == ["c"]
    assert play.complete("c").open == ["after", "after"]


def test_inclusive_join_waits_for_a_token_that_is_held_up_at_another_join() -> None:
    """BPMN 2.0.2, 13.4.3: a token at a parallel gateway on the way can still arrive."""
    play = Play("inclusive_behind_parallel").start().complete("a").complete("c")
    assert play.open == ["b"]
    assert play.complete("b").open == ["after"]


def test_inclusive_join_does_not_wait_for_a_token_that_may_also_come_where_one_is() -> None:
    """BPMN 2.0.2, 13.4.3: there is also a path from that token to an incoming flow that has a token."""
    play = Play("inclusive_either_way").start().complete("a")
    assert play.open == ["after", "b"]
    assert play.complete("b", again=False).open == ["after", "after"]


@pytest.mark.parametrize("late", [True, False])
def test_inclusive_join_waits_for_an_event_that_may_still_happen(late: bool) -> None:
    """BPMN 2.0.2, 13.4.3, speaks of paths of sequence flows only; a way over a boundary event counts here too, since
    its token would otherwise come after the gateway has fired, and fire it a second time."""
    play = Play("inclusive_before_boundary").start().complete("b")
    assert play.open == ["p"]
    assert play.complete("p").open == ["a"]
    assert (play.advance("PT1H") if late else play.complete("a")).open == ["after"]
    assert play.complete("after").ended == "done"
    assert play.passed.count("join") == 1


@pytest.mark.parametrize("comes", [True, False])
def test_inclusive_join_follows_events_and_links(comes: bool) -> None:
    """BPMN 2.0.2, 13.4.3 and 10.5.4: a link is a sequence flow; a token that took another way is not waited for."""
    play = Play("inclusive_behind_events").start(key="K1").complete("b")
    assert play.open == []
    assert (play.message("go") if comes else play.advance("PT1H")).open == ["after"]


def test_a_join_may_wait_for_an_ad_hoc_subprocess_that_nobody_has_begun() -> None:
    """BPMN 2.0.2, 13.3.5: what is still to be activated is no deadlock."""
    play = Play("join_beside_ad_hoc").start().complete("u")
    assert (play.open, play.ended) == ([], None)


def test_event_gateway_takes_the_first_message() -> None:
    """BPMN 2.0.2, 13.4.4: the first event decides, the others are no longer awaited."""
    play = Play("event_gateway").start(key="K1")
    assert play.waits() == ["answered", "recalled", "stopped", "too_late"]
    play.message("answer", text="yes")
    assert play.open == ["after_answer"]
    assert play.variables["answer"] == "yes"
    assert "text" not in play.variables
    assert play.waits() == []
    assert play.complete("after_answer").ended == "done"


@pytest.mark.parametrize("arm", ["time", "stop", "recall"])
def test_event_gateway_takes_a_timer_a_signal_or_a_receive_task(arm: str) -> None:
    """BPMN 2.0.2, 13.4.4 and 10.6.6: receive tasks may stand in for message events."""
    play = Play("event_gateway").start(key="K1")
    if arm == "time":
        play.advance("PT2H")
    elif arm == "stop":
        play.catch("stop")
    else:
        play.message("recall", why="mistake")
        assert play.variables["why"] == "mistake"
    assert play.open == [f"after_{arm}"]
    assert play.waits() == []
