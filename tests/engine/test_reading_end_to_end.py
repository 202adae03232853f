"""What the reading side shows of a complaint that really ran, in the telecom pack."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import SYSTEM, Actor, Engine
from engine.types import TaskDetail

TELECOM = Path(__file__).parents[2] / "processes" / "telecom"
INTAKE = {
    "channel": "热线",
    "kind": "投诉",
    "complainant": "林晓",
    "contact": "13900000001",
    "matter": "降档后仍按原价收费，网络也时断时续",
    "demand": "退还差额并修好网络",
}
TRIAGE = {
    "kind": "投诉",
    "matter_clear": "清楚",
    "category": "营销与套餐",
    "severity": "一般",
    "departments": ["市场部", "网络部"],
    "hard": False,
    "override_reason": "涉及两个部门",
}
TRANSFER = {
    "departments": ["市场部", "网络部"],
    "requirement": "查明原因并答复",
    "feedback_by": "2026-03-06",
    "hard": False,
}


@pytest.fixture
def engine(office: Any) -> Engine:
    engine = Engine(office.context)
    engine.deployments.deploy(SYSTEM, TELECOM)
    return engine


def complete(engine: Engine, element: str, values: dict[str, Any]) -> TaskDetail:
    """Complete the first open task of ``element`` by a member of its group; the task page as it was before."""
    row = next(r for r in engine.tasks.list(SYSTEM, view="all", element=element).items)
    member = Actor(id="li.na", name="李娜", groups=frozenset(row.groups))
    page = engine.tasks.get(member, row.id)
    assert page.may_complete
    engine.tasks.complete(member, row.id, values)
    return page


def test_a_complaint_of_two_departments(engine: Engine, office: Any) -> None:
    office.user("li.na", "李娜")
    started = engine.complaints.file(SYSTEM, "telecom", INTAKE)
    customer = engine.complaints.track(started.number, started.access_code)
    page = complete(engine, "triage", TRIAGE)
    assert page.due is not None
    assert "T13" in page.due.text.zh
    assert "2 个工作小时" in page.due.text.zh
    assert "contact" not in page.variables
    office.clock.advance(timedelta(hours=1))
    complete(engine, "transfer", TRANSFER)
    complete(engine, "coordinate", {"lead_department": "市场部", "coordination": "市场部核查收费，网络部测速"})

    investigating = engine.tasks.list(SYSTEM, view="all").items
    assert sorted(r.groups[0] for r in investigating) == ["telecom/市场部", "telecom/网络部"]
    detail = engine.instances.get(SYSTEM, started.instance_id)
    active = {e.element_id: e.active for e in detail.elements if e.active}
    assert active == {"handle": 2, "investigate": 2}
    performers = {e.element_id: e.performers for e in detail.elements if e.performers}
    assert performers == dict.fromkeys(("triage", "transfer", "coordinate"), ("李娜",))
    assert "accept_to_is_complaint" in detail.flows["complaint"]
    assert [p for p, *_ in detail.diagrams] == ["complaint", "acceptance", "department_handling"]
    remind = next(text for element, _, text in detail.timers if element == "investigate_overdue")
    assert remind.text.zh.startswith("“调查核实”开始时计时。")

    told = [row.text.zh for row in engine.complaints.history(SYSTEM, started.number)]
    assert told[:2] == ["登记投诉，渠道：热线", "开始“受理投诉”"]
    assert told.count("开始“责任部门办理”") == 1
    assert "完成“转办责任部门”" in told

    view = engine.complaints.public_view(customer)
    assert [(s["label"].zh, s["state"]) for s in view["steps"][:4]] == [
        ("受理", "done"),
        ("转办", "done"),
        ("调查核实", "now"),
        ("解决方案", "next"),
    ]
    assert view["next_date"] == datetime.fromisoformat("2026-03-11T09:00:00+08:00")
    assert {m["name"] for m in view["messages"]} == {"withdraw", "customer_contact", "add_information"}
    assert view["survey_open"] is False
    assert "李娜" not in str(view)

    row = engine.complaints.search(SYSTEM, "0001")[0]
    assert (row.number, row.complainant, row.open_tasks[0].en) == (started.number, "林*", "Investigate")
    departments = {r["key"]: r["open"] for r in engine.complaints.figures(SYSTEM)["by_department"]}
    assert departments == {"市场部": 1}


def test_what_is_late_and_withdrawn(engine: Engine, office: Any) -> None:
    started = engine.complaints.file(SYSTEM, "telecom", INTAKE)
    customer = engine.complaints.track(started.number, started.access_code)
    member = Actor(id="li.na", groups=frozenset({"telecom/投诉室受理"}))
    office.clock.advance(timedelta(hours=6))
    assert engine.tasks.counts(member)["overdue"] == 1
    assert [r.number for r in engine.complaints.list(SYSTEM, overdue=True).items] == [started.number]
    for _ in range(5):
        engine.timers.sweep()
    told = [row.text.zh for row in engine.complaints.history(member, started.number)]
    assert any(text.startswith("“初步判断并登记”的定时“到期”到时（2026年3月2日 周一 11:00）") for text in told)
    assert any("催办“初步判断并登记”" in text for text in told)
    assert engine.tasks.list(member, view="groups").items[0].reminders > 0

    engine.messages.correlate(customer, "withdraw", started.number, {"reason": "已自行解决"})
    view = engine.complaints.public_view(customer)
    assert [(s["label"].zh, s["state"]) for s in view["steps"]] == [("受理", "done"), ("撤诉", "now")]
    assert view["history"][-1]["text"].en == "We received from you: Withdraw"
