"""Parallel joins that can never fire: what the check says of them and what happens when they are run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from engine.checks.flow import check_flow
from engine.errors import ExecutionError
from engine.runtime.reader import Reader
from tests.engine.bpmn.blocks import Block, blocks
from tests.engine.bpmn.driver import FOLDER, Play
from tests.engine.bpmn.event_blocks import write
from tests.engine.bpmn.snippets import HEAD

LATE = (
    '<b:boundaryEvent id="late" attachedToRef="u" cancelActivity="{}"><b:timerEventDefinition>'
    "<b:timeDuration>PT1H</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>"
)


def diagram(ways: str, more: str = "") -> bytes:
    """``ways`` as "x1>a a>j": x are exclusive, j and p parallel, o inclusive gateways, s starts, e ends, u a person's task."""
    flows = [way.split(">") for way in ways.split()]
    kinds = {"x": "exclusiveGateway", "j": "parallelGateway", "p": "parallelGateway", "o": "inclusiveGateway"}
    kinds |= {"s": "startEvent", "e": "endEvent", "u": "userTask"}
    parts, seen = [more], dict.fromkeys(name for flow in flows for name in flow if name != "late")
    for name in seen:
        last = next((f'default="{a}_{b}"' for a, b in reversed(flows) if a == name and name[0] in "xo"), "")
        parts.append(f'<b:{kinds.get(name[0], "task")} id="{name}" {last}/>')
    for source, target in flows:
        chosen = source[0] in "xo" and [source, target] != [f for f in flows if f[0] == source][-1]
        condition = f'<b:conditionExpression>=way = "{target}"</b:conditionExpression>' if chosen else ""
        parts.append(
            f'<b:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{condition}</b:sequenceFlow>'
        )
    return f'{HEAD}<b:process id="process" isExecutable="true">{"".join(parts)}</b:process></b:definitions>'.encode()


def warned(content: bytes) -> list[tuple[str | None, str]]:
    (process, *_) = Reader(content, "test.bpmn").processes
    found = [(f.element, f.en) for f in check_flow(process) if f.severity == "warning"]
    return [(element, text) for element, text in found if "waits for all its incoming flows" in text]


NEVER = {
    "branches of an exclusive gateway": "s>x x>a x>b a>j b>j j>e",
    "a branch that chooses again": "s>x1 x1>x2 x1>c x2>a x2>b a>j b>j c>j j>e",
    "straight from the gateway": "s>x x>j x>a a>j j>e",
    "a way back into it": "s>j j>a a>x x>j x>e",
    "inside one branch of a parallel block": "s>p1 p1>x p1>c x>a x>b a>j b>j j>j2 c>j2 j2>e",
    "behind a parallel block": "s>p1 p1>a p1>b a>p2 b>p2 p2>x x>c x>d c>j d>j j>e",
}


@pytest.mark.parametrize("ways", NEVER.values(), ids=NEVER)
@pytest.mark.parametrize("way", ["a", "b", "c", "j"])
def test_a_join_that_certainly_waits_for_ever_is_a_warning(ways: str, way: str) -> None:
    content = diagram(ways)
    assert [element for element, _ in warned(content)] == ["j"]
    with pytest.raises(ExecutionError, match="can never arrive"):
        Play(content).start(way=way)


def test_the_warning_names_where_the_ways_part_and_what_to_do() -> None:
    ((_, text),) = warned((FOLDER / "parallel_deadlock.bpmn").read_bytes())
    assert "the parallel gateway “join” waits" in text
    assert "(chosen at “either”)" in text
    assert "Join with an exclusive gateway" in text


@pytest.mark.parametrize(
    ("ways", "named"),
    [
        ("s>x1 x1>a x1>b a>x2 b>x2 x2>x x>c x>d c>j d>j j>e", "(chosen at “x”)"),
        ("s>x1 x1>x x1>c x>a x>b a>j b>j c>j j>e", "(chosen at “x1”, “x”)"),
        ("s>x x>a x>b x>c c>x a>j b>j j>e", "(chosen at “x”)"),
        ("s>j j>a a>j j>e", "is ever taken:"),
    ],
)
def test_a_choice_that_makes_no_difference_is_not_named(ways: str, named: str) -> None:
    ((_, text),) = warned(diagram(ways))
    assert named in text


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_task_and_what_interrupts_it_never_come_together(interrupting: bool) -> None:
    content = diagram("s>u u>a late>b a>j b>j j>e", LATE.format(str(interrupting).lower()))
    assert [element for element, _ in warned(content)] == ["j"] * interrupting


SOMETIMES = {
    "branches of a parallel gateway": "s>p p>a p>b a>j b>j j>e",
    "several ways out of a task": "s>a a>b a>c b>j c>j j>e",
    "several ways out of the start": "s>a s>b a>j b>j j>e",
    "branches of an inclusive gateway": "s>o o>a o>b a>j b>j j>e",
    "a choice that two branches reach": "s>p p>a p>b a>x1 b>x1 x1>x x>c x>d c>j d>j j>e",
    "a choice beside a branch that is always taken": "s>p p>x p>c x>a x>b a>x2 b>x2 x2>j c>j j>e",
    "blocks inside a block": "s>p1 p1>p2 p1>p3 p2>a p2>b p3>c p3>d a>j1 b>j1 c>j2 d>j2 j1>j j2>j j>e",
}  # fmt: skip


@pytest.mark.parametrize("ways", SOMETIMES.values(), ids=SOMETIMES)
def test_a_join_that_may_fire_is_none(ways: str) -> None:
    assert warned(diagram(ways)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(blocks)
def test_no_well_structured_diagram_is_warned_about(block: Block) -> None:
    assert warned(write(block)) == []
