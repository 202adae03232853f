"""Complaints over the interface: file, list, show, attach, message."""

from __future__ import annotations

import base64
import io

from tests.office import INTAKE
from tests.web.api.conftest import Desk, problem

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


def _new(**changes: object) -> dict[str, object]:
    return {"pack": "telecom", "values": {**INTAKE, **changes}}


def test_file_a_complaint_and_read_it(desk: Desk) -> None:
    file = {"name": "bill.png", "content": base64.b64encode(PNG).decode()}
    body = _new() | {"files": [file], "received_at": "2026-02-27T17:00:00+08:00", "source_id": "CRM-7"}
    response = desk.post("/complaints", body)
    assert response.status_code == 201
    number = response.json["number"]
    assert response.json["access_code"]
    assert response.headers["Location"].endswith(f"/api/v1/complaints/{number}")
    found = desk.get(f"/complaints/{number}").json
    assert found["received_at"] == "2026-02-27T09:00:00Z"
    assert found["matter"] == INTAKE["matter"]
    assert found["complainant"] == "王**"
    assert found["personal"] == {}
    assert [part["name"] for part in found["attachments"]] == ["bill.png"]
    assert "withdraw" in found["waiting_for"]
    assert found["open_tasks"][0].keys() == {"zh", "en"}


def test_a_number_of_another_system_is_taken_once(desk: Desk) -> None:
    assert desk.post("/complaints", _new() | {"source_id": "CRM-7"}).status_code == 201
    problem(desk.post("/complaints", _new() | {"source_id": "CRM-7"}), 409, "already_filed")


def test_form_errors_stand_by_field_in_the_language_of_the_request(desk: Desk) -> None:
    found = problem(desk.post("/complaints?lang=en", _new(matter="", channel="telepathy", wish=1)), 422, "form")
    assert found["errors"].keys() == {"matter", "channel", "wish"}
    assert "The form needs 3 corrections" in found["detail"]
    zh = problem(desk.post("/complaints?lang=zh", _new(matter="")), 422, "form")
    assert "投诉事项" in zh["errors"]["matter"][0]


def test_filing_is_refused_with_reasons(desk: Desk) -> None:
    problem(desk.post("/complaints", {"pack": "nowhere", "values": {}}), 404, "not_found")
    problem(desk.post("/complaints", _new(), "stranger"), 403, "forbidden")
    problem(desk.post("/complaints", _new() | {"received_at": "2199-01-01T00:00:00Z"}), 400, "bad_request")
    script = {"name": "run.exe", "content": base64.b64encode(b"MZ\x90").decode()}
    problem(desk.post("/complaints", _new() | {"files": [script]}), 415, "file_refused")
    large = {"name": "a.txt", "content": base64.b64encode(b"a" * (10 * 2**20 + 1)).decode()}
    problem(desk.post("/complaints", _new() | {"files": [large]}), 413, "too_large")
    broken = {"name": "a.txt", "content": "no base64!"}
    found = problem(desk.post("/complaints", _new() | {"files": [broken]}), 400, "invalid_request")
    assert list(found["errors"]) == ["/files/0/content"]


def test_personal_data_is_given_when_asked_for_and_the_view_is_logged(desk: Desk) -> None:
    number = desk.file().number
    found = desk.get(f"/complaints/{number}?reveal=true").json
    assert found["personal"]["complainant"] == INTAKE["complainant"]
    assert desk.get(f"/complaints/{number}?reveal=false").json["personal"] == {}


