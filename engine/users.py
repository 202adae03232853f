"""The administration of accounts: who there is, with which memberships, and the sample accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.absences import Absences
from engine.models import ApiToken, User, UserGroup, UserRole
from engine.people import (
    EVERYWHERE,
    Person,
    bad,
    may_see,
    no_such_user,
    own,
    packs_of,
    persons,
    require_account_rights,
    require_administrator,
)
from engine.sign_in import plain_login
from engine.tokens import Tokens
from engine.types import ROLES, SYSTEM, Actor, Name

_LOGIN = re.compile(r"\w[\w.@\-]{1,63}")
_GROUP = re.compile(r"[a-z0-9][\w\-]*/[^/\s].{0,62}")
_PACK = re.compile(r"\*|[a-z0-9][\w\-]{0,63}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Seed:
    """A sample account for the demonstration. Without a password it is entered by :meth:`Users.demo_sign_in` only."""

    login: str
    name: Name
    does: Name
    groups: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    password: str | None = None
    pack: Name = field(default_factory=lambda: Name("", ""))
    """the title of the policy the person works by"""


class DemoAccount(NamedTuple):
    """A sample account as the sign-in page shows it."""

    login: str
    name: Name
    does: Name
    pack: Name


class Users(Tokens, Absences):
    """All use cases about people. Rights are checked inside."""

    def list(self, actor: Actor = SYSTEM) -> tuple[Person, ...]:
        """Everybody whom ``actor`` administers or audits."""
        with self._store.read() as session:
            everybody = persons(session, session.scalars(select(User).order_by(User.id)).all())
        return tuple(person for person in everybody if may_see(actor, person))

    def get(self, user_id: str, actor: Actor = SYSTEM) -> Person:
        """One person: oneself, or somebody whom ``actor`` administers or audits."""
        with self._store.read() as session:
            user = session.get(User, user_id)
            person = persons(session, [user])[0] if user else None
        if person is None or not may_see(actor, person):
            raise no_such_user(user_id)
        return person

    def name_of(self, user_id: str | None, language: str = "zh") -> str:
        """The person's name; the account itself when unknown."""
        return self.names_of([user_id], language).get(user_id, user_id) if user_id else ""

    def names_of(self, user_ids: Collection[str], language: str = "zh") -> dict[str, str]:
        """The names of several people in one statement."""
        with self._store.read() as session:
            rows = session.execute(select(User.id, User.name, User.name_en).where(User.id.in_(user_ids))).all()
        return {row.id: Name(row.name, row.name_en).text(language) for row in rows}

    def members(self, groups: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Account and name of every active member of any of ``groups``."""
        with self._store.read() as session:
            rows = session.execute(
                select(User.id, User.name)
                .join(UserGroup, UserGroup.user_id == User.id)
                .where(User.active, UserGroup.group_id.in_(groups))
                .distinct()
                .order_by(User.id)
            )
            return tuple((user_id, name) for user_id, name in rows)

    def create(
        self,
        actor: Actor,
        user_id: str,
        name: str,
        password: str | None = None,
        groups: Iterable[str] = (),
        roles: Iterable[tuple[str, str]] = (),
        *,
        name_en: str = "",
        email: str | None = None,
        language: str | None = None,
    ) -> Person:
        """Add an account. Without a password it can be used with tokens only."""
        user_id, groups, roles = plain_login(user_id), frozenset(groups), frozenset(roles)
        if not _LOGIN.fullmatch(user_id):
            zh = "账号由 2 到 64 个字母、数字、点、横线组成。"
            raise bad(zh, "an account has 2 to 64 letters, digits, dots or hyphens.")
        _check_memberships(groups, roles)
        require_administrator(actor, packs_of(groups, roles), "新建此账号", "create this account")
        hashed = self._new_hash(password, user_id, name) if password is not None else None
        details = {"name": name, "name_en": name_en, "email": email or ""}
        self._add(actor, user_id, hashed, details, self._language(language), groups, roles)
        return self.get(user_id)

    def _add(
        self,
        actor: Actor,
        user_id: str,
        hashed: str | None,
        details: Mapping[str, str],
        language: str | None,
        groups: frozenset[str],
        roles: frozenset[tuple[str, str]],
    ) -> None:
        taken = bad(f"账号“{user_id}”已被使用，请另选一个。", f"the account “{user_id}” is taken; choose another.")
        user = User(id=user_id, password_hash=hashed, created_at=self._clock.now(), language=language)
        _set_account(user, details)
        try:
            with self._store.write() as session:
                if session.get(User, user_id) is not None:
                    raise taken
                session.add(user)
                session.flush()
                _add_memberships(session, user_id, groups, roles)
                self._log(session, actor, "user.create", user_id, groups=sorted(groups), roles=sorted(roles))
        except IntegrityError as error:
            raise taken from error

    def update(
        self,
        actor: Actor,
        user_id: str,
        *,
        name: str | None = None,
        name_en: str | None = None,
        email: str | None = None,
        language: str | None = None,
        groups: Iterable[str] | None = None,
        roles: Iterable[tuple[str, str]] | None = None,
        active: bool | None = None,
    ) -> Person:
        """Change what is given; "" empties e-mail and language.

        People change their own language, the administrators of a pack its groups and roles, and those who administer
        all packs of the account the rest.
        """
        account = {"name": name, "name_en": name_en, "email": email}
        changes: dict[str, object] = {key: value for key, value in account.items() if value is not None}
        with self._store.write() as session:
            user = self._user(session, user_id)
            before = persons(session, [user])[0]
            if changes or active is not None or (language is not None and not own(actor, user_id)):
                require_account_rights(actor, before)
            _set_account(user, account)
            if language is not None:
                user.language = changes["language"] = self._language(language)
            if groups is not None or roles is not None:
                new_groups = before.groups if groups is None else frozenset(groups)
                new_roles = before.roles if roles is None else frozenset(roles)
                changes |= _change_memberships(session, actor, before, new_groups, new_roles)
            if active is not None and active != user.active:
                changes["active"] = active
                self._set_active(session, user, active)
            session.flush()
            _keep_an_administrator(session, before)
            if changes:
                self._log(session, actor, "user.update", user_id, **changes)
            return persons(session, [user])[0]

    def deactivate(self, actor: Actor, user_id: str) -> Person:
        """Close an account: sessions and tokens end at once, the name stays in the history."""
        return self.update(actor, user_id, active=False)

    def seed_demo(self, accounts: Collection[Seed]) -> None:
        """Create the sample accounts that do not exist yet, and list them for the sign-in page.

        Refused unless the settings say mode = "demo": everybody knows their passwords.
        """
        if self._config.mode != "demo":
            raise bad("示例账号只能在演示模式下建立。", "sample accounts are made in demo mode only.")
        known = {person.id for person in self.list()}
        hashes: dict[str | None, str | None] = {None: None}
        for seed in accounts:
            user_id = plain_login(seed.login)
            if user_id in known:
                continue
            if seed.password not in hashes:  # slow by design, and everybody knows this password
                hashes[seed.password] = self._new_hash(seed.password or "", user_id, seed.name.zh)
            details = {"name": seed.name.zh, "name_en": seed.name.en, "email": ""}
            _check_memberships(seed.groups, seed.roles)
            self._add(SYSTEM, user_id, hashes[seed.password], details, None, seed.groups, seed.roles)
        listed = [[plain_login(s.login), *([n.zh, n.en] for n in (s.name, s.does, s.pack))] for s in accounts]
        self._config.var.mkdir(parents=True, exist_ok=True)
        self._demo_file.write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8")

    def demo_accounts(self) -> tuple[DemoAccount, ...]:
        """The sample accounts; none unless the settings say mode = "demo"."""
        if self._config.mode != "demo" or not self._demo_file.exists():
            return ()
        listed = json.loads(self._demo_file.read_text(encoding="utf-8"))
        return tuple(DemoAccount(login, *(Name(*name) for name in names)) for login, *names in listed)

    def demo_sign_in(self, login: str) -> Actor:
        """Enter as a sample account without a password; only in the demonstration. Raises SignInFailed."""
        user_id = plain_login(login)
        if user_id not in {account.login for account in self.demo_accounts()}:
            raise self._sign_in_failed()
        return self._present(user_id)

    @property
    def _demo_file(self) -> Path:
        return self._config.var / "demo_accounts.json"

    def _language(self, language: str | None) -> str | None:
        if language and language not in self._config.languages:
            listed = ", ".join(self._config.languages)
            raise bad(f"语言只能是：{listed}。", f"the language is one of: {listed}.")
        return language or None

    def _set_active(self, session: Session, user: User, active: bool) -> None:
        user.active = active
        user.session_epoch += 1
        user.failed_sign_ins, user.locked_until = 0, None
        open_tokens = (ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        session.execute(update(ApiToken).where(*open_tokens).values(revoked_at=self._clock.now()))


def _set_account(user: User, account: Mapping[str, str | None]) -> None:
    name, name_en, email = account["name"], account["name_en"], account["email"]
    if name is not None:
        user.name = " ".join(name.split())[:128]
        if not user.name:
            raise bad("请填写姓名。", "fill in the name.")
    if name_en is not None:
        user.name_en = " ".join(name_en.split())[:128]
    if email is not None:
        if email and not (len(email) <= 255 and _EMAIL.fullmatch(email)):
            raise bad(f"“{email}”不是电子邮箱地址。", f"“{email}” is not an e-mail address.")
        user.email = email or None


def _check_memberships(groups: Iterable[str], roles: Iterable[tuple[str, str]]) -> None:
    for group in groups:
        if not _GROUP.fullmatch(group):
            raise bad(f"组“{group}”应写作 制度包/组名。", f"the group “{group}” must be written pack/group.")
    for role, pack in roles:
        if role not in ROLES or not _PACK.fullmatch(pack):
            listed = ", ".join(ROLES)
            raise bad(f"角色“{role}”（{pack}）无效，可选：{listed}。", f"no role {role} in {pack}; roles: {listed}.")


def _change_memberships(
    session: Session, actor: Actor, before: Person, groups: frozenset[str], roles: frozenset[tuple[str, str]]
) -> dict[str, object]:
    """Write what differs, after checking that ``actor`` administers every pack concerned."""
    other_groups, other_roles = groups ^ before.groups, roles ^ before.roles
    if not other_groups and not other_roles:
        return {}
    _check_memberships(groups - before.groups, roles - before.roles)
    zh, en = f"更改账号“{before.id}”的组和角色", f"change groups and roles of “{before.id}”"
    require_administrator(actor, packs_of(other_groups, other_roles), zh, en)
    session.execute(delete(UserGroup).where(UserGroup.user_id == before.id))
    session.execute(delete(UserRole).where(UserRole.user_id == before.id))
    _add_memberships(session, before.id, groups, roles)
    return {
        "added": [*sorted(groups - before.groups), *sorted(roles - before.roles)],
        "removed": [*sorted(before.groups - groups), *sorted(before.roles - roles)],
    }


def _add_memberships(session: Session, user_id: str, groups: Iterable[str], roles: Iterable[tuple[str, str]]) -> None:
    session.add_all(UserGroup(user_id=user_id, group_id=group) for group in groups)
    session.add_all(UserRole(user_id=user_id, role=role, pack=pack) for role, pack in roles)


def _keep_an_administrator(session: Session, before: Person) -> None:
    """Refuse a change by which nobody could administer everything any more."""
    if not before.active or ("administrator", EVERYWHERE) not in before.roles:
        return
    everywhere = (UserRole.role == "administrator", UserRole.pack == EVERYWHERE, User.active)
    left = select(User.id).join(UserRole, UserRole.user_id == User.id).where(*everywhere).with_for_update()
    if not session.scalars(left).all():
        zh = "这是最后一位总管理员。请先指定另一位。"
        raise bad(zh, "this is the last administrator of all packs; appoint another one first.")
