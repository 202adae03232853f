"""Ad-hoc subprocesses: which steps people may start in them, and starting them (Camunda 8, "Ad-hoc sub-processes")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.assignment import performers
from engine.context import Context
from engine.errors import AdHocClosed, BadRequest, Conflict, ExecutionError, Forbidden, NotFound
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.instances import locked, readable, require_active
from engine.models import HistoryEvent, ProcessInstance
from engine.names import Names
from engine.packs import Pack
from engine.rights import forbidden, on_behalf_of
from engine.runtime import Task, state
from engine.runtime.adhoc import open_ad_hoc, prospects, tally
from engine.runtime.machine import Machine
from engine.runtime.model import Element
from engine.runtime.scopes import ScopeInstance
from engine.signals import broadcast
from engine.task_rows import element_of
from engine.types import Actor, AdHocElement, AdHocSubprocess, Name


class Activation:
    """Use cases of the people who choose what is done next in an ad-hoc subprocess."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def options(self, actor: Actor, instance_id: str) -> list[AdHocSubprocess]:
        """The open ad-hoc subprocesses of an instance and what can be started in each, by the actor or by others.

        Raises NotFound, Forbidden.
        """
        context = self._context
        with context.store.read() as session:
            instance = readable(session, actor, instance_id)
            if instance.state != "active":
                return []
            pack = context.pack(session, instance.deployment_id)
            return list(_Offer(session, Execution(context, session, pack, instance, None, actor)).subprocesses())

    def activate(
        self,
        actor: Actor,
        instance_id: str,
        task_id: str,
        element_ids: Sequence[str],
        reason: str | None = None,
        activations: int | None = None,
    ) -> None:
        """Start steps of the open ad-hoc subprocess ``task_id``, each once for every time it is named.

        Managers and process owners of the pack start everything; staff what their group would do, and what is no user
        task where they see the complaint. ``activations`` is how many the actor has seen; when others were begun since,
        nothing is started. Raises NotFound, Forbidden, Ended, Conflict, BadRequest, and ExecutionError when the diagram
        cannot go on; then nothing has changed and an incident is recorded.
        """
        context = self._context
        try:
            with context.store.write() as session:
                instance, complaint = locked(session, instance_id)
                readable(session, actor, instance_id)
                require_active(instance)
                session.expunge(instance)
                pack = context.pack(session, instance.deployment_id)
                execution = Execution(context, session, pack, instance, complaint, actor)
                subprocess = _Offer(session, execution).subprocess(task_id)
                chosen = _chosen(subprocess, element_ids, pack.names)
                if activations not in (None, subprocess.activations):
                    raise Conflict(what={"zh": subprocess.name.zh, "en": subprocess.name.en})
                execution.events.append(_event(session, actor, subprocess, chosen, reason))
                execution.run(lambda machine: machine.activate(task_id, list(element_ids)))
                broadcast(context, session, execution)
        except ExecutionError as error:
            record(context, error)
            raise


