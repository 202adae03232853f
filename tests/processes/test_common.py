"""The shared folders, called from a pack that has nothing else: each works alone and reads in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import load_config
from engine.check import check
from engine.packs import Pack, load_pack, read_folder
from tests.office import PACKS, ROOT, run_scenario

COMMON = ROOT / "processes" / "common"
WHOLE = {"spine": ("sales", "settings"), "desk": ("desk-phone", "desk_settings")}
"""Shared folders that hold a whole process, which packs enter by and none calls -> a pack that replaces least of it, and
the table of what its packs differ in."""
FOLDERS = sorted(p.name for p in COMMON.iterdir() if p.is_dir() and p.name not in WHOLE)
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


def _whole(folder: str) -> Pack:
    return load_pack(read_folder(ROOT / "processes" / WHOLE[folder][0]))


@pytest.mark.parametrize("folder", WHOLE)
def test_a_whole_process_is_entered_and_every_other_one_beside_it_is_called_or_starts_by_itself(folder: str) -> None:
    pack = _whole(folder)
    held = [p for p in pack.processes.values() if p.file.startswith(f"common/{folder}/")]
    called = {e.called_process for p in pack.processes.values() for e in p.walk()}
    timed = {p.id for p in held if any(e.event is not None and e.event.kind == "timer" for e in p.starts())}
    assert {p.id for p in held} - called - timed == {pack.entry}


@pytest.mark.parametrize("folder", WHOLE)
def test_every_row_of_its_settings_is_a_pack_that_enters_by_it(folder: str) -> None:
    pack, settings = _whole(folder), WHOLE[folder][1]
    table = pack.decisions[settings].decisions[settings].table
    assert table is not None
    rows = [row.inputs[0].strip('"') for row in table.rules]
    assert rows[-1] == "-"
    for row in rows[:-1]:
        assert load_pack(read_folder(ROOT / "processes" / row)).entry == pack.entry


def test_it_passes_its_check(shared: Pack) -> None:
    report = check(shared)
    assert [f.text("en") for f in report.findings if f.severity == "error" or f.file.startswith("common/")] == []
    assert report.coverage.rules["S1"].where


@pytest.mark.parametrize("name", WALKS)
def test_scenario(shared: Pack, name: str, tmp_path: Path) -> None:
    outcome = run_scenario(shared, f"scenarios/{name}", load_config(var=str(tmp_path)))
    assert outcome.ok, f"step {outcome.step}: {outcome.problem}"


def test_no_shared_diagram_or_form_names_a_rule_or_a_group() -> None:
    for file in (*COMMON.rglob("*.bpmn"), *COMMON.rglob("*.form")):
        text = file.read_text("utf-8")
        assert '"clause"' not in text, file
        assert text.count("candidateGroups=") == text.count('candidateGroups="=') == text.count("<bpmn:userTask "), file


@pytest.mark.parametrize("name", ["shared", *WHOLE])
def test_a_shared_file_replaced_by_nobody_is_complete_in_english(name: str, shared: Pack) -> None:
    pack = _whole(name) if name in WHOLE else shared
    assert list(_chinese(pack)) == []
    assert {letter for letter, _ in pack.letters} == {letter for letter, language in pack.letters if language == "en"}


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
