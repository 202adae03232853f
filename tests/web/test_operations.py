"""Operations: the overview, the list and its export, one process, what managers may do, incidents."""

from __future__ import annotations

import csv
import io

import pytest

from engine.errors import ExecutionError
from engine.incidents import record
from engine.types import SYSTEM
from tests.starting import begun, calendar, cycle, files, start
from tests.web.conftest import PASSWORD, Site, text
from web.flow import duration
from web.variables import variables


def auditor(site: Site) -> str:
    site.office.engine.users.create(SYSTEM, "audrey", "Audrey", PASSWORD, roles=[("auditor", "telecom")])
    return "audrey"


def instance_of(site: Site, number: str) -> str:
    return site.office.engine.complaints.get(SYSTEM, number).row.instance_id


def late(site: Site) -> str:
    """A complaint whose next step is overdue; its number."""
    number, _task = site.triaged()
    site.office.advance(days=8)
    return number


def test_only_those_who_read_everything_see_operations(site: Site) -> None:
    site.triage_task()
    for path in ("/operations", "/operations/instances", "/operations/instances.csv", "/operations/incidents"):
        assert site.person("mia").get(path).status_code == 200
        assert site.person("amy").get(path).status_code == 403
        assert "/sign-in" in site.visitor().get(path).location
    assert site.person(auditor(site)).get("/operations").status_code == 200


def test_overview_counts_and_leads_to_the_lists(site: Site) -> None:
    number = late(site)
    site.triage_task()
    page = site.person("mia").get("/operations")
    said = text(page)
    assert number in page.text
    assert "占未办结的 50%" in said
    assert "overdue=yes" in page.text
    assert "view=all&amp;element=transfer" in page.text


def test_calls_carry_what_waits_inside(site: Site) -> None:
    site.triage_task()
    page = text(site.person("mia").get("/operations"))
    assert "受理投诉 含子流程 1 0" in page


def test_empty_office(site: Site) -> None:
    page = text(site.person("mia").get("/operations"))
    assert "没有超期的投诉" in page
    assert "投诉登记后，会列在这里" in text(site.person("mia").get("/operations/instances"))


def test_list_filters(site: Site) -> None:
    number = late(site)
    site.triage_task(matter="宽带断网一周无人上门")
    mia = site.person("mia")
    assert number in text(mia.get("/operations/instances?overdue=yes"))
    assert "宽带断网" not in text(mia.get("/operations/instances?overdue=yes"))
    assert "宽带断网" in text(mia.get("/operations/instances?q=断网"))
    assert number in text(mia.get("/operations/instances?department=市场部"))
    assert "没有符合条件的流程" in text(mia.get("/operations/instances?state=completed"))
    assert mia.get("/operations/instances?order=nonsense").status_code == 400


def test_export_follows_the_filters_and_disarms_formulas(site: Site) -> None:
    site.triage_task(matter="=HYPERLINK(1)", complainant="王小明")
    late(site)
    response = site.person("mia").get("/operations/instances.csv?q=HYPERLINK")
    assert response.text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(response.text[1:])))
    assert len(rows) == 2
    assert "'=HYPERLINK(1)" in rows[1]
    assert "王小明" not in response.text
    assert "13900000001" not in response.text


def test_instance_page(site: Site) -> None:
    number = late(site)
    page = site.person("mia").get(f"/operations/instances/{instance_of(site, number)}")
    said = text(page)
    assert f"电信投诉办理 {number}" in said
    assert "初步判断并登记" in said
    assert "Amy" in said
    assert "按工作日历" in said, "why it is due when it is"
    assert "/complaint.bpmn" in page.text
    assert "13900000001" not in page.text


def test_staff_of_the_complaint_may_look_but_not_act(site: Site) -> None:
    number, _task = site.triaged()
    page = site.person("amy").get(f"/operations/instances/{instance_of(site, number)}")
    assert page.status_code == 200
    assert "取消流程" not in page.text
    assert site.person("stranger").get(f"/operations/instances/{instance_of(site, number)}").status_code == 403
    assert site.person("mia").get("/operations/instances/unknown").status_code == 404


def test_auditors_change_nothing(site: Site) -> None:
    number, task = site.triaged()
    path, audrey = f"/operations/instances/{instance_of(site, number)}", site.person(auditor(site))
    assert "改派" not in audrey.get(path).text
    for action in (f"assign/{task}", f"due/{task}", "cancel"):
        sent = {"person": "ben", "at": "2026-03-09T10:00", "reason": "x"}
        assert audrey.post(f"{path}/{action}", sent).status_code == 403


def test_reassigning_needs_a_reason_and_is_in_the_history(site: Site) -> None:
    number, task = site.triaged()
    path, mia = f"/operations/instances/{instance_of(site, number)}", site.person("mia")
    assert "改由谁办理" in text(mia.get(f"{path}?do=assign-{task}")), "works without script"
    assert mia.post(f"{path}/assign/{task}", {"reason": "请假"}).status_code == 422
    refused = mia.post(f"{path}/assign/{task}", {"person": "ben", "reason": " "})
    assert refused.status_code == 400
    done = mia.post(f"{path}/assign/{task}", {"person": "ben", "reason": "经办人请假"})
    assert done.status_code == 303
    page = text(mia.get(path))
    assert "经办人请假" in page
    assert site.office.engine.tasks.get(SYSTEM, task).row.assignee == "ben"


