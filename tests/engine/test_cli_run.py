"""``redress run`` and ``redress check FILE``: what they print in both languages, and their exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests.engine.bpmn.snippets import HEAD, diagram, extension

LONE = Path(__file__).parent / "lone"
CLAIM = LONE / "claim.bpmn"
AT = ("--at", "2026-03-02T09:00:00+08:00")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command with settings of its own; a play writes nothing beside them, not even keys."""
    settings = tmp_path / "settings" / "config.toml"
    settings.parent.mkdir()
    settings.write_text('zone = "Asia/Shanghai"\n', "utf-8")

    def run(*arguments: str | Path, language: str = "en", **options: Any) -> Result:
        given = ["--config", str(settings), "--language", language, *map(str, arguments)]
        result = CliRunner().invoke(main, given, **options)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert arguments[0] == "check" or [p.name for p in settings.parent.iterdir()] == ["config.toml"]
        return result

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The claim, its table, its form and the process it calls, to be changed."""
    return Path(shutil.copytree(LONE, tmp_path / "lone"))


def scenario(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(text, "utf-8")
    return file


# -- the path ------------------------------------------------------------------------------------------------------------


def test_the_path_as_it_is_printed(run: Run) -> None:
    result = run("run", CLAIM, *AT)
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[:2] == ["Goods damaged on the way  claim.bpmn · claim", "from 2026-03-02 09:00"]
    for expected in (
        "09:00 ○ start           claim filed [claim_filed]",
        "          the element's example",
        '            key = "3/7"',
        '09:00   ◌ waits for       Photos [photos]  message “photos_received” key "3/7"',
        "09:00   ◷ clock set       every three days [every_three_days]  2026-03-05 09:00 (in 3 d)",
        "──── 2026-03-05 09:00  3 d later",
        "09:00   ◎ timer boundary  every three days [every_three_days]",
        "09:00     ▪ send task       Ask for a statement [ask] ×2",
        "              #1 carrier_losses: 1 → 4",
        "              How the claim looks · rule 1",
        "09:00   ◇ exclusive       certain? [is_certain]  → yes",
        "09:00 ● end             settled, paid [paid]",
        "Ended at settled, paid [paid] after 8 d",
        '  carriers_charged  ["north", "south"]',
    ):
        assert expected in lines, expected


def test_the_path_in_chinese(run: Run) -> None:
    lines = run("run", CLAIM, *AT, language="zh").output.splitlines()
    assert "09:00 ○ 开始            claim filed [claim_filed]" in lines
    assert "──── 2026-03-05 09:00  过了 3 天" in lines
    assert "结束于 settled, paid [paid]，历时 8 天" in lines


def test_colours_only_on_a_terminal(run: Run) -> None:
    assert "\x1b[" not in run("run", CLAIM, *AT).output
    assert "\x1b[" in run("run", CLAIM, *AT, color=True).output


def test_the_path_as_data(run: Run) -> None:
    data = json.loads(run("run", CLAIM, *AT, "--json").output)
    assert (data["process"], data["state"], data["end"]) == ("claim", "ended", "paid")
    assert (data["started"], data["at"]) == ("2026-03-02T09:00:00+08:00", "2026-03-10T09:00:00+08:00")
    first = data["path"][0]
    assert first["element"] == {"id": "claim_filed", "name": "claim filed", "type": "startEvent", "event": "none"}
    assert first["changes"][0] == {"name": "customer", "old": None, "new": 7, "fresh": True}
    (rate,) = [e for e in data["path"] if e.get("element", {}).get("id") == "rate"]
    assert [r["rule"] for r in rate["notes"][0]["rules"]] == [1, 4]
    assert data["variables"]["claim"]["amount"] == 250.5


def test_start_variables_process_and_limit_are_chosen(run: Run, folder: Path) -> None:
    given = json.loads(run("run", folder / "repayment.bpmn", "--variables", '{"a": 1.5}', "--json").output)
    assert given["variables"] == {"a": 1.5}
    (folder / "start.json").write_text('{"customer": 1, "claim": {"id": 9, "amount": 5000, "items": []}}', "utf-8")
    result = run("run", folder / "claim.bpmn", "--variables", f"@{folder / 'start.json'}", *AT)
    assert '            key = "9/1"' in result.output.splitlines()
    assert "to do           Decide by hand [decide]  due 2026-03-09 09:00 (in 1 d) · for reviewers" in result.output
    result = run("run", folder / "claim.bpmn", "--limit", "1", "--process", "claim", *AT, language="zh")
    assert (result.exit_code, "已达步数上限" in result.output) == (0, True)
    assert run("run", folder / "claim.bpmn", "--process", "nothing").exit_code == 1


# -- incidents, refusals, wrong command lines --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "en",
            ("✗ incident · Ask every carrier [ask_carriers]", "“=claim.items” is not a list: null", "Check the name"),
        ),
        ("zh", ("✗ 异常 · Ask every carrier [ask_carriers]", "“=claim.items”不是列表：null", "请检查变量名")),
    ],
)
def test_an_incident_names_element_reason_and_way_out(run: Run, language: str, texts: tuple[str, ...]) -> None:
    result = run("run", CLAIM, "--variables", '{"customer": 1, "claim": {"id": 1}}', language=language)
    assert result.exit_code == 1
    assert all(text in result.output for text in texts), result.output


def test_a_condition_without_a_value_is_an_incident(run: Run, tmp_path: Path) -> None:
    flows = '<b:sequenceFlow id="f3" sourceRef="work" targetRef="done"><b:conditionExpression>=paid</b:conditionExpression></b:sequenceFlow>'
    (tmp_path / "x.bpmn").write_bytes(diagram(more=flows, attributes='default="f2"'))
    result = run("run", tmp_path / "x.bpmn")
    assert (result.exit_code, "paid has no value" in result.output) == (1, True)
    data = json.loads(run("run", tmp_path / "x.bpmn", "--json").output)
    assert (data["state"], data["refused"]["code"], data["refused"]["element"]) == ("refused", "incident", "work")


def test_a_missing_table_names_the_ways_to_give_it(run: Run, folder: Path) -> None:
    (folder / "rating.dmn").rename(folder.parent / "rating.dmn")
    for language, text in (("en", "name it with --with"), ("zh", "用 --with 指定")):
        result = run("run", folder / "claim.bpmn", language=language)
        assert (result.exit_code, text in result.output) == (1, True)
    assert run("run", folder / "claim.bpmn", "--with", folder.parent / "rating.dmn").exit_code == 0


def test_a_file_with_errors_is_told_like_check_and_nothing_runs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.bpmn").write_bytes(diagram("<b:standardLoopCharacteristics/>"))
    for command in ("run", "check"):
        result = run(command, tmp_path / "x.bpmn")
        assert result.exit_code == 1
        assert "error  x.bpmn · work: standard loop markers are not supported" in result.output
        assert "begin" not in result.output


@pytest.mark.parametrize(("language", "way_out"), [("en", "isExecutable = true"), ("zh", "设为可执行")])
def test_what_only_describes_is_described(run: Run, tmp_path: Path, language: str, way_out: str) -> None:
    """With what would stand in the way if it were executable."""
    content = diagram("<b:standardLoopCharacteristics/>").replace(b'isExecutable="true"', b'name="Plan"')
    (tmp_path / "x.bpmn").write_bytes(content)
    result = run("run", tmp_path / "x.bpmn", language=language)
    assert result.exit_code == 1
    assert "Plan [process]" in result.output
    assert way_out in result.output
    assert "work: " in result.output
    assert run("check", tmp_path / "x.bpmn", language=language).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [CLAIM, "--variables", "[1]"],
        [CLAIM, "--variables", "{"],
        [CLAIM, "--variables", "@/nowhere.json"],
        [CLAIM, "--at", "tomorrow"],
        [CLAIM, "--at", "2026-03-02T09:00:00"],
        [CLAIM, "--limit", "0"],
        [CLAIM, "--scenario", "/nowhere.toml"],
        [LONE / "rating.dmn"],
        ["/nowhere.bpmn"],
    ],
)
def test_a_wrong_command_line_is_two(run: Run, arguments: list[str | Path]) -> None:
    assert run("run", *arguments).exit_code == 2


# -- scenarios -----------------------------------------------------------------------------------------------------------

STEPS = """title = "One carrier denies"
start = "2026-03-02T09:00:00+08:00"
[variables]
customer = 7
claim = {{ id = 3, amount = 20, items = [{{ carrier = "north" }}] }}
[jobs.look_up]
with = {{ carrier_losses = 9 }}
[decisions.claim-rating]
result = [{{ score = 1, certainty = 1 }}]
[[step]]
expect.tasks = []
[[step]]
message = "photos_received"
key = "3/7"
with = {{ photos = [] }}
expect.variables = {{ carrier_losses = 9 }}
[[step]]
message = "carrier_denies"
expect.tasks = ["decide"]
expect.due.decide = "2026-03-03T09:00:00+08:00"
expect.group.decide = "reviewers"
[[step]]
complete = "decide"
with = {{ pay = true, why = "short" }}
refused = "form"
[[step]]
advance = "PT1H"
[[step]]
complete = "decide"
with = {{ pay = true, why = "we carried it ourselves" }}
expect.tasks = ["decide"]
expect.ended = "{end}"
expect.passed = ["repay", "tell_paid"]
expect.not_passed = ["tell_refused"]
"""


def test_a_scenario_that_holds(run: Run, tmp_path: Path) -> None:
    result = run("run", CLAIM, "--scenario", scenario(tmp_path, STEPS.format(end="paid")))
    assert result.exit_code == 0, result.output
    assert result.output.startswith("One carrier denies")
    assert "10:00 ■ user task       Decide by hand [decide]" in result.output


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "✗ step 6: the end event should be refused, found paid"),
        ("zh", "✗ 第 6 步：结束事件应为 refused，实际是 paid"),
    ],
)
def test_a_scenario_that_does_not_hold(run: Run, tmp_path: Path, language: str, text: str) -> None:
    result = run("run", CLAIM, "--scenario", scenario(tmp_path, STEPS.format(end="refused")), language=language)
    assert (result.exit_code, text in result.output) == (1, True), result.output


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ('tasks = ["decide"]', "step 3: the open tasks should be"),
        ('group.decide = "nobody"', "step 3: the candidate group of “decide” should be nobody"),
        ('due.decide = "2026-03-04T09:00:00+08:00"', "step 3: the due date of “decide”"),
        ("variables = { carrier_losses = 8 }", "step 3: the variable “carrier_losses” should be 8, found 9"),
        ('passed = ["paid"]', "step 3: what was passed"),
        ('not_passed = ["photos"]', "step 3: what was passed although it should not"),
        ("ended = true", "step 3: the end event should be true, found false"),
    ],
)
def test_every_expectation_can_fail(run: Run, tmp_path: Path, changed: str, found: str) -> None:
    text = STEPS.format(end="paid").split("[[step]]")
    wrong = changed.replace('"decide"]', '"nothing"]')
    text[3] = f'\nmessage = "carrier_denies"\nexpect.{wrong}\n'
    result = run("run", CLAIM, "--scenario", scenario(tmp_path, "[[step]]".join(text[:4])))
    assert (result.exit_code, found in result.output) == (1, True), result.output


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ('complete = "decide"', "the open tasks should be"),
        ('message = "nothing"', "does not wait for the message “nothing”"),
        ('message = "photos_received"\nkey = "4"', "(key 4)"),
        ('activate = ["a"]\nin = "choice"', "the open ad-hoc subprocesses"),
        ('advance = "soon"', "soon"),
        ('advance = "P1D"\ncalendar = "lunar"', "lunar"),
        ('advance = "P1D"\nrefused = "form"', "the refusal should be form, found null"),
        ('message = "nothing"\nrefused = "form"', "the refusal should be form, found no_subscription"),
    ],
)
def test_a_step_that_cannot_be_taken(run: Run, tmp_path: Path, step: str, found: str) -> None:
    result = run("run", CLAIM, *AT, "--scenario", scenario(tmp_path, f"[[step]]\n{step}\n"))
    assert (result.exit_code, found in result.output) == (1, True), result.output
    assert "step 1" in result.output


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("start : 1", "不是 TOML", "no TOML"),
        ("intake = {}", "不认识“intake”", "“intake” is not known"),
        ('[[step]]\nfinish = "a"', "不认识“step 1 · finish”", "“step 1 · finish” is not known"),
        ("[[step]]\nexpect.sent = []", "expect · sent", "expect · sent” is not known"),
        ("[jobs.a]\nwait = 1", "jobs.a · wait", "jobs.a · wait"),
        ("[decisions.a]\nwith = {}", "decisions.a · with", "decisions.a · with"),
        ("start = 5", "“start”须是", "“start” must be"),
        ('start = "2026-03-02"', "带时区", "offset"),
        ("[[step]]\nexpect.tasks = 5", "tasks”须是", "tasks” must be"),
        ("[[step]]\nexpect.tasks = [5]", "tasks”须是", "tasks” must be"),
        ("[[step]]\nadvance_to = 'noon'", "“noon”", "“noon”"),
        ("jobs = 5", "“jobs”须是", "“jobs” must be"),
        ("jobs.a = 5", "jobs.a 须是一个表", "jobs.a must be a table"),
        ("step = [5]", "step 1 须是一个表", "step 1 must be a table"),
    ],
)
def test_a_scenario_file_that_cannot_be_used_is_two(run: Run, tmp_path: Path, text: str, zh: str, en: str) -> None:
    file = scenario(tmp_path, text)
    for language, expected in (("zh", zh), ("en", en)):
        result = run("run", CLAIM, "--scenario", file, language=language)
        assert (result.exit_code, expected in result.output) == (2, True), result.output
        assert "scenario.toml" in result.output


def test_a_scenario_without_steps_only_answers(run: Run, tmp_path: Path) -> None:
    """The rest plays by itself."""
    text = '[jobs.pay_back]\nerror = "no_account"\nwith = { why = "closed" }\n'
    result = run("run", CLAIM, "--scenario", scenario(tmp_path, text))
    assert result.exit_code == 0
    assert "not repaid [not_repaid] ×2" in result.output
    uncaught = run("run", CLAIM, "--scenario", scenario(tmp_path, '[jobs.ask]\nerror = "odd"\n'), language="zh")
    assert (uncaught.exit_code, "请在此活动上画一个同代码的错误边界事件" in uncaught.output) == (1, True)


# -- checking single files -------------------------------------------------------------------------------------------------


def test_single_files_are_checked_with_what_lies_beside_them(run: Run) -> None:
    result = run("check", CLAIM, LONE / "rating.dmn", LONE / "forms" / "decide.form")
    assert result.exit_code == 0
    for name in ("claim.bpmn", "rating.dmn", "decide.form"):
        assert f"✓ {name}: no errors" in result.output
    assert "info  claim.bpmn · ask: the topic “ask_carrier”" in result.output
    assert "warning" not in result.output


def test_what_is_missing_beside_a_file_is_a_warning(run: Run, tmp_path: Path) -> None:
    shutil.copy(CLAIM, tmp_path / "claim.bpmn")
    result = run("check", tmp_path / "claim.bpmn")
    assert result.exit_code == 0
    for text in ("form forms/decide-by-hand.form", "decision “claim-rating”", "called process “repayment”"):
        assert any(text in line and line.startswith("  warning") for line in result.output.splitlines()), text


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (diagram('<b:conditionExpression>x</b:conditionExpression>'), "conditionExpression"),
        (diagram(task="scriptTask"), "no FEEL expression"),
        (diagram(more='<b:exclusiveGateway id="odd"/>'), "no way out"),
        (b"no xml", "not well formed"),
        (b"", "not well formed"),
        (b"<html/>", "not a BPMN 2.0 file"),
        (f"{HEAD}</b:definitions>".encode(), "no process"),
    ],
)  # fmt: skip
def test_errors_of_a_single_file(run: Run, tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "x.bpmn").write_bytes(content)
    result = run("check", tmp_path / "x.bpmn")
    assert (result.exit_code, found in result.output) == (1, True), result.output


def test_notes_on_jobs_and_examples(run: Run, tmp_path: Path) -> None:
    wrong = '<zeebe:properties><zeebe:property name="camundaModeler:exampleOutputJson" value="[1]"/></zeebe:properties>'
    (tmp_path / "x.bpmn").write_bytes(diagram(extension(wrong), task="serviceTask"))
    result = run("check", tmp_path / "x.bpmn")
    assert result.exit_code == 0
    assert "“Work” has no topic" in result.output
    assert "is no JSON object" in result.output


def test_files_beside_packs_as_data(run: Run) -> None:
    data = json.loads(run("check", CLAIM, Path("processes/generic").resolve(), "--json").output)
    assert [f["name"] for f in data["files"]] == ["claim.bpmn"]
    assert [p["name"] for p in data["packs"]] == ["generic"]
    assert run("check", Path(__file__)).exit_code == 2


def test_a_broken_neighbour_counts_as_missing(run: Run, folder: Path) -> None:
    (folder / "repayment.bpmn").write_bytes(b"<broken")
    (folder / "rating.dmn").write_bytes(b"<broken")
    (folder / "forms" / "decide.form").write_bytes(b"{")
    result = run("check", folder / "claim.bpmn")
    assert (result.exit_code, result.output.count("warning")) == (0, 3), result.output
    refused = (LONE / "repayment.bpmn").read_bytes().replace(b"serviceTask", b"complexGateway")
    (folder / "repayment.bpmn").write_bytes(refused)
    assert "the called process “repayment” does not exist" in run("check", folder / "claim.bpmn").output


def test_odd_characters_neither_crash_nor_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    text = "{&quot;a\\ud800&quot;: &quot;\\u001b[31m&quot;}"
    example = (
        f'<zeebe:properties><zeebe:property name="camundaModeler:exampleOutputJson" value="{text}"/></zeebe:properties>'
    )
    (tmp_path / "x.bpmn").write_bytes(diagram(extension(example)).replace(b'"Work"', '"W\u202ex"'.encode()))
    result = run("run", tmp_path / "x.bpmn")
    assert (result.exit_code, "\x1b" in result.output, "\u202e" in result.output) == (0, False, False)
    assert 'a\\uD800 = "\\u001B[31m"' in result.output
    data = json.loads(run("run", tmp_path / "x.bpmn", "--json").output)
    assert data["variables"] == {"a\ud800": "\x1b[31m"}


def test_a_scenario_starts_steps_of_an_ad_hoc_subprocess(run: Run, tmp_path: Path) -> None:
    """With the keys of a pack's scenarios."""
    steps = '[[step]]\nactivate = ["b"]\n[[step]]\ncomplete = "b"\n[[step]]\nexpect.tasks = ["after"]\n'
    diagram = str(Path(__file__).parent / "bpmn" / "ad_hoc_by_hand.bpmn")
    result = run("run", diagram, "--scenario", scenario(tmp_path, steps))
    assert result.exit_code == 0, result.output
    named = run("run", diagram, "--scenario", scenario(tmp_path, steps.replace('["b"]', '["b"]\nin = "other"', 1)))
    assert (named.exit_code, "the open ad-hoc subprocesses" in named.output) == (1, True)
