"""The written rules of all bundled packs together: every one is carried, and what software can enforce is proven."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.checks.coverage import HARD, coverage
from engine.packs import Pack
from tests.office import ROOT
from tests.processes.conftest import PACKS

WRITTEN = {name: pack for name, pack in PACKS.items() if pack.rules}


@pytest.mark.parametrize("pack", WRITTEN.values(), ids=WRITTEN)
def test_what_software_can_enforce_is_proven(pack: Pack) -> None:
    """A red test means: the pack has changed since its proof (`redress mutate`), or a scenario is missing."""
    carried = coverage(pack)
    assert carried.proof == "fresh"
    assert [r.id for r in pack.rules if r.carry in HARD and carried.rules[r.id].status != "enforced"] == []
    assert [r for r, found in carried.rules.items() if found.status in ("unproven", "uncarried")] == []


def test_every_rule_of_the_five_documents_stands_in_one_pack() -> None:
    """Their numbers: 64, 55, 332, 131 and 117 rules in 34 sets, 246 of them enforceable."""
    rules = [rule for pack in WRITTEN.values() for rule in pack.rules]
    assert len({rule.id for rule in rules}) == len(rules) == 699
    sets = Counter(rule.id.rsplit("-", 1)[0] if "-" in rule.id else rule.id[0] for rule in rules)
    assert len(sets) == 34
    documents = Counter(name[0] for name in sets.elements())
    assert documents == {"T": 64, "L": 55, "C": 332, "H": 131, "B": 117}
    assert sum(rule.carry in HARD for rule in rules) == 246


@pytest.mark.parametrize("pack", WRITTEN.values(), ids=WRITTEN)
def test_rules_are_told_in_both_languages(pack: Pack) -> None:
    assert [r.id for r in pack.rules if not r.zh or not r.en or any("\u4e00" <= c <= "\u9fff" for c in r.en)] == []


@pytest.mark.parametrize("pack", WRITTEN.values(), ids=WRITTEN)
def test_a_blank_of_the_source_is_an_assumption(pack: Pack) -> None:
    blank = [rule for rule in pack.rules if any(word in rule.figure for word in ("空缺", "未定", "blank"))]
    assert [rule.id for rule in blank if not coverage(pack).rules[rule.id].assumptions] == []


def test_the_owners_readme_names_every_pack_and_every_shared_folder() -> None:
    told = (ROOT / "processes" / "README.md").read_text("utf-8")
    shared = [f.name for f in (ROOT / "processes" / "common").iterdir() if f.is_dir()]
    assert [name for name in (*PACKS, *shared) if f"`{name}`" not in told] == []
