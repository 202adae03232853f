"""An office for tests: an engine with the telecom pack, its made-up members, and short ways to act."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import SYSTEM, Actor, Engine, load_config, open_engine
from engine.clock import VirtualClock
from engine.config import Config
from engine.models import UserTask, UserTaskCandidate
from engine.packs import Pack
from engine.rehearsal import Rehearsal
from engine.scenarios import Outcome, advance, member, play
from engine.store import Store
from engine.types import Completed, PackInfo, Started

ROOT = Path(__file__).resolve().parent.parent
PACKS = Path(__file__).resolve().parent / "packs"

INTAKE: dict[str, Any] = {
    "channel": "热线",
    "kind": "投诉",
    "complainant": "王小明",
    "contact": "13900000001",
    "matter": "套餐降档后连续三个月仍按原价收费",
    "demand": "按新套餐重新计费并退还差额",
}
TRIAGE: dict[str, Any] = {
    "kind": "投诉",
    "matter_clear": "清楚",
    "category": "营销与套餐",
    "severity": "一般",
    "departments": ["市场部"],
    "hard": False,
    "override_reason": "按客户主要诉求判断",
}


@dataclass
class Office:
    """An engine on a store with virtual time."""

    store: Store
    clock: VirtualClock
    var: Path
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = open_engine(load_config(var=str(self.var)), self.clock, self.store)

    def deploy(self, folder: str | Path) -> PackInfo:
        return self.engine.deployments.deploy(SYSTEM, folder)

    def file(self, pack: str = "telecom", **changes: Any) -> Started:
        return self.engine.complaints.file(SYSTEM, pack, {**INTAKE, **changes})

    def open_tasks(self, instance_id: str) -> list[UserTask]:
        with self.store.read() as session:
            query = select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == "open")
            return list(session.scalars(query.order_by(UserTask.created_at, UserTask.id)))

    def task(self, instance_id: str, element_id: str) -> UserTask:
        return next(t for t in self.open_tasks(instance_id) if t.element_id == element_id)

    def members(self, task: UserTask) -> list[Actor]:
        with self.store.read() as session:
            groups = list(
                session.scalars(select(UserTaskCandidate.candidate).where(UserTaskCandidate.task_id == task.id))
            )
        return [member(*g.split("/", 1), n) for g in groups for n in (1, 2, 3)]

    def complete(
        self, instance_id: str, element_id: str, values: Mapping[str, Any], by: Actor | None = None
    ) -> Completed:
        task = self.task(instance_id, element_id)
        actor = by or next(a for a in self.members(task) if a.id not in (task.excluded or {}))
        return self.engine.tasks.complete(actor, task.id, values)

    def advance(self, **by: float) -> None:
        advance(self.engine, self.clock, self.clock.now() + timedelta(**by))


def manager(pack: str = "telecom") -> Actor:
    return Actor(id="manager", name="Manager", roles=frozenset({("manager", pack)}))


def at_once(*acts: Callable[[], Any]) -> None:
    """Do everything at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def run_scenario(pack: Pack, path: str, config: Config) -> Outcome:
    """One golden walk of a pack, alone."""
    with closing(Rehearsal(pack, config)) as rehearsal:
        return play(rehearsal, path)
