"""Complaints as staff read them: lists, search, masking, logged views, rights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.errors import BadRequest, Forbidden, NotFound
from engine.history import Event
from engine.models import AccessLog, ArchiveRecord, Attachment, MessageSubscription
from engine.reading import Reading
from engine.types import Actor

DAY = timedelta(days=1)


@pytest.fixture
def reading(office: Any) -> Reading:
    return Reading(office.context)


@pytest.fixture
def chief(office: Any) -> Actor:
    return office.user("chief", "主管", roles=("manager",))


def numbers(found: Any) -> list[str]:
    return [row.number for row in getattr(found, "items", found)]


def log(office: Any) -> list[tuple[str | None, str, str, Any]]:
    with office.store.read() as session:
        return [
            (r.actor, r.action, r.subject, r.detail) for r in session.scalars(select(AccessLog).order_by(AccessLog.id))
        ]


def test_filters_and_order(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", due_at=office.now(hours=5), stage="审核", severity="重大", escalated_at=office.now())
    office.complaint("TS-2", due_at=office.now(hours=-1), category="网络", department="客服部、网络部")
    office.complaint("TS-3", received_at=office.now(days=-3), department=None)
    office.complaint("TS-4", state="completed", due_at=office.now(hours=-9), closed_at=office.now())
    office.complaint("TS-5", state="suspended", received_at=office.now(days=-1))

    def found(**filters: Any) -> list[str]:
        return numbers(reading.list(chief, **filters))

    assert found() == ["TS-4", "TS-2", "TS-1", "TS-5", "TS-3"]
    assert found(order="received") == ["TS-1", "TS-2", "TS-4", "TS-5", "TS-3"]
    assert found(order="closed")[0] == "TS-4"
    assert found(order="number", state="open") == ["TS-1", "TS-2", "TS-3", "TS-5"]
    assert found(state="suspended") == ["TS-5"]
    assert found(state="closed") == ["TS-4"]
    assert found(stage="审核", severity="重大") == ["TS-1"]
    assert found(category="网络") == ["TS-2"]
    assert found(department="客服部") == ["TS-2"]
    assert found(overdue=True) == ["TS-2"]
    assert found(overdue=False, order="number") == ["TS-1", "TS-3", "TS-4", "TS-5"]
    assert found(escalated=True) == ["TS-1"]
    assert found(received_from=office.now(days=-2), received_until=office.now()) == ["TS-5"]
    assert found(pack="bank") == []
    page = reading.list(chief, page=2, size=2)
    assert (numbers(page), page.total, page.pages) == (["TS-1", "TS-5"], 5, 3)
    with pytest.raises(BadRequest):
        reading.list(chief, order="colour")


def test_a_page_of_rows_is_three_statements(office: Any, reading: Reading, chief: Actor) -> None:
    for n in range(25):
        office.complaint(f"TS-{n}")
        office.task(f"TS-{n}", "triage", "受理组")
    with office.store.count_statements() as seen:
        page = reading.list(chief, size=25)
    assert seen.count == 3
    assert [[t.en for t in row.open_tasks] for row in page.items] == [["Triage"]] * 25


def test_rows_are_masked(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", name="欧阳锋", phone="13812345678")
    office.complaint("TS-2", complainant=None, contact=None)
    office.complaint("TS-3", complainant=b"broken", contact=b"broken")
    rows = reading.list(chief, order="number").items
    assert [(r.complainant, r.contact) for r in rows] == [("欧**", "138****5678"), ("", ""), ("***", "***")]


def test_search(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-2026-00001", name="张三丰", phone="138 1234 5678", matter="宽带 经常断线，折扣 5% 没有兑现")
    office.complaint(
        "TS-2026-00002", name="李四", phone="0571-87654321", matter="账单有误 5678", received_at=office.now(days=-1)
    )
    first, second = "TS-2026-00001", "TS-2026-00002"
    assert numbers(reading.search(chief, "ts-2026")) == [first, second]
    assert numbers(reading.search(chief, "TS-2026-00002 ")) == [second]
    assert numbers(reading.search(chief, "张三丰")) == [first]
    assert numbers(reading.search(chief, "张三")) == []
    assert numbers(reading.search(chief, "+86 13812345678")) == [first]
    assert numbers(reading.search(chief, "057187654321")) == [second]
    assert numbers(reading.search(chief, "5678")) == [first, second]
    assert numbers(reading.search(chief, "断线 宽带")) == [first]
    assert numbers(reading.search(chief, "5%")) == [first]
    assert numbers(reading.search(chief, "_")) == []
    assert reading.search(chief, "  ") == ()
    assert numbers(reading.search(office.user("zhao", "赵", "网络部"), "张三丰")) == []


def test_who_may_see(office: Any, reading: Reading) -> None:
    office.complaint("TS-1")
    office.complaint("TS-2")
    office.task("TS-1", "triage", "受理组", state="completed", completed_by="wang")
    wang, li = office.user("wang", "王强"), office.user("li.na", "李娜", "受理组")
    zhao, auditor = office.user("zhao", "赵", "网络部"), office.user("audit", "审计", roles=("auditor",))
    for actor, seen in ((wang, ["TS-1"]), (li, ["TS-1"]), (zhao, []), (auditor, ["TS-1", "TS-2"])):
        assert numbers(reading.list(actor, order="number")) == seen
    assert reading.get(wang, "TS-1").row.number == "TS-1"
    for use in (reading.get, reading.history):
        with pytest.raises(Forbidden):
            use(zhao, "TS-1")
        with pytest.raises(NotFound):
            use(zhao, "TS-9")
        with pytest.raises(Forbidden):
            use(Actor(id=None, kind="complainant", number="TS-1"), "TS-1")


def test_detail(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", result="已退费", solved=True, replied_at=office.now(), escalation="重大", repeat_of="TS-0")
    for element, name in (("withdrawal_received", "withdraw"), ("x", "survey")):
        office.add(
            MessageSubscription(
                instance_id="i-TS-1", task_id="t", element_id=element, name=name, correlation_key="TS-1"
            )
        )
    office.add(
        ArchiveRecord(
            number="DA-1",
            complaint_number="TS-1",
            pack="shop",
            archive_class="一般",
            archived_at=office.now(),
            retain_until=office.now(days=900),
        )
    )
    detail = reading.get(chief, "TS-1")
    assert (detail.demand, detail.result, detail.solved, detail.escalation) == ("退费", "已退费", True, "重大")
    assert (detail.deployment_version, detail.archive_number, detail.repeat_of) == (3, "DA-1", "TS-0")
    assert detail.retain_until == office.now(days=900)
    assert detail.waiting_for == ("survey", "withdraw")
    assert detail.personal == {}
    assert log(office) == []


def test_revealing_personal_data_is_logged(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1")
    detail = reading.get(chief, "TS-1", reveal=True)
    assert detail.personal == {"complainant": "张三丰", "contact": "13812345678", "address": "人民路 1 号"}
    assert detail.row.complainant == "张**"
    assert log(office) == [("chief", "reveal", "TS-1", {"fields": ["address", "complainant", "contact"]})]
    with pytest.raises(Forbidden):
        reading.get(office.user("zhao", "赵"), "TS-1", reveal=True)
    assert len(log(office)) == 1


def test_attachments(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1")
    for file_id, by in (("a", None), ("b", "chief")):
        office.add(
            Attachment(
                id=file_id,
                number="TS-1",
                name=f"{file_id}.txt",
                content_type="text/plain",
                size=3,
                sha256="0",
                content=b"abc",
                added_at=office.now(),
                added_by=by,
            )
        )
    row, content = reading.attachment(chief, "b")
    assert (row.name, row.added_by, content) == ("b.txt", "chief", b"abc")
    assert [f.id for f in reading.get(chief, "TS-1").attachments] == ["a", "b"]
    assert log(office) == [("chief", "attachment", "TS-1", {"id": "b"})]
    customer = Actor(id=None, kind="complainant", number="TS-1")
    assert reading.attachment(customer, "a")[1] == b"abc"
    for actor, file_id in ((customer, "b"), (office.user("zhao", "赵"), "a")):
        with pytest.raises(Forbidden):
            reading.attachment(actor, file_id)
    with pytest.raises(NotFound):
        reading.attachment(chief, "c")


def test_history_is_told(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1")
    office.step("i-TS-1", Event("complaint_filed", payload={"channel": "热线"}), actor=chief)
    office.step("i-TS-1", Event("element_completed", "acceptance", "accepted", "t"), flows=("acceptance#x",))
    with office.store.count_statements() as seen:
        rows = reading.history(chief, "TS-1")
    assert [(r.actor_name, r.text.zh) for r in rows] == [("主管", "登记投诉，渠道：热线"), (None, "到达“已受理”")]
    assert seen.count == 4
