"""The panel of steps that can be started, on the pages of the complaint, the task and the process."""

from __future__ import annotations

import html
import re

import pytest

from engine.types import SYSTEM, Started
from tests.office import PACKS
from tests.web.conftest import Browser, Site, field_value, text

TITLE = "可启动的步骤"


@pytest.fixture
def filed(site: Site) -> Started:
    """A complaint whose inquiry is open; Iris is of its desk, Finn of finance, Max manages."""
    office, users = site.office, site.office.engine.users
    office.deploy(PACKS / "inquiry")
    users.create(SYSTEM, "iris", "Iris", groups=("inquiry/受理",))
    users.create(SYSTEM, "finn", "Finn", groups=("inquiry/财务",))
    users.create(SYSTEM, "max", "Max", roles=(("manager", "inquiry"),))
    found = office.engine.complaints.file(SYSTEM, "inquiry", {"matter": "多收了三个月的费用"})
    office.complete(found.instance_id, "register", {"team": "技术"}, site.actor("iris"))
    return found


def buttons(page: str) -> dict[str, str]:
    """Label of every button that starts a step -> where it leads."""
    found = re.findall(r'(?:<form method="post" action="([^"]+)">.{0,200}?)?<button class="start" ([^>]*)>', page, re.S)
    labels = {}
    for action, attributes in found:
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        labels[html.unescape(given["aria-label"])] = html.unescape(action or given["formaction"])
    return labels


def start(person: Browser, page: str, label: str, data: dict[str, str] | None = None) -> str:
    """Press the button on the page at an address; the text of the page that follows."""
    response = person.post(buttons(person.get(page).text)[label], data)
    assert (response.status_code, response.location) == (303, page)
    return text(person.get(page))


def test_staff_start_a_step_from_the_complaint(site: Site, filed: Started) -> None:
    iris, page = site.person("iris"), f"/complaints/{filed.number}"
    shown = text(iris.get(page))
    assert "“补充调查”正在进行，等待有人启动下一步。" in shown
    assert f"{TITLE} 补充调查 需要查清什么就启动哪一步" in shown
    assert list(buttons(iris.get(page).text)) == ["启动“电话回访客户”", "启动“记一次催办”", "启动“写调查结论”"]
    after = start(iris, page, "启动“电话回访客户”")
    assert "已启动“电话回访客户”。" in after
    assert "等待“电话回访客户”" in after
    assert "电话回访客户 向客户核实经过，并告知目前的进展。 由受理组办理 · 进行中 1" in after
    site.office.complete(filed.instance_id, "call_back", {"note": "已核实"}, site.actor("iris"))
    assert "由受理组办理 · 已办完 1" in text(iris.get(page))
    assert "启动“电话回访客户”" in text(iris.get(page))


def test_the_panel_in_english(site: Site, filed: Started) -> None:
    page = text(site.person("iris").get(f"/complaints/{filed.number}?lang=en"))
    assert "“Further inquiry” is under way; its next step waits to be started." in page
    assert "Steps you can start Further inquiry Start whatever has to be found out" in page
    assert "Call the customer Hear what happened" in page
    assert "Goes to Intake" in page


def test_the_panel_is_there_only_for_those_who_may_start_something(site: Site, filed: Started) -> None:
    page = f"/complaints/{filed.number}"
    site.office.engine.users.create(SYSTEM, "audrey", "Audrey", roles=(("auditor", "inquiry"),))
    assert TITLE not in text(site.person("audrey").get(page))
    assert site.person("finn").get(page).status_code == 403
    assert len(buttons(site.person("max").get(page).text)) == 6
    conclude = start(site.person("max"), page, "启动“写调查结论”")
    assert TITLE in conclude
    site.office.complete(filed.instance_id, "conclude", {"concluded": True}, site.actor("iris"))
    assert TITLE not in text(site.person("max").get(page))


def test_a_refusal_says_why_and_nothing_is_started(site: Site, filed: Started) -> None:
    iris, page = site.person("iris"), f"/complaints/{filed.number}"
    address = buttons(iris.get(page).text)["启动“电话回访客户”"]
    iris.post(address.replace("call_back", "visit"))
    assert "您没有权限启动“现场查看”。需要的角色：技术部" in text(iris.get(page))
    iris.post(address)
    iris.post(address)
    assert "“补充调查”刚刚被别人处理过" in text(iris.get(page))
    assert [t.element_id for t in site.office.open_tasks(filed.instance_id)] == ["call_back"]