def test_list_with_filters_and_pages(desk: Desk) -> None:
    numbers = [desk.file(contact=f"1390000000{n}").number for n in range(3)]
    first = desk.get("/complaints?order=number&size=2").json
    assert [row["number"] for row in first["items"]] == numbers[:2]
    assert {key: first[key] for key in ("total", "page", "size", "pages")} == {
        "total": 3,
        "page": 1,
        "size": 2,
        "pages": 2,
    }
    assert [row["number"] for row in desk.get("/complaints?order=number&size=2&page=2").json["items"]] == numbers[2:]
    for query, total in {
        "state=open": 3,
        "state=closed": 0,
        "q=0002": 1,
        "overdue=true": 0,
        "escalated=false": 3,
        "pack=telecom": 3,
        "pack=other": 0,
        "department=市场部": 0,
        "category=x": 0,
        "severity=x": 0,
        "received_from=2026-03-02T01:00:00Z": 3,
        "received_until=2026-03-02T09:00:00%2B08:00": 0,
        "q=' OR 1=1 --": 0,
    }.items():
        assert desk.get(f"/complaints?{query}").json["total"] == total, query


def test_complaints_of_others_are_neither_listed_nor_shown(desk: Desk) -> None:
    number = desk.file().number
    assert desk.get("/complaints", "stranger").json["total"] == 0
    for path in ("", "/history", "/attachments"):
        problem(desk.get(f"/complaints/{number}{path}", "stranger"), 403, "forbidden")
    problem(desk.post(f"/complaints/{number}/messages", {"name": "withdraw"}, "stranger"), 403, "forbidden")


def test_history_in_both_languages(desk: Desk) -> None:
    number = desk.file().number
    items = desk.get(f"/complaints/{number}/history").json["items"]
    assert items[0]["type"] == "complaint_filed"
    assert items[0]["text"]["zh"]
    assert items[0]["text"]["en"]
    assert items[0]["at"] == "2026-03-02T01:00:00Z"


def test_attach_and_download(desk: Desk) -> None:
    number = desk.file().number
    files = {"file": [(io.BytesIO(PNG), "photo.png"), (io.BytesIO("来电记录".encode()), "记录.txt")]}
    response = desk.call("POST", f"/complaints/{number}/attachments", data=files)
    assert response.status_code == 201
    assert len(response.json["ids"]) == 2
    rows = desk.get(f"/complaints/{number}/attachments").json["items"]
    assert [row["name"] for row in rows] == ["photo.png", "记录.txt"]
    picture = desk.get(f"/attachments/{rows[0]['id']}")
    assert picture.data == PNG
    assert picture.mimetype == "image/png"
    assert picture.headers["Content-Disposition"].startswith("attachment")
    problem(desk.get(f"/attachments/{rows[0]['id']}", "stranger"), 403, "forbidden")


def test_attachments_are_refused_with_reasons(desk: Desk) -> None:
    path = f"/complaints/{desk.file().number}/attachments"
    problem(desk.call("POST", path, data={"file": (io.BytesIO(b"MZ\x90"), "a.txt")}), 415, "file_refused")
    problem(desk.call("POST", path, data={"file": (io.BytesIO(b"a" * 10_485_761), "a.txt")}), 413, "too_large")
    for data in (
        {},
        {"file": "text"},
        {"other": (io.BytesIO(b"a"), "a.txt")},
        {"file": (io.BytesIO(b"a"), "a"), "x": "1"},
    ):
        found = problem(desk.call("POST", path, data=data, content_type="multipart/form-data"), 400, "invalid_request")
        assert found["errors"]
    problem(desk.call("POST", path, json={}), 415, "unsupported_media_type")
    problem(
        desk.call("POST", "/complaints/none/attachments", data={"file": (io.BytesIO(b"a"), "a.txt")}), 404, "not_found"
    )


def test_message_to_a_complaint(desk: Desk) -> None:
    number = desk.file().number
    path = f"/complaints/{number}/messages"
    response = desk.post(path, {"name": "customer_contact", "variables": {"note": "called again"}})
    assert response.json == {"instances": 1, "started": []}
    assert "message_received" in [e["type"] for e in desk.get(f"/complaints/{number}/history").json["items"]]
    problem(desk.post(path, {"name": "rain"}), 409, "no_subscription")
    problem(desk.post("/complaints/none/messages", {"name": "withdraw"}), 404, "not_found")
