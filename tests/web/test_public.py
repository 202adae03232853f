"""Pages for complainants: filing, the number and code to keep, following, adding, withdrawing, the survey."""

from __future__ import annotations

import io
import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from engine.types import SYSTEM
from engine.walks import plausible
from tests.office import INTAKE, ROOT
from tests.web.conftest import Browser, Site, field_value, text
from web.public import online_channel

HAN = re.compile(r"[\u3400-\u9fff]")
WEB_INTAKE = {key: value for key, value in INTAKE.items() if key != "channel"}
PDF = b"%PDF-1.4\n" + b"0" * 64


def file_on_the_web(visitor: Browser, **changes: Any) -> tuple[str, str]:
    """File a complaint and read number and code from the receipt."""
    response = visitor.post("/c/telecom", {**WEB_INTAKE, **changes})
    assert response.status_code == 303, text(response)
    page = visitor.get(response.location)
    number = re.search(r'data-copy="(TS-[^"]+)"', page.text)
    code = re.search(r'data-copy="([A-Z0-9]{8})"', page.text)
    assert number
    assert code
    return number[1], code[1]


def tracked(site: Site, **changes: Any) -> tuple[Browser, str]:
    """A complainant who has opened the own complaint."""
    visitor = site.visitor()
    number, _code = file_on_the_web(visitor, **changes)
    assert visitor.post("/c/telecom/receipt").location == f"/track/{number}"
    return visitor, number


def said(visitor: Browser, response: Any) -> str:
    assert response.status_code == 303, text(response)
    return text(visitor.get(response.location))


def drive_to(site: Site, number: str, element: str) -> None:
    """Members of the groups do one task after the other until ``element`` is open."""
    office = site.office
    instance_id = office.engine.complaints.list(SYSTEM, q=number).items[0].instance_id
    hints = tomllib.loads((ROOT / "processes/telecom/samples/values.toml").read_text("utf-8"))
    fixed = {
        "review_result": "通过",
        "agreement": "认可",
        "severity": "一般",
        "departments": ["市场部"],
        "kind": "投诉",
    }
    for _ in range(40):
        tasks = office.open_tasks(instance_id)
        if any(task.element_id == element for task in tasks):
            return
        task = tasks[0]
        detail = office.engine.tasks.get(SYSTEM, task.id)
        chosen = {**{k: v[0] for k, v in hints.get(task.element_id, {}).items()}, **fixed}
        values = plausible(detail.form, detail.variables, Random(1), chosen, office.clock.now())
        office.complete(instance_id, task.element_id, values)
    raise AssertionError(f"{element} was not reached")


def test_start_page_lists_the_packs_and_sends_staff_to_their_work(site: Site) -> None:
    page = site.visitor().get("/")
    assert 'href="/c/telecom"' in page.text
    assert "员工登录" in page.text
    assert site.person("amy").get("/").location == "/worklist"


def test_intake_shows_six_fields_and_no_channel(site: Site) -> None:
    page = site.visitor().get("/c/telecom").text
    names = set(re.findall(r'name="(\w+)"', page)) - {"csrf_token", "website", "evidence", "viewport"}
    assert "channel" not in names
    assert len(names & {"kind", "complainant", "contact", "address", "matter", "demand"}) == 6


def test_the_channel_is_always_the_web_site(site: Site) -> None:
    number, _code = file_on_the_web(site.visitor(), channel="热线")
    assert site.office.engine.complaints.get(SYSTEM, number).row.channel == "官网"


def test_a_form_may_name_its_online_channel(site: Site) -> None:
    form, info = site.office.engine.complaints.intake_form("telecom")
    assert online_channel(form, info) == "官网"
    named = replace(form.components[0], properties={"public": "手机APP"})
    assert online_channel(replace(form, components=(named, *form.components[1:])), info) == "手机APP"
    assert online_channel(form, replace(info, channels=())) is None


def test_receipt_has_number_code_and_a_picture_but_no_code_in_addresses(site: Site) -> None:
    visitor = site.visitor()
    response = visitor.post("/c/telecom", WEB_INTAKE)
    page = visitor.get(response.location)
    assert page.headers["Cache-Control"] == "no-store"
    code = re.search(r'data-copy="([A-Z0-9]{8})"', page.text)
    assert code
    assert code[1] not in response.location
    assert all(code[1] not in link for link in re.findall(r'(?:href|action|src)="([^"]+)"', page.text))
    assert 'src="data:image/svg+xml' in page.text
    assert "王小明" not in page.text
    tracking = visitor.post("/c/telecom/receipt")
    assert re.fullmatch(r"/track/TS-\d+-\d+", tracking.location)
    assert "/track" in visitor.get("/c/telecom/receipt").location, "the code is shown only once"


