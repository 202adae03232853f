"""Expressions and times."""

from __future__ import annotations

import pytest

from tests.engine.checks.office import CATCHES, GATEWAY, TO_A, TO_B, boundary, ext, found, job, message, pack_files

BAD = "=1 +"


@pytest.mark.parametrize(
    ("files", "element", "text"),
    [
        (pack_files(ext(f'<zeebe:assignmentDefinition assignee="{BAD}"/>')), "work", "assignee"),
        (pack_files(ext(f'<zeebe:assignmentDefinition candidateGroups="{BAD}"/>')), "work", "candidateGroups"),
        (pack_files(ext(f'<zeebe:taskSchedule dueDate="{BAD}"/>')), "work", "dueDate"),
        (pack_files(ext(f'<zeebe:taskSchedule followUpDate="{BAD}"/>')), "work", "followUpDate"),
        (pack_files(ext(f'<zeebe:priorityDefinition priority="{BAD}"/>')), "work", "priority"),
        (pack_files(ext(f'<zeebe:calledElement processId="{BAD}"/>'), task="callActivity"), "work", "processId"),
        (
            pack_files(ext(f'<zeebe:calledDecision decisionId="{BAD}" resultVariable="x"/>'), task="businessRuleTask"),
            "work",
            "decisionId",
        ),
        (
            pack_files(ext(f'<zeebe:script expression="{BAD}" resultVariable="x"/>'), task="scriptTask"),
            "work",
            "script",
        ),
        (pack_files(ext('<zeebe:script expression="1" resultVariable="x"/>'), task="scriptTask"), "work", "script"),
        (job("ledger", (BAD, "kind")), "work", "input → kind"),
        (
            pack_files(ext(f'<zeebe:ioMapping><zeebe:output source="{BAD}" target="x"/></zeebe:ioMapping>')),
            "work",
            "output → x",
        ),
        (pack_files(more=boundary(CATCHES), roots=message("withdraw", BAD)), "event", "correlationKey"),
        (pack_files(more=boundary(CATCHES), roots=message("withdraw", "number")), "event", "correlationKey"),
        (pack_files(more=boundary(CATCHES), roots=message(BAD, "=number")), "event", "message name"),
        (
            pack_files(
                more=boundary('<b:signalEventDefinition signalRef="m"/>'), roots=f'<b:signal id="m" name="{BAD}"/>'
            ),
            "event",
            "signal name",
        ),
        (
            pack_files(
                more='<b:endEvent id="event"><b:errorEventDefinition errorRef="m"/></b:endEvent>',
                roots=f'<b:error id="m" errorCode="{BAD}"/>',
            ),
            "event",
            "error code",
        ),
        (
            pack_files(
                more=GATEWAY.format("exclusive", 'default="gb"')
                + TO_A.format(f"<b:conditionExpression>{BAD}</b:conditionExpression>")
                + TO_B.format("")
            ),
            "ga",
            "condition",
        ),
        (
            pack_files(
                more=GATEWAY.format("exclusive", 'default="gb"')
                + TO_A.format("<b:conditionExpression>${ok}</b:conditionExpression>")
                + TO_B.format("")
            ),
            "ga",
            "must be a FEEL expression",
        ),
    ],
)
def test_every_expression_is_read(files: dict[str, bytes], element: str, text: str) -> None:
    assert [(f, e, text in t) for f, e, t in found(files)] == [("office.bpmn", element, True)], found(files)


@pytest.mark.parametrize("attribute", ["inputCollection", "outputElement", "completionCondition"])
@pytest.mark.parametrize("bad", [BAD, "plain"])
def test_multi_instance_expressions(attribute: str, bad: str) -> None:
    values = {"inputCollection": "=a", "outputElement": "=b", "completionCondition": "=c"} | {attribute: bad}
    work = (
        ext('<zeebe:userTask/><zeebe:formDefinition formId="work"/>')
        + "<b:multiInstanceLoopCharacteristics>"
        + ext(
            f'<zeebe:loopCharacteristics inputCollection="{values["inputCollection"]}" outputCollection="r" '
            f'outputElement="{values["outputElement"]}"/>'
        )
        + f"<b:completionCondition>{values['completionCondition']}</b:completionCondition>"
        "</b:multiInstanceLoopCharacteristics>"
    )
    assert [(e, attribute in t) for _, e, t in found(pack_files(work))] == [("work", True)]


def timer(kind: str, text: str) -> str:
    return boundary(f"<b:timerEventDefinition><b:time{kind}>{text}</b:time{kind}></b:timerEventDefinition>")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Duration", "2 days"),
        ("Duration", "-P1D"),
        ("Duration", "P0.5M"),
        ("Duration", "2026-03-02T09:00:00Z"),
        ("Date", "tomorrow"),
        ("Date", "2026-03-02T09:00:00"),
        ("Date", "P1D"),
        ("Cycle", "P1D"),
        ("Cycle", "R0/P1D"),
        ("Cycle", "R3/1D"),
        ("Cycle", "0 0 9 * * MON"),
        ("Duration", "=1 +"),
        ("Duration", "=1 + 1"),
    ],
)
def test_times_that_are_none(kind: str, text: str) -> None:
    problems = found(pack_files(more=timer(kind, text)))
    assert [(f, e) for f, e, _ in problems] == [("office.bpmn", "event")], problems


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Duration", "P2D"),
        ("Duration", "PT4H"),
        ("Duration", "=limits.reply"),
        ("Duration", '=duration("PT1H")'),
        ("Date", "2026-03-02T09:00:00+08:00"),
        ("Cycle", "R/P1D"),
        ("Cycle", "R3/2026-03-02T09:00:00Z/PT1H"),
    ],
)
def test_times(kind: str, text: str) -> None:
    assert found(pack_files(more=timer(kind, text))) == []


@pytest.mark.parametrize("attribute", ["dueDate", "followUpDate"])
def test_due_dates(attribute: str) -> None:
    def files(text: str) -> dict[str, bytes]:
        return pack_files(ext(f'<zeebe:formDefinition formId="work"/><zeebe:taskSchedule {attribute}="{text}"/>'))

    assert found(files("P2D")) == found(files("2026-03-02T09:00:00+08:00")) == found(files("=limits.x")) == []
    for text in ("two days", "P2X", "2026-03-02T09:00:00"):
        assert [e for _, e, _ in found(files(text))] == ["work"]


@pytest.mark.parametrize(
    ("text", "right"), [("50", True), ("=if a then 90 else 50", True), ("101", False), ("high", False)]
)
def test_priorities(text: str, right: bool) -> None:
    files = pack_files(ext(f'<zeebe:formDefinition formId="work"/><zeebe:priorityDefinition priority="{text}"/>'))
    assert (found(files) == []) is right
