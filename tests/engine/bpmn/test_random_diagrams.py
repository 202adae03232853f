"""Random well-structured diagrams: they always end, leave no token, and saving between steps changes nothing."""

from __future__ import annotations

import os
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.runtime.machine import Machine
from tests.engine.bpmn.blocks import Block, blocks, write
from tests.engine.bpmn.driver import Play

MAX_ACTIONS = 400
Action = tuple[str, str, int]
"""what, element, which of several"""

bounded = settings(
    max_examples=150,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def possible(machine: Machine) -> list[tuple[Action, str]]:
    """Every task that can be completed and every timer that can fire, with the id to do it by."""
    found = [("complete", t.task_spec.element.id, str(t.id)) for t in Play._tasks(machine)]
    found += [("fire", element, task_id) for task_id, element, wait in machine.waits() if wait.kind == "timer"]
    seen: dict[tuple[str, str], int] = {}
    actions = []
    for what, element, task_id in found:
        number = seen.get((what, element), 0)
        seen[what, element] = number + 1
        actions.append(((what, element, number), task_id))
    return sorted(actions)


def act(play: Play, action: Action) -> None:
    machine = play.machine
    task_id = dict(possible(machine))[action]
    if action[0] == "complete":
        play._step(machine, lambda: machine.complete(task_id, {}))
    else:
        play._step(machine, lambda: machine.trigger(task_id, action[1]))


def walk(block: Block, seed: int) -> tuple[Play, Play]:
    """Play ``block`` twice in the same random order, once saving after every step and once never."""
    content, random = write(block), Random(seed)
    saved, kept = Play(content).start(), Play(content, reload=False).start()
    for _ in range(MAX_ACTIONS):
        actions = [action for action, _ in possible(saved.machine)]
        assert actions == [action for action, _ in possible(kept.machine)]
        if not actions:
            break
        action = random.choice(actions)
        act(saved, action)
        act(kept, action)
        assert saved.passed == kept.passed
        assert sorted(saved.cancelled) == sorted(kept.cancelled)
        assert saved.variables == kept.variables
    return saved, kept


@bounded
@given(blocks, st.integers(0, 10**6))
def test_a_well_structured_diagram_always_ends(block: Block, seed: int) -> None:
    saved, kept = walk(block, seed)
    assert saved.ended == kept.ended
    assert saved.ended is not None
    assert saved.passed.count("done") == 1
