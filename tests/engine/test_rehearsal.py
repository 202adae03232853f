"""Walks that share a deployed pack must not see each other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import SYSTEM, load_config
from engine.models import Complaint, ProcessInstance, StartSubscription
from engine.mutations.mutants import Mutant, mutants
from engine.packs import Pack, load_pack, read_folder, with_file
from engine.rehearsal import Rehearsal
from tests.office import ROOT

MARCH, MAY = (datetime.fromisoformat(f"2026-{month}-02T09:00:00+08:00") for month in ("03", "05"))

FILED = {"channel": "电话", "complainant": "王明", "contact": "13800000000", "matter": "送货迟到"}


def pack(name: str) -> Pack:
    return load_pack(read_folder(ROOT / "processes" / name), name)


def test_every_walk_begins_with_an_empty_house(tmp_path: Path) -> None:
    rehearsal = Rehearsal(pack("generic"), load_config(var=str(tmp_path)))
    numbers = []
    for _ in range(2):
        rehearsal.begin(MARCH)
        filed = rehearsal.engine.complaints.file(SYSTEM, "generic", FILED)
        numbers.append(filed.number)
    with rehearsal.engine.context.store.read() as session:
        assert session.scalar(select(func.count()).select_from(ProcessInstance)) == 1
        assert session.scalar(select(func.count()).select_from(Complaint)) == 1
    rehearsal.close()
    assert numbers[0] == numbers[1]


def test_start_timers_are_counted_from_the_beginning_of_the_walk(tmp_path: Path) -> None:
    rehearsal = Rehearsal(pack("transport"), load_config(var=str(tmp_path)))
    due = []
    for start in (MARCH, MAY):
        rehearsal.begin(start)
        with rehearsal.engine.context.store.read() as session:
            due.append(session.scalar(select(func.min(StartSubscription.due_at))))
    rehearsal.close()
    assert MARCH <= due[0] < MAY <= due[1]


def one_of_each(pack: Pack) -> list[Mutant]:
    return list({mutant.path.rsplit(".", 1)[1]: mutant for mutant in mutants(pack)}.values())


@pytest.mark.parametrize("mutant", one_of_each(pack("telecom")), ids=lambda m: m.path)
def test_one_changed_file_means_what_the_whole_pack_would_mean(mutant: Mutant) -> None:
    original = pack("telecom")
    quick, whole = (
        with_file(original, mutant.path, mutant.content),
        load_pack({**original.files, mutant.path: mutant.content}, "telecom"),
    )
    assert quick.sha256 == whole.sha256 != original.sha256
    assert quick.findings == whole.findings
    assert {p.id: [(e.id, e.properties) for e in p.walk()] for p in quick.processes.values()} == {
        p.id: [(e.id, e.properties) for e in p.walk()] for p in whole.processes.values()
    }
    assert [(k, [f.key for f in v.fields]) for k, v in sorted(quick.forms.items())] == [
        (k, [f.key for f in v.fields]) for k, v in sorted(whole.forms.items())
    ]
    assert quick.decisions.keys() == whole.decisions.keys()


def test_a_file_that_cannot_be_read_is_a_finding() -> None:
    original = pack("generic")
    for path in ("complaint.bpmn", "forms/handle.form"):
        assert next(f.file for f in with_file(original, path, b"?").findings if f.severity == "error") == path
