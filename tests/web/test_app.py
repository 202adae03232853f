"""The application as a whole: headers, cookies, errors as pages and as problem details, limits."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from engine.errors import Conflict
from tests.office import INTAKE
from tests.web.conftest import PASSWORD, TRIAGE_FORM, Site, field_value, text
from web import access, create_app


def test_every_page_has_the_security_headers(site: Site) -> None:
    for response in (site.visitor().get("/sign-in"), site.person("amy").get("/worklist"), site.visitor().get("/nope")):
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(site: Site) -> None:
    task = site.triage_task()
    amy = site.person("amy")
    for path in (
        "/worklist?view=groups",
        f"/tasks/{task}",
        "/complaints",
        "/complaints/new",
        "/account",
        "/search?q=x",
    ):
        page = amy.get(path).text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page), path
        assert "<style" not in page, path
        assert not re.search(r'\s(style|on\w+)="', page), path


def test_session_cookie_is_closed_to_scripts_and_other_sites(site: Site) -> None:
    response = site.visitor().post("/sign-in", {"login": "amy", "password": PASSWORD})
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("redress="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_session_cookie_is_secure_behind_https(site: Site) -> None:
    engine = site.office.engine
    engine.config = replace(engine.config, base_url="https://complaints.example.org")
    response = site.visitor().post(
        "/sign-in", {"login": "amy", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
    )
    assert all("Secure" in c for c in response.headers.getlist("Set-Cookie"))
    assert "Strict-Transport-Security" in response.headers


def test_a_form_without_token_is_refused_in_plain_words(site: Site) -> None:
    site.settings["WTF_CSRF_ENABLED"] = True
    task = site.triage_task()
    response = site.person("amy").post(f"/tasks/{task}/claim")
    assert response.status_code == 400
    assert "页面已过期" in text(response)
    assert site.office.engine.tasks.get(site.actor("amy"), task).row.assignee is None


def test_an_expired_task_or_intake_form_comes_back_with_everything_typed(site: Site) -> None:
    site.settings["WTF_CSRF_ENABLED"] = True
    task = site.triage_task()
    amy = site.person("amy")
    typed = {**TRIAGE_FORM, "matter_clear": "不清楚", "unclear_points": "请问是哪个号码？"}
    response = amy.post(f"/tasks/{task}", typed)
    assert response.status_code == 400
    assert "请再提交一次" in text(response)
    assert field_value(response.text, "unclear_points") == typed["unclear_points"]
    response = amy.post("/complaints/new", INTAKE)
    assert response.status_code == 400
    assert field_value(response.text, "matter") == INTAKE["matter"]
    assert site.office.engine.tasks.get(site.actor("amy"), task).state == "open"


def test_a_form_with_its_token_passes(site: Site) -> None:
    site.settings["WTF_CSRF_ENABLED"] = True
    task = site.triage_task()
    amy = site.person("amy")
    token = re.search(r'name="csrf_token" value="([^"]+)"', amy.get(f"/tasks/{task}").text)
    assert token
    assert amy.post(f"/tasks/{task}/claim", {"csrf_token": token[1]}).status_code == 302


@pytest.mark.parametrize("path", ["/worklist", "/complaints", "/tasks/x", "/account", "/search?q=1"])
def test_pages_for_staff_ask_to_sign_in_first(site: Site, path: str) -> None:
    response = site.visitor().get(path)
    assert response.status_code == 302
    assert response.location.startswith("/sign-in?next=")


def test_scripts_are_told_by_status_to_sign_in(site: Site) -> None:
    response = site.visitor().post("/tasks/x/draft", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"


def test_unknown_address(site: Site) -> None:
    response = site.person("amy").get("/nothing-here")
    assert response.status_code == 404
    assert "没有这个页面" in text(response)
    english = site.person("amy").get("/nothing-here?lang=en")
    assert "There is no such page" in text(english)


def test_engine_errors_become_pages_that_say_what_role_is_needed(site: Site) -> None:
    number, task = site.triaged()
    response = site.person("stranger").get(f"/complaints/{number}")
    assert response.status_code == 403
    assert "需要的角色" in text(response)
    assert site.person("stranger").get(f"/tasks/{task}").status_code == 403
    assert site.person("amy").get("/complaints/TS-2026-99999").status_code == 404


def test_engine_errors_become_problem_details_for_scripts(site: Site) -> None:
    response = site.person("amy").get("/complaints/TS-2026-99999", headers={"Accept": "application/json"})
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["status"] == 404
    assert response.json["code"] == "not_found"


def test_too_much_at_once_is_a_friendly_page(site: Site) -> None:
    site.settings["MAX_CONTENT_LENGTH"] = 1000
    upload = {"files": (io.BytesIO(b"x" * 5000), "a.txt")}
    response = site.person("amy").post("/complaints/new", upload, content_type="multipart/form-data")
    assert response.status_code == 413
    assert "分几次上传" in text(response)


def test_an_unexpected_error_has_a_reference_and_no_details(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.settings |= {"TESTING": False, "PROPAGATE_EXCEPTIONS": False}

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(site.office.engine.complaints, "list", broken)
    response = site.person("amy").get("/complaints")
    assert response.status_code == 500
    assert re.search(r"编号 [0-9A-F]{8}", text(response))
    assert "secret detail" not in response.text


def test_conflict_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_args: object) -> None:
        raise Conflict(what="TS-1")

    monkeypatch.setattr(site.office.engine.tasks, "claim", lost)
    response = site.person("amy").post("/tasks/x/claim")
    assert response.status_code == 409
    assert "操作没有生效" in text(response)


def test_sign_in_is_limited(site: Site) -> None:
    site.settings |= {"RATELIMIT_ENABLED": True, "RATELIMIT_DEFAULT": None}
    visitor = site.visitor()
    statuses = [visitor.post("/sign-in", {"login": "nobody", "password": "x"}).status_code for _ in range(32)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    access.limiter.reset()


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/tasks/1", True),
        ("/complaints?state=all", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example/", False),
        ("javascript:alert(1)", False),
        ("/a\r\nSet-Cookie: x", False),
        ("", False),
        (None, False),
    ],
)
def test_redirects_stay_on_this_site(target: str | None, allowed: bool) -> None:
    assert access.local_path(target, "/worklist") == (target if allowed else "/worklist")


def test_the_menu_shows_what_the_person_may_use(site: Site) -> None:
    assert "/operations" not in site.person("amy").get("/worklist").text
    assert 'href="/operations"' in site.person("mia").get("/worklist").text
    assert 'href="/settings"' not in site.person("mia").get("/worklist").text
    assert 'href="/settings"' in site.person("root").get("/worklist").text


def test_the_same_engine_serves_two_applications(site: Site) -> None:
    other = create_app(site.office.engine, TESTING=True)
    assert other.test_client().get("/sign-in").status_code == 200
    assert site.visitor().get("/sign-in").status_code == 200


def test_an_address_with_a_nul_character_is_refused_and_not_an_error(site: Site) -> None:
    for path in ("/worklist?q=%00", "/complaints?q=a%00b", "/search?q=%00"):
        assert site.person("mia").get(path).status_code == 400
