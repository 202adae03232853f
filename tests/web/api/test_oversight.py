"""Incidents, figures and the archive over the interface."""

from __future__ import annotations

from datetime import timedelta

from engine.errors import ExecutionError
from engine.incidents import record
from engine.models import ArchiveRecord
from tests.web.api.conftest import Desk, problem


def test_incidents(desk: Desk) -> None:
    started = desk.file()
    stuck = ExecutionError(element="x", reason={"zh": "没有出口", "en": "no way out"})
    stuck.params.update(instance_id=started.instance_id, element_id="gateway", pack="telecom")
    record(desk.office.engine.context, stuck)
    [incident] = desk.get("/incidents", "mia").json["items"]
    assert incident["message"]["en"].endswith("has been notified.")
    assert incident["created_at"] == "2026-03-02T01:00:00Z"
    assert desk.get("/incidents?pack=other", "mia").json["items"] == []
    assert desk.get("/incidents").json["items"] == []
    problem(desk.post(f"/incidents/{incident['id']}/retry"), 403, "forbidden")
    assert desk.post(f"/incidents/{incident['id']}/retry", None, "mia").status_code == 204
    assert desk.get("/incidents", "mia").json["items"] == []
    problem(desk.post("/incidents/999/retry", None, "mia"), 404, "not_found")


def test_figures(desk: Desk) -> None:
    desk.file()
    desk.office.clock.advance(timedelta(hours=5))
    found = desk.get("/figures", "mia").json
    assert (found["open"], found["overdue"], found["satisfied"]) == (1, 1, None)
    assert found["by_channel"][0]["label"] == {"zh": "热线", "en": "Hotline"}
    assert found["per_day"][-1] == {"day": "2026-03-02", "filed": 1, "closed": 0}
    assert desk.get("/figures?pack=other", "mia").json["open"] == 0
    assert desk.get("/figures", "stranger").json["open"] == 0


def test_archive(desk: Desk) -> None:
    number, now = desk.file().number, desk.office.clock.now()
    with desk.office.store.write() as session:
        session.add(
            ArchiveRecord(
                number="DA-1",
                complaint_number=number,
                pack="telecom",
                archive_class="一般",
                archived_at=now,
                retain_until=now + timedelta(days=1000),
            )
        )
    [row] = desk.get("/archive", "ada").json["items"]
    assert (row["number"], row["legal_hold"], row["due_for_destruction"]) == ("DA-1", False, False)
    assert desk.get("/archive?due_for_destruction=true", "ada").json["total"] == 0
    assert desk.get("/archive/DA-1", "ada").json["complaint"]["number"] == number
    problem(desk.get("/archive"), 403, "forbidden")
    problem(desk.get("/archive/DA-1"), 403, "forbidden")
    problem(desk.get("/archive/DA-2", "ada"), 404, "not_found")
    hold = {"on": True, "reason": "court order"}
    problem(desk.put("/archive/DA-1/legal-hold", hold), 403, "forbidden")
    problem(desk.put("/archive/DA-1/legal-hold", {"on": "yes", "reason": "x"}, "ada"), 400, "invalid_request")
    assert desk.put("/archive/DA-1/legal-hold", hold, "ada").status_code == 204
    assert desk.get("/archive/DA-1", "ada").json["legal_hold"] is True
