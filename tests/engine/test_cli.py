"""The command line: every command, what it prints in both languages, and its exit code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

import web.cli
from engine import load_config, open_engine
from engine.cli import main
from engine.models import ApiToken, Complaint, HistoryEvent, User
from tests import small
from tests.office import ROOT

Run = Callable[..., Result]
TELECOM = ROOT / "processes" / "telecom"
ROWS = "编号,内容\nA1,少了一件\nA2,\n"
MAPPING = 'pack = "small"\nkey = "编号"\n[fields]\nmatter = "=内容"\nchannel = "网上"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A scratch installation whose packs folder holds the small pack."""
    for path, content in small.files().items():
        (tmp_path / "packs" / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packs" / "small" / path).write_bytes(content)
    file = tmp_path / "config.toml"
    file.write_text('var = "var"\ndatabase_url = "sqlite:///office.sqlite3"\npacks = "packs"\n', "utf-8")
    return file


@pytest.fixture
def run(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("REDRESS_CONFIG", "REDRESS_DATABASE_URL", "REDRESS_VAR", "REDRESS_PACKS", "REDRESS_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, language: str = "en", **options: Any) -> Result:
        given = ["--config", str(settings), "--language", language, *arguments]
        return CliRunner().invoke(main, given, **options)

    return run


def rows(settings: Path, *tables: Any) -> list[Any]:
    engine = open_engine(load_config(settings))
    try:
        with engine.context.store.read() as session:
            return [row for table in tables for row in session.scalars(select(table))]
    finally:
        engine.close()


def chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


# -- the whole -----------------------------------------------------------------------------------------------------


def test_every_command_explains_itself(run: Run) -> None:
    assert web.cli.main is main
    commands = {"serve", "worker", "demo", "check", "deploy", "scenarios", "complaint", "user", "token", "verify"}
    assert commands | {"feel", "layout", "decide"} <= set(main.commands)
    for name, command in main.commands.items():
        names = [[name]] + [[name, sub] for sub in getattr(command, "commands", {})]
        for path in names:
            result = run(*path, "--help")
            assert result.exit_code == 0
            assert result.output.startswith("Usage: ")


@pytest.mark.parametrize(
    "wrong",
    [["nothing"], ["check", "--nothing"], ["deploy"], ["complaint", "import"], ["feel"], ["token", "create", "x"],
     ["feel", "1", "--context", "{"], ["feel", "1", "--context", "[1]"], ["decide", "missing.dmn"],
     ["complaint", "import", "missing.csv", "--mapping", "missing.toml"], ["token", "create", "x", "--name", "n", "--days", "0"]],
)  # fmt: skip
def test_a_wrong_command_line_exits_with_two(run: Run, wrong: list[str]) -> None:
    result = run(*wrong)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_missing_settings_file_is_told(tmp_path: Path) -> None:
    for language, word in (("zh", "没有文件"), ("en", "no file")):
        result = CliRunner().invoke(
            main, ["--config", str(tmp_path / "none.toml"), "--language", language, "user", "list"]
        )
        assert result.exit_code == 1
        assert word in result.stderr


def test_a_database_that_cannot_be_opened_is_told_without_traceback(run: Run, settings: Path) -> None:
    (settings.parent / "office.sqlite3").write_bytes(b"this is no database " * 200)
    result = run("verify")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "database" in result.stderr


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "C"}, "zh"),
     ({"REDRESS_LANGUAGE": "en", "LANG": "zh_CN"}, "en"), ({"LC_ALL": "en_US", "LANG": "zh_CN"}, "en")],
)  # fmt: skip
def test_the_language_follows_the_environment(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.cli_state import default_language

    for name in ("REDRESS_LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_language() == expected


# -- packs ---------------------------------------------------------------------------------------------------------


def test_check_json_has_the_promised_shape(run: Run) -> None:
    result = run("check", str(TELECOM), "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert list(data) == ["packs"]
    (pack,) = data["packs"]
    assert list(pack) == ["name", "ok", "findings", "coverage", "proof", "rules"]
    assert (pack["name"], pack["ok"]) == ("telecom", True)
    assert set(pack["coverage"]) == {"enforced", "unproven", "prompted", "uncarried", "needs_figure"}
    assert all(isinstance(n, int) for n in pack["coverage"].values())
    assert sum(n for key, n in pack["coverage"].items() if key != "needs_figure") == len(pack["rules"]) == 64
    assert all(rule["where"] for rule in pack["rules"] if rule["status"] == "enforced")
    assert {r["id"]: r["assumptions"] for r in pack["rules"]}["T53"]
    assert all(set(f) == {"severity", "file", "element", "message"} for f in pack["findings"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_check_tells_errors_in_the_language_and_exits_with_one(run: Run, settings: Path, language: str) -> None:
    diagram = settings.parent / "packs" / "small" / "main.bpmn"
    diagram.write_bytes(small.diagram(small.service("shell")))
    result = run("check", "--json", language=language)
    (pack,) = json.loads(result.stdout)["packs"]
    assert result.exit_code == 1
    (finding,) = [f for f in pack["findings"] if f["severity"] == "error"]
    assert (pack["ok"], finding["file"], finding["element"]) == (False, "main.bpmn", "step")
    assert chinese(finding["message"]) is (language == "zh")
    plain = run("check", language=language)
    assert plain.exit_code == 1
    assert "main.bpmn · step" in plain.stdout
    assert finding["message"] in plain.stdout


def test_check_of_a_good_pack_says_so(run: Run) -> None:
    for language, words in (("zh", "small：可以部署"), ("en", "small: can be deployed")):
        result = run("check", language=language)
        assert result.exit_code == 0
        assert words in result.stdout


def test_check_of_a_folder_that_is_no_pack_is_a_finding_beside_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("check", str(tmp_path / "empty"), "small", "nowhere", "--json")
    packs = {p["name"]: p for p in json.loads(result.stdout)["packs"]}
    assert result.exit_code == 1
    assert {name: p["ok"] for name, p in packs.items()} == {"empty": False, "small": True, "nowhere": False}
    assert "pack.toml" in packs["empty"]["findings"][0]["message"]
    assert run("check", str(tmp_path / "empty")).exit_code == 1


def test_deploy_tells_the_version_and_keeps_it(run: Run) -> None:
    for words in ("Deployed small version 1", "stays at version 1"):
        result = run("deploy", "small", "--note", "first")
        assert result.exit_code == 0
        assert words in result.stdout


@pytest.mark.parametrize("language", ["zh", "en"])
def test_deploy_refuses_with_the_findings_in_the_language(run: Run, settings: Path, language: str) -> None:
    (settings.parent / "packs" / "small" / "main.bpmn").write_bytes(b"<broken")
    result = run("deploy", "small", language=language)
    assert result.exit_code == 1
    line = next(line for line in result.stderr.splitlines() if line.startswith("  error: main.bpmn"))
    assert chinese(line) is (language == "zh")
    assert run("deploy", "nowhere").exit_code == 1


def test_scenarios_run_and_fail_with_step_and_reason(run: Run, settings: Path) -> None:
    folder = settings.parent / "packs" / "small" / "scenarios"
    folder.mkdir()
    walk = (
        'title = "走一遍"\nstart = "2026-03-02T09:00:00+08:00"\n[intake]\nmatter = "少了一件"\n'
        '[[step]]\ncomplete = "work"\nwith = { note = "好" }\nexpect.ended = "%s"\n'
    )
    (folder / "1_right.toml").write_text(walk % "closed", "utf-8")
    result = run("scenarios", "--json")
    (outcome,) = json.loads(result.stdout)["scenarios"]
    assert result.exit_code == 0
    assert (outcome["pack"], outcome["ok"], outcome["title"]) == ("small", True, "走一遍")
    (folder / "2_wrong.toml").write_text(walk % "elsewhere", "utf-8")
    result = run("scenarios", "small")
    assert result.exit_code == 1
    assert "2 scenarios, 1 failed" in result.stdout
    assert "step 1: end event: expected 'elsewhere', found 'closed'" in result.stdout
    assert run("scenarios", "--only", "right").exit_code == 0


# -- complaints and history ----------------------------------------------------------------------------------------


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Callable[..., Result]:
    assert run("deploy", "small").exit_code == 0
    (tmp_path / "m.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "c.csv").write_text(ROWS, "utf-8")

    def again(*more: str, **options: Any) -> Result:
        return run(
            "complaint", "import", str(tmp_path / "c.csv"), "--mapping", str(tmp_path / "m.toml"), *more, **options
        )

    return again


def test_import_tells_what_went_in_and_what_not(imported: Callable[..., Result], settings: Path) -> None:
    result = imported()
    assert result.exit_code == 1
    assert "line 3:" in result.stderr
    assert "1 imported, 0 already there, 1 failed" in result.stdout
    assert len(rows(settings, Complaint)) == 1
    data = json.loads(imported("--json").stdout)
    assert (data["imported"], data["known"], data["failed"]) == (0, 1, 1)
    assert [r["line"] for r in data["rows"]] == [2, 3]
    assert "导入 0 件，已有 1 件，未能导入 1 件" in imported(language="zh").stdout
    assert imported("--pack", "nowhere").exit_code == 1


def test_erasing_asks_first_and_needs_an_ended_complaint(
    imported: Callable[..., Result], run: Run, settings: Path
) -> None:
    imported()
    (complaint,) = rows(settings, Complaint)
    erase = ("complaint", "erase", complaint.number, "--reason", "本人要求")
    assert run(*erase, input="n\n").exit_code == 1
    refused = run(*erase, "--yes")
    assert refused.exit_code == 1
    assert "close or cancel" in refused.stderr
    engine = open_engine(load_config(settings))
    engine.instances.cancel(_manager(), complaint.instance_id, "误录")
    engine.close()
    done = run(*erase, "--yes")
    assert done.exit_code == 0
    assert complaint.number in done.stdout
    assert rows(settings, Complaint)[0].erased_at is not None
    assert run("complaint", "erase", "X-1", "--reason", "x", "--yes").exit_code == 1
    assert run("verify").exit_code == 0


def _manager() -> Any:
    from tests.office import manager

    return manager("small")


def test_verify_finds_a_changed_history(imported: Callable[..., Result], run: Run, settings: Path) -> None:
    imported()
    assert "intact" in run("verify").stdout
    assert "完整" in run("verify", language="zh").stdout
    engine = open_engine(load_config(settings))
    with engine.context.store.write() as session:
        event = session.scalars(select(HistoryEvent).order_by(HistoryEvent.id)).first()
        assert event is not None
        event.reason = "forged"
    engine.close()
    result = run("verify")
    assert result.exit_code == 1
    assert "event 1 is changed" in result.stdout
    assert "第 1 条" in run("verify", language="zh").stdout


# -- people --------------------------------------------------------------------------------------------------------


def test_accounts_are_added_listed_changed_and_closed(run: Run, settings: Path) -> None:
    added = run(
        "user", "add", "li.na", "--name", "李娜", "--group", "small/前台", "--role", "manager@small", "--role",
        "auditor", "--email", "li@example.org", "--password", "a long enough one",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    line = run("user", "list").stdout.splitlines()[0]
    assert line == "li.na\t李娜\tsmall/前台\tauditor@*, manager@small"
    (before,) = rows(settings, User)
    assert run("user", "password", "li.na", "--password", "another long one").exit_code == 0
    assert run("user", "deactivate", "li.na").exit_code == 0
    (after,) = rows(settings, User)
    assert after.password_hash != before.password_hash
    assert not after.active


@pytest.mark.parametrize(
    "wrong",
    [["add", "li.na", "--name", "x", "--password", "short"], ["add", "x y", "--name", "x", "--password", "a long enough one"],
     ["add", "ok.ok", "--name", "x", "--role", "king", "--password", "a long enough one"],
     ["password", "nobody", "--password", "a long enough one"], ["deactivate", "nobody"]],
)  # fmt: skip
def test_a_refused_account_is_told_in_the_language(run: Run, settings: Path, wrong: list[str]) -> None:
    for language in ("zh", "en"):
        result = run("user", *wrong, language=language)
        assert result.exit_code == 1
        assert chinese(result.stderr) is (language == "zh")
    assert rows(settings, User) == []


def test_the_password_is_asked_for_twice_and_not_shown(run: Run) -> None:
    entered = "a long enough one\n"
    result = run("user", "add", "li.na", "--name", "李娜", input=entered * 2)
    assert result.exit_code == 0
    assert "enough" not in result.output
    assert run("user", "add", "li.bo", "--name", "李波", input=entered + "something else\n").exit_code != 0


def test_tokens_are_printed_once_listed_and_revoked(run: Run, settings: Path) -> None:
    run("user", "add", "li.na", "--name", "李娜", "--password", "a long enough one")
    token = run("token", "create", "li.na", "--name", "report", "--days", "7").stdout.strip()
    assert token.startswith("rdr_")
    (row,) = rows(settings, ApiToken)
    assert token not in row.token_hash
    cells = run("token", "list", "li.na").stdout.rstrip("\n").split("\t")
    assert cells[:2] == [row.id, "report"]
    assert (datetime.fromisoformat(cells[3]) - datetime.fromisoformat(cells[2])).days == 7
    assert cells[4:] == ["-", "-"]
    engine = open_engine(load_config(settings))
    assert engine.users.by_token(token) is not None
    assert run("token", "revoke", row.id).exit_code == 0
    assert engine.users.by_token(token) is None
    engine.close()
    assert run("token", "create", "nobody", "--name", "x").exit_code == 1
    assert run("token", "revoke", "nothing").exit_code == 1


# -- demo ----------------------------------------------------------------------------------------------------------


def test_demo_prepares_everything_and_is_safe_to_run_again(
    run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.cli, "ensure_assets", lambda progress: None)
    folder = settings.parent / "packs" / "small" / "samples"
    folder.mkdir()
    (folder / "people.toml").write_text('[anna]\nname = "安娜"\ngroups = ["前台"]\n', "utf-8")
    (folder / "complaints.csv").write_text(
        "days_ago,channel,matter,stage_target\n3,网上,少了一件,work\n2,网上,送错地方,closed\n", "utf-8"
    )
    for _ in range(2):
        result = run("demo", "--prepare-only")
        assert result.exit_code == 0, result.output
        assert [user.id for user in rows(settings, User)] == ["anna"]
        assert sorted(c.state for c in rows(settings, Complaint)) == ["active", "completed"]
    shutil.rmtree(folder)
    assert run("demo", "--prepare-only").exit_code == 0
