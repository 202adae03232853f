"""Who must recuse does not see the complaint: neither in the lists nor by its number; the colleague who handles it does."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from engine import Actor, load_config
from engine.errors import Forbidden
from engine.packs import load_pack, read_folder
from engine.rehearsal import Rehearsal
from engine.scenarios import play
from tests.office import ROOT


def test_the_person_complained_of_sees_neither_the_complaint_nor_its_tasks(tmp_path: Path) -> None:
    pack = load_pack(read_folder(ROOT / "processes" / "law-firm"))
    officers = frozenset({"law-firm/专门负责人"})
    recused = Actor(id="zhao.min", name="赵敏", groups=officers)
    colleague = Actor(id="he.yun", name="何云", groups=officers)
    with closing(Rehearsal(pack, load_config(var=str(tmp_path)))) as rehearsal:
        assert play(rehearsal, "scenarios/10_officer_recused.toml").ok
        engine = rehearsal.engine
        found = engine.complaints.list(colleague).items
        assert [row.pack for row in found] == ["law-firm"]
        assert engine.complaints.list(recused).items == ()
        assert engine.tasks.list(recused, view="all").items == ()
        with pytest.raises(Forbidden):
            engine.complaints.get(recused, found[0].number)
