"""User tasks over the interface: find, take, hand over, draft, complete."""

from __future__ import annotations

import base64
from typing import Any

from engine.errors import ExecutionError
from engine.user_tasks import Acting
from tests.office import TRIAGE
from tests.web.api.conftest import Desk, problem


def test_list_and_count(desk: Desk) -> None:
    started = desk.file()
    found = desk.get("/tasks?view=groups").json
    assert found["total"] == 1
    row = found["items"][0]
    assert (row["element_id"], row["number"], row["instance_id"]) == ("triage", started.number, started.instance_id)
    assert row["due_at"] == "2026-03-02T03:00:00Z"
    assert desk.get("/tasks").json["total"] == 0
    assert desk.get("/tasks/counts").json["groups"] == 1
    assert desk.get("/tasks/counts?pack=other").json["groups"] == 0
    assert desk.get("/tasks?view=groups&element=other").json["total"] == 0
    problem(desk.get("/tasks?view=everything"), 400, "invalid_request")


def test_show_with_form_variables_and_reason_of_the_due_date(desk: Desk) -> None:
    task = desk.get(f"/tasks/{desk.task_of(desk.file())}").json
    assert task["may_claim"] is True
    assert task["state"] == "open"
    assert task["due"]["text"]["en"]
    assert task["due"]["explanation"]
    assert task["variables"]["received_at"] == {"$datetime": "2026-03-02T09:00:00@Asia/Shanghai"}
    assert "complainant" not in task["variables"]
    fields = {field["name"]: field for field in task["form"]["fields"]}
    assert fields["severity"]["required"] is True
    assert {"value": "一般", "label": {"zh": "一般", "en": "Ordinary"}} in fields["severity"]["options"]
    assert task["form"]["values"].keys() <= fields.keys()
    problem(desk.get(f"/tasks/{task['id']}", "stranger"), 403, "forbidden")


