"""The ledger: process variables with the glossary's names, projected into the complaint's row at every commit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.models import Complaint, NumberSequence

PLACE = re.compile(r"\{(\w+)(?::0?(\d{1,2})d)?\}")
"""A field of a number pattern; only the counter ``seq`` has a width."""
TEXTS = {"kind": 64, "category": 64, "severity": 64, "department": 128, "stage": 64}
"""column -> how many characters it holds"""
MAX_ROUNDS = 10_000
TRUTHS = ("solved", "satisfied")
INSTANTS = ("promise_at", "replied_at", "closed_at")
NAMES = (*TEXTS, *TRUTHS, *INSTANTS, "result", "rounds")


def project(complaint: Complaint, variables: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Copy what ``variables`` say into the typed columns; values of the wrong type are left out."""
    for name, limit in TEXTS.items():
        if name in variables:
            setattr(complaint, name, _text(variables[name], limit))
    for name in TRUTHS:
        if name in variables:
            setattr(complaint, name, _truth(variables[name]))
    for name in INSTANTS:
        if variables.get(name) is not None:
            setattr(complaint, name, instant(variables[name], zone) or getattr(complaint, name))
    if "result" in variables:
        complaint.result = _text(variables["result"], 10_000)
    rounds = variables.get("rounds")
    if rounds is not None and not isinstance(rounds, bool):
        try:
            complaint.rounds = max(0, min(int(rounds), MAX_ROUNDS))
        except (TypeError, ValueError, OverflowError):
            return


class Projection:
    """Takes what an instance's own variables say anew over into the ledger.

    Those that did not change stay out: a ``ledger`` task inside a called process may have said otherwise since.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.known: Mapping[str, Any] = {}
        """the variables as the ledger last took them over"""

    def take(self, complaint: Complaint, variables: Mapping[str, Any]) -> None:
        """Project those of ``variables`` that are new or say something else than before."""
        before, self.known = self.known, dict(variables)
        changed = {k: v for k, v in variables.items() if k not in before or before[k] != v}
        project(complaint, changed, self._zone)


def _text(value: Any, limit: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        value = "、".join(str(v) for v in value)
    return str(value)[:limit]


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {
        "是": True,
        "满意": True,
        "基本满意": True,
        "已解决": True,
        "否": False,
        "不满意": False,
        "未解决": False,
    }.get(str(value))


def instant(value: Any, zone: tzinfo) -> datetime | None:
    """An instant from a FEEL value or an ISO text; a date alone means the end of that day in ``zone``."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59), zone)
    return None


def next_number(session: Session, pattern: str, at: datetime, zone: ZoneInfo, **parts: Any) -> str:
    """The next number of ``pattern`` (``{year}``, ``{seq:05d}``, ...); counted per pattern and year, never reused."""
    year = at.astimezone(zone).year
    fields = {"year": year, "month": f"{at.astimezone(zone).month:02d}", **parts}
    name = pattern.replace("{year}", str(year))[:120]
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(NumberSequence).values(name=name, value=1)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": NumberSequence.value + 1})
    seq = session.execute(statement.returning(NumberSequence.value)).scalar_one()
    return PLACE.sub(lambda m: f"{seq:0{int(m[2] or 1)}d}" if m[1] == "seq" else str(fields.get(m[1], "")), pattern)
