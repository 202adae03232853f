"""Ad-hoc subprocesses: BPMN 2.0.2, 10.3.5 and 13.3.5; where the standard is open, Camunda 8, "Ad-hoc sub-processes"."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.errors import ExecutionError
from engine.runtime.adhoc import open_ad_hoc, tally
from tests.engine.bpmn.driver import Play
from tests.engine.bpmn.snippets import diagram, errors


def activate(play: Play, *elements: str) -> Play:
    (task,) = [t for s in play.machine.all_scopes() for t in s.alive() if t.task_spec.name == "choice"]
    play.activate(task, list(elements))
    return play


def test_only_what_is_wanted_is_activated_and_the_flow_inside_is_followed() -> None:
    """13.3.5: activities that a flow leads to are enabled by it, the others by choice."""
    play = Play("ad_hoc").start(wanted=["a", "c"])
    assert play.open == ["a", "c"]
    assert play.complete("c").open == ["a", "then"]
    assert play.complete("a").open == ["then"]
    assert play.complete("then").open == ["after"]
    assert play.complete("after").ended == "done"
    assert "b" not in play.passed
    assert play.passed.count("choice") == 1


def test_an_element_may_be_activated_several_times() -> None:
    play = Play("ad_hoc").start(wanted=["a", "a"])
    assert play.open == ["a", "a"]
    assert play.complete("a").complete("a").open == ["after"]


@pytest.mark.parametrize("wanted", ["a", ["then"], ["nothing"], [1], None])
def test_what_cannot_be_activated_is_a_fault_that_names_the_choice(wanted: object) -> None:
    with pytest.raises(ExecutionError, match="cannot activate") as fault:
        Play("ad_hoc").start(wanted=wanted)
    assert fault.value.params["element_id"] == "choice"
    assert "a, b, c" in fault.value.text("en")


def test_the_completion_condition_cancels_what_is_still_open() -> None:
    """13.3.5: ``cancelRemainingInstances`` is true by default."""
    play = Play("ad_hoc_condition").start(wanted=["a", "b"], enough=False)
    assert play.complete("a").open == ["b"]
    play = Play("ad_hoc_condition").start(wanted=["a", "b"], enough=False).complete("a", enough=True)
    assert play.open == ["after"]
    assert play.cancelled == ["b"]


def test_a_condition_that_never_holds_keeps_the_subprocess_open() -> None:
    play = Play("ad_hoc_condition").start(wanted=["a"], enough=False).complete("a")
    assert play.open == []
    assert play.ended is None
    assert activate(play, "b").open == ["b"]
    assert play.complete("b", enough=True).open == ["after"]


def test_remaining_instances_may_be_waited_for() -> None:
    play = Play("ad_hoc_waits_for_the_rest").start(wanted=["a", "b"], enough=True).complete("a")
    assert play.open == ["b"]
    with pytest.raises(KeyError):
        activate(play, "c")
    assert play.complete("b").open == ["after"]


def test_output_is_collected_as_it_comes_and_kept_apart() -> None:
    """Every activation has the variable of the output element for itself; only the collection leaves."""
    play = Play("ad_hoc_output").start(wanted=["a", "b", "a"])
    play.complete("b", result=2).complete("a", result=1).complete("a", result=3)
    assert play.variables["results"] == [2, 1, 3]
    assert play.variables["kept"] == 2
    assert play.variables.keys() == {"wanted", "results", "kept"}


def test_without_a_collection_it_waits_until_someone_activates() -> None:
    play = Play("ad_hoc_by_hand").start()
    assert (play.open, play.ended) == ([], None)
    assert activate(play, "b", "b").open == ["b", "b"]
    assert play.complete("b").open == ["b"]
    assert activate(play, "a").complete("b").open == ["a"]
    assert play.complete("a").open == ["after"]
    with pytest.raises(ValueError, match="not enough values"):
        activate(play, "a")
    late = activate(Play("ad_hoc_by_hand").start(), "a").advance("P1D")
    assert late.ended == "given_up"
    assert late.cancelled == ["a", "choice"]


def test_events_inside() -> None:
    """An interrupting event subprocess takes the place of everything that is active and ends the subprocess."""
    play = Play("ad_hoc_events").start(wanted=["a", "b"], key="K1").advance("PT1H")
    assert play.open == ["a", "b", "remind"]
    play.complete("a").complete("b")
    assert play.open == ["remind"]
    stopped = Play("ad_hoc_events").start(wanted=["a"], key="K1").message("stop")
    assert stopped.open == ["tidy"]
    assert stopped.complete("tidy").open == ["after"]


def test_one_for_each_item() -> None:
    play = Play("ad_hoc_each").start(items=[["a"], ["a", "b"]])
    assert play.open == ["a", "a", "b"]
    assert play.complete("b").complete("a").complete("a").open == ["after"]


def test_expressions_can_read_what_can_be_activated() -> None:
    play = Play("ad_hoc_elements").start()
    assert play.variables["seen"] == ["look", "a"]


def test_activations_are_counted_until_what_follows_is_over() -> None:
    play = Play("ad_hoc").start(wanted=["a", "c", "c"]).complete("c")
    counts = [tally(*found) for found in open_ad_hoc(play.machine)]
    assert counts == [(Counter(a=1, c=2), Counter())]
    play.complete("then").complete("a")
    assert [tally(*found) for found in open_ad_hoc(play.machine)] == [(Counter(c=1), Counter(a=1, c=1))]


def inside(content: str, attributes: str = "") -> bytes:
    return diagram(more=f'<b:adHocSubProcess id="odd" {attributes}>{content}</b:adHocSubProcess>')


@pytest.mark.parametrize(
    ("content", "attributes", "why"),
    [
        ('<b:task id="a"/><b:startEvent id="s"/>', "", "no start and end events"),
        ('<b:task id="a"/><b:endEvent id="s"/>', "", "no start and end events"),
        ("", "", "nothing that can be activated"),
        ('<b:task id="a"/>', 'triggeredByEvent="true"', "triggered by an event"),
        ('<b:task id="a"/>', 'ordering="Sequential"', "connect the steps"),
        (
            '<b:task id="a"/><b:extensionElements><zeebe:adHoc outputCollection="x"/></b:extensionElements>',
            "",
            "belong together",
        ),
        (
            '<b:task id="a"/><b:extensionElements><zeebe:taskDefinition type="x"/></b:extensionElements>',
            "",
            "not supported here",
        ),
    ],
)
def test_refused(content: str, attributes: str, why: str) -> None:
    found = errors(inside(content, attributes))
    assert [(element, why in text) for element, text in found] == [("odd", True)]
