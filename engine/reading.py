"""Reading complaints: lists, one complaint, search, attachments. Personal data is masked unless asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import Session, undefer

from engine import figures as dashboard
from engine import public
from engine.context import Context
from engine.crypto import DecryptionFailed, Vault, mask_contact, mask_name
from engine.errors import BadRequest, Forbidden, NotFound
from engine.models import (
    AccessLog,
    ArchiveRecord,
    Attachment,
    Complaint,
    Deployment,
    HistoryEvent,
    MessageSubscription,
    ProcessInstance,
    UserTask,
)
from engine.rights import forbidden, sees_complaints
from engine.telling import history_rows
from engine.types import Actor, AttachmentRow, ComplaintDetail, ComplaintRow, HistoryRow, Name, Page

MAX_QUERY = 100
MAX_SIZE = 200
MAX_FOUND = 50
OPEN = ("active", "suspended")
_ORDERS: dict[str, list[Any]] = {
    "due": [Complaint.due_at.asc().nulls_last(), Complaint.received_at.desc(), Complaint.number],
    "received": [Complaint.received_at.desc(), Complaint.number],
    "closed": [Complaint.closed_at.desc().nulls_last(), Complaint.number],
    "number": [Complaint.number],
}


class Reading:
    """Use cases of the people who look at complaints."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor,
        *,
        pack: str | None = None,
        state: str | None = None,
        stage: str | None = None,
        department: str | None = None,
        category: str | None = None,
        severity: str | None = None,
        overdue: bool | None = None,
        escalated: bool | None = None,
        q: str | None = None,
        received_from: datetime | None = None,
        received_until: datetime | None = None,
        order: str = "due",
        page: int = 1,
        size: int = 20,
    ) -> Page[ComplaintRow]:
        """One page of the complaints the actor may see; at most three statements.

        ``state`` is one of the instance's states, or ``open`` or ``closed``. ``order`` is due, received, closed or number.
        """
        context = self._context
        if order not in _ORDERS:
            listed = ", ".join(_ORDERS)
            raise BadRequest(
                reason={"zh": f"没有排序“{order}”，可选：{listed}", "en": f"no order “{order}”; there are: {listed}"}
            )
        page, size = max(1, page), max(1, min(size, MAX_SIZE))
        equal = {
            Complaint.pack: pack,
            Complaint.stage: stage,
            Complaint.category: category,
            Complaint.severity: severity,
        }
        conditions = [
            sees_complaints(actor),
            *(column == value for column, value in equal.items() if value is not None),
        ]
        conditions += _chosen(state, overdue, escalated, context.clock.now())
        if department is not None:
            conditions.append(in_department(department))
        if received_from is not None:
            conditions.append(Complaint.received_at >= received_from)
        if received_until is not None:
            conditions.append(Complaint.received_at < received_until)
        if q and q.strip():
            conditions.append(matching(context.vault, q))
        with context.store.read() as session:
            query = select(Complaint).where(*conditions).order_by(*_ORDERS[order]).limit(size).offset((page - 1) * size)
            found = session.scalars(query).all()
            total = session.scalar(select(func.count()).select_from(Complaint).where(*conditions)) or 0
            return Page(complaint_rows(context, session, found), total, page, size)

    def search(self, actor: Actor, q: str) -> tuple[ComplaintRow, ...]:
        """Complaints by number, exact name or contact, the last four digits of a telephone, or words; newest first."""
        if not q.strip():
            return ()
        context = self._context
        query = select(Complaint).where(sees_complaints(actor), matching(context.vault, q))
        with context.store.read() as session:
            found = session.scalars(query.order_by(Complaint.received_at.desc()).limit(MAX_FOUND)).all()
            return complaint_rows(context, session, found)

    def get(self, actor: Actor, number: str, *, reveal: bool = False) -> ComplaintDetail:
        """One complaint. With ``reveal`` the personal fields are given in full, and the view is logged.

        Raises NotFound, Forbidden.
        """
        context = self._context
        if not reveal:
            with context.store.read() as session:
                return self._detail(session, readable(session, _staff(actor), number), {})
        with context.store.write() as session:
            complaint = readable(session, _staff(actor), number)
            personal = personal_of(context.vault, complaint)
            log = {"at": context.clock.now(), "actor": actor.id or actor.kind, "subject": number}
            session.add(AccessLog(action="reveal", detail={"fields": sorted(personal)}, **log))
            return self._detail(session, complaint, personal)

    def history(self, actor: Actor, number: str) -> Sequence[HistoryRow]:
        """What happened to a complaint in plain words, oldest first. Raises NotFound, Forbidden."""
        context = self._context
        with context.store.read() as session:
            complaint = readable(session, _staff(actor), number)
            events = session.scalars(
                select(HistoryEvent).where(HistoryEvent.instance_id == complaint.instance_id).order_by(HistoryEvent.seq)
            ).all()
            pack = context.pack(session, session.get_one(ProcessInstance, complaint.instance_id).deployment_id)
            others = context.packs(session, (event.deployment_id for event in events))
            return history_rows(session, events, pack.names, processes=pack.processes, zone=context.zone, others=others)

    def attachment(self, actor: Actor, attachment_id: str) -> tuple[AttachmentRow, bytes]:
        """A file of a complaint and its content; the view is logged. Complainants get what they sent themselves."""
        context = self._context
        with context.store.write() as session:
            found = session.get(Attachment, attachment_id, options=[undefer(Attachment.content)])
            if found is None:
                raise NotFound(what={"zh": "附件", "en": "attachment"}, id=attachment_id)
            readable(session, actor, found.number)
            if actor.kind == "complainant" and found.added_by is not None:
                raise forbidden({"zh": "查看此附件", "en": "see this attachment"}, "staff")
            log = {"at": context.clock.now(), "actor": actor.id or actor.kind, "subject": found.number}
            session.add(AccessLog(action="attachment", detail={"id": found.id}, **log))
            return attachment_row(found), found.content

    def public_view(self, actor: Actor) -> dict[str, Any]:
        """What a complainant sees of the own complaint (see ``engine.public.view``). Raises Forbidden for anyone else."""
        if actor.kind != "complainant" or actor.number is None:
            raise Forbidden(
                action={"zh": "查看查询页", "en": "see the tracking page"}, role={"zh": "投诉人", "en": "complainant"}
            )
        with self._context.store.read() as session:
            return public.view(self._context, session, readable(session, actor, actor.number))

    def figures(self, actor: Actor, pack: str | None = None) -> dict[str, Any]:
        """The figures of the dashboard, over the complaints the actor may see."""
        with self._context.store.read() as session:
            return dashboard.figures(self._context, session, _staff(actor), pack)

    def _detail(self, session: Session, complaint: Complaint, personal: Mapping[str, str]) -> ComplaintDetail:
        number, instance_id = complaint.number, complaint.instance_id
        version = (
            select(Deployment.version)
            .join(ProcessInstance, ProcessInstance.deployment_id == Deployment.id)
            .where(ProcessInstance.id == instance_id)
        )
        files = session.scalars(
            select(Attachment).where(Attachment.number == number).order_by(Attachment.added_at)
        ).all()
        archived = session.scalar(
            select(ArchiveRecord)
            .where(ArchiveRecord.complaint_number == number)
            .order_by(ArchiveRecord.archived_at.desc())
            .limit(1)
        )
        return ComplaintDetail(
            row=complaint_rows(self._context, session, [complaint])[0],
            demand=complaint.demand,
            personal=personal,
            result=complaint.result,
            solved=complaint.solved,
            replied_at=complaint.replied_at,
            escalation=complaint.escalation,
            repeat_of=complaint.repeat_of,
            attachments=tuple(attachment_row(f) for f in files),
            archive_number=archived.number if archived is not None else None,
            retain_until=archived.retain_until if archived is not None else None,
            deployment_version=session.scalar(version) or 0,
            waiting_for=waiting_for(session, complaint),
        )


