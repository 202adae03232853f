"""The archive: list, filters, one record, legal hold."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from engine.models import ArchiveRecord
from engine.types import SYSTEM
from tests.web.conftest import PASSWORD, Site, text

NUMBER = "DA-2026-营销与套餐-00001"
PATH = f"/archive/{quote(NUMBER)}"


@pytest.fixture
def archived(site: Site) -> Site:
    """An office with one record, kept for a year, and an archivist."""
    number, _task = site.triaged()
    now = site.office.clock.now()
    site.office.engine.users.create(SYSTEM, "gus", "Gus", PASSWORD, roles=[("archivist", "telecom")])
    with site.office.store.write() as session:
        session.add(
            ArchiveRecord(
                number=NUMBER,
                complaint_number=number,
                pack="telecom",
                category="营销与套餐",
                department="市场部",
                archive_class="一般",
                location="A 区 2 排",
                archived_at=now,
                retain_until=now + timedelta(days=365),
            )
        )
    return site


def test_list_and_filters(archived: Site) -> None:
    gus = archived.person("gus")
    page = text(gus.get("/archive"))
    assert NUMBER in page
    assert "A 区 2 排" in page
    assert NUMBER in text(gus.get("/archive?department=市场部&q=00001"))
    assert "没有符合条件的档案" in text(gus.get("/archive?category=网络质量"))
    assert "没有符合条件的档案" in text(gus.get("/archive?due=yes"))
    archived.office.clock.set(archived.office.clock.now() + timedelta(days=400))
    assert "可销毁" in text(archived.person("gus").get("/archive?due=yes"))


def test_empty_archive(site: Site) -> None:
    assert "还没有档案" in text(site.person("mia").get("/archive"))


def test_rights(archived: Site) -> None:
    assert archived.person("amy").get("/archive").status_code == 403
    assert archived.person("amy").get(PATH).status_code == 403
    assert archived.person("gus").get("/archive/none").status_code == 404


def test_record_shows_the_complaint_masked(archived: Site) -> None:
    page = archived.person("gus").get(PATH)
    assert "套餐降档后连续三个月" in text(page)
    assert "王小明" not in page.text
    assert "/complaints/TS-" not in page.text, "an archivist may not open the complaint itself"
    assert "/complaints/TS-" in archived.person("mia").get(PATH).text


def test_legal_hold_needs_a_reason(archived: Site) -> None:
    gus = archived.person("gus")
    assert "保全期间" in text(gus.get(f"{PATH}?do=hold"))
    refused = gus.post(PATH, {"hold": "on", "reason": " "})
    assert refused.status_code == 400
    done = gus.post(PATH, {"hold": "on", "reason": "诉讼进行中"})
    assert done.status_code == 303
    assert "解除法律保全" in text(gus.get(PATH))
    assert gus.post(PATH, {"hold": "off", "reason": "诉讼结束"}).status_code == 303
    assert archived.person("amy").post(PATH, {"hold": "on", "reason": "x"}).status_code == 403


def test_english(archived: Site) -> None:
    assert "Place under legal hold" in text(archived.person("gus").get(f"{PATH}?lang=en"))
