"""The archive: who reads it, what is due for destruction, legal holds."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine.archive import Archive
from engine.errors import BadRequest, Forbidden, NotFound
from engine.history import verify
from engine.models import AccessLog, ArchiveRecord, HistoryEvent
from engine.types import SYSTEM, Actor


@pytest.fixture
def archive(office: Any) -> Archive:
    return Archive(office.context)


@pytest.fixture
def keeper(office: Any) -> Actor:
    return office.user("keeper", "档案员", roles=("archivist",))


def record(office: Any, number: str, complaint: str, **values: Any) -> None:
    given: dict[str, Any] = {
        "number": number,
        "complaint_number": complaint,
        "pack": "shop",
        "category": "资费争议",
        "department": "网络部",
        "archive_class": "一般",
        "archived_at": office.now(),
        "retain_until": office.now(days=1000),
    }
    office.add(ArchiveRecord(**given | values))


def test_list(office: Any, archive: Archive, keeper: Actor) -> None:
    office.complaint("TS-1", name="张三丰", matter="断线", state="completed")
    record(office, "DA-1", "TS-1", archived_at=office.now(days=-2))
    record(
        office,
        "DA-2",
        "TS-2",
        category="网络",
        department="客服部",
        archive_class="重要",
        retain_until=office.now(days=-1),
    )
    record(office, "DA-3", "TS-3", retain_until=office.now(), legal_hold=True, archived_at=office.now(days=-1))
    record(office, "DA-9", "B-1", pack="bank")

    def found(actor: Actor = keeper, **filters: Any) -> list[str]:
        return [row.number for row in archive.list(actor, **filters).items]

    assert found() == ["DA-2", "DA-3", "DA-1"]
    assert found(q="da-3") == ["DA-3"]
    assert found(q="张三丰") == found(q="断线") == found(q="TS-1") == ["DA-1"]
    assert found(category="网络") == found(department="客服") == found(archive_class="重要") == ["DA-2"]
    assert found(due_for_destruction=True) == ["DA-2"]
    assert found(due_for_destruction=False) == ["DA-3", "DA-1"]
    assert found(page=2, size=2) == ["DA-1"]
    assert archive.list(keeper).total == 3
    assert found(SYSTEM, pack="bank") == ["DA-9"]
    assert [r.due_for_destruction for r in archive.list(keeper).items] == [True, False, False]


def test_a_page_is_two_statements(office: Any, archive: Archive, keeper: Actor) -> None:
    for n in range(10):
        record(office, f"DA-{n}", f"TS-{n}")
    with office.store.count_statements() as seen:
        assert len(archive.list(keeper).items) == 10
    assert seen.count == 2


def test_who_may_read(office: Any, archive: Archive, keeper: Actor) -> None:
    record(office, "DA-1", "TS-1")
    for role in ("auditor", "manager", "administrator"):
        assert archive.list(office.user(role, role, roles=(role,))).total == 1
    for actor in (
        office.user("li.na", "李娜", "受理组"),
        office.user("owner", "制度", roles=("process_owner",)),
        Actor(id=None, kind="complainant", number="TS-1"),
    ):
        with pytest.raises(Forbidden):
            archive.list(actor)
        with pytest.raises(Forbidden):
            archive.get(actor, "DA-1")
    with pytest.raises(Forbidden):
        archive.list(keeper, pack="bank")


def test_get(office: Any, archive: Archive, keeper: Actor) -> None:
    office.complaint("TS-1", state="completed", result="已退费")
    record(office, "DA-1", "TS-1", location="三号柜")
    record(office, "DA-2", "TS-2")
    detail = archive.get(keeper, "DA-1")
    assert detail.complaint is not None
    assert (detail.row.location, detail.complaint.complainant, detail.result) == ("三号柜", "张**", "已退费")
    assert archive.get(keeper, "DA-2").complaint is None
    with pytest.raises(NotFound):
        archive.get(keeper, "DA-3")


def test_legal_hold(office: Any, archive: Archive, keeper: Actor) -> None:
    office.complaint("TS-1", state="completed")
    record(office, "DA-1", "TS-1", retain_until=office.now(days=-1))
    archive.set_legal_hold(keeper, "DA-1", True, " 诉讼 ")
    archive.set_legal_hold(keeper, "DA-1", True, "再次")
    row = archive.get(keeper, "DA-1").row
    assert (row.legal_hold, row.due_for_destruction) == (True, False)
    with office.store.read() as session:
        events = session.scalars(select(HistoryEvent)).all()
        assert [(e.type, e.actor, e.reason, e.payload) for e in events] == [
            ("legal_hold_changed", "keeper", "诉讼", {"archive_number": "DA-1", "on": True})
        ]
        assert verify(session) == []
        log = session.scalars(select(AccessLog)).all()
        assert [(r.actor, r.action, r.subject) for r in log] == [("keeper", "legal_hold", "DA-1")]
    archive.set_legal_hold(keeper, "DA-1", False, "结束")
    assert archive.get(keeper, "DA-1").row.due_for_destruction


def test_legal_hold_is_refused(office: Any, archive: Archive, keeper: Actor) -> None:
    record(office, "DA-1", "TS-1")
    with pytest.raises(BadRequest):
        archive.set_legal_hold(keeper, "DA-1", True, "  ")
    with pytest.raises(Forbidden):
        archive.set_legal_hold(office.user("audit", "审计", roles=("auditor",)), "DA-1", True, "因为")
    with pytest.raises(NotFound):
        archive.set_legal_hold(keeper, "DA-2", True, "因为")
    archive.set_legal_hold(office.user("chief", "主管", roles=("manager",)), "DA-1", True, "因为")
    assert archive.get(keeper, "DA-1").row.legal_hold
