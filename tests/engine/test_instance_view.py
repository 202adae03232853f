"""One instance as Operations shows it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.history import Event
from engine.instance_view import instance_detail
from engine.models import Incident, MessageSubscription, ProcessInstance, Timer
from engine.types import SYSTEM, ElementState, InstanceDetail


def detail(office: Any, statements: int = 9) -> InstanceDetail:
    with office.store.read() as session:
        instance = session.get_one(ProcessInstance, "i-TS-1")
        with office.store.count_statements() as seen:
            found = instance_detail(office.context, session, SYSTEM, instance)
        assert seen.count <= statements
        return found


@pytest.fixture
def running(office: Any) -> Any:
    """Accepted, and in review for the second time; the review is overdue."""
    office.user("li.na", "李娜", "受理组")
    office.complaint("TS-1", variables={"severity": "一般", "since": {"$date": "2026-03-02"}})
    done = {"state": "completed", "completed_by": "li.na", "completed_at": office.now(hours=1)}
    office.task("TS-1", "triage", "受理组", **done)
    office.task("TS-1", "review", "审核组", **done)
    office.task("TS-1", "decide", "审核组", **done)
    office.clock.advance(office.now(hours=5) - office.now())
    office.task("TS-1", "review", "审核组", due_at=office.now(hours=-1))
    office.step(
        "i-TS-1",
        Event("element_completed", "complaint", "received", "1"),
        Event("element_entered", "complaint", "accept", "2"),
        Event("element_completed", "acceptance", "accepted", "3"),
        Event("element_completed", "complaint", "accept", "2"),
        flows=("complaint#received_to_accept", "acceptance#accepting_to_triage", "acceptance#triage_to_accepted"),
    )
    loop = ("accept_to_review", "review_to_passed", "passed_to_decide", "decide_to_review")
    office.step("i-TS-1", flows=tuple(f"complaint#{f}" for f in loop))
    return office


def states(found: InstanceDetail) -> dict[str, ElementState]:
    return {e.element_id: e for e in found.elements}


def test_elements(running: Any) -> None:
    found = detail(running)
    elements = states(found)
    counts = {name: (e.entered, e.completed, e.active) for name, e in elements.items()}
    assert counts == {
        "received": (1, 1, 0),
        "accept": (1, 1, 0),
        "accepting": (1, 1, 0),
        "triage": (1, 1, 0),
        "accepted": (1, 1, 0),
        "review": (2, 1, 1),
        "passed": (1, 1, 0),
        "decide": (1, 1, 0),
    }
    review = elements["review"]
    assert (review.overdue, review.incident, review.performers, review.type) == (True, False, ("李娜",), "userTask")
    assert (review.first_at, review.last_at) == (running.now(hours=-5), running.now())
    assert review.name.en == "Review the result"


def test_the_rest(running: Any) -> None:
    found = detail(running)
    assert (found.business_key, found.version, found.state, found.process_id) == ("TS-1", 3, "active", "complaint")
    assert [(p, n.zh) for p, n, _ in found.diagrams] == [("complaint", "投诉办理"), ("acceptance", "受理")]
    assert found.flows["complaint"] == {
        "received_to_accept",
        "accept_to_review",
        "review_to_passed",
        "passed_to_decide",
        "decide_to_review",
    }
    assert found.variables == {"severity": "一般", "since": {"$date": "2026-03-02"}}
    assert [t.element_id for t in found.tasks] == ["review"]
    assert (found.timers, found.incidents) == ((), ())


def test_timers_say_why(running: Any) -> None:
    due = running.context.calendars["calendar"].add(running.now(), "P1D")
    explanation = due.explanation.to_dict() | {"clauses": ["L7"]}
    timer = Timer(
        instance_id="i-TS-1",
        task_id="t",
        element_id="review_overdue",
        due_at=due.at,
        run_at=due.at,
        explanation=explanation,
    )
    running.add(timer)
    ((element, name, text),) = detail(running).timers
    assert (element, name.zh, text.at) == ("review_overdue", "到期", due.at)
    assert text.text.zh == (
        "“审核处理结果”开始时计时。依据 L7（第七条）“一天内审核”。"
        "按自然日历（昼夜节假日都算）：从 2026年3月2日 周一 14:00 起算 1 天，到 2026年3月3日 周二 14:00。"
    )
    assert text.text.en.startswith("The clock started when “Review the result” began. Rule L7 “Review within one day”.")


def test_incidents_and_subprocesses(running: Any) -> None:
    running.add(
        Incident(
            instance_id="i-TS-1",
            pack="shop",
            element_id="reply",
            code="incident",
            message_zh="无法继续",
            message_en="stuck",
            created_at=running.now(),
        )
    )
    running.add(
        MessageSubscription(
            instance_id="i-TS-1", task_id="t", element_id="withdrawal_received", name="withdraw", correlation_key="TS-1"
        )
    )
    running.task("TS-1", "confirm_withdrawal", "受理组")
    found = detail(running)
    elements = states(found)
    assert (elements["reply"].incident, elements["reply"].entered) == (True, 0)
    assert [i["message"]["zh"] for i in found.incidents] == ["无法继续"]
    assert elements["withdrawal"].active == 1
    assert "withdrawal_received" not in elements
