"""Lines of lists as templates show them: remaining time in words, names in the page's language, page addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _

from engine.calendars import remaining
from engine.names import Names
from engine.types import Name, PackInfo
from web import access, i18n

_SHORT = "~"


@dataclass(frozen=True)
class Due:
    """The remaining-time pill (macro ``ui.due``)."""

    state: str
    """overdue · today · ok · none"""
    remaining_text: str
    due_text: str = ""
    provisional: bool = False
    key: str = ""
    """What the page sends back each minute to have the pill renewed; see :func:`due_of_key`."""


def due(at: datetime | None, calendar: str = "calendar", provisional: bool = False, *, short: bool = False) -> Due:
    """What is left until ``at`` in the units of its clock; ``short`` for lists, where whole days are enough."""
    if at is None:
        return Due("none", _("无期限"))
    engine = access.engine()
    now = engine.clock.now()
    clock = engine.calendars.get(calendar) or engine.calendars["calendar"]
    left = remaining(at, now, clock)
    state = "overdue" if left.overdue else "today" if i18n.local(at).date() == i18n.local(now).date() else "ok"
    key = f"{int(at.timestamp())}.{calendar}{_SHORT if short else ''}"
    told = replace(left, hours=0) if short and left.days else left
    return Due(state, told.text(i18n.language()), i18n.format_datetime(at), provisional, key)


def due_of_key(key: str) -> Due | None:
    """The pill for a key made by :func:`due`; it holds the instant and the clock, so nothing is read for it."""
    seconds, _dot, calendar = key.removesuffix(_SHORT).partition(".")
    if not seconds.isdecimal() or len(seconds) > 11 or calendar not in access.engine().calendars:
        return None
    return due(datetime.fromtimestamp(int(seconds), UTC), calendar, short=key.endswith(_SHORT))


def names(pack: str) -> Names:
    """What the version in force of a pack calls things."""
    known: dict[str, Names] = g.setdefault("names", {})
    if pack not in known:
        info = pack_info(pack)
        known[pack] = access.engine().deployments.names(info.deployment_id) if info else Names()
    return known[pack]


def pack_info(pack: str) -> PackInfo | None:
    """The version in force of a pack the person works with."""
    return next((info for info in access.packs() if info.name == pack), None)


def value(pack: str, text: Any) -> Name | None:
    """A value of the ledger (category, severity, department) as people read it."""
    return names(pack).value(text) if text not in (None, "") else None


def departments() -> list[tuple[str, Name]]:
    """The departments of the chosen packs, for filters."""
    found: dict[str, Name] = {}
    for info in chosen_packs():
        for group, entry in access.engine().deployments.parsed(info.deployment_id).groups.items():
            if entry.get("kind") == "department":
                found[group] = names(info.name).value(group)
    return list(found.items())


def values_of(field: str) -> list[tuple[str, Name]]:
    """The choices the chosen packs' forms offer for ``field`` (category, severity), for filters."""
    found: dict[str, Name] = {}
    for info in chosen_packs():
        for form in access.engine().deployments.parsed(info.deployment_id).forms.values():
            for item in form.fields:
                if item.name == field:
                    found |= {option.key: names(info.name).value(option.key) for option in item.options or ()}
    return list(found.items())


def stages() -> list[tuple[str, Name]]:
    """The stages the chosen packs' diagrams name, in the order of the diagrams, for filters."""
    found: dict[str, Name] = {}
    for info in chosen_packs():
        for process in access.engine().deployments.parsed(info.deployment_id).processes.values():
            for element in process.walk():
                if stage := element.properties.get("stage"):
                    found.setdefault(stage, names(info.name).stage(stage))
    return list(found.items())


def chosen_packs() -> list[PackInfo]:
    """The packs the lists are about."""
    chosen = access.pack()
    return [info for info in access.packs() if chosen in (None, info.name)]


def page_number() -> int:
    """``?page=`` as a number from 1."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def page_url(**fixed: Any) -> Callable[[int], str]:
    """Addresses of the pages of this list with its filters kept."""
    kept = {k: v for k, v in request.args.items() if k != "page" and v}
    return lambda number: url_for(request.endpoint or "", **(kept | fixed | {"page": number}))


def listed(items: Iterable[Any]) -> str:
    """Names or texts in one line, joined as the page's language does."""
    return ("、" if i18n.language() == "zh" else ", ").join(i18n.text(item) for item in items)
