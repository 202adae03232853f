"""The report of the check: what is right is left alone, what is wrong names its file and element, and all of it quickly."""

from __future__ import annotations

from time import perf_counter

from tests.engine.checks.office import checked, ext, pack_files


def test_a_sound_pack_has_no_findings() -> None:
    report = checked(pack_files())
    assert report.findings == ()
    assert report.ok


def test_the_report_as_the_command_line_prints_it() -> None:
    report = checked(pack_files(ext('<zeebe:formDefinition formId="nobody"/>')))
    assert not report.ok
    printed = report.to_dict("en")
    assert printed["name"] == "office"
    assert printed["coverage"] == {"enforced": 0, "unproven": 0, "prompted": 1, "uncarried": 0, "needs_figure": 1}
    assert printed["findings"] == [
        {
            "severity": "error",
            "file": "office.bpmn",
            "element": "work",
            "message": "the form forms/nobody.form does not exist",
        }
    ]
    assert "不存在" in report.to_dict()["findings"][0]["message"]


def test_a_hundred_elements_are_checked_quickly() -> None:
    """Reading and checking together; the bound is generous for busy machines."""
    parts = "".join(
        f'<b:userTask id="t{n}" name="步骤">{ext(f"""<zeebe:formDefinition formId="work"/><zeebe:taskSchedule dueDate="=limits.t{n}"/><zeebe:ioMapping><zeebe:output source="=a{n} + 1" target="b{n}"/></zeebe:ioMapping>""")}</b:userTask>'
        f'<b:exclusiveGateway id="g{n}" default="d{n}"/><b:sequenceFlow id="x{n}" sourceRef="t{n}" targetRef="g{n}"/>'
        f'<b:sequenceFlow id="c{n}" sourceRef="g{n}" targetRef="done"><b:conditionExpression>=a{n} &gt; {n} and b = "x{n}"'
        f'</b:conditionExpression></b:sequenceFlow><b:sequenceFlow id="d{n}" sourceRef="g{n}" targetRef="t{n + 1}"/>'
        for n in range(50)
    )
    more = '<b:sequenceFlow id="first" sourceRef="work" targetRef="t0"/>' + parts + '<b:task id="t50"/>'
    files = pack_files(more=more)
    started = perf_counter()
    report = checked(files)
    assert perf_counter() - started < 1.5
    assert [f.en for f in report.findings if f.severity == "error"] == [
        "“步骤” has nobody to do it: put it into a lane, or give candidate groups or users"
    ] * 50
