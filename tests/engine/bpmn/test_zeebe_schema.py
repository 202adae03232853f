"""Every extension and attribute of the zeebe schema of Camunda 8 is read or refused; nothing is dropped silently."""

from __future__ import annotations

from itertools import chain

import pytest

from engine.runtime.dialect import PRESENTATION
from tests.engine.bpmn.snippets import diagram, extension, read

SCHEMA: dict[tuple[str, str], dict[str, str]] = {
    ("userTask", "assignmentDefinition"): {
        "assignee": "=user",
        "candidateGroups": "a,b",
        "candidateUsers": "li.na",
    },
    ("userTask", "taskSchedule"): {"dueDate": "=due", "followUpDate": "=later"},
    ("userTask", "priorityDefinition"): {"priority": "70"},
    ("userTask", "formDefinition"): {
        "formId": "intake",
        "formKey": "camunda-forms:bpmn:userTaskForm_1",
        "externalReference": "https://example.org/form",
        "bindingType": "versionTag",
        "versionTag": "v1",
    },
    ("userTask", "taskHeaders"): {},
    ("userTask", "taskListeners"): {},
    ("userTask", "executionListeners"): {},
    ("serviceTask", "taskDefinition"): {"type": "notify", "retries": "5"},
    ("serviceTask", "taskHeaders"): {},
    ("serviceTask", "linkedResources"): {},
    ("sendTask", "taskDefinition"): {"type": "notify", "retries": "5"},
    ("scriptTask", "script"): {"expression": "=1", "resultVariable": "x"},
    ("businessRuleTask", "calledDecision"): {
        "decisionId": "rating",
        "resultVariable": "x",
        "bindingType": "versionTag",
        "versionTag": "v1",
    },
    ("callActivity", "calledElement"): {
        "processId": "child",
        "processIdExpression": "child",
        "propagateAllChildVariables": "false",
        "propagateAllParentVariables": "false",
        "bindingType": "versionTag",
        "versionTag": "v1",
    },
    ("subProcess", "adHoc"): {"activeElementsCollection": "=a", "outputCollection": "b", "outputElement": "=c"},
    ("receiveTask", "conditionalFilter"): {"variableNames": "a", "variableEvents": "create"},
    ("userTask", "somethingNew"): {"anything": "1"},
}
FILLED = {
    "taskHeaders": '<zeebe:header key="a" value="b"/>',
    "taskListeners": '<zeebe:taskListener eventType="creating" type="x" retries="2"/>',
    "executionListeners": '<zeebe:executionListener eventType="start" type="x" retries="2"/>',
    "linkedResources": '<zeebe:linkedResource resourceId="a" resourceType="b" linkName="c"/>',
}


def cases() -> list[tuple[str, str, str]]:
    return [
        (task, name, f' {attribute}="{value}"')
        for (task, name), attributes in SCHEMA.items()
        for attribute, value in (chain([("xmlns", "")], attributes.items()) if name in FILLED else attributes.items())
    ]


@pytest.mark.parametrize(("task", "name", "attribute"), cases())
def test_read_or_refused(task: str, name: str, attribute: str) -> None:
    attribute = "" if attribute.strip().startswith("xmlns") else attribute
    without = diagram(extension(f"<zeebe:{name}/>") if name not in FILLED else "", task=task)
    with_it = diagram(extension(f"<zeebe:{name}{attribute}>{FILLED.get(name, '')}</zeebe:{name}>"), task=task)
    before, _ = read(without)
    after, findings = read(with_it)
    described = [f for f in findings if f.element == "work"]
    assert after.find("work") != before.find("work") or described
    assert all(f.zh and f.en for f in described)


@pytest.mark.parametrize("binding", ["latest", "deployment"])
def test_inside_a_deployment_both_bindings_mean_the_same(binding: str) -> None:
    inner = extension(f'<zeebe:formDefinition formId="a" bindingType="{binding}"/>')
    assert read(diagram(inner))[1] == []


def test_an_unknown_attribute_of_a_known_extension_is_refused() -> None:
    inner = extension('<zeebe:formDefinition formId="a" colour="red"/>')
    assert "colour" in read(diagram(inner))[1][0].en


