"""People, their memberships and tokens, and the log of their acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base


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


class AccessLog(Base):
    """Every view of personal data and every administrative act outside an instance."""

    __tablename__ = "access_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    detail: Mapped[dict[str, Any] | None]
