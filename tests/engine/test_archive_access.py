"""Reading an archive record: request, approval, accompanied reading, return; nothing is read without approval."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import SYSTEM, history
from engine.errors import Forbidden, FormInvalid
from engine.models import HistoryEvent, Outbox, ProcessInstance
from engine.scenarios import member
from engine.types import Actor
from tests.office import Office

REQUEST = {
    "applicant": "何静", "applicant_unit": "市场部", "archive_number": "DA-2026-网络质量-00001", "purpose": "复盘同类投诉",
}  # fmt: skip
LEADER, KEEPER = member("telecom", "公司管理层"), member("telecom", "档案管理员")
APPLICANT = Actor(id="he.jing", name="何静", groups=frozenset({"telecom/市场部"}))


@pytest.fixture
def requested(telecom: Office) -> str:
    return telecom.engine.instances.start(APPLICANT, "telecom", "archive_access", REQUEST)


def open_elements(telecom: Office, instance_id: str) -> list[str]:
    return [t.element_id for t in telecom.open_tasks(instance_id)]


def ended(telecom: Office, instance_id: str) -> tuple[str, str | None]:
    with telecom.store.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        assert not history.verify(session)
    return instance.state, instance.end_element


def test_approved_accompanied_and_returned(telecom: Office, requested: str) -> None:
    assert open_elements(telecom, requested) == ["approve_access"]
    telecom.complete(requested, "approve_access", {"approval": "批准"}, LEADER)
    reading = {"companion": "周档案", "read_at": "2026-03-03T10:00"}
    with pytest.raises(FormInvalid):
        telecom.complete(requested, "accompany", {**reading, "no_copies": False}, KEEPER)
    telecom.complete(requested, "accompany", {**reading, "no_copies": True}, KEEPER)
    telecom.complete(requested, "return_file", {"file_state": "完好", "signature": "何静"}, KEEPER)
    assert ended(telecom, requested) == ("completed", "access_finished")
    with telecom.store.read() as session:
        query = select(HistoryEvent.actor).where(HistoryEvent.type == "task_completed").order_by(HistoryEvent.id)
        assert list(session.scalars(query)) == [LEADER.id, KEEPER.id, KEEPER.id]


def test_without_approval_nothing_is_read(telecom: Office, requested: str) -> None:
    with pytest.raises(FormInvalid):
        telecom.complete(requested, "approve_access", {"approval": "不批准"}, LEADER)
    telecom.complete(requested, "approve_access", {"approval": "不批准", "approval_reason": "与工作无关"}, LEADER)
    assert ended(telecom, requested) == ("completed", "access_refused")


def test_only_the_leaders_approve_and_only_the_archivists_accompany(telecom: Office, requested: str) -> None:
    for actor in (APPLICANT, KEEPER):
        with pytest.raises(Forbidden):
            telecom.complete(requested, "approve_access", {"approval": "批准"}, actor)
    telecom.complete(requested, "approve_access", {"approval": "批准"}, LEADER)
    assert open_elements(telecom, requested) == ["accompany"]
    with pytest.raises(Forbidden):
        telecom.complete(requested, "accompany", {}, LEADER)


def test_an_approval_that_does_not_come_is_chased(telecom: Office, requested: str) -> None:
    telecom.engine.users.create(SYSTEM, "leader", "领导", None, ["telecom/公司管理层"])
    telecom.advance(hours=8)
    assert telecom.task(requested, "approve_access").reminders == 1
    telecom.engine.outbox.deliver()
    with telecom.store.read() as session:
        letter = session.scalars(select(Outbox)).one()
    assert (letter.letter, letter.sent_at is not None) == ("reminder", True)
    text = next(telecom.engine.config.outbox.iterdir()).read_text("utf-8")
    assert text.startswith("To: leader\n")
    assert "审批查阅申请" in text


def test_a_request_without_reason_is_refused_before_it_starts(telecom: Office) -> None:
    with pytest.raises(FormInvalid):
        telecom.engine.instances.start(APPLICANT, "telecom", "archive_access", {**REQUEST, "purpose": ""})


def test_the_request_is_seen_by_those_who_decide_not_by_others(telecom: Office, requested: str) -> None:
    assert telecom.engine.instances.get(LEADER, requested).variables["purpose"] == "复盘同类投诉"
    with pytest.raises(Forbidden):
        telecom.engine.instances.get(member("telecom", "网络部"), requested)
