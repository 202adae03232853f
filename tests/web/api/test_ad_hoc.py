"""Open ad-hoc subprocesses over the interface: what can be started, and starting it."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from engine.types import SYSTEM
from tests.office import PACKS
from tests.web.api.conftest import Desk, problem
from web.api.document import document


@pytest.fixture
def gather(each_desk: Desk) -> tuple[Desk, str]:
    """A complaint whose inquiry is open, and the address of its subprocesses; Iris is of the desk."""
    office = each_desk.office
    office.deploy(PACKS / "inquiry")
    users = office.engine.users
    users.create(SYSTEM, "iris", "Iris", groups=("inquiry/受理",))
    users.create(SYSTEM, "max", "Max", roles=(("manager", "inquiry"),))
    each_desk.tokens = {**each_desk.tokens, **{who: users.token_create(SYSTEM, who, "test") for who in ("iris", "max")}}
    filed = office.engine.complaints.file(SYSTEM, "inquiry", {"matter": "多收了费用"})
    office.complete(filed.instance_id, "register", {"team": "技术"})
    return each_desk, f"/instances/{filed.instance_id}/ad-hoc"


def test_what_can_be_started(gather: tuple[Desk, str]) -> None:
    desk, address = gather
    answer = desk.get(address, "iris").json
    (found,) = answer["items"]
    assert (found["element_id"], found["name"]) == ("gather", {"zh": "补充调查", "en": "Further inquiry"})
    bill, *_rest, conclude = found["elements"]
    assert (bill["groups"], bill["may_activate"]) == (["inquiry/财务"], False)
    assert (conclude["name"]["en"], conclude["may_activate"]) == ("Write the conclusion", True)
    described = document()
    schema = {**described["components"]["schemas"]["AdHocSubprocess"], "components": described["components"]}
    Draft202012Validator(schema).validate(found)
    problem(desk.get(address, "stranger"), 403, "forbidden")
    problem(desk.get("/instances/nothing/ad-hoc", "max"), 404, "not_found")


def test_starting_steps(gather: tuple[Desk, str]) -> None:
    desk, address = gather
    (found,) = desk.get(address, "max").json["items"]
    activate = f"{address}/{found['task_id']}/activate"
    body = {"elements": ["check_bill", "check_bill"], "reason": "两张账单", "activations": found["activations"]}
    assert desk.post(activate, body, "max").status_code == 204
    (after,) = desk.get(address, "max").json["items"]
    assert (after["elements"][0]["open"], after["activations"]) == (2, 2)
    problem(desk.post(activate, body, "max"), 409, "conflict")
    events = desk.get(address.replace("/ad-hoc", "/history"), "max").json["items"]
    (event,) = [e for e in events if e["type"] == "elements_activated"]
    assert (event["actor_name"], event["reason"]) == ("Max", "两张账单")
    assert event["text"]["en"] == "Started “Check the bill” (2 times)"


def test_starting_is_refused_with_reasons(gather: tuple[Desk, str]) -> None:
    desk, address = gather
    activate = f"{address}/{desk.get(address, 'max').json['items'][0]['task_id']}/activate"
    found = problem(desk.post(f"{activate}?lang=en", {"elements": ["check_bill"]}, "iris"), 403, "forbidden")
    assert "Finance" in found["detail"]
    found = problem(desk.post(activate, {"elements": ["reply"]}, "max"), 400, "bad_request")
    assert "reply" in found["detail"]
    for body in ({}, {"elements": []}, {"elements": "visit"}, {"elements": ["visit"], "activations": -1}):
        problem(desk.post(activate, body, "max"), 400, "invalid_request")
    problem(desk.post(f"{address}/nothing/activate", {"elements": ["visit"]}, "max"), 404, "not_found")
    assert desk.post(activate, {"elements": ["conclude"]}, "iris").status_code == 204
    instance_id = address.split("/")[2]
    desk.office.complete(instance_id, "conclude", {"concluded": True})
    problem(desk.post(activate, {"elements": ["visit"]}, "max"), 409, "ended")
