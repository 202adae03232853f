"""Completing a user task: one transaction, few statements, nothing half done."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event, select

from engine import history
from engine.errors import ExcludedPerformer, ExecutionError, Forbidden, FormInvalid, TaskClaimed, TaskClosed
from engine.models import Complaint, HistoryEvent, Incident, Outbox, ProcessInstance, Timer, UserTask
from engine.scenarios import member
from engine.types import Upload
from tests.office import TRIAGE, Office, manager

INTAKE_STAFF = member("telecom", "投诉室受理")


def everything(telecom: Office, instance_id: str) -> tuple[Any, ...]:
    """What must not change when a step is refused."""
    with telecom.store.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        tasks = sorted((t.id, t.state) for t in session.scalars(select(UserTask)))
        timers = sorted(t.task_id for t in session.scalars(select(Timer)))
        counts = [len(session.scalars(select(m)).all()) for m in (HistoryEvent, Outbox)]
        return instance.revision, instance.data, tasks, timers, counts


def test_one_completion_is_one_commit_and_at_most_twelve_statements(telecom: Office) -> None:
    walk = [
        ("triage", TRIAGE),
        (
            "transfer",
            {"departments": ["市场部"], "requirement": "查明原因", "feedback_by": "2026-03-06", "hard": False},
        ),
        ("investigate", {"means": ["查阅资料"], "findings": "属实", "root_cause": "计费规则未同步"}),
        ("propose", {"solution": "退还差额", "solution_steps": "今日更正"}),
        ("negotiate", {"explained": True, "customer_opinion": "接受", "agreement": "认可"}),
        ("report_result", {"handling_process": "核对", "handling_result": "已退还", "customer_view": "满意"}),
        ("review", {"review_result": "通过", "result": "已退还", "problem_solved": "是", "systemic": False}),
        ("reply", {"reply_method": "电话", "reply_text": "已处理，感谢您的监督"}),
        ("callback", {"callback_method": "电话", "satisfaction": "满意", "attitude": "满意", "opinion": "及时"}),
    ]
    started = telecom.file()
    for element_id, values in walk:
        task = telecom.task(started.instance_id, element_id)
        actor = next(a for a in telecom.members(task) if a.id not in (task.excluded or {}))
        with telecom.store.count_statements() as seen:
            telecom.engine.tasks.complete(actor, task.id, values)
        assert seen.commits == 1, element_id
        assert seen.count <= 12, (element_id, seen.statements)


def test_a_sweep_with_nothing_due_is_one_query_however_many_complaints_are_open(telecom: Office) -> None:
    for _ in range(2):
        for _ in range(5):
            telecom.file()
        with telecom.store.count_statements() as seen:
            assert telecom.engine.timers.sweep() == 0
        assert seen.count == 1
        assert seen.commits == 0


def test_the_query_of_the_sweep_uses_an_index(telecom: Office) -> None:
    if not telecom.store.sqlite:
        pytest.skip("the planner of PostgreSQL reads a small table directly; the index is the same")
    with telecom.store.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM timer WHERE run_at <= '2026' ORDER BY run_at, id LIMIT 200"
        )
        assert "USING" in " ".join(str(row) for row in plan)


def test_a_refused_form_changes_nothing_and_names_the_fields(telecom: Office) -> None:
    started = telecom.file()
    task, before = telecom.task(started.instance_id, "triage"), everything(telecom, started.instance_id)
    with pytest.raises(FormInvalid) as caught:
        telecom.engine.tasks.complete(INTAKE_STAFF, task.id, {**TRIAGE, "category": "捏造的类别"}, language="zh")
    assert "category" in caught.value.params["errors"]
    assert everything(telecom, started.instance_id) == before


def test_a_missing_required_field_is_refused_in_english_too(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    with pytest.raises(FormInvalid) as caught:
        telecom.engine.tasks.complete(INTAKE_STAFF, task.id, {**TRIAGE, "category": ""}, language="en")
    text = " ".join(m for messages in caught.value.params["errors"].values() for m in messages)
    assert not any("\u4e00" <= c <= "\u9fff" for c in text)


def test_the_second_of_two_people_is_told_at_once(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    telecom.engine.tasks.complete(INTAKE_STAFF, task.id, TRIAGE)
    before = everything(telecom, started.instance_id)
    with pytest.raises(TaskClosed):
        telecom.engine.tasks.complete(member("telecom", "投诉室受理", 2), task.id, TRIAGE)
    assert everything(telecom, started.instance_id) == before


def test_of_two_at_the_same_moment_exactly_one_wins(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    gate, results = threading.Barrier(2), []

    def press(number: int) -> None:
        gate.wait()
        try:
            telecom.engine.tasks.complete(member("telecom", "投诉室受理", number), task.id, TRIAGE)
            results.append("won")
        except TaskClosed:
            results.append("lost")

    threads = [threading.Thread(target=press, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["lost", "won"]
    assert [t.element_id for t in telecom.open_tasks(started.instance_id)] == ["transfer"]


def test_a_task_of_another_group_is_refused(telecom: Office) -> None:
    started = telecom.file()
    task, before = telecom.task(started.instance_id, "triage"), everything(telecom, started.instance_id)
    with pytest.raises(Forbidden):
        telecom.engine.tasks.complete(member("telecom", "网络部"), task.id, TRIAGE)
    assert everything(telecom, started.instance_id) == before


def test_a_task_claimed_by_a_colleague_is_refused(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    telecom.engine.tasks.claim(INTAKE_STAFF, task.id)
    with pytest.raises(TaskClaimed):
        telecom.engine.tasks.complete(member("telecom", "投诉室受理", 2), task.id, TRIAGE)
    with pytest.raises(TaskClaimed):
        telecom.engine.tasks.claim(member("telecom", "投诉室受理", 2), task.id)


def test_claim_give_back_and_hand_over_are_in_the_history(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    tasks = telecom.engine.tasks
    tasks.claim(INTAKE_STAFF, task.id)
    tasks.unclaim(INTAKE_STAFF, task.id)
    assert telecom.task(started.instance_id, "triage").assignee is None
    with telecom.store.read() as session:
        types = list(session.scalars(select(HistoryEvent.type).where(HistoryEvent.instance_id == started.instance_id)))
        assert not history.verify(session)
    assert types[-2:] == ["task_claimed", "task_unclaimed"]


def test_reassigning_needs_a_manager_and_a_reason(telecom: Office) -> None:
    started = telecom.file()
    task = telecom.task(started.instance_id, "triage")
    telecom.engine.users.create(office_system(), "second.person", "第二人", None, ["telecom/投诉室受理"])
    with pytest.raises(Forbidden):
        telecom.engine.tasks.assign(INTAKE_STAFF, task.id, "second.person", "忙")
    with pytest.raises(Exception, match="reason"):
        telecom.engine.tasks.assign(manager(), task.id, "second.person", " ")
    telecom.engine.tasks.assign(manager(), task.id, "second.person", "负荷均衡")
    assert telecom.task(started.instance_id, "triage").assignee == "second.person"


def office_system() -> Any:
    from engine import SYSTEM

    return SYSTEM


def test_the_handler_of_a_round_may_not_do_the_next_one(telecom: Office) -> None:
    started = telecom.file()
    with telecom.store.write() as session:
        task = session.scalars(select(UserTask).where(UserTask.instance_id == started.instance_id)).one()
        task.excluded = {INTAKE_STAFF.id: "triage"}
    with pytest.raises(ExcludedPerformer):
        telecom.engine.tasks.complete(INTAKE_STAFF, task.id, TRIAGE)


def test_a_fault_of_the_diagram_rolls_back_keeps_the_task_and_records_an_incident(
    telecom: Office, tmp_path: Any
) -> None:
    files = dict(telecom.engine.deployments.parsed(telecom.engine.deployments.pack("telecom").deployment_id).files)
    broken = files["acceptance.bpmn"].decode().replace(">=clear<", ">=nowhere_set &gt; 3<")
    assert broken.encode() != files["acceptance.bpmn"]
    telecom.engine.deployments.deploy_files(
        office_system(), files | {"acceptance.bpmn": broken.encode()}, name="telecom"
    )
    started = telecom.file()
    task, before = telecom.task(started.instance_id, "triage"), everything(telecom, started.instance_id)
    with pytest.raises(ExecutionError) as caught:
        telecom.engine.tasks.complete(INTAKE_STAFF, task.id, TRIAGE)
    assert "nowhere_set" in caught.value.text("zh")
    assert everything(telecom, started.instance_id) == before
    with telecom.store.read() as session:
        incident = session.scalars(select(Incident)).one()
    assert "nowhere_set" in incident.message_zh
    assert incident.instance_id == started.instance_id


def test_a_forbidden_file_refuses_the_whole_step(telecom: Office) -> None:
    started = telecom.file()
    task, before = telecom.task(started.instance_id, "triage"), everything(telecom, started.instance_id)
    upload = Upload("evidence", "photo.jpg", "image/jpeg", b"MZ\x90\x00 not a picture")
    with pytest.raises(Exception, match="accepted"):
        telecom.engine.tasks.complete(INTAKE_STAFF, task.id, TRIAGE, [upload])
    assert everything(telecom, started.instance_id) == before


def test_if_the_last_write_fails_nothing_remains(telecom: Office) -> None:
    started = telecom.file()
    task, before = telecom.task(started.instance_id, "triage"), everything(telecom, started.instance_id)

    def fail(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE complaint"):
            raise RuntimeError("disk full")

    event.listen(telecom.store.engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(RuntimeError):
            telecom.engine.tasks.complete(INTAKE_STAFF, task.id, TRIAGE)
    finally:
        event.remove(telecom.store.engine, "before_cursor_execute", fail)
    assert everything(telecom, started.instance_id) == before


def test_personal_data_is_neither_in_the_state_nor_in_the_history(telecom: Office) -> None:
    started = telecom.file(complainant="欧阳不平凡", contact="13987654321")
    with telecom.store.read() as session:
        complaint = session.get_one(Complaint, started.number)
        rows = [str(e.payload) for e in session.scalars(select(HistoryEvent))]
        letters = [(o.subject, o.body) for o in session.scalars(select(Outbox))]
    assert "欧阳".encode() not in (complaint.complainant or b"")
    assert not any("欧阳" in row or "13987654321" in row for row in rows)
    assert not any("欧阳" in subject for subject, _ in letters)
    with telecom.store.read() as session:
        from engine.runtime import state

        instance = session.get_one(ProcessInstance, started.instance_id)
        assert "13987654321" not in str(state.all_variables(instance.data))


def test_a_changed_event_is_found(telecom: Office) -> None:
    telecom.file()
    with telecom.store.write() as session:
        assert not history.verify(session)
        event_row = session.scalars(select(HistoryEvent).order_by(HistoryEvent.id.desc())).first()
        assert event_row is not None
        event_row.reason = "nothing happened"
    with telecom.store.read() as session:
        assert [b.problem for b in history.verify(session)] == ["changed"]
    with telecom.store.write() as session:
        session.delete(session.get_one(HistoryEvent, event_row.id))
    with telecom.store.read() as session:
        assert [b.problem for b in history.verify(session)] == ["tail"]
