"""Delivery of letters and webhooks: carriers, addresses, retries."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from http.client import BadStatusLine
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from engine import SYSTEM
from engine.config import Mail
from engine.models import Outbox as Row
from engine.models import UserTask
from engine.outbox import Outbox
from tests.office import TRIAGE, Office

BACK_OFF = (30, 120, 600, 3600, 21600)


class Carried:
    """A carrier that notes what it is given, or refuses."""

    def __init__(self, *errors: Exception) -> None:
        self.items: list[tuple[str, list[str], str]] = []
        self.errors = list(errors)

    def __call__(self, row: Row, recipients: list[str], body: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.items.append((row.key, recipients, body))


def put(office: Office, to: str, label: str = "x", key: str = "k", **values: Any) -> None:
    vault, now = office.engine.context.vault, office.clock.now()
    given = {
        "key": key, "topic": "notify", "recipient": vault.encrypt(to), "recipient_label": label, "subject": "主题",
        "body": vault.encrypt("正文"), "created_at": now, "run_at": now,
    }  # fmt: skip
    with office.store.write() as session:
        session.add(Row(**given | values))


def row(office: Office, key: str = "k") -> Row:
    with office.store.read() as session:
        return session.scalars(select(Row).where(Row.key == key)).one()


def test_without_a_mail_server_letters_are_files(telecom: Office) -> None:
    put(telecom, "13900000001", "complainant", key="task:1/../x")
    assert telecom.engine.outbox.deliver() == 1
    (path,) = telecom.engine.config.outbox.iterdir()
    assert path.parent == telecom.engine.config.outbox
    assert path.name == "task_1____x.txt"
    text = path.read_text("utf-8")
    assert text.startswith("To: 13900000001\nSubject: 主题\n")
    assert text.endswith("\n\n正文\n")
    assert row(telecom, "task:1/../x").sent_at == telecom.clock.now()


def test_what_was_delivered_is_not_delivered_again(telecom: Office) -> None:
    put(telecom, "a", "complainant")
    carried = Carried()
    outbox = Outbox(telecom.engine.context, carried)
    assert (outbox.deliver(), outbox.deliver()) == (1, 0)
    assert len(carried.items) == 1
    assert outbox.next_at() is None


def test_a_failure_is_retried_later_and_later_with_the_same_key(telecom: Office) -> None:
    put(telecom, "a", "complainant")
    outbox = Outbox(telecom.engine.context, carried := Carried(*[OSError("away")] * len(BACK_OFF)))
    for attempt, pause in enumerate(BACK_OFF, 1):
        assert outbox.deliver() == 1
        assert row(telecom).run_at == outbox.next_at() == telecom.clock.now() + timedelta(seconds=pause)
        assert (row(telecom).attempts, row(telecom).error) == (attempt, "away")
        assert outbox.deliver() == 0
        telecom.clock.advance(timedelta(seconds=pause))
    assert outbox.deliver() == 1
    assert [key for key, _, _ in carried.items] == ["k"]
    assert (row(telecom).sent_at, row(telecom).error) == (telecom.clock.now(), None)


def test_after_the_last_attempt_it_is_given_up_with_its_reason(telecom: Office) -> None:
    put(telecom, "a", "complainant")
    outbox = Outbox(telecom.engine.context, Carried(*[OSError("away")] * 10))
    for pause in (*BACK_OFF, 0):
        outbox.deliver()
        telecom.clock.advance(timedelta(seconds=pause))
    assert (row(telecom).run_at, row(telecom).sent_at, row(telecom).error) == (None, None, "away")


@pytest.mark.parametrize("error", [OSError("x"), smtplib.SMTPException("x"), BadStatusLine("x"), RuntimeError("x")])
def test_one_that_cannot_go_does_not_keep_back_the_others(telecom: Office, error: Exception) -> None:
    put(telecom, "a", "complainant", key="first")
    put(telecom, "b", "complainant", key="broken", body=b"not encrypted by us")
    put(telecom, "c", "complainant", key="last")
    outbox = Outbox(telecom.engine.context, carried := Carried(error))
    assert outbox.deliver() == 3
    assert [key for key, _, _ in carried.items] == ["last"]
    assert row(telecom, "first").attempts == row(telecom, "broken").attempts == 1


@pytest.mark.parametrize("to", [None, "telecom/财务部"])
def test_without_anybody_to_send_to_it_is_given_up_at_once(telecom: Office, to: str | None) -> None:
    sealed = telecom.engine.context.vault.encrypt(to) if to else None
    put(telecom, "", recipient=sealed)
    Outbox(telecom.engine.context, carried := Carried()).deliver()
    assert carried.items == []
    assert row(telecom).run_at is None
    assert "no address" in (row(telecom).error or "")


def test_a_group_is_its_active_members_by_mail_or_account(telecom: Office) -> None:
    people = telecom.engine.users
    people.create(SYSTEM, "with.mail", "甲", None, ["telecom/网络部"], email="a@example.org")
    people.create(SYSTEM, "without", "乙", None, ["telecom/网络部"])
    people.create(SYSTEM, "gone", "丙", None, ["telecom/网络部"])
    people.create(SYSTEM, "elsewhere", "丁", None, ["telecom/市场部"])
    people.deactivate(SYSTEM, "gone")
    put(telecom, "telecom/网络部")
    Outbox(telecom.engine.context, carried := Carried()).deliver()
    assert carried.items[0][1] == ["a@example.org", "without"]


def chase(telecom: Office) -> tuple[str, Callable[[], list[str]]]:
    """A complaint at its transfer; ``sent`` puts a reminder about it and says who got it."""
    people = telecom.engine.users
    for login, group in (("one", "投诉室受理"), ("two", "投诉室受理"), ("other", "市场部")):
        people.create(SYSTEM, login, login, None, [f"telecom/{group}"])
    started = telecom.file()
    telecom.complete(started.instance_id, "triage", TRIAGE)

    def sent() -> list[str]:
        put(telecom, f"task:{started.instance_id}:transfer", "assignee", key=f"k{len(carried.items)}")
        outbox.deliver()
        return carried.items[-1][1] if carried.items else []

    carried = Carried()
    outbox = Outbox(telecom.engine.context, carried)
    with telecom.store.write() as session:
        for old in session.scalars(select(Row)):
            session.delete(old)
    return started.instance_id, sent


def test_a_reminder_of_a_task_nobody_has_taken_goes_to_its_group(telecom: Office) -> None:
    instance_id, sent = chase(telecom)
    assert sent() == ["one", "two"]
    two = telecom.engine.users.actor("two")
    assert two is not None
    telecom.engine.tasks.claim(two, telecom.task(instance_id, "transfer").id)
    assert sent() == ["two"]


def test_a_reminder_of_a_task_that_is_done_goes_to_nobody(telecom: Office) -> None:
    instance_id, sent = chase(telecom)
    with telecom.store.write() as session:
        for task in session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)):
            task.state = "completed"
    assert sent() == []


class FakeSmtp:
    """What smtplib offers, as far as it is used."""

    log: ClassVar[list[Any]] = []
    refuse: ClassVar[bool] = False

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.log.append(("connect", type(self).__name__, host, port))

    def __enter__(self) -> FakeSmtp:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.append("quit")

    def starttls(self) -> None:
        self.log.append("starttls")

    def login(self, user: str, password: str) -> None:
        self.log.append(("login", user, password))

    def send_message(self, message: EmailMessage) -> None:
        if self.refuse:
            raise smtplib.SMTPServerDisconnected("gone")
        self.log.append(message)


class FakeSmtpSsl(FakeSmtp):
    pass


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> type[FakeSmtp]:
    monkeypatch.setattr(smtplib, "SMTP", FakeSmtp)
    monkeypatch.setattr(smtplib, "SMTP_SSL", FakeSmtpSsl)
    FakeSmtp.log.clear()
    FakeSmtp.refuse = False
    return FakeSmtp


def mailing(office: Office, **settings: Any) -> Outbox:
    mail = Mail("smtp.example.org", "office@example.org", **settings)
    context = office.engine.context
    context.config = replace(context.config, mail=mail)
    return Outbox(context)


def test_mail_goes_out_with_subject_body_and_a_message_id_made_of_the_key(
    telecom: Office, smtp: type[FakeSmtp]
) -> None:
    put(telecom, "wang@example.org", "complainant", key="abc:0")
    mailing(telecom, user="office", password="secret").deliver()
    connect, tls, login, message, quitted = smtp.log
    assert connect == ("connect", "FakeSmtp", "smtp.example.org", 587)
    assert (tls, login, quitted) == ("starttls", ("login", "office", "secret"), "quit")
    assert (message["From"], message["To"], message["Subject"]) == ("office@example.org", "wang@example.org", "主题")
    assert message["Message-ID"] == "<abc.0@redress>"
    assert message.get_content() == "正文\n"


def test_mail_over_tls_needs_no_sign_in_without_user(telecom: Office, smtp: type[FakeSmtp]) -> None:
    put(telecom, "wang@example.org", "complainant")
    mailing(telecom, tls="tls", port=465).deliver()
    assert smtp.log[0] == ("connect", "FakeSmtpSsl", "smtp.example.org", 465)
    assert [type(entry).__name__ for entry in smtp.log[1:]] == ["EmailMessage", "str"]


def test_a_mail_server_that_hangs_up_is_tried_again(telecom: Office, smtp: type[FakeSmtp]) -> None:
    put(telecom, "wang@example.org", "complainant")
    outbox = mailing(telecom)
    smtp.refuse = True
    outbox.deliver()
    assert row(telecom).run_at == telecom.clock.now() + timedelta(seconds=30)


def test_a_telephone_number_is_no_mail_address(telecom: Office, smtp: type[FakeSmtp]) -> None:
    put(telecom, "13900000001", "complainant")
    mailing(telecom).deliver()
    assert smtp.log == []
    assert row(telecom).run_at is None
    assert "e-mail" in (row(telecom).error or "")


def test_a_webhook_is_posted_with_its_idempotency_key(telecom: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    class Answer:
        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *_: object) -> None:
            return

    def urlopen(request: Any, timeout: float) -> Answer:
        seen.append((request.full_url, request.data, request.get_header("Idempotency-key"), request.get_method()))
        return Answer()

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    context = telecom.engine.context
    context.config = replace(context.config, webhooks={"billing": "https://billing.example.org/x"})
    put(telecom, "billing", "billing", topic="webhook", body=context.vault.encrypt('{"number": "TS-1"}'))
    Outbox(context).deliver()
    assert seen == [("https://billing.example.org/x", b'{"number": "TS-1"}', "k", "POST")]
    assert row(telecom).sent_at is not None