def test_starting_beside_a_task_keeps_what_was_typed(site: Site, filed: Started) -> None:
    iris = site.person("iris")
    start(iris, f"/complaints/{filed.number}", "启动“电话回访客户”")
    page = f"/tasks/{site.office.task(filed.instance_id, 'call_back').id}"
    assert 'form="work" formaction' in iris.get(page).text
    after = start(iris, page, "启动“记一次催办”", {"note": "客户不在，下午再打"})
    assert "已启动“记一次催办”。" in after
    assert "已载入上次的草稿" in after
    assert field_value(iris.get(page).text, "note") == "客户不在，下午再打"


def test_starting_beside_a_task_makes_no_draft_of_nothing(site: Site, filed: Started) -> None:
    iris = site.person("iris")
    start(iris, f"/complaints/{filed.number}", "启动“电话回访客户”")
    page = f"/tasks/{site.office.task(filed.instance_id, 'call_back').id}"
    assert "已载入上次的草稿" not in start(iris, page, "启动“记一次催办”", {"note": ""})


def test_starting_beside_the_task_of_another(site: Site, filed: Started) -> None:
    """A manager looks at the task, has no form to fill and may start steps all the same."""
    boss = site.person("max")
    start(boss, f"/complaints/{filed.number}", "启动“核对账单”")
    page = f"/tasks/{site.office.task(filed.instance_id, 'check_bill').id}"
    assert 'form="work"' not in boss.get(page).text
    assert "已启动“现场查看”。" in start(boss, page, "启动“现场查看”")


def test_a_draft_that_cannot_be_kept_stops_it_and_the_page_comes_back(site: Site, filed: Started) -> None:
    iris, office = site.person("iris"), site.office
    start(iris, f"/complaints/{filed.number}", "启动“电话回访客户”")
    task = office.task(filed.instance_id, "call_back").id
    address = buttons(iris.get(f"/tasks/{task}").text)["启动“记一次催办”"]
    user = office.engine.users.create
    user(SYSTEM, "ivan", "Ivan", groups=("inquiry/受理",))
    tasks = office.engine.tasks
    kept, tasks_get = tasks.save_draft, tasks.get(site.actor("iris"), task)
    assert tasks_get.may_complete

    def claimed_meanwhile(*given: object) -> None:
        tasks.claim(site.actor("ivan"), task)
        kept(*given)  # type: ignore[arg-type]

    tasks.save_draft = claimed_meanwhile  # type: ignore[method-assign]
    response = iris.post(address, {"note": "已经打过两次"})
    assert response.status_code == 409
    assert "已由Ivan领取" in text(response)
    assert "已经打过两次" in text(response)
    assert len(office.open_tasks(filed.instance_id)) == 1


def test_managers_start_steps_on_the_page_of_the_process(site: Site, filed: Started) -> None:
    page = f"/operations/instances/{filed.instance_id}"
    assert "启动“核对账单”" in buttons(site.person("max").get(page).text)
    after = start(site.person("max"), page, "启动“核对账单”")
    assert "由财务部办理 · 进行中 1" in after
    assert "启动“核对账单”" in after


def test_the_buttons_carry_the_token(site: Site, filed: Started) -> None:
    site.settings["WTF_CSRF_ENABLED"] = True
    iris, page = site.person("iris"), f"/complaints/{filed.number}"
    address = buttons(iris.get(page).text)["启动“电话回访客户”"]
    assert iris.post(address).status_code == 400
    assert site.office.open_tasks(filed.instance_id) == []
    form = iris.get(page).text.split('class="starts"')[1].split("</form>")[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    start(iris, page, "启动“电话回访客户”", {"csrf_token": token[1]})
    beside = f"/tasks/{site.office.task(filed.instance_id, 'call_back').id}"
    expired = iris.post(buttons(iris.get(beside).text)["启动“记一次催办”"], {"note": "客户不在"})
    assert expired.status_code == 400
    assert field_value(expired.text, "note") == "客户不在"
