"""Commands that look into one file or expression: feel, decide, layout."""

from __future__ import annotations

import json
from pathlib import Path

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
