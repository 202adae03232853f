"""The ledger: what of the variables is projected, and numbers that are never given twice."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.ledger import MAX_ROUNDS, instant, next_number, project
from engine.models import Complaint, NumberSequence
from engine.store import Busy, Store
from tests import small
from tests.office import Office

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def projected(**variables: Any) -> Complaint:
    complaint = Complaint(rounds=0)
    project(complaint, variables, ZONE)
    return complaint


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("category", "资费争议", "资费争议"),
        ("category", None, None),
        ("category", "长" * 200, "长" * 64),
        ("department", "长" * 200, "长" * 128),
        ("department", ["网络部", "市场部"], "网络部、市场部"),
        ("severity", Decimal(3), "3"),
        ("solved", True, True),
        ("solved", "是", True),
        ("solved", "未解决", False),
        ("satisfied", "不满意", False),
        ("satisfied", "基本满意", True),
        ("satisfied", "说不清", None),
        ("satisfied", None, None),
        ("rounds", Decimal("2"), 2),
        ("rounds", "3", 3),
        ("rounds", "许多", 0),
        ("rounds", True, 0),
        ("rounds", None, 0),
        ("rounds", Decimal(10) ** 30, MAX_ROUNDS),
        ("rounds", -4, 0),
        ("result", "x" * 20_000, "x" * 10_000),
        ("promise_at", "2026-03-02", datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)),
        ("promise_at", date(2026, 3, 2), datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)),
        ("replied_at", "2026-03-02T10:00:00", datetime(2026, 3, 2, 2, tzinfo=UTC)),
        ("replied_at", "2026-03-02T10:00:00+01:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("closed_at", "不久", None),
        ("closed_at", 17, None),
    ],
)
def test_variables_become_typed_columns(name: str, value: Any, expected: Any) -> None:
    assert getattr(projected(**{name: value}), name) == expected


def test_what_is_not_said_stays_as_it_was() -> None:
    complaint = projected(category="资费争议", promise_at="2026-03-02")
    project(complaint, {"severity": "重大", "promise_at": "不久"}, ZONE)
    assert complaint.category == "资费争议"
    assert complaint.promise_at == datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)


def test_personal_columns_and_the_number_are_never_written_from_variables() -> None:
    complaint = projected(
        complainant="王", contact="139", number="X", pack="other", state="completed", escalated_at="x"
    )
    written = (complaint.complainant, complaint.contact, complaint.number, complaint.pack, complaint.state)
    assert written == (None,) * 5


@pytest.mark.parametrize("value", [None, "", "P2D", 5, [], True])
def test_what_is_no_instant_is_none(value: Any) -> None:
    assert instant(value, ZONE) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("TS-{year}-{seq:05d}", "TS-2026-00001"),
        ("{year}{month}-{seq}", "202603-1"),
        ("{pack}/{category}/{seq:3d}", "small/配送/001"),
        ("{unknown}-{seq:02d}", "-01"),
    ],
)
def test_a_pattern_is_filled(store: Store, pattern: str, expected: str) -> None:
    with store.write() as session:
        assert next_number(session, pattern, AT, ZONE, pack="small", category="配送") == expected


def test_counting_begins_anew_with_the_year_of_the_organisation(store: Store) -> None:
    with store.write() as session:
        numbers = [next_number(session, "N-{year}-{seq}", AT, ZONE) for _ in range(2)]
        late = datetime(2026, 12, 31, 16, tzinfo=UTC)
        numbers.append(next_number(session, "N-{year}-{seq}", late, ZONE))
    assert numbers == ["N-2026-1", "N-2026-2", "N-2027-1"]


def test_a_number_that_was_rolled_back_may_be_given_again_but_never_twice(store: Store) -> None:
    with suppress(RuntimeError), store.write() as session:
        next_number(session, "N-{seq}", AT, ZONE)
        raise RuntimeError
    with store.write() as session:
        assert next_number(session, "N-{seq}", AT, ZONE) == "N-1"


def test_numbers_are_unique_however_many_ask_at_once(store: Store) -> None:
    found: list[str] = []
    gate = threading.Barrier(6)

    def ask() -> None:
        gate.wait()
        for _ in range(5):
            while True:
                try:
                    with store.write() as session:
                        found.append(next_number(session, "N-{year}-{seq:03d}", AT, ZONE))
                    break
                except Busy:
                    found.pop()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [f"N-2026-{n:03d}" for n in range(1, 31)]
    with store.read() as session:
        assert session.scalars(select(NumberSequence.value)).one() == 30


def test_two_packs_with_one_pattern_share_the_count(house: Office) -> None:
    for name in ("small", "other"):
        house.engine.deployments.deploy_files(SYSTEM, small.files(), name=name)
    numbers = [house.engine.complaints.file(SYSTEM, name, small.INTAKE).number for name in ("small", "other", "small")]
    assert numbers == ["SM-2026-0001", "SM-2026-0002", "SM-2026-0003"]


def test_every_completion_projects_the_variables(house: Office) -> None:
    small.deploy(house, small.files(small.user_task("step")) | {"forms/step.form": small.form("step", "severity")})
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"category": "质量"})
    with house.store.read() as session:
        complaint = session.get_one(Complaint, started.number)
    assert (complaint.category, complaint.severity, complaint.state) == ("质量", None, "active")
    house.complete(started.instance_id, "step", {"severity": "重大"})
    with house.store.read() as session:
        complaint = session.get_one(Complaint, started.number)
    assert (complaint.severity, complaint.state, complaint.closed_at) == ("重大", "completed", house.clock.now())


def called(house: Office, mapping: str = "") -> str:
    """A complaint in a called process whose ``ledger`` task has just said otherwise than the caller; the instance."""
    call = f'<zeebe:calledElement processId="side" propagateAllChildVariables="false"/>{mapping}'
    said = small.service("ledger", category='"质量"', promise_at='"P7D"').replace('"step"', '"work"')
    side = small.diagram(small.user_task("step"), work=said, process="side")
    files = small.files(f'<b:callActivity id="step">{small.extension(call)}</b:callActivity>')
    start = small.extension('<zeebe:formDefinition formId="intake"/>').encode()
    forms = {"forms/work.form": small.form("work", "category", "promise_at"), "forms/step.form": small.form("step")}
    small.deploy(house, files | forms | {"side.bpmn": side.replace(start, b"")})
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {"category": "配送", "promise_at": "2026-03-03"})
    return started.instance_id


def row(house: Office) -> Complaint:
    with house.store.read() as session:
        return session.scalars(select(Complaint)).one()


def test_what_a_ledger_task_of_a_called_process_says_stays_whatever_the_caller_holds(house: Office) -> None:
    instance_id = called(house)
    complaint = row(house)
    assert (complaint.category, complaint.promise_at) == ("质量", complaint.received_at + timedelta(days=7))
    assert house.engine.instances.variables(SYSTEM, instance_id)["category"] == "配送"
    house.complete(instance_id, "step", {})
    assert (row(house).category, row(house).promise_at) == ("质量", complaint.promise_at)


def test_an_output_mapping_of_the_call_has_the_last_word(house: Office) -> None:
    mapping = (
        '<zeebe:ioMapping><zeebe:output source="=category + &quot;与服务&quot;" target="category"/></zeebe:ioMapping>'
    )
    instance_id = called(house, mapping)
    assert row(house).category == "质量"
    house.complete(instance_id, "step", {})
    assert row(house).category == "质量与服务"


@pytest.mark.parametrize(
    ("ended", "stage"), [("办结", "办结"), ("", "归档")], ids=["the end names a stage", "the end names none"]
)
def test_a_closed_complaint_stands_at_the_stage_of_its_end(house: Office, ended: str, stage: str) -> None:
    def named(name: str) -> str:
        return f'<zeebe:properties><zeebe:property name="stage" value="{name}"/></zeebe:properties>' if name else ""

    files = small.files(small.user_task("step", named("归档"))) | {"forms/step.form": small.form("step")}
    plain = '<b:endEvent id="closed" name="办结"/>'
    end = f'<b:endEvent id="closed" name="办结">{small.extension(named(ended))}</b:endEvent>'
    files["main.bpmn"] = files["main.bpmn"].replace(plain.encode(), end.encode())
    small.deploy(house, files)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {})
    assert row(house).stage == "归档"
    house.complete(started.instance_id, "step", {})
    assert (row(house).stage, row(house).state) == (stage, "completed")
    view = house.engine.complaints.public_view(Actor(None, kind="complainant", number=started.number))
    assert [(s["label"].zh, s["state"]) for s in view["steps"]] == [("归档", "done"), *[("办结", "done")] * bool(ended)]
