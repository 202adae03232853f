"""User tasks: claim, give back, hand over, draft, complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import feel
from engine.assignment import barred_since
from engine.complaints import invalid, reseal, store_files
from engine.context import Context
from engine.errors import (
    BadRequest,
    EngineError,
    ExcludedPerformer,
    ExecutionError,
    Forbidden,
    NotFound,
    TaskClaimed,
    TaskClosed,
)
from engine.execution import Execution
from engine.files import accept_all
from engine.history import Event, chain
from engine.incidents import record
from engine.models import (
    Attachment,
    Complaint,
    HistoryEvent,
    ProcessInstance,
    User,
    UserTask,
    UserTaskCandidate,
)
from engine.packs import Pack
from engine.rights import able, forbidden, on_behalf_of, sees_tasks
from engine.rules import Rule
from engine.runtime import state
from engine.runtime.scopes import local, visible
from engine.signals import broadcast
from engine.task_rows import element_of
from engine.types import SYSTEM, Actor, Completed, Upload

Loaded = tuple[UserTask, ProcessInstance, Complaint | None, list[str]]
"""A task with its instance, its complaint and its candidates, groups and users alike."""


class Acting:
    """Use cases of the people who work on tasks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # -- taking and handing over ----------------------------------------------------------------------------------

    def claim(self, actor: Actor, task_id: str) -> None:
        """Take a task one is a candidate of. Raises TaskClaimed, TaskClosed, ExcludedPerformer, Forbidden."""
        with self._context.store.write() as session:
            task, instance, _, candidates = load(session, task_id)
            behalf = self._may_work(session, actor, task, candidates)
            if task.assignee == actor.id:
                return
            if task.assignee is not None:
                raise TaskClaimed(task=task.name, assignee=_name(session, task.assignee))
            task.assignee, task.claimed_at = actor.id, self._context.clock.now()
            self._record(
                session,
                actor,
                instance,
                task,
                Event("task_claimed", payload={"assignee": actor.id}, on_behalf_of=behalf),
            )

    def claim_many(self, actor: Actor, task_ids: Sequence[str]) -> dict[str, EngineError | None]:
        """Claim several tasks, each on its own; says for each what went wrong."""
        results: dict[str, EngineError | None] = {}
        for task_id in task_ids[:100]:
            try:
                self.claim(actor, task_id)
                results[task_id] = None
            except EngineError as error:
                results[task_id] = error
        return results

    def unclaim(self, actor: Actor, task_id: str) -> None:
        """Give a claimed task back to its candidates."""
        with self._context.store.write() as session:
            task, instance, _, candidates = load(session, task_id)
            self._open(session, task)
            if task.assignee != actor.id and not actor.has_role("manager", task.pack):
                raise forbidden(
                    {"zh": "退回别人领取的任务", "en": "give back a task claimed by someone else"}, "manager"
                )
            if not candidates:
                raise BadRequest(
                    reason={
                        "zh": "该任务直接指派给个人，没有别的候选人或候选组，无法退回，请改派",
                        "en": "the task is assigned to a person and has no other candidate to go back to; hand it over instead",
                    }
                )
            session.execute(update(UserTask).where(UserTask.id == task_id).values(assignee=None, claimed_at=None))
            self._record(session, actor, instance, task, Event("task_unclaimed", payload={"before": task.assignee}))

    def assign(self, actor: Actor, task_id: str, user_id: str, reason: str = "") -> None:
        """Hand a task over (by its assignee) or reassign it (by a manager, with a reason)."""
        with self._context.store.write() as session:
            task, instance, _, candidates = load(session, task_id)
            self._open(session, task)
            manager = actor.has_role("manager", task.pack)
            if task.assignee != actor.id and not manager:
                raise forbidden({"zh": "改派此任务", "en": "reassign this task"}, "manager")
            if task.assignee != actor.id and not reason.strip():
                raise BadRequest(reason={"zh": "改派需要填写原因", "en": "reassigning needs a reason"})
            if user_id not in dict(able(session, task, candidates)):
                raise BadRequest(
                    reason={
                        "zh": f"“{user_id}”不是该任务的候选人，也不在其候选组中，或须回避",
                        "en": f"“{user_id}” may not do this task: neither a candidate nor in its groups, or excluded",
                    }
                )
            session.execute(
                update(UserTask)
                .where(UserTask.id == task_id, UserTask.state == "open")
                .values(assignee=user_id, claimed_at=self._context.clock.now())
            )
            payload = {"before": task.assignee, "after": user_id}
            event = Event("task_assigned", reason=reason.strip() or None, payload=payload)
            self._record(session, actor, instance, task, event)

    def candidates(self, actor: Actor, task_id: str) -> list[tuple[str, str]]:
        """Who may do the task: (user id, name), sorted by name.

        When none of its candidates has an active account it is everybody in the pack's groups, so that it can be
        handed to somebody.
        """
        with self._context.store.read() as session:
            task, _, _, candidates = load(session, task_id, lock=False)
            self._may_see(session, actor, task)
            return able(session, task, candidates)

    # -- working --------------------------------------------------------------------------------------------------

    def save_draft(self, actor: Actor, task_id: str, values: Mapping[str, Any]) -> None:
        """Keep what was typed so far, without validating it; personal fields are kept encrypted."""
        with self._context.store.write() as session:
            task, instance, _, candidates = load(session, task_id)
            self._may_work(session, actor, task, candidates)
            if task.assignee not in (None, actor.id, *actor.substitutes_for):
                raise TaskClaimed(task=task.name, assignee=_name(session, task.assignee))
            personal = self._personal(session, instance, task)
            draft = {
                k: {"$sealed": self._context.vault.encrypt(str(v)).hex()} if k in personal else v
                for k, v in values.items()
            }
            session.execute(
                update(UserTask)
                .where(UserTask.id == task_id, UserTask.state == "open")
                .values(draft=draft, draft_by=actor.id)
            )

    def follow_up(self, actor: Actor, task_id: str, at: datetime | None) -> None:
        """Put a task aside until ``at``; None brings it back."""
        with self._context.store.write() as session:
            task, instance, _, candidates = load(session, task_id)
            self._may_work(session, actor, task, candidates)
            session.execute(update(UserTask).where(UserTask.id == task_id).values(follow_up_at=at))
            payload = {"before": _iso(task.follow_up_at), "after": _iso(at)}
            self._record(session, actor, instance, task, Event("follow_up_changed", payload=payload))

    def set_due(self, actor: Actor, task_id: str, at: datetime, reason: str) -> None:
        """Change a due date, with a reason; managers only."""
        with self._context.store.write() as session:
            task, instance, complaint, _ = load(session, task_id)
            self._open(session, task)
            if not actor.has_role("manager", task.pack):
                raise forbidden({"zh": "修改到期时间", "en": "change a due date"}, "manager")
            if not reason.strip():
                raise BadRequest(reason={"zh": "修改到期时间需要填写原因", "en": "changing a due date needs a reason"})
            explanation = {**(task.due_explanation or {}), "set_by": actor.id, "reason": reason.strip()}
            session.execute(
                update(UserTask)
                .where(UserTask.id == task_id)
                .values(due_at=at, due_explanation=explanation, due_provisional=False)
            )
            if complaint is not None:
                others = session.scalars(
                    select(UserTask.due_at).where(
                        UserTask.instance_id == instance.id,
                        UserTask.state == "open",
                        UserTask.id != task_id,
                        UserTask.due_at.is_not(None),
                    )
                )
                complaint.due_at = min([at, *(d for d in others if d is not None)])
            payload = {"before": _iso(task.due_at), "after": _iso(at)}
            event = Event("due_changed", reason=reason.strip(), payload=payload)
            self._record(session, actor, instance, task, event)

    def complete(
        self,
        actor: Actor,
        task_id: str,
        values: Mapping[str, Any],
        files: Sequence[Upload] = (),
        *,
        language: str = "zh",
    ) -> Completed:
        """Complete a task: validate its form, run the process to the next wait state, all in one transaction.

        Raises FormInvalid, TaskClosed, TaskClaimed, ExcludedPerformer, Forbidden, TooLarge, FileRefused, and
        ExecutionError when the diagram cannot go on; then nothing has changed and an incident is recorded.
        """
        context = self._context
        try:
            with context.store.write() as session:
                return self._complete(session, actor, task_id, values, list(files), language)
        except ExecutionError as error:
            record(context, error)
            raise

    def _complete(
        self,
        session: Session,
        actor: Actor,
        task_id: str,
        values: Mapping[str, Any],
        files: list[Upload],
        language: str,
    ) -> Completed:
        context = self._context
        task, instance, complaint, candidates = load(session, task_id)
        behalf = self._may_work(session, actor, task, candidates)
        if task.assignee not in (None, actor.id, *actor.substitutes_for):
            raise TaskClaimed(task=task.name, assignee=_name(session, task.assignee))
        pack = context.pack(session, instance.deployment_id)
        session.expunge(instance)
        execution = Execution(context, session, pack, instance, complaint, actor)

        def step(machine: Any) -> None:
            found = machine.task(task_id)
            clean = self._validated(
                self._form_pack(session, task), task, values, visible(found), language, found.task_spec.element.clauses
            )
            sealed = self._personal(session, instance, task)
            personal = {k: clean.pop(k) for k in list(clean) if k in sealed}
            if personal and complaint is not None:
                reseal(context, complaint, personal)
            execution.close_task(task, actor, behalf)
            machine.performers.setdefault(task.element_id, []).append(actor.id or "")
            for other, excluded in barred_since(machine, task).items():
                session.execute(update(UserTask).where(UserTask.id == other).values(excluded=excluded))
            payload = {
                "values": feel.encode(feel.to_feel(clean)),
                **({"personal": sorted(personal)} if personal else {}),
            }
            execution.events.append(
                Event("task_completed", task.process_id, task.element_id, task.id, payload=payload, on_behalf_of=behalf)
            )
            machine.complete(task_id, feel.to_feel(clean))

        if files:
            already = len(
                session.scalars(select(Attachment.id).where(Attachment.number == instance.business_key)).all()
            )
            accepted = accept_all(files, context.config.files, already)
            store_files(session, instance.business_key or "", accepted, files, context.clock.now(), actor.id, task_id)
        execution.run(step)
        broadcast(context, session, execution)
        return Completed(instance.id, self._next(execution, actor), instance.state != "active")

    def _validated(
        self,
        pack: Pack,
        task: UserTask,
        values: Mapping[str, Any],
        variables: Mapping[str, Any],
        language: str,
        clauses: Sequence[str],
    ) -> dict[str, Any]:
        form = pack.forms.get(task.form_id or "")
        if form is None:
            return dict(values)
        translate = pack.names.label if language == "en" else None
        now = self._context.clock.now().astimezone(self._context.zone)
        result = form.validate_values(values, variables, language, now, translate)
        if not result.ok:
            raise invalid(result.errors, form, pack, language, clauses)
        return dict(result.values)

    def _form_pack(self, session: Session, task: UserTask) -> Pack:
        """The pack the task's form comes from."""
        return self._context.pack(session, task.form_deployment_id or task.deployment_id)

    def _personal(self, session: Session, instance: ProcessInstance, task: UserTask) -> frozenset[str]:
        """The personal fields of the pack, in the instance's version and in that of the form."""
        own = self._context.pack(session, instance.deployment_id)
        return frozenset((*own.personal, *self._form_pack(session, task).personal))

    @staticmethod
    def _next(execution: Execution, actor: Actor) -> str | None:
        excluded = {t["id"] for t in execution.new_tasks if actor.id in (t["excluded"] or {})}
        for row in execution.new_tasks:
            offered = {c["candidate"] for c in execution.new_candidates if c["task_id"] == row["id"]}
            mine = row["assignee"] == actor.id or (row["assignee"] is None and offered & actor.candidacies)
            if row["state"] == "open" and mine and row["id"] not in excluded:
                return str(row["id"])
        return None

    # -- rights ---------------------------------------------------------------------------------------------------

    def _open(self, session: Session, task: UserTask) -> None:
        if task.state != "open":
            raise TaskClosed(task=task.name, by=_name(session, task.completed_by))

    def _may_see(self, session: Session, actor: Actor, task: UserTask) -> None:
        if session.scalar(select(UserTask.id).where(UserTask.id == task.id, sees_tasks(actor))) is None:
            raise _hidden(task)

    def _rules(self, session: Session, task: UserTask) -> tuple[Rule, ...]:
        """The written rules behind the step."""
        pack = self._context.pack(session, task.deployment_id)
        element = element_of(pack, task.process_id, task.element_id)
        return pack.written(element.clauses if element is not None else ())

    def _may_work(self, session: Session, actor: Actor, task: UserTask, candidates: list[str]) -> str | None:
        """Check that the actor may do the task; returns the absent colleague on whose behalf, if any."""
        self._open(session, task)
        if actor.kind == "system":
            return None
        assigned = actor.id is not None and task.assignee == actor.id
        if not assigned and task.assignee not in actor.substitutes_for and actor.candidacies.isdisjoint(candidates):
            error = _hidden(task)
            error.params["rules"] = self._rules(session, task)
            raise error
        earlier = (task.excluded or {}).get(actor.id or "")
        if earlier:
            name = session.scalar(
                select(UserTask.name)
                .where(UserTask.instance_id == task.instance_id, UserTask.element_id == earlier)
                .limit(1)
            )
            raise ExcludedPerformer(task=task.name, earlier=name or earlier, rules=self._rules(session, task))
        return on_behalf_of(session, actor, task.assignee, candidates)

    def _record(self, session: Session, actor: Actor, instance: ProcessInstance, task: UserTask, event: Event) -> None:
        elsewhere = task.deployment_id if task.deployment_id != instance.deployment_id else None
        place = (task.process_id, task.element_id, task.id)
        event = Event(event.type, *place, event.reason, event.payload, event.on_behalf_of, elsewhere)
        rows = chain(instance, actor, self._context.clock.now(), [event])
        session.add_all(HistoryEvent(**row) for row in rows)