def test_claim_and_give_back(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    response = desk.post(f"/tasks/{task}/claim")
    assert (response.status_code, response.data) == (204, b"")
    assert desk.get("/tasks?view=mine").json["total"] == 1
    problem(desk.post(f"/tasks/{task}/claim", None, "ben"), 409, "task_claimed")
    problem(desk.post(f"/tasks/{task}/claim", None, "dora"), 403, "forbidden")
    problem(desk.post(f"/tasks/{task}/unclaim", None, "ben"), 403, "forbidden")
    assert desk.post(f"/tasks/{task}/unclaim").status_code == 204
    assert desk.get("/tasks?view=mine").json["total"] == 0


def test_claim_several(desk: Desk) -> None:
    tasks = [desk.task_of(desk.file()) for _ in range(2)]
    items = desk.post("/claims?lang=en", {"ids": [*tasks, "none"]}).json["items"]
    assert [item["claimed"] for item in items] == [True, True, False]
    assert items[2]["problem"]["code"] == "not_found"
    assert items[2]["problem"]["title"] == "Not found"
    problem(desk.post("/claims", {"ids": []}), 400, "invalid_request")
    problem(desk.post("/claims", {"ids": ["x"] * 101}), 400, "invalid_request")


def test_hand_over_and_reassign(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    desk.post(f"/tasks/{task}/claim")
    people = desk.get(f"/tasks/{task}/candidates").json["items"]
    assert {"id": "ben", "name": "Ben"} in people
    problem(desk.post(f"/tasks/{task}/assign", {"user_id": "ben"}, "ben"), 403, "forbidden")
    problem(desk.post(f"/tasks/{task}/assign", {"user_id": "ben"}, "mia"), 400, "bad_request")
    problem(desk.post(f"/tasks/{task}/assign", {"user_id": "dora"}), 400, "bad_request")
    assert desk.post(f"/tasks/{task}/assign", {"user_id": "ben"}).status_code == 204
    assert desk.get(f"/tasks/{task}").json["assignee"] == "ben"
    assert desk.post(f"/tasks/{task}/assign", {"user_id": "amy", "reason": "Ben is ill"}, "mia").status_code == 204
    assert desk.get(f"/tasks/{task}").json["assignee"] == "amy"


def test_complete_goes_on_with_the_process(desk: Desk) -> None:
    started = desk.file()
    task = desk.task_of(started)
    note = {"name": "note.txt", "content": base64.b64encode(b"called back").decode(), "field": "evidence"}
    found = desk.post(f"/tasks/{task}/complete", {"values": TRIAGE, "files": [note]}).json
    assert found["instance_id"] == started.instance_id
    assert found["ended"] is False
    assert desk.get(f"/tasks/{found['next_task_id']}").json["element_id"] == "transfer"
    assert desk.get(f"/complaints/{started.number}").json["severity"] == "一般"
    assert [a["name"] for a in desk.get(f"/complaints/{started.number}/attachments").json["items"]] == ["note.txt"]
    problem(desk.post(f"/tasks/{task}/complete", {"values": TRIAGE}), 409, "task_closed")


def test_completing_is_refused_with_reasons(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    found = problem(
        desk.post(f"/tasks/{task}/complete?lang=en", {"values": {"severity": "mild", "spy": 1}}), 422, "form"
    )
    assert {"severity", "spy"} <= found["errors"].keys()
    assert "T14" in {rule["id"] for rule in found["rules"]}
    assert all(rule["clause"] and rule["text"].isascii() for rule in found["rules"])
    other = problem(desk.post(f"/tasks/{task}/complete", {"values": TRIAGE}, "dora"), 403, "forbidden")
    assert "T6" in {rule["id"] for rule in other["rules"]}
    desk.post(f"/tasks/{task}/claim")
    problem(desk.post(f"/tasks/{task}/complete", {"values": TRIAGE}, "ben"), 409, "task_claimed")
    assert desk.get(f"/tasks/{task}").json["state"] == "open"


def test_a_process_that_cannot_go_on_is_told_as_an_incident(desk: Desk, monkeypatch: Any) -> None:
    def stuck(*_args: Any, **_kwargs: Any) -> None:
        raise ExecutionError(element="Gateway", reason={"zh": "没有出口", "en": "no way out"})

    monkeypatch.setattr(Acting, "_complete", stuck)
    task = desk.task_of(desk.file())
    found = problem(desk.post(f"/tasks/{task}/complete?lang=en", {"values": TRIAGE}), 409, "incident")
    assert "no way out" in found["detail"]


def test_draft_is_kept_and_shown_to_those_who_may_do_the_task(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    draft = {"category": "营销与套餐", "contact": "13900000009", "steps": [{"a": None}]}
    assert desk.put(f"/tasks/{task}/draft", {"values": draft}).status_code == 204
    assert desk.get(f"/tasks/{task}").json["draft"] == draft
    assert "contact" not in desk.get(f"/tasks/{task}", "mia").json["draft"]
    problem(desk.put(f"/tasks/{task}/draft", {"values": draft}, "dora"), 403, "forbidden")


def test_a_draft_that_looks_sealed_does_no_harm(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    for forged in ("zz", "00", 5, None, {"a": 1}):
        assert desk.put(f"/tasks/{task}/draft", {"values": {"x": {"$sealed": forged}}}).status_code == 204
        assert desk.get(f"/tasks/{task}").status_code == 200


def test_put_aside_and_bring_back(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    assert desk.put(f"/tasks/{task}/follow-up", {"at": "2026-03-03T09:00:00+08:00"}).status_code == 204
    assert desk.get(f"/tasks/{task}").json["follow_up_at"] == "2026-03-03T01:00:00Z"
    assert desk.get("/tasks?view=follow_up").json["total"] == 1
    assert desk.put(f"/tasks/{task}/follow-up", {"at": None}).status_code == 204
    assert desk.get(f"/tasks/{task}").json["follow_up_at"] is None
    problem(desk.put(f"/tasks/{task}/follow-up", {}), 400, "invalid_request")


def test_managers_change_due_dates_with_a_reason(desk: Desk) -> None:
    task = desk.task_of(desk.file())
    new = {"at": "2026-03-05T12:00:00Z", "reason": "Customer abroad"}
    problem(desk.put(f"/tasks/{task}/due", new), 403, "forbidden")
    found = problem(desk.put(f"/tasks/{task}/due?lang=en", new | {"reason": " "}, "mia"), 400, "invalid_request")
    assert found["errors"] == {"/reason": ["may not be blank"]}
    assert desk.put(f"/tasks/{task}/due", new, "mia").status_code == 204
    due = desk.get(f"/tasks/{task}").json["due"]
    assert due["at"] == "2026-03-05T12:00:00Z"
    assert "Customer abroad" in due["text"]["en"]
