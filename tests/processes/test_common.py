"""The shared folders, called from a pack that has nothing else: each works alone and reads in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import load_config
from engine.check import check
from engine.packs import Pack, load_pack, read_folder
from engine.scenarios import run_scenario
from tests.office import PACKS, ROOT

COMMON = ROOT / "processes" / "common"
FOLDERS = sorted(p.name for p in COMMON.iterdir() if p.is_dir())
WALKS = sorted(p.name for p in (PACKS / "shared" / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root = tmp_path_factory.mktemp("packs")
    shutil.copytree(PACKS / "shared", root / "shared")
    shutil.copytree(COMMON, root / "common")
    return load_pack(read_folder(root / "shared"))


def test_it_takes_every_shared_folder_and_calls_every_process_in_them(shared: Pack) -> None:
    assert sorted(shared.manifest["common"]) == FOLDERS
    called = {e.called_process for p in shared.processes.values() for e in p.walk()}
    assert {p.id for p in shared.processes.values() if p.file.startswith("common/")} <= called


def test_it_passes_its_check(shared: Pack) -> None:
    report = check(shared)
    assert [f.text("en") for f in report.findings if f.severity == "error" or f.file.startswith("common/")] == []
    assert report.coverage.rules["S1"][0] == "enforced"


@pytest.mark.parametrize("name", WALKS)
def test_scenario(shared: Pack, name: str, tmp_path: Path) -> None:
    outcome = run_scenario(shared, f"scenarios/{name}", load_config(var=str(tmp_path)))
    assert outcome.ok, f"step {outcome.step}: {outcome.problem}"


def test_no_shared_diagram_or_form_names_a_rule_or_a_group() -> None:
    for file in (*COMMON.rglob("*.bpmn"), *COMMON.rglob("*.form")):
        text = file.read_text("utf-8")
        assert '"clause"' not in text, file
        assert text.count("candidateGroups=") == text.count('candidateGroups="=') == text.count("<bpmn:userTask "), file


def test_a_shared_file_replaced_by_nobody_is_complete_in_english(shared: Pack) -> None:
    assert list(_chinese(shared)) == []
    assert {name for name, _ in shared.letters} == {name for name, language in shared.letters if language == "en"}


def _chinese(pack: Pack) -> Iterator[str]:
    """What is left in Chinese when everything is asked for in English."""
    for process in pack.processes.values():
        named = {process.id: pack.names.process(process.id).en}
        named |= {e.id: pack.names.element(process.id, e.id).en for e in process.walk() if e.name}
        named |= {f.id: pack.names.element(process.id, f.id).en for f in process.walk_flows() if f.name}
        named |= {lane: pack.names.lane(name).en for lane, name in process.lanes.items()}
        stages = [e.properties["stage"] for e in process.walk() if "stage" in e.properties]
        named |= {stage: pack.names.stage(stage).en for stage in stages}
        yield from (key for key, text in named.items() if _is_chinese(text))
    for form in pack.forms.values():
        for item in form.fields:
            texts = [item.label, item.description, *(o.label for o in item.options or ())]
            yield from (f"{form.file} {text}" for text in texts if _is_chinese(pack.names.label(text)))
            if _is_chinese(pack.names.field(item.key, Path(form.file).stem, item.label).en):
                yield f"{form.file} {item.key}"


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
