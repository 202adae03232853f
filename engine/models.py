"""Tables. Names are BPMN's and the Camunda family's; all times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware instant, stored as UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON, list[Any]: JSON, list[str]: JSON}  # noqa: RUF012


class Deployment(Base):
    """An immutable, content-addressed version of a process pack."""

    __tablename__ = "deployment"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    pack: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (UniqueConstraint("pack", "version"),)


class DeploymentResource(Base):
    """One file of a deployment."""

    __tablename__ = "deployment_resource"
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ProcessInstance(Base):
    """A running or ended execution of a process definition, pinned to its deployment."""

    __tablename__ = "process_instance"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    pack: Mapped[str] = mapped_column(String(64))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"))
    process_id: Mapped[str] = mapped_column(String(128))
    business_key: Mapped[str | None] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16))
    """active · completed · cancelled · suspended"""
    revision: Mapped[int] = mapped_column(default=1)
    end_element: Mapped[str | None] = mapped_column(String(128))
    started_at: Mapped[datetime]
    started_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
    history_seq: Mapped[int] = mapped_column(default=0)
    history_hash: Mapped[str] = mapped_column(String(64), default="")
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """Serialized state without specifications, zlib-compressed JSON."""
    __table_args__ = (Index("ix_instance_pack_state", "pack", "state"),)


class UserTask(Base):
    """A user task of an instance: open, completed or cancelled."""

    __tablename__ = "user_task"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    pack: Mapped[str] = mapped_column(String(64))
    deployment_id: Mapped[str] = mapped_column(String(64))
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default="open")
    form_id: Mapped[str | None] = mapped_column(String(128))
    assignee: Mapped[str | None] = mapped_column(String(64), index=True)
    claimed_at: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_explanation: Mapped[dict[str, Any] | None]
    follow_up_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    excluded: Mapped[dict[str, Any] | None]
    """user id -> element id of the earlier task that excludes this person"""
    draft: Mapped[dict[str, Any] | None]
    draft_by: Mapped[str | None] = mapped_column(String(64))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("ix_user_task_state_due", "state", "due_at"),)


class UserTaskGroup(Base):
    """A candidate group of a user task."""

    __tablename__ = "user_task_group"
    task_id: Mapped[str] = mapped_column(ForeignKey("user_task.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(128), primary_key=True, index=True)


class Timer(Base):
    """A due row, written in the same transaction as its instance."""

    __tablename__ = "timer"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[str] = mapped_column(String(36))
    element_id: Mapped[str] = mapped_column(String(128))
    due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    explanation: Mapped[dict[str, Any] | None]
    run_at: Mapped[datetime] = mapped_column(index=True)
    """When the sweep may take it: ``due_at``, later after a failure (back-off) or while claimed."""
    attempts: Mapped[int] = mapped_column(default=0)


class MessageSubscription(Base):
    """A waiting catch event for a message or signal."""

    __tablename__ = "message_subscription"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[str] = mapped_column(String(36))
    element_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(8), default="message")
    name: Mapped[str] = mapped_column(String(128))
    correlation_key: Mapped[str | None] = mapped_column(String(255))
    __table_args__ = (Index("ix_subscription_name_key", "name", "correlation_key"),)


class Incident(Base):
    """Something that stopped a process and needs the process owner."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(36), index=True)
    pack: Mapped[str] = mapped_column(String(64))
    element_id: Mapped[str | None] = mapped_column(String(128))
    code: Mapped[str] = mapped_column(String(32))
    message_zh: Mapped[str] = mapped_column(Text)
    message_en: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))


class HistoryEvent(Base):
    """Append-only; each row carries the hash of the one before it in its instance."""

    __tablename__ = "history_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(String(36))
    seq: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(32))
    process_id: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(128))
    task_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None]
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("instance_id", "seq"),)


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


class User(Base):
    """A member of staff."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The sign-in name."""
    name: Mapped[str] = mapped_column(String(128))
    name_en: Mapped[str] = mapped_column(String(128), default="")
    email: Mapped[str | None] = mapped_column(String(255))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str | None] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Raised to end all sessions of the user."""


class UserGroup(Base):
    """Membership of a candidate group, ``<pack>/<group>``."""

    __tablename__ = "user_group"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(128), primary_key=True, index=True)


class UserRole(Base):
    """A role within a pack, or in all packs (``*``)."""

    __tablename__ = "user_role"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    """manager · process_owner · archivist · auditor · administrator"""
    pack: Mapped[str] = mapped_column(String(64), primary_key=True)


class Absence(Base):
    """A dated absence with a substitute who acts on behalf."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    substitute_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class ApiToken(Base):
    """A bearer token of a user; only its hash is kept."""

    __tablename__ = "api_token"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SavedFilter(Base):
    """A named filter of the worklist or of Operations."""

    __tablename__ = "saved_filter"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    page: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(128))
    query: Mapped[dict[str, Any]]


class AccessLog(Base):
    """Every view of personal data and every administrative act outside an instance."""

    __tablename__ = "access_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    detail: Mapped[dict[str, Any] | None]
