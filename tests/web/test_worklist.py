"""The worklist and the task page: what to do next, and nothing typed is ever lost."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from engine.errors import ExecutionError
from engine.packs import Pack
from tests.web.conftest import TRIAGE_FORM, Site, field_value, text

UNCLEAR = {**TRIAGE_FORM, "matter_clear": "不清楚", "unclear_points": "请问是哪个号码？"}


def test_views_and_their_counts(site: Site) -> None:
    task = site.triage_task()
    amy, ben = site.person("amy"), site.person("ben")
    assert task in amy.get("/worklist?view=groups").text
    assert task not in amy.get("/worklist?view=mine").text
    amy.post(f"/tasks/{task}/claim")
    assert task in amy.get("/worklist?view=mine").text
    assert task not in ben.get("/worklist?view=groups").text
    assert task not in site.person("dora").get("/worklist?view=groups").text
    assert "我的任务 1" in text(amy.get("/worklist"))


def test_without_own_tasks_the_worklist_opens_on_those_to_claim(site: Site) -> None:
    task = site.triage_task()
    assert task in site.person("amy").get("/worklist").text


def test_the_most_urgent_task_comes_first(site: Site) -> None:
    later = site.triage_task(matter="第一件，先登记的事项")
    site.office.clock.advance(timedelta(minutes=5))
    urgent = site.triage_task(matter="第二件，后登记的事项")
    mia = site.person("mia")
    mia.post(f"/tasks/{urgent}/due", {"at": "2026-03-02T09:30", "reason": "客户来电催促"})
    page = site.person("amy").get("/worklist?view=groups").text
    assert page.index(urgent) < page.index(later)


def test_remaining_time_is_in_working_units(site: Site) -> None:
    site.triage_task()
    page = text(site.person("amy").get("/worklist?view=groups"))
    assert "还剩 2 小时" in page
    assert "2 h left" in text(site.person("amy").get("/worklist?view=groups&lang=en"))


def test_a_page_of_the_worklist_costs_at_most_twelve_statements(site: Site) -> None:
    for number in range(25):
        site.triage_task(contact=f"1390000{number:04d}")
    amy = site.person("amy")
    amy.get("/worklist?view=groups")
    with site.office.store.count_statements() as seen:
        amy.get("/worklist?view=groups")
    assert seen.count <= 12


def test_filters_and_paging_keep_each_other(site: Site) -> None:
    for number in range(21):
        site.triage_task(contact=f"1390000{number:04d}", matter=f"宽带故障第 {number} 次")
    site.triage_task(matter="账单多收了费用")
    amy = site.person("amy")
    page = amy.get("/worklist?view=groups&q=宽带")
    assert "共 21 条" in text(page)
    assert re.search(r'href="/worklist\?[^"]*page=2', page.text)
    assert "账单多收" not in page.text
    assert "没有符合条件的任务" in text(amy.get("/worklist?view=groups&q=无此内容"))
    assert amy.get("/worklist?view=nonsense").status_code == 400
    assert amy.get("/worklist?view=groups&page=abc").status_code == 200


@pytest.mark.parametrize("view", ["mine", "groups", "due_today", "overdue", "escalated", "follow_up", "all"])
def test_empty_views_say_what_will_appear(site: Site, view: str) -> None:
    assert "出现在这里" in text(site.person("amy").get(f"/worklist?view={view}")) or view == "follow_up"


def test_pills_are_renewed_without_reading_anything(site: Site) -> None:
    amy = site.person("amy")
    site.triage_task()
    key = re.search(r'data-due="([^"]+)"', amy.get("/worklist?view=groups").text)
    assert key
    site.office.clock.advance(timedelta(hours=9))
    answer = amy.get(f"/worklist/due?ids={key[1]},nonsense,9.none").json
    assert answer is not None
    assert answer == {key[1]: {"text": answer[key[1]]["text"], "state": "overdue"}}
    assert "已超时" in answer[key[1]]["text"]


def test_claiming_several_at_once(site: Site) -> None:
    first, second = site.triage_task(), site.triage_task(contact="13800000002")
    amy = site.person("amy")
    site.person("ben").post(f"/tasks/{second}/claim")
    page = amy.follow(amy.post("/worklist/claim", {"task": [first, second], "back": "/worklist?view=mine"}))
    assert "已领取 1 项任务" in page
    assert "已由Ben领取" in page
    assert amy.post("/worklist/claim", {"task": [], "back": "https://evil.example"}).location == "/worklist"


def test_the_row_button_claims_its_row_only(site: Site) -> None:
    first, second = site.triage_task(), site.triage_task(contact="13800000002")
    site.person("amy").post("/worklist/claim", {"task": [first], "claim": second})
    get = site.office.engine.tasks.get
    assert get(site.actor("amy"), second).row.assignee == "amy"
    assert get(site.actor("amy"), first).row.assignee is None


def test_the_task_page_answers_what_and_why(site: Site) -> None:
    task = site.triage_task()
    page = text(site.person("amy").get(f"/tasks/{task}"))
    for part in (
        "初步判断",
        "套餐降档后连续三个月仍按原价收费",
        "为什么是这个时间",
        "2 个工作小时",
        "制度依据",
        "二(二)2",
        "流程图",
    ):
        assert part in page, part
    assert "13900000001" not in page
    assert "王**" in page


def test_submitting_leads_to_the_next_task(site: Site) -> None:
    task, other = site.triage_task(), site.triage_task(contact="13800000002", matter="另一件等待的事项")
    amy = site.person("amy")
    response = amy.post(f"/tasks/{task}", TRIAGE_FORM)
    assert response.status_code == 302
    assert response.location.startswith("/tasks/")
    assert response.location != f"/tasks/{other}", "the same complaint's next step comes first"
    assert "已提交" in amy.follow(response)


def test_after_the_last_step_in_hand_the_most_urgent_task_opens(site: Site) -> None:
    number, transfer = site.triaged()
    other = site.triage_task(contact="13800000002")
    amy = site.person("amy")
    form = {"departments": "市场部", "requirement": "核实收费依据并反馈", "feedback_by": "2026-03-04"}
    response = amy.post(f"/tasks/{transfer}", form)
    assert response.status_code == 302, text(response)
    assert response.location == f"/tasks/{other}"
    flashed = amy.follow(response)
    assert number in flashed
    assert "接下来等待" in flashed


def test_when_everything_is_done_the_worklist_says_so(site: Site) -> None:
    _number, transfer = site.triaged()
    amy = site.person("amy")
    form = {"departments": "市场部", "requirement": "核实收费依据并反馈", "feedback_by": "2026-03-04"}
    response = amy.post(f"/tasks/{transfer}", form)
    assert response.location == "/worklist"
    assert "您的任务都办完了" in amy.follow(response)


def test_errors_stand_at_their_fields_and_everything_typed_stays(site: Site) -> None:
    task = site.triage_task()
    response = site.person("amy").post(
        f"/tasks/{task}", {**UNCLEAR, "category": "", "unclear_points": "哪个号码？" * 3}
    )
    assert response.status_code == 422
    page = text(response)
    assert "有 1 处需要更正" in page
    assert "投诉类型" in page
    assert field_value(response.text, "unclear_points") == "哪个号码？" * 3
    assert 'href="#field-category"' in response.text


def telecom(site: Site) -> Pack:
    deployments = site.office.engine.deployments
    return deployments.parsed(deployments.pack("telecom").deployment_id)


def test_a_refused_step_says_why_by_the_written_rule(site: Site) -> None:
    task = site.triage_task()
    rules = {r.id: r for r in telecom(site).rules}
    amy = site.person("amy")
    assert "data-why" not in amy.get(f"/tasks/{task}").text
    refused = (
        amy.post(f"/tasks/{task}", {**TRIAGE_FORM, "severity": ""}).text.split("data-why")[1].split("</details>")[0]
    )
    assert all(rules[rule].zh in refused for rule in ("T6", "T14", "T15"))
    assert rules["T12"].zh not in refused


def test_a_step_of_another_group_says_why(site: Site) -> None:
    task = site.triage_task()
    why = site.person("mia").get(f"/tasks/{task}").text.split("data-why")[1].split("</details>")[0]
    assert next(rule.zh for rule in telecom(site).rules if rule.id == "T6") in why


def test_forged_choices_are_refused(site: Site) -> None:
    task = site.triage_task()
    response = site.person("amy").post(f"/tasks/{task}", {**TRIAGE_FORM, "severity": "特大", "departments": ["外星部"]})
    assert response.status_code == 422
    assert "有 2 处需要更正" in text(response)
    assert site.office.engine.tasks.get(site.actor("amy"), task).state == "open"


def test_english_errors(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    amy.get("/worklist?lang=en")
    page = text(amy.post(f"/tasks/{task}", {**TRIAGE_FORM, "category": ""}))
    assert "1 entry needs to be corrected" in page
    assert "Complaint type" in page or "Type" in page


def test_draft_is_kept_and_comes_back(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    saved = amy.post(f"/tasks/{task}/draft", UNCLEAR, headers={"Accept": "application/json"})
    assert saved.json == {"saved_at": "09:00"}
    page = amy.get(f"/tasks/{task}")
    assert field_value(page.text, "unclear_points") == UNCLEAR["unclear_points"]
    assert "已载入上次的草稿" in text(page)
    assert "草稿已保存" in amy.follow(amy.post(f"/tasks/{task}/draft", UNCLEAR))
    assert text(amy.post(f"/tasks/{task}/draft", UNCLEAR, headers={"HX-Request": "true"})).strip() == "草稿已保存 09:00"


def test_a_draft_of_someone_elses_task_is_refused(site: Site) -> None:
    task = site.triage_task()
    site.person("ben").post(f"/tasks/{task}/claim")
    assert site.person("amy").post(f"/tasks/{task}/draft", UNCLEAR).status_code == 409


def test_conditions_say_what_does_not_apply(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    assert "unclear_points" in json.dumps(amy.post(f"/tasks/{task}/conditions", TRIAGE_FORM).json)
    assert "unclear_points" not in json.dumps(amy.post(f"/tasks/{task}/conditions", UNCLEAR).json)


def test_two_people_submit_the_same_task(site: Site) -> None:
    task = site.triage_task()
    amy, ben = site.person("amy"), site.person("ben")
    assert amy.post(f"/tasks/{task}", TRIAGE_FORM).status_code == 302
    response = ben.post(f"/tasks/{task}", UNCLEAR)
    assert response.status_code == 409
    page = text(response)
    assert "已经由Amy完成" in page
    assert UNCLEAR["unclear_points"] in page
    assert "您填写的内容" in page


def test_a_task_someone_else_has_claimed(site: Site) -> None:
    task = site.triage_task()
    site.person("ben").post(f"/tasks/{task}/claim")
    amy = site.person("amy")
    page = amy.get(f"/tasks/{task}")
    assert "由Ben办理中" in text(page)
    assert "<fieldset disabled" in page.text
    response = amy.post(f"/tasks/{task}", UNCLEAR)
    assert response.status_code == 409
    assert UNCLEAR["unclear_points"] in text(response)


def test_a_task_of_another_group_keeps_what_was_typed_too(site: Site) -> None:
    task = site.triage_task()
    response = site.person("dora").post(f"/tasks/{task}", UNCLEAR)
    assert response.status_code == 403
    assert UNCLEAR["unclear_points"] in text(response)
    assert site.person("dora").get(f"/tasks/{task}").status_code == 403


def test_a_process_that_cannot_go_on_keeps_the_task_and_the_text(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    task = site.triage_task()

    def stuck(*_args: object, **_named: object) -> None:
        raise ExecutionError(element="分派", reason={"zh": "变量 limits 为空", "en": "limits is null"})

    monkeypatch.setattr(site.office.engine.tasks, "complete", stuck)
    response = site.person("amy").post(f"/tasks/{task}", UNCLEAR)
    assert response.status_code == 409
    assert "变量 limits 为空" in text(response)
    assert field_value(response.text, "unclear_points") == UNCLEAR["unclear_points"]


def test_a_withdrawn_complaint(site: Site) -> None:
    filed = site.office.file()
    task = site.office.task(filed.instance_id, "triage").id
    site.office.engine.instances.cancel(site.actor("mia"), filed.instance_id, "客户撤回")
    amy = site.person("amy")
    assert "不再需要办理" in text(amy.get(f"/tasks/{task}"))
    response = amy.post(f"/tasks/{task}", UNCLEAR)
    assert response.status_code == 409
    assert UNCLEAR["unclear_points"] in text(response)


def test_giving_back_and_handing_over(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    amy.post(f"/tasks/{task}/claim")
    assert "已退回" in amy.follow(amy.post(f"/tasks/{task}/unclaim"))
    amy.post(f"/tasks/{task}/claim")
    assert 'value="ben"' in amy.get(f"/tasks/{task}").text
    assert "已移交给Ben" in amy.follow(amy.post(f"/tasks/{task}/assign", {"person": "ben"}))
    assert task in site.person("ben").get("/worklist?view=mine").text


def test_handing_over_to_somebody_outside_the_group_is_refused(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    amy.post(f"/tasks/{task}/claim")
    assert amy.post(f"/tasks/{task}/assign", {"person": "dora"}).status_code == 400


def test_a_manager_reassigns_with_a_reason_and_changes_due_dates(site: Site) -> None:
    task = site.triage_task()
    mia = site.person("mia")
    assert mia.post(f"/tasks/{task}/assign", {"person": "ben", "reason": " "}).status_code == 400
    mia.post(f"/tasks/{task}/assign", {"person": "ben", "reason": "林晓今天外出"})
    page = mia.follow(mia.post(f"/tasks/{task}/due", {"at": "2026-03-03T12:00", "reason": "等客户补材料"}))
    assert "到期时间已改为 3月3日 周二 12:00" in page
    assert "等客户补材料" in page
    assert site.person("amy").post(f"/tasks/{task}/due", {"at": "2026-03-03T12:00", "reason": "x"}).status_code == 403
    assert mia.post(f"/tasks/{task}/due", {"at": "soon", "reason": "x"}).status_code == 400


def test_following_up_later(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    amy.post(f"/tasks/{task}/claim")
    amy.post(f"/tasks/{task}/follow-up", {"at": "2026-03-03T10:00"})
    assert task not in amy.get("/worklist?view=mine").text
    assert task in amy.get("/worklist?view=follow_up").text
    assert "搁置中" in text(amy.get(f"/tasks/{task}"))
    assert amy.post(f"/tasks/{task}/follow-up", {"at": "2020-01-01T10:00"}).status_code == 400
    amy.post(f"/tasks/{task}/follow-up", {"at": ""})
    assert task in amy.get("/worklist?view=mine").text


def test_the_diagram_of_a_task_is_served_to_people_of_the_pack_only(site: Site) -> None:
    task = site.triage_task()
    url = re.search(r'data-xml="([^"]+)"', site.person("amy").get(f"/tasks/{task}").text)
    assert url
    response = site.person("amy").get(url[1])
    assert response.mimetype == "application/xml"
    assert "immutable" in response.headers["Cache-Control"]
    assert site.person("stranger").get(url[1]).status_code == 404
    assert site.visitor().get(url[1]).status_code == 302
