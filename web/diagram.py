"""What the diagram viewer and the table of steps show of a process instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from engine.types import ElementState
from web.i18n import text

_WORK = ("task", "activity", "subprocess")


def element_state(element: ElementState) -> str | None:
    """How the viewer marks an element: incident, overdue, current, visited, or not at all."""
    if element.incident:
        return "incident"
    if element.active:
        return "overdue" if element.overdue else "current"
    return "visited" if element.completed else None


def viewer_state(elements: Iterable[ElementState], flows: Iterable[str]) -> dict[str, Any]:
    """The state of one diagram for the viewer macro."""
    marks = {}
    for element in elements:
        state = element_state(element)
        if state is None:
            continue
        count = element.active if element.active > 1 else (element.completed if element.completed > 1 else 0)
        marks[element.element_id] = {"state": state, "count": count, "title": text(element.name)}
    return {"elements": marks, "flows": sorted(flows)}


def step_rows(elements: Iterable[ElementState]) -> list[dict[str, Any]]:
    """The steps an instance went through, for the table beside the diagram: work only, in order of time."""
    words = {"incident": _("流程受阻"), "overdue": _("已超期"), "current": _("正在办理"), "visited": _("已完成")}
    rows = [
        {
            "element_id": element.element_id,
            "name": element.name,
            "state": state,
            "state_text": words[state],
            "performers": element.performers,
            "first_at": element.first_at,
            "last_at": element.last_at,
            "times": element.entered,
        }
        for element in elements
        if (state := element_state(element)) and element.type.lower().replace("_", "").endswith(_WORK)
    ]
    return sorted(rows, key=lambda row: (row["first_at"] is None, row["first_at"]))
