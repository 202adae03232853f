"""The worklist: what a person has to do, most urgent first, and everything a task page shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from engine import reading
from engine.context import Context
from engine.crypto import DecryptionFailed
from engine.due_text import due_text, task_started
from engine.errors import BadRequest
from engine.figures import midnight
from engine.models import Complaint, ProcessInstance, User, UserTask
from engine.packs import Pack
from engine.rights import READERS, forbidden, offered_to, role_packs, sees_tasks
from engine.task_rows import element_of, most_urgent_first, task_query, task_rows
from engine.types import Actor, DueText, Page, TaskDetail, TaskRow
from engine.user_tasks import load, variables_of

VIEWS = ("mine", "groups", "due_today", "overdue", "escalated", "follow_up", "all")
MAX_SIZE = 200


class Worklist:
    """Use cases of the people who look at tasks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor,
        *,
        view: str = "mine",
        pack: str | None = None,
        q: str | None = None,
        element: str | None = None,
        department: str | None = None,
        page: int = 1,
        size: int = 20,
    ) -> Page[TaskRow]:
        """One page of a view, most urgent first: overdue, then by due date, priority and age.

        At most three statements, whatever the size. Raises BadRequest for a view that does not exist.
        """
        context = self._context
        page, size = max(1, page), max(1, min(size, MAX_SIZE))
        if view not in VIEWS:
            raise BadRequest(
                reason={
                    "zh": f"没有视图“{view}”，可选：{'、'.join(VIEWS)}",
                    "en": f"no view “{view}”; there are: {', '.join(VIEWS)}",
                }
            )
        conditions = [UserTask.state == "open", _views(actor, context.clock.now(), context.zone)[view]]
        if pack is not None:
            conditions.append(UserTask.pack == pack)
        if element is not None:
            conditions.append(UserTask.element_id == element)
        if department is not None:
            conditions.append(reading.in_department(department))
        if q and q.strip():
            named = UserTask.name.icontains(q.strip()[: reading.MAX_QUERY], autoescape=True)
            conditions.append(or_(named, and_(~UserTask.blind, reading.matching(context.vault, q))))
        with context.store.read() as session:
            query = task_query().where(*conditions).order_by(*most_urgent_first())
            rows = session.execute(query.limit(size).offset((page - 1) * size)).all()
            count = (
                select(func.count())
                .select_from(UserTask)
                .outerjoin(Complaint, Complaint.instance_id == UserTask.instance_id)
            )
            total = session.scalar(count.where(*conditions)) or 0
            return Page(task_rows(context, session, rows), total, page, size)

    def counts(self, actor: Actor, pack: str | None = None) -> dict[str, int]:
        """How many tasks each view holds; one statement."""
        context = self._context
        views = _views(actor, context.clock.now(), context.zone)
        query = (
            select(*(func.count().filter(condition).label(view) for view, condition in views.items()))
            .select_from(UserTask)
            .outerjoin(Complaint, Complaint.instance_id == UserTask.instance_id)
            .where(UserTask.state == "open", sees_tasks(actor))
        )
        if pack is not None:
            query = query.where(UserTask.pack == pack)
        with context.store.read() as session:
            return {view: int(count) for view, count in session.execute(query).mappings().one().items()}

    def get(self, actor: Actor, task_id: str) -> TaskDetail:
        """A task with its form, variables, draft and the reason of its due date. Raises NotFound, Forbidden."""
        context = self._context
        with context.store.read() as session:
            task, instance, _, candidates = load(session, task_id, lock=False)
            found = session.execute(task_query().where(UserTask.id == task_id, sees_tasks(actor))).all()
            if not found:
                raise forbidden({"zh": f"查看任务“{task.name}”", "en": f"see the task “{task.name}”"}, "staff")
            pack = context.pack(session, task.deployment_id)
            form_deployment = task.form_deployment_id or task.deployment_id
            element = element_of(pack, task.process_id, task.element_id)
            live = task.state == "open" and instance.state == "active"
            own = task.assignee == actor.id and actor.id is not None
            allowed = live and (actor.id or "") not in (task.excluded or {})
            offered = not actor.candidacies.isdisjoint(candidates)
            stands_in = task.assignee is not None and task.assignee in actor.substitutes_for
            may_claim = allowed and task.assignee is None and offered
            may_complete = may_claim or (allowed and (own or stands_in))
            return TaskDetail(
                row=task_rows(context, session, found)[0],
                state=task.state,
                form=context.pack(session, form_deployment).forms.get(task.form_id or ""),
                variables=_shown(context, session, instance, task, live),
                draft=self._draft(task, pack, unseal=may_complete),
                due=self._due(session, pack, task),
                clauses=element.clauses if element is not None else (),
                documentation=element.documentation if element is not None else "",
                excluded=task.excluded or {},
                may_claim=may_claim,
                may_complete=may_complete,
                may_assign=live and (own or actor.has_role("manager", task.pack)),
                completed_by=task.completed_by,
                completed_at=task.completed_at,
                process_id=task.process_id,
                deployment_id=task.deployment_id,
                form_deployment_id=form_deployment,
                headers=element.headers if element is not None else {},
            )

    def _draft(self, task: UserTask, pack: Pack, *, unseal: bool) -> Mapping[str, Any] | None:
        """What was typed so far; personal fields only for someone who may do the task."""
        if task.draft is None or task.state != "open":
            return None
        draft: dict[str, Any] = {}
        for key, value in task.draft.items():
            if not (isinstance(value, dict) and value.keys() == {"$sealed"}):
                draft[key] = value
            elif unseal:
                try:
                    draft[key] = self._context.vault.decrypt(bytes.fromhex(value["$sealed"]))
                except (DecryptionFailed, TypeError, ValueError):
                    continue
        return draft

    def _due(self, session: Session, pack: Pack, task: UserTask) -> DueText | None:
        if task.due_at is None:
            return None
        by = (task.due_explanation or {}).get("set_by")
        people = {by: session.scalar(select(User.name).where(User.id == by)) or by} if by else {}
        started = task_started(pack.names.element(task.process_id, task.element_id))
        zone = self._context.zone
        return due_text(pack, started, task.due_at, task.due_provisional, task.due_explanation, zone, people)