def test_changing_a_due_date(site: Site) -> None:
    number, task = site.triaged()
    path, mia = f"/operations/instances/{instance_of(site, number)}", site.person("mia")
    assert mia.post(f"{path}/due/{task}", {"at": "soon", "reason": "x"}).status_code == 422
    assert mia.post(f"{path}/due/{task}", {"at": "2026-03-09T10:00", "reason": "客户出差"}).status_code == 303
    page = text(mia.get(path))
    assert "3月9日 周一 10:00" in page
    assert "客户出差" in page


def test_cancelling(site: Site) -> None:
    number, task = site.triaged()
    path, mia = f"/operations/instances/{instance_of(site, number)}", site.person("mia")
    assert mia.post(f"{path}/cancel", {"reason": ""}).status_code == 400
    assert mia.post(f"{path}/cancel", {"reason": "重复登记"}).status_code == 303
    page = mia.get(path)
    assert "已取消" in text(page)
    assert "重复登记" in text(page)
    assert "data-dialog" not in page.text.split("<main")[1].split("</main>")[0]
    again = mia.post(f"{path}/cancel", {"reason": "再次"})
    assert again.status_code == 409
    assert mia.post(f"{path}/assign/{task}", {"person": "ben", "reason": "x"}).status_code == 409


def test_addresses_of_actions_lead_back_to_the_process(site: Site) -> None:
    number, _task = site.triaged()
    path = f"/operations/instances/{instance_of(site, number)}"
    assert site.person("mia").get(f"{path}/cancel?lang=en").location == f"{path}?lang=en"


def test_incidents_are_listed_and_retried(site: Site) -> None:
    number, _task = site.triaged()
    instance_id = instance_of(site, number)
    reason = {"zh": "没有这样的部门", "en": "no such department"}
    error = ExecutionError(element="转办责任部门", reason=reason)
    error.params |= {"instance_id": instance_id, "pack": "telecom", "element_id": "transfer"}
    record(site.office.engine.context, error)
    mia = site.person("mia")
    page = mia.get("/operations/incidents")
    assert "没有这样的部门" in text(page)
    assert "转办责任部门" in text(page)
    assert "1 处流程受阻" in text(mia.get("/operations"))
    assert "没有这样的部门" in text(mia.get(f"/operations/instances/{instance_id}"))
    assert "/retry" in page.text
    assert "/retry" not in site.person(auditor(site)).get("/operations/incidents").text
    incident = site.office.engine.incidents.list(SYSTEM)[0]["id"]
    back = mia.post(f"/operations/incidents/{incident}/retry", {"back": "//evil.example"})
    assert back.location == "/operations/incidents"
    assert "没有受阻的流程" in text(mia.get("/operations/incidents"))


def test_english_says_the_same(site: Site) -> None:
    number = late(site)
    mia = site.person("mia")
    assert "Where is it stuck?" in text(mia.get("/operations?lang=en"))
    page = text(mia.get(f"/operations/instances/{instance_of(site, number)}"))
    assert "Triage and register" in page
    assert "Change the due date" in page


@pytest.mark.parametrize(("hours", "words"), [(0.2, "12 分钟"), (3.25, "3.2 小时"), (48, "2 天"), (36, "1.5 天")])
def test_durations_on_diagrams(site: Site, hours: float, words: str) -> None:
    with site.app.test_request_context("/?lang=zh"):
        assert duration(hours) == words


def test_variables_in_words(site: Site) -> None:
    moment = {"$datetime": "2026-03-02T09:00:00@Asia/Shanghai"}
    values = {
        "limit": {"$duration": "P2DT3H"},
        "at": moment,
        "note": "",
        "severity": "一般",
        "map": {"a": {"b": "PT4H"}},
    }
    with site.app.test_request_context("/?lang=zh"):
        pack = site.office.engine.deployments.parsed(site.office.engine.deployments.pack("telecom").deployment_id)
        shown = {key: (label, told) for label, key, told in variables(values, pack)}
    assert shown["limit"][1] == "2 天 3 小时"
    assert shown["at"][1] == "3月2日 周一 09:00"
    assert shown["note"][1] == "—"
    assert shown["severity"][0] == "严重程度"
    assert shown["map"][1] == "a: b: 4 小时"


def test_a_process_that_a_timer_started_is_shown_like_any_other(site: Site) -> None:
    begins = start(cycle("R/PT1H"), calendar("calendar"))
    site.office.engine.deployments.deploy_files(SYSTEM, files(begins), name="small")
    site.office.engine.users.create(SYSTEM, "nora", "Nora", PASSWORD, roles=[("manager", "small")])
    site.office.advance(hours=1)
    (instance,) = begun(site.office)
    page = site.person("nora").get(f"/operations/instances/{instance.id}")
    assert page.status_code == 200
    assert "定时“开始了”到时" in text(page)
    for path in ("/operations?pack=small", "/operations/instances?pack=small", "/operations/incidents?pack=small"):
        assert site.person("nora").get(path).status_code == 200
