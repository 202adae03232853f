"""Commands that look into one file or expression: feel, decide, layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests import small
from tests.office import ROOT

TELECOM = ROOT / "processes" / "telecom"


def run(*arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["--language", language, *arguments])


def test_feel_evaluates_and_tells_problems() -> None:
    assert run("feel", "=1 + 2 * 3").stdout == "7\n"
    assert run("feel", "金额 * 2", "--context", '{"金额": 1.5}').stdout.strip() == "3"
    assert run("feel", "order total > 3", "--context", '{"order total": 4}').stdout.strip() == "true"
    unknown = run("feel", "nowhere + 1")
    assert (unknown.exit_code, unknown.stdout.strip()) == (0, "null")
    assert "nowhere" in unknown.stderr
    for language in ("zh", "en"):
        broken = run("feel", "1 +", language=language)
        assert broken.exit_code == 1
        assert broken.stderr.strip()


def test_feel_knows_names_with_spaces_and_the_time() -> None:
    context = '{"投诉 金额": 1.10, "order": {"line items": [{"unit price": 2}]}, "if": 3}'
    assert run("feel", "投诉 金额 * 3", "--context", context).stdout == "3.3\n"
    assert run("feel", "order.line items[1].unit price", "--context", context).stdout == "2\n"
    assert run("feel", "now() instance of date and time").stdout == "true\n"
    assert run("feel", "sum").stdout == "function\n"
    assert (run("feel", "null").stdout, run("feel", "null").stderr) == ("null\n", "")


def test_feel_points_at_the_place_of_every_error() -> None:
    broken = run("feel", "1 +\n  (2 * ")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert broken.stderr.splitlines() == ["Line 2, column 8: found the end, expected a value", "  (2 * ", "       ^"]
    assert "第 1 行第 4 列：此处是表达式结尾" in run("feel", "1 +", language="zh").stderr
    null = run("feel", "=[1,\n 金额 / 0]", "--context", '{"金额": 3}', language="zh")
    assert (null.exit_code, null.stdout) == (0, "[1, null]\n")
    assert null.stderr.splitlines() == ["2:5 除数为零", " 金额 / 0]", " 　　 ^"]
    assert run("feel", "1/0").stderr.splitlines() == ["1:2 division by zero", "1/0", " ^"]
    for language, message in (("zh", "步"), ("en", "steps")):
        endless = run("feel", "for i in 1..1000000 return i", language=language)
        assert (endless.exit_code, message in endless.stderr) == (1, True)
    assert "too small" in run("feel", 'assert(1, 1 > 2, "too small")').stderr


@pytest.mark.parametrize(
    ("context", "zh", "en"),
    [
        ("{broken", "第 1 行第 2 列", "line 1, column 2"),
        ("", "不是有效的 JSON", "not valid JSON"),
        ("[1]", "须为 JSON 对象", "a JSON object is needed"),
        ('{"a": NaN}', "不能使用", "cannot be used"),
        ('{"a": ' + "9" * 9000 + "}", "数字过长", "too long"),
        ('{"a":' + "[" * 200 + "]" * 200 + "}", "嵌套过深", "too deeply"),
        ('{"a":' + "[" * 200_000 + "]" * 200_000 + "}", "嵌套过深", "too deeply"),
    ],
    ids=["broken", "empty", "list", "nan", "long", "deep", "deeper"],
)
def test_feel_refuses_a_context_that_is_no_json_object(context: str, zh: str, en: str) -> None:
    for language, message in (("zh", zh), ("en", en)):
        refused = run("feel", "1", "--context", context, language=language)
        assert refused.exit_code == 2
        assert message in refused.stderr
        assert "Traceback" not in refused.output


def test_decide_tells_the_value_and_the_rules_that_fired() -> None:
    table = str(TELECOM / "retention.dmn")
    assert run("decide", table, "--input", '{"important": true}').stdout.splitlines()[0] == '"P10Y"'
    data = json.loads(run("decide", table, "--input", '{"important": false}', "--json").stdout)
    assert data["value"] == "P3Y"
    assert [(r["decision"], r["rule"]) for r in data["rules"]] == [("retention", 2)]
    limits = run(
        "decide", str(TELECOM / "deadlines.dmn"), "--input", '{"severity": "重大"}', "--decision", "limits", "--json"
    )
    assert json.loads(limits.stdout)["value"]["reply"] == "P3D"
    for wrong in (["--decision", "nothing"], ["--input", '{"important": "perhaps"}']):
        result = run("decide", table, *wrong)
        assert "Traceback" not in result.output
        assert result.exit_code == (1 if "--decision" in wrong else result.exit_code)


MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
LIBRARY = f"""<definitions xmlns="{MODEL}" id="l" name="l" namespace="urn:lib">
<businessKnowledgeModel id="k" name="days after"><encapsulatedLogic><formalParameter name="day" typeRef="date"/>
<formalParameter name="days" typeRef="number"/>
<literalExpression><text>day + duration("P" + string(days) + "D")</text></literalExpression></encapsulatedLogic>
</businessKnowledgeModel></definitions>"""
DUE = f"""<definitions xmlns="{MODEL}" id="m" name="m" namespace="urn:main">
<import name="lib" namespace="urn:lib" importType="{MODEL}"/>
<inputData id="i" name="received"><variable name="received" typeRef="date"/></inputData>
<decision id="due" name="Due date"><informationRequirement><requiredInput href="#i"/></informationRequirement>
<knowledgeRequirement><requiredKnowledge href="urn:lib#k"/></knowledgeRequirement>
<context><contextEntry><variable name="on"/><literalExpression><text>lib.days after(received, 2)</text></literalExpression>
</contextEntry><contextEntry><variable name="share"/><literalExpression><text>1/8</text></literalExpression></contextEntry>
<contextEntry><variable name="span"/><literalExpression><text>[duration("PT1H")..duration("PT2H")]</text></literalExpression>
</contextEntry></context></decision>
<decision id="shapes" name="Shapes"><literalExpression>
<text>{{f: function(x) x, of: [date("2026-03-02")]}}</text></literalExpression></decision>
<decisionService id="s" name="All"><outputDecision href="#due"/><inputData href="#i"/></decisionService></definitions>"""


def test_decide_reads_dates_imports_files_beside_it_and_knows_services(tmp_path: Path) -> None:
    (tmp_path / "lib.dmn").write_text(LIBRARY)
    (tmp_path / "main.dmn").write_text(DUE)
    main_file, given = str(tmp_path / "main.dmn"), ("--input", '{"received": "2026-03-02"}', "--json")
    for asked in (("--decision", "due"), ("--decision", "Due date"), ("--decision", "s"), ("--decision", "All")):
        value = json.loads(run("decide", main_file, *given, *asked).stdout)["value"]
        assert value == {"on": "2026-03-04", "share": 0.125, "span": '[@"PT1H"..@"PT2H"]'}
    shapes = '{"f": "function(x)", "of": ["2026-03-02"]}'
    for form in ((), ("--json",)):
        output = run("decide", main_file, "--decision", "shapes", *form).stdout
        assert (json.loads(output)["value"] if form else json.loads(output)) == json.loads(shapes)
    days = ("--decision", "days after", "--input", '{"day": "2026-03-02", "days": 3}')
    assert run("decide", str(tmp_path / "lib.dmn"), *days).stdout.strip() == '@"2026-03-05"'


def test_decide_tells_what_is_wrong_with_the_question(tmp_path: Path) -> None:
    (tmp_path / "lib.dmn").write_text(LIBRARY)
    (tmp_path / "main.dmn").write_text(DUE)
    main_file = str(tmp_path / "main.dmn")
    unknown = run("decide", main_file, "--decision", "nothing")
    assert unknown.exit_code == 1
    assert "Due date" in unknown.stderr
    assert "All" in unknown.stderr
    front = (
        f'<definitions xmlns="{MODEL}" id="f" namespace="urn:f"><import name="" namespace="urn:main"/></definitions>'
    )
    (tmp_path / "front.dmn").write_text(front)
    for file in (main_file, str(tmp_path / "front.dmn")):
        assert "due, shapes" in run("decide", file).stderr
    for value in ('"2026-02-30"', "5", "true"):
        wrong = run("decide", main_file, "--decision", "due", "--input", f'{{"received": {value}}}')
        assert (wrong.exit_code, wrong.stdout) == (1, "")
        assert "received" in wrong.stderr
        assert "date" in wrong.stderr
    for usage in (["--input", "{"], ["--input", "[1]"]):
        assert run("decide", main_file, *usage).exit_code == 2


def test_decide_refuses_what_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "x.dmn").write_text("<broken")
    result = run("decide", str(tmp_path / "x.dmn"))
    assert result.exit_code == 1
    assert "x.dmn" in result.stderr


def test_layout_draws_into_the_file_or_beside_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a.bpmn", tmp_path / "b.bpmn"
    source.write_bytes(small.diagram())
    assert run("layout", str(source), "--output", str(target)).exit_code == 0
    assert source.read_bytes() == small.diagram()
    assert b"BPMNShape" in target.read_bytes()
    assert run("layout", str(source)).exit_code == 0
    assert b"BPMNShape" in source.read_bytes()


def test_layout_leaves_a_file_alone_that_it_cannot_read(tmp_path: Path) -> None:
    for content in (b"not xml", small.diagram()[:-20]):
        (tmp_path / "x.bpmn").write_bytes(content)
        assert run("layout", str(tmp_path / "x.bpmn")).exit_code == 1
        assert (tmp_path / "x.bpmn").read_bytes() == content
