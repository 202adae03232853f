"""Somebody who complains: files it, keeps number and code, follows it, adds to it, withdraws it, answers the survey."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Refusals
from tests.browser.pages import PHONE, axe, fits
from tests.browser.served import Served

MATTER = "办理携号转网后旧号码仍被扣月租，打了三次电话都说要等下个月"


def fill_intake(page: Page) -> None:
    page.get_by_role("textbox", name="姓名").fill("司徒婉清")
    page.get_by_role("textbox", name="联系方式").fill("13900008899")
    page.get_by_role("textbox", name="投诉事项").fill(MATTER)
    page.get_by_role("textbox", name="要求解决的问题").fill("停止扣费，退还三个月月租")


def track(page: Page, number: str, code: str) -> None:
    page.goto("/track")
    page.get_by_label("投诉编号").fill(number)
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询进度").click()


def test_from_intake_to_withdrawal_on_a_phone(visit: Open, office: Served, files: Path) -> None:
    page = visit("/", viewport=PHONE, has_touch=True)
    page.get_by_role("link", name=re.compile("电信投诉室")).click()
    fill_intake(page)
    page.get_by_label("证据材料").set_input_files(files / "账单.png")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.locator("h1")).to_have_text("您的投诉已收到")
    number, code = (text.strip() for text in page.locator("dd.secret").all_inner_texts())
    assert number.startswith("TS-2026-")
    axe(page)
    fits(page)
    page.get_by_role("button", name="已记下，查看进度").click()
    expect(page.locator("main")).to_contain_text("账单.png")
    expect(page.locator("main")).to_contain_text(MATTER)
    page.get_by_role("button", name="退出查询").click()

    track(page, number, code)
    axe(page)
    fits(page)
    page.get_by_label("补充的情况").fill("昨天又被扣了一次")
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator("#flashes")).to_contain_text("已收到您补充的情况")
    page.get_by_text("我要撤诉").click()
    page.get_by_label("撤诉的原因").fill("营业厅已经退款")
    page.get_by_role("button", name="撤诉").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(number)
    question.locator("[data-confirm-yes]").click()
    expect(page.locator("#flashes")).to_contain_text("撤诉申请")


def test_empty_intake_names_what_is_missing(visit: Open, refusals: Refusals) -> None:
    page = visit("/c/telecom")
    refusals(422)
    page.get_by_role("textbox", name="投诉事项").fill(MATTER)
    page.get_by_role("button", name="提交投诉").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("姓名")
    expect(page.get_by_role("textbox", name="投诉事项")).to_have_value(MATTER)
    expect(page.get_by_role("textbox", name="姓名")).to_have_attribute("aria-invalid", "true")
    axe(page)


def test_file_of_a_forbidden_type_is_refused_and_nothing_typed_is_lost(
    visit: Open, files: Path, refusals: Refusals
) -> None:
    page = visit("/c/telecom")
    refusals(415, 422)
    fill_intake(page)
    page.get_by_label("证据材料").set_input_files(files / "setup.exe")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.locator(".field-error")).to_contain_text("其余内容都还在")
    expect(page.get_by_role("textbox", name="投诉事项")).to_have_value(MATTER)
    axe(page)
    page.get_by_label("证据材料").set_input_files(files / "账单.png")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.locator("h1")).to_have_text("您的投诉已收到")


def test_wrong_code_opens_nothing(visit: Open, office: Served, refusals: Refusals) -> None:
    filed = office.file()
    page = visit("/track")
    refusals(422)
    track(page, filed.number, "AAAA2222")
    expect(page.locator("main .notice-error")).to_contain_text("编号或查询码不对")
    expect(page.get_by_label("投诉编号")).to_have_value(filed.number)
    page.goto(f"/track/{filed.number}")
    expect(page.get_by_label("查询码")).to_be_visible()
    axe(page)


def test_survey_is_offered_when_the_callback_waits(visit: Open, office: Served, refusals: Refusals) -> None:
    filed = office.file()
    office.drive(filed, "callback")
    page = visit("/track")
    refusals(422)
    track(page, filed.number, filed.access_code)
    expect(page.locator("main")).to_contain_text("您对这次处理满意吗？")
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("main")).to_contain_text("请选择是否满意")
    axe(page)
    result = page.get_by_role("group", name="对处理结果")
    result.get_by_label("满意", exact=True).check()
    page.get_by_role("group", name="对工作人员的服务态度").get_by_label("满意", exact=True).check()
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("#flashes")).to_contain_text("谢谢")
    expect(page.get_by_role("button", name="提交评价")).to_have_count(0)


def test_receipt_is_shown_to_nobody_else(visit: Open, office: Served) -> None:
    page = visit("/c/telecom/receipt")
    expect(page).to_have_url(re.compile("/track$"))
