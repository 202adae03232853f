"""The ledger and what belongs to a complaint."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base


class Complaint(Base):
    """The ledger: the typed, indexed view of a complaint for lists, search and reports."""

    __tablename__ = "complaint"
    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), unique=True)
    pack: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    """Keyed hash of the complainant's access code."""
    channel: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    complainant: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    personal: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Further personal fields, encrypted JSON."""
    contact_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed hash of the whole contact, for repeat detection and exact search."""
    contact_tail_index: Mapped[str | None] = mapped_column(String(64), index=True)
    complainant_index: Mapped[str | None] = mapped_column(String(64), index=True)
    matter: Mapped[str] = mapped_column(Text)
    demand: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str | None] = mapped_column(String(64))
    category: Mapped[str | None] = mapped_column(String(64))
    severity: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(128))
    stage: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="active")
    escalated_at: Mapped[datetime | None]
    escalation: Mapped[str | None] = mapped_column(Text)
    repeat_of: Mapped[str | None] = mapped_column(String(64))
    source_id: Mapped[str | None] = mapped_column(String(128))
    """The number it had where it was imported from."""
    due_at: Mapped[datetime | None]
    """Earliest due date of its open user tasks."""
    promise_at: Mapped[datetime | None]
    """The date promised to the complainant."""
    replied_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(Text)
    solved: Mapped[bool | None]
    satisfied: Mapped[bool | None]
    rounds: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("pack", "source_id"),
        Index("ix_complaint_pack_state_due", "pack", "state", "due_at"),
        Index("ix_complaint_received", "received_at"),
    )


class Suggestion(Base):
    """A suggestion or further issue raised by a complainant, passed to a department."""

    __tablename__ = "suggestion"
    id: Mapped[int] = mapped_column(primary_key=True)
    pack: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    noted_at: Mapped[datetime | None]
    noted_by: Mapped[str | None] = mapped_column(String(64))


class ArchiveRecord(Base):
    """The numbered, classified archive record of a closed complaint."""

    __tablename__ = "archive_record"
    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    complaint_number: Mapped[str] = mapped_column(String(64), index=True)
    pack: Mapped[str] = mapped_column(String(64))
    category: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(128))
    archive_class: Mapped[str] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(255))
    archived_at: Mapped[datetime]
    retain_until: Mapped[datetime]
    legal_hold: Mapped[bool] = mapped_column(default=False)


class Attachment(Base):
    """A file that belongs to a complaint, kept beside the engine's state."""

    __tablename__ = "attachment"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(64), index=True)
    task_id: Mapped[str | None] = mapped_column(String(36))
    field: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime]
    added_by: Mapped[str | None] = mapped_column(String(64))


class Outbox(Base):
    """A side effect, delivered after commit with retry and an idempotency key."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(36), index=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    topic: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[bytes | None] = mapped_column(LargeBinary)
    recipient_label: Mapped[str] = mapped_column(String(128), default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    run_at: Mapped[datetime | None] = mapped_column(index=True)
    """Next attempt; null once sent or given up."""
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class NumberSequence(Base):
    """Counters for complaint and archive numbers, one row per pattern and year."""

    __tablename__ = "number_sequence"
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
