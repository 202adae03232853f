"""Settings: accounts, groups and roles, passwords, tokens, absences; administrators only."""

from __future__ import annotations

import re

import pytest

from engine.types import SYSTEM
from tests.web.conftest import PASSWORD, Site, text

NEW = {
    "login": "eve",
    "name": "夏娃",
    "name_en": "Eve",
    "email": "eve@example.org",
    "password": "three unrelated words",
}


@pytest.mark.parametrize("path", ["/settings", "/settings/groups", "/settings/people/new", "/settings/people/amy"])
def test_administrators_only(site: Site, path: str) -> None:
    assert site.person("root").get(path).status_code == 200
    assert site.person("mia").get(path).status_code == 403
    assert "/sign-in" in site.visitor().get(path).location


def test_accounts_by_name_and_state(site: Site) -> None:
    site.office.engine.users.deactivate(SYSTEM, "ben")
    root = site.person("root")
    everybody = text(root.get("/settings"))
    assert "Amy" in everybody
    assert "Ben" not in everybody
    assert "Ben" in text(root.get("/settings?state=closed"))
    assert "没有这样的账号" in text(root.get("/settings?q=nobody"))


def test_groups_show_who_is_missing(site: Site) -> None:
    page = text(site.person("root").get("/settings/groups"))
    assert re.search(r"投诉室受理 Amy 、 Ben|投诉室受理 Amy、 ?Ben|投诉室受理 Amy 、Ben", page)
    assert "没有成员" in page
    assert "客户" not in page.split("组与角色")[-1].split("角色")[0]


def test_new_account(site: Site) -> None:
    root = site.person("root")
    response = root.post("/settings/people/new", {**NEW, "groups": ["telecom/网络部"], "roles": ["manager@telecom"]})
    assert response.status_code == 303
    person = site.office.engine.users.get("eve")
    assert person.groups == {"telecom/网络部"}
    assert person.roles == {("manager", "telecom")}
    assert site.office.engine.users.sign_in("eve", NEW["password"]).id == "eve"


def test_what_was_typed_comes_back(site: Site) -> None:
    response = site.person("root").post(
        "/settings/people/new", {**NEW, "login": "amy", "groups": ["telecom/网络部"], "roles": ["auditor@*"]}
    )
    assert response.status_code == 400
    assert "已被使用" in text(response)
    assert 'value="夏娃"' in response.text
    assert re.search(r'value="telecom/网络部" checked', response.text)
    assert re.search(r'value="auditor@\*" checked', response.text)


def test_changing_an_account(site: Site) -> None:
    root = site.person("root")
    done = root.post("/settings/people/amy", {"name": "艾米", "name_en": "Amy", "email": "", "language": "en"})
    assert done.status_code == 303
    assert site.office.engine.users.get("amy").name.zh == "艾米"
    bad = root.post("/settings/people/amy", {"name": "", "language": "en"})
    assert bad.status_code == 400
    assert root.get("/settings/people/nobody").status_code == 404


def test_memberships_of_other_packs_stay(site: Site) -> None:
    users = site.office.engine.users
    users.create(SYSTEM, "pat", "Pat", PASSWORD, roles=[("administrator", "telecom")])
    users.update(
        SYSTEM,
        "amy",
        roles=[("auditor", "*"), ("manager", "hospital")],
        groups=["hospital/office", "telecom/投诉室受理"],
    )
    changed = {"groups": ["telecom/网络部"], "roles": ["archivist@telecom"]}
    assert site.person("pat").post("/settings/people/amy/memberships", changed).status_code == 303
    amy = users.get("amy")
    assert amy.groups == {"hospital/office", "telecom/网络部"}
    assert amy.roles == {("auditor", "*"), ("manager", "hospital"), ("archivist", "telecom")}


def test_nobody_gives_roles_outside_the_own_packs(site: Site) -> None:
    site.office.engine.users.create(SYSTEM, "pat", "Pat", PASSWORD, roles=[("administrator", "telecom")])
    response = site.person("pat").post("/settings/people/amy/memberships", {"roles": ["administrator@*"]})
    assert response.status_code == 403
    assert site.office.engine.users.get("amy").roles == frozenset()


def test_the_last_administrator_stays(site: Site) -> None:
    response = site.person("root").post("/settings/people/root/memberships", {"roles": []})
    assert response.status_code == 400
    assert "最后一位" in text(response)


def test_password_and_sessions(site: Site) -> None:
    root, amy = site.person("root"), site.person("amy")
    assert root.post("/settings/people/amy/password", {"password": "short"}).status_code == 422
    assert root.post("/settings/people/amy/password", {"password": "four other new words"}).status_code == 303
    assert amy.get("/worklist").status_code == 302, "the old session has ended"
    assert site.office.engine.users.sign_in("amy", "four other new words").id == "amy"
    again = site.person("amy")
    assert root.post("/settings/people/amy/sessions").status_code == 303
    assert again.get("/worklist").status_code == 302


def test_closing_and_opening_an_account(site: Site) -> None:
    root = site.person("root")
    assert root.post("/settings/people/amy/active", {"active": "no"}).status_code == 303
    assert not site.office.engine.users.get("amy").active
    assert "重新启用" in text(root.get("/settings/people/amy"))
    assert root.post("/settings/people/amy/active", {"active": "yes"}).status_code == 303
    assert site.office.engine.users.get("amy").active


def test_token_is_shown_once(site: Site) -> None:
    root = site.person("root")
    made = root.post("/settings/people/amy/tokens", {"name": "报表程序", "days": "30"})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    token = re.search(r'data-copy="(rdr_[^"]+)"', made.text)
    assert token
    users = site.office.engine.users
    assert users.by_token(token[1]) is not None
    assert token[1] not in root.get("/settings/people/amy").text
    row = users.tokens(SYSTEM, "amy")[0]
    assert root.post(f"/settings/people/amy/tokens/{row.id}/revoke").status_code == 303
    assert users.by_token(token[1]) is None
    assert root.post("/settings/people/amy/tokens", {"name": ""}).status_code == 400
    assert root.post("/settings/people/amy/tokens", {"name": "x", "days": "99999"}).status_code == 400


def test_absence_of_a_colleague(site: Site) -> None:
    root = site.person("root")
    sent = {"from": "2026-03-03", "until": "2026-03-05", "substitute": "ben", "note": "培训"}
    assert root.post("/settings/people/amy/absences", sent).status_code == 303
    assert "培训" in text(root.get("/settings/people/amy"))
    row = site.office.engine.users.absences("amy")[0]
    assert root.post(f"/settings/people/amy/absences/{row.id}/end").status_code == 303
    assert site.office.engine.users.absences("amy") == ()
    wrong = root.post("/settings/people/amy/absences", {**sent, "from": "soon"})
    assert wrong.status_code == 400
    assert 'value="培训"' in wrong.text


def test_english(site: Site) -> None:
    page = text(site.person("root").get("/settings/people/amy?lang=en"))
    assert "Groups and roles" in page
    assert "API tokens" in page
