"""What a complainant sees: steps, dates, letters; nothing internal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import Forbidden, NotFound
from engine.history import Event
from engine.models import Attachment, MessageSubscription
from engine.packs import load_pack, read_folder
from engine.reading import Reading
from engine.stages import Stages
from engine.types import Actor

CUSTOMER = Actor(id=None, name="complainant", kind="complainant", number="TS-1")


@pytest.fixture
def public(office: Any) -> Reading:
    return Reading(office.context)


def steps(view: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["label"].zh, step["state"]) for step in view["steps"]]


def said(view: dict[str, Any]) -> list[str]:
    return [row["text"].zh for row in view["history"]]


def accept(office: Any) -> None:
    office.step(
        "i-TS-1",
        Event("complaint_filed", "complaint", payload={"channel": "热线"}),
        Event("element_completed", "complaint", "received", "1"),
        Event("element_entered", "complaint", "accept", "2"),
        Event("element_entered", "acceptance", "triage", "3"),
        actor=CUSTOMER,
    )


def test_a_complaint_on_its_way(office: Any, public: Reading) -> None:
    office.complaint("TS-1", stage="受理", promise_at=office.now(days=7), result="draft")
    office.task("TS-1", "triage", "受理组")
    accept(office)
    view = public.public_view(CUSTOMER)
    assert steps(view) == [("受理", "now"), ("审核", "next"), ("答复", "next"), ("办结", "next")]
    assert (view["number"], view["title"].en, view["state"]) == ("TS-1", "Sample office", "active")
    assert (view["next_date"], view["result"]) == (office.now(days=7), None)
    assert said(view) == ["我们收到了您的投诉"]


def test_a_step_that_may_be_left_out_shows_once_it_happens(office: Any, public: Reading) -> None:
    office.complaint("TS-1", stage="领导决定")
    accept(office)
    office.task("TS-1", "decide", "审核组")
    office.clock.advance(office.now(hours=1) - office.now())
    office.step("i-TS-1", Event("element_entered", "complaint", "review", "4"))
    office.clock.advance(office.now(hours=1) - office.now())
    office.step("i-TS-1", Event("element_entered", "complaint", "decide", "5"))
    view = public.public_view(CUSTOMER)
    assert steps(view) == [("受理", "done"), ("领导决定", "now"), ("审核", "next"), ("答复", "next"), ("办结", "next")]
    assert view["steps"][1]["at"] == office.now()


def test_a_withdrawal_promises_nothing_more(office: Any, public: Reading) -> None:
    office.complaint("TS-1", stage="撤诉")
    accept(office)
    office.task("TS-1", "confirm_withdrawal", "受理组")
    office.step(
        "i-TS-1",
        Event("message_received", None, "withdrawal_received", "9", payload={"message": "withdraw", "variables": {}}),
        Event("element_entered", "complaint", "confirm_withdrawal", "9"),
        actor=CUSTOMER,
    )
    view = public.public_view(CUSTOMER)
    assert steps(view) == [("受理", "done"), ("撤诉", "now")]
    assert said(view)[-1] == "我们收到您的“撤诉”"


def test_a_closed_complaint(office: Any, public: Reading) -> None:
    office.complaint(
        "TS-1",
        state="completed",
        stage="办结",
        result="已退费",
        replied_at=office.now(hours=1),
        closed_at=office.now(hours=2),
    )
    accept(office)
    for element in ("review", "reply", "closed"):
        office.step("i-TS-1", Event("element_completed", "complaint", element, element))
    letters = (("reply", "complainant", "关于投诉的答复"), ("overdue", "审核组", "催办"), ("note", "assignee", "内部"))
    office.step(
        "i-TS-1",
        *(
            Event("letter_sent", "complaint", "reply", "7", payload={"letter": n, "to": to, "subject": s})
            for n, to, s in letters
        ),
    )
    office.step(
        "i-TS-1", Event("task_assigned", "acceptance", "triage", "3", "他经验多", {"before": None, "after": "li.na"})
    )
    view = public.public_view(CUSTOMER)
    assert steps(view) == [("受理", "done"), ("审核", "done"), ("答复", "done"), ("办结", "done")]
    assert (view["result"], view["next_date"], view["messages"]) == ("已退费", None, [])
    assert said(view) == ["我们收到了您的投诉", "我们给您发出“关于投诉的答复”", "我们答复了您", "您的投诉已办结"]
    assert "li.na" not in str(view)
    assert "审核组" not in str(view)


def test_what_may_be_sent_and_what_was_sent(office: Any, public: Reading) -> None:
    office.complaint("TS-1")
    for name, key in (("withdraw", "TS-1"), ("survey", "TS-1"), ("internal", "TS-1"), ("add_information", "TS-2")):
        office.add(
            MessageSubscription(instance_id="i-TS-1", task_id="t", element_id=name, name=name, correlation_key=key)
        )
    files = {"content_type": "text/plain", "size": 1, "sha256": "0", "content": b"x", "added_at": office.now()}
    office.add(Attachment(id="a", number="TS-1", name="mine.txt", added_by=None, **files))
    office.add(Attachment(id="b", number="TS-1", name="internal.txt", added_by="li.na", **files))
    view = public.public_view(CUSTOMER)
    assert [(m["name"], m["label"].zh) for m in view["messages"]] == [("survey", "满意度问卷"), ("withdraw", "撤诉")]
    assert view["survey_open"] is True
    assert [f.name for f in view["attachments"]] == ["mine.txt"]


def test_only_complainants(office: Any, public: Reading) -> None:
    office.complaint("TS-1")
    with pytest.raises(Forbidden):
        public.public_view(office.user("chief", "主管", roles=("manager",)))
    with pytest.raises(NotFound):
        public.public_view(Actor(id=None, kind="complainant", number="TS-9"))


@pytest.mark.parametrize(
    ("process", "element", "ahead"),
    [
        ("acceptance", "triage", "转办 调查核实 解决方案 协商 反馈 审核 答复 回访 办结 归档"),
        ("acceptance", "answer_enquiry", "办结"),
        ("department_handling", "negotiate", "反馈 审核 答复 回访 办结 归档"),
        ("complaint", "analyse", "办结 归档"),
        ("complaint", "instruct", ""),
        ("archiving", "file_record", "办结"),
        ("withdrawal", "confirm_withdrawal", ""),
        ("nothing", "nothing", ""),
    ],
)
def test_the_way_ahead_is_read_off_the_diagram(process: str, element: str, ahead: str) -> None:
    folder = Path(__file__).parents[2] / "processes" / "telecom"
    stages = Stages(load_pack(read_folder(folder), "telecom"))
    assert stages.ahead(process, element) == ahead.split()
