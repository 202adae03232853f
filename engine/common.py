"""What packs share: the folders under ``common/`` that a pack names, and what each says about their elements.

A deployment holds a copy of what its pack names, so a change to ``common/`` reaches every pack with its next deployment
and no running complaint.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine.errors import NoPack
from engine.forms import Form
from engine.runtime.model import Finding, Process

FOLDER = "common"
_OWN = frozenset(["locale/en.toml"])
"""Files a shared folder keeps beside the pack's own one; every other one gives way to it."""
_TABLES = {"clauses": "clause", "calendars": "calendar"}
"""Tables of pack.toml about elements of diagrams -> the property they give."""


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


def no_folder(folder: Path) -> NoPack:
    """The error about a pack that does not exist: which ones beside it are spelt alike."""
    near = get_close_matches(folder.name, [p.parent.name for p in sorted(folder.parent.glob("*/pack.toml"))])
    told = {"zh": f"相近的有：{'、'.join(near)}", "en": f"Spelt alike: {', '.join(near)}"} if near else ""
    return NoPack(id=folder.name, packs=folder.resolve().parent.name, near=told)


def lacking(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Finding]:
    """The error about shared folders that ``manifest`` names and ``files`` do not hold."""
    names = [
        f"{FOLDER}/{n}" for n in manifest.get(FOLDER, ()) if not any(p.startswith(f"{FOLDER}/{n}/") for p in files)
    ]
    if names:
        yield Finding(
            "error",
            "pack.toml",
            FOLDER,
            f"没有共用文件夹 {'、'.join(names)}：制度包的文件夹须与 common/ 并列，放在同一个文件夹下；否则请改正 common = [ ] 中的名称",
            f"there is no shared folder {', '.join(names)}: the folder of the pack must lie beside common/, in the same "
            "folder; else correct the names in common = [ ]",
        )


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


def give_properties(
    processes: Mapping[str, Process], forms: Mapping[str, Form], manifest: Mapping[str, Any]
) -> Iterator[Finding]:
    """Give what the diagrams and forms hold the properties that ``[clauses]`` and ``[calendars]`` of pack.toml name.

    Processes, lanes, elements and flows go by their id, fields by ``form.field``. Rules are added to those that stand
    there already, a calendar takes the place of the one that does. What names nothing becomes a finding.
    """
    for table, name in _TABLES.items():
        given = manifest.get(table)
        if not isinstance(given, dict):
            continue
        unknown = dict(given)
        for identifier, properties in _owners(processes, forms):
            if identifier in given:
                unknown.pop(identifier, None)
                own = properties.get(name, "") if table == "clauses" else ""
                properties[name] = " ".join(dict.fromkeys(f"{own} {given[identifier]}".split()))
        for identifier in unknown:
            yield Finding(
                "error",
                "pack.toml",
                identifier,
                f"[{table}] 中的“{identifier}”既不是图中的元素，也不是“表单.字段”",
                f"“{identifier}” in [{table}] is neither an element of a diagram nor a “form.field”",
            )


def _owners(processes: Mapping[str, Process], forms: Mapping[str, Form]) -> Iterator[tuple[str, dict[str, str]]]:
    for process in processes.values():
        yield process.id, process.properties
        yield from ((lane, process.lane_properties[name]) for lane, name in process.lanes.items())
        yield from ((element.id, element.properties) for element in process.walk())
        yield from ((flow.id, flow.properties) for flow in process.walk_flows())
    for form_id, form in forms.items():
        yield from ((f"{form_id}.{field.key}", field.properties) for field in form.fields)
