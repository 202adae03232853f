"""Starting a process that is not a complaint from the browser."""

from __future__ import annotations

from sqlalchemy import select

from engine.models import ProcessInstance, UserTask
from tests.web.conftest import Site, text

REQUEST = {
    "applicant": "韩工",
    "applicant_unit": "网络部",
    "archive_number": "DA-2026-资费争议-00001",
    "purpose": "复核处理依据",
}


def test_the_archive_desk_is_offered_and_complaints_and_called_processes_are_not(site: Site) -> None:
    page = text(site.person("amy").get("/start"))
    assert "/start/telecom/archive_access" in site.person("amy").get("/start").get_data(as_text=True)
    assert "受理投诉" not in page
    assert "电信投诉办理" not in page


def test_a_request_to_read_the_archive_goes_to_the_leaders(site: Site) -> None:
    browser = site.person("amy")
    assert browser.get("/start/telecom/archive_access").status_code == 200
    assert "已发起" in browser.follow(browser.post("/start/telecom/archive_access", REQUEST))
    with site.office.store.read() as session:
        instance = session.scalars(select(ProcessInstance).where(ProcessInstance.process_id == "archive_access")).one()
        task = session.scalars(select(UserTask).where(UserTask.instance_id == instance.id)).one()
    assert task.element_id == "approve_access"
    page = site.person("mia").get(f"/tasks/{task.id}").text
    assert "申请人" in page
    assert "<dt>applicant</dt>" not in page


def test_a_form_with_gaps_comes_back_with_what_was_typed(site: Site) -> None:
    response = site.person("amy").post("/start/telecom/archive_access", {**REQUEST, "purpose": ""})
    assert response.status_code == 422
    assert "韩工" in response.get_data(as_text=True)


def test_nobody_without_a_place_in_the_pack_starts_anything(site: Site) -> None:
    stranger = site.person("stranger")
    assert "archive_access" not in stranger.get("/start").get_data(as_text=True)
    assert stranger.post("/start/telecom/archive_access", REQUEST).status_code == 404


def test_it_reads_in_english(site: Site) -> None:
    page = site.person("amy").get("/start/telecom/archive_access?lang=en").get_data(as_text=True)
    assert "Start a process" in page
