"""Erasing personal data for good, while the history of what was done stays whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from engine.context import Context
from engine.errors import BadRequest, NotFound
from engine.history import Event, chain
from engine.models import (
    AccessLog,
    ArchiveRecord,
    Attachment,
    Complaint,
    HistoryEvent,
    Outbox,
    ProcessInstance,
    UserTask,
)
from engine.outbox import letter_file
from engine.rights import require
from engine.types import Actor

_NO_CODE = "-"
"""No access code has this hash, so the tracking page opens no more."""


class Erasing:
    """Use case of administrators."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def erase(self, actor: Actor, number: str, reason: str) -> None:
        """Erase the personal data of an ended complaint: name, contact, further personal fields, files and letters.

        The ledger keeps the facts without the person, the history keeps its chain and gains an event with the reason.
        Erasing again does nothing. Raises NotFound, Forbidden, BadRequest while it is being handled, without a reason,
        or when its archive record is under legal hold.
        """
        context = self._context
        with context.store.write() as session:
            row = session.execute(
                select(Complaint, ProcessInstance)
                .join(ProcessInstance, ProcessInstance.id == Complaint.instance_id)
                .where(Complaint.number == number)
                .with_for_update(of=[ProcessInstance])
            ).first()
            if row is None:
                raise NotFound(what={"zh": "投诉", "en": "complaint"}, id=number)
            complaint, instance = row
            require(actor, complaint.pack, "administrator", action={"zh": "抹除个人信息", "en": "erase personal data"})
            self._may_go(session, complaint, reason)
            if complaint.erased_at is not None:
                return
            if context.store.sqlite:
                session.execute(text("PRAGMA secure_delete = ON"))
            letters = self._erase(session, complaint, instance, actor, reason.strip())
        for path in letters:
            path.unlink(missing_ok=True)
        context.store.forget_old_pages()

    @staticmethod
    def _may_go(session: Session, complaint: Complaint, reason: str) -> None:
        if not reason.strip():
            raise _bad("抹除个人信息需要填写原因", "erasing personal data needs a reason")
        if complaint.state in ("active", "suspended"):
            raise _bad(
                "投诉仍在办理，个人信息还要用到；请先办结或取消",
                "the complaint is still being handled and needs them; close or cancel it first",
            )
        held = ArchiveRecord.complaint_number == complaint.number, ArchiveRecord.legal_hold
        if session.scalar(select(ArchiveRecord.number).where(*held).limit(1)) is not None:
            raise _bad(
                "档案处于保全状态；请先由档案管理员解除保全",
                "its archive record is under legal hold; an archivist must lift the hold first",
            )

    def _erase(
        self, session: Session, complaint: Complaint, instance: ProcessInstance, actor: Actor, reason: str
    ) -> Sequence[Path]:
        """Everything in the database; returns the letters that lie in the outbox folder."""
        context, now, number = self._context, self._context.clock.now(), complaint.number
        own = Outbox.instance_id == instance.id
        letters = [letter_file(context.config, key) for key in session.scalars(select(Outbox.key).where(own))]
        session.execute(
            update(Outbox).where(own).values(recipient=None, subject="", body=None, run_at=None, error=None)
        )
        session.execute(update(UserTask).where(UserTask.instance_id == instance.id).values(draft=None, draft_by=None))
        files = session.execute(delete(Attachment).where(Attachment.number == number).returning(Attachment.id)).all()
        erased = [name for name in ("complainant", "contact", "personal") if getattr(complaint, name) is not None]
        complaint.complainant = complaint.contact = complaint.personal = None
        complaint.complainant_index = complaint.contact_index = complaint.contact_tail_index = None
        complaint.code_hash, complaint.erased_at = _NO_CODE, now
        payload: dict[str, Any] = {"fields": erased, "files": len(files), "letters": len(letters)}
        event = Event("personal_data_erased", reason=reason, payload=payload)
        session.add_all(HistoryEvent(**row) for row in chain(instance, actor, now, [event]))
        log = {"at": now, "actor": actor.id or actor.kind, "subject": number}
        session.add(AccessLog(action="erase", detail={"reason": reason, **payload}, **log))
        return letters


def _bad(zh: str, en: str) -> BadRequest:
    return BadRequest(reason={"zh": zh, "en": en})
