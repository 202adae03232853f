"""A scenario under way, and what is to be seen of it in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine import Engine
from engine.clock import VirtualClock
from engine.guarantees import Run
from engine.models import HistoryEvent, Outbox, ProcessInstance, UserTask, UserTaskCandidate
from engine.packs import Pack
from engine.runtime import state


class Mismatch(Exception):
    """A scenario did not go as written: what was expected and what was found; ``zh`` says it in Chinese where it can."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.zh = zh or en


@dataclass
class Walk:
    """A running scenario."""

    engine: Engine
    clock: VirtualClock
    pack: Pack
    process_id: str = ""
    instance_id: str = ""
    number: str | None = None
    sent_before: int = 0


def instance_of(walk: Walk) -> ProcessInstance:
    """The instance the scenario is about. Raises Mismatch before anything has started it."""
    with walk.engine.context.store.read() as session:
        instance = session.get(ProcessInstance, walk.instance_id)
    if instance is None:
        raise Mismatch(f"nothing has started the process “{walk.process_id}” yet")
    return instance


def open_tasks(walk: Walk) -> list[UserTask]:
    """Its open user tasks, oldest first."""
    with walk.engine.context.store.read() as session:
        query = select(UserTask).where(UserTask.instance_id == walk.instance_id, UserTask.state == "open")
        return list(session.scalars(query.order_by(UserTask.created_at, UserTask.element_id, UserTask.id)))


def candidates(walk: Walk, task_id: str) -> list[str]:
    """The groups (with their pack) and people a task is offered to."""
    with walk.engine.context.store.read() as session:
        return sorted(session.scalars(select(UserTaskCandidate.candidate).where(UserTaskCandidate.task_id == task_id)))


def letters_sent(walk: Walk) -> list[str]:
    """The letters in the outbox, oldest first."""
    with walk.engine.context.store.read() as session:
        return [
            name or ""
            for name in session.scalars(
                select(Outbox.letter).where(Outbox.instance_id == walk.instance_id).order_by(Outbox.id)
            )
        ]


def passed(walk: Walk) -> set[str]:
    """The elements the instance has completed."""
    return set(run_of(walk).trace)


def run_of(walk: Walk) -> Run:
    """What the instance has done so far, each step in the order in which it happened."""
    if not walk.instance_id:
        return Run()
    trace: list[str] = []
    reached: list[tuple[int, str]] = []
    performers: dict[str, tuple[str, ...]] = {}
    fired: set[str] = set()
    gateways: list[tuple[int, str]] = []
    told = 0
    with walk.engine.context.store.read() as session:
        instance = session.get_one(ProcessInstance, walk.instance_id)
        columns = HistoryEvent.type, HistoryEvent.element_id, HistoryEvent.actor, HistoryEvent.payload
        query = select(*columns).where(HistoryEvent.instance_id == walk.instance_id)
        for kind, element, actor, payload in session.execute(query.order_by(HistoryEvent.seq)):
            if kind == "steps_taken" and payload is not None:
                trace += [gateway for _, gateway in gateways]
                gateways, told = payload["gateways"], 0
            elif kind.startswith("element_") and element is not None:
                trace += [gateway for place, gateway in gateways if place <= told]
                gateways, told = [(p, g) for p, g in gateways if p > told], told + 1
                if kind == "element_completed":
                    trace.append(element)
                elif kind == "element_entered":
                    reached.append((len(trace), element))
            elif kind == "decision_evaluated" and payload is not None:
                fired.update(f"{rule['decision']}#{rule['rule']}" for rule in payload["rules"])
            elif kind == "task_completed" and element is not None:
                performers[element] = (*performers.get(element, ()), actor or "")
        trace += [gateway for _, gateway in gateways]
        return Run(
            tuple(trace),
            tuple(reached),
            instance.end_element,
            performers,
            state.all_variables(instance.data),
            frozenset(fired),
        )


def snapshot(walk: Walk) -> tuple[Any, ...]:
    """Everything a refused step must leave as it was."""
    instance = instance_of(walk)
    return instance.revision, instance.data, len(letters_sent(walk)), tuple(t.id for t in open_tasks(walk))
