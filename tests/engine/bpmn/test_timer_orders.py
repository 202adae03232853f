"""Timers and people in any order: timers need not fire when they are due, nor in the order in which they are.

A sweep that was down for a day fires everything at once, in whatever order the rows come; a person may be faster.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.runtime.machine import Machine
from tests.engine.bpmn.blocks import Block, blocks, ordered_blocks
from tests.engine.bpmn.driver import Play
from tests.engine.bpmn.event_blocks import write
from tests.engine.bpmn.test_random_diagrams import MAX_ACTIONS, begun, possible, repeatable

bounded = settings(
    max_examples=60,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
orders = st.randoms(use_true_random=False)
Waiting = set[tuple[str, str]]


def waiting(machine: Machine) -> Waiting:
    return {(task_id, element) for task_id, element, _ in machine.waits()}


class Watched:
    """A run in which everything that happens is checked against what happened before."""

    def __init__(self, content: bytes) -> None:
        self.play = begun(content)
        self.beside = repeatable(self.play)
        self.fired: Counter[str] = Counter()
        self.gone: Waiting = set()
        """what was waited for once: it has fired, or its activity has ended"""

    def finish(self, random: Random) -> Play:
        for _ in range(MAX_ACTIONS):
            actions = possible(self.play.machine, self.fired)
            if not actions:
                break
            (what, element, _), task_id = random.choice(actions)
            before = waiting(self.play.machine)
            self.step(what, element, task_id)
            after = waiting(self.play.machine)
            assert not after & self.gone, "what is over is waited for again"
            if what == "fire" and element not in self.beside:
                assert (task_id, element) not in after, "fired and still waited for"
            self.gone |= before - after
        self.nothing_is_left()
        return self.play

    def step(self, what: str, element: str, task_id: str) -> None:
        machine = self.play.machine
        if what == "complete":
            self.play.step(machine, lambda: machine.complete(task_id, {}))
        else:
            self.play.step(machine, lambda: machine.trigger(task_id, element))
            self.fired[element] += element in self.beside

    def nothing_is_left(self) -> None:
        """The end was reached, no wait and no token remains, no task ended twice, and nothing that is over can fire."""
        assert self.play.ended is not None
        over = [e for e in self.play.path.entries if e.what in ("passed", "withdrawn")]
        assert all(n == 1 for n in Counter(e.task_id for e in over).values())
        for task_id, element in self.gone:
            with pytest.raises(KeyError):
                self.play.machine.trigger(task_id, element)


@bounded
@given(blocks, orders)
def test_nothing_fires_twice_nothing_cancelled_fires_and_nothing_is_left(block: Block, random: Random) -> None:
    assert Watched(write(block)).finish(random).passed.count("done") == 1


@bounded
@given(ordered_blocks, orders, orders)
def test_where_nothing_is_interrupted_the_order_does_not_matter(block: Block, one: Random, other: Random) -> None:
    """The same elements are passed equally often, nothing is withdrawn, and the variables are the same."""
    content = write(block)
    first, second = Watched(content).finish(one), Watched(content).finish(other)
    assert Counter(first.passed) == Counter(second.passed)
    assert first.cancelled == second.cancelled == []
    assert first.variables == second.variables


RACES: list[Block] = [
    ("boundary", "timer", True, ("seq", [("user",), ("catch", "timer")]), ("user",)),
    ("boundary", "cycle", False, ("seq", [("user",), ("catch", "timer")]), ("catch", "timer")),
    ("event", "timer", True, ("and", [("user",), ("catch", "timer")]), ("user",)),
    ("event", "cycle", False, ("and", [("user",), ("catch", "timer")]), ("user",)),
    ("race", [("user",), ("user",), ("catch", "timer")]),
    ("mi", False, 2, ("race", [("user",), ("catch", "timer")])),
]


@pytest.mark.parametrize("block", RACES, ids=lambda block: f"{block[0]}-{block[1]}")
@settings(bounded, max_examples=10)
@given(random=orders)
def test_whoever_is_first_wins_a_race(block: Block, random: Random) -> None:
    """Each order of a timer against what it interrupts, and both of them several times at once."""
    Watched(write(("and", [block, ("loop", 2, block)]))).finish(random)
