"""Complaints for staff: list, export, search, entering, one complaint, files, messages, personal data."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.models import AccessLog
from tests.office import INTAKE
from tests.web.conftest import Site, field_value, text

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def upload(**files: tuple[bytes, str]) -> dict[str, tuple[io.BytesIO, str]]:
    return {name: (io.BytesIO(content), filename) for name, (content, filename) in files.items()}


def test_entering_a_complaint_shows_number_and_code_once(site: Site) -> None:
    amy = site.person("amy")
    response = amy.post("/complaints/new", INTAKE)
    assert response.status_code == 302
    page = amy.follow(response)
    assert "查询码只显示这一次" in page
    number = response.location.rsplit("/", 1)[1]
    code = re.search(r"查询码 ([A-Z0-9-]{6,})", page)
    assert code
    assert site.office.engine.complaints.track(number, code[1]).number == number
    assert "查询码只显示这一次" not in text(amy.get(response.location))


def test_a_letter_counts_from_the_day_it_arrived(site: Site) -> None:
    amy = site.person("amy")
    response = amy.post("/complaints/new", {**INTAKE, "channel": "书信", "received_at": "2026-02-27T15:00"})
    assert "2月27日 周五 15:00" in amy.follow(response)


def test_receipt_in_the_future_is_refused_at_its_field(site: Site) -> None:
    response = site.person("amy").post("/complaints/new", {**INTAKE, "received_at": "2026-04-01T10:00"})
    assert response.status_code == 422
    assert "不晚于现在" in text(response)
    assert field_value(response.text, "matter") == INTAKE["matter"]
    assert field_value(response.text, "received_at") == "2026-04-01T10:00"


def test_missing_fields_keep_what_was_typed(site: Site) -> None:
    response = site.person("amy").post("/complaints/new", {**INTAKE, "contact": ""})
    assert response.status_code == 422
    assert "有 1 处需要更正" in text(response)
    assert field_value(response.text, "complainant") == INTAKE["complainant"]


@pytest.mark.parametrize(
    ("content", "name", "status", "message"),
    [(b"x" * 3000, "letter.txt", 413, "超过上限"), (b"MZ" + b"\0" * 50, "tool.exe", 415, "不允许上传")],
)
def test_refused_files_keep_what_was_typed(site: Site, content: bytes, name: str, status: int, message: str) -> None:
    engine = site.office.engine
    config = replace(engine.config, files=replace(engine.config.files, max_bytes=2000))
    engine.config = engine.context.config = config
    response = site.person("amy").post(
        "/complaints/new", {**INTAKE, **upload(files=(content, name))}, content_type="multipart/form-data"
    )
    assert response.status_code == status
    assert message in text(response)
    assert field_value(response.text, "matter") == INTAKE["matter"]
    assert engine.complaints.list(site.actor("amy")).total == 0


def test_people_without_a_group_cannot_enter_complaints(site: Site) -> None:
    assert site.person("stranger").post("/complaints/new", INTAKE).status_code == 400
    assert "/complaints/new" not in site.person("stranger").get("/complaints").text


def test_the_page_says_where_it_stands_and_what_was_promised(site: Site) -> None:
    number, _task = site.triaged()
    page = text(site.person("amy").get(f"/complaints/{number}"))
    assert re.search(r"等待“[^”]+”，还剩 .+ 到期", page)
    assert "承诺" in page
    assert "完成“初步判断" in page
    english = text(site.person("amy").get(f"/complaints/{number}?lang=en"))
    assert re.search(r"Waiting for “[^”]+”: .+ left \(due", english)


def test_an_overdue_complaint_says_so(site: Site) -> None:
    number, _task = site.triaged()
    site.office.clock.advance(timedelta(days=30))
    response = site.person("mia").get(f"/complaints/{number}")
    assert "已超时" in text(response)
    assert "已经错过" in text(response)
    assert "is-overdue" in response.text


def test_personal_data_is_masked_and_each_view_is_logged(site: Site) -> None:
    number, task = site.triaged()
    amy = site.person("amy")
    for path in (f"/complaints/{number}", f"/tasks/{task}", "/complaints", "/search?q=0001", "/complaints.csv"):
        page = amy.get(path).text
        assert number in page, path
        assert INTAKE["contact"] not in page, path
        assert INTAKE["complainant"] not in page, path
    shown = amy.post(f"/complaints/{number}/personal")
    assert INTAKE["contact"] in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    part = amy.post(f"/complaints/{number}/personal", headers={"HX-Request": "true"})
    assert INTAKE["complainant"] in part.text
    assert "<html" not in part.text
    with site.office.store.read() as session:
        logged = session.scalars(select(AccessLog).where(AccessLog.action == "reveal")).all()
    assert [(row.actor, row.subject) for row in logged] == [("amy", number)] * 2


def test_revealing_needs_a_right_to_the_complaint(site: Site) -> None:
    number, _task = site.triaged()
    assert site.person("stranger").post(f"/complaints/{number}/personal").status_code == 403
    assert site.person("amy").get(f"/complaints/{number}/personal").status_code == 405


def test_files_are_added_served_and_logged(site: Site) -> None:
    number, task = site.triaged()
    amy = site.person("amy")
    form = upload(files=(PNG, "光猫 照片.png"))
    part = amy.post(
        f"/complaints/{number}/attachments", form, content_type="multipart/form-data", headers={"HX-Request": "true"}
    )
    assert "照片.png" in text(part)
    url = re.search(r'href="(/attachments/[^"]+)"', part.text)
    assert url
    served = amy.get(url[1])
    assert served.data == PNG
    assert served.headers["Content-Type"] == "image/png"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in served.headers["Cache-Control"]
    assert site.person("stranger").get(url[1]).status_code == 403
    assert "照片.png" in text(amy.get(f"/tasks/{task}"))


def test_refused_and_missing_files_are_explained(site: Site) -> None:
    number, _task = site.triaged()
    amy = site.person("amy")
    url = f"/complaints/{number}/attachments"
    part = amy.post(
        url,
        upload(files=(b"MZ" + b"\0" * 9, "a.exe")),
        content_type="multipart/form-data",
        headers={"HX-Request": "true"},
    )
    assert part.status_code == 422
    assert "不允许上传" in text(part)
    assert "请先选择文件" in amy.follow(amy.post(url))


def test_what_the_customer_says_reaches_the_process(site: Site) -> None:
    number, _task = site.triaged()
    amy = site.person("amy")
    page = amy.follow(
        amy.post(f"/complaints/{number}/messages", {"message": "customer_contact", "note": "来电催问进度"})
    )
    assert "已记录“客户再次来电”" in page
    assert "记录并答复投诉人" in page


def test_a_message_nobody_waits_for_keeps_the_note(site: Site) -> None:
    number, _task = site.triaged()
    response = site.person("amy").post(
        f"/complaints/{number}/messages", {"message": "survey", "note": "客户口头表示满意"}
    )
    assert response.status_code == 409
    assert "客户口头表示满意" in text(response)
    empty = site.person("amy").post(f"/complaints/{number}/messages", {"message": "withdraw", "note": " "})
    assert empty.status_code == 400


def test_withdrawing(site: Site) -> None:
    number, _task = site.triaged()
    amy = site.person("amy")
    amy.post(f"/complaints/{number}/messages", {"message": "withdraw", "note": "问题已经解决"})
    assert "核实撤诉意愿" in text(amy.get(f"/complaints/{number}"))


def test_list_filters_stand_in_the_address(site: Site) -> None:
    number, _task = site.triaged()
    site.triage_task(contact="13800000002", matter="基站信号弱，通话中断")
    amy = site.person("amy")
    assert "共 2 条" in text(amy.get("/complaints"))
    assert number in amy.get("/complaints?category=营销与套餐").text
    assert "共 1 条" in text(amy.get("/complaints?q=信号"))
    assert "共 1 条" in text(amy.get("/complaints?stage=转办&severity=一般&department=市场部"))
    assert "没有符合条件的投诉" in text(amy.get("/complaints?overdue=1"))
    assert "没有符合条件的投诉" in text(amy.get("/complaints?from=2026-03-05"))
    assert "共 2 条" in text(amy.get("/complaints?from=2026-03-02&until=2026-03-02"))
    assert "这里还没有投诉" in text(amy.get("/complaints?state=closed"))
    assert amy.get("/complaints?state=nonsense").status_code == 400
    assert amy.get("/complaints?order=nonsense").status_code == 400


def test_a_page_of_the_list_costs_at_most_twelve_statements(site: Site) -> None:
    for number in range(21):
        site.triage_task(contact=f"1390000{number:04d}")
    amy = site.person("amy")
    amy.get("/complaints")
    with site.office.store.count_statements() as seen:
        amy.get("/complaints")
    assert seen.count <= 12


def test_the_exported_table_is_masked_and_holds_no_formulas(site: Site) -> None:
    site.triage_task(matter="=HYPERLINK(1) 公式注入的投诉事项")
    response = site.person("amy").get("/complaints.csv?state=all")
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    head, row = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert len(head) == len(row)
    assert row[-1].startswith("'=HYPERLINK")
    assert row[-2] == "王**"


def test_search_by_number_name_telephone_and_words(site: Site) -> None:
    number, _task = site.triaged()
    amy = site.person("amy")
    assert amy.get(f"/search?q={number}").location == f"/complaints/{number}"
    for q in ("王小明", "13900000001", "0001", "套餐降档", number[:7]):
        assert number in amy.get(f"/search?q={q}").text, q
    assert "没有找到" in text(amy.get("/search?q=王小"))
    assert "要找哪一件投诉" in text(amy.get("/search"))
    assert number not in site.person("stranger").get("/search?q=王小明").text
