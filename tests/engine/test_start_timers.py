"""Processes that a timer starts: occurrences, versions, the sweep, and occurrences that fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, history, open_engine
from engine.errors import (
    BadRequest,
    NoSubscription,
    PackInvalid,
)
from engine.messages import due_query
from engine.models import HistoryEvent, Incident, StartSubscription
from engine.scheduler import Scheduler
from tests import small
from tests.office import Office, at_once
from tests.starting import (
    FAILS,
    ORDER,
    RECALL,
    begun,
    calendar,
    cycle,
    date,
    days,
    deploy,
    files,
    incidents,
    open_starts,
    process,
    scheduled,
    send,
    start,
    sweep,
)

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
    at_once(*[node.timers.sweep for node in nodes])
    sweep(house)
    assert len(begun(house)) == 4
    with house.store.read() as session:
        assert not session.scalars(select(Incident)).all()


# -- occurrences that fail ---------------------------------------------------------------------------------------------

WORKS = '<b:manualTask id="step" name="取数"/>'


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


def test_a_failed_occurrence_backs_off_and_a_retry_runs_itat_once(house: Office) -> None:
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
