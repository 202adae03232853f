"""The application as the browser tests see it: demo people, complaints at every stage, a real server, a clock that stands."""

from __future__ import annotations

import csv
import fcntl
import shutil
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from sqlalchemy import select
from waitress.server import create_server

from engine import SYSTEM, Actor, Config, Engine, load_config, open_engine
from engine.clock import Clock, VirtualClock
from engine.demo import seed_complaints, seed_people
from engine.models import ProcessInstance, UserTask, UserTaskCandidate
from engine.passwords import Passwords
from engine.types import Started
from engine.user_tasks import variables_of
from engine.users import Users
from engine.walks import plausible
from tests.office import INTAKE, ROOT
from web import create_app
from web.build import ensure_assets

NOW = datetime(2026, 3, 4, 2, 45, tzinfo=UTC)
"""Wednesday, a quarter to eleven in Shanghai."""
TELECOM = ROOT / "processes" / "telecom"
GENERIC = ROOT / "processes" / "generic"
_PER_STAGE = {"triage": 3, "closed": 4, "passed_on": 1}
_QUICK = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
_MOST_DAYS = 18
"""Older samples cost time and show nothing new, but for the closed ones."""


@dataclass
class Served:
    """A running server, the engine behind it, and short ways to bring a complaint somewhere."""

    url: str
    engine: Engine
    callers: Iterator[int] = field(default_factory=lambda: count(13700000001))

    def file(self, **changes: Any) -> Started:
        """A new complaint of a new customer by telephone; it waits for triage."""
        intake = {**INTAKE, "contact": str(next(self.callers)), **changes}
        return self.engine.complaints.file(SYSTEM, "telecom", intake)

    def person(self, login: str) -> Actor:
        actor = self.engine.users.actor(login)
        assert actor is not None, f"no account {login}"
        return actor

    def open_tasks(self, instance_id: str) -> list[UserTask]:
        with self.engine.context.store.read() as session:
            query = select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == "open")
            return list(session.scalars(query.order_by(UserTask.created_at, UserTask.id)))

    def task(self, filed: Started, element_id: str = "triage") -> str:
        """The id of an open task of a complaint."""
        return next(task.id for task in self.open_tasks(filed.instance_id) if task.element_id == element_id)

    def drive(self, filed: Started, target: str) -> str:
        """Complete tasks as their people would until ``target`` is open; its id."""
        chance = Random(7)
        for _step in range(30):
            tasks = self.open_tasks(filed.instance_id)
            found = next((task.id for task in tasks if task.element_id == target), None)
            if found is not None:
                return found
            self._complete(tasks[0], chance)
        raise AssertionError(f"{target} was not reached; open: {[task.element_id for task in tasks]}")

    def _complete(self, task: UserTask, chance: Random) -> None:
        context = self.engine.context
        with context.store.read() as session:
            instance = session.get_one(ProcessInstance, task.instance_id)
            known = variables_of(context, session, instance, task.id)
            groups = set(
                session.scalars(select(UserTaskCandidate.candidate).where(UserTaskCandidate.task_id == task.id))
            )
        form = self.engine.deployments.parsed(instance.deployment_id).forms[task.form_id or ""]
        hints = _hints()
        given = {**hints.get("*", {}), **hints.get(task.element_id, {}), **_SMOOTH.get(task.element_id, {})}
        values = plausible(form, known, chance, given, context.clock.now().astimezone(ZoneInfo(context.config.zone)))
        able = [person.id for person in self.engine.users.list() if groups & set(person.groups)]
        performer = next(self.person(login) for login in able if login not in (task.excluded or {}))
        self.engine.tasks.complete(performer, task.id, values)


_SMOOTH: Mapping[str, Mapping[str, Any]] = {
    "triage": {"category": ["营销与套餐"], "severity": ["一般"], "departments": [["市场部"]], "kind": ["投诉"]},
    "negotiate": {"agreement": ["认可"]},
    "review": {"review_result": ["通过"]},
}
"""Values that lead straight to the callback."""


@contextmanager
def served(folder: Path, clock: Clock | None = None) -> Iterator[Served]:
    """Serve the database in ``folder`` on a free port; no scheduler runs."""
    engine = open_engine(configured(folder), clock or VirtualClock(NOW))
    server = create_server(create_app(engine, RATELIMIT_ENABLED=False), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.effective_port}", engine)
    finally:
        server.close()
        thread.join(5)
        engine.close()


def _run(server: Any) -> None:
    with suppress(OSError):
        server.run()


def configured(folder: Path) -> Config:
    """Settings for a database, keys and letters of their own in ``folder``."""
    return load_config(
        ROOT / "config.toml",
        mode="demo",
        var=str(folder),
        database_url=f"sqlite:///{folder}/redress.sqlite3",
        mail=None,
    )


def seeded_once(shared: Path, own: Path) -> Path:
    """A copy for this worker of the sample office, which the first worker to come makes for all."""
    ensure_assets()
    shared.mkdir(parents=True, exist_ok=True)
    with open(shared / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "office" / "ready").is_file():
            shutil.rmtree(shared / "office", ignore_errors=True)
            seed(shared / "office", few_samples(shared))
            (shared / "office" / "ready").touch()
    shutil.copytree(shared / "office", own)
    return own


def seed(folder: Path, telecom: Path = TELECOM, clock: Clock | None = None) -> None:
    """Deploy the packs, create the demo people, and drive the samples in ``telecom`` to their stages."""
    folder.mkdir(parents=True)
    engine = open_engine(configured(folder), clock or VirtualClock(NOW))
    try:
        for pack in (TELECOM, GENERIC):
            engine.deployments.deploy(SYSTEM, pack, "tests")
        engine.users = Users(engine.context.store, engine.clock, engine.config, Passwords(PasswordHasher(**_QUICK)))
        seed_people(engine, [TELECOM, GENERIC])
        seed_complaints(engine, telecom, lambda _zh, _en: None)
    finally:
        engine.close()


def few_samples(folder: Path) -> Path:
    """The pack's samples cut down to a few of each stage."""
    samples = folder / TELECOM.name / "samples"
    shutil.copytree(TELECOM / "samples", samples, dirs_exist_ok=True)
    with open(TELECOM / "samples" / "complaints.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    taken: dict[str, int] = {}
    kept = []
    for row in reversed(rows):
        stage = row["stage_target"]
        if taken.get(stage, 0) < _PER_STAGE.get(stage, 2):
            taken[stage] = taken.get(stage, 0) + 1
            kept.append(row | {"days_ago": str(min(int(row["days_ago"]), _MOST_DAYS))})
    with open(samples / "complaints.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(reversed(kept))
    return samples.parent


def _hints() -> Mapping[str, Any]:
    return tomllib.loads((TELECOM / "samples" / "values.toml").read_text("utf-8"))
