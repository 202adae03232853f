"""The figures of the dashboard: a handful of aggregated statements over the complaints the actor may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.context import Context
from engine.models import Complaint, Deployment
from engine.names import Names
from engine.rights import sees_complaints
from engine.types import Actor, Name

DAYS = 30
SAMPLE = 10_000
"""Closed complaints that the average time to close is taken over, newest first."""

_DIMENSIONS: dict[str, InstrumentedAttribute[Any]] = {
    "stage": Complaint.stage,
    "department": Complaint.department,
    "category": Complaint.category,
    "severity": Complaint.severity,
    "channel": Complaint.channel,
}
_NOT_SET = Name("未填写", "not set")


def figures(context: Context, session: Session, actor: Actor, pack: str | None = None) -> dict[str, Any]:
    """Counts, shares, distributions and the trend per day.

    ``open``, ``overdue``, ``due_today``, ``escalated``: complaints now; ``filed_30d``, ``closed_30d``, ``satisfied``
    (share of the answers, or None), ``hours_to_close`` (working hours on average, or None): today and the 29 days
    before, with ``*_before`` for the 30 days before those. ``by_<dimension>``: rows with key, label, open, overdue and
    filed (stages: open complaints only); ``rounds``: round -> complaints; ``per_day``: rows with day, filed and closed.
    """
    visible = [sees_complaints(actor), *([Complaint.pack == pack] if pack is not None else [])]
    now = context.clock.now()
    since = midnight(now, context.zone, 1 - DAYS)
    result = _counts(session, visible, now, since, context.zone)
    result["hours_to_close"] = _hours(context, session, visible, since)
    grouped = _grouped(session, visible, now, since)
    names = _names(context, session, {row["pack"] for row in grouped})
    for dimension in _DIMENSIONS:
        result[f"by_{dimension}"] = _distribution(names, dimension, [r for r in grouped if r["dimension"] == dimension])
    result["by_stage"] = [row for row in result["by_stage"] if row["open"]]
    result["rounds"] = _rounds(r for r in grouped if r["dimension"] == "rounds")
    result["per_day"] = _per_day(session, visible, now, context.zone)
    return result


def midnight(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    """The beginning of the day ``days`` after the one ``now`` lies in, in the organisation's zone."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time(), zone)


