"""What a check costs: processor time, so that a busy machine does not matter."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import pytest

from engine.check import check
from engine.packs import load_pack
from engine.runtime.build import build
from engine.runtime.reader import Reader
from tests.engine.checks.office import ext, pack_files

CHECK = 0.3
"""Seconds for a diagram of a hundred elements."""
STEP = (
    '<b:userTask id="t{n}" name="步骤 {n}"><b:extensionElements><zeebe:formDefinition formId="work"/>'
    '<zeebe:taskSchedule dueDate="=limits.{k}{n}"/><zeebe:ioMapping><zeebe:output source="={k}{n} + 1" target="b{n}"/>'
    '</zeebe:ioMapping></b:extensionElements></b:userTask><b:exclusiveGateway id="g{n}" default="d{n}"/>'
    '<b:sequenceFlow id="x{n}" sourceRef="t{n}" targetRef="g{n}"/><b:sequenceFlow id="c{n}" sourceRef="g{n}" targetRef="done">'
    '<b:conditionExpression>={k}{n} &gt; {n} and b = "{k}{n}"</b:conditionExpression></b:sequenceFlow>'
    '<b:sequenceFlow id="d{n}" sourceRef="g{n}" targetRef="t{m}"/>'
)
INCLUSIVE = (
    '<b:inclusiveGateway id="t{n}"/><b:task id="a{n}"/><b:task id="c{n}"/><b:boundaryEvent id="e{n}" attachedToRef="a{n}">'
    "<b:timerEventDefinition><b:timeDuration>PT{m}H</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>"
    '<b:sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="a{n}"/><b:sequenceFlow id="g{n}" sourceRef="a{n}" targetRef="t{m}"/>'
    '<b:sequenceFlow id="h{n}" sourceRef="e{n}" targetRef="c{n}"/><b:sequenceFlow id="i{n}" sourceRef="c{n}" targetRef="t{m}"/>'
)


def files(steps: int, pattern: str = STEP, key: str = "a") -> dict[str, bytes]:
    """A pack whose diagram is a chain of ``steps`` patterns; ``key`` makes its expressions new to every cache."""
    chain = "".join(pattern.format(n=n, m=n + 1, k=key) for n in range(steps))
    first = '<b:sequenceFlow id="first" sourceRef="work" targetRef="t0"/>'
    inner = ext(f'<zeebe:userTask/><zeebe:formDefinition formId="work"/><zeebe:taskSchedule dueDate="=limits.{key}"/>')
    return pack_files(inner, more=f'{first}{chain}<b:task id="t{steps}"/>')


def cost(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started


def test_a_hundred_elements_are_checked_at_once() -> None:
    """Reading every file of the pack and checking it, fifty tasks and fifty gateways with their expressions."""
    runs = [files(50, key=f"k{run}x") for run in range(5)]
    assert median(cost(lambda f=f: check(load_pack(f))) for f in runs) < CHECK


@pytest.mark.parametrize("pattern", [STEP, INCLUSIVE], ids=["chain", "inclusive"])
def test_reading_four_times_as_much_costs_four_times_as_much(pattern: str) -> None:
    """Twice that is allowed; with a cost that grows as the square it would be sixteen times as much."""
    small, large = (files(steps, pattern)["office.bpmn"] for steps in (50, 200))

    def best(content: bytes) -> float:
        return min(cost(lambda: Reader(content, "office.bpmn")) for _ in range(7))

    assert best(large) < 8 * best(small)


def test_building_is_linear_too() -> None:
    small, large = (Reader(files(steps)["office.bpmn"], "office.bpmn").processes for steps in (50, 200))
    assert min(cost(lambda: build(large)) for _ in range(5)) < 8 * min(cost(lambda: build(small)) for _ in range(5))
