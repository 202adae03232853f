"""Signing in and out, and one's own account."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.types import SYSTEM, Name
from engine.users import Seed
from tests.web.conftest import PASSWORD, Site, text


def test_sign_in_leads_to_the_worklist(site: Site) -> None:
    response = site.visitor().post("/sign-in", {"login": " Amy ", "password": PASSWORD})
    assert response.status_code == 302
    assert response.location == "/worklist"


def test_sign_in_goes_on_to_the_page_asked_for_but_never_to_another_site(site: Site) -> None:
    account = {"login": "amy", "password": PASSWORD}
    assert site.visitor().post("/sign-in", account | {"next": "/complaints?q=a"}).location == "/complaints?q=a"
    assert site.visitor().post("/sign-in", account | {"next": "//evil.example"}).location == "/worklist"
    page = site.visitor().get("/sign-in?next=https://evil.example").text
    assert "evil" not in re.search(r'name="next" value="([^"]*)"', page)[1]  # type: ignore[index]


@pytest.mark.parametrize("login", ["amy", "nobody"])
def test_wrong_password_and_unknown_account_say_the_same(site: Site, login: str) -> None:
    response = site.visitor().post("/sign-in", {"login": login, "password": "wrong"})
    assert response.status_code == 401
    assert "账号或密码不正确" in text(response)
    assert f'value="{login}"' in response.text
    assert "wrong" not in response.text


def test_signing_out_ends_the_session(site: Site) -> None:
    amy = site.person("amy")
    assert amy.get("/worklist").status_code == 200
    assert amy.post("/sign-out").location == "/sign-in"
    assert amy.get("/worklist").status_code == 302


def test_the_sign_in_page_passes_people_on_who_are_signed_in(site: Site) -> None:
    assert site.person("amy").get("/sign-in?next=/complaints").location == "/complaints"


def test_a_deactivated_person_is_out_at_once(site: Site) -> None:
    amy = site.person("amy")
    site.office.engine.users.deactivate(SYSTEM, "amy")
    assert amy.get("/worklist").status_code == 302


def test_a_session_without_epoch_is_worth_nothing(site: Site) -> None:
    visitor = site.visitor()
    with visitor.client.session_transaction() as session:
        session["_user_id"] = "amy"
    assert visitor.get("/worklist").status_code == 302


def test_sample_accounts_are_listed_in_the_demonstration_only(site: Site) -> None:
    engine = site.office.engine
    assert "演示账号" not in text(site.visitor().get("/sign-in"))
    assert site.visitor().post("/sign-in/demo", {"login": "lina"}).status_code == 401
    config = replace(engine.config, mode="demo")
    engine.config = engine.users._config = config
    offices = Name("电信", "Telecom"), Name("运输", "Transport")
    engine.users.seed_demo(
        [
            Seed("lina", Name("李娜", "Li Na"), Name("受理投诉", "takes complaints"), pack=offices[0]),
            Seed("wei", Name("卫平", "Wei Ping"), Name("客服", "desk"), pack=offices[1]),
        ]
    )
    page = text(site.visitor().get("/sign-in?lang=en"))
    assert page.index("Telecom") < page.index("Li Na") < page.index("Transport") < page.index("Wei Ping")
    assert "Li Na takes complaints" in page
    assert site.visitor().post("/sign-in/demo", {"login": "lina"}).location == "/worklist"
    assert site.visitor().post("/sign-in/demo", {"login": "amy"}).status_code == 401


def test_language_is_kept_with_the_account_and_at_sign_in(site: Site) -> None:
    amy = site.person("amy")
    amy.post("/account/language", {"language": "en"})
    assert site.office.engine.users.get("amy").language == "en"
    assert "My account" in text(amy.get("/account"))
    elsewhere = site.visitor()
    elsewhere.post("/sign-in", {"login": "amy", "password": PASSWORD})
    assert "Worklist" in text(elsewhere.get("/worklist"))


def test_new_password_ends_other_sessions_and_keeps_this_one(site: Site) -> None:
    here, elsewhere = site.person("amy"), site.person("amy")
    new = "four unrelated words here"
    response = here.post("/account/password", {"current": PASSWORD, "password": new, "repeat": new})
    assert "密码已更改" in here.follow(response)
    assert elsewhere.get("/worklist").status_code == 302
    assert site.visitor().post("/sign-in", {"login": "amy", "password": new}).location == "/worklist"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"current": "wrong", "password": "long enough words", "repeat": "long enough words"}, "当前密码不正确"),
        ({"current": PASSWORD, "password": "short", "repeat": "short"}, "至少 10 个字符"),
        ({"current": PASSWORD, "password": "long enough words", "repeat": "another one"}, "不一致"),
    ],
)
def test_refused_passwords_say_why_at_the_field(site: Site, form: dict[str, str], message: str) -> None:
    response = site.person("amy").post("/account/password", form)
    assert response.status_code == 422
    assert message in text(response)
    assert form["password"] not in response.text


def test_signing_out_other_devices(site: Site) -> None:
    here, elsewhere = site.person("amy"), site.person("amy")
    here.post("/account/sessions")
    assert here.get("/worklist").status_code == 200
    assert elsewhere.get("/worklist").status_code == 302


def test_absence_with_a_substitute(site: Site) -> None:
    task = site.triage_task()
    amy, ben = site.person("amy"), site.person("ben")
    amy.post(f"/tasks/{task}/claim")
    assert task not in ben.get("/worklist?view=mine").text
    form = {"substitute": "ben", "from": "2026-03-02", "until": "2026-03-03", "note": "培训"}
    assert "请假已登记" in amy.follow(amy.post("/account/absences", form))
    assert task in ben.get("/worklist?view=mine").text
    assert "您代Amy办理" in text(ben.get(f"/tasks/{task}"))
    site.office.clock.set(site.office.clock.now() + timedelta(days=2))
    assert task not in ben.get("/worklist?view=mine").text


def test_absence_can_be_ended(site: Site) -> None:
    amy = site.person("amy")
    amy.post("/account/absences", {"substitute": "ben", "from": "2026-03-05", "until": "2026-03-06"})
    absence = site.office.engine.users.absences("amy")[0]
    assert "请假已结束" in amy.follow(amy.post(f"/account/absences/{absence.id}/end"))
    assert site.office.engine.users.absences("amy") == ()


def test_a_wrong_absence_keeps_what_was_typed(site: Site) -> None:
    response = site.person("amy").post("/account/absences", {"substitute": "ben", "from": "", "note": "年假三天"})
    assert response.status_code == 400
    assert "请选择日期" in text(response)
    assert "年假三天" in response.text
