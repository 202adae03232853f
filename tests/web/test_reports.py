"""Reports: periods, figures of what came in, CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from itertools import pairwise

import pytest

from tests.web.conftest import Site, text
from web.periods import period_of


def test_report_of_the_month(site: Site) -> None:
    site.triaged()
    site.triage_task()
    page = site.person("mia").get("/reports")
    said = text(page)
    assert "2026 年 3 月" in said
    assert "收到 2 上期 0" in said
    assert "市场部 1" in said
    assert "<svg" in page.text


def test_empty_period_says_so(site: Site) -> None:
    assert "没有收到投诉" in text(site.person("mia").get("/reports?period=year&at=2020"))


def test_only_readers(site: Site) -> None:
    assert site.person("amy").get("/reports").status_code == 403
    assert site.person("amy").get("/reports.csv").status_code == 403


def test_csv_has_totals_and_every_dimension(site: Site) -> None:
    site.triaged()
    response = site.person("mia").get("/reports.csv?period=quarter&at=2026-Q1")
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert rows[1][:4] == ["2026 年第 1 季度", "合计", "", "1"]
    assert {row[1] for row in rows[2:]} >= {"责任部门", "类别", "渠道"}


def test_received_at_the_edge_of_a_month(site: Site) -> None:
    """Counted in the zone of the organisation: the last night of February is not yet March."""
    office = site.office
    office.engine.complaints.file(
        site.actor("amy"),
        "telecom",
        {
            "channel": "书信",
            "kind": "投诉",
            "complainant": "A",
            "contact": "1",
            "matter": "夜里断网三小时",
            "demand": "修",
        },
        received_at=office.clock.now().replace(month=2, day=28, hour=15, minute=59),
    )
    mia = site.person("mia")
    assert "收到 1" in text(mia.get("/reports?period=month&at=2026-02"))
    assert "没有收到投诉" in text(mia.get("/reports?period=month&at=2026-03"))


@pytest.mark.parametrize(
    ("kind", "written", "first", "until", "again"),
    [
        ("month", "2026-11", date(2026, 11, 1), date(2026, 12, 1), "2026-11"),
        ("month", "2026-12", date(2026, 12, 1), date(2027, 1, 1), "2026-12"),
        ("quarter", "2026-11", date(2026, 10, 1), date(2027, 1, 1), "2026-Q4"),
        ("quarter", "2026-Q2", date(2026, 4, 1), date(2026, 7, 1), "2026-Q2"),
        ("year", "2026-11", date(2026, 1, 1), date(2027, 1, 1), "2026"),
        ("nonsense", "9999-99", date(2026, 3, 1), date(2026, 4, 1), "2026-03"),
    ],
)
def test_periods(site: Site, kind: str, written: str, first: date, until: date, again: str) -> None:
    with site.app.test_request_context("/?lang=zh"):
        period = period_of(kind, written)
        assert (period.first, period.until, period.written) == (first, until, again)
        assert period.before.after == period
        parts = period.parts()
        assert parts[0][1] == period.begins
        assert parts[-1][2] == period.ends
        assert all(one[2] == other[1] for one, other in pairwise(parts))


def test_english_names_of_periods(site: Site) -> None:
    with site.app.test_request_context("/?lang=en"):
        assert period_of("month", "2026-11").name == "November 2026"
        assert period_of("quarter", "2026-11").name == "2026, quarter 4"
        assert period_of("year", "2026").parts()[0][0] == "Jan"
