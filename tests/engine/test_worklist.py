"""The worklist: views, order, filters, rights, and what a task page gets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.errors import BadRequest, Forbidden, NotFound
from engine.types import Actor
from engine.worklist import VIEWS, Worklist

DAY = timedelta(days=1)


@pytest.fixture
def worklist(office: Any) -> Worklist:
    return Worklist(office.context)


@pytest.fixture
def li(office: Any) -> Actor:
    return office.user("li.na", "李娜", "受理组")


def ids(page: Any) -> list[str]:
    return [row.id for row in page.items]


def test_views_hold_what_they_say(office: Any, worklist: Worklist, li: Actor) -> None:
    office.user("wang", "王强", "受理组")
    office.complaint("TS-1", escalated_at=office.now())
    office.complaint("TS-2")
    mine = office.task("TS-1", "triage", "受理组", assignee="li.na", due_at=office.now(hours=3))
    free = office.task("TS-2", "triage", "受理组", due_at=office.now(hours=-1))
    office.task("TS-1", "triage", "受理组", excluded={"li.na": "triage"}, due_at=office.now(hours=1))
    aside = office.task("TS-2", "triage", "受理组", follow_up_at=office.now(days=2))
    theirs = office.task("TS-1", "triage", "受理组", assignee="wang", due_at=office.now(hours=-2))
    office.task("TS-2", "reply", "审核组")
    office.task("TS-2", "triage", "受理组", state="completed", assignee="li.na")
    expected = {
        "mine": [mine],
        "groups": [free],
        "due_today": [mine],
        "overdue": [free],
        "escalated": [mine],
        "follow_up": [aside],
    }
    for view, wanted in expected.items():
        assert ids(worklist.list(li, view=view)) == wanted, view
    everything = worklist.list(li, view="all")
    assert theirs in ids(everything)
    assert everything.total == 5
    counts = worklist.counts(li)
    assert counts == {view: worklist.list(li, view=view).total for view in VIEWS}
    office.clock.advance(2 * DAY)
    assert ids(worklist.list(li, view="follow_up")) == []
    assert aside in ids(worklist.list(li, view="groups"))


def test_a_manager_watches_all_deadlines_of_the_pack(office: Any, worklist: Worklist) -> None:
    chief = office.user("chief", "主管", roles=("manager",))
    office.complaint("TS-1")
    late = office.task("TS-1", "triage", "受理组", due_at=office.now(hours=-1))
    assert ids(worklist.list(chief, view="overdue")) == [late]
    assert worklist.list(chief, view="groups").total == 0
    stranger = office.user("zhao", "赵", "网络部")
    assert set(worklist.counts(stranger).values()) == {0}


def test_the_day_ends_at_midnight_of_the_organisation(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1")
    office.clock.set(office.now(hours=13))  # 22:00 in Shanghai
    today = office.task("TS-1", "triage", "受理组", due_at=office.now(hours=1, minutes=59))
    office.task("TS-1", "triage", "受理组", due_at=office.now(hours=2))
    assert ids(worklist.list(li, view="due_today")) == [today]


def test_most_urgent_first(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1")
    group = ("TS-1", "triage", "受理组")
    none = office.task(*group)
    later = office.task(*group, due_at=office.now(days=1))
    late = office.task(*group, due_at=office.now(hours=-5))
    high = office.task(*group, due_at=office.now(hours=2), priority=80)
    low = office.task(*group, due_at=office.now(hours=2), created_at=office.now(hours=-9))
    assert ids(worklist.list(li, view="groups")) == [late, high, low, later, none]
    second = worklist.list(li, view="groups", page=2, size=2)
    assert (ids(second), second.total, second.pages) == ([low, later], 5, 3)
    assert ids(worklist.list(li, view="groups", page=9, size=2)) == []


def test_a_page_is_three_statements_and_the_counts_one(office: Any, worklist: Worklist, li: Actor) -> None:
    for n in range(30):
        office.complaint(f"TS-{n}")
        office.task(f"TS-{n}", "triage", "受理组", "网络部")
    with office.store.count_statements() as seen:
        page = worklist.list(li, view="groups", size=30)
    assert len(page.items) == 30
    assert (seen.count, seen.commits) == (3, 0)
    with office.store.count_statements() as seen:
        assert worklist.counts(li)["groups"] == 30
    assert seen.count == 1


def test_a_row_tells_everything_at_a_glance(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-2026-00001", escalated_at=office.now(), matter="多扣 30% 话费")
    office.task(
        "TS-2026-00001", "triage", "受理组", "网络部", assignee="li.na", draft={"category": "x"}, draft_by="li.na"
    )
    office.task("TS-2026-00001", "review", "受理组")
    row = worklist.list(li, view="mine").items[0]
    assert (row.name.zh, row.name.en) == ("初步判断", "Triage")
    assert (row.number, row.matter, row.escalated, row.department) == ("TS-2026-00001", "多扣 30% 话费", True, "网络部")
    assert (row.assignee, row.assignee_name, row.has_draft) == ("li.na", "李娜", True)
    assert row.groups == ("shop/受理组", "shop/网络部")
    assert row.calendar == "working"
    assert worklist.list(li, view="groups").items[0].calendar == "calendar"


def test_filters(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1", matter="宽带 100% 断线", department="网络部、客服部")
    office.complaint("TS-2", matter="话费有误", department="市场部", phone="13987654321")
    one = office.task("TS-1", "triage", "受理组")
    two = office.task("TS-2", "review", "受理组")

    def found(**filters: Any) -> list[str]:
        return ids(worklist.list(li, view="groups", **filters))

    assert found(pack="shop") == [one, two]
    assert found(pack="bank") == []
    assert found(element="review") == [two]
    assert found(department="客服部") == [one]
    assert found(department="客服") == []
    assert found(q="ts-2") == [two]
    assert found(q="100%") == [one]
    assert found(q="%") == [one]
    assert found(q="139 8765 4321") == [two]
    assert found(q="审核") == [two]
    assert worklist.counts(li, "bank")["groups"] == 0
    with pytest.raises(BadRequest):
        worklist.list(li, view="yours")


def test_a_substitute_finds_the_tasks_of_the_absent(office: Any, worklist: Worklist) -> None:
    office.user("wang", "王强", "受理组")
    deputy = office.user("li.na", "李娜", substitutes_for={"wang": "王强"})
    office.complaint("TS-1")
    task = office.task("TS-1", "triage", "受理组", assignee="wang")
    assert ids(worklist.list(deputy, view="mine")) == [task]
    detail = worklist.get(deputy, task)
    assert (detail.may_claim, detail.may_complete, detail.may_assign) == (False, True, False)


def test_what_a_person_may_do(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1")
    office.user("wang", "王强", "受理组")
    chief = office.user("chief", "主管", roles=("manager",))
    auditor = office.user("audit", "审计", roles=("auditor",))
    free = office.task("TS-1", "triage", "受理组")
    theirs = office.task("TS-1", "triage", "受理组", assignee="wang")
    barred = office.task("TS-1", "triage", "受理组", excluded={"li.na": "triage"})
    done = office.task("TS-1", "triage", "受理组", state="completed", assignee="li.na", completed_by="li.na")

    def may(actor: Actor, task: str) -> tuple[bool, bool, bool]:
        detail = worklist.get(actor, task)
        return detail.may_claim, detail.may_complete, detail.may_assign

    assert may(li, free) == (True, True, False)
    assert may(li, theirs) == (False, False, False)
    assert may(li, barred) == (False, False, False)
    assert may(li, done) == (False, False, False)
    assert may(chief, theirs) == (False, False, True)
    assert may(auditor, free) == (False, False, False)
    with pytest.raises(Forbidden):
        worklist.get(office.user("zhao", "赵", "网络部"), free)
    with pytest.raises(NotFound):
        worklist.get(li, "nothing")


def test_the_task_page(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1", variables={"severity": "一般", "rounds": 1})
    due = office.context.calendars["working"].add(office.now(), "P2D")
    explanation = due.explanation.to_dict() | {"clauses": ["L5", "L6"]}
    task = office.task("TS-1", "triage", "受理组", due_at=due.at, due_explanation=explanation)
    detail = worklist.get(li, task)
    assert detail.variables == {"severity": "一般", "rounds": 1}
    assert detail.form is office.pack.forms["triage"]
    assert (detail.state, detail.clauses, detail.process_id) == ("open", ("L5", "L6"), "acceptance")
    assert detail.due is not None
    assert detail.due.at == due.at
    assert detail.due.text.zh == (
        "任务“初步判断”产生时开始计时。依据 L5（第五条）“两个工作日内完成初步判断”。"
        "按工作日历（只算工作时间）：从 2026年3月2日 周一 09:00 起算 2 个工作日，到 2026年3月4日 周三 09:00。"
    )
    assert detail.due.text.en == (
        "The clock started when the task “Triage” was opened. Rule L5 “Triage within two working days”. "
        "Working calendar (only working hours count): 2 working days from Mon 2 Mar 2026 09:00 to Wed 4 Mar 2026 09:00."
    )


def test_a_due_date_set_by_hand_says_who_and_why(office: Any, worklist: Worklist, li: Actor) -> None:
    office.user("chief", "主管", roles=("manager",))
    office.complaint("TS-1")
    given = {"date": "=limits.triage", "clauses": [], "set_by": "chief", "reason": "客户外出"}
    task = office.task("TS-1", "triage", "受理组", due_at=office.now(days=1), due_explanation=given)
    due = worklist.get(li, task).due
    assert due is not None
    assert due.text.zh == "任务“初步判断”产生时开始计时。后由主管改为 2026年3月3日 周二 09:00，原因：客户外出。"
    assert due.text.en.endswith("Later changed by 主管 to Tue 3 Mar 2026 09:00; reason: 客户外出.")
    fixed = office.task(
        "TS-1", "triage", "受理组", due_at=office.now(days=1), due_explanation={"date": "=limits.triage"}
    )
    due = worklist.get(li, fixed).due
    assert due is not None
    assert "由流程给定（limits.triage）" in due.text.zh
    other = {"date": "2026-03-03", "clauses": ["L6", "L99"]}
    known = office.task("TS-1", "triage", "受理组", due_at=office.now(days=1), due_explanation=other)
    due = worklist.get(li, known).due
    assert due is not None
    assert "依据 L6（第六条）“登记来件”；L99。" in due.text.zh
    assert worklist.get(li, office.task("TS-1", "triage", "受理组")).due is None


def test_a_draft_is_unsealed_only_for_who_may_do_the_task(office: Any, worklist: Worklist, li: Actor) -> None:
    office.complaint("TS-1")
    chief = office.user("chief", "主管", roles=("manager",))
    draft = {"category": "资费", "contact": {"$sealed": office.vault.encrypt("13800001111").hex()}}
    task = office.task("TS-1", "triage", "受理组", draft=draft, draft_by="li.na")
    assert worklist.get(li, task).draft == {"category": "资费", "contact": "13800001111"}
    assert worklist.get(chief, task).draft == {"category": "资费"}
    assert worklist.get(li, office.task("TS-1", "triage", "受理组")).draft is None
