"""Processes that a timer, a message or a signal starts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor, history, load_config, open_engine
from engine.check import check
from engine.errors import (
    AlreadyFiled,
    AlreadyStarted,
    BadRequest,
    ExecutionError,
    Forbidden,
    FormInvalid,
    NoSubscription,
    PackInvalid,
)
from engine.messages import due_query
from engine.models import Complaint, HistoryEvent, Incident, StartSubscription
from engine.packs import load_pack
from engine.scenarios import run_scenario
from engine.scheduler import Scheduler
from engine.types import Correlated
from tests import small
from tests.office import Office
from tests.starting import ORDER, RECALL, ROOTS, begun, calendar, cycle, date, files, process, scheduled, start

STAFF = Actor(id="li.na", groups=frozenset({"small/前台"}))
STRANGER = Actor(id="mo", groups=frozenset({"bank/柜台"}))


def deploy(house: Office, *starts: str, **parts: Any) -> Any:
    return small.deploy(house, files(*starts, **parts))


def days(house: Office, process_id: str = "report") -> list[str]:
    """The local days on which occurrences were due."""
    dues = [scheduled(house, instance) for instance in begun(house, process_id)]
    return [d.strftime("%m-%d") for d in dues if d is not None]


def sweep(house: Office) -> int:
    """Everything that is due, as the scheduler does it."""
    total = 0
    while taken := house.engine.timers.sweep():
        total += taken
    return total


def open_starts(house: Office) -> list[tuple[str, str]]:
    with house.store.read() as session:
        rows = session.scalars(select(StartSubscription).order_by(StartSubscription.id))
        return [(r.element_id, r.kind) for r in rows]


def send(house: Office, key: str = "", actor: Actor = SYSTEM, name: str = "order", **variables: Any) -> Correlated:
    return house.engine.messages.correlate(actor, name, key, variables)


def refusals(*starts: str, **parts: Any) -> str:
    report = check(load_pack(files(*starts, **parts), "small"))
    found = [f for f in report.findings if f.severity == "error"]
    assert all(f.element for f in found)
    assert all(f.zh != f.en for f in found)
    return " | ".join(f.en for f in found)


# -- timers ------------------------------------------------------------------------------------------------------------


def test_a_cycle_starts_an_instance_at_each_occurrence_by_nobody(house: Office) -> None:
    deploy(house, start(cycle("R/P1D"), calendar("calendar")))
    assert begun(house) == []
    house.advance(hours=23, minutes=59)
    assert begun(house) == []
    house.advance(minutes=1)
    (instance,) = begun(house)
    assert (instance.started_by, instance.business_key, instance.state) == (None, None, "active")
    house.advance(days=2)
    assert days(house) == ["03-03", "03-04", "03-05"]


def test_the_history_and_the_page_say_what_started_it(house: Office) -> None:
    deploy(house, start(cycle("R/P1D"), calendar("calendar")))
    house.clock.advance(timedelta(days=1, seconds=90))
    sweep(house)
    (instance,) = begun(house)
    rows = house.engine.instances.history(SYSTEM, instance.id)
    (fired,) = [r for r in rows if r.type == "timer_fired"]
    assert (fired.actor, fired.element_id, fired.payload["late_seconds"]) == ("system", "begun", 90)
    assert fired.payload["due_at"] == "2026-03-03T01:00:00+00:00"
    assert "开始了" in fired.text.zh
    detail = house.engine.instances.get(SYSTEM, instance.id)
    assert {e.element_id for e in detail.elements} == {"begun", "write"}
    assert house.open_tasks(instance.id)[0].element_id == "write"
    with house.store.read() as session:
        assert not history.verify(session)


def test_a_counted_cycle_ends(house: Office) -> None:
    deploy(house, start(cycle("R3/PT1H"), calendar("calendar")))
    house.advance(days=1)
    assert len(begun(house)) == 3
    assert house.engine.timers.next_at() is None


def test_a_monthly_report_keeps_its_day_and_waits_for_the_next_working_day(house: Office) -> None:
    """5 April and 5 May 2026 are holidays; the cycle comes back to the fifth."""
    deploy(house, start(cycle("R/2026-03-05T09:00:00+08:00/P1M"), calendar("working")))
    house.advance(days=130)
    assert days(house) == ["03-05", "04-07", "05-06", "06-05", "07-06"]


def test_months_from_the_31st_end_on_the_last_day(house: Office) -> None:
    house.clock.set(datetime(2027, 12, 1, tzinfo=UTC))
    deploy(house, start(cycle("R/2027-12-31T09:00:00+08:00/P1M"), calendar("calendar")))
    house.clock.set(datetime(2028, 5, 1, tzinfo=UTC))
    sweep(house)
    assert days(house) == ["12-31", "01-31", "02-29", "03-31", "04-30"]


def test_a_single_date_starts_once_and_not_again_with_the_next_version(house: Office) -> None:
    begins = start(date("2026-03-04T09:00:00+08:00"))
    deploy(house, begins)
    house.advance(days=3)
    assert days(house) == ["03-04"]
    deploy(house, begins, note="remark")
    house.advance(days=3)
    assert days(house) == ["03-04"]


def test_a_date_in_the_past_is_due_at_once_and_a_cycle_keeps_its_rhythm(house: Office) -> None:
    deploy(
        house,
        start(date("2026-02-01T09:00:00+08:00")),
        start(cycle("R/2026-01-06T09:00:00+08:00/P7D"), calendar("calendar"), element="weekly"),
    )
    sweep(house)
    assert days(house) == ["02-01"]
    house.advance(days=2)
    assert days(house) == ["02-01", "03-03"]


def test_an_expression_is_evaluated_at_deployment_without_variables(house: Office) -> None:
    deploy(
        house,
        start(cycle('="R2/P" + "1D"'), calendar("calendar")),
        start(date('=now() + duration("PT3H")'), element="soon"),
    )
    house.advance(hours=3)
    assert [i.started_at - house.clock.now() for i in begun(house)] == [timedelta()]
    house.advance(days=5)
    assert len(begun(house)) == 3


def test_missed_reports_are_all_started_late_and_know_their_day(house: Office) -> None:
    deploy(house, start(cycle("R/2026-03-05T09:00:00+08:00/P1M"), calendar("calendar")))
    house.clock.set(datetime(2026, 6, 10, tzinfo=UTC))
    assert sweep(house) == 4
    assert days(house) == ["03-05", "04-05", "05-05", "06-05"]
    assert all(i.started_at == house.clock.now() for i in begun(house))
    house.advance(days=30)
    assert days(house)[-1] == "07-05"


def test_after_a_long_pause_the_last_twelve_are_started_and_the_history_counts_the_others(house: Office) -> None:
    deploy(house, start(cycle("R/PT1H"), calendar("calendar")))
    house.clock.advance(timedelta(days=10))
    assert sweep(house) == 12
    first, *_, last = begun(house)
    assert scheduled(house, first) == house.clock.now() - timedelta(hours=11)
    assert scheduled(house, last) == house.clock.now()
    (fired,) = [r for r in house.engine.instances.history(SYSTEM, first.id) if r.type == "timer_fired"]
    assert fired.payload["passed_over"] == 240 - 12
    assert "228" in fired.text.zh
    assert house.engine.timers.next_at() == house.clock.now() + timedelta(hours=1)


def test_occurrences_that_are_passed_over_count_for_a_counted_cycle(house: Office) -> None:
    deploy(house, start(cycle("R20/PT1H"), calendar("calendar")))
    house.clock.advance(timedelta(hours=18, minutes=1))
    assert sweep(house) == 12
    house.advance(days=1)
    assert len(begun(house)) == 14


def test_deploying_the_unchanged_pack_again_changes_nothing(house: Office) -> None:
    begins = start(cycle("R3/P1D"), calendar("calendar"))
    first = deploy(house, begins)
    house.advance(hours=36)
    assert deploy(house, begins).version == first.version
    house.advance(days=9)
    assert days(house) == ["03-03", "03-04", "03-05"]
    deploy(house, begins)
    house.advance(days=9)
    assert len(begun(house)) == 3


def test_a_new_version_starts_from_then_on_and_an_unchanged_cycle_keeps_its_rhythm(house: Office) -> None:
    begins = start(cycle("R3/P1D"), calendar("calendar"))
    deploy(house, begins)
    house.advance(hours=36)
    second = deploy(house, begins, note="remark")
    house.advance(days=5)
    assert days(house) == ["03-03", "03-04", "03-05"]
    assert [i.deployment_id == second.deployment_id for i in begun(house)] == [False, True, True]


@pytest.mark.parametrize("changed", [cycle("R/P2D"), cycle("R/P1D"), date("2026-03-05T21:00:00+08:00")])
def test_a_changed_timer_begins_anew(house: Office, changed: str) -> None:
    deploy(house, start(cycle("R/PT25H"), calendar("calendar")))
    house.advance(hours=36)
    deploy(house, start(changed, calendar("calendar")))
    (due,) = [house.engine.timers.next_at()]
    assert due is not None
    wait = {"R/P2D": 48, "R/P1D": 24}.get(
        changed.split("timeCycle>")[1].split("<")[0] if "Cycle" in changed else "", 48
    )
    assert due == house.clock.now() + timedelta(hours=wait)
    assert len(open_starts(house)) == 1


def test_another_calendar_is_another_timer(house: Office) -> None:
    deploy(house, start(cycle("R/P1D"), calendar("calendar")))
    house.clock.set(datetime(2026, 3, 6, 1, tzinfo=UTC))
    deploy(house, start(cycle("R/P1D"), calendar("working")))
    assert house.engine.timers.next_at() == datetime(2026, 3, 9, 1, tzinfo=UTC)


def test_what_a_version_does_not_have_any_more_is_closed(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")), start(ORDER, element="ordered"), start(RECALL, element="recalled"))
    assert open_starts(house) == [("begun", "timer"), ("ordered", "message"), ("recalled", "signal")]
    deploy(house, start("", element="by_hand"), start(ORDER, element="ordered"))
    assert open_starts(house) == [("ordered", "message")]
    small.deploy(house, small.files())
    assert open_starts(house) == []
    assert house.engine.timers.next_at() is None
    with pytest.raises(NoSubscription):
        send(house)


def test_a_process_that_is_not_executable_waits_for_nothing(house: Office) -> None:
    sketch = process(start(cycle("R/P1D"))).replace(b'isExecutable="true"', b'isExecutable="false"')
    small.deploy(house, files(start(cycle("R/P1D"))) | {"report.bpmn": sketch})
    assert open_starts(house) == []


def test_a_deployment_that_is_refused_leaves_the_subscriptions_alone(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")))
    with pytest.raises(PackInvalid):
        deploy(house, start(cycle("0 0 9 * * *")))
    assert open_starts(house) == [("begun", "timer")]


def test_an_expression_that_gives_no_time_when_it_is_deployed_is_refused_by_name(house: Office) -> None:
    begins = start(
        date('=if now() &lt; date and time("2026-03-02T02:00:00Z") then "2026-03-04T00:00:00Z" else "never"')
    )
    house.clock.set(datetime(2026, 4, 1, tzinfo=UTC))
    with pytest.raises(BadRequest, match=r"开始了.*never"):
        deploy(house, begins)
    assert open_starts(house) == []
    assert [p.name for p in house.engine.deployments.packs()] == []


def test_deploying_wakes_the_scheduler(house: Office) -> None:
    woken: list[datetime] = []
    house.engine.context.wake = woken.append
    deploy(house, start(cycle("R/P1D"), calendar("calendar")))
    assert woken == [house.clock.now() + timedelta(days=1)]
    small.deploy(house, small.files())
    assert len(woken) == 1


def test_the_scheduler_starts_what_was_due_while_nobody_ran(house: Office) -> None:
    deploy(house, start(cycle("R/P1D"), calendar("calendar")))
    house.clock.advance(timedelta(days=2))
    again = open_engine(house.engine.config, house.clock, house.store)

    class Planned:
        def add_job(self, *_: Any, **__: Any) -> None: ...

    scheduler = Scheduler(again.context, again.timers, again.outbox)
    scheduler._scheduler = Planned()  # type: ignore[assignment]
    scheduler._run()
    assert days(house) == ["03-03", "03-04"]


# -- the sweep ---------------------------------------------------------------------------------------------------------


def test_a_sweep_with_nothing_due_is_one_query_whatever_could_start(house: Office) -> None:
    for version in range(3):
        deploy(house, *(start(cycle(f"R/P{n}D"), element=f"every_{n}") for n in range(1, 9)), note=f"n{version}")
        with house.store.count_statements() as seen:
            assert house.engine.timers.sweep() == 0
        assert (seen.count, seen.commits) == (1, 0)
        with house.store.count_statements() as seen:
            assert house.engine.timers.next_at() is not None
        assert seen.count == 1


def test_both_parts_of_the_sweep_use_an_index(house: Office) -> None:
    if not house.store.sqlite:
        pytest.skip("the planner of PostgreSQL reads a small table directly; the index is the same")
    with house.store.read() as session:
        query = due_query(house.clock.now(), 200).compile(session.connection(), compile_kwargs={"literal_binds": True})
        plan = " ".join(str(row) for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert "ix_timer_run_at" in plan
    assert "ix_start_subscription_run_at" in plan
    assert "SCAN" not in plan


def test_several_nodes_start_an_occurrence_once(house: Office) -> None:
    deploy(house, *(start(cycle(f"R/PT{n}H"), calendar("calendar"), element=f"every_{n}") for n in (20, 21, 22, 23)))
    house.clock.advance(timedelta(hours=24))
    nodes = [open_engine(house.engine.config, house.clock, house.store) for _ in range(3)]
    _at_once(*[node.timers.sweep for node in nodes])
    sweep(house)
    assert len(begun(house)) == 4
    with house.store.read() as session:
        assert not session.scalars(select(Incident)).all()


def _at_once(*acts: Callable[[], Any]) -> None:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


# -- occurrences that fail ---------------------------------------------------------------------------------------------

FAILS = small.service("notify", letter='"greeting"', to="nobody_set")
WORKS = '<b:manualTask id="step" name="取数"/>'


def incidents(house: Office) -> list[Mapping[str, Any]]:
    return list(house.engine.incidents.list(SYSTEM))


def test_a_failing_occurrence_is_an_incident_and_the_cycle_goes_on(house: Office) -> None:
    fork = f'<b:exclusiveGateway id="step" default="step_write"/>{FAILS.replace("step", "fails")}'
    early = (
        '<b:sequenceFlow id="step_fails" sourceRef="step" targetRef="fails"><b:conditionExpression>=scheduled_at &lt; '
        'date and time("2026-03-04T00:00:00+08:00")</b:conditionExpression></b:sequenceFlow>'
    )
    deploy(house, start(cycle("R/P1D"), calendar("calendar")), step=fork + early + small.flow("fails", "write"))
    house.advance(days=3, hours=1)
    assert days(house) == ["03-04", "03-05"]
    (incident,) = incidents(house)
    assert (incident["pack"], incident["element_id"], incident["instance_id"]) == ("small", "fails", None)
    assert incident["count"] > 3
    with house.store.read() as session:
        assert not session.scalars(select(HistoryEvent).where(HistoryEvent.element_id == "fails")).all()


def test_the_next_version_tries_the_failed_occurrences_again(house: Office) -> None:
    begins = start(cycle("R/P1D"), calendar("calendar"))
    deploy(house, begins, step=FAILS)
    house.advance(days=3, hours=1)
    assert begun(house) == []
    deploy(house, begins, step=WORKS)
    sweep(house)
    assert days(house) == ["03-03", "03-04", "03-05"]
    house.advance(days=1)
    assert days(house)[-1] == "03-06"
    with house.store.read() as session:
        assert not session.scalars(select(StartSubscription).where(StartSubscription.failed)).all()


def test_a_failed_occurrence_backs_off_and_a_retry_runs_it_at_once(house: Office) -> None:
    deploy(house, start(cycle("R/P9D"), calendar("calendar")), step=FAILS)
    house.clock.advance(timedelta(days=9))
    waits = []
    for _ in range(4):
        house.engine.timers.sweep()
        (due,) = [house.engine.timers.next_at()]
        assert due is not None
        waits.append((due - house.clock.now()).total_seconds())
        house.clock.set(due)
    assert waits == [60, 300, 900, 3600]
    house.engine.timers.sweep()
    house.engine.incidents.retry(SYSTEM, incidents(house)[0]["id"])
    assert house.engine.timers.sweep() == 1
    assert incidents(house)[0]["count"] == 1


def test_failures_do_not_pile_up_and_block_nothing_else(house: Office) -> None:
    failing = process(start(cycle("R/PT1H"), calendar("calendar")), step=FAILS)
    sound = process(start(cycle("R/PT1H"), calendar("calendar")), process_id="other", task="look")
    given = files() | {"report.bpmn": failing, "other.bpmn": sound, "forms/look.form": small.form("look", "note")}
    small.deploy(house, given)
    house.advance(hours=20)
    assert len(begun(house, "other")) == 20
    with house.store.read() as session:
        failed = session.scalars(select(StartSubscription).where(StartSubscription.failed)).all()
    assert len(failed) == 12


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_message_starts_an_instance_with_its_variables_and_key(house: Office) -> None:
    deploy(house, start(ORDER, element="ordered"), start("", element="by_hand"))
    sent = send(house, "O-1", STAFF, order_id="O-1", amount=12)
    ((found,), (instance,)) = sent.started, begun(house)
    assert (sent.instances, found.instance_id, found.business_key, found.access_code) == (0, instance.id, "O-1", None)
    assert (instance.business_key, instance.started_by) == ("O-1", "li.na")
    assert house.engine.instances.variables(SYSTEM, instance.id) == {"order_id": "O-1", "amount": 12}
    (received,) = [r for r in house.engine.instances.history(SYSTEM, instance.id) if r.type == "message_received"]
    assert (received.element_id, received.actor) == ("ordered", "li.na")
    assert received.payload["message"] == "order"
    assert received.payload["variables"]["amount"] == 12


def test_output_mappings_choose_what_of_a_message_becomes_a_variable(house: Office) -> None:
    mapping = '<zeebe:ioMapping><zeebe:output source="=order.total * 2" target="double"/></zeebe:ioMapping>'
    deploy(house, start(ORDER, mapping))
    (found,) = send(house, order={"total": 4}, secret="x").started
    assert house.engine.instances.variables(SYSTEM, found.instance_id) == {"double": 8}


def test_personal_fields_of_a_message_are_not_kept(house: Office) -> None:
    deploy(house, start(ORDER))
    (found,) = send(house, complainant="王小明", amount=1).started
    assert house.engine.instances.variables(SYSTEM, found.instance_id) == {"amount": 1}
    assert "王小明" not in str([r.payload for r in house.engine.instances.history(SYSTEM, found.instance_id)])


PAID = (
    '<b:intermediateCatchEvent id="step" name="付款"><b:messageEventDefinition messageRef="m_paid"/>'
    "</b:intermediateCatchEvent>"
)


def test_an_instance_that_waits_takes_the_message_and_no_other_is_started(house: Office) -> None:
    deploy(house, start('<b:messageEventDefinition messageRef="m_paid"/>'), step=PAID)
    (first,) = send(house, "O-1", name="paid", order_id="O-1").started
    assert house.open_tasks(first.instance_id) == []
    again = send(house, "O-1", name="paid", total=3)
    assert (again.instances, again.started) == (1, ())
    assert [t.element_id for t in house.open_tasks(first.instance_id)] == ["write"]
    assert len(send(house, "O-2", name="paid", order_id="O-2").started) == 1


def test_one_that_waits_without_a_business_key_takes_it_too(house: Office) -> None:
    paid = '<b:messageEventDefinition messageRef="m_paid"/>'
    deploy(house, start(paid), start("", element="by_hand"), step=PAID)
    waits = house.engine.instances.start(SYSTEM, "small", "report", {"order_id": "O-1"})
    assert send(house, "O-1", name="paid").started == ()
    assert [t.element_id for t in house.open_tasks(waits)] == ["write"]


def test_of_one_process_one_waiting_instance_takes_a_message_and_every_process_gets_it(house: Office) -> None:
    """Camunda 8, "Message cardinality"."""
    other = process(start("", element="by_hand"), step=PAID, process_id="other", task="look")
    given = files(start("", element="by_hand"), step=PAID) | {
        "other.bpmn": other, "forms/look.form": small.form("look", "note")
    }  # fmt: skip
    small.deploy(house, given)
    ids = []
    for process_id in ("report", "report", "other"):
        ids.append(house.engine.instances.start(SYSTEM, "small", process_id, {"order_id": "O-1"}))
        house.clock.advance(timedelta(minutes=1))
    assert send(house, "O-1", name="paid").instances == 2
    assert [len(house.open_tasks(i)) for i in ids] == [1, 0, 1]
    assert send(house, "O-1", name="paid").instances == 1


def test_one_key_starts_one_running_instance_at_a_time(house: Office) -> None:
    """Camunda 8, "Message events": without a buffer the message is lost, and the sender is told."""
    deploy(house, start(ORDER))
    (first,) = send(house, "O-1").started
    with pytest.raises(AlreadyStarted) as caught:
        send(house, "O-1")
    assert "O-1" in caught.value.text("zh")
    assert "not kept" in caught.value.text("en")
    deploy(house, start(ORDER), note="remark")
    with pytest.raises(AlreadyStarted):
        send(house, "O-1")
    house.complete(first.instance_id, "write", {})
    assert len(send(house, "O-1").started) == 1


def test_an_empty_key_starts_as_often_as_it_is_sent(house: Office) -> None:
    deploy(house, start(ORDER), start("", element="by_hand"))
    house.engine.instances.start(SYSTEM, "small", "report", {}, "")
    assert [send(house).started[0].business_key for _ in range(2)] == [None, None]
    assert len(begun(house)) == 3


def test_of_two_messages_at_once_with_one_key_one_starts(house: Office) -> None:
    deploy(house, start(ORDER))
    results: list[str] = []

    def try_it() -> None:
        try:
            results.append("started" if send(house, "O-1").started else "taken")
        except AlreadyStarted:
            results.append("refused")

    _at_once(try_it, try_it, try_it)
    assert sorted(results) == ["refused", "refused", "started"]
    assert len(begun(house)) == 1


def test_a_message_nobody_begins_with_is_refused_by_name(house: Office) -> None:
    deploy(house, start(ORDER))
    with pytest.raises(NoSubscription, match="refund") as caught:
        send(house, name="refund")
    assert "refund" in caught.value.text("zh")
    with pytest.raises(NoSubscription, match="O-9"):
        send(house, "O-9", name="refund")


def test_a_message_starts_only_in_packs_its_sender_works_in(house: Office) -> None:
    deploy(house, start(ORDER))
    for actor in (STRANGER, Actor(id=None, kind="complainant", number="SM-2026-0001")):
        with pytest.raises(Forbidden):
            send(house, "O-1", actor)
    assert begun(house) == []


def test_a_key_that_is_too_long_for_a_business_key_is_refused(house: Office) -> None:
    deploy(house, start(ORDER))
    with pytest.raises(BadRequest):
        send(house, "k" * 65)


def test_a_start_that_fails_leaves_an_incident_and_no_instance(house: Office) -> None:
    deploy(house, start(ORDER), step=FAILS)
    with pytest.raises(ExecutionError):
        send(house, "O-1")
    assert begun(house) == []
    assert [i["element_id"] for i in incidents(house)] == ["step"]


def test_the_correlation_key_of_an_event_subprocess_may_come_with_the_message(house: Office) -> None:
    inside = (
        '<b:subProcess id="step" triggeredByEvent="true"><b:startEvent id="came"><b:messageEventDefinition '
        'messageRef="m_paid"/></b:startEvent><b:endEvent id="gone"/>' + small.flow("came", "gone") + "</b:subProcess>"
    )
    given = process(start(ORDER)).replace(b"</b:process>", inside.encode() + b"</b:process>")
    small.deploy(house, files(start(ORDER)) | {"report.bpmn": given})
    send(house, "O-1", order_id="O-7")
    assert send(house, "O-7", name="paid").instances == 1


# -- complaints by message ---------------------------------------------------------------------------------------------


def complaint_by_message() -> dict[str, bytes]:
    given = small.files(
        roots='<b:message id="m_order" name="order"/>',
        more=start(ORDER, element="posted") + small.flow("posted", "work"),
    )
    return given


def test_a_message_files_a_complaint(house: Office) -> None:
    small.deploy(house, complaint_by_message())
    (found,) = send(house, "EXT-1", STAFF, **small.INTAKE).started
    assert found.business_key == "SM-2026-0001"
    assert house.engine.complaints.track(found.business_key, found.access_code or "").number == found.business_key
    with house.store.read() as session:
        row = session.get_one(Complaint, found.business_key)
    assert (row.instance_id, row.source_id, row.matter) == (found.instance_id, "EXT-1", small.INTAKE["matter"])
    assert house.open_tasks(found.instance_id)[0].element_id == "work"
    texts = [r.type for r in house.engine.instances.history(SYSTEM, found.instance_id)]
    assert texts[:2] == ["complaint_filed", "message_received"]
    with house.store.read() as session:
        elements = {e for e in session.scalars(select(HistoryEvent.element_id)) if e}
    assert "posted" in elements
    assert "received" not in elements


def test_a_complaint_is_filed_once_per_source_and_only_with_a_valid_intake(house: Office) -> None:
    small.deploy(house, complaint_by_message())
    send(house, "EXT-1", **small.INTAKE)
    with pytest.raises(AlreadyFiled, match="SM-2026-0001"):
        send(house, "EXT-1", **small.INTAKE)
    with pytest.raises(FormInvalid) as caught:
        send(house, "EXT-2", **{**small.INTAKE, "matter": ""})
    assert list(caught.value.params["errors"]) == ["matter"]
    with pytest.raises(AlreadyStarted):
        send(house, "SM-2026-0001", **small.INTAKE)
    with house.store.read() as session:
        assert len(session.scalars(select(Complaint)).all()) == 1


# -- signals -----------------------------------------------------------------------------------------------------------

THROW = small.STEP.replace("manualTask", "intermediateThrowEvent").replace(
    "/>",
    ">" + small.extension('<zeebe:ioMapping><zeebe:input source="=note" target="why"/></zeebe:ioMapping>')
    + '<b:signalEventDefinition signalRef="s_recall"/></b:intermediateThrowEvent>',
)  # fmt: skip


def throwing() -> dict[str, bytes]:
    return small.files(THROW, roots='<b:signal id="s_recall" name="recall"/>')


def test_a_signal_starts_every_process_that_begins_with_it_in_whatever_pack(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL)), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    away = {k: v.replace(b'name = "small"', b'name = "depot"') for k, v in files(start(RECALL)).items()}
    house.engine.deployments.deploy_files(SYSTEM, away, name="depot")
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"note": "缺件"})
    assert sorted(i.pack for i in begun(house)) == ["depot", "small"]
    for instance in begun(house):
        assert instance.started_by is None
        assert house.engine.instances.variables(SYSTEM, instance.id) == {"why": "缺件"}
        (received,) = [r for r in house.engine.instances.history(SYSTEM, instance.id) if r.type == "signal_received"]
        assert "recall" in received.text.zh
        assert "recall" in received.text.en


def test_a_start_by_signal_that_fails_undoes_the_step_that_threw_it(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL), step=FAILS), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError):
        house.complete(started.instance_id, "work", {"note": "缺件"})
    assert [t.element_id for t in house.open_tasks(started.instance_id)] == ["work"]
    assert begun(house) == []


def test_a_process_that_calls_itself_forth_by_a_signal_is_stopped(house: Office) -> None:
    side = {"report.bpmn": process(start(RECALL), step=THROW), "forms/write.form": small.form("write", "note")}
    small.deploy(house, throwing() | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    with pytest.raises(ExecutionError, match="without end"):
        house.complete(started.instance_id, "work", {"note": "缺件"})
    assert begun(house) == []


@pytest.mark.parametrize("begins", [start(cycle("R/P1D"), calendar("calendar")), start(ORDER)])
def test_a_signal_thrown_by_a_started_process_is_broadcast_too(house: Office, begins: str) -> None:
    second = process(start(RECALL), process_id="second", task="look")
    given = files(begins, step=THROW) | {"second.bpmn": second, "forms/look.form": small.form("look", "note")}
    small.deploy(house, given)
    if ORDER in begins:
        send(house)
    house.advance(days=1)
    assert len(begun(house)) == len(begun(house, "second")) == 1


def test_personal_fields_of_a_signal_are_not_kept(house: Office) -> None:
    thrown = THROW.replace('target="why"', 'target="contact"')
    side = {"report.bpmn": process(start(RECALL)), "forms/write.form": small.form("write", "note")}
    small.deploy(house, small.files(thrown, roots='<b:signal id="s_recall" name="recall"/>') | side)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"note": "13900000001"})
    (instance,) = begun(house)
    assert house.engine.instances.variables(SYSTEM, instance.id) == {}
    assert "13900000001" not in str([r.payload for r in house.engine.instances.history(SYSTEM, instance.id)])


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_by_hand_a_process_begins_at_its_plain_start_event(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")), start(ORDER, element="ordered"), start("", element="by_hand"))
    instance_id = house.engine.instances.start(STAFF, "small", "report", {})
    assert {r.element_id for r in house.engine.instances.history(SYSTEM, instance_id)} >= {"write"}
    with house.store.read() as session:
        passed = set(session.scalars(select(HistoryEvent.element_id).where(HistoryEvent.instance_id == instance_id)))
    assert "by_hand" in passed
    assert not passed & {"begun", "ordered"}


def test_a_process_without_one_is_not_started_by_hand_and_the_error_names_the_ways(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")), start(ORDER, element="ordered"))
    with pytest.raises(BadRequest, match=r"order.*plain start event") as caught:
        house.engine.instances.start(SYSTEM, "small", "report", {})
    assert "R/P1D" in caught.value.text("zh")
    assert begun(house) == []


# -- what is refused at check time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (cycle("0 0 9 * * MON-FRI"), "cron"),
        (cycle('="0 0 9 * * MON-FRI"'), "cron"),
        (cycle("@daily"), "cron"),
        (cycle("=rhythm"), "rhythm"),
        (date("=deadline"), "deadline"),
        (cycle("R/PT0S"), "second"),
        (cycle("R0/P1D"), "R/P1D"),
        (cycle("every day"), "R/P1D"),
        (cycle("=5"), "R/P1D"),
        (date("2026-03-05T09:00:00"), "2026-03-05T09:00:00+08:00"),
        (date("=null"), "2026-03-05T09:00:00+08:00"),
    ],
)
def test_a_start_timer_that_means_nothing_at_deployment_is_refused_once(definition: str, said: str) -> None:
    found = refusals(start(definition))
    assert said in found
    assert found.count(" | ") == 0


def test_names_that_need_variables_or_are_none_are_refused() -> None:
    for root in ("=product", "=5", "x" * 129):
        given = process(start(ORDER)).replace(b'name="order"', f'name="{root}"'.encode())
        report = check(load_pack(files(start(ORDER)) | {"report.bpmn": given}, "small"))
        assert [f.element for f in report.findings if f.severity == "error"] == ["begun"]


def test_a_name_may_be_an_expression(house: Office) -> None:
    given = process(start(ORDER)).replace(b'name="order"', b'name="=&quot;or&quot; + &quot;der&quot;"')
    small.deploy(house, files(start(ORDER)) | {"report.bpmn": given})
    assert len(send(house).started) == 1


def test_two_starts_with_one_message_a_form_and_complaints_by_the_clock_are_refused() -> None:
    assert "same name" in refusals(start(ORDER), start(ORDER, element="twin"))
    assert "nobody fills" in refusals(start(ORDER, '<zeebe:formDefinition formId="write"/>'))
    more = (
        start(cycle("R/P1D"))
        + start(RECALL, element="recalled")
        + small.flow("begun", "work")
        + small.flow("recalled", "work")
    )
    given = small.files(roots=ROOTS, more=more)
    found = [f.element for f in check(load_pack(given, "small")).findings if f.severity == "error"]
    assert found == ["begun", "recalled"]
    only = complaint_by_message()
    only["main.bpmn"] = only["main.bpmn"].replace(b'name="\xe6\x94\xb6\xe5\x88\xb0">', b'name="x">', 1)
    plain = only["main.bpmn"].split(b"</b:startEvent>", 1)
    only["main.bpmn"] = plain[0] + ORDER.replace("m_order", "m_other").encode() + b"</b:startEvent>" + plain[1]
    only["main.bpmn"] = only["main.bpmn"].replace(
        b"<b:message ", b'<b:message id="m_other" name="other"/><b:message ', 1
    )
    errors = [f.en for f in check(load_pack(only, "small")).findings if f.severity == "error"]
    assert any("needs a plain start event" in e for e in errors)


def test_a_cron_expression_is_named_in_other_timers_too() -> None:
    work = small.user_task("work") + (
        '<b:boundaryEvent id="chase" attachedToRef="work" cancelActivity="false">'
        f"{cycle('0 0 9 * * MON-FRI')}</b:boundaryEvent>"
    )
    given = small.files(work=work, more='<b:endEvent id="chased"/>' + small.flow("chase", "chased"))
    (found,) = [f for f in check(load_pack(given, "small")).findings if f.severity == "error"]
    assert "cron" in found.en


# -- scenarios ---------------------------------------------------------------------------------------------------------


def walked(tmp_path: Any, given: dict[str, bytes], scenario: str) -> Any:
    path = "scenarios/one.toml"
    pack = load_pack(given | {path: f'title = "x"\nstart = "2026-03-02T09:00:00+08:00"\n{scenario}'.encode()}, "small")
    return run_scenario(pack, path, load_config(var=str(tmp_path)))


BY_TIME = """process = "report"
[[step]]
expect = { tasks = [], started = 0 }
[[step]]
advance_to = "2026-03-05T09:00:00+08:00"
expect = { tasks = ["write"], started = 1, passed = ["begun"], ended = false }
[[step]]
complete = "write"
expect = { ended = "ended" }
[[step]]
advance = "P61D"
expect = { started = 3 }
"""


def test_a_scenario_may_begin_by_time(tmp_path: Any) -> None:
    given = files(start(cycle("R/2026-03-05T09:00:00+08:00/P1M"), calendar("calendar")))
    assert walked(tmp_path, given, BY_TIME).problem == ""
    wrong = walked(tmp_path, given, BY_TIME.replace("started = 3", "started = 4"))
    assert (wrong.ok, wrong.step) == (False, 4)
    early = walked(tmp_path, given, 'process = "report"\n[[step]]\nexpect = { ended = false }')
    assert "report" in early.problem


def test_a_scenario_may_begin_by_a_message(tmp_path: Any) -> None:
    scenario = 'start_message = "order"\nkey = "O-1"\n[variables]\namount = 3\n[[step]]\n' + (
        'complete = "write"\nexpect = { variables = { amount = 3 }, ended = "ended", started = 1 }\n'
    )
    assert walked(tmp_path, files(start(ORDER)), scenario).problem == ""
    nobody = walked(tmp_path, files(start(RECALL)), scenario)
    assert not nobody.ok
    intake = "\n".join(f'{k} = "{v}"' for k, v in small.INTAKE.items())
    filed = f'start_message = "order"\n[intake]\n{intake}\n[[step]]\nexpect = {{ tasks = ["work"], ledger = {{ category = "配送" }} }}'
    assert walked(tmp_path, complaint_by_message(), filed).problem == ""
