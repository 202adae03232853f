"""What packs share: the folders under ``common/`` that a pack names, and the clauses its own policy gives their elements.

A deployment holds a copy of what its pack names, so a change to ``common/`` reaches every pack with its next deployment
and no running complaint.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.runtime.model import Finding, Process

FOLDER = "common"
_OWN = frozenset(["locale/en.toml"])
"""Files a shared folder keeps beside the pack's own one; every other one gives way to it."""


def shared_files(folder: Path, manifest: bytes) -> Iterator[tuple[str, Path]]:
    """(path inside the pack, file) of everything the shared folders named in ``manifest`` hold.

    A file of the pack with the same path takes the place of the shared one.
    """
    for name in named(manifest):
        root = folder.parent / FOLDER / name
        for path in sorted(root.rglob("*")) if "/" not in name and not name.startswith(".") else ():
            relative = path.relative_to(root).as_posix()
            if relative in _OWN or not (folder / relative).exists():
                yield f"{FOLDER}/{name}/{relative}", path


def named(manifest: bytes) -> list[str]:
    """The shared folders a manifest names; none when it cannot be read."""
    try:
        found = tomllib.loads(manifest.decode("utf-8")).get(FOLDER, [])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return []
    return [str(name) for name in found] if isinstance(found, list) else []


def bare(path: str) -> str:
    """The path of a file without the shared folder it comes from: ``common/callback/letters/a.md`` is ``letters/a.md``."""
    return path.split("/", 2)[2] if path.startswith(f"{FOLDER}/") and path.count("/") > 1 else path


def english(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The English names of a pack over those of what it shares. Raises TOMLDecodeError, UnicodeDecodeError."""
    merged: dict[str, Any] = {}
    for path in sorted((p for p in files if bare(p) == "locale/en.toml"), key=lambda p: p == bare(p)):
        for table, values in tomllib.loads(files[path].decode("utf-8")).items():
            known = merged.get(table)
            merged[table] = {**known, **values} if isinstance(known, dict) and isinstance(values, dict) else values
    return merged


def give_clauses(processes: Mapping[str, Process], clauses: Mapping[str, Any]) -> Iterator[Finding]:
    """Add the rules of ``[clauses]`` in pack.toml to the elements they name; ids nothing has become findings."""
    unknown = dict(clauses)
    for process in processes.values():
        owned = [(process.id, process.properties)]
        owned += [(e.id, e.properties) for e in process.walk()]
        owned += [(f.id, f.properties) for f in process.walk_flows()]
        for identifier, properties in owned:
            if identifier in clauses:
                unknown.pop(identifier, None)
                properties["clause"] = f"{properties.get('clause', '')} {clauses[identifier]}".strip()
    for identifier in unknown:
        yield Finding(
            "error",
            "pack.toml",
            identifier,
            f"[clauses] 中的“{identifier}”不是图中的元素",
            f"“{identifier}” in [clauses] is no element of a diagram",
        )
