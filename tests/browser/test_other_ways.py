"""The same without a mouse, and without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from engine.demo import DEMO_PASSWORD
from tests.browser.conftest import Open, Refusals
from tests.browser.places import STAFF
from tests.browser.served import Served
from tests.browser.test_complainant import MATTER, fill_intake, track

SUBMIT = re.compile("^提交“")


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the element has the focus; every stop on the way can be seen to have it."""
    for _stop in range(80):
        page.keyboard.press(key)
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{target} is not reached with {key}")


def test_keyboard_only_from_sign_in_to_the_next_task(visit: Open, office: Served) -> None:
    filed = office.file()
    task = office.task(filed)
    page = visit("/sign-in")
    tab_to(page, page.get_by_role("textbox", name="账号"))
    page.keyboard.type(STAFF)
    page.keyboard.press("Tab")
    page.keyboard.type(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("工作台")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.goto(f"/worklist?view=groups&q={filed.number}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("初步判断并登记")
    category = page.get_by_label("投诉类型")
    tab_to(page, category)
    page.keyboard.press("End")
    expect(category).to_have_value("其他")
    tab_to(page, page.get_by_label("市场部"))
    if not page.get_by_label("市场部").is_checked():
        page.keyboard.press("Space")
    reason = page.get_by_label("改动建议的理由")
    expect(reason).to_be_visible()
    tab_to(page, reason)
    page.keyboard.type("客户主要不满解释态度")
    tab_to(page, page.get_by_role("button", name=SUBMIT))
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile(task))
    assert office.task(filed, "transfer")


def test_focus_can_always_be_seen(visit: Open) -> None:
    page = visit("/worklist?view=groups", STAFF)
    for _stop in range(15):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }"
        )
        assert shown, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_dialog_keeps_the_focus_and_gives_it_back(visit: Open, office: Served) -> None:
    page = visit(f"/tasks/{office.task(office.file())}", STAFF)
    opener = page.get_by_role("button", name="为什么是这个时间？")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="为什么是这个时间？")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("element => element.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_intake_and_tracking_without_a_script(visit: Open, files: Path, refusals: Refusals) -> None:
    page = visit("/c/telecom", java_script_enabled=False)
    refusals(422)
    page.get_by_role("button", name="提交投诉").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("姓名")
    fill_intake(page)
    page.get_by_label("证据材料").set_input_files(files / "账单.png")
    page.get_by_role("button", name="提交投诉").click()
    number, code = (text.strip() for text in page.locator("dd.secret").all_inner_texts())
    page.get_by_role("button", name="已记下，查看进度").click()
    expect(page.locator("main")).to_contain_text(MATTER)
    page.get_by_role("button", name="退出查询").click()
    track(page, number, code)
    page.get_by_label("补充的情况").fill("没有脚本也能补充")
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator("#flashes")).to_contain_text("已收到您补充的情况")


def test_task_without_a_script(visit: Open, office: Served, refusals: Refusals) -> None:
    filed = office.file()
    page = visit("/sign-in", java_script_enabled=False)
    refusals(422)
    page.locator(f"form:has(input[name=login][value={STAFF}]) button").click()
    page.goto(f"/tasks/{office.task(filed)}")
    page.get_by_role("button", name="领取", exact=True).click()
    page.get_by_label("投诉类型").select_option("服务态度")
    page.get_by_label("市场部").check()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("#flashes")).to_contain_text("草稿已保存")
    expect(page.get_by_label("投诉类型")).to_have_value("服务态度")
    page.get_by_role("button", name=SUBMIT).click()
    expect(page.locator("[data-error-summary]")).to_contain_text("改动建议的理由")
    page.get_by_label("改动建议的理由").fill("客户主要不满解释态度")
    page.get_by_role("button", name=SUBMIT).click()
    assert office.task(filed, "transfer")