def test_an_extension_in_the_wrong_place_is_refused() -> None:
    for name in ("script", "calledDecision", "calledElement", "taskDefinition", "subscription", "versionTag"):
        findings = read(diagram(extension(f"<zeebe:{name}/>")))[1]
        assert [(f.severity, f.element) for f in findings] == [("error", "work")], name


def test_mappings_are_read_and_checked() -> None:
    io = '<zeebe:ioMapping><zeebe:input source="=a" target="b.c"/><zeebe:output source="=d" target="e"/></zeebe:ioMapping>'
    process, findings = read(diagram(extension(io)))
    work = process.find("work")
    assert work is not None
    assert (work.inputs, work.outputs, findings) == ([("=a", "b.c")], [("=d", "e")], [])
    for broken in ('source="=a"', 'target="b"', 'source="=a" target="b..c"', 'source="=a" target="b" more="1"'):
        io = f"<zeebe:ioMapping><zeebe:input {broken}/></zeebe:ioMapping>"
        assert read(diagram(extension(io)))[1], broken
    assert read(diagram(extension("<zeebe:ioMapping><zeebe:between/></zeebe:ioMapping>")))[1]


def test_multi_instance_is_read_and_checked() -> None:
    def loop(attributes: str, more: str = "") -> bytes:
        held = extension(f"<zeebe:loopCharacteristics {attributes}/>")
        return diagram(
            f"<b:multiInstanceLoopCharacteristics {more}>{held}<b:completionCondition>=x</b:completionCondition>"
            "</b:multiInstanceLoopCharacteristics>"
        )

    full = 'inputCollection="=a" inputElement="b" outputCollection="c" outputElement="=d.e"'
    process, findings = read(loop(full, 'isSequential="true"'))
    work = process.find("work")
    assert work is not None
    assert work.loop is not None
    assert (work.loop.sequential, work.loop.completion_condition, work.loop.output_variable) == (True, "=x", "d")
    assert findings == []
    for attributes in ('inputElement="b"', 'inputCollection="=a" outputCollection="c"', full + ' odd="1"'):
        assert read(loop(attributes))[1], attributes
    assert read(loop(full, 'behavior="One"'))[1]
    assert read(diagram("<b:multiInstanceLoopCharacteristics/>"))[1]


def test_process_extensions() -> None:
    tagged = extension('<zeebe:versionTag value="2026-03"/>')
    process, findings = read(diagram(process=tagged))
    assert (process.version_tag, findings) == ("2026-03", [])
    embedded = extension('<zeebe:userTaskForm id="f">{}</zeebe:userTaskForm>')
    assert "forms/" in read(diagram(process=embedded))[1][0].en
    listeners = extension("<zeebe:executionListeners/>")
    assert read(diagram(process=listeners))[1][0].element == "process"


def test_subscriptions() -> None:
    keyed = extension('<zeebe:subscription correlationKey="=number"/>')
    roots = f'<b:message id="m" name="answer">{keyed}</b:message>'
    process, findings = read(diagram(roots=roots, task="receiveTask", attributes='messageRef="m"'))
    work = process.find("work")
    assert work is not None
    assert work.event is not None
    assert (work.event.name, work.event.correlation_key, findings) == ("answer", "=number", [])


def test_what_only_a_modeller_reads_is_left_alone() -> None:
    attributes = " ".join(f'zeebe:{name}="1"' for name in sorted(PRESENTATION))
    assert read(diagram(attributes=attributes))[1] == []
    assert read(diagram(attributes='zeebe:retryCounter="1"'))[1]


def test_properties_are_read_everywhere() -> None:
    held = extension('<zeebe:properties><zeebe:property name="clause" value="T6 T14"/></zeebe:properties>')
    process, findings = read(diagram(held, process=held))
    work = process.find("work")
    assert work is not None
    assert (work.clauses, process.properties, findings) == (("T6", "T14"), {"clause": "T6 T14"}, [])


def test_extensions_for_another_engine_are_refused() -> None:
    assert "another engine" in read(diagram(attributes='camunda:assignee="demo"'))[1][0].en
    assert "another engine" in read(diagram(extension("<camunda:formData/>")))[1][0].en


def test_a_topic_and_an_expression_contradict_each_other() -> None:
    both = extension('<zeebe:script expression="=1" resultVariable="x"/><zeebe:taskDefinition type="notify"/>')
    assert "keep one" in read(diagram(both, task="scriptTask"))[1][0].en