def readable(session: Session, actor: Actor, number: str) -> Complaint:
    """The complaint ``number``. Raises NotFound when there is none, Forbidden when the actor may not see it."""
    query = select(Complaint, and_(literal(True), sees_complaints(actor)).label("visible")).where(
        Complaint.number == number
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound(what={"zh": "投诉", "en": "complaint"}, id=number)
    if not row.visible:
        raise forbidden({"zh": f"查看投诉 {number}", "en": f"see complaint {number}"}, "staff")
    complaint: Complaint = row[0]
    return complaint


def waiting_for(session: Session, complaint: Complaint) -> tuple[str, ...]:
    """Names of the messages the complaint's process waits for now."""
    if complaint.state != "active":
        return ()
    query = select(MessageSubscription.name).where(
        MessageSubscription.instance_id == complaint.instance_id,
        MessageSubscription.kind == "message",
        MessageSubscription.correlation_key == complaint.number,
    )
    return tuple(session.scalars(query.distinct().order_by(MessageSubscription.name)))


def complaint_rows(context: Context, session: Session, complaints: Sequence[Complaint]) -> tuple[ComplaintRow, ...]:
    """Lines of the ledger; the names of their open tasks come in one statement."""
    tasks: dict[str, dict[Name, None]] = {}
    running = [c.instance_id for c in complaints if c.state in OPEN]
    if running:
        query = (
            select(UserTask.instance_id, UserTask.deployment_id, UserTask.process_id, UserTask.element_id)
            .where(UserTask.instance_id.in_(running), UserTask.state == "open")
            .order_by(UserTask.created_at, UserTask.id)
        )
        for instance_id, deployment_id, process_id, element_id in session.execute(query).all():
            label = context.pack(session, deployment_id).names.element(process_id, element_id)
            tasks.setdefault(instance_id, {})[label] = None
    return tuple(_row(context.vault, c, tuple(tasks.get(c.instance_id, ()))) for c in complaints)


def personal_of(vault: Vault, complaint: Complaint) -> dict[str, str]:
    """The personal fields of a complaint in full."""
    personal = {str(k): str(v) for k, v in json.loads(_plain(vault, complaint.personal) or "{}").items()}
    for key, sealed in (("complainant", complaint.complainant), ("contact", complaint.contact)):
        if sealed is not None:
            personal[key] = _plain(vault, sealed)
    return personal


def attachment_row(found: Attachment) -> AttachmentRow:
    return AttachmentRow(found.id, found.name, found.content_type, found.size, found.added_at, found.added_by)


def in_department(department: str) -> ColumnElement[bool]:
    """Complaints of a department, also where several share one."""
    return (literal("、") + Complaint.department + "、").contains(f"、{department}、", autoescape=True)


def matching(vault: Vault, q: str) -> ColumnElement[bool]:
    """Complaints whose number begins with ``q``, whose complainant or contact it is, or whose matter has its words."""
    text = q.strip()[:MAX_QUERY]
    words = [Complaint.matter.icontains(word, autoescape=True) for word in text.split()]
    hashes = vault.indexes(text)
    found = [
        *(Complaint.number.startswith(prefix, autoescape=True) for prefix in {text, text.upper()}),
        Complaint.complainant_index.in_(hashes),
        Complaint.contact_index.in_(hashes),
        and_(*words),
    ]
    if len(text) == 4 and text.isascii() and text.isdecimal():
        found.append(Complaint.contact_tail_index.in_(vault.tail_indexes(text)))
    return or_(*found)


def _chosen(
    state: str | None, overdue: bool | None, escalated: bool | None, now: datetime
) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        states = {"open": OPEN, "closed": ("completed", "cancelled")}.get(state, (state,))
        conditions.append(Complaint.state.in_(states))
    if overdue is not None:
        late = and_(Complaint.state.in_(OPEN), Complaint.due_at.is_not(None), Complaint.due_at < now)
        conditions.append(late if overdue else ~late)
    if escalated is not None:
        conditions.append(Complaint.escalated_at.is_not(None) if escalated else Complaint.escalated_at.is_(None))
    return conditions


def _staff(actor: Actor) -> Actor:
    if actor.kind == "complainant":
        raise forbidden({"zh": "查看内部记录", "en": "see internal records"}, "staff")
    return actor


def _plain(vault: Vault, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    try:
        return vault.decrypt(sealed)
    except DecryptionFailed:
        return ""


def _masked(vault: Vault, sealed: bytes | None, mask: Callable[[str], str]) -> str:
    plain = _plain(vault, sealed)
    return mask(plain) if plain else "***" if sealed else ""


def _row(vault: Vault, complaint: Complaint, open_tasks: tuple[Name, ...]) -> ComplaintRow:
    return ComplaintRow(
        number=complaint.number,
        instance_id=complaint.instance_id,
        pack=complaint.pack,
        channel=complaint.channel,
        received_at=complaint.received_at,
        complainant=_masked(vault, complaint.complainant, mask_name),
        contact=_masked(vault, complaint.contact, mask_contact),
        matter=complaint.matter,
        kind=complaint.kind,
        category=complaint.category,
        severity=complaint.severity,
        department=complaint.department,
        stage=complaint.stage,
        state=complaint.state,
        escalated_at=complaint.escalated_at,
        due_at=complaint.due_at,
        promise_at=complaint.promise_at,
        closed_at=complaint.closed_at,
        satisfied=complaint.satisfied,
        rounds=complaint.rounds,
        open_tasks=open_tasks,
    )
