"""Importing complaints from CSV through a mapping file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import SYSTEM, Actor
from engine.errors import BadRequest, NotFound
from engine.importing import Row, import_complaints, read_mapping
from engine.models import Complaint
from tests import small
from tests.office import ROOT, Office

MAPPING = """pack = "small"
key = "编号"
received_at = "=date and time(date(日期), time(\\"09:30:00\\"))"
[fields]
channel = "=来源"
complainant = "=姓名"
contact = "=电话"
matter = "=内容 + \\"（\\" + 商品 + \\"）\\""
category = "配送"
[values.channel]
"400" = "热线"
"*" = "网上"
"""
HEADING = "编号,日期,来源,姓名,电话,内容,商品\n"
GOOD = "A1,2026-02-27,400,王小明,13900000001,少了一件,茶杯\n"


@pytest.fixture
def small_office(house: Office) -> Office:
    small.deploy(house, small.files())
    return house


def run(office: Office, tmp_path: Path, csv: str | bytes, mapping: str = MAPPING, **more: str) -> list[Row]:
    (tmp_path / "m.toml").write_text(mapping, "utf-8")
    (tmp_path / "c.csv").write_bytes(csv if isinstance(csv, bytes) else csv.encode())
    found = read_mapping(tmp_path / "m.toml")
    return list(import_complaints(office.engine, SYSTEM, tmp_path / "c.csv", found, **more))


def complaints(office: Office) -> list[Complaint]:
    with office.store.read() as session:
        return list(session.scalars(select(Complaint).order_by(Complaint.number)))


def test_a_row_becomes_a_complaint_with_its_date_and_source(small_office: Office, tmp_path: Path) -> None:
    assert run(small_office, tmp_path, HEADING + GOOD) == [Row(2, "A1", "SM-2026-0001")]
    (row,) = complaints(small_office)
    assert (row.channel, row.matter, row.category, row.source_id) == ("热线", "少了一件（茶杯）", "配送", "A1")
    assert row.received_at == datetime(2026, 2, 27, 1, 30, tzinfo=UTC)
    vault = small_office.engine.context.vault
    assert (vault.decrypt(row.complainant or b""), vault.decrypt(row.contact or b"")) == ("王小明", "13900000001")
    assert [t.element_id for t in small_office.open_tasks(row.instance_id)] == ["work"]


def test_a_second_import_passes_over_what_is_there(small_office: Office, tmp_path: Path) -> None:
    run(small_office, tmp_path, HEADING + GOOD)
    more = GOOD.replace("A1", "A2")
    rows = run(small_office, tmp_path, HEADING + GOOD + more)
    assert [(r.number, r.known) for r in rows] == [("SM-2026-0001", True), ("SM-2026-0002", False)]
    assert len(complaints(small_office)) == 2


def test_a_wrong_row_is_told_with_line_and_reason_and_the_others_go_in(small_office: Office, tmp_path: Path) -> None:
    bad = "A2,2026-02-27,web,李,139,,\nA3,昨天,web,李,139,坏了,伞\nA4,2027-01-01,web,李,139,坏了,伞\n"
    mapping = MAPPING.replace('"=内容 + \\"（\\" + 商品 + \\"）\\""', '"=内容"')
    rows = run(small_office, tmp_path, HEADING + bad + GOOD, mapping, language="en")
    assert [r.line for r in rows if r.number is None] == [2, 3, 4]
    assert "matter" in rows[0].problem
    assert "time of receipt" in rows[1].problem
    assert "future" in rows[2].problem
    assert rows[3].number is not None
    assert len(complaints(small_office)) == 1
    assert not any("\u4e00" <= c <= "\u9fff" for c in rows[2].problem)


def test_a_value_that_is_no_text_is_written_as_one(small_office: Office, tmp_path: Path) -> None:
    mapping = MAPPING.replace('category = "配送"', 'category = "=number(商品) * 1.5"')
    rows = run(small_office, tmp_path, HEADING + GOOD.replace("茶杯", "3"), mapping)
    assert rows[0].problem == ""
    assert complaints(small_office)[0].category == "4.5"


@pytest.mark.parametrize(
    "row",
    [
        "A1,2026-02-27\n",
        "A1,2026-02-27,400,王,139,少了一件,茶杯,多出来,的列\n",
        f"{'x' * 200},2026-02-27,400,王,139,少了一件,茶杯\n",
        "A1,2026-02-27,400,王,139,少了\x00一件,茶杯\n",
        f"A1,2026-02-27,400,王,139,{'很长' * 60_000},茶杯\n",
    ],
)
def test_a_strange_row_never_breaks_off_the_import(small_office: Office, tmp_path: Path, row: str) -> None:
    rows = run(small_office, tmp_path, HEADING + row + GOOD.replace("A1", "Z9"))
    assert rows[-1].source_id == "Z9"
    assert rows[-1].number is not None
    with small_office.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Complaint)) == sum(r.number is not None for r in rows)


@pytest.mark.parametrize("content", [b"", HEADING.encode(), "\ufeff".encode() + HEADING.encode()])
def test_a_file_without_rows_imports_nothing(small_office: Office, tmp_path: Path, content: bytes) -> None:
    mapping = MAPPING if content else MAPPING.replace('key = "编号"\n', "")
    assert run(small_office, tmp_path, content, mapping) == []


@pytest.mark.parametrize(
    "content", [HEADING.replace("编号", "id") + GOOD, (HEADING + GOOD).encode("gbk"), b"\xff\xfe\x00\x01"]
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    small_office: Office, tmp_path: Path, content: str | bytes
) -> None:
    with pytest.raises(BadRequest, match=r"c\.csv"):
        run(small_office, tmp_path, content)
    assert complaints(small_office) == []


@pytest.mark.parametrize(
    "mapping",
    [
        "pack = ",
        'pack = "small"',
        "[fields]\nmatter = '=1 +'",
        "fields = 3",
        "values = 3\n[fields]\nmatter = 'x'",
        "[values]\nmatter = 3\n[fields]\nmatter = 'x'",
        "received_at = '=)('\n[fields]\nmatter = 'x'",
    ],
)
def test_a_wrong_mapping_is_named(small_office: Office, tmp_path: Path, mapping: str) -> None:
    with pytest.raises(BadRequest, match=r"m\.toml"):
        run(small_office, tmp_path, HEADING + GOOD, mapping)


def test_a_pack_that_is_not_deployed_is_refused_once_not_row_by_row(small_office: Office, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        run(small_office, tmp_path, HEADING + GOOD * 3, pack="nowhere")


def test_an_actor_without_a_place_in_the_pack_imports_nothing(small_office: Office, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "c.csv").write_text(HEADING + GOOD, "utf-8")
    plan = read_mapping(tmp_path / "m.toml")
    (row,) = import_complaints(small_office.engine, Actor(id="x"), tmp_path / "c.csv", plan)
    assert row.number is None
    assert complaints(small_office) == []


CFPB = (
    "complaint_id,date_received,submitted_via,product,issue,sub_issue,company,state,consumer_complaint_narrative,"
    "company_response_to_consumer\n"
    '101,2025-11-03,Web,Mortgage,Payment process,Late fee,ACME BANK,CA,"They charged me twice,\nand nobody answers.",'
    "Closed with explanation\n"
    "102,2025-11-04,Fax,Credit card,Fraud,,ACME BANK,,,In progress\n"
)


def test_the_public_records_go_into_the_generic_pack(house: Office, tmp_path: Path) -> None:
    house.deploy(ROOT / "processes" / "generic")
    plan = read_mapping(ROOT / "processes" / "generic" / "imports" / "cfpb.toml")
    (tmp_path / "cfpb.csv").write_text(CFPB, "utf-8")
    rows = list(import_complaints(house.engine, SYSTEM, tmp_path / "cfpb.csv", plan))
    assert [r.problem for r in rows] == ["", ""]
    first, second = complaints(house)
    assert first.matter == "Payment process: They charged me twice,\nand nobody answers."
    assert second.matter == "Fraud (ACME BANK)"
    assert [c.source_id for c in (first, second)] == ["101", "102"]
    assert first.channel == "网上"
    assert second.channel == "信函"
