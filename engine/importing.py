"""Importing complaints from CSV through a mapping file, whose values are FEEL over the row's columns."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine import Engine, feel, ledger
from engine.errors import BadRequest, EngineError
from engine.feel.text import string
from engine.models import Complaint
from engine.types import Actor

MAX_ROWS = 100_000


@dataclass(frozen=True)
class Row:
    """What became of one line of the file."""

    line: int
    source_id: str | None
    number: str | None
    problem: str = ""
    known: bool = False


@dataclass(frozen=True)
class ColumnMapping:
    """A mapping file: the pack, the identifying column, and a FEEL expression or a constant per intake field."""

    pack: str
    key: str | None
    received_at: str | None
    fields: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file. Raises BadRequest naming what is wrong."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        if not isinstance(data.get("fields"), dict):
            raise ValueError("[fields]")
        fields = {str(k): str(v) for k, v in data["fields"].items()}
        values = data.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(table, dict) for table in values.values()):
            raise ValueError("[values]")
        received_at = str(data["received_at"]) if "received_at" in data else None
        for text in (*fields.values(), received_at or ""):
            if text.startswith("="):
                feel.compile_expression(text[1:])
    except (OSError, ValueError, feel.FeelError) as error:
        raise BadRequest(
            reason={
                "zh": f"映射文件 {path.name} 有误：{error}",
                "en": f"the mapping file {path.name} is wrong: {error}",
            }
        ) from None
    key = str(data["key"]) if "key" in data else None
    return ColumnMapping(str(data.get("pack", "")), key, received_at, fields, values)


def import_complaints(
    engine: Engine, actor: Actor, path: Path, mapping: ColumnMapping, pack: str | None = None, language: str = "zh"
) -> Iterator[Row]:
    """File every row of the CSV at ``path``; rows that were imported before are passed over.

    Each row is a transaction of its own: a wrong row is reported with its line and reason, the others go in. Lines are
    counted as a spreadsheet shows them, the heading being the first.
    Raises NotFound for a pack that is not deployed, BadRequest when the file cannot be read or lacks the key column.
    """
    target = engine.deployments.pack(pack or mapping.pack).name
    zone = ZoneInfo(engine.config.zone)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            _require_key(mapping, reader.fieldnames or (), path)
            for line, columns in enumerate(reader, 2):
                if line > MAX_ROWS:
                    return
                yield _row(engine, actor, target, mapping, line, columns, zone, language)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRequest(
            reason={"zh": f"文件 {path.name} 无法读取：{error}", "en": f"the file {path.name} cannot be read: {error}"}
        ) from None


def _require_key(mapping: ColumnMapping, columns: Sequence[str], path: Path) -> None:
    """Without its key a second import would file everything again."""
    if mapping.key is not None and mapping.key not in columns:
        raise BadRequest(
            reason={
                "zh": f"文件 {path.name} 没有编号列“{mapping.key}”",
                "en": f"the file {path.name} has no key column “{mapping.key}”",
            }
        )


def _row(
    engine: Engine,
    actor: Actor,
    pack: str,
    mapping: ColumnMapping,
    line: int,
    columns: Mapping[str, Any],
    zone: ZoneInfo,
    language: str,
) -> Row:
    texts = {k: v or "" for k, v in columns.items() if isinstance(k, str) and not isinstance(v, list)}
    source_id = texts.get(mapping.key or "") or None
    if source_id is not None:
        known = _known(engine, pack, source_id)
        if known is not None:
            return Row(line, source_id, known, known=True)
    try:
        values = {name: _value(mapping, name, text, texts) for name, text in mapping.fields.items()}
        received = _received(mapping, texts, zone)
        started = engine.complaints.file(
            actor, pack, values, received_at=received, source_id=source_id, language=language
        )
    except EngineError as error:
        details = "; ".join(f"{k}: {' '.join(v)}" for k, v in error.params.get("errors", {}).items())
        return Row(line, source_id, None, f"{error.text(language)} {details}".strip())
    except feel.FeelError as error:
        return Row(line, source_id, None, str(error))
    return Row(line, source_id, started.number)


def _known(engine: Engine, pack: str, source_id: str) -> str | None:
    with engine.context.store.read() as session:
        return session.scalar(select(Complaint.number).where(Complaint.pack == pack, Complaint.source_id == source_id))


def _value(mapping: ColumnMapping, name: str, text: str, columns: Mapping[str, str]) -> Any:
    value = feel.compile_expression(text[1:]).evaluate(columns) if text.startswith("=") else text
    if value is not None and not isinstance(value, bool | str | list):
        value = string(value)
    table = mapping.values.get(name, {})
    return table.get(str(value), table.get("*", value))


def _received(mapping: ColumnMapping, columns: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    if not mapping.received_at:
        return None
    text = mapping.received_at
    value = feel.compile_expression(text[1:]).evaluate(columns) if text.startswith("=") else columns.get(text)
    at = ledger.instant(value, zone)
    if at is None:
        raise BadRequest(
            reason={"zh": f"收到时间“{value}”无法识别", "en": f"the time of receipt “{value}” is not understood"}
        )
    return at
