"""Ways through a diagram."""

from __future__ import annotations

import pytest

from tests.engine.checks.office import GATEWAY, TO_A, TO_B, YES, checked, found, pack_files


@pytest.mark.parametrize("kind", ["exclusive", "inclusive", "parallel"])
def test_a_gateway_without_a_way_out(kind: str) -> None:
    more = GATEWAY.format(kind, "")
    assert ("office.bpmn", "gate", "the gateway “去向” has no way out") in found(pack_files(more=more))


@pytest.mark.parametrize("kind", ["exclusive", "inclusive"])
def test_a_flow_without_a_condition(kind: str) -> None:
    more = GATEWAY.format(kind, "") + TO_A.format(YES) + TO_B.format("")
    assert [(e, "no condition" in text) for _, e, text in found(pack_files(more=more))] == [("gb", True)]
    more = GATEWAY.format(kind, 'default="gb"') + TO_A.format(YES) + TO_B.format("")
    assert found(pack_files(more=more)) == []


def test_a_gateway_without_a_default_flow_is_a_warning() -> None:
    more = GATEWAY.format("exclusive", "") + TO_A.format(YES) + TO_B.format(YES)
    assert [(e, "no default" in t) for _, e, t in found(pack_files(more=more), "warning")] == [("gate", True)]
    assert found(pack_files(more=more)) == []


def test_a_task_that_may_have_no_way_out_is_a_warning() -> None:
    more = f'<b:task id="a"/><b:sequenceFlow id="fa" sourceRef="work" targetRef="a">{YES}</b:sequenceFlow>'
    assert found(pack_files(more=more), "warning") == []
    files = pack_files(more=more)
    only = files["office.bpmn"].replace(b'<b:sequenceFlow id="f2" sourceRef="work" targetRef="done"/>', b"")
    files["office.bpmn"] = only.replace(b'<b:endEvent id="done"/>', b"")
    assert [(e, "no default" in t) for _, e, t in found(files, "warning")] == [("work", True)]


def test_what_can_never_be_reached_is_a_warning() -> None:
    more = '<b:task id="island"/><b:task id="beside"/><b:sequenceFlow id="i" sourceRef="island" targetRef="beside"/>'
    assert [e for _, e, t in found(pack_files(more=more), "warning") if "never" in t] == ["island", "beside"]


def test_links_boundaries_and_event_subprocesses_are_reached() -> None:
    more = (
        '<b:intermediateThrowEvent id="go"><b:linkEventDefinition name="L"/></b:intermediateThrowEvent>'
        '<b:intermediateCatchEvent id="come"><b:linkEventDefinition name="L"/></b:intermediateCatchEvent><b:task id="a"/>'
        '<b:boundaryEvent id="late" attachedToRef="work"><b:timerEventDefinition><b:timeDuration>P1D</b:timeDuration>'
        "</b:timerEventDefinition></b:boundaryEvent>"
        '<b:sequenceFlow id="x" sourceRef="late" targetRef="go"/><b:sequenceFlow id="y" sourceRef="come" targetRef="a"/>'
        '<b:subProcess id="sub" triggeredByEvent="true"><b:startEvent id="s"><b:timerEventDefinition><b:timeDuration>P1D'
        '</b:timeDuration></b:timerEventDefinition></b:startEvent><b:task id="t"/>'
        '<b:sequenceFlow id="z" sourceRef="s" targetRef="t"/></b:subProcess>'
    )
    assert checked(pack_files(more=more)).findings == ()


def test_tasks_may_be_dead_ends_but_events_that_wait_may_not() -> None:
    more = (
        '<b:boundaryEvent id="late" attachedToRef="work"><b:timerEventDefinition><b:timeDuration>P1D</b:timeDuration>'
        "</b:timerEventDefinition></b:boundaryEvent>"
    )
    assert [(e, "nothing follows" in t) for _, e, t in found(pack_files(more=more))] == [("late", True)]


def test_a_compensation_handler_is_reached_through_its_association() -> None:
    undo = '<b:boundaryEvent id="undo" attachedToRef="work"><b:compensateEventDefinition/></b:boundaryEvent>'
    undo += '<b:task id="back" isForCompensation="true"/><b:association id="l" sourceRef="undo" targetRef="back"/>'
    assert found(pack_files(more=undo)) == []
    assert found(pack_files(more=undo), "warning") == []


AD_HOC = (
    '<b:adHocSubProcess id="choice"><b:extensionElements><zeebe:adHoc activeElementsCollection="{}"/>'
    '</b:extensionElements><b:task id="a"/><b:task id="b"/><b:sequenceFlow id="ab" sourceRef="a" targetRef="b"/>'
    '<b:completionCondition>{}</b:completionCondition></b:adHocSubProcess>'
    '<b:sequenceFlow id="to" sourceRef="work" targetRef="choice"/>'
)  # fmt: skip


def test_what_an_ad_hoc_subprocess_may_activate_can_be_reached() -> None:
    assert found(pack_files(more=AD_HOC.format("=[]", "=true")), "warning") == []
    texts = [t for _, e, t in found(pack_files(more=AD_HOC.format("a", "=1 +"))) if e == "choice"]
    assert ["activeElementsCollection" in texts[0], "completionCondition" in texts[1]] == [True, True]