def load(session: Session, task_id: str, lock: bool = True) -> Loaded:
    """A task with everything needed to act on it, in one statement. Raises NotFound."""
    query = (
        select(UserTask, ProcessInstance, Complaint, UserTaskCandidate.candidate)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
        .outerjoin(UserTaskCandidate, UserTaskCandidate.task_id == UserTask.id)
        .where(UserTask.id == task_id)
    )
    if lock:
        query = query.with_for_update(of=[UserTask, ProcessInstance])
    rows = session.execute(query).all()
    if not rows:
        raise NotFound(what={"zh": "任务", "en": "task"}, id=task_id)
    task, instance, complaint, _ = rows[0]
    return task, instance, complaint, [candidate for *_, candidate in rows if candidate is not None]


def variables_of(
    context: Context, session: Session, instance: ProcessInstance, task_id: str | None = None, own: bool = False
) -> dict[str, Any]:
    """The variables visible to an open task (``own``: those it was given alone), or those of the process."""
    if task_id is None:
        return state.variables(instance.data)

    pack = context.pack(session, instance.deployment_id)
    machine = state.load(instance.data, pack.definitions, Execution(context, session, pack, instance, None, SYSTEM))
    try:
        task = machine.task(task_id)
        return dict(local(task) if own else visible(task))
    except KeyError:
        return dict(machine.root.data)


def _hidden(task: UserTask) -> Forbidden:
    return forbidden({"zh": f"办理任务“{task.name}”", "en": f"work on the task “{task.name}”"}, "staff")


def _name(session: Session, user_id: str | None) -> str:
    return (session.scalar(select(User.name).where(User.id == user_id)) if user_id else None) or user_id or "—"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