def test_receipt_ends_after_half_an_hour(site: Site) -> None:
    visitor = site.visitor()
    location = visitor.post("/c/telecom", WEB_INTAKE).location
    site.office.advance(minutes=31)
    assert visitor.get(location).status_code == 302


def test_errors_stand_at_their_fields_and_nothing_is_lost(site: Site) -> None:
    response = site.visitor().post("/c/telecom", {**WEB_INTAKE, "contact": "", "matter": "短"})
    assert response.status_code == 422
    assert "有 2 处需要更正" in text(response)
    assert field_value(response.text, "complainant") == INTAKE["complainant"]
    assert site.office.engine.complaints.list(SYSTEM).total == 0


def test_forged_choice_is_refused(site: Site) -> None:
    assert site.visitor().post("/c/telecom", {**WEB_INTAKE, "kind": "表扬"}).status_code == 422


@pytest.mark.parametrize(
    ("content", "name", "status", "message"),
    [(b"MZ" + b"0" * 90, "a.exe", 415, "不允许上传"), (b"%PDF-" + b"0" * 2000, "b.pdf", 413, "超过上限")],
)
def test_refused_files_leave_the_text(site: Site, content: bytes, name: str, status: int, message: str) -> None:
    engine = site.office.engine
    small = replace(engine.config, files=replace(engine.config.files, max_bytes=1000))
    engine.context.config = engine.config = small
    response = site.visitor().post("/c/telecom", {**WEB_INTAKE, "evidence": (io.BytesIO(content), name)})
    assert response.status_code == status
    assert message in text(response)
    assert field_value(response.text, "demand") == INTAKE["demand"]
    assert engine.complaints.list(SYSTEM).total == 0


