"""Who may see and do what, per pack and role. Checked on reads as well as writes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, false, or_, select, true
from sqlalchemy.orm import Session

from engine.errors import Forbidden
from engine.models import Complaint, User, UserGroup, UserTask, UserTaskCandidate
from engine.types import Actor

READERS = ("manager", "auditor", "process_owner")
"""Roles that see every complaint of a pack; an administrator has every role."""

_ROLE_NAMES = {
    "manager": {"zh": "主管", "en": "manager"},
    "process_owner": {"zh": "制度管理员", "en": "process owner"},
    "archivist": {"zh": "档案管理员", "en": "archivist"},
    "auditor": {"zh": "审计员", "en": "auditor"},
    "administrator": {"zh": "系统管理员", "en": "administrator"},
    "staff": {"zh": "该任务的候选人或候选组成员", "en": "candidate of the task or member of its group"},
}


def require(actor: Actor, pack: str, *roles: str, action: dict[str, str]) -> None:
    """Raise Forbidden unless the actor holds one of ``roles`` in ``pack``."""
    if not any(actor.has_role(role, pack) for role in roles):
        raise forbidden(action, roles[0])


def forbidden(action: dict[str, str], role: str) -> Forbidden:
    return Forbidden(action=action, role=_ROLE_NAMES.get(role, {"zh": role, "en": role}))


def reads_all(actor: Actor, pack: str) -> bool:
    return any(actor.has_role(role, pack) for role in READERS)


def role_packs(actor: Actor, *roles: str) -> list[str] | None:
    """Packs in which the actor holds one of ``roles``; None means all packs."""
    if actor.kind == "system":
        return None
    wanted = {*roles, "administrator"}
    packs = [pack for role, pack in actor.roles if role in wanted]
    return None if "*" in packs else packs


def on_behalf_of(session: Session, actor: Actor, assignee: str | None, candidates: Sequence[str]) -> str | None:
    """The absent colleague for whom the actor does a task: its assignee, else the one it was offered to.

    None when the actor would do it anyway.
    """
    if assignee in actor.substitutes_for:
        return assignee
    if not actor.substitutes_for:
        return None
    people = [actor.id, *actor.substitutes_for]
    offered = select(UserGroup.user_id).where(UserGroup.user_id.in_(people), UserGroup.group_id.in_(candidates))
    members = {*session.scalars(offered), *candidates}
    return None if actor.id in members else next((user for user in actor.substitutes_for if user in members), None)


def tasks_of(actor: Actor) -> ColumnElement[bool]:
    """User tasks that belong to the actor: assigned, or offered to the actor or one of the actor's groups."""
    if not actor.candidacies:
        return false()
    mine = UserTask.assignee.in_([actor.id, *actor.substitutes_for]) if actor.id is not None else false()
    return or_(mine, offered_to(actor))


def offered_to(actor: Actor) -> ColumnElement[bool]:
    """User tasks of which the actor is a candidate."""
    return exists().where(
        UserTaskCandidate.task_id == UserTask.id, UserTaskCandidate.candidate.in_(sorted(actor.candidacies))
    )


def able(session: Session, task: UserTask, candidates: Sequence[str]) -> list[tuple[str, str]]:
    """Who may do ``task``: (user id, name), sorted by name; everybody in the pack when no candidate has an account."""

    def active(who: ColumnElement[bool]) -> list[tuple[str, str]]:
        rows = session.execute(select(User.id, User.name).where(User.active, who).order_by(User.name))
        return [(user_id, name) for user_id, name in rows]

    def member(group: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(UserGroup.user_id == User.id, group)

    named = or_(User.id.in_(candidates), member(UserGroup.group_id.in_(candidates)))
    people = active(named) or active(member(UserGroup.group_id.startswith(f"{task.pack}/", autoescape=True)))
    return [(user_id, name) for user_id, name in people if user_id not in (task.excluded or {})]


def sees_tasks(actor: Actor) -> ColumnElement[bool]:
    packs = role_packs(actor, *READERS)
    if packs is None:
        return true()
    return or_(UserTask.pack.in_(packs), tasks_of(actor)) if packs else tasks_of(actor)


def sees_complaints(actor: Actor) -> ColumnElement[bool]:
    """Complaints the actor may read: all of a pack by role, else those behind tasks of the actor or his groups.

    A blind task opens none.
    """
    if actor.kind == "complainant":
        return Complaint.number == actor.number
    packs = role_packs(actor, *READERS)
    if packs is None:
        return true()
    touched = or_(UserTask.completed_by == actor.id, UserTask.assignee == actor.id)
    behind = exists().where(UserTask.instance_id == Complaint.instance_id, ~UserTask.blind, touched)
    own: list[ColumnElement[bool]] = [behind]
    if actor.candidacies:
        offered = (
            select(UserTask.instance_id)
            .join(UserTaskCandidate, UserTaskCandidate.task_id == UserTask.id)
            .where(~UserTask.blind, UserTaskCandidate.candidate.in_(sorted(actor.candidacies)))
        )
        own.append(Complaint.instance_id.in_(offered))
    return or_(Complaint.pack.in_(packs), *own) if packs else or_(*own)
