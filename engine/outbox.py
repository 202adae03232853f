"""Delivery of letters and webhooks after commit: retried with back-off, each with an idempotency key."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from engine.config import Config
from engine.context import Context
from engine.models import Outbox as Row
from engine.models import User, UserGroup, UserTask, UserTaskCandidate

_BACK_OFF = (30, 120, 600, 3600, 6 * 3600)
_LEASE = timedelta(minutes=2)


class Undeliverable(OSError):
    """There is no address, and trying again will not find one."""


class Carrier(Protocol):
    """Takes one item to where it goes. Raises Undeliverable when it never will, anything else when it may later."""

    def __call__(self, row: Row, recipients: list[str], body: str) -> None: ...


class Outbox:
    """Use case: deliver what is due."""

    def __init__(self, context: Context, carrier: Carrier | None = None) -> None:
        self._context = context
        self._carrier = carrier or _carrier(context.config)

    def next_at(self) -> datetime | None:
        """When the earliest item may be delivered; one indexed query."""
        with self._context.store.read() as session:
            return session.scalar(select(func.min(Row.run_at)))

    def deliver(self, limit: int = 100) -> int:
        """Deliver what is due, each item on its own. Returns how many were taken."""
        now = self._context.clock.now()
        with self._context.store.read() as session:
            due = session.scalars(select(Row.id).where(Row.run_at <= now).order_by(Row.run_at).limit(limit)).all()
        for row_id in due:
            self._deliver(row_id, now)
        return len(due)

    def _deliver(self, row_id: int, now: datetime) -> None:
        context = self._context
        with context.store.write() as session:
            row = session.scalar(
                select(Row).where(Row.id == row_id, Row.run_at <= now).with_for_update(skip_locked=True)
            )
            if row is None:
                return
            row.run_at = now + _LEASE
            recipients = self._recipients(session, row)
        try:
            if not recipients:
                raise Undeliverable("no address to deliver to")
            self._carrier(row, recipients, context.vault.decrypt(row.body) if row.body else "")
            values: dict[str, object] = {"sent_at": now, "run_at": None, "error": None}
        except Exception as error:  # one item must never keep the others from going out
            again = row.attempts < len(_BACK_OFF) and not isinstance(error, Undeliverable)
            values = {
                "error": (str(error) or repr(error))[:500],
                "attempts": row.attempts + 1,
                "run_at": now + timedelta(seconds=_BACK_OFF[row.attempts]) if again else None,
            }
        with context.store.write() as session:
            session.execute(update(Row).where(Row.id == row_id).values(**values))

    def _recipients(self, session: Session, row: Row) -> list[str]:
        if row.recipient is None:
            return []
        to = self._context.vault.decrypt(row.recipient)
        if row.recipient_label == "complainant" or row.topic == "webhook":
            return [to]
        if to.startswith("task:"):
            return self._handlers(session, *to.split(":")[1:])
        members = select(UserGroup.user_id).where(UserGroup.group_id == to)
        return self._addresses(session, User.id.in_(members))

    def _handlers(self, session: Session, instance_id: str, element_id: str = "", *task_ids: str) -> list[str]:
        """Who has the open tasks (of one element or only some of them, if named): the assignee, else the candidate users and the members of the groups."""
        tasks = select(UserTask.id, UserTask.assignee).where(
            UserTask.instance_id == instance_id, UserTask.state == "open"
        )
        if element_id:
            tasks = tasks.where(UserTask.element_id == element_id)
        rows = session.execute(tasks.where(UserTask.id.in_(task_ids)) if task_ids else tasks).all()
        candidates = select(UserTaskCandidate.candidate).where(
            UserTaskCandidate.task_id.in_([task_id for task_id, assignee in rows if assignee is None])
        )
        members = select(UserGroup.user_id).where(UserGroup.group_id.in_(candidates))
        assigned = [assignee for _, assignee in rows if assignee is not None]
        return self._addresses(session, or_(User.id.in_(assigned), User.id.in_(candidates), User.id.in_(members)))

    @staticmethod
    def _addresses(session: Session, whose: ColumnElement[bool]) -> list[str]:
        query = select(User.email, User.id).where(whose, User.active).order_by(User.id)
        return [email or user_id for email, user_id in session.execute(query)]


def _carrier(config: Config) -> Carrier:
    def carry(row: Row, recipients: list[str], body: str) -> None:
        if row.topic == "webhook":
            _post(config.webhooks.get(recipients[0], ""), row.key, body)
        elif config.mail is None:
            _file(config, row, recipients, body)
        else:
            _mail(config, row, [r for r in recipients if "@" in r], body)

    return carry


def _file(config: Config, row: Row, recipients: list[str], body: str) -> None:
    config.outbox.mkdir(parents=True, exist_ok=True)
    content = f"To: {', '.join(recipients)}\nSubject: {row.subject}\nDate: {row.created_at.isoformat()}\n\n{body}\n"
    letter_file(config, row.key).write_text(content, encoding="utf-8")


def letter_file(config: Config, key: str) -> Path:
    """Where the letter with the idempotency key ``key`` is written when there is no mail server."""
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in key)
    return config.outbox / f"{name}.txt"


def _mail(config: Config, row: Row, recipients: list[str], body: str) -> None:
    mail = config.mail
    if mail is None or not recipients:
        raise Undeliverable("no e-mail address to deliver to")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(recipients), row.subject
    message["Message-ID"] = f"<{row.key.replace(':', '.')}@redress>"
    message.set_content(body)
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=20)
        if mail.tls == "tls"
        else smtplib.SMTP(mail.host, mail.port, timeout=20)
    )
    with server:
        if mail.tls == "starttls":
            server.starttls()
        if mail.user:
            server.login(mail.user, mail.password)
        server.send_message(message)


def _post(url: str, key: str, body: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise Undeliverable("the webhook has no address in config.toml")
    json.loads(body)
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "application/json", "Idempotency-Key": key}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20):
        return
