"""A single diagram or table with the files that lie beside it, read like a pack that has no office."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.common import give_properties
from engine.errors import ModelInvalid
from engine.forms import Form, FormError, load_form
from engine.packs import MAX_BYTES, MAX_FILES, Pack, digest, read_folder, read_tables, unreadable
from engine.runtime.build import build
from engine.runtime.model import Finding
from engine.runtime.reader import Reader

SUFFIXES = (".bpmn", ".dmn", ".form")
ALONE: Mapping[str, Any] = {"calendar": "calendar"}
"""What a lone diagram is taken to mean: time is counted round the clock, as in Camunda 8."""


def read_beside(file: Path, more: Iterable[Path] = ()) -> Pack:
    """Read ``file`` (.bpmn, .dmn or .form), what lies beside it and the files of ``more``.

    The findings are those of ``file`` itself; another file with errors counts as missing. Beside a pack.toml the
    whole pack is, with what it shares, its lanes, groups and calendar. Raises OSError.
    """
    files = _read(file, more)
    pack = Pack(file.name, files, digest(files), manifest=_manifest(file.parent / "pack.toml"))
    for path in files:
        if path.lower().endswith(".bpmn"):
            _diagram(pack, path, own=path == file.name)
        elif path.lower().endswith(".form"):
            _form(pack, path, files[path], Path(path).stem, own=path == file.name)
    list(give_properties(pack.processes, pack.forms, pack.manifest))
    models, findings = read_tables({p: c for p, c in files.items() if p.lower().endswith(".dmn")})
    pack.decisions = {decision: model for model in reversed(models) for decision in model.decisions}
    pack.findings += [f for f in findings if f.file == file.name]
    if not any(f.severity == "error" for f in pack.findings):
        pack.definitions = build(list(pack.processes.values()))
    return pack


def _read(file: Path, more: Iterable[Path]) -> dict[str, bytes]:
    """The file first, then those named, then the neighbours as far as a pack may be large."""
    files = {file.name: file.read_bytes()} | {path.name: path.read_bytes() for path in more}
    if (file.parent / "pack.toml").is_file():
        return files | {path: content for path, content in read_folder(file.parent).items() if path not in files}
    size = sum(map(len, files.values()))
    for path in (*sorted(file.parent.iterdir()), *sorted((file.parent / "forms").glob("*.form"))):
        if path.name in files or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        size += path.stat().st_size
        if size > MAX_BYTES or len(files) == MAX_FILES:
            break
        files[path.name] = path.read_bytes()
    return files


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8")) if path.is_file() else ALONE
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ALONE


def _diagram(pack: Pack, path: str, own: bool) -> None:
    try:
        reader = Reader(pack.files[path], path)
    except ModelInvalid as error:
        pack.findings += [unreadable(path, error)] if own else []
        return
    if own:
        pack.findings += reader.findings
    elif any(f.severity == "error" for f in reader.findings):
        return
    for process in reader.processes:
        pack.processes.setdefault(process.id, process)
        for form_id, text in process.embedded_forms.items():
            _form(pack, path, text.encode(), form_id, own)


def _form(pack: Pack, path: str, content: bytes, form_id: str, own: bool) -> None:
    """A form is found under the name of its file, and under its own id as on a Camunda 8 cluster."""
    element = None if path.lower().endswith(".form") else form_id
    try:
        form: Form = load_form(content, path)
    except FormError as error:
        pack.findings += [Finding("error", path, element, error.zh, error.en)] if own else []
        return
    if own:
        pack.findings += [Finding(f.severity, path, element or f.component, f.zh, f.en) for f in form.findings()]
    pack.forms[form_id] = form
    pack.forms.setdefault(form.id, form)
