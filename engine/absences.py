"""Dated absences: the substitute acts for the absent colleague from one instant to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.errors import NotFound
from engine.models import Absence, User
from engine.people import Accounts, bad, forbidden, may, no_such_user, own, persons
from engine.types import Actor, Name


@dataclass(frozen=True)
class AbsenceRow:
    """An absence and who stands in."""

    id: int
    user_id: str
    substitute_id: str
    substitute_name: str
    from_at: datetime
    until_at: datetime
    note: str
    current: bool


class Absences(Accounts):
    """Use cases about absences."""

    def absences(self, user_id: str) -> tuple[AbsenceRow, ...]:
        """The absences of ``user_id``, latest first."""
        now = self._clock.now()
        with self._store.read() as session:
            rows = session.execute(
                select(Absence, User.name)
                .join(User, User.id == Absence.substitute_id)
                .where(Absence.user_id == user_id)
                .order_by(Absence.from_at.desc(), Absence.id.desc())
            ).all()
        return tuple(
            AbsenceRow(
                a.id, a.user_id, a.substitute_id, name, a.from_at, a.until_at, a.note, a.from_at <= now < a.until_at
            )
            for a, name in rows
        )

    def absence_set(
        self, actor: Actor, user_id: str, substitute_id: str, from_at: datetime, until_at: datetime, note: str = ""
    ) -> int:
        """Let ``substitute_id`` act for ``user_id`` from ``from_at`` until before ``until_at``. Returns its id."""
        if not from_at < until_at or until_at <= self._clock.now():
            raise bad("结束时间应晚于开始时间，并且在将来。", "it must end after it begins, and in the future.")
        if user_id == substitute_id:
            raise bad("请选择另一位同事代办。", "choose another colleague as substitute.")
        with self._store.write() as session:
            user = self._user(session, user_id)
            self._require_absence_rights(actor, user_id, persons(session, [user])[0].packs)
            substitute = session.get(User, substitute_id)
            if substitute is None or not substitute.active:
                raise no_such_user(substitute_id)
            same_time = (Absence.user_id == user_id, Absence.from_at < until_at, Absence.until_at > from_at)
            if session.scalar(select(Absence.id).where(*same_time).limit(1)) is not None:
                raise bad("这段时间已登记过离岗，请先结束它。", "there is an absence at that time; end it first.")
            row = Absence(
                user_id=user_id,
                substitute_id=substitute_id,
                from_at=from_at,
                until_at=until_at,
                note=note.strip()[:1000],
            )
            session.add(row)
            session.flush()
            times = {"from": from_at.isoformat(), "until": until_at.isoformat()}
            self._log(session, actor, "absence.set", user_id, absence=row.id, substitute=substitute_id, **times)
            return row.id

    def absence_delete(self, actor: Actor, absence_id: int) -> None:
        """Cancel an absence; one that has begun ends now, so that what was done on behalf stays explained."""
        now = self._clock.now()
        with self._store.write() as session:
            row = session.get(Absence, absence_id, with_for_update=True)
            if row is None:
                raise NotFound(what={"zh": "离岗登记", "en": "absence"}, id=absence_id)
            user = self._user(session, row.user_id)
            self._require_absence_rights(actor, row.user_id, persons(session, [user])[0].packs)
            if row.from_at > now:
                session.delete(row)
            else:
                row.until_at = min(row.until_at, now)
            self._log(session, actor, "absence.delete", row.user_id, absence=absence_id, substitute=row.substitute_id)

    @staticmethod
    def _require_absence_rights(actor: Actor, user_id: str, packs: frozenset[str]) -> None:
        if not own(actor, user_id) and not may(actor, ("administrator", "manager"), packs):
            roles = Name("管理员或主管", "administrator or manager")
            raise forbidden("登记他人的离岗", "record the absence of others", roles)
