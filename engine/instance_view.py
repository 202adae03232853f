"""One instance as Operations shows it: elements, flows taken, open tasks, timers with reasons, incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import feel, incidents
from engine.context import Context
from engine.due_text import due_text, timer_started
from engine.models import (
    Deployment,
    HistoryEvent,
    Incident,
    MessageSubscription,
    ProcessInstance,
    Timer,
    User,
    UserTask,
)
from engine.packs import Pack
from engine.runtime import state
from engine.runtime.model import Element, Process
from engine.task_rows import most_urgent_first, task_query, task_rows
from engine.types import Actor, DueText, ElementState, InstanceDetail, Name

_MERGING = ("parallelGateway", "inclusiveGateway")


@dataclass
class _Trace:
    """What is known of one element."""

    entered: int = 0
    completed: int = 0
    cancelled: int = 0
    active: int = 0
    overdue: bool = False
    at: list[datetime] = field(default_factory=list)
    performers: dict[str, None] = field(default_factory=dict)


_Traces = dict[tuple[str, str], _Trace]


@dataclass(frozen=True)
class _Shown:
    """A process and where its diagram comes from: the instance's deployment, or the one it was called from last."""

    process: Process
    pack: Pack
    deployment_id: str


_Processes = Mapping[str, _Shown]


def instance_detail(context: Context, session: Session, actor: Actor, instance: ProcessInstance) -> InstanceDetail:
    """Everything about ``instance``, for an actor who may see it."""
    events = session.scalars(
        select(HistoryEvent).where(HistoryEvent.instance_id == instance.id).order_by(HistoryEvent.seq)
    ).all()
    known = _known(context, session, instance, events)
    timers = session.scalars(select(Timer).where(Timer.instance_id == instance.id).order_by(Timer.due_at)).all()
    stopped = session.scalars(
        select(Incident)
        .where(Incident.instance_id == instance.id, Incident.resolved_at.is_(None))
        .order_by(Incident.id)
    ).all()
    open_tasks = session.execute(
        task_query().where(UserTask.instance_id == instance.id, UserTask.state == "open").order_by(*most_urgent_first())
    ).all()
    version = session.scalar(select(Deployment.version).where(Deployment.id == instance.deployment_id))
    flows = _flows(events)
    traces = _traces(context, session, known, instance, events, timers, flows)
    taking_part = _taking_part(known, instance, traces, flows)
    broken = {incident.element_id for incident in stopped}
    return InstanceDetail(
        id=instance.id,
        pack=instance.pack,
        business_key=instance.business_key,
        process_id=instance.process_id,
        state=instance.state,
        started_at=instance.started_at,
        ended_at=instance.ended_at,
        version=version or 0,
        diagrams=tuple((p, shown.pack.names.process(p), shown.deployment_id) for p, shown in taking_part.items()),
        elements=tuple(s for shown in taking_part.values() for s in _states(shown, traces, flows, broken)),
        flows={p: frozenset(f for owner, f in flows if owner == p) for p in taking_part},
        variables={k: feel.encode(v) for k, v in sorted(state.variables(instance.data).items())},
        tasks=task_rows(context, session, open_tasks),
        timers=tuple(_timer(context, session, known, instance, timer) for timer in timers),
        incidents=tuple(incidents.shown(incident) for incident in stopped),
    )


def _known(
    context: Context, session: Session, instance: ProcessInstance, events: Sequence[HistoryEvent]
) -> dict[str, _Shown]:
    """Process id -> what to show of it."""
    packs = context.packs(session, [instance.deployment_id, *(e.deployment_id for e in events)])
    own = packs[instance.deployment_id]
    known = {p: _Shown(process, own, instance.deployment_id) for p, process in own.processes.items()}
    for event in events:
        deployment = event.deployment_id or instance.deployment_id
        process = packs[deployment].processes.get(event.process_id or "")
        if process is not None:
            known[process.id] = _Shown(process, packs[deployment], deployment)
    return known


def _flows(events: Iterable[HistoryEvent]) -> Counter[tuple[str, str]]:
    """(process id, flow id) -> how often it was taken."""
    taken: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.type == "steps_taken":
            for flow in (event.payload or {}).get("flows", ()):
                process_id, _, flow_id = str(flow).partition("#")
                taken[process_id, flow_id] += 1
    return taken


def _traces(
    context: Context,
    session: Session,
    known: _Processes,
    instance: ProcessInstance,
    events: Sequence[HistoryEvent],
    timers: Sequence[Timer],
    flows: Mapping[tuple[str, str], int],
) -> _Traces:
    traces: _Traces = {}
    for event in events:
        if event.type.startswith("element_") and event.element_id is not None and event.process_id is not None:
            trace = traces.setdefault((event.process_id, event.element_id), _Trace())
            kind = event.type.removeprefix("element_")
            setattr(trace, kind, getattr(trace, kind) + 1)
            trace.at.append(event.at)
    _without_bodies(known, flows, traces)
    _user_tasks(context, session, instance, traces)
    waiting = {timer.element_id for timer in timers} | set(
        session.scalars(select(MessageSubscription.element_id).where(MessageSubscription.instance_id == instance.id))
    )
    for shown in known.values():
        for element in shown.process.walk():
            if element.id in waiting and element.type in ("intermediateCatchEvent", "receiveTask"):
                traces.setdefault((shown.process.id, element.id), _Trace()).active = 1
        _containers(instance, shown.process, traces)
    return traces


