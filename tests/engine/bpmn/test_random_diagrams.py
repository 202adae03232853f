"""Random well-structured diagrams: they always end, leave no token, and saving between steps changes nothing."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.runtime.machine import Machine
from tests.engine.bpmn.blocks import TRIGGERS, Block, blocks
from tests.engine.bpmn.driver import Play, user_tasks
from tests.engine.bpmn.event_blocks import Events, write

MAX_ACTIONS = 400
REPEATS = 2
"""How often one event that does not interrupt is fired; some could be for ever."""
Action = tuple[str, str, int]
"""what, element, which of several"""

bounded = settings(
    max_examples=120,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def begun(content: bytes, reload: bool = True) -> Play:
    play = Play(content, reload)
    play.answers["bad"] = "E"
    return play.start()


def possible(machine: Machine, fired: Counter[str]) -> list[tuple[Action, str]]:
    """Every task that can be completed and every event that can happen, with the id to do it by."""
    found = [("complete", t.task_spec.element.id, str(t.id)) for t in user_tasks(machine)]
    found += [
        ("fire", element, task_id)
        for task_id, element, wait in machine.waits()
        if wait.kind in ("timer", "message", "signal") and fired[element] < REPEATS
    ]
    seen: Counter[tuple[str, str]] = Counter()
    actions = []
    for what, element, task_id in found:
        actions.append(((what, element, seen[what, element]), task_id))
        seen[what, element] += 1
    return sorted(actions)


def repeatable(play: Play) -> frozenset[str]:
    """The events that do not interrupt."""
    processes = [spec.process for spec in play.known.processes.values()]
    return frozenset(e.id for p in processes for e in p.walk() if not e.interrupting)


def act(play: Play, action: Action, fired: Counter[str]) -> None:
    machine = play.machine
    task_id = dict(possible(machine, fired))[action]
    if action[0] == "complete":
        play.step(machine, lambda: machine.complete(task_id, {}))
    else:
        play.step(machine, lambda: machine.trigger(task_id, action[1]))


def walk(block: Block, seed: int) -> tuple[Play, Play]:
    """Play ``block`` twice in the same random order, once saving after every step and once never."""
    content, random = write(block), Random(seed)
    saved, kept = begun(content), begun(content, reload=False)
    beside, fired = repeatable(saved), Counter[str]()
    for _ in range(MAX_ACTIONS):
        actions = [action for action, _ in possible(saved.machine, fired)]
        assert actions == [action for action, _ in possible(kept.machine, fired)]
        if not actions:
            break
        action = random.choice(actions)
        act(saved, action, fired)
        act(kept, action, fired)
        fired[action[1]] += action[1] in beside
        assert saved.passed == kept.passed
        assert sorted(saved.cancelled) == sorted(kept.cancelled)
        assert saved.variables == kept.variables
    return saved, kept


def ends(block: Block, seed: int) -> None:
    saved, kept = walk(block, seed)
    assert saved.ended == kept.ended
    assert saved.ended is not None
    assert saved.passed.count("done") == 1


@bounded
@given(blocks, st.integers(0, 10**6))
def test_a_well_structured_diagram_always_ends(block: Block, seed: int) -> None:
    ends(block, seed)


USER: Block = ("user",)
TWO: list[Block] = [USER, ("catch", "timer")]
EVERY: list[Block] = [
    *[(place, kind, interrupting, USER, USER)
      for place in ("boundary", "event") for kind in TRIGGERS for interrupting in (True, False)],
    *[("catch", kind) for kind in ("timer", "message", "signal", "receive")],
    *[("mi", sequential, 2, USER) for sequential in (True, False)],
    *[("task", sequential, 2) for sequential in (True, False)],
    *[("call", items, USER, shared) for items in (None, 0, 1, 2) for shared in (True, False)],
    *[(kind, TWO) for kind in ("seq", "and", "race", "terminate")],
    *[(kind, USER) for kind in ("sub", "undo", "link", "failing")],
    USER, ("script",), ("job",), ("xor", 0, TWO), ("or", [True, True], TWO), ("loop", 2, USER),
    ("adhoc", [0, 1, 0], TWO), ("shout", USER, USER),
]  # fmt: skip


@pytest.mark.parametrize("block", EVERY, ids=str)
def test_every_kind_of_block_ends_round_after_round_and_several_at_once(block: Block) -> None:
    """In a loop and in parallel instances: whatever it leaves behind would show in the next round."""
    for seed in range(2):
        ends(("loop", 2, ("mi", False, 2, block)), seed)


def test_every_kind_is_tried() -> None:
    assert {kind for kind, *_ in EVERY} == {
        name[1:] for name in dir(Events) if name[0] == "_" and name[1] != "_" and name not in _HELPERS
    }


_HELPERS = ("_branches", "_multiple", "_watched", "_catching")
