"""Requests that are not what the document says: refused with the place and the reason, in either language."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.store import Busy
from tests.office import INTAKE
from tests.web.api.conftest import Desk, problem

NONE = "00000000-0000-4000-8000-000000000000"


def test_wrong_types_are_named_by_their_pointer(quiet_desk: Desk) -> None:
    body = {"pack": 5, "values": [], "files": [{"name": 1, "content": "YQ=="}], "received_at": "yesterday"}
    found = problem(quiet_desk.post("/complaints", body, headers={"Accept-Language": "en"}), 400, "invalid_request")
    assert found["errors"] == {
        "/pack": ["must be of type string"],
        "/values": ["must be of type object"],
        "/files/0/name": ["must be of type string"],
        "/received_at": ["must be a time with its offset, such as 2026-03-02T09:00:00Z"],
    }
    assert "/pack" in found["detail"]


def test_unknown_and_missing_fields_are_named(quiet_desk: Desk) -> None:
    found = problem(quiet_desk.post("/complaints?lang=en", {"pack": "telecom", "a/b~c": 1}), 400, "invalid_request")
    assert found["errors"] == {"/values": ["is missing"], "/a~1b~0c": ["there is no such field"]}


@pytest.mark.parametrize(
    ("ask", "title"),
    [
        ({"headers": {"Accept-Language": "en-GB,en;q=0.9"}}, "Not found"),
        ({"headers": {"Accept-Language": "zh-CN"}}, "没有找到"),
        ({"headers": {"Accept-Language": "zh-CN"}, "query_string": {"lang": "en"}}, "Not found"),
        ({"headers": {"Accept-Language": "fr"}}, "没有找到"),
        ({}, "没有找到"),
    ],
)
def test_problems_speak_the_language_of_the_request(quiet_desk: Desk, ask: dict[str, Any], title: str) -> None:
    response = quiet_desk.get("/complaints/TS-1", **ask)
    assert problem(response, 404, "not_found")["title"] == title
    assert response.headers["Content-Language"] == ("en" if title == "Not found" else "zh")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"values": NaN}',
        b'{"values": 1e999}',
        b"\xff\xfe",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"values": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "cut off", "NaN", "infinity", "not UTF-8", "same name twice", "deep", "long number"],
)
def test_malformed_json_is_a_bad_request(quiet_desk: Desk, content: bytes) -> None:
    for language in ("zh", "en"):
        response = quiet_desk.call(
            "POST", f"/complaints?lang={language}", data=content, content_type="application/json"
        )
        assert problem(response, 400, "malformed_json")["detail"]


def test_deep_values_are_refused(quiet_desk: Desk) -> None:
    for depth in (70, 300, 900, 960):
        content = b'{"values": {"x": ' + b"[" * depth + b"]" * depth + b"}}"
        response = quiet_desk.call("PUT", f"/tasks/{NONE}/draft", data=content, content_type="application/json")
        assert response.status_code == 400
        if depth < 900:
            [where] = problem(response, 400, "invalid_request")["errors"]
            assert where.startswith("/values/x/0")


@pytest.mark.parametrize("content", [b"null", b"[]", b'"text"', b"5"])
def test_json_that_is_no_object_is_refused(quiet_desk: Desk, content: bytes) -> None:
    response = quiet_desk.call("POST", "/complaints", data=content, content_type="application/json")
    assert list(problem(response, 400, "invalid_request")["errors"]) == [""]


def test_other_content_types_are_refused(quiet_desk: Desk) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = quiet_desk.call("POST", "/complaints", data=b"{}", content_type=content_type)
        assert "application/json" in problem(response, 415, "unsupported_media_type")["detail"]


def test_bodies_above_the_limit_are_refused(quiet_desk: Desk) -> None:
    response = quiet_desk.put(f"/tasks/{NONE}/draft", {"values": {"note": "x" * 3_000_000}})
    assert "2 MB" in problem(response, 413, "request_too_large")["detail"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=1.5", "page"),
        ("page=9999999999999999999999", "page"),
        ("size=101", "size"),
        ("order=luck", "order"),
        ("overdue=maybe", "overdue"),
        ("received_from=2026-02-30T00:00:00Z", "received_from"),
        ("received_from=2026-02-03T00:00:00", "received_from"),
        ("received_until=9999-12-31T23:59:59Z", "received_until"),
        ("catgory=x", "catgory"),
        ("page=1&page=2", "page"),
        ("q=" + "x" * 101, "q"),
    ],
)
def test_parameters_are_checked(quiet_desk: Desk, query: str, place: str) -> None:
    assert list(problem(quiet_desk.get(f"/complaints?{query}"), 400, "invalid_request")["errors"]) == [place]


IDS = ["a%00b", "%00", "%ED%A0%80", "x" * 3000, "..%2F..", "%F0%9F%92%A9", "'; DROP TABLE complaint; --", " ", "{}"]
PLACES = [
    "/complaints/{}",
    "/complaints/{}/history",
    "/complaints/{}/attachments",
    "/attachments/{}",
    "/tasks/{}",
    "/tasks/{}/candidates",
    "/instances/{}",
    "/instances/{}/history",
    "/instances/{}/variables",
    "/packs/{}",
    "/packs/{}/form",
    "/packs/{}/overview",
    "/deployments/{}/diagrams/complaint",
    "/archive/{}",
]


def test_ids_of_nothing_are_not_found_whatever_they_are(each_desk: Desk) -> None:
    deployment = each_desk.office.engine.deployments.pack("telecom").deployment_id
    for place in [*PLACES, f"/deployments/{deployment}/diagrams/{{}}"]:
        for odd in IDS:
            response = each_desk.get(place.replace("{}", odd), "root")
            assert response.status_code == 404, (place, odd, response.text)
            assert response.mimetype == "application/problem+json"
    for action in ("claim", "unclaim", "complete", "assign"):
        for odd in IDS:
            body = {"complete": {"values": {}}, "assign": {"user_id": "amy", "reason": "."}}.get(action)
            assert each_desk.post(f"/tasks/{odd}/{action}", body, "root").status_code == 404
    for odd in ["0", "-1", "1", "x", "1.0", "99999999999", "9" * 400, "٣"]:
        problem(each_desk.post(f"/incidents/{odd}/retry", None, "root"), 404, "not_found")


def test_texts_no_database_keeps_are_refused_at_their_place(each_desk: Desk) -> None:
    task = each_desk.task_of(each_desk.file())
    for bad in ("\x00", "a\ud800b"):
        for method, path, body, place in (
            ("POST", "/complaints", {"pack": "telecom", "values": INTAKE | {"matter": bad}}, "/values/matter"),
            ("PUT", f"/tasks/{task}/draft", {"values": {"a": [{"b": bad}]}}, "/values/a/0/b"),
            ("PUT", f"/tasks/{task}/draft", {"values": {bad: 1}}, "/values/"),
            ("POST", "/messages", {"name": bad, "correlation_key": "x"}, "/name"),
        ):
            response = each_desk.call(method, path, data=json.dumps(body), content_type="application/json")
            [found] = problem(response, 400, "invalid_request")["errors"]
            assert found.startswith(place)
    problem(each_desk.get("/complaints?q=%00"), 400, "invalid_request")
    assert each_desk.get("/complaints?q=%ED%A0%80").status_code == 200


def test_huge_numbers_do_no_harm(each_desk: Desk) -> None:
    for number in (10**99, -(10**99), 1e300, 5e-324, -0.0, 123456789.123456789):
        started = each_desk.file()
        task = each_desk.task_of(started)
        assert each_desk.put(f"/tasks/{task}/draft", {"values": {"n": number}}).status_code == 204
        assert each_desk.get(f"/tasks/{task}").status_code == 200
        assert each_desk.post(f"/tasks/{task}/complete", {"values": {"severity": number}}).status_code == 422
        variables = {"check_scope": "全部", "n": number, "nested": {"n": [number]}}
        body = {"pack": "telecom", "process_id": "archive_check", "variables": variables}
        assert each_desk.post("/instances", body).status_code == 201
        sent = {"name": "withdraw", "variables": {"n": number}}
        assert each_desk.post(f"/complaints/{started.number}/messages", sent).status_code == 200
        assert each_desk.get(f"/instances/{started.instance_id}", "mia").status_code == 200


def test_addresses_and_methods_that_do_not_exist(quiet_desk: Desk) -> None:
    for path in ("/nothing", "/", "/complaints/", "/complaints/TS-1/nothing", "/%00"):
        assert problem(quiet_desk.get(path), 404, "no_such_address")["title"]
    response = quiet_desk.call("DELETE", "/complaints")
    problem(response, 405, "method_not_allowed")
    assert {part.strip() for part in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_busy_database_asks_to_come_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_args: Any, **_kwargs: Any) -> None:
        raise Busy()

    monkeypatch.setattr(type(desk.office.engine.deployments), "packs", busy)
    response = desk.get("/packs")
    problem(response, 503, "busy")
    assert response.headers["Retry-After"] == "5"


def test_unexpected_failures_are_told_without_details(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(type(desk.office.engine.deployments), "packs", fails)
    desk.app.testing = False
    response = desk.get("/packs")
    found = problem(response, 500, "internal")
    assert found["reference"] in found["detail"]
    assert "secret" not in response.text
