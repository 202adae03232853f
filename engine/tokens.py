"""Bearer tokens of the programming interface. Only their hashes are kept."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from engine.crypto import new_token, token_hash
from engine.errors import NotFound
from engine.models import ApiToken, User
from engine.people import bad, no_such_user, own, persons, require_administrator
from engine.sign_in import SignIns
from engine.store import Busy
from engine.types import Actor

_MAX_DAYS = 3650
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class TokenRow:
    """A token as its owner sees it; the token itself is shown once, when it is made."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class Tokens(SignIns):
    """Use cases about tokens."""

    def token_create(self, actor: Actor, user_id: str, name: str, days: int | None = 90) -> str:
        """Make a token of ``user_id`` that ends after ``days`` (never when None). It is shown only now."""
        if not (name := name.strip()[:128]):
            raise bad("请给令牌起个名字。", "give the token a name.")
        if days is not None and not 1 <= days <= _MAX_DAYS:
            raise bad(f"有效期应为 1 到 {_MAX_DAYS} 天。", f"it must be valid for 1 to {_MAX_DAYS} days.")
        token, now = new_token(), self._clock.now()
        with self._store.write() as session:
            user = session.get(User, user_id)
            self._require_token_rights(actor, user_id, persons(session, [user])[0].packs if user else ())
            if user is None or not user.active:
                raise no_such_user(user_id)
            row = ApiToken(
                id=str(uuid.uuid4()), user_id=user_id, name=name, token_hash=token_hash(token), created_at=now
            )
            row.expires_at = now + timedelta(days=days) if days is not None else None
            session.add(row)
            self._log(session, actor, "token.create", user_id, token=row.id, name=name, days=days)
        return token

    def tokens(self, actor: Actor, user_id: str) -> tuple[TokenRow, ...]:
        """The tokens of ``user_id``, newest first."""
        with self._store.read() as session:
            user = session.get(User, user_id)
            self._require_token_rights(actor, user_id, persons(session, [user])[0].packs if user else ())
            rows = session.scalars(
                select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc(), ApiToken.id)
            )
            return tuple(TokenRow(t.id, t.name, t.created_at, t.expires_at, t.last_used_at, t.revoked_at) for t in rows)

    def token_revoke(self, actor: Actor, token_id: str) -> None:
        """End a token at once. Ending it twice does nothing."""
        with self._store.write() as session:
            token = session.get(ApiToken, token_id, with_for_update=True)
            if token is None:
                raise NotFound(what={"zh": "令牌", "en": "token"}, id=token_id)
            owner = self._user(session, token.user_id)
            self._require_token_rights(actor, owner.id, persons(session, [owner])[0].packs)
            if token.revoked_at is None:
                token.revoked_at = self._clock.now()
                self._log(session, actor, "token.revoke", owner.id, token=token_id, name=token.name)

    def by_token(self, token: str) -> Actor | None:
        """Who acts with ``token``; None when it is unknown, ended or its owner is no longer active."""
        now = self._clock.now()
        with self._store.read() as session:
            row = session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash(token)))
            if row is None or row.revoked_at or (row.expires_at and row.expires_at <= now):
                return None
        actor = self.actor(row.user_id)
        if actor and (row.last_used_at is None or now - row.last_used_at >= _USE_NOTED_EVERY):
            with suppress(Busy), self._store.write() as session:
                session.execute(update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=now))
        return actor

    @staticmethod
    def _require_token_rights(actor: Actor, user_id: str, packs: frozenset[str] | tuple[()]) -> None:
        if not own(actor, user_id):
            require_administrator(actor, packs, "管理他人的令牌", "manage the tokens of others")
