"""A manager and a process owner: where it is stuck, who is late, what is in force, and stepping in with a reason."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open, Refusals
from tests.browser.pages import axe, diagram_ready
from tests.browser.places import MANAGER, OWNER, STAFF, complaint
from tests.browser.served import Served


def test_overview_shows_what_is_stuck_and_leads_to_it(visit: Open) -> None:
    page = visit("/operations", MANAGER)
    diagram_ready(page)
    figures = page.locator(".figures")
    expect(figures).to_contain_text("未办结")
    expect(page.locator(".djs-overlays .diagram-badge").first).to_be_visible()
    expect(page.locator(".djs-element.is-overdue").first).to_be_visible()
    figures.get_by_role("link", name=re.compile("已超期")).click()
    expect(page).to_have_url(re.compile("overdue=yes"))
    lines = page.locator("[data-row]")
    expect(lines.first).to_be_visible()
    assert lines.count() == page.locator("[data-row] .due-overdue").count()


def test_escalated_complaints_stand_out(visit: Open) -> None:
    page = visit("/operations/instances?escalated=yes&state=open", MANAGER)
    lines = page.locator("[data-row]")
    expect(lines.first).to_be_visible()
    assert lines.count() == page.locator("[data-row]", has_text="已升级").count()


def test_filters_combine_and_can_be_cleared(visit: Open, office: Served) -> None:
    filed = office.file(matter="筛选要找到的一件")
    page = visit("/operations/instances", MANAGER)
    page.get_by_label("编号、姓名、电话尾号或内容").last.fill(filed.number)
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_label("超期").select_option("yes")
    expect(page.locator("main")).to_contain_text("没有符合条件的流程")
    page.get_by_role("link", name="清除筛选").click()
    expect(page.locator("[data-row]").nth(5)).to_be_visible()


def test_instance_shows_tokens_course_and_variables(visit: Open, office: Served) -> None:
    filed = office.file()
    office.drive(filed, "transfer")
    page = visit(f"/operations/instances/{filed.instance_id}", MANAGER)
    diagram_ready(page)
    current = page.locator(".djs-element.is-current[data-element-id=transfer]")
    expect(current).to_have_count(1)
    expect(page.locator(".djs-connection.is-visited").first).to_be_attached()
    expect(page.locator(".timeline").first).to_contain_text("完成“初步判断并登记”")
    row = page.locator("tr[data-step=transfer]")
    expect(row).to_contain_text("转办责任部门")
    row.hover()
    expect(page.locator(".djs-element.is-pointed[data-element-id=transfer]")).to_have_count(1)
    page.get_by_role("tab", name=re.compile("^变量")).click()
    expect(page.locator("#detail-variables")).to_contain_text("营销与套餐")
    expect(page.locator("#detail-variables")).not_to_contain_text("13700000")
    page.get_by_role("tab", name=re.compile("^期限")).click()
    expect(page.locator("#detail-due")).to_contain_text("小时")
    axe(page)


def test_reassigning_needs_a_reason_and_is_in_the_history(visit: Open, office: Served) -> None:
    filed = office.file()
    page = visit(f"/operations/instances/{filed.instance_id}", MANAGER)
    page.locator("summary", has_text="操作").click()
    page.get_by_role("link", name="改派").click()
    dialog = page.get_by_role("dialog", name=re.compile("^改派"))
    dialog.get_by_label("改由谁办理").select_option(label="周敏")
    dialog.get_by_role("button", name="改派").click()
    expect(dialog).to_be_visible()
    axe(page)
    dialog.get_by_label("理由").fill("林晓本周参加培训")
    dialog.get_by_role("button", name="改派").click()
    expect(page.locator("#flashes")).to_contain_text("周敏")
    expect(page.locator(".timeline-note").first).to_have_text("林晓本周参加培训")


def test_cancelling_says_what_it_means_and_ends_the_process(visit: Open, office: Served) -> None:
    filed = office.file()
    page = visit(f"/operations/instances/{filed.instance_id}", MANAGER)
    page.locator("summary", has_text="操作").click()
    page.get_by_role("link", name="取消流程").click()
    dialog = page.get_by_role("dialog", name="取消流程")
    expect(dialog).to_contain_text("不再需要办理")
    dialog.get_by_label("理由").fill("与另一件重复登记")
    dialog.get_by_role("button", name="取消流程").click()
    expect(page.locator("main")).to_contain_text("已取消")
    assert not office.open_tasks(filed.instance_id)


def test_staff_cannot_look_at_operations(visit: Open, refusals: Refusals) -> None:
    page = visit("/worklist", STAFF)
    expect(page.get_by_role("navigation", name="主导航").get_by_role("link", name="运行")).to_have_count(0)
    refusals(403)
    page.goto("/operations")
    expect(page.locator("main")).to_contain_text("权限")


def test_reports_and_archive_hold_what_was_closed(visit: Open, office: Served) -> None:
    page = visit("/reports?period=year&at=2026", MANAGER)
    expect(page.locator(".figures")).to_contain_text("满意率")
    expect(page.locator("svg").first).to_be_visible()
    page.goto("/archive")
    expect(page.locator("tbody")).to_contain_text(complaint(office, closed=True).number)


def test_policy_leads_from_a_rule_to_the_place_in_the_diagram(visit: Open) -> None:
    page = visit("/policy", OWNER)
    page.locator("main").get_by_role("link", name="电信投诉室").first.click()
    expect(page.locator("main")).to_contain_text("由流程保证")
    page.get_by_role("link", name=re.compile("^按假定数字")).click()
    expect(page.locator("tbody tr").first).to_contain_text("按假定数字")
    page.goto("/policy/telecom")
    page.locator("tbody").get_by_role("link", name="初步判断并登记", exact=True).first.click()
    diagram_ready(page)
    expect(page.locator(".djs-element[data-element-id=triage]")).to_have_count(1)
    page.goto("/policy/telecom")
    page.get_by_role("tab", name=re.compile("^全部流程图")).click()
    page.get_by_role("tabpanel", name=re.compile("^全部流程图")).get_by_role("link").first.click()
    diagram_ready(page)
    axe(page)
