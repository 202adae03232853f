"""One instance, one transaction: load, take a step, run to the next wait state, write what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, bindparam, delete, insert, update
from sqlalchemy.orm import Session

from engine import feel, ledger
from engine.assignment import wanted
from engine.bindings import Bindings
from engine.calendars import CalendarError
from engine.context import Context
from engine.decisions import DecisionError
from engine.errors import Conflict, ExecutionError
from engine.history import Event, chain
from engine.models import (
    Base,
    Complaint,
    HistoryEvent,
    MessageSubscription,
    ProcessInstance,
    Timer,
    UserTask,
    UserTaskCandidate,
)
from engine.packs import Pack
from engine.runtime import Task, state
from engine.runtime.machine import Definitions, Machine, Step
from engine.runtime.model import Element
from engine.runtime.scopes import visible
from engine.runtime.waits import Wait
from engine.services import Services
from engine.types import Actor

_CHANGING = frozenset(["data", "state", "ended_at", "end_element", "history_seq", "history_hash", "revision"])

Waits = dict[tuple[str, str], Wait]
"""(task id, element id) -> what is waited for"""


class Execution:
    """A step of one instance inside one database session. It is the runtime's host."""

    def __init__(
        self,
        context: Context,
        session: Session,
        pack: Pack,
        instance: ProcessInstance,
        complaint: Complaint | None,
        actor: Actor,
    ) -> None:
        self.context = context
        self.session = session
        self.pack = pack
        self.instance = instance
        self.complaint = complaint
        self.actor = actor
        self.at = context.clock.now()
        self.events: list[Event] = []
        self.new_tasks: list[dict[str, Any]] = []
        self.new_candidates: list[dict[str, Any]] = []
        self.closed_tasks: list[dict[str, Any]] = []
        self.signals: list[tuple[str, Mapping[str, Any]]] = []
        self.projection = ledger.Projection(context.zone)
        self.bindings = Bindings(context, session, pack, instance.deployment_id)
        self.services = Services(self)

    # -- loading and running --------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        context: Context,
        session: Session,
        pack: Pack,
        deployment_id: str,
        process_id: str,
        business_key: str | None,
        actor: Actor,
    ) -> Execution:
        """A new instance, not yet started and not yet written."""
        now = context.clock.now()
        instance = ProcessInstance(
            id=str(uuid4()),
            pack=pack.name,
            deployment_id=deployment_id,
            process_id=process_id,
            business_key=business_key,
            state="active",
            revision=0,
            started_at=now,
            started_by=actor.id,
            history_seq=0,
            history_hash="",
            data=b"",
        )
        return cls(context, session, pack, instance, None, actor)

    def start(
        self,
        variables: Mapping[str, Any],
        start_element: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Machine:
        """Start the new instance with ``variables`` and write it.

        ``payload`` is what the message, signal or timer of ``start_element`` carries.
        """
        machine = Machine(self.pack.definitions, self)
        self.events.append(
            Event("instance_started", self.instance.process_id, payload={"variables": feel.encode(dict(variables))})
        )
        self._guarded(lambda: machine.start(self.instance.process_id, variables, start_element, payload))
        self._write(machine, {}, new=True)
        return machine

    def run(self, step: Callable[[Machine], None]) -> Machine:
        """Load the instance, let ``step`` move it, and write what changed."""
        machine = state.load(self.instance.data, self.pack.definitions, self)
        self.projection.known = dict(machine.root.data)
        before = {(task_id, element_id): wait for task_id, element_id, wait in machine.waits()}
        self._guarded(lambda: step(machine))
        self._write(machine, before)
        return machine

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ExecutionError as error:
            error.params.setdefault("instance_id", self.instance.id)
            error.params.setdefault("pack", self.pack.name)
            error.params["state"] = self.instance.state
            raise

    # -- the runtime's host ---------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The instant of this step, in the organisation's zone: what ``now()`` and ``today()`` mean to its people."""
        return self.at.astimezone(self.context.zone)

    def deployment(self, machine: Machine, task: Task, element: Element, kind: str, name: str) -> str | None:
        """Where what ``element`` binds to comes from; None for the instance's own deployment."""
        chosen = self.bindings.choose(machine, task, element, kind, name)
        return None if chosen == self.instance.deployment_id else chosen

    def definitions(self, deployment: str) -> Definitions:
        return self.bindings.definitions(deployment)

    def decide(self, machine: Machine, task: Task, element: Element) -> Any:
        """Evaluate a decision of the pack and record which rules fired."""
        decision = machine.evaluate(task, element.called_decision or "", "decisionId")
        deployment = self.bindings.choose(machine, task, element, "decision", str(decision))
        model = self.bindings.pack(deployment).decisions.get(decision)
        if model is None:
            raise machine.fault(element, f"制度包中没有决策“{decision}”", f"the pack has no decision “{decision}”")
        try:
            outcome = model.evaluate(decision, visible(task), now=self.now())
        except DecisionError as error:
            raise machine.fault(element, error.text("zh"), error.text("en")) from None
        fired = [{"decision": f.decision_id, "rule": f.rule_index, "notes": list(f.annotations)} for f in outcome.fired]
        self.events.append(
            Event(
                "decision_evaluated",
                element.process_id,
                element.id,
                str(task.id),
                payload={
                    "decision": decision,
                    "rules": fired,
                    "result": feel.encode(outcome.value),
                    **({"deployment_id": deployment} if deployment != self.instance.deployment_id else {}),
                },
            )
        )
        return outcome.value

    def job(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        topic = machine.evaluate(task, element.topic or "", "type")
        return self.services.perform(machine, task, element, str(topic), inputs)

    def signal(self, name: str, variables: Mapping[str, Any]) -> None:
        self.signals.append((name, variables))

    def due(self, element: Element, start: datetime, duration: str) -> tuple[datetime, bool, dict[str, Any]]:
        """When ``duration`` from ``start`` ends in the element's calendar, and why."""
        _, pack = self.bindings.place(element)
        calendar = self.context.calendars[element.properties.get("calendar", pack.calendar)]
        try:
            due = calendar.add(start, duration)
        except CalendarError as error:
            raise ExecutionError(
                element=element.label, element_id=element.id, reason={"zh": error.text("zh"), "en": error.text("en")}
            ) from None
        explanation = due.explanation.to_dict()
        if element.clauses:
            explanation["clauses"] = list(element.clauses)
        return due.at, due.provisional, explanation

    def user_task_created(self, machine: Machine, task: Task) -> None:
        """A person is wanted."""
        row, candidates = wanted(self, machine, task)
        self.new_tasks.append(row)
        self.new_candidates += [{"task_id": row["id"], "candidate": candidate} for candidate in candidates]

    # -- writing --------------------------------------------------------------------------------------------------

    def close_task(self, task: UserTask, by: Actor, on_behalf_of: str | None) -> None:
        """Mark a user task completed; written together with the ones the process withdraws."""
        self.closed_tasks.append(
            {
                "key": task.id,
                "to": "completed",
                "at": self.at,
                "by": by.id,
                "behalf": on_behalf_of,
                "assignee": task.assignee or by.id,
            }
        )

    def _write(self, machine: Machine, before: Waits, new: bool = False) -> None:
        self._record_steps(machine)
        self._finish(machine)
        self._guarded(lambda: setattr(self.instance, "data", state.dump(machine)))
        history = chain(self.instance, self.actor, self.at, self._placed(machine))
        self._write_instance(new)
        self._write_tasks()
        self._write_waits(machine, before)
        if self.complaint is not None:
            self._project(self.complaint, machine)
        if history:
            self._insert(HistoryEvent, history)
        self.services.write()

    def _placed(self, machine: Machine) -> list[Event]:
        """The events, those of elements from other deployments with the deployment they come from."""
        if not self.bindings.mixed:
            return self.events
        places = {str(t.id): scope.deployment for scope in machine.all_scopes() for t in scope.tasks.values()}
        for step in machine.steps:
            deployment, _ = self.bindings.place(step.element)
            places[step.task_id] = deployment if deployment != self.instance.deployment_id else None
        return [replace(e, deployment_id=places.get(e.task_id or "")) for e in self.events]

    def _write_instance(self, new: bool) -> None:
        """One statement; a lost race is a Conflict."""
        instance, table = self.instance, cast(Table, ProcessInstance.__table__)
        revision, instance.revision = instance.revision, instance.revision + 1
        values = {c.name: getattr(instance, c.name) for c in table.columns}
        if new:
            self.session.execute(insert(table).values(**values))
            if self.complaint is not None:
                self.complaint.instance_id = instance.id
                self.session.add(self.complaint)
            return
        changed = {k: v for k, v in values.items() if k in _CHANGING}
        statement = update(table).where(table.c.id == instance.id, table.c.revision == revision).values(**changed)
        if self.session.connection().execute(statement).rowcount != 1:
            raise Conflict(what=instance.business_key or instance.id)

    def _finish(self, machine: Machine) -> None:
        if machine.root.completed and self.instance.state == "active":
            self.instance.state = "completed"
        if self.instance.state != "active" and self.instance.ended_at is None:
            self.instance.ended_at = self.at
            self.instance.end_element = machine.end_element
            self.events.append(Event("instance_" + self.instance.state, self.instance.process_id, machine.end_element))

    def _record_steps(self, machine: Machine) -> None:
        flows: list[str] = []
        gateways: list[tuple[int, str]] = []
        pending: list[Event] = []
        for step in machine.steps:
            if step.type == "completed":
                flows += [f"{step.process_id}#{f}" for f in step.flows]
            if step.type == "cancelled" and step.element.type == "userTask":
                self.closed_tasks.append(
                    {
                        "key": step.task_id,
                        "to": "cancelled",
                        "at": self.at,
                        "by": None,
                        "behalf": None,
                        "assignee": None,
                    }
                )
            if self._worth_recording(step):
                pending.append(Event(f"element_{step.type}", step.process_id, step.element.id, step.task_id))
            elif step.type == "completed":
                gateways.append((len(pending), step.element.id))
        if flows or pending:
            self.events.append(Event("steps_taken", payload={"flows": flows, "gateways": gateways}))
            self.events += pending

    @staticmethod
    def _worth_recording(step: Step) -> bool:
        """Gateways only add their flows and how many events came before them; waiting is recorded for what a person or another process does."""
        if step.type == "entered":
            return step.element.type in ("userTask", "callActivity", "adHocSubProcess")
        return not step.element.type.endswith("Gateway")

    def _write_tasks(self) -> None:
        withdrawn = {c["key"] for c in self.closed_tasks}
        fresh = {t["id"] for t in self.new_tasks}
        closed = [c for c in self.closed_tasks if c["key"] not in fresh]
        for task in self.new_tasks:
            if task["id"] in withdrawn:
                task["state"] = "cancelled"
        if closed:
            table = cast(Table, UserTask.__table__)
            self.session.connection().execute(
                update(table)
                .where(table.c.id == bindparam("key"), table.c.state == "open")
                .values(
                    state=bindparam("to"),
                    completed_at=bindparam("at"),
                    completed_by=bindparam("by"),
                    on_behalf_of=bindparam("behalf"),
                    assignee=bindparam("assignee"),
                    draft=None,
                ),
                closed,
            )
        if self.new_tasks:
            self._insert(UserTask, self.new_tasks)
        if self.new_candidates:
            self._insert(UserTaskCandidate, self.new_candidates)

    def _insert(self, model: type[Base], rows: list[dict[str, Any]]) -> None:
        """All rows in one statement."""
        self.session.connection().execute(insert(cast(Table, model.__table__)), rows)

    def _write_waits(self, machine: Machine, before: Waits) -> None:
        now = (
            {}
            if machine.root.completed
            else {(task_id, element_id): wait for task_id, element_id, wait in machine.waits()}
        )
        gone = [(task_id, wait) for (task_id, e), wait in before.items() if now.get((task_id, e)) != wait]
        opened = {key: wait for key, wait in now.items() if before.get(key) != wait}
        for table, is_timer in ((Timer, True), (MessageSubscription, False)):
            tasks = {task_id for task_id, wait in gone if (wait.kind == "timer") is is_timer}
            if tasks:
                self.session.execute(
                    delete(table).where(table.instance_id == self.instance.id, table.task_id.in_(tasks))
                )
        timers = [self._timer_row(key, wait) for key, wait in opened.items() if wait.kind == "timer" and wait.due]
        messages = [
            {
                "instance_id": self.instance.id,
                "task_id": t,
                "element_id": e,
                "kind": w.kind,
                "name": w.name,
                "correlation_key": w.key,
            }
            for (t, e), w in opened.items()
            if w.kind in ("message", "signal")
        ]
        if timers:
            self._insert(Timer, timers)
            self.context.wake(min(t["run_at"] for t in timers))
        if messages:
            self._insert(MessageSubscription, messages)

    def _timer_row(self, key: tuple[str, str], wait: Wait) -> dict[str, Any]:
        at = datetime.fromisoformat(wait.due or "")
        return {
            "instance_id": self.instance.id,
            "task_id": key[0],
            "element_id": key[1],
            "due_at": at,
            "run_at": at,
            "provisional": wait.provisional,
            "explanation": wait.explanation,
            "attempts": 0,
        }

    def _project(self, complaint: Complaint, machine: Machine) -> None:
        self.projection.take(complaint, machine.root.data)
        complaint.state = self.instance.state
        active = [t for s in sorted(machine.all_scopes(), key=lambda s: -s.depth) for t in s.alive()]
        elements = [t.task_spec.element for t in active]
        if self.instance.state == "completed" and machine.end_element is not None:
            elements = [machine.root.spec.process.find(machine.end_element)]
        stages = [e.properties.get("stage") for e in elements if e is not None]
        complaint.stage = next((s for s in stages if s), complaint.stage)
        dues = [t.internal_data["due"] for t in active if "due" in t.internal_data]
        complaint.due_at = datetime.fromisoformat(min(dues)) if dues else None
        if self.instance.state != "active":
            complaint.closed_at = complaint.closed_at or self.at
