"""Delivery of letters and webhooks after commit: retried with back-off, each with an idempotency key."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine.config import Config
from engine.context import Context
from engine.models import Outbox as Row
from engine.models import User, UserGroup, UserTask

_BACK_OFF = (30, 120, 600, 3600, 6 * 3600)
_LEASE = timedelta(minutes=2)


class Carrier(Protocol):
    """Takes one item to where it goes. Raises OSError when it could not."""

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
                raise OSError("no address to deliver to")
            self._carrier(row, recipients, context.vault.decrypt(row.body) if row.body else "")
            values: dict[str, object] = {"sent_at": now, "run_at": None, "error": None}
        except (OSError, smtplib.SMTPException, ValueError) as error:
            again = row.attempts < len(_BACK_OFF) and recipients
            values = {
                "error": str(error)[:500],
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
            query = (
                select(User.email, User.id)
                .join(UserTask, UserTask.assignee == User.id)
                .where(UserTask.instance_id == to[5:], UserTask.state == "open")
            )
        else:
            query = (
                select(User.email, User.id)
                .join(UserGroup, UserGroup.user_id == User.id)
                .where(UserGroup.group_id == to, User.active)
            )
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
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in row.key)
    content = f"To: {', '.join(recipients)}\nSubject: {row.subject}\nDate: {row.created_at.isoformat()}\n\n{body}\n"
    (config.outbox / f"{name}.txt").write_text(content, encoding="utf-8")


def _mail(config: Config, row: Row, recipients: list[str], body: str) -> None:
    mail = config.mail
    if mail is None or not recipients:
        raise OSError("no e-mail address to deliver to")
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
        raise OSError("the webhook has no address in config.toml")
    json.loads(body)
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "application/json", "Idempotency-Key": key}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20):
        return