def _shown(context: Context, session: Session, instance: ProcessInstance, task: UserTask, live: bool) -> dict[str, Any]:
    """The variables a task shows: those visible to it, of a blind one only its own; of the process once it is over."""
    if live:
        return variables_of(context, session, instance, task.id, own=task.blind)
    return {} if task.blind else variables_of(context, session, instance)


def _views(actor: Actor, now: datetime, zone: ZoneInfo) -> dict[str, ColumnElement[bool]]:
    """The condition of each view, for open tasks joined with their complaints."""
    mine, offered = _mine(actor), _offered(actor)
    aside = and_(UserTask.follow_up_at.is_not(None), UserTask.follow_up_at > now)
    present = or_(UserTask.follow_up_at.is_(None), UserTask.follow_up_at <= now)
    watched = or_(mine, offered, _looked_after(actor))
    return {
        "mine": and_(mine, present),
        "groups": and_(offered, present),
        "due_today": and_(watched, UserTask.due_at >= now, UserTask.due_at < midnight(now, zone, 1)),
        "overdue": and_(watched, UserTask.due_at < now),
        "escalated": and_(watched, Complaint.escalated_at.is_not(None)),
        "follow_up": and_(or_(mine, offered), aside),
        "all": sees_tasks(actor),
    }


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Tasks claimed by or assigned to the actor, or to someone the actor stands in for."""
    return UserTask.assignee.in_([actor.id, *actor.substitutes_for]) if actor.id is not None else false()


def _offered(actor: Actor) -> ColumnElement[bool]:
    """Unassigned tasks that the actor is a candidate of and not excluded from."""
    if actor.id is None:
        return false()
    return and_(UserTask.assignee.is_(None), offered_to(actor), UserTask.excluded[actor.id].as_string().is_(None))


def _looked_after(actor: Actor) -> ColumnElement[bool]:
    """Every task of the packs the actor manages or watches over."""
    packs = role_packs(actor, *READERS)
    if packs is None:
        return UserTask.state == "open"
    return UserTask.pack.in_(packs) if packs else false()
