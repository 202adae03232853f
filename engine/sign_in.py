"""Signing in, passwords and sessions, and who somebody is at this moment."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from sqlalchemy import select

from engine.errors import SignInFailed
from engine.models import Absence, User, UserGroup, UserRole
from engine.passwords import check_policy, refused
from engine.people import Accounts, no_such_user, own, persons, require_account_rights
from engine.types import Actor


class SignIns(Accounts):
    """Use cases about signing in."""

    def sign_in(self, login: str, password: str) -> Actor:
        """The person with this account and password. Raises SignInFailed, the same for every reason."""
        user_id = plain_login(login)
        stored = self._right_password(user_id, password)
        if stored is None:
            raise self._sign_in_failed()
        renewed = self._passwords.hash(password) if self._passwords.outdated(stored) else stored
        with self._store.write() as session:
            user = self._user(session, user_id)
            user.failed_sign_ins, user.locked_until = 0, None
            if user.password_hash == stored:
                user.password_hash = renewed
            self._log(session, None, "user.sign_in", user_id)
        return self._present(user_id)

    def actor(self, user_id: str, epoch: int | None = None) -> Actor | None:
        """Who ``user_id`` is now, colleagues he or she stands in for included.

        None when unknown, no longer active, or when ``epoch`` is that of a session ended since.
        """
        now = self._clock.now()
        with self._store.read() as session:
            user = session.get(User, user_id)
            if user is None or not user.active or epoch not in (None, user.session_epoch):
                return None
            absent = session.execute(
                select(User.id, User.name)
                .join(Absence, Absence.user_id == User.id)
                .where(Absence.substitute_id == user_id, Absence.from_at <= now, Absence.until_at > now, User.active)
                .order_by(User.id)
            ).all()
            stands_in = {row.id: row.name for row in absent}
            groups = session.scalars(select(UserGroup.group_id).where(UserGroup.user_id.in_([user_id, *stands_in])))
            roles = session.execute(select(UserRole.role, UserRole.pack).where(UserRole.user_id == user_id))
            return Actor(
                id=user.id,
                name=user.name,
                groups=frozenset(groups),
                roles=frozenset((role, pack) for role, pack in roles),
                substitutes_for=stands_in,
                language=user.language or self._config.languages[0],
            )

    def session_epoch(self, user_id: str) -> int | None:
        """What a new session of this person remembers; see :meth:`actor`. None when not active."""
        with self._store.read() as session:
            user = session.get(User, user_id)
            return user.session_epoch if user and user.active else None

    def set_password(self, actor: Actor, user_id: str, password: str, *, current: str | None = None) -> None:
        """Give a new password and end all sessions. One's own needs the ``current`` one; a lock ends."""
        with self._store.read() as session:
            user = session.get(User, user_id)
            if user is None:
                raise no_such_user(user_id)
            person = persons(session, [user])[0]
        if not own(actor, user_id):
            require_account_rights(actor, person)
        elif self._right_password(user_id, current or "") is None:
            raise refused("当前密码不正确。", "the current password is not right.", "current")
        hashed = self._new_hash(password, user_id, person.name.zh)
        with self._store.write() as session:
            user = self._user(session, user_id)
            user.password_hash = hashed
            user.session_epoch += 1
            user.failed_sign_ins, user.locked_until = 0, None
            self._log(session, actor, "user.password", user_id)

    def end_sessions(self, actor: Actor, user_id: str) -> None:
        """Sign a person out everywhere."""
        with self._store.write() as session:
            user = self._user(session, user_id)
            if not own(actor, user_id):
                require_account_rights(actor, persons(session, [user])[0])
            user.session_epoch += 1
            self._log(session, actor, "user.end_sessions", user_id)

    def _new_hash(self, password: str, user_id: str, name: str) -> str:
        check_policy(password, user_id, name)
        return self._passwords.hash(password)

    def _present(self, user_id: str) -> Actor:
        actor = self.actor(user_id)
        if actor is None:
            raise self._sign_in_failed()
        return actor

    def _sign_in_failed(self) -> SignInFailed:
        rules = self._config.sign_in
        return SignInFailed(max_failures=rules.max_failures, lock_minutes=rules.lock_minutes)

    def _right_password(self, user_id: str, password: str) -> str | None:
        """The stored hash when the password is right. A wrong one is counted; a locked account has no right one."""
        now = self._clock.now()
        with self._store.read() as session:
            user = session.get(User, user_id)
        usable = user is not None and user.active and not (user.locked_until and user.locked_until > now)
        stored = user.password_hash if user and usable else None
        if self._passwords.verify(stored, password):
            return stored
        if usable:
            self._count_failure(user_id)
        return None

    def _count_failure(self, user_id: str) -> None:
        rules, now = self._config.sign_in, self._clock.now()
        with self._store.write() as session:
            user = self._user(session, user_id)
            if user.locked_until and user.locked_until <= now:
                user.failed_sign_ins, user.locked_until = 0, None
            user.failed_sign_ins += 1
            self._log(session, None, "user.sign_in_failed", user_id, failures=user.failed_sign_ins)
            if user.failed_sign_ins >= rules.max_failures and user.locked_until is None:
                user.locked_until = now + timedelta(minutes=rules.lock_minutes)
                self._log(session, None, "user.locked", user_id, until=user.locked_until.isoformat())


def plain_login(login: str) -> str:
    """A sign-in name as it is stored: half-width and lower case."""
    return unicodedata.normalize("NFKC", login).strip().casefold()
