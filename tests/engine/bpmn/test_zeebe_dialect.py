"""How the zeebe extensions are read, beyond what their schema says."""

from __future__ import annotations

import pytest

from tests.engine.bpmn.snippets import diagram, extension, read


def test_a_user_task_without_the_marker_is_the_same_task() -> None:
    """Older diagrams (job-based user tasks) lack ``zeebe:userTask``."""
    form = '<zeebe:formDefinition formId="a" bindingType="deployment"/>'
    assert read(diagram(extension(form))) == read(diagram(extension("<zeebe:userTask/>" + form)))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", ("latest", None)),
        ('bindingType="latest"', ("latest", None)),
        ('bindingType="deployment"', ("deployment", None)),
        ('bindingType="versionTag" versionTag="v1"', ("versionTag", "v1")),
        ('bindingType="versionTag" versionTag="=tag"', ("versionTag", "=tag")),
    ],
)
@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("userTask", 'formDefinition formId="a"'),
        ("businessRuleTask", 'calledDecision decisionId="a" resultVariable="x"'),
        ("callActivity", 'calledElement processId="a"'),
    ],
)
def test_bindings_are_read(task: str, name: str, given: str, found: tuple[str, str | None]) -> None:
    process, findings = read(diagram(extension(f"<zeebe:{name} {given}/>"), task=task))
    work = process.find("work")
    assert work is not None
    assert ((work.binding, work.version_tag), findings) == (found, [])


@pytest.mark.parametrize(
    ("given", "severity", "text"),
    [
        ('bindingType="versionTag"', "error", "needs the tag"),
        ('bindingType="newest"', "error", "“newest” is not known"),
        ('versionTag="v1"', "warning", "has no effect"),
        ('bindingType="deployment" versionTag="v1"', "warning", "has no effect"),
    ],
)
def test_bindings_that_say_nothing_or_too_much(given: str, severity: str, text: str) -> None:
    (finding,) = read(diagram(extension(f'<zeebe:calledElement processId="a" {given}/>'), task="callActivity"))[1]
    assert (finding.severity, finding.element) == (severity, "work")
    assert text in finding.en


def test_task_headers_are_read_as_plain_text_and_checked() -> None:
    topic = '<zeebe:taskDefinition type="webhook"/>'

    def headers(*pairs: tuple[str, str]) -> str:
        listed = "".join(f'<zeebe:header key="{k}" value="{v}"/>' for k, v in pairs)
        return f"<zeebe:taskHeaders>{listed}</zeebe:taskHeaders>"

    process, findings = read(diagram(extension(topic + headers(("a", "=1 + 1"), ("b", ""))), task="serviceTask"))
    work = process.find("work")
    assert work is not None
    assert (work.headers, findings) == ({"a": "=1 + 1", "b": ""}, [])
    for pairs in ([("a", "1"), ("a", "2")], [("", "1")], [(" ", "1")]):
        (finding,) = read(diagram(extension(topic + headers(*pairs)), task="serviceTask"))[1]
        assert (finding.severity, "a key of its own" in finding.en) == ("error", True)
    (finding,) = read(diagram(extension(headers(("a", "1"))), task="serviceTask"))[1]
    assert (finding.severity, "no effect" in finding.en) == ("info", True)
    assert read(diagram(extension(headers(("a", "1")))))[1] == []


def test_forms_embedded_in_the_process() -> None:
    embedded = extension('<zeebe:userTaskForm id="f">{"components": []}</zeebe:userTaskForm>')
    task = extension('<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>')
    process, findings = read(diagram(task, process=embedded))
    work = process.find("work")
    assert work is not None
    assert (work.form_id, work.binding, process.embedded_forms) == ("f", "deployment", {"f": '{"components": []}'})
    assert findings == []
    for attributes in ('formKey="elsewhere"', 'formKey="camunda-forms:bpmn:f" formId="g"'):
        (finding,) = read(diagram(extension(f"<zeebe:formDefinition {attributes}/>")))[1]
        assert "formKey" in finding.en
    assert "no id" in read(diagram(process=extension("<zeebe:userTaskForm>{}</zeebe:userTaskForm>")))[1][0].en


def test_an_unknown_attribute_of_a_known_extension_is_refused() -> None:
    inner = extension('<zeebe:formDefinition formId="a" colour="red"/>')
    assert "colour" in read(diagram(inner))[1][0].en
    assert read(diagram(extension('<zeebe:somethingNew anything="1"/>')))[1][0].severity == "error"


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