def _without_bodies(known: _Processes, flows: Mapping[tuple[str, str], int], traces: _Traces) -> None:
    """A multi-instance activity writes events for its body too; only what it did for each item counts."""
    for (process_id, element_id), trace in traces.items():
        process = known[process_id].process if process_id in known else None
        element = process.find(element_id) if process is not None else None
        if process is None or element is None or element.loop is None:
            continue
        bodies, done = _passed(process, element, flows)
        trace.entered = max(0, trace.entered - bodies)
        trace.completed = max(0, trace.completed - done)
        trace.cancelled = max(0, trace.cancelled - (bodies - done)) if trace.cancelled else 0


def _user_tasks(context: Context, session: Session, instance: ProcessInstance, traces: _Traces) -> None:
    """Rows of user tasks are exact; they replace what the events say of those elements."""
    rows = session.execute(
        select(
            UserTask.process_id,
            UserTask.element_id,
            UserTask.state,
            UserTask.due_at,
            UserTask.created_at,
            UserTask.completed_at,
            UserTask.completed_by,
            User.name,
        )
        .outerjoin(User, User.id == UserTask.completed_by)
        .where(UserTask.instance_id == instance.id)
        .order_by(UserTask.created_at)
    ).all()
    now = context.clock.now()
    for key in {(row.process_id, row.element_id) for row in rows}:
        traces[key] = _Trace()
    for row in rows:
        trace = traces[row.process_id, row.element_id]
        trace.entered += 1
        trace.completed += row.state == "completed"
        trace.active += row.state == "open"
        trace.overdue |= row.state == "open" and row.due_at is not None and row.due_at < now
        trace.at += [at for at in (row.created_at, row.completed_at) if at is not None]
        if row.state == "completed" and row.completed_by:
            trace.performers[row.name or row.completed_by] = None


def _containers(instance: ProcessInstance, process: Process, traces: _Traces) -> None:
    """Call activities and ad-hoc subprocesses are active while entered and not left, others while something inside is."""
    if instance.state not in ("active", "suspended"):
        return
    for element in reversed(list(process.walk())):
        trace = traces.get((process.id, element.id))
        if element.type in ("callActivity", "adHocSubProcess") and trace is not None:
            trace.active = max(0, trace.entered - trace.completed - trace.cancelled)
        elif element.children is not None:
            inside = (traces.get((process.id, e)) for e in element.children.elements)
            if any(t is not None and t.active for t in inside):
                traces.setdefault((process.id, element.id), _Trace()).active = 1


def _taking_part(
    known: _Processes,
    instance: ProcessInstance,
    traces: Mapping[tuple[str, str], _Trace],
    flows: Mapping[tuple[str, str], int],
) -> dict[str, _Shown]:
    """The processes with something to show, the entry first, the others as they were first reached."""
    seen = [instance.process_id, *(p for p, _ in traces), *(p for p, _ in flows)]
    return {p: known[p] for p in dict.fromkeys(seen) if p in known}


def _states(
    shown: _Shown, traces: _Traces, flows: Mapping[tuple[str, str], int], broken: set[str | None]
) -> Iterable[ElementState]:
    process = shown.process
    for element in process.walk():
        trace = traces.get((process.id, element.id), _Trace())
        arrived, left = _passed(process, element, flows)
        completed = max(trace.completed, left)
        entered = max(trace.entered, arrived, completed + trace.active)
        if not entered and element.id not in broken:
            continue
        yield ElementState(
            element_id=element.id,
            process_id=process.id,
            name=shown.pack.names.element(process.id, element.id),
            type=element.type,
            entered=entered,
            completed=completed,
            active=trace.active,
            overdue=trace.overdue,
            incident=element.id in broken,
            first_at=min(trace.at, default=None),
            last_at=max(trace.at, default=None),
            performers=tuple(trace.performers),
        )


def _passed(process: Process, element: Element, flows: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    """How often tokens came and went by the flows; a gateway that joins or forks counts once for all its flows."""
    came = [flows.get((process.id, flow), 0) for flow in element.incoming]
    went = [flows.get((process.id, flow), 0) for flow in element.outgoing]
    count = max if element.type in _MERGING else sum
    arrived = count(came) if came else 0
    return arrived, (max(went) if element.type not in ("exclusiveGateway", *_MERGING) else count(went)) if went else 0


def _timer(
    context: Context, session: Session, known: _Processes, instance: ProcessInstance, timer: Timer
) -> tuple[str, Name, DueText]:
    element = next((found for s in known.values() if (found := s.process.find(timer.element_id)) is not None), None)
    own = context.pack(session, instance.deployment_id)
    pack = known[element.process_id].pack if element is not None else own
    name = pack.names.element(element.process_id if element is not None else "", timer.element_id)
    started = timer_started(pack, element)
    return (
        timer.element_id,
        name,
        due_text(pack, started, timer.due_at, timer.provisional, timer.explanation, context.zone),
    )
