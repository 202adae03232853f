"""Who may see and do what, per pack and role. Checked on reads as well as writes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from engine.errors import Forbidden
from engine.models import Complaint, UserGroup, UserTask, UserTaskGroup
from engine.types import Actor

READERS = ("manager", "auditor", "process_owner")
"""Roles that see every complaint of a pack; an administrator has every role."""

_ROLE_NAMES = {
    "manager": {"zh": "主管", "en": "manager"},
    "process_owner": {"zh": "制度管理员", "en": "process owner"},
    "archivist": {"zh": "档案管理员", "en": "archivist"},
    "auditor": {"zh": "审计员", "en": "auditor"},
    "administrator": {"zh": "系统管理员", "en": "administrator"},
    "staff": {"zh": "该任务所属组的成员", "en": "member of the task's group"},
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


def on_behalf_of(session: Session, actor: Actor, assignee: str | None, groups: Sequence[str]) -> str | None:
    """The absent colleague for whom the actor does a task: its assignee, else the one whose group it was offered to.

    None when the actor would do it anyway.
    """
    if assignee in actor.substitutes_for:
        return assignee
    if not actor.substitutes_for:
        return None
    people = [actor.id, *actor.substitutes_for]
    members = set(
        session.scalars(select(UserGroup.user_id).where(UserGroup.user_id.in_(people), UserGroup.group_id.in_(groups)))
    )
    return None if actor.id in members else next((user for user in actor.substitutes_for if user in members), None)


def tasks_of(actor: Actor) -> ColumnElement[bool]:
    """User tasks that belong to the actor: assigned, or offered to one of the actor's groups."""
    mine = (
        or_(UserTask.assignee == actor.id, UserTask.assignee.in_(list(actor.substitutes_for))) if actor.id else false()
    )
    if not actor.groups:
        return mine
    offered = exists().where(UserTaskGroup.task_id == UserTask.id, UserTaskGroup.group_id.in_(sorted(actor.groups)))
    return or_(mine, offered)


def sees_tasks(actor: Actor) -> ColumnElement[bool]:
    packs = role_packs(actor, *READERS)
    if packs is None:
        return true()
    return or_(UserTask.pack.in_(packs), tasks_of(actor)) if packs else tasks_of(actor)


def sees_complaints(actor: Actor) -> ColumnElement[bool]:
    """Complaints the actor may read: all of a pack by role, else those behind tasks of the actor or his groups."""
    if actor.kind == "complainant":
        return Complaint.number == actor.number
    packs = role_packs(actor, *READERS)
    if packs is None:
        return true()
    touched = [UserTask.completed_by == actor.id, UserTask.assignee == actor.id]
    behind = exists().where(and_(UserTask.instance_id == Complaint.instance_id, or_(*touched)))
    own: list[ColumnElement[bool]] = [behind]
    if actor.groups:
        offered = (
            select(UserTask.instance_id)
            .join(UserTaskGroup, UserTaskGroup.task_id == UserTask.id)
            .where(UserTaskGroup.group_id.in_(sorted(actor.groups)))
        )
        own.append(Complaint.instance_id.in_(offered))
    return or_(Complaint.pack.in_(packs), *own) if packs else or_(*own)
