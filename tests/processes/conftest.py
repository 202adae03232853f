"""The bundled packs, each deployed once for all walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import load_config
from engine.packs import load_pack, read_folder
from engine.rehearsal import Rehearsal
from tests.office import ROOT

FOLDERS = sorted(p.parent for p in (ROOT / "processes").glob("*/pack.toml"))
PACKS = {f.name: load_pack(read_folder(f), f.name) for f in FOLDERS}


@pytest.fixture(scope="session")
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Rehearsal]]:
    """Gives the rehearsal of a pack, kept for its next walk."""
    config, open_now = load_config(var=str(tmp_path_factory.mktemp("var"))), dict[str, Rehearsal]()

    def rehearsal(name: str) -> Rehearsal:
        if name not in open_now:
            open_now[name] = Rehearsal(PACKS[name], config)
        return open_now[name]

    yield rehearsal
    for found in open_now.values():
        found.close()