def _counts(
    session: Session, visible: list[ColumnElement[bool]], now: datetime, since: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    before = since - timedelta(days=DAYS)
    running, received, closed = _open(), Complaint.received_at, Complaint.closed_at
    answered = Complaint.satisfied.is_not(None)
    conditions: dict[str, ColumnElement[bool]] = {
        "open": running,
        "overdue": and_(running, Complaint.due_at < now),
        "due_today": and_(running, Complaint.due_at >= now, Complaint.due_at < midnight(now, zone, 1)),
        "escalated": and_(running, Complaint.escalated_at.is_not(None)),
        "filed_30d": received >= since,
        "filed_before": and_(received >= before, received < since),
        "closed_30d": closed >= since,
        "closed_before": and_(closed >= before, closed < since),
        "answered": and_(answered, closed >= since),
        "satisfied": and_(Complaint.satisfied.is_(True), closed >= since),
        "answered_before": and_(answered, closed >= before, closed < since),
        "satisfied_before": and_(Complaint.satisfied.is_(True), closed >= before, closed < since),
    }
    query = select(*(func.count().filter(c).label(name) for name, c in conditions.items())).where(*visible)
    counts: dict[str, Any] = dict(session.execute(query).mappings().one())
    for period in ("", "_before"):
        answers, content = counts.pop(f"answered{period}"), counts[f"satisfied{period}"]
        counts[f"satisfied{period}"] = round(content / answers, 4) if answers else None
    return counts


def _hours(context: Context, session: Session, visible: list[ColumnElement[bool]], since: datetime) -> float | None:
    query = select(Complaint.received_at, Complaint.closed_at).where(*visible, Complaint.closed_at >= since)
    spans = session.execute(query.order_by(Complaint.closed_at.desc()).limit(SAMPLE)).all()
    if not spans:
        return None
    clock = context.calendars["working"]
    return round(
        sum(clock.working_seconds(start, end) for start, end in spans if end is not None) / 3600 / len(spans), 2
    )


def _grouped(
    session: Session, visible: list[ColumnElement[bool]], now: datetime, since: datetime
) -> list[Mapping[str, Any]]:
    """Every distribution in one statement: dimension, pack, key and what is counted of them."""
    running = _open()
    recent = or_(running, Complaint.received_at >= since, Complaint.closed_at >= since)
    parts = []
    for dimension, column in [*_DIMENSIONS.items(), ("rounds", Complaint.rounds)]:
        key = cast(column, String(255))
        parts.append(
            select(
                literal(dimension, String(16)).label("dimension"),
                Complaint.pack.label("pack"),
                key.label("key"),
                func.count().label("all"),
                func.count().filter(running).label("open"),
                func.count().filter(and_(running, Complaint.due_at < now)).label("overdue"),
                func.count().filter(Complaint.received_at >= since).label("filed"),
            )
            .where(*visible, recent)
            .group_by(Complaint.pack, key)
        )
    return [dict(row) for row in session.execute(union_all(*parts)).mappings()]


def _distribution(
    names: Mapping[str, Names], dimension: str, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of one dimension, most open complaints first; a complaint of several departments counts for each."""
    merged: dict[str | None, dict[str, Any]] = {}
    for row in rows:
        shared = dimension == "department" and row["key"]
        for key in row["key"].split("、") if shared else [row["key"] or None]:
            label = _label(names.get(row["pack"], Names()), dimension, key)
            into = merged.setdefault(key, {"key": key, "label": label, "open": 0, "overdue": 0, "filed": 0})
            for counted in ("open", "overdue", "filed"):
                into[counted] += row[counted]
    return sorted(merged.values(), key=lambda r: (-r["open"], -r["filed"], r["key"] or "\uffff"))


def _label(names: Names, dimension: str, key: str | None) -> Name:
    if key is None:
        return _NOT_SET
    if dimension == "stage":
        return names.stage(key)
    return names.group(key) if dimension == "department" else names.value(key)


def _rounds(rows: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in rows:
        counts[int(row["key"])] = counts.get(int(row["key"]), 0) + row["all"]
    return dict(sorted(counts.items()))


def _per_day(
    session: Session, visible: list[ColumnElement[bool]], now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Filed and closed complaints for each of the last days, oldest first, the days being those of the zone."""
    starts = [midnight(now, zone, n + 1 - DAYS) for n in range(DAYS)]
    days = [{"day": start.date(), "filed": 0, "closed": 0} for start in starts]
    parts = []
    for kind, column in (("filed", Complaint.received_at), ("closed", Complaint.closed_at)):
        bucket = case(*((column < end, n) for n, end in enumerate(starts[1:])), else_=DAYS - 1)
        days_of = select(literal(kind, String(8)).label("kind"), bucket.label("day")).where(
            *visible, column >= starts[0]
        )
        dated = days_of.subquery()
        parts.append(select(dated.c.kind, dated.c.day, func.count()).group_by(dated.c.kind, dated.c.day))
    for kind, day, count in session.execute(union_all(*parts)):
        days[day][kind] = count
    return days


def _names(context: Context, session: Session, packs: set[str]) -> dict[str, Names]:
    """Labels by the version in force of each pack."""
    newest = select(Deployment.pack, func.max(Deployment.version).label("version")).group_by(Deployment.pack).subquery()
    query = select(Deployment.pack, Deployment.id).join(
        newest, and_(Deployment.pack == newest.c.pack, Deployment.version == newest.c.version)
    )
    rows = session.execute(query.where(Deployment.pack.in_(packs))).all() if packs else []
    return {name: context.pack(session, deployment_id).names for name, deployment_id in rows}


def _open() -> ColumnElement[bool]:
    return Complaint.state.in_(("active", "suspended"))