class _Offer:
    """What one person may start in one instance, found on a machine of its own that is never stored."""

    def __init__(self, session: Session, execution: Execution) -> None:
        self._session = session
        self._execution = execution
        self._machine: Machine = state.load(execution.instance.data, execution.pack.definitions, execution)
        self._actor = execution.actor
        self._all = any(self._actor.has_role(role, execution.pack.name) for role in ("manager", "process_owner"))
        self._takes_part = _takes_part(session, self._actor, execution.instance)

    def subprocesses(self) -> Iterator[AdHocSubprocess]:
        """The open ones."""
        for task, scope in open_ad_hoc(self._machine):
            element = task.task_spec.element
            _, pack = self._execution.bindings.place(element)
            begun, finished = tally(task, scope)
            yield AdHocSubprocess(
                task_id=str(task.id),
                process_id=element.process_id,
                element_id=element.id,
                name=pack.names.element(element.process_id, element.id),
                documentation=_documentation(pack, element),
                activations=begun.total() + finished.total(),
                elements=tuple(
                    self._element(pack, scope, e.id, begun[e.id], finished[e.id])
                    for e in scope.spec.scope.activatable()
                ),
            )

    def subprocess(self, task_id: str) -> AdHocSubprocess:
        """The open one with this id. Raises AdHocClosed when it was one, else NotFound."""
        found = next((s for s in self.subprocesses() if s.task_id == task_id), None)
        if found is not None:
            return found
        instance, context = self._execution.instance, self._execution.context
        entered = self._session.scalars(
            select(HistoryEvent).where(
                HistoryEvent.instance_id == instance.id,
                HistoryEvent.task_id == task_id,
                HistoryEvent.type == "element_entered",
            )
        ).first()
        if entered is not None:
            pack = context.pack(self._session, entered.deployment_id or instance.deployment_id)
            element = element_of(pack, entered.process_id or "", entered.element_id or "")
            if element is not None and element.ad_hoc is not None:
                label = pack.names.element(element.process_id, element.id)
                raise AdHocClosed(element={"zh": label.zh, "en": label.en})
        raise NotFound(what={"zh": "临时子流程", "en": "ad-hoc subprocess"}, id=task_id)

    def _element(self, pack: Pack, scope: ScopeInstance, element_id: str, begun: int, finished: int) -> AdHocElement:
        element = scope.spec.scope.elements[element_id]
        person = element.type == "userTask"
        candidates = self._candidates(pack, scope, element_id) if person else []
        mine = not self._actor.candidacies.isdisjoint(candidates) if person else True
        return AdHocElement(
            element_id=element.id,
            name=pack.names.element(element.process_id, element.id),
            type=element.type,
            documentation=_documentation(pack, element),
            open=begun,
            done=finished,
            groups=tuple(c for c in candidates if "/" in c),
            candidate_users=tuple(c for c in candidates if "/" not in c),
            may_activate=self._all or (mine and self._takes_part),
        )

    def _candidates(self, pack: Pack, scope: ScopeInstance, element_id: str) -> list[str]:
        """Whom the user task would be given or offered to; nobody when that cannot be told, and managers start it."""
        try:
            tasks: list[Task] = prospects(self._machine, scope, element_id)
            found = [performers(pack, self._machine, task) for task in tasks]
        except ExecutionError:
            return []
        everybody = (who for assignee, candidates in found for who in (assignee, *candidates))
        return list(dict.fromkeys(who for who in everybody if who))


def _documentation(pack: Pack, element: Element) -> Name:
    return Name(element.documentation, pack.names.label(element.documentation))


def _takes_part(session: Session, actor: Actor, instance: ProcessInstance) -> bool:
    """Whether the actor sees the instance as staff: auditors, who read everything, change nothing."""
    try:
        readable(session, replace(actor, roles=frozenset()), instance.id)
    except Forbidden:
        return False
    return True


def _chosen(subprocess: AdHocSubprocess, element_ids: Sequence[str], names: Names) -> list[AdHocElement]:
    """The elements to start. Raises BadRequest for what cannot be started at all, Forbidden for what others start."""
    known = {e.element_id: e for e in subprocess.elements}
    unknown = "、".join(dict.fromkeys(e for e in element_ids if e not in known))
    if unknown or not element_ids:
        zh, en = (f"没有步骤“{unknown}”", f"there is no step “{unknown}”") if unknown else ("没有选择步骤", "no step")
        listed = ", ".join(known)
        raise BadRequest(
            reason={
                "zh": f"“{subprocess.name.zh}”中{zh}，可以启动的是：{listed}",
                "en": f"{en} was chosen in “{subprocess.name.en}” that can be started; there are: {listed}",
            }
        )
    chosen = [known[element_id] for element_id in element_ids]
    barred = next((e for e in chosen if not e.may_activate), None)
    if barred is not None:
        raise _refusal(barred, names)
    return chosen


def _refusal(element: AdHocElement, names: Names) -> Forbidden:
    action = {"zh": f"启动“{element.name.zh}”", "en": f"start “{element.name.en}”"}
    if not element.groups:
        return forbidden(action, "manager")
    groups = [names.group(group) for group in element.groups]
    return Forbidden(action=action, role={"zh": "、".join(g.zh for g in groups), "en": ", ".join(g.en for g in groups)})


def _event(
    session: Session,
    actor: Actor,
    subprocess: AdHocSubprocess,
    chosen: Sequence[AdHocElement],
    reason: str | None,
) -> Event:
    offered = [who for e in chosen for who in (*e.groups, *e.candidate_users)]
    return Event(
        "elements_activated",
        subprocess.process_id,
        subprocess.element_id,
        subprocess.task_id,
        reason=(reason or "").strip() or None,
        payload={"elements": [e.element_id for e in chosen]},
        on_behalf_of=on_behalf_of(session, actor, None, offered),
    )
