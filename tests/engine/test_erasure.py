"""Erasing personal data for good, while the history stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor, history
from engine.errors import BadRequest, Forbidden, NotFound
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
from engine.types import Started, Upload
from tests.office import TRIAGE, Office, manager

ADMINISTRATOR = Actor(id="root", roles=frozenset({("administrator", "telecom")}))
EVIDENCE = b"my name is Ouyang Bufan, number 13987654321, and this is a very private letter of mine"
NAME, CONTACT = "欧阳不平凡", "13987654321"


def ended(telecom: Office) -> Started:
    """A complaint with letters and a file that was cancelled, its letters delivered."""
    started = telecom.engine.complaints.file(
        SYSTEM,
        "telecom",
        {
            "channel": "热线",
            "kind": "投诉",
            "complainant": NAME,
            "contact": CONTACT,
            "address": "安宁里 7 号",
            "matter": "账单里多出一笔莫名的费用",
            "demand": "退费",
        },
        [Upload("evidence", "note.txt", "text/plain", EVIDENCE)],
    )
    telecom.complete(started.instance_id, "triage", TRIAGE)
    telecom.engine.outbox.deliver()
    telecom.engine.instances.cancel(manager(), started.instance_id, "重复登记")
    return started


def test_nothing_of_the_person_is_left_and_the_history_still_verifies(telecom: Office) -> None:
    started = ended(telecom)
    with telecom.store.read() as session:
        letters = list(session.scalars(select(Outbox).where(Outbox.instance_id == started.instance_id)))
    on_disk = list(telecom.engine.config.outbox.iterdir())
    assert letters
    assert any(NAME in path.read_text("utf-8") for path in on_disk)

    telecom.engine.complaints.erase(ADMINISTRATOR, started.number, "本人要求")

    with telecom.store.read() as session:
        complaint = session.get_one(Complaint, started.number)
        assert (complaint.complainant, complaint.contact, complaint.personal) == (None, None, None)
        assert (complaint.complainant_index, complaint.contact_index, complaint.contact_tail_index) == (None,) * 3
        assert complaint.erased_at == telecom.clock.now()
        assert not session.scalars(select(Attachment)).all()
        rows = session.scalars(select(Outbox)).all()
        assert all((r.recipient, r.body, r.subject, r.run_at) == (None, None, "", None) for r in rows)
        assert all(t.draft is None for t in session.scalars(select(UserTask)))
        assert not history.verify(session)
    assert not [path for path in telecom.engine.config.outbox.iterdir() if NAME in path.read_text("utf-8")]


def test_the_facts_the_event_and_the_log_remain(telecom: Office) -> None:
    started = ended(telecom)
    with telecom.store.read() as session:
        before = len(session.scalars(select(HistoryEvent)).all())
    telecom.engine.complaints.erase(ADMINISTRATOR, started.number, "本人要求")
    with telecom.store.read() as session:
        events = session.scalars(select(HistoryEvent).order_by(HistoryEvent.id)).all()
        log = session.scalars(select(AccessLog).where(AccessLog.action == "erase")).one()
    assert len(events) == before + 1
    assert (events[-1].type, events[-1].actor, events[-1].reason) == ("personal_data_erased", "root", "本人要求")
    assert set((events[-1].payload or {})["fields"]) == {"complainant", "contact", "personal"}
    assert (log.actor, log.subject) == ("root", started.number)
    detail = telecom.engine.complaints.get(manager(), started.number, reveal=True)
    assert detail.row.matter == "账单里多出一笔莫名的费用"
    assert detail.personal == {}
    assert (detail.row.complainant, detail.row.contact) == ("", "")
    told = telecom.engine.complaints.history(manager(), started.number)[-1].text
    assert "抹除" in told.zh
    assert "erased" in told.en


def test_the_person_is_found_no_more_and_the_access_code_opens_nothing(telecom: Office) -> None:
    started = ended(telecom)
    assert telecom.engine.complaints.search(manager(), NAME)
    telecom.engine.complaints.erase(ADMINISTRATOR, started.number, "本人要求")
    for words in (NAME, CONTACT, CONTACT[-4:]):
        assert not telecom.engine.complaints.search(manager(), words)
    with pytest.raises(NotFound):
        telecom.engine.complaints.track(started.number, started.access_code)


def test_the_bytes_are_gone_from_the_files_of_the_database(telecom: Office, tmp_path: Path) -> None:
    if not telecom.store.sqlite:
        pytest.skip("PostgreSQL frees the space with its own vacuum")
    started = ended(telecom)
    everything = lambda: b"".join(p.read_bytes() for p in tmp_path.glob("redress.sqlite3*"))  # noqa: E731
    assert EVIDENCE in everything()
    telecom.engine.complaints.erase(ADMINISTRATOR, started.number, "本人要求")
    assert EVIDENCE not in everything()


def test_no_name_stands_in_the_state_or_the_history_even_before(telecom: Office) -> None:
    files = dict(telecom.engine.deployments.parsed(telecom.engine.deployments.pack("telecom").deployment_id).files)
    letter = files["letters/acknowledgement.md"].decode().partition("\n")[2]
    changed = f"# {{{{ complaint.complainant }}}} 您好，受理告知\n{letter}"
    telecom.engine.deployments.deploy_files(
        SYSTEM, files | {"letters/acknowledgement.md": changed.encode()}, name="telecom"
    )
    started = telecom.file(complainant=NAME, contact=CONTACT)
    telecom.complete(started.instance_id, "triage", TRIAGE)
    with telecom.store.read() as session:
        sent = session.scalars(select(HistoryEvent).where(HistoryEvent.type == "letter_sent")).all()
        assert any("您好" in str(event.payload) for event in sent)
        assert not [e for e in session.scalars(select(HistoryEvent)) if NAME in str(e.payload)]


@pytest.mark.parametrize("actor", [manager(), Actor(id="root", roles=frozenset({("administrator", "bank")}))])
def test_only_an_administrator_of_the_pack_may_erase(telecom: Office, actor: Actor) -> None:
    started = ended(telecom)
    with pytest.raises(Forbidden):
        telecom.engine.complaints.erase(actor, started.number, "本人要求")
    assert telecom.engine.complaints.get(SYSTEM, started.number, reveal=True).personal["complainant"] == NAME


def test_a_running_complaint_a_held_record_and_a_missing_reason_are_refused(telecom: Office) -> None:
    running, started = telecom.file(contact="13900000009"), ended(telecom)
    erase = telecom.engine.complaints.erase
    with pytest.raises(BadRequest, match="close or cancel"):
        erase(ADMINISTRATOR, running.number, "本人要求")
    with pytest.raises(BadRequest, match="reason"):
        erase(ADMINISTRATOR, started.number, "  ")
    with telecom.store.write() as session:
        now = telecom.clock.now()
        session.add(
            ArchiveRecord(
                number="DA-1", complaint_number=started.number, pack="telecom", archive_class="一般",
                archived_at=now, retain_until=now, legal_hold=True,
            )
        )  # fmt: skip
    with pytest.raises(BadRequest, match="legal hold"):
        erase(ADMINISTRATOR, started.number, "本人要求")
    with pytest.raises(NotFound):
        erase(ADMINISTRATOR, "TS-2026-99999", "本人要求")
    with telecom.store.read() as session:
        assert session.get_one(Complaint, started.number).complainant is not None


def test_erasing_twice_does_nothing_more(telecom: Office) -> None:
    started = ended(telecom)
    for _ in range(2):
        telecom.engine.complaints.erase(ADMINISTRATOR, started.number, "本人要求")
    with telecom.store.read() as session:
        types = list(session.scalars(select(HistoryEvent.type).where(HistoryEvent.instance_id == started.instance_id)))
        head = session.get_one(ProcessInstance, started.instance_id).history_seq
    assert types.count("personal_data_erased") == 1
    assert head == len(types)
