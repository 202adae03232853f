"""A task that is offered to people by name, on the pages."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from engine.models import UserTaskCandidate
from tests.web.conftest import TRIAGE_FORM, Site, text


@pytest.fixture
def task(site: Site) -> str:
    """A triage offered to Ben, to somebody without any group, and to an account nobody has."""
    found = site.triage_task()
    with site.office.store.write() as session:
        session.execute(delete(UserTaskCandidate).where(UserTaskCandidate.task_id == found))
        session.add_all(UserTaskCandidate(task_id=found, candidate=c) for c in ("ben", "stranger", "new.hire"))
    return found


def test_the_task_page_names_them_as_it_names_groups(site: Site, task: str) -> None:
    assert "由Ben、new.hire、Stranger办理，您可以查看" in text(site.person("mia").get(f"/tasks/{task}"))


def test_a_candidate_finds_takes_gives_back_and_submits_the_task(site: Site, task: str) -> None:
    ben = site.person("ben")
    page = ben.get("/worklist?view=groups").text
    assert f'value="{task}"' in page
    assert "data-claim" in page
    assert "已领取 1 项任务" in ben.follow(ben.post("/worklist/claim", {"task": task}))
    assert "退回" in text(ben.get(f"/tasks/{task}"))
    assert ben.post(f"/tasks/{task}/unclaim").status_code == 302
    assert ben.post(f"/tasks/{task}", TRIAGE_FORM).status_code == 302


def test_somebody_without_a_group_can_work_on_it_too(site: Site, task: str) -> None:
    stranger = site.person("stranger")
    assert f'value="{task}"' in stranger.get("/worklist?view=groups").text
    page = stranger.get(f"/tasks/{task}")
    assert page.status_code == 200
    assert stranger.post(f"/tasks/{task}", TRIAGE_FORM).status_code == 302


def test_it_is_not_offered_to_the_group(site: Site, task: str) -> None:
    amy = site.person("amy")
    assert task not in amy.get("/worklist?view=groups").text
    assert amy.get(f"/tasks/{task}").status_code == 403
