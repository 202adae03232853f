"""Every event in plain words, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine.history import Event
from engine.models import HistoryEvent
from engine.names import Names
from engine.telling import Teller, history_rows, tell
from engine.types import SYSTEM

ZONE = ZoneInfo("Asia/Shanghai")
AT, LATER = "2026-03-02T01:00:00+00:00", "2026-03-03T02:30:00+00:00"
TRIAGE = ("acceptance", "triage")
REVIEW = ("complaint", "review")

TOLD = [
    ("instance_started", ("complaint", None), {}, "流程开始", "The process started"),
    (
        "complaint_filed",
        ("complaint", None),
        {"channel": "热线"},
        "登记投诉，渠道：热线",
        "Complaint entered; channel: hotline",
    ),
    ("task_claimed", TRIAGE, {"assignee": "li.na"}, "领取“初步判断”", "Claimed “Triage”"),
    ("task_unclaimed", TRIAGE, {"before": "li.na"}, "将“初步判断”退回所在组", "Gave “Triage” back to its group"),
    ("task_assigned", TRIAGE, {"before": None, "after": "li.na"}, "将“初步判断”交给李娜", "Handed “Triage” to 李娜"),
    (
        "task_assigned",
        TRIAGE,
        {"before": "li.na", "after": "wang"},
        "将“初步判断”由李娜改派给wang",
        "Reassigned “Triage” from 李娜 to wang",
    ),
    ("task_completed", TRIAGE, {"values": {}}, "完成“初步判断”", "Completed “Triage”"),
    (
        "due_changed",
        TRIAGE,
        {"before": AT, "after": LATER},
        "将“初步判断”的到期时间由 2026年3月2日 周一 09:00 改为 2026年3月3日 周二 10:30",
        "Changed the due date of “Triage” from Mon 2 Mar 2026 09:00 to Tue 3 Mar 2026 10:30",
    ),
    (
        "due_changed",
        TRIAGE,
        {"before": None, "after": LATER},
        "将“初步判断”的到期时间定为 2026年3月3日 周二 10:30",
        "Set the due date of “Triage” to Tue 3 Mar 2026 10:30",
    ),
    (
        "follow_up_changed",
        TRIAGE,
        {"before": None, "after": LATER},
        "将“初步判断”搁置到 2026年3月3日 周二 10:30",
        "Put “Triage” aside until Tue 3 Mar 2026 10:30",
    ),
    ("follow_up_changed", TRIAGE, {"after": None}, "取回搁置的“初步判断”", "Took “Triage” back from those put aside"),
    ("element_entered", TRIAGE, {}, "“初步判断”等待办理", "“Triage” waits to be done"),
    ("element_entered", ("complaint", "accept"), {}, "开始“受理投诉”", "“Accept” began"),
    ("element_completed", ("complaint", "accept"), {}, "“受理投诉”办完", "“Accept” finished"),
    ("element_completed", ("complaint", "closed"), {}, "到达“投诉办结”", "Reached “Closed”"),
    (
        "element_cancelled",
        REVIEW,
        {},
        "“审核处理结果”已撤回，不再需要办理",
        "“Review the result” was withdrawn; it is no longer needed",
    ),
    ("steps_taken", (None, None), {"flows": []}, "流程向前推进", "The process moved on"),
    (
        "elements_activated",
        REVIEW,
        {"elements": ["review", "reply", "review"]},
        "启动“审核处理结果”（2 次）、“回复客户”",
        "Started “Review the result” (2 times), “Reply”",
    ),
    ("signal_received", REVIEW, {"signal": "停线", "variables": {}}, "收到“停线”", "Received “停线”"),
    (
        "decision_evaluated",
        ("complaint", "accept"),
        {"result": {"category": "资费争议", "n": 3, "parts": [{"x": "热线"}], "limit": {"$duration": "P2D"}}},
        "“受理投诉”按决策表得出：资费争议、热线",
        "“Accept” gave, by its table: Billing dispute, hotline",
    ),
    (
        "decision_evaluated",
        ("complaint", "accept"),
        {"result": {"$months": "P3Y"}},
        "“受理投诉”按决策表得出：3 年",
        "“Accept” gave, by its table: 3 years",
    ),
    (
        "decision_evaluated",
        ("complaint", "accept"),
        {"result": {"triage": "PT4H", "reply": "P7D"}},
        "“受理投诉”按决策表判定",
        "“Accept” was decided by its table",
    ),
    (
        "decision_evaluated",
        ("complaint", "accept"),
        {"result": {str(n): "须" for n in range(6)}},
        "“受理投诉”按决策表判定",
        "“Accept” was decided by its table",
    ),
    ("decision_evaluated", ("complaint", "accept"), {}, "“受理投诉”按决策表判定", "“Accept” was decided by its table"),
    (
        "letter_sent",
        ("complaint", "reply"),
        {"letter": "final_reply", "to": "complainant", "subject": "投诉答复"},
        "向投诉人发出“投诉答复”",
        "Sent the letter “final reply” to the complainant",
    ),
    (
        "letter_sent",
        REVIEW,
        {"letter": "reminder", "to": "审核组", "subject": "催办", "element": "triage"},
        "向审核组发出“催办”，催办“初步判断”",
        "Sent the letter “reminder” to Review, about “Triage”",
    ),
    (
        "timer_fired",
        (None, "review_overdue"),
        {"due_at": AT, "late_seconds": 0.2},
        "“审核处理结果”的定时“到期”到时（2026年3月2日 周一 09:00）",
        "The timer “due” of “Review the result” was due (Mon 2 Mar 2026 09:00)",
    ),
    (
        "timer_fired",
        (None, "gone"),
        {"due_at": AT},
        "定时“gone”到时（2026年3月2日 周一 09:00）",
        "The timer “gone” was due (Mon 2 Mar 2026 09:00)",
    ),
    ("message_received", (None, "withdrawal_received"), {"message": "withdraw"}, "收到“撤诉”", "Received “withdrawal”"),
    (
        "archived",
        ("complaint", "closed"),
        {"archive_number": "DA-1", "retain_until": AT},
        "归档，档案号 DA-1，保管至 2026年3月2日 周一 09:00",
        "Archived as DA-1, kept until Mon 2 Mar 2026 09:00",
    ),
    ("escalated", ("complaint", "accept"), {}, "升级督办", "Escalated"),
    ("suggestion_recorded", ("complaint", "accept"), {"text": "x"}, "记录一条建议", "A suggestion was recorded"),
    (
        "suggestion_recorded",
        ("complaint", "accept"),
        {"department": "网络部", "text": "x"},
        "记录一条建议，转网络部研究",
        "A suggestion was recorded and passed to Network",
    ),
    ("cancel_requested", (None, None), {}, "决定取消流程", "Decided to cancel the process"),
    ("instance_completed", ("complaint", "closed"), {}, "流程结束：投诉办结", "The process ended: Closed"),
    ("instance_completed", ("complaint", None), {}, "流程结束", "The process ended"),
    ("instance_cancelled", ("complaint", None), {}, "流程已取消", "The process was cancelled"),
    (
        "legal_hold_changed",
        (None, None),
        {"archive_number": "DA-1", "on": True},
        "档案 DA-1 设为保全，期满不销毁",
        "Archive record DA-1 placed under legal hold",
    ),
    (
        "legal_hold_changed",
        (None, None),
        {"archive_number": "DA-1", "on": False},
        "解除档案 DA-1 的保全",
        "Legal hold on archive record DA-1 lifted",
    ),
    (
        "personal_data_erased",
        (None, None),
        {"fields": ["contact"], "files": 2, "letters": 3},
        "抹除个人信息：联系资料、2 个附件、3 封信函的内容",
        "Personal data erased: contact details, 2 files, the text of 3 letters",
    ),
    ("something_new", TRIAGE, {}, "“初步判断”有一项变动", "Something about “Triage” changed"),
    ("something_new", (None, None), {}, "流程有一项变动", "Something in the process changed"),
]


def event(kind: str, where: tuple[str | None, str | None], payload: dict[str, Any], **more: Any) -> HistoryEvent:
    process, element = where
    return HistoryEvent(type=kind, process_id=process, element_id=element, payload=payload or None, **more)


@pytest.mark.parametrize(("kind", "where", "payload", "zh", "en"), TOLD)
def test_words(office: Any, kind: str, where: Any, payload: Any, zh: str, en: str) -> None:
    pack = office.pack
    told = tell(event(kind, where, payload), pack.names, processes=pack.processes, people={"li.na": "李娜"}, zone=ZONE)
    assert (told.zh, told.en) == (zh, en)


def test_every_event_of_the_engine_has_its_words() -> None:
    engine = Path(__file__).parents[2] / "engine"
    written: set[str] = set()
    for file in engine.glob("*.py"):
        written |= set(re.findall(r'\bEvent\(\s*f?"(\w+)"', file.read_text(encoding="utf-8")))
    written -= {"element_", "instance_"}
    assert {"task_claimed", "timer_fired", "decision_evaluated"} <= written
    assert written <= {kind for kind, *_ in TOLD}


def test_without_the_diagrams_ids_stand_in() -> None:
    told = tell(event("element_completed", ("p", "check"), {}), Names())
    assert (told.zh, told.en) == ("“check”办完", "“check” finished")
    assert tell(event("due_changed", ("p", "check"), {"after": "soon"}), Names()).zh == "将“check”的到期时间定为 soon"


def test_on_behalf_of_a_colleague(office: Any) -> None:
    teller = Teller(office.pack.names, office.pack.processes, {"wang": "王强"}, ZONE)
    told = teller.tell(event("task_completed", TRIAGE, {}, on_behalf_of="wang"))
    assert (told.zh, told.en) == ("代王强完成“初步判断”", "Completed “Triage” on behalf of 王强")


def test_rows_leave_out_what_another_row_says(office: Any) -> None:
    li = office.user("li.na", "李娜", "受理组")
    office.user("wang", "王强", "受理组")
    office.complaint("TS-1")
    office.step(
        "i-TS-1",
        Event("complaint_filed", "complaint", payload={"channel": "热线"}),
        Event("instance_started", "complaint", payload={"variables": {}}),
        Event("element_completed", "complaint", "received", "1"),
        Event("element_entered", "acceptance", "triage", "2"),
        flows=("complaint#received_to_accept",),
    )
    office.clock.advance(office.now(hours=1) - office.now())
    office.history("i-TS-1", li, Event("task_completed", *TRIAGE, "2", payload={"values": {}}, on_behalf_of="wang"))
    office.step(
        "i-TS-1",
        Event(
            "letter_sent",
            "complaint",
            "reply",
            "5",
            payload={"letter": "reply", "to": "complainant", "subject": "答复"},
        ),
        Event("element_completed", *TRIAGE, "2"),
        Event("element_completed", "acceptance", "accepted", "3"),
        Event("element_entered", "complaint", "accept", "4"),
        Event("element_entered", "complaint", "accept", "4.1"),
        Event("element_completed", "complaint", "reply", "5"),
        Event("element_completed", "complaint", "closed", "6"),
        Event("instance_completed", "complaint", "closed"),
        flows=("acceptance#triage_to_accepted",),
        actor=SYSTEM,
    )
    with office.store.read() as session:
        events = session.scalars(select(HistoryEvent).order_by(HistoryEvent.seq)).all()
        with office.store.count_statements() as seen:
            rows = history_rows(session, events, office.pack.names, processes=office.pack.processes, zone=ZONE)
    assert seen.count == 1
    assert [row.text.zh for row in rows] == [
        "登记投诉，渠道：热线",
        "“初步判断”等待办理",
        "代王强完成“初步判断”",
        "到达“已受理”",
        "开始“受理投诉”",
        "向投诉人发出“答复”",
        "流程结束：投诉办结",
    ]
    done = rows[2]
    assert (done.actor, done.actor_name, done.on_behalf_of, done.element_id) == ("li.na", "李娜", "王强", "triage")
    assert done.element_name is not None
    assert done.element_name.en == "Triage"
    assert (rows[5].actor, rows[5].actor_name, rows[0].element_name) == ("system", None, None)