def test_files_are_kept_with_the_complaint(site: Site) -> None:
    visitor = site.visitor()
    number, _code = file_on_the_web(visitor, evidence=(io.BytesIO(PDF), "账单.pdf"))
    kept = site.office.engine.complaints.get(SYSTEM, number).attachments
    assert [row.name for row in kept] == ["账单.pdf"]
    visitor.post("/c/telecom/receipt")
    got = visitor.get(f"/track/{number}/files/{kept[0].id}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert site.visitor().get(f"/track/{number}/files/{kept[0].id}").status_code == 403


def test_a_program_that_fills_the_trap_files_nothing(site: Site) -> None:
    response = site.visitor().post("/c/telecom", {**WEB_INTAKE, "website": "http://spam.example"})
    assert response.status_code == 422
    assert field_value(response.text, "matter") == INTAKE["matter"]
    assert site.office.engine.complaints.list(SYSTEM).total == 0


def test_too_many_submissions_keep_what_was_typed(site: Site) -> None:
    site.settings["RATELIMIT_ENABLED"] = True
    visitor = site.visitor()
    answers = [visitor.post("/c/telecom", {**WEB_INTAKE, "contact": ""}) for _ in range(7)]
    assert [a.status_code for a in answers] == [422] * 6 + [429]
    assert "请等一分钟" in text(answers[-1])
    assert field_value(answers[-1].text, "matter") == INTAKE["matter"]
    tries = [visitor.post("/track", {"number": "TS-2026-00001", "code": "X"}) for _ in range(9)]
    assert tries[-1].status_code == 429
    assert field_value(tries[-1].text, "number") == "TS-2026-00001"


def test_number_and_code_open_the_complaint(site: Site) -> None:
    number, code = file_on_the_web(site.visitor())
    visitor = site.visitor()
    wrong = visitor.post("/track", {"number": number, "code": "WRONG"})
    assert wrong.status_code == 422
    unknown = visitor.post("/track", {"number": "TS-1999-00001", "code": "WRONG"})
    assert text(wrong).replace(number, "") == text(unknown).replace("TS-1999-00001", "")
    page = said(visitor, visitor.post("/track", {"number": f" {number.lower()} ", "code": code.lower()}))
    assert INTAKE["matter"] in page
    assert "正在进行：受理" in page


def test_only_the_own_complaint_is_open_and_not_for_ever(site: Site) -> None:
    visitor, number = tracked(site)
    other, _code = file_on_the_web(site.visitor())
    assert INTAKE["matter"] not in text(visitor.get(f"/track/{other}"))
    assert visitor.post(f"/track/{other}/withdraw", {"reason": "x"}).status_code == 403
    site.office.clock.set(site.office.clock.now() + timedelta(hours=3))
    assert INTAKE["matter"] not in text(visitor.get(f"/track/{number}"))


def test_leaving_closes_it_on_this_device(site: Site) -> None:
    visitor, number = tracked(site)
    assert "已退出查询" in said(visitor, visitor.post(f"/track/{number}/leave"))
    assert INTAKE["matter"] not in text(visitor.get(f"/track/{number}"))


def test_adding_information_with_a_file(site: Site) -> None:
    visitor, number = tracked(site)
    empty = visitor.post(f"/track/{number}/add", {"note": " "})
    assert empty.status_code == 422
    assert "请写下要补充的情况" in text(empty)
    refused = visitor.post(f"/track/{number}/add", {"note": "见附件", "files": (io.BytesIO(b"MZ00"), "a.exe")})
    assert refused.status_code == 415
    assert field_value(refused.text, "note") == "见附件"
    done = visitor.post(f"/track/{number}/add", {"note": "又断了两次", "files": (io.BytesIO(PDF), "b.pdf")})
    page = said(visitor, done)
    assert "已收到您补充的情况" in page
    assert "b.pdf" in page
    instance_id = site.office.engine.complaints.get(SYSTEM, number).row.instance_id
    attend = site.office.task(instance_id, "attend")
    assert site.office.engine.tasks.get(SYSTEM, attend.id).variables["note"] == "又断了两次"


def test_asking_to_be_contacted(site: Site) -> None:
    visitor, number = tracked(site)
    assert visitor.post(f"/track/{number}/contact").status_code == 422
    assert "已转告" in said(visitor, visitor.post(f"/track/{number}/contact", {"contact_note": "何时上门？"}))


def test_withdrawing_needs_a_reason_and_is_then_over(site: Site) -> None:
    visitor, number = tracked(site)
    assert "data-confirm" in visitor.get(f"/track/{number}").text
    assert "请写明撤诉的原因" in text(visitor.post(f"/track/{number}/withdraw"))
    page = said(visitor, visitor.post(f"/track/{number}/withdraw", {"reason": "已经解决"}))
    assert "已收到您的撤诉申请" in page
    again = visitor.post(f"/track/{number}/withdraw", {"reason": "再撤"})
    assert again.status_code == 409
    assert "目前不等待" in text(again)


def test_addresses_of_actions_lead_back_to_the_page(site: Site) -> None:
    visitor, number = tracked(site)
    for action in ("add", "withdraw", "survey"):
        assert visitor.get(f"/track/{number}/{action}?lang=en").location == f"/track/{number}?lang=en"


def test_survey_opens_when_the_process_waits_for_it(site: Site) -> None:
    visitor, number = tracked(site)
    assert "您对这次处理满意吗" not in text(visitor.get(f"/track/{number}"))
    drive_to(site, number, "callback")
    assert "您对这次处理满意吗" in text(visitor.get(f"/track/{number}"))
    missing = visitor.post(f"/track/{number}/survey", {"satisfied": "perhaps"})
    assert missing.status_code == 422
    assert "请选择是否满意" in text(missing)
    page = said(visitor, visitor.post(f"/track/{number}/survey", {"satisfied": "no", "attitude": "1"}))
    assert "您的评价已记录" in page
    row = site.office.engine.complaints.get(SYSTEM, number).row
    assert row.satisfied is False
    assert site.office.engine.instances.variables(SYSTEM, row.instance_id)["attitude"] == "一般"


def test_conditions_answer_without_saving(site: Site) -> None:
    assert site.visitor().post("/c/telecom/conditions", {"kind": "咨询"}).json == {"hidden": []}


def test_qr_code_for_posters(site: Site) -> None:
    response = site.visitor().get("/c/telecom/qr.svg")
    assert response.mimetype == "image/svg+xml"
    assert b'xmlns="http://www.w3.org/2000/svg"' in response.data


def test_unknown_pack_is_a_friendly_page(site: Site) -> None:
    response = site.visitor().get("/c/nonsense")
    assert response.status_code == 404
    assert "没有找到" in text(response)


@pytest.mark.parametrize("path", ["/", "/c/telecom", "/track"])
def test_no_chinese_in_english(site: Site, path: str) -> None:
    assert not HAN.search(text(site.visitor().get(f"{path}?lang=en")).replace("中文", ""))


def test_tracking_in_english(site: Site) -> None:
    visitor, number = tracked(site, matter="The line drops every evening", demand="Repair", complainant="Ann")
    page = text(visitor.get(f"/track/{number}?lang=en")).replace("中文", "")
    assert not HAN.search(page)
    assert "In progress: Intake" in page
