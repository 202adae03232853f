"""Who gets in: bearer tokens, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from engine.types import SYSTEM
from tests.web.api.conftest import Desk, problem
from web.api.operations import OPERATIONS


def _path(path: str) -> str:
    return path.replace("{", "").replace("}", "")


def test_nothing_is_told_or_done_without_a_token(desk: Desk) -> None:
    for number, operation in enumerate(o for o in OPERATIONS if not o.public):
        own_address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        response = desk.call(operation.method, _path(operation.path), None, environ_base=own_address)
        problem(response, 401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="redress"'


def test_anything_that_is_no_valid_token_is_refused(desk: Desk) -> None:
    for header in (
        "Bearer",
        "Bearer ",
        "Bearer rdr_unknown-but-of-the-right-length-1234567890",
        "Basic YW15OnB3",
        "Bearer \x80\xff",
        "Bearer rdr_" + "x" * 5000,
        "rdr_token",
        "Bearer rdr_a b",
    ):
        response = desk.get("/users/me", None, headers={"Authorization": header})
        problem(response, 401, "unauthenticated")
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_revoked_and_ended_tokens_and_closed_accounts_are_refused(desk: Desk) -> None:
    users = desk.office.engine.users
    assert desk.get("/users/me", "ben").status_code == 200
    users.token_revoke(SYSTEM, users.tokens(SYSTEM, "ben")[0].id)
    problem(desk.get("/users/me", "ben"), 401, "unauthenticated")
    users.deactivate(SYSTEM, "dora")
    problem(desk.get("/users/me", "dora"), 401, "unauthenticated")
    desk.office.clock.advance(timedelta(days=91))
    problem(desk.get("/users/me", "amy"), 401, "unauthenticated")


def test_scheme_is_read_without_regard_to_case(desk: Desk) -> None:
    assert desk.get("/users/me", None, headers={"Authorization": f"bearer {desk.tokens['amy']}"}).status_code == 200


def test_session_of_the_pages_is_not_accepted(desk: Desk) -> None:
    client = desk.app.test_client()
    password = "a long enough passphrase 42"
    desk.office.engine.users.create(SYSTEM, "paige", "Paige", password, roles=(("administrator", "*"),))
    desk.app.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/sign-in", data={"login": "paige", "password": password}).status_code == 302
    assert client.get("/account").status_code == 200
    problem(client.get("/api/v1/users/me"), 401, "unauthenticated")
    problem(client.post("/api/v1/complaints", json={}), 401, "unauthenticated")


def test_requests_that_change_something_need_no_anti_forgery_token(desk: Desk) -> None:
    assert desk.app.config.get("WTF_CSRF_ENABLED", True)
    started = desk.file()
    assert desk.post(f"/tasks/{desk.task_of(started)}/claim").status_code == 204


def test_answers_set_no_cookies_and_are_not_kept(desk: Desk) -> None:
    for response in (desk.get("/users/me?lang=en"), desk.get("/complaints/none"), desk.get("/users/me", None)):
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_many_refused_tokens_make_the_address_wait(desk: Desk) -> None:
    for _ in range(20):
        problem(desk.get("/users/me", None, headers={"Authorization": "Bearer rdr_guess"}), 401, "unauthenticated")
    response = desk.get("/packs", None)
    problem(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "60"
    problem(desk.get("/users/me", "amy"), 429, "too_many_requests")
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert desk.get("/users/me", "amy", environ_base=elsewhere).status_code == 200


def test_accepted_tokens_are_not_counted(desk: Desk) -> None:
    assert {desk.get("/users/me").status_code for _ in range(40)} == {200}


def test_me(desk: Desk) -> None:
    assert desk.get("/users/me", "mia").json == {
        "id": "mia",
        "name": "Mia",
        "language": "zh",
        "groups": [],
        "roles": [{"role": "manager", "pack": "telecom"}],
        "substitutes_for": {},
    }
