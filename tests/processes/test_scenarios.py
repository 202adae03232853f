"""Every golden walk of every bundled pack; each step saves and loads the instance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.check import check
from engine.packs import Pack
from engine.rehearsal import Rehearsal
from engine.scenarios import play
from tests.processes.conftest import PACKS

WALKS = [(name, path) for name, pack in PACKS.items() for path in sorted(pack.files) if path.startswith("scenarios/")]


@pytest.mark.parametrize(("name", "path"), WALKS, ids=[f"{n}-{Path(p).stem}" for n, p in WALKS])
def test_scenario(name: str, path: str, rehearse: Callable[[str], Rehearsal]) -> None:
    outcome = play(rehearse(name), path)
    assert outcome.ok, f"step {outcome.step}: {outcome.problem}"


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_pack_passes_its_check_and_leaves_no_rule_uncarried(pack: Pack) -> None:
    report = check(pack)
    assert report.ok, [f.text("en") for f in report.findings if f.severity == "error"]
    assert report.coverage.counts()["uncarried"] == 0


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_label_of_a_diagram_has_its_english(pack: Pack) -> None:
    missing = [
        element.id
        for process in pack.processes.values()
        for element in process.walk()
        if element.name and any("\u4e00" <= c <= "\u9fff" for c in pack.names.element(process.id, element.id).en)
    ]
    assert missing == []
