"""What the commands say about packs and scenarios that are not there, unchanged packs and unnoticed changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests import small
from tests.engine.test_mutations import files as proven_files

Run = Callable[..., Result]


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    for path, content in small.files().items():
        (tmp_path / "packs" / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packs" / "small" / path).write_bytes(content)
    (tmp_path / "config.toml").write_text('var = "var"\npacks = "packs"\n', "utf-8")
    return tmp_path / "packs"


@pytest.fixture
def run(packs: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("REDRESS_CONFIG", "REDRESS_DATABASE_URL", "REDRESS_VAR", "REDRESS_PACKS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, language: str = "en") -> Result:
        config = str(packs.parent / "config.toml")
        return CliRunner().invoke(main, ["--config", config, "--language", language, *arguments])

    return run


@pytest.mark.parametrize("command", ["check", "scenarios", "mutate", "deploy"])
def test_a_pack_that_is_not_there_is_told_with_the_nearest_names(run: Run, command: str) -> None:
    for language, words in (
        ("en", ["“smal” is neither a folder nor the name of a pack under packs/", "Spelt alike: small"]),
        ("zh", ["“smal”既不是文件夹，也不是 packs/ 下制度包的名称", "相近的有：small"]),
    ):
        result = run(command, "smal", language=language)
        assert result.exit_code == 1
        assert all(word in result.output for word in words), result.output
    assert "Spelt alike" not in run(command, "nowhere").output


def test_scenarios_that_match_nothing_are_told(run: Run) -> None:
    for language, words in (("en", "No scenario has a file name with “99”"), ("zh", "没有文件名含“99”的场景")):
        result = run("scenarios", "small", "--only", "99", language=language)
        assert result.exit_code == 1
        assert words in result.output


def test_a_pack_with_errors_is_refused_once_and_in_the_language(run: Run, packs: Path) -> None:
    (packs / "small" / "scenarios").mkdir()
    for number in range(3):
        (packs / "small" / "scenarios" / f"{number}.toml").write_text("", "utf-8")
    (packs / "small" / "main.bpmn").write_bytes(b"<broken")
    result = run("scenarios", language="zh")
    assert result.exit_code == 1
    assert result.output.count("没有通过检查") == 1
    assert "✗ small/pack.toml" in result.output
    assert "第 0 步" not in result.output


def test_mutate_of_a_pack_with_errors_tells_them(run: Run, packs: Path) -> None:
    (packs / "small" / "main.bpmn").write_bytes(b"<broken")
    result = run("mutate", "small")
    assert result.exit_code == 1
    assert "did not pass its check" in result.output
    assert "error: main.bpmn" in result.output
    assert not (packs / "small" / "proof.json").exists()


def test_deploying_an_unchanged_pack_says_so(run: Run, packs: Path) -> None:
    assert "Deployed small version 1" in run("deploy", "small").stdout
    assert "small is unchanged and stays at version 1" in run("deploy", "small").stdout
    assert "没有改动，仍是第 1 版" in run("deploy", "small", language="zh").stdout
    with (packs / "small" / "pack.toml").open("a", encoding="utf-8") as manifest:
        manifest.write("# changed\n")
    assert "Deployed small version 2" in run("deploy", "small").stdout


def test_unnoticed_changes_are_printed_when_asked_for(run: Run, packs: Path) -> None:
    for path, content in proven_files().items():
        (packs / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        text = content.decode().replace("\tenforced", "\tprompted")
        (packs / "small" / path).write_text(text, "utf-8")
    line = "main.bpmn#work  no limit: "
    assert line not in run("mutate", "small").stdout
    assert line in run("mutate", "small", "--missed").stdout


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(packs: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [
        sys.executable,
        "-c",
        "from engine.cli import main; main()",
        "--config",
        str(packs.parent / "config.toml"),
    ]
    with open(write, "wb") as closed:
        done = subprocess.run([*command, "check"], stdout=closed, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.stderr == b""
