"""The archive: numbered, classified records of closed complaints, their retention and legal holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from engine import reading
from engine.context import Context
from engine.errors import BadRequest, NotFound
from engine.history import Event, chain
from engine.models import AccessLog, ArchiveRecord, Complaint, HistoryEvent, ProcessInstance
from engine.rights import forbidden, require, role_packs
from engine.types import Actor, ComplaintRow, Page

READERS = ("archivist", "auditor", "manager")
KEEPERS = ("archivist", "manager")


@dataclass(frozen=True)
class ArchiveRow:
    """A line of the archive."""

    number: str
    complaint_number: str
    pack: str
    category: str | None
    department: str | None
    archive_class: str
    location: str | None
    archived_at: datetime
    retain_until: datetime
    legal_hold: bool
    due_for_destruction: bool
    """The retention has run out and nothing holds the record back."""


@dataclass(frozen=True)
class ArchiveDetail:
    """A record with the complaint it keeps."""

    row: ArchiveRow
    complaint: ComplaintRow | None
    demand: str
    result: str | None


class Archive:
    """Use cases of the archivists."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor,
        *,
        pack: str | None = None,
        q: str | None = None,
        category: str | None = None,
        department: str | None = None,
        archive_class: str | None = None,
        due_for_destruction: bool | None = None,
        page: int = 1,
        size: int = 20,
    ) -> Page[ArchiveRow]:
        """One page of the records of the actor's packs, newest first; two statements.

        Raises Forbidden for people who are neither archivist nor auditor nor manager of any pack asked for.
        """
        context, now = self._context, self._context.clock.now()
        page, size = max(1, page), max(1, min(size, reading.MAX_SIZE))
        conditions = [*self._visible(actor, pack)]
        equal = {ArchiveRecord.category: category, ArchiveRecord.archive_class: archive_class}
        conditions += [column == value for column, value in equal.items() if value is not None]
        if department is not None:
            conditions.append(ArchiveRecord.department.contains(department, autoescape=True))
        if due_for_destruction is not None:
            due = and_(ArchiveRecord.retain_until <= now, ArchiveRecord.legal_hold.is_(False))
            conditions.append(due if due_for_destruction else ~due)
        joined = Complaint.number == ArchiveRecord.complaint_number
        if q and q.strip():
            number = ArchiveRecord.number.icontains(q.strip()[: reading.MAX_QUERY], autoescape=True)
            conditions.append(or_(number, reading.matching(context.vault, q)))
        with context.store.read() as session:
            query = select(ArchiveRecord).outerjoin(Complaint, joined).where(*conditions)
            newest = query.order_by(ArchiveRecord.archived_at.desc(), ArchiveRecord.number)
            found = session.scalars(newest.limit(size).offset((page - 1) * size)).all()
            count = select(func.count()).select_from(ArchiveRecord).outerjoin(Complaint, joined).where(*conditions)
            return Page(tuple(_row(r, now) for r in found), session.scalar(count) or 0, page, size)

    def get(self, actor: Actor, number: str) -> ArchiveDetail:
        """One record. Raises NotFound, Forbidden."""
        context = self._context
        with context.store.read() as session:
            record = _record(session, number)
            require(actor, record.pack, *READERS, action={"zh": "查看档案", "en": "see archive records"})
            complaint = session.get(Complaint, record.complaint_number)
            rows = reading.complaint_rows(context, session, [complaint]) if complaint is not None else ()
            return ArchiveDetail(
                row=_row(record, context.clock.now()),
                complaint=rows[0] if rows else None,
                demand=complaint.demand if complaint is not None else "",
                result=complaint.result if complaint is not None else None,
            )

    def set_legal_hold(self, actor: Actor, number: str, on: bool, reason: str) -> None:
        """Keep a record beyond its retention, or lift that; with a reason, in the history and the log.

        Raises NotFound, Forbidden, BadRequest.
        """
        context = self._context
        with context.store.write() as session:
            record = _record(session, number, lock=True)
            require(actor, record.pack, *KEEPERS, action={"zh": "设置或解除档案保全", "en": "set or lift a legal hold"})
            if not reason.strip():
                raise BadRequest(
                    reason={"zh": "设置或解除保全需要填写原因", "en": "setting or lifting a legal hold needs a reason"}
                )
            if record.legal_hold == on:
                return
            record.legal_hold = on
            payload = {"archive_number": number, "on": on}
            self._write_history(
                session, actor, record, Event("legal_hold_changed", reason=reason.strip(), payload=payload)
            )
            detail = {"on": on, "reason": reason.strip()}
            session.add(
                AccessLog(
                    at=context.clock.now(),
                    actor=actor.id or actor.kind,
                    action="legal_hold",
                    subject=number,
                    detail=detail,
                )
            )

    def _write_history(self, session: Session, actor: Actor, record: ArchiveRecord, event: Event) -> None:
        instance = session.scalar(
            select(ProcessInstance)
            .join(Complaint, Complaint.instance_id == ProcessInstance.id)
            .where(Complaint.number == record.complaint_number)
            .with_for_update(of=[ProcessInstance])
        )
        if instance is not None:
            rows = chain(instance, actor, self._context.clock.now(), [event])
            session.add_all(HistoryEvent(**row) for row in rows)

    @staticmethod
    def _visible(actor: Actor, pack: str | None) -> Sequence[ColumnElement[bool]]:
        packs = role_packs(actor, *READERS)
        if packs is not None and (not packs or (pack is not None and pack not in packs)):
            raise forbidden({"zh": "查看档案", "en": "see archive records"}, "archivist")
        conditions = [ArchiveRecord.pack.in_(packs)] if packs is not None else []
        return [*conditions, ArchiveRecord.pack == pack] if pack is not None else conditions


def _record(session: Session, number: str, lock: bool = False) -> ArchiveRecord:
    found = session.get(ArchiveRecord, number, with_for_update=True if lock else None)
    if found is None:
        raise NotFound(what={"zh": "档案", "en": "archive record"}, id=number)
    return found


def _row(record: ArchiveRecord, now: datetime) -> ArchiveRow:
    return ArchiveRow(
        number=record.number,
        complaint_number=record.complaint_number,
        pack=record.pack,
        category=record.category,
        department=record.department,
        archive_class=record.archive_class,
        location=record.location,
        archived_at=record.archived_at,
        retain_until=record.retain_until,
        legal_hold=record.legal_hold,
        due_for_destruction=not record.legal_hold and record.retain_until <= now,
    )
