"""A play as data: what ``redress run --json`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import feel
from engine.playing.path import Entry
from engine.playing.run import Outcome
from engine.runtime.model import Element
from engine.services import outside


def plain(outcome: Outcome, language: str) -> dict[str, Any]:
    """JSON values; instants are ISO 8601 with the offset of the zone."""
    player, error = outcome.player, outcome.error
    return {
        "file": outcome.process.file,
        "process": outcome.process.id,
        "title": outcome.script.title,
        "state": outcome.state,
        "started": outcome.started.isoformat(),
        "at": player.at.isoformat(),
        "end": player.end_element,
        "path": [_entry(entry) for entry in player.path.entries],
        "variables": outside(player.variables),
        "refused": None
        if error is None
        else {
            "code": error.code,
            "step": outcome.step,
            "element": error.params.get("element_id"),
            "message": error.text(language),
        },
    }


def _entry(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"what": entry.what, "at": entry.at.isoformat(), "depth": entry.depth}
    if entry.element is not None:
        data["element"] = _element(entry.element)
    if entry.number is not None:
        data["instance"] = entry.number
    if entry.flows:
        data["flows"] = [{"id": f.id, "name": f.name, "condition": f.condition} for f in entry.flows]
    if entry.changes:
        data["changes"] = [
            {"name": c.name, "old": outside(c.old), "new": outside(c.new), "fresh": c.fresh} for c in entry.changes
        ]
    if entry.notes:
        data["notes"] = [_note(note) for note in entry.notes]
    if entry.wait is not None:
        data["waits_for"] = entry.wait.to_dict()
    return data


def _element(element: Element) -> dict[str, Any]:
    kind = element.event.kind if element.event is not None else None
    return {"id": element.id, "name": element.name, "type": element.type, "event": kind}


def _note(note: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else outside(feel.to_feel(value))
        for key, value in note.items()
    }
