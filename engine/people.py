"""What people's accounts look like from outside, who may change them, and the log of every such act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.config import Config
from engine.errors import BadRequest, Forbidden, NotFound
from engine.models import AccessLog, User, UserGroup, UserRole
from engine.passwords import Passwords
from engine.store import Store
from engine.types import Actor, Name

EVERYWHERE = "*"


@dataclass(frozen=True)
class Person:
    """An account with its memberships."""

    id: str
    name: Name
    email: str | None
    language: str | None
    active: bool
    groups: frozenset[str]
    roles: frozenset[tuple[str, str]]
    locked_until: datetime | None
    created_at: datetime
    has_password: bool

    @property
    def packs(self) -> frozenset[str]:
        """Packs in which the person has a group or role; ``*`` for a role in all of them."""
        return packs_of(self.groups, self.roles)


class Accounts:
    """What every use case about people needs."""

    def __init__(self, store: Store, clock: Clock, config: Config, passwords: Passwords | None = None) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._passwords = passwords or Passwords()

    def _log(self, session: Session, actor: Actor | None, action: str, subject: str, **detail: object) -> None:
        at, who = self._clock.now(), actor.id if actor else None
        session.add(AccessLog(at=at, actor=who, action=action, subject=subject, detail=detail or None))

    def _user(self, session: Session, user_id: str) -> User:
        """The account, locked against changes by others until the transaction ends."""
        user = session.get(User, user_id, with_for_update=True)
        if user is None:
            raise no_such_user(user_id)
        return user


def persons(session: Session, users: Sequence[User]) -> list[Person]:
    """``users`` with their memberships, in two statements whatever their number."""
    ids = [user.id for user in users]
    groups: dict[str, set[str]] = {}
    roles: dict[str, set[tuple[str, str]]] = {}
    for group in session.scalars(select(UserGroup).where(UserGroup.user_id.in_(ids))):
        groups.setdefault(group.user_id, set()).add(group.group_id)
    for role in session.scalars(select(UserRole).where(UserRole.user_id.in_(ids))):
        roles.setdefault(role.user_id, set()).add((role.role, role.pack))
    return [
        Person(
            id=user.id,
            name=Name(user.name, user.name_en),
            email=user.email,
            language=user.language,
            active=user.active,
            groups=frozenset(groups.get(user.id, ())),
            roles=frozenset(roles.get(user.id, ())),
            locked_until=user.locked_until,
            created_at=user.created_at,
            has_password=user.password_hash is not None,
        )
        for user in users
    ]


def packs_of(groups: Iterable[str], roles: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The packs that ``groups`` and ``roles`` belong to."""
    return frozenset(group.split("/", 1)[0] for group in groups) | frozenset(pack for _, pack in roles)


def may(actor: Actor, roles: tuple[str, ...], packs: Iterable[str]) -> bool:
    """True when ``actor`` has one of ``roles`` in every one of ``packs`` (in all packs when there is none)."""
    wanted = list(packs) or [EVERYWHERE]
    return all(any(actor.has_role(role, pack) for role in roles) for pack in wanted)


def require_administrator(actor: Actor, packs: Iterable[str], zh: str, en: str) -> None:
    """Raise Forbidden unless ``actor`` administers all of ``packs``."""
    if not may(actor, ("administrator",), packs):
        raise forbidden(zh, en)


def own(actor: Actor, user_id: str) -> bool:
    """True when ``actor`` is this member of staff."""
    return actor.kind == "staff" and actor.id == user_id


def require_account_rights(actor: Actor, person: Person) -> None:
    """Raise Forbidden unless ``actor`` administers every pack that ``person`` belongs to."""
    require_administrator(actor, person.packs, f"管理账号“{person.id}”", f"manage the account “{person.id}”")


def may_see(actor: Actor, person: Person) -> bool:
    """True for oneself, and for those who administer, manage or audit one of the person's packs."""
    roles = ("administrator", "manager", "auditor")
    return own(actor, person.id) or may(actor, roles, ()) or any(may(actor, roles, [p]) for p in person.packs)


def forbidden(zh: str, en: str, role: Name = Name("管理员", "administrator")) -> Forbidden:  # noqa: B008
    """The error for the act named in ``zh`` and ``en``."""
    return Forbidden(action={"zh": zh, "en": en}, role={"zh": role.zh, "en": role.en})


def bad(zh: str, en: str) -> BadRequest:
    """The error for a request that cannot be carried out."""
    return BadRequest(reason={"zh": zh, "en": en})


def no_such_user(user_id: str) -> NotFound:
    return NotFound(what={"zh": "账号", "en": "account"}, id=user_id)
