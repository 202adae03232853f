"""What a diagram refers to."""

from __future__ import annotations

import pytest

from tests.engine.checks.office import CATCHES, SPACES, boundary, ext, found, job, message, pack_files


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (pack_files(ext('<zeebe:formDefinition formId="nobody"/>')), "forms/nobody.form does not exist"),
        (job("rm_rf"), "not on the allow-list"),
        (pack_files(" ", task="sendTask"), "not on the allow-list"),
        (job("notify", ("=&quot;hello&quot;", "letter")), "lacks the inputs to"),
        (job("archive", ("=1", "retention")), "lacks the inputs class"),
        (job("notify", ("=&quot;bye&quot;", "letter"), ("assignee", "to")), "letters/bye.md does not exist"),
        (
            job("notify", ("=if x then &quot;hello&quot; else &quot;bye&quot;", "letter"), ("assignee", "to")),
            "letters/bye.md does not exist",
        ),
        (job("notify", ("hello", "letter"), ("=&quot;nobody&quot;", "to")), "recipient “nobody”"),
        (
            pack_files(ext('<zeebe:calledDecision decisionId="nothing" resultVariable="x"/>'), task="businessRuleTask"),
            "“nothing” is in no .dmn file",
        ),
        (pack_files(ext('<zeebe:calledDecision decisionId="rating"/>'), task="businessRuleTask"), "result variable"),
        (pack_files(" ", task="businessRuleTask"), "no decision"),
        (pack_files(ext('<zeebe:calledElement processId="nobody"/>'), task="callActivity"), "“nobody” does not exist"),
        (pack_files(" ", task="callActivity"), "does not exist"),
        (pack_files(" ", task="scriptTask"), "no FEEL expression"),
        (pack_files(ext('<zeebe:script expression="=1"/>'), task="scriptTask"), "no result variable"),
        (pack_files(lane="外人"), "“外人” is not defined in [groups]"),
        (pack_files(ext('<zeebe:assignmentDefinition candidateGroups="受理, 外人"/>')), "“外人” is not defined"),
        (pack_files(ext('<zeebe:assignmentDefinition candidateGroups="=&quot;外人&quot;"/>')), "“外人” is not defined"),
        (
            pack_files(ext('<zeebe:properties><zeebe:property name="calendar" value="lunar"/></zeebe:properties>')),
            "no calendar “lunar”",
        ),
        (
            pack_files(ext('<zeebe:properties><zeebe:property name="excludes" value="begin"/></zeebe:properties>')),
            "“begin” named by excludes",
        ),
    ],
)
def test_references(files: dict[str, bytes], text: str) -> None:
    assert [(file, e, text in message) for file, e, message in found(files)] == [("office.bpmn", "work", True)], found(
        files
    )


def test_sound_references_are_accepted() -> None:
    for files in (
        job("notify", ("=&quot;hello&quot;", "letter"), ("=&quot;受理&quot;", "to")),
        job("notify", ("=which", "letter"), ("=who", "to")),
        pack_files(ext('<zeebe:calledDecision decisionId="rating" resultVariable="x"/>'), task="businessRuleTask"),
        pack_files(ext('<zeebe:assignmentDefinition candidateGroups="=departments"/>')),
        pack_files(ext('<zeebe:calledElement processId="complaint"/>'), task="callActivity"),
    ):
        assert found(files) == []


def test_a_task_in_no_lane_has_nobody_to_do_it() -> None:
    files = pack_files()
    files["office.bpmn"] = files["office.bpmn"].replace(b"<b:flowNodeRef>work</b:flowNodeRef>", b"")
    assert [(e, "nobody to do it" in t) for _, e, t in found(files)] == [("work", True)]


def test_a_task_without_a_form_is_a_warning() -> None:
    assert [(e, t) for _, e, t in found(pack_files(ext("<zeebe:userTask/>")), "warning")] == [
        ("work", "“办理” has no form")
    ]


def test_a_called_process_needs_a_plain_start_event() -> None:
    other = f"""<b:definitions {SPACES}><b:process id="other" isExecutable="true"><b:startEvent id="s"><b:timerEventDefinition>
<b:timeCycle>R/P1D</b:timeCycle></b:timerEventDefinition></b:startEvent><b:task id="t"/>
<b:sequenceFlow id="f" sourceRef="s" targetRef="t"/></b:process></b:definitions>"""
    files = pack_files(ext('<zeebe:calledElement processId="other"/>'), task="callActivity")
    files["other.bpmn"] = other.encode()
    assert [(e, "no plain start" in t) for _, e, t in found(files)] == [("work", True)]


def test_a_message_needs_a_correlation_key() -> None:
    start = '<b:startEvent id="event">{}</b:startEvent><b:task id="a"/><b:sequenceFlow id="fa" sourceRef="event" targetRef="a"/>'
    places = (
        boundary(CATCHES),
        boundary(CATCHES).replace("boundaryEvent", "intermediateCatchEvent").replace(
            ' attachedToRef="work" cancelActivity="false"', ""
        ),
        f'<b:subProcess id="s" triggeredByEvent="true">{start.format(CATCHES)}</b:subProcess>',
        '<b:receiveTask id="event" messageRef="m"/>',
    )  # fmt: skip
    for place in places:
        files = pack_files(more=place, roots=message("withdraw", ""))
        assert [(e, "no correlation key" in t) for _, e, t in found(files)] == [("event", True)], place
        assert found(pack_files(more=place, roots=message("withdraw", "=number"))) == []
    assert found(pack_files(more=start.format(CATCHES), roots=message("withdraw", ""))) == []


def test_a_message_nobody_can_send_is_a_warning() -> None:
    files = pack_files(more=boundary(CATCHES), roots=message("secret", "=number"))
    assert [(e, "no page can send it" in t) for _, e, t in found(files, "warning")] == [("event", True)]
