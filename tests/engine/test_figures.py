"""The figures of the dashboard."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.errors import Forbidden
from engine.reading import Reading
from engine.types import Actor


@pytest.fixture
def reading(office: Any) -> Reading:
    return Reading(office.context)


@pytest.fixture
def chief(office: Any) -> Actor:
    return office.user("chief", "主管", roles=("manager",))


def test_an_empty_office(reading: Reading, chief: Actor) -> None:
    figures = reading.figures(chief)
    assert (figures["open"], figures["satisfied"], figures["hours_to_close"], figures["by_stage"]) == (
        0,
        None,
        None,
        [],
    )
    assert len(figures["per_day"]) == 30
    assert figures["rounds"] == {}


def test_counts(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", due_at=office.now(hours=-1), escalated_at=office.now())
    office.complaint("TS-2", due_at=office.now(hours=1), state="suspended")
    office.complaint("TS-3", due_at=office.now(days=1))
    office.complaint("TS-4", received_at=office.now(days=-40))
    closed = {"state": "completed", "received_at": office.now(days=-40)}
    office.complaint("TS-5", closed_at=office.now(days=-29), satisfied=True, **closed)
    office.complaint("TS-6", closed_at=office.now(days=-3), satisfied=False, **closed)
    office.complaint("TS-7", closed_at=office.now(days=-3), **closed)
    office.complaint("TS-8", closed_at=office.now(days=-31), satisfied=True, escalated_at=office.now(), **closed)
    figures = reading.figures(chief)
    assert {k: figures[k] for k in ("open", "overdue", "due_today", "escalated")} == {
        "open": 4,
        "overdue": 1,
        "due_today": 1,
        "escalated": 1,
    }
    assert (figures["filed_30d"], figures["filed_before"]) == (3, 5)
    assert (figures["closed_30d"], figures["closed_before"]) == (3, 1)
    assert (figures["satisfied"], figures["satisfied_before"]) == (0.5, 1.0)


def test_hours_to_close_are_working_hours(office: Any, reading: Reading, chief: Actor) -> None:
    friday, monday = datetime(2026, 2, 27, 8, tzinfo=UTC), datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    office.clock.set(monday)
    office.complaint("TS-1", state="completed", received_at=friday, closed_at=monday)
    # Friday 16:00 to 17:30 and Monday 9:00 to 9:30; Saturday 28 February is a make-up working day of seven hours
    assert reading.figures(chief)["hours_to_close"] == 9.0


def test_distributions(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", stage="审核", department="网络部、客服部", due_at=office.now(hours=-1), rounds=1)
    office.complaint("TS-2", stage="审核", department="网络部", rounds=2, received_at=office.now(days=-60))
    office.complaint("TS-3", stage="受理", department=None, channel="信函")
    office.complaint("TS-4", stage="办结", state="completed", closed_at=office.now(), rounds=2)
    office.complaint(
        "TS-5", state="completed", received_at=office.now(days=-90), closed_at=office.now(days=-80), rounds=9
    )
    figures = reading.figures(chief)

    def rows(dimension: str) -> list[tuple[Any, ...]]:
        return [(r["key"], r["label"].en, r["open"], r["overdue"], r["filed"]) for r in figures[f"by_{dimension}"]]

    assert rows("stage") == [("审核", "Review", 2, 1, 1), ("受理", "受理", 1, 0, 1)]
    assert rows("department") == [
        ("网络部", "Network", 2, 1, 2),
        ("客服部", "客服部", 1, 1, 1),
        (None, "not set", 1, 0, 1),
    ]
    assert rows("category") == [("资费争议", "Billing dispute", 3, 1, 3)]
    assert rows("severity") == [("一般", "一般", 3, 1, 3)]
    assert rows("channel") == [("热线", "hotline", 2, 1, 2), ("信函", "信函", 1, 0, 1)]
    assert figures["rounds"] == {0: 1, 1: 1, 2: 2}


def test_days_are_those_of_the_organisation(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1", received_at=datetime(2026, 3, 1, 15, 59, tzinfo=UTC))
    office.complaint("TS-2", received_at=datetime(2026, 3, 1, 16, 0, tzinfo=UTC))
    old = datetime(2026, 1, 1, tzinfo=UTC)
    office.complaint("TS-3", received_at=old, state="completed", closed_at=datetime(2026, 1, 31, 16, tzinfo=UTC))
    days = reading.figures(chief)["per_day"]
    assert [d["day"] for d in (days[0], days[-1])] == [date(2026, 2, 1), date(2026, 3, 2)]
    assert {d["day"]: (d["filed"], d["closed"]) for d in days if d["filed"] or d["closed"]} == {
        date(2026, 2, 1): (0, 1),
        date(2026, 3, 1): (1, 0),
        date(2026, 3, 2): (1, 0),
    }


def test_only_what_one_may_see(office: Any, reading: Reading, chief: Actor) -> None:
    office.complaint("TS-1")
    office.complaint("TS-2")
    office.task("TS-1", "triage", "受理组")
    assert reading.figures(office.user("li.na", "李娜", "受理组"))["open"] == 1
    assert reading.figures(office.user("zhao", "赵", "网络部"))["open"] == 0
    assert reading.figures(chief, "shop")["open"] == 2
    assert reading.figures(chief, "bank")["by_stage"] == []
    with pytest.raises(Forbidden):
        reading.figures(Actor(id=None, kind="complainant", number="TS-1"))


def test_five_statements_however_many_complaints(office: Any, reading: Reading, chief: Actor) -> None:
    for n in range(20):
        office.complaint(f"TS-{n}", stage=f"阶段{n}")
    with office.store.count_statements() as seen:
        assert reading.figures(chief)["open"] == 20
    assert seen.count == 5
