"""Process instances: start, look at, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from engine import feel
from engine.complaints import invalid
from engine.context import Context
from engine.deployments import Deployments
from engine.errors import BadRequest, Ended, ExecutionError, NotFound
from engine.execution import Execution
from engine.history import Event
from engine.incidents import record
from engine.instance_view import instance_detail
from engine.models import Complaint, HistoryEvent, Incident, ProcessInstance, UserTask
from engine.packs import Pack
from engine.rights import forbidden, reads_all, require, sees_complaints, tasks_of
from engine.signals import broadcast
from engine.telling import history_rows
from engine.triggers import triggered, written
from engine.types import Actor, HistoryRow, InstanceDetail, Startable

MAX_KEY = 64
_STATES = {
    "completed": {"zh": "办结", "en": "completed"},
    "cancelled": {"zh": "取消", "en": "cancelled"},
    "suspended": {"zh": "暂停", "en": "suspended"},
}


def check_key(business_key: str | None) -> None:
    """Raise BadRequest for a business key that is too long."""
    if business_key is not None and len(business_key) > MAX_KEY:
        raise BadRequest(
            reason={
                "zh": f"业务编号超过 {MAX_KEY} 个字符",
                "en": f"the business key has more than {MAX_KEY} characters",
            }
        )


class Instances:
    """Use cases about process instances."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def start(
        self,
        actor: Actor,
        pack: str,
        process_id: str,
        variables: Mapping[str, Any] | None = None,
        business_key: str | None = None,
    ) -> str:
        """Start a process of the version in force that is not a complaint (an archive request, a report). Returns its id.

        Raises FormInvalid when the start event has a form and the variables do not fit it.
        """
        context = self._context
        check_key(business_key)
        try:
            with context.store.write() as session:
                deployment = context.latest(session, pack)
                parsed = context.pack(session, deployment.id)
                if actor.kind == "staff" and not actor.packs([parsed.name]):
                    raise forbidden({"zh": "启动流程", "en": "start a process"}, "staff")
                if process_id not in parsed.definitions.processes:
                    raise NotFound(what={"zh": "可执行流程", "en": "executable process"}, id=process_id)
                if parsed.files_complaints(process_id):
                    raise BadRequest(
                        reason={
                            "zh": "投诉须通过登记受理启动，以便编号和建立台账",
                            "en": "a complaint is started by filing it, so that it is numbered and entered in the ledger",
                        }
                    )
                self._by_hand(parsed, process_id)
                given = self._checked(parsed, process_id, dict(variables or {}), actor.language)
                execution = Execution.create(context, session, parsed, deployment.id, process_id, business_key, actor)
                execution.start(feel.to_feel({k: v for k, v in given.items() if k not in parsed.personal}))
                broadcast(context, session, execution)
                return execution.instance.id
        except ExecutionError as error:
            record(context, error)
            raise

    @staticmethod
    def _by_hand(pack: Pack, process_id: str) -> None:
        """Refuse a process without a plain start event (Camunda 8, "Process instance creation")."""
        process = pack.definitions.processes[process_id].process
        starts = triggered(process)
        if len(starts) < len(process.starts()):
            return
        zh, en = (pack.names.process(process_id).text(language) for language in ("zh", "en"))
        shown = "、".join(written(e.event) for e in starts if e.event is not None)
        raise BadRequest(
            reason={
                "zh": f"“{zh}”只由消息、定时或信号启动（{shown}），不能手工启动。请发送该消息或等到时，或在图中另画一个无触发条件的开始事件并重新部署",
                "en": f"“{en}” is started only by a message, timer or signal ({shown}), not by hand. Send the message, wait for the time, or draw a plain start event beside it and deploy again",
            }
        )

    def _checked(self, pack: Pack, process_id: str, variables: dict[str, Any], language: str) -> dict[str, Any]:
        """The variables as the form of the start event takes them; others are kept beside its fields."""
        starts = pack.definitions.processes[process_id].process.starts()
        form = next((pack.forms[e.form_id] for e in starts if e.form_id and e.form_id in pack.forms), None)
        if form is None:
            return variables
        now = self._context.clock.now().astimezone(self._context.zone)
        fields = {f.name.split(".")[0] for f in form.fields}
        filled = {k: v for k, v in variables.items() if k in fields}
        result = form.validate_values(filled, {}, language, now, pack.names.label if language == "en" else None)
        if not result.ok:
            raise invalid(result.errors, form, pack, language)
        return {**{k: v for k, v in variables.items() if k not in fields}, **result.values}

    def startable(self, actor: Actor) -> list[Startable]:
        """What the actor may start: processes of the versions in force whose start event has a form, complaints left out."""
        found: list[Startable] = []
        for info in Deployments(self._context).packs(actor):
            with self._context.store.read() as session:
                pack = self._context.pack(session, info.deployment_id)
            called = {e.called_process for p in pack.processes.values() for e in p.walk()}
            for process in pack.processes.values():
                forms = [pack.forms[e.form_id] for e in process.starts() if e.form_id in pack.forms]
                if forms and process.executable and process.id not in {pack.entry, *called}:
                    name = pack.names.process(process.id)
                    found.append(
                        Startable(pack.name, process.id, info.deployment_id, name, process.documentation, forms[0])
                    )
        return found

    def get(self, actor: Actor, instance_id: str) -> InstanceDetail:
        """One instance with its tokens, timeline, variables and due dates. Raises NotFound, Forbidden."""
        with self._context.store.read() as session:
            return instance_detail(self._context, session, actor, readable(session, actor, instance_id))

    def history(self, actor: Actor, instance_id: str) -> list[HistoryRow]:
        """What happened, oldest first."""
        with self._context.store.read() as session:
            instance = readable(session, actor, instance_id)
            pack = self._context.pack(session, instance.deployment_id)
            events = session.scalars(
                select(HistoryEvent).where(HistoryEvent.instance_id == instance_id).order_by(HistoryEvent.seq)
            ).all()
            zone, others = self._context.zone, self._context.packs(session, (event.deployment_id for event in events))
            return history_rows(session, events, pack.names, processes=pack.processes, zone=zone, others=others)

    def variables(self, actor: Actor, instance_id: str) -> dict[str, Any]:
        """The process variables, as JSON values."""
        return dict(self.get(actor, instance_id).variables)

    def cancel(self, actor: Actor, instance_id: str, reason: str) -> None:
        """End an instance before its time; managers only, with a reason."""
        context = self._context
        if not reason.strip():
            raise BadRequest(reason={"zh": "取消需要填写原因", "en": "cancelling needs a reason"})
        with context.store.write() as session:
            instance, complaint = locked(session, instance_id)
            require(actor, instance.pack, "manager", action={"zh": "取消流程", "en": "cancel a process"})
            require_active(instance)
            session.expunge(instance)
            pack = context.pack(session, instance.deployment_id)
            execution = Execution(context, session, pack, instance, complaint, actor)
            instance.state = "cancelled"
            execution.events.append(Event("cancel_requested", reason=reason.strip()))
            execution.run(lambda machine: machine.cancel_all())

    def overview(self, actor: Actor, pack: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Counts on the diagram: process id -> element id -> active, overdue, incidents, average hours of a task."""
        if not reads_all(actor, pack):
            raise forbidden({"zh": "查看运行总览", "en": "see the operations overview"}, "manager")
        now = self._context.clock.now()
        with self._context.store.read() as session:
            counts: dict[str, dict[str, dict[str, Any]]] = {}
            active = case((UserTask.state == "open", 1), else_=0)
            overdue = case((and_(UserTask.state == "open", UserTask.due_at < now), 1), else_=0)
            rows = session.execute(
                select(UserTask.process_id, UserTask.element_id, func.sum(active), func.sum(overdue))
                .where(UserTask.pack == pack)
                .group_by(UserTask.process_id, UserTask.element_id)
            )
            for process_id, element_id, open_, late in rows:
                counts.setdefault(process_id, {})[element_id] = {
                    "active": int(open_),
                    "overdue": int(late),
                    "incidents": 0,
                    "avg_hours": None,
                }
            self._durations(session, pack, counts)
            broken = session.execute(
                select(Incident.element_id, func.count())
                .where(Incident.pack == pack, Incident.resolved_at.is_(None))
                .group_by(Incident.element_id)
            )
            for element_id, count in broken:
                for elements in counts.values():
                    if element_id in elements:
                        elements[element_id]["incidents"] = int(count)
            return counts

    def _durations(self, session: Session, pack: str, counts: dict[str, dict[str, dict[str, Any]]]) -> None:
        rows = session.execute(
            select(UserTask.process_id, UserTask.element_id, UserTask.created_at, UserTask.completed_at)
            .where(UserTask.pack == pack, UserTask.state == "completed")
            .order_by(UserTask.completed_at.desc())
            .limit(2000)
        )
        hours: dict[tuple[str, str], list[float]] = {}
        for process_id, element_id, created, completed in rows:
            if completed is not None:
                hours.setdefault((process_id, element_id), []).append((completed - created).total_seconds() / 3600)
        for (process_id, element_id), values in hours.items():
            counts[process_id][element_id]["avg_hours"] = round(sum(values) / len(values), 2)


def readable(session: Session, actor: Actor, instance_id: str) -> ProcessInstance:
    """The instance. Raises NotFound, and Forbidden for those who have to do with neither it nor its complaint."""
    instance = session.get(ProcessInstance, instance_id)
    if instance is None:
        raise NotFound(what={"zh": "流程实例", "en": "process instance"}, id=instance_id)
    if reads_all(actor, instance.pack):
        return instance
    touched = exists().where(
        UserTask.instance_id == instance_id,
        ~UserTask.blind,
        or_(tasks_of(actor), UserTask.completed_by == actor.id),
    )
    complaint = exists().where(Complaint.instance_id == instance_id, sees_complaints(actor))
    if actor.kind == "complainant" or not session.scalar(select(or_(touched, complaint))):
        raise forbidden({"zh": "查看此流程", "en": "see this process"}, "staff")
    return instance


def locked(session: Session, instance_id: str) -> tuple[ProcessInstance, Complaint | None]:
    """The instance and its complaint, for a change. Raises NotFound."""
    row = session.execute(
        select(ProcessInstance, Complaint)
        .outerjoin(Complaint, Complaint.instance_id == ProcessInstance.id)
        .where(ProcessInstance.id == instance_id)
        .with_for_update(of=[ProcessInstance])
    ).first()
    if row is None:
        raise NotFound(what={"zh": "流程实例", "en": "process instance"}, id=instance_id)
    instance, complaint = row
    return instance, complaint


def require_active(instance: ProcessInstance) -> None:
    """Raise Ended unless the instance goes on."""
    if instance.state != "active":
        raise Ended(number=instance.business_key or instance.id, state=_STATES.get(instance.state, instance.state))
