"""Deployments, process instances, user tasks, timers, messages, incidents and history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base


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


class DeployedDefinition(Base):
    """A process, decision or form of a deployment, for bindings that look for it across deployments."""

    __tablename__ = "deployed_definition"
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """process · decision · form"""
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    version_tag: Mapped[str] = mapped_column(String(128), default="")
    __table_args__ = (Index("ix_definition_kind_name", "kind", "name"),)


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
    """The deployment of its process: that of the instance, or of the called process it belongs to."""
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default="open")
    form_id: Mapped[str | None] = mapped_column(String(128))
    form_deployment_id: Mapped[str | None] = mapped_column(String(64))
    """The deployment of its form, where that is another than its own."""
    assignee: Mapped[str | None] = mapped_column(String(64), index=True)
    claimed_at: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_explanation: Mapped[dict[str, Any] | None]
    follow_up_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    blind: Mapped[bool] = mapped_column(default=False)
    """Who does it learns nothing of the complaint but what the task's own inputs say."""
    excluded: Mapped[dict[str, Any] | None]
    """user id -> element id of the earlier task that excludes this person"""
    draft: Mapped[dict[str, Any] | None]
    draft_by: Mapped[str | None] = mapped_column(String(64))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("ix_user_task_state_due", "state", "due_at"),)


class UserTaskCandidate(Base):
    """Who a user task is offered to: a candidate group ``<pack>/<group>``, or a candidate user by account.

    An account has no slash, so the two cannot be mistaken for each other.
    """

    __tablename__ = "user_task_candidate"
    task_id: Mapped[str] = mapped_column(ForeignKey("user_task.id"), primary_key=True)
    candidate: Mapped[str] = mapped_column(String(128), primary_key=True, index=True)


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


class StartSubscription(Base):
    """What a start event of a pack's version in force waits for; opened and closed by deploying."""

    __tablename__ = "start_subscription"
    id: Mapped[int] = mapped_column(primary_key=True)
    pack: Mapped[str] = mapped_column(String(64))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"))
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(8))
    """timer · message · signal"""
    name: Mapped[str] = mapped_column(String(128), default="")
    written: Mapped[str] = mapped_column(Text)
    """The trigger as the diagram says it; while it stays the same, so does the subscription."""
    calendar: Mapped[str] = mapped_column(String(16), default="")
    anchor: Mapped[datetime | None]
    every: Mapped[str | None] = mapped_column(String(80))
    last: Mapped[int | None]
    occurrence: Mapped[int] = mapped_column(default=0)
    """Number of the occurrence that is due next, counted from the anchor."""
    due_at: Mapped[datetime | None]
    run_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the sweep may take it; None for messages and signals, and for a timer behind its last occurrence."""
    failed: Mapped[bool] = mapped_column(default=False)
    """True for a single occurrence that failed and is tried again beside its cycle."""
    attempts: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("pack", "process_id", "element_id", "occurrence"),
        Index("ix_start_kind_name", "kind", "name"),
    )


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
    deployment_id: Mapped[str | None] = mapped_column(String(64))
    """The deployment of its process, where that is another than the instance's."""
    process_id: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(128))
    task_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None]
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("instance_id", "seq"),)
