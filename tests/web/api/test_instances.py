"""Process instances and messages over the interface."""

from __future__ import annotations

from engine.types import SYSTEM
from tests.starting import ORDER, files, start
from tests.web.api.conftest import Desk, problem


def _start(desk: Desk, **changes: object) -> dict[str, object]:
    variables = {"check_scope": "全部", "opened_on": {"$date": "2026-03-02"}, "rate": {"$number": "0.1"}}
    return {"pack": "telecom", "process_id": "archive_check", "variables": variables} | changes


def test_start_and_show(desk: Desk) -> None:
    response = desk.post("/instances", _start(desk, business_key="CHECK-1"), "mia")
    assert response.status_code == 201
    instance = response.json["id"]
    assert response.headers["Location"].endswith(f"/api/v1/instances/{instance}")
    found = desk.get(f"/instances/{instance}", "mia").json
    assert (found["state"], found["business_key"], found["process_id"]) == ("active", "CHECK-1", "archive_check")
    assert found["diagrams"][0]["process_id"] == "archive_check"
    assert found["tasks"]
    assert all(timer["due"]["at"].endswith("Z") for timer in found["timers"])
    assert isinstance(found["flows"]["archive_check"], list)
    events = desk.get(f"/instances/{instance}/history", "mia").json["items"]
    assert events[0]["seq"] == 1


def test_values_keep_their_type(desk: Desk) -> None:
    instance = desk.post("/instances", _start(desk), "mia").json["id"]
    found = desk.get(f"/instances/{instance}/variables", "mia").json
    assert found["opened_on"] == {"$date": "2026-03-02"}
    assert found["rate"] == {"$number": "0.1"}


def test_start_is_refused_with_reasons(desk: Desk) -> None:
    problem(desk.post("/instances", _start(desk, pack="none"), "mia"), 404, "not_found")
    problem(desk.post("/instances", _start(desk, process_id="none"), "mia"), 404, "not_found")
    problem(desk.post("/instances", _start(desk, process_id="complaint"), "mia"), 400, "bad_request")
    problem(desk.post("/instances", _start(desk), "stranger"), 403, "forbidden")
    found = problem(desk.post("/instances?lang=en", _start(desk, variables={}), "mia"), 422, "form")
    assert "check_scope" in found["errors"]
    for bad in ({"$date": "never"}, {"$range": 5}, {"$number": []}, {"$duration": None}, [{"$time": "25:00"}]):
        body = _start(desk, variables={"check_scope": "全部", "x": bad})
        found = problem(desk.post("/instances", body, "mia"), 400, "invalid_request")
        assert list(found["errors"]) == ["/variables/x"]


def test_instances_of_others_are_not_shown(desk: Desk) -> None:
    instance = desk.file().instance_id
    for path in ("", "/history", "/variables"):
        assert desk.get(f"/instances/{instance}{path}").status_code == 200
        problem(desk.get(f"/instances/{instance}{path}", "stranger"), 403, "forbidden")


def test_cancel_with_a_reason(desk: Desk) -> None:
    instance = desk.file().instance_id
    problem(desk.post(f"/instances/{instance}/cancel", {"reason": "twice"}), 403, "forbidden")
    problem(desk.post(f"/instances/{instance}/cancel", {"reason": ""}, "mia"), 400, "invalid_request")
    assert desk.post(f"/instances/{instance}/cancel", {"reason": "entered twice"}, "mia").status_code == 204
    assert desk.get(f"/instances/{instance}", "mia").json["state"] == "cancelled"
    problem(desk.post(f"/instances/{instance}/cancel", {"reason": "again"}, "mia"), 409, "ended")


def test_correlate_a_message(desk: Desk) -> None:
    body = {"name": "withdraw", "correlation_key": desk.file().number, "variables": {"reason": "solved"}}
    problem(desk.post("/messages", body, "stranger"), 403, "forbidden")
    assert desk.post("/messages", body).json == {"instances": 1, "started": []}
    found = problem(desk.post("/messages?lang=en", body | {"correlation_key": "none"}), 409, "no_subscription")
    assert "none" in found["detail"]


def test_people_of_other_packs_do_not_reach_processes_that_are_no_complaints(desk: Desk) -> None:
    users = desk.office.engine.users
    users.create(SYSTEM, "olga", "Olga", groups=("other/desk",))
    body = {"name": "withdraw", "correlation_key": desk.file().number}
    token = users.token_create(SYSTEM, "olga", "test")
    response = desk.post("/messages", body, None, headers={"Authorization": f"Bearer {token}"})
    problem(response, 403, "forbidden")


def _orders(desk: Desk) -> None:
    """A pack beside the complaint office whose process begins with the message ``order``."""
    desk.office.engine.deployments.deploy_files(SYSTEM, files(start(ORDER)), name="small")
    desk.office.engine.users.create(SYSTEM, "nora", "Nora", groups=("small/前台",), roles=[("manager", "small")])


def test_a_message_starts_an_instance_and_says_which(desk: Desk) -> None:
    _orders(desk)
    token = {"Authorization": f"Bearer {desk.office.engine.users.token_create(SYSTEM, 'nora', 'test')}"}
    body = {"name": "order", "correlation_key": "O-1", "variables": {"amount": 3}}
    answer = desk.post("/messages", body, None, headers=token).json
    (started,) = answer["started"]
    assert (answer["instances"], started["business_key"], started["process_id"]) == (0, "O-1", "report")
    found = desk.get(f"/instances/{started['instance_id']}", None, headers=token).json
    assert found["variables"] == {"amount": 3}
    refused = problem(desk.post("/messages?lang=en", body, None, headers=token), 409, "already_started")
    assert "O-1" in refused["detail"]
    again = desk.post("/messages", {"name": "order"}, None, headers=token).json
    assert again["started"][0]["business_key"] is None
    found = desk.get(f"/instances/{again['started'][0]['instance_id']}", None, headers=token)
    assert (found.status_code, found.json["business_key"]) == (200, None)
    problem(desk.post("/messages", body, "stranger"), 403, "forbidden")
    problem(desk.post("/messages", {"name": "nobody"}, None, headers=token), 409, "no_subscription")
