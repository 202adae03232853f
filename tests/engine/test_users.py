"""Accounts, signing in, substitution, tokens and the rights over them, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from engine.clock import VirtualClock
from engine.config import Config, load_config
from engine.errors import BadRequest, EngineError, Forbidden, NotFound, SignInFailed
from engine.models import AccessLog, ApiToken, User
from engine.passwords import PasswordRefused, Passwords
from engine.store import Store
from engine.types import SYSTEM, Actor, Name
from engine.users import Seed, Users

PASSWORD = "苹果 window 47"
QUICK = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BANK = ("bank/柜面", "bank/法务")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(var=tmp_path / "var", mode="demo", sign_in={"max_failures": 3, "lock_minutes": 10})


@pytest.fixture
def users(store: Store, clock: VirtualClock, config: Config) -> Users:
    users = Users(store, clock, config, Passwords(PasswordHasher(**QUICK)))
    users.create(SYSTEM, "root", "管理员", PASSWORD, roles=[("administrator", "*")])
    users.create(SYSTEM, "chief", "通信管理员", PASSWORD, roles=[("administrator", "telecom")])
    users.create(SYSTEM, "li.na", "李娜", PASSWORD, ["telecom/受理"], name_en="Li Na", language="en")
    users.create(SYSTEM, "wang", "王强", PASSWORD, ["telecom/网络部", "bank/柜面"], [("manager", "bank")])
    return users


def who(users: Users, user_id: str) -> Actor:
    actor = users.actor(user_id)
    assert actor is not None
    return actor


def actions(store: Store, subject: str) -> list[tuple[str | None, str]]:
    with store.read() as session:
        rows = session.scalars(select(AccessLog).where(AccessLog.subject == subject).order_by(AccessLog.id))
        return [(row.actor, row.action) for row in rows]


def fails(users: Users, login: str, password: str) -> None:
    with pytest.raises(SignInFailed) as caught:
        users.sign_in(login, password)
    assert caught.value.params == {"max_failures": 3, "lock_minutes": 10}


def test_sign_in(users: Users, store: Store) -> None:
    actor = users.sign_in(" LI.NA ", PASSWORD)
    assert (actor.id, actor.name, actor.language, actor.kind) == ("li.na", "李娜", "en", "staff")
    assert actor.groups == {"telecom/受理"}
    assert actor.packs(["bank", "telecom"]) == ["telecom"]
    assert who(users, "wang").has_role("manager", "bank")
    for login, password in (("li.na", "wrong"), ("nobody", PASSWORD), ("li.na", ""), ("", "")):
        fails(users, login, password)
    assert actions(store, "li.na") == [
        (None, "user.create"),
        (None, "user.sign_in"),
        (None, "user.sign_in_failed"),
        (None, "user.sign_in_failed"),
    ]


def test_the_account_locks_and_opens_again(users: Users, clock: VirtualClock, store: Store) -> None:
    for _ in range(3):
        fails(users, "li.na", "wrong")
    fails(users, "li.na", PASSWORD)
    assert users.get("li.na").locked_until == clock.now() + 10 * MINUTE
    clock.advance(9 * MINUTE)
    fails(users, "li.na", PASSWORD)
    clock.advance(MINUTE)
    fails(users, "li.na", "wrong")
    assert users.sign_in("li.na", PASSWORD).id == "li.na"
    assert [action for _, action in actions(store, "li.na")].count("user.locked") == 1
    with store.read() as session:
        user = session.get(User, "li.na")
    assert user is not None
    assert (user.failed_sign_ins, user.locked_until) == (0, None)


def test_a_success_resets_the_count(users: Users) -> None:
    for _ in range(3):
        fails(users, "li.na", "wrong")
        fails(users, "li.na", "wrong")
        users.sign_in("li.na", PASSWORD)


def test_simultaneous_failures_are_all_counted(users: Users, store: Store) -> None:
    def fail() -> None:
        fails(users, "li.na", "wrong")

    threads = [threading.Thread(target=fail) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.scalars(select(User.failed_sign_ins).where(User.id == "li.na")).one() == 2


def test_unknown_accounts_are_checked_as_long_as_known_ones(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, stored: str, password: str) -> bool:
        checked.append(stored.rpartition("$")[0].rpartition("$")[0])
        return bool(real(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    fails(users, "nobody", "nobody")
    fails(users, "li.na", "nobody")
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_the_hash_is_renewed_when_the_parameters_change(
    users: Users, store: Store, clock: VirtualClock, config: Config
) -> None:
    stronger = Users(store, clock, config, Passwords(PasswordHasher(**(QUICK | {"time_cost": 2}))))
    stronger.sign_in("li.na", PASSWORD)
    with store.read() as session:
        stored = session.scalars(select(User.password_hash).where(User.id == "li.na")).one()
    assert stored is not None
    assert "t=2" in stored
    assert stronger.sign_in("li.na", PASSWORD).id == "li.na"


@pytest.mark.parametrize(
    "password",
    ["short", "li.na12", "li.na123", "LI.NA!!", "password12", "Qwerty123456", "aaaaaaaaaaaa", "20260302001", "x" * 201],
)
def test_weak_passwords_are_refused(users: Users, password: str) -> None:
    with pytest.raises(PasswordRefused) as caught:
        users.set_password(SYSTEM, "li.na", password)
    assert caught.value.params["field"] == "password"
    assert caught.value.text("zh") != caught.value.text("en")


def test_the_password_may_not_be_the_account_or_the_name(users: Users) -> None:
    users.create(SYSTEM, "zhang.xiaoming", "张小明", PASSWORD, name_en="Zhang")
    for password in ("zhang.xiaoming", "Zhang.Xiaoming12"):
        with pytest.raises(PasswordRefused):
            users.set_password(SYSTEM, "zhang.xiaoming", password)


def test_changing_the_own_password_needs_the_current_one(users: Users, store: Store) -> None:
    actor, epoch = who(users, "li.na"), users.session_epoch("li.na")
    for current in (None, "wrong"):
        with pytest.raises(PasswordRefused) as caught:
            users.set_password(actor, "li.na", "another good one", current=current)
        assert caught.value.params["field"] == "current"
    users.set_password(actor, "li.na", "ａnother good one", current=PASSWORD)
    assert users.actor("li.na", epoch) is None
    assert users.actor("li.na", users.session_epoch("li.na")) is not None
    assert users.sign_in("li.na", "another good one").id == "li.na"
    fails(users, "li.na", PASSWORD)
    assert ("li.na", "user.password") in actions(store, "li.na")


def test_a_new_password_ends_a_lock(users: Users) -> None:
    for _ in range(3):
        fails(users, "li.na", "wrong")
    users.set_password(who(users, "chief"), "li.na", "another good one")
    assert users.sign_in("li.na", "another good one").id == "li.na"


def test_create_and_update(users: Users, store: Store) -> None:
    root = who(users, "root")
    person = users.create(
        root, "Zhao", " 赵  敏 ", None, ["bank/柜面"], [("auditor", "*")], name_en="Zhao Min", email="zhao@example.org"
    )
    assert (person.id, person.name, person.has_password) == ("zhao", Name("赵 敏", "Zhao Min"), False)
    assert person.packs == {"bank", "*"}
    fails(users, "zhao", "")
    person = users.update(
        root,
        "zhao",
        name="赵敏",
        email="",
        groups=["bank/柜面", "bank/法务"],
        roles=[("manager", "bank")],
        language="en",
    )
    assert (person.name.zh, person.email, person.language) == ("赵敏", None, "en")
    assert person.groups == {"bank/柜面", "bank/法务"}
    assert person.roles == {("manager", "bank")}
    assert users.get("zhao") == person
    with store.read() as session:
        log = session.scalars(select(AccessLog).where(AccessLog.action == "user.update")).one()
    assert log.actor == "root"
    assert log.detail is not None
    assert log.detail["added"] == ["bank/法务", ["manager", "bank"]]
    assert log.detail["removed"] == [["auditor", "*"]]


@pytest.mark.parametrize(
    "bad",
    [
        {"user_id": "x"},
        {"user_id": "a b"},
        {"user_id": "a/b"},
        {"user_id": "li.na"},
        {"user_id": "LI.NA"},
        {"name": "  "},
        {"groups": ["受理"]},
        {"groups": ["telecom/"]},
        {"roles": [("king", "*")]},
        {"roles": [("manager", "")]},
        {"language": "fr"},
        {"email": "a b@example.org"},
        {"email": "no address"},
        {"password": "short"},
    ],
)
def test_wrong_accounts_are_refused(users: Users, bad: dict[str, object]) -> None:
    before = users.list()
    with pytest.raises(EngineError) as caught:
        users.create(SYSTEM, **({"user_id": "new", "name": "新人"} | bad))  # type: ignore[arg-type]
    assert caught.value.status in (400, 422)
    assert users.list() == before


def test_nobody_else_administers(users: Users, clock: VirtualClock) -> None:
    now = clock.now()
    li_na, wang = who(users, "li.na"), who(users, "wang")
    for actor in (
        li_na,
        wang,
        Actor(id=None, kind="complainant", number="TS-1"),
        Actor(id="li.na", kind="complainant"),
    ):
        for act in (
            lambda a: users.create(a, "new", "新人", PASSWORD, ["telecom/受理"]),
            lambda a: users.update(a, "root", name="x"),
            lambda a: users.update(a, "root", language="en"),
            lambda a: users.update(a, "li.na", groups=["telecom/受理", "telecom/网络部"]),
            lambda a: users.update(a, "li.na", roles=[("administrator", "telecom")]),
            lambda a: users.deactivate(a, "chief"),
            lambda a: users.set_password(a, "root", "another good one"),
            lambda a: users.end_sessions(a, "root"),
            lambda a: users.token_create(a, "root", "x"),
            lambda a: users.tokens(a, "root"),
            lambda a: users.absence_set(a, "chief", "li.na", now, now + DAY),
        ):
            with pytest.raises(Forbidden):
                act(actor)


def test_people_change_their_own_language(users: Users) -> None:
    assert users.update(who(users, "li.na"), "li.na", language="zh").language == "zh"
    assert users.update(who(users, "li.na"), "li.na", language="").language is None
    assert who(users, "li.na").language == "zh"
    with pytest.raises(Forbidden):
        users.update(who(users, "li.na"), "li.na", language="en", name="Other")


def test_the_administrator_of_a_pack_stays_inside_it(users: Users) -> None:
    chief = who(users, "chief")
    users.create(chief, "new", "新人", PASSWORD, ["telecom/受理"])
    users.update(chief, "new", name="新人二", groups=["telecom/受理", "telecom/网络部"])
    users.update(chief, "wang", groups=["bank/柜面"])
    users.update(chief, "wang", groups=["bank/柜面", "telecom/网络部"])
    users.set_password(chief, "new", "another good one")
    for act in (
        lambda: users.create(chief, "other", "某人", PASSWORD, ["bank/柜面"]),
        lambda: users.create(chief, "other", "某人", PASSWORD),
        lambda: users.create(chief, "other", "某人", PASSWORD, roles=[("auditor", "*")]),
        lambda: users.update(chief, "new", groups=["telecom/受理", "bank/柜面"]),
        lambda: users.update(chief, "chief", roles=[("administrator", "*")]),
        lambda: users.update(chief, "wang", roles=[]),
        lambda: users.update(chief, "wang", name="x"),
        lambda: users.deactivate(chief, "wang"),
        lambda: users.set_password(chief, "wang", "another good one"),
        lambda: users.set_password(chief, "root", "another good one"),
        lambda: users.token_create(chief, "wang", "x"),
    ):
        with pytest.raises(Forbidden):
            act()
    assert [person.id for person in users.list(chief)] == ["chief", "li.na", "new", "wang"]
    with pytest.raises(NotFound):
        users.get("root", chief)


def test_reading(users: Users) -> None:
    assert [p.id for p in users.list(who(users, "root"))] == ["chief", "li.na", "root", "wang"]
    assert [p.id for p in users.list(who(users, "li.na"))] == ["li.na"]
    assert users.get("li.na", who(users, "li.na")).name.en == "Li Na"
    assert users.name_of("li.na") == "李娜"
    assert users.name_of("li.na", "en") == "Li Na"
    assert users.name_of("wang", "en") == "王强"
    assert (users.name_of("gone"), users.name_of(None)) == ("gone", "")
    assert users.names_of(["li.na", "wang", "gone"]) == {"li.na": "李娜", "wang": "王强"}
    users.deactivate(SYSTEM, "wang")
    assert users.members(["telecom/受理", "telecom/网络部"]) == (("li.na", "李娜"),)
    assert users.members([]) == ()
    with pytest.raises(NotFound):
        users.update(SYSTEM, "gone", name="x")


def test_deactivation_ends_everything(users: Users) -> None:
    root, epoch = who(users, "root"), users.session_epoch("li.na")
    token = users.token_create(root, "li.na", "script")
    users.deactivate(root, "li.na")
    assert users.actor("li.na") is None
    assert users.session_epoch("li.na") is None
    assert users.by_token(token) is None
    fails(users, "li.na", PASSWORD)
    users.update(root, "li.na", active=True)
    assert users.sign_in("li.na", PASSWORD).id == "li.na"
    assert users.actor("li.na", epoch) is None
    assert users.by_token(token) is None


def test_the_last_administrator_stays(users: Users) -> None:
    root = who(users, "root")
    for change in ({"active": False}, {"roles": []}, {"roles": [("administrator", "telecom")]}):
        with pytest.raises(BadRequest):
            users.update(root, "root", **change)  # type: ignore[arg-type]
    assert who(users, "root").has_role("administrator", "*")
    users.update(root, "wang", roles=[("administrator", "*")])
    users.deactivate(root, "root")
    with pytest.raises(BadRequest):
        users.deactivate(who(users, "wang"), "wang")


def test_end_sessions(users: Users) -> None:
    epoch = users.session_epoch("li.na")
    assert users.actor("li.na", epoch) is not None
    users.end_sessions(who(users, "li.na"), "li.na")
    assert users.actor("li.na", epoch) is None


def test_substitution_by_date(users: Users, clock: VirtualClock) -> None:
    start = clock.now()
    absence = users.absence_set(who(users, "wang"), "wang", "li.na", start + DAY, start + 3 * DAY, "年假")
    assert who(users, "li.na").substitutes_for == {}
    clock.advance(DAY)
    actor = who(users, "li.na")
    assert actor.substitutes_for == {"wang": "王强"}
    assert actor.groups == {"telecom/受理", "telecom/网络部", "bank/柜面"}
    assert actor.roles == frozenset()
    assert who(users, "wang").groups == {"telecom/网络部", "bank/柜面"}
    row = users.absences("wang")[0]
    assert (row.id, row.substitute_name, row.note, row.current) == (absence, "李娜", "年假", True)
    clock.advance(2 * DAY)
    assert who(users, "li.na").substitutes_for == {}
    assert not users.absences("wang")[0].current


def test_substitution_does_not_pass_on(users: Users, clock: VirtualClock) -> None:
    now = clock.now()
    users.absence_set(SYSTEM, "wang", "li.na", now, now + DAY)
    users.absence_set(SYSTEM, "li.na", "chief", now, now + DAY)
    assert who(users, "chief").groups == {"telecom/受理"}
    users.deactivate(SYSTEM, "wang")
    assert who(users, "li.na").substitutes_for == {}


def test_absences_are_checked(users: Users, clock: VirtualClock) -> None:
    now, wang = clock.now(), who(users, "wang")
    users.absence_set(wang, "wang", "li.na", now + DAY, now + 2 * DAY)
    wrong = [
        ("li.na", now + DAY, now + DAY),
        ("li.na", now - 2 * DAY, now - DAY),
        ("wang", now, now + DAY),
        ("gone", now, now + DAY),
        ("chief", now + DAY + MINUTE, now + 5 * DAY),
    ]
    for substitute, from_at, until_at in wrong:
        with pytest.raises((BadRequest, NotFound)):
            users.absence_set(wang, "wang", substitute, from_at, until_at)
    users.absence_set(wang, "wang", "chief", now + 2 * DAY, now + 3 * DAY)
    assert [row.substitute_id for row in users.absences("wang")] == ["chief", "li.na"]


def test_managers_record_absences_of_their_own_people(users: Users, clock: VirtualClock, store: Store) -> None:
    users.create(SYSTEM, "teller", "柜员", None, ["bank/柜面"])
    wang, now = who(users, "wang"), clock.now()
    absence = users.absence_set(wang, "teller", "wang", now, now + DAY)
    with pytest.raises(Forbidden):
        users.absence_set(wang, "li.na", "wang", now, now + DAY)
    with pytest.raises(Forbidden):
        users.absence_delete(who(users, "li.na"), absence)
    users.absence_delete(wang, absence)
    assert [action for _, action in actions(store, "teller")] == ["user.create", "absence.set", "absence.delete"]


def test_ending_an_absence_keeps_what_has_been(users: Users, clock: VirtualClock) -> None:
    now, wang = clock.now(), who(users, "wang")
    current = users.absence_set(wang, "wang", "li.na", now - DAY, now + DAY)
    future = users.absence_set(wang, "wang", "li.na", now + 2 * DAY, now + 3 * DAY)
    users.absence_delete(wang, future)
    users.absence_delete(wang, current)
    assert [(row.id, row.until_at) for row in users.absences("wang")] == [(current, now)]
    assert who(users, "li.na").substitutes_for == {}
    with pytest.raises(NotFound):
        users.absence_delete(wang, future)


def test_tokens(users: Users, clock: VirtualClock, store: Store) -> None:
    li_na = who(users, "li.na")
    token = users.token_create(li_na, "li.na", " 报表 ", days=30)
    assert token.startswith("rdr_")
    assert users.by_token(token) == li_na
    assert users.by_token(token + "x") is None
    assert users.by_token("") is None
    row = users.tokens(li_na, "li.na")[0]
    assert (row.name, row.expires_at, row.revoked_at) == ("报表", clock.now() + 30 * DAY, None)
    with store.read() as session:
        stored = session.scalars(select(ApiToken)).one()
    assert token not in (stored.token_hash, stored.name, stored.id)
    clock.advance(30 * DAY)
    assert users.by_token(token) is None


def test_the_use_of_a_token_is_noted_once_a_minute(users: Users, clock: VirtualClock, store: Store) -> None:
    token = users.token_create(who(users, "li.na"), "li.na", "x", days=None)
    first = clock.now()
    users.by_token(token)
    clock.advance(59 * timedelta(seconds=1))
    with store.count_statements() as seen:
        users.by_token(token)
    assert seen.commits == 0
    assert users.tokens(SYSTEM, "li.na")[0].last_used_at == first
    clock.advance(timedelta(seconds=1))
    users.by_token(token)
    assert users.tokens(SYSTEM, "li.na")[0].last_used_at == first + MINUTE


def test_revoking_a_token(users: Users, store: Store) -> None:
    li_na, wang = who(users, "li.na"), who(users, "wang")
    token = users.token_create(li_na, "li.na", "x")
    row = users.tokens(li_na, "li.na")[0]
    with pytest.raises(Forbidden):
        users.token_revoke(wang, row.id)
    users.token_revoke(li_na, row.id)
    users.token_revoke(li_na, row.id)
    assert users.by_token(token) is None
    assert actions(store, "li.na")[-2:] == [("li.na", "token.create"), ("li.na", "token.revoke")]
    with pytest.raises(NotFound):
        users.token_revoke(li_na, "none")
    for name, days in ((" ", 1), ("x", 0), ("x", 9999)):
        with pytest.raises(BadRequest):
            users.token_create(li_na, "li.na", name, days)
    with pytest.raises(NotFound):
        users.token_create(SYSTEM, "gone", "x")


def test_demo_accounts(users: Users, config: Config, store: Store, clock: VirtualClock) -> None:
    seeds = [
        Seed("chen", Name("陈洁", "Chen Jie"), Name("受理投诉", "Takes complaints"), frozenset({"telecom/受理"})),
        Seed("boss", Name("周总", "Ms Zhou"), Name("主管", "Manager"), roles=frozenset({("manager", "telecom")})),
    ]
    assert users.demo_accounts() == ()
    users.seed_demo(seeds)
    users.seed_demo(seeds)
    assert [(a.login, a.name.zh, a.does.en) for a in users.demo_accounts()] == [
        ("chen", "陈洁", "Takes complaints"),
        ("boss", "周总", "Manager"),
    ]
    assert users.demo_sign_in("chen").groups == {"telecom/受理"}
    for login in ("root", "nobody"):
        with pytest.raises(SignInFailed):
            users.demo_sign_in(login)
    live = Users(store, clock, replace(config, mode="production"))
    assert live.demo_accounts() == ()
    with pytest.raises(SignInFailed):
        live.demo_sign_in("chen")


def test_who_somebody_is_costs_four_statements(users: Users, store: Store) -> None:
    with store.count_statements() as seen:
        users.actor("li.na")
    assert (seen.count, seen.commits) == (4, 0)
