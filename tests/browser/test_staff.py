"""A member of staff: from signing in to the next task, and everything that can go wrong on the way."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Refusals
from tests.browser.pages import axe
from tests.browser.places import DEPARTMENT, MANAGER, STAFF
from tests.browser.served import Served

COLLEAGUE = "zhoumin"
SUBMIT = re.compile("^提交“")


def _triage(page: Page, reason: str = "核对描述后按主要争议判断") -> None:
    """Fill in the triage form, otherwise than the table suggests, so that a reason is asked for."""
    page.get_by_label("清楚", exact=True).check()
    page.get_by_label("严重程度").select_option("一般")
    page.get_by_label("市场部").check()
    page.get_by_label("投诉类型").select_option("服务态度")
    expect(page.get_by_label("改动建议的理由")).to_be_visible()
    page.get_by_label("改动建议的理由").fill(reason)


def test_worklist_by_keyboard_from_sign_in_to_an_open_task(visit: Open, office: Served) -> None:
    filed = office.file(matter="键盘领取的一件")
    page = visit("/worklist")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_role("button", name="以林晓的身份进入").click()
    expect(page.locator("h1")).to_have_text("工作台")
    page.goto("/worklist?view=groups")
    links = page.locator("[data-row] a[data-open]")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.goto(f"/worklist?view=groups&q={filed.number}")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#flashes")).to_contain_text("已领取 1 项任务")
    page.goto("/worklist?view=mine")
    row = page.locator("[data-row]", has_text=filed.number)
    expect(row).to_contain_text("我")
    row.locator("a[data-open]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("初步判断并登记")


def test_claim_give_back_and_the_reason_of_the_due_date(visit: Open, office: Served) -> None:
    task = office.task(office.file())
    page = visit(f"/tasks/{task}", STAFF)
    page.get_by_role("button", name="领取", exact=True).click()
    expect(page.locator("#flashes")).to_contain_text("由您办理")
    page.get_by_role("button", name="为什么是这个时间？").click()
    dialog = page.get_by_role("dialog", name="为什么是这个时间？")
    expect(dialog).to_contain_text("小时")
    axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name=re.compile("^退回")).click()
    expect(page.locator("#flashes")).to_contain_text("组内同事可以领取")


def test_invalid_form_keeps_what_was_typed_and_names_the_fields(
    visit: Open, office: Served, refusals: Refusals
) -> None:
    task = office.task(office.file())
    page = visit(f"/tasks/{task}", STAFF)
    refusals(422)
    page.get_by_label("不清楚", exact=True).check()
    points = page.get_by_label("需要追问的内容")
    expect(points).to_be_visible()
    page.get_by_label("投诉类型").select_option("")
    page.get_by_role("button", name=SUBMIT).click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("投诉类型")
    expect(summary).to_contain_text("需要追问的内容")
    expect(page.get_by_label("不清楚", exact=True)).to_be_checked()
    expect(page.get_by_label("投诉类型")).to_have_attribute("aria-invalid", "true")
    axe(page)
    summary.get_by_role("link", name="需要追问的内容").click()
    expect(points).to_be_focused()


def test_conditions_follow_what_is_typed(visit: Open, office: Served) -> None:
    page = visit(f"/tasks/{office.task(office.file())}", STAFF)
    points = page.get_by_label("需要追问的内容")
    expect(points).to_be_hidden()
    page.get_by_label("不清楚", exact=True).check()
    expect(points).to_be_visible()
    page.get_by_label("清楚", exact=True).check()
    expect(points).to_be_hidden()


def test_draft_is_saved_by_itself_and_comes_back(visit: Open, office: Served) -> None:
    task = office.task(office.file())
    page = visit(f"/tasks/{task}", STAFF)
    page.get_by_label("不清楚", exact=True).check()
    page.get_by_label("需要追问的内容").fill("请问故障从哪一天开始？")
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已保存 10:45")
    page.goto("/worklist")
    page.goto(f"/tasks/{task}")
    expect(page.get_by_label("需要追问的内容")).to_have_value("请问故障从哪一天开始？")
    expect(page.locator("[data-draft-state]")).to_contain_text("已载入上次的草稿")
    page.get_by_label("需要追问的内容").fill("请问涉及哪个号码？")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已保存")


def test_submitting_opens_the_next_task_and_moves_the_complaint_on(visit: Open, office: Served) -> None:
    filed, other = office.file(), office.file(matter="另一件在等")
    for each in (filed, other):
        office.engine.tasks.claim(office.person(STAFF), office.task(each))
    done = office.task(filed)
    page = visit(f"/tasks/{done}", STAFF)
    _triage(page)
    page.get_by_role("button", name=SUBMIT).click()
    expect(page).not_to_have_url(re.compile(done))
    expect(page).to_have_url(re.compile("/tasks/"))
    assert office.task(filed, "transfer")
    page.goto(f"/complaints/{filed.number}")
    expect(page.locator(".state-sentence")).to_contain_text("转办责任部门")


def test_task_of_another_group_is_refused(visit: Open, office: Served, refusals: Refusals) -> None:
    task = office.task(office.file())
    page = visit("/worklist", DEPARTMENT)
    refusals(403, 404)
    page.goto(f"/tasks/{task}")
    expect(page.locator("main")).to_contain_text("回到")
    expect(page.get_by_role("button", name=SUBMIT)).to_have_count(0)


def test_handing_over_to_a_colleague(visit: Open, office: Served) -> None:
    filed = office.file()
    task = office.task(filed)
    office.engine.tasks.claim(office.person(STAFF), task)
    page = visit(f"/tasks/{task}", STAFF)
    page.get_by_role("button", name="移交").click()
    dialog = page.get_by_role("dialog", name="移交给同事")
    dialog.get_by_label("交给谁").select_option(COLLEAGUE)
    dialog.get_by_label("留言").fill("下午外出，请接着办")
    dialog.get_by_role("button", name="移交").click()
    expect(page.locator("#flashes")).to_contain_text("已移交给周敏")
    colleague = visit(f"/tasks/{task}", COLLEAGUE)
    colleague.get_by_role("tab", name="经过").click()
    expect(colleague.locator("#context-timeline")).to_contain_text("下午外出，请接着办")


def test_entering_a_complaint_that_came_by_telephone(visit: Open, files: Path) -> None:
    page = visit("/complaints/new", STAFF)
    page.get_by_label("受理渠道").select_option("热线")
    page.get_by_role("textbox", name="姓名").fill("欧阳子墨")
    page.get_by_label("联系方式").fill("13900007788")
    page.get_by_label("投诉事项").fill("宽带已报停仍在扣费，账单见附件")
    page.get_by_label("要求解决的问题").fill("停止扣费并退款")
    page.get_by_label("附件", exact=True).set_input_files(files / "账单.png")
    expect(page.locator(".files-chosen")).to_contain_text("账单.png")
    page.get_by_role("button", name="登记并开始办理").click()
    expect(page.locator(".promise")).to_contain_text("查询码只显示这一次")
    expect(page.locator("#evidence")).to_contain_text("账单.png")
    axe(page)
    page.reload()
    expect(page.locator(".promise")).to_have_count(0)


def test_second_person_to_submit_is_told_and_loses_nothing(visit: Open, office: Served, refusals: Refusals) -> None:
    filed = office.file()
    task = office.task(filed)
    first, second = visit(f"/tasks/{task}", STAFF), visit(f"/tasks/{task}", COLLEAGUE)
    refusals(409)
    _triage(second, "第二个人写的理由，不能丢")
    _triage(first)
    first.get_by_role("button", name=SUBMIT).click()
    expect(first).not_to_have_url(re.compile(task))
    second.get_by_role("button", name=SUBMIT).click()
    expect(second.locator("main .notice-error")).to_be_visible()
    expect(second.locator("main")).to_contain_text("林晓")
    expect(second.locator("main")).to_contain_text("第二个人写的理由，不能丢")
    axe(second)


def test_contact_details_are_masked_until_asked_for(visit: Open, office: Served) -> None:
    filed = office.file(contact="13912345678")
    page = visit(f"/complaints/{filed.number}", STAFF)
    expect(page.locator("#person")).to_contain_text("139****5678")
    page.get_by_role("button", name="显示联系方式").click()
    expect(page.locator("#person")).to_contain_text("13912345678")
    expect(page.locator("#person")).to_contain_text("本次查看已记录")


def test_search_finds_a_number_at_once_and_a_telephone_tail(visit: Open, office: Served) -> None:
    filed = office.file(contact="13900004321", matter="电话尾号能找到的一件")
    page = visit("/worklist", MANAGER)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type(filed.number)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/complaints/{filed.number}$"))
    page.goto("/search?q=4321")
    expect(page.locator("tbody")).to_contain_text("电话尾号能找到的一件")


def test_customer_calls_again(visit: Open, office: Served) -> None:
    filed = office.file()
    office.drive(filed, "transfer")
    page = visit(f"/complaints/{filed.number}", STAFF)
    page.locator("summary", has_text="客户再次联系").click()
    page.get_by_role("button", name="客户再次来电").click()
    dialog = page.get_by_role("dialog", name="客户再次来电")
    dialog.get_by_label("客户说了什么").fill("客户催问进度，语气着急")
    dialog.get_by_role("button", name="记录并通知流程").click()
    expect(page.locator("#flashes")).to_contain_text("客户再次来电")
    expect(page.locator(".timeline-note").first).to_contain_text("客户催问进度")
