"""``make bench``: how fast and how small, measured against the floor that SpiffWorkflow alone sets, in the same run.

The last line of the output is one JSON object. Measurements are interleaved and medians are reported, since only ratios
within one run travel between machines.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import DEFAULT_CONFIG, BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

from engine import SYSTEM, Actor, Engine, load_config, open_engine
from engine.check import check
from engine.models import UserTask
from engine.packs import load_pack, read_folder
from engine.scenarios import run_scenarios

TASKS = 12
RUNS = 15
HTTP_RUNS = 12
SMALL_INSTANCES = 40
PACK = "bench"
STAFF = Actor(id="bench", name="bench", groups=frozenset({f"{PACK}/office"}))

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="bench">'
)


def diagram(tasks: int, quote: str) -> bytes:
    """A process of ``tasks`` user tasks, each with a reminding and an escalating boundary timer."""
    parts, flows = ['<bpmn:startEvent id="begin"/>'], []
    previous = "begin"
    for n in range(1, tasks + 1):
        parts.append(
            f'<bpmn:userTask id="t{n}" name="Step {n}"><bpmn:extensionElements><zeebe:formDefinition formId="step"/>'
            '<zeebe:assignmentDefinition candidateGroups="office"/></bpmn:extensionElements></bpmn:userTask>'
        )
        for kind, duration in (("remind", "P2D"), ("late", "P3D")):
            parts.append(
                f'<bpmn:boundaryEvent id="{kind}{n}" attachedToRef="t{n}" cancelActivity="false"><bpmn:timerEventDefinition>'
                f"<bpmn:timeDuration>{quote}{duration}{quote}</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
                f'<bpmn:manualTask id="{kind}_task{n}"/><bpmn:endEvent id="{kind}_end{n}"/>'
            )
            flows += [(f"{kind}{n}", f"{kind}_task{n}"), (f"{kind}_task{n}", f"{kind}_end{n}")]
        flows.append((previous, f"t{n}"))
        previous = f"t{n}"
    parts.append('<bpmn:endEvent id="finish"/>')
    flows.append((previous, "finish"))
    lines = "".join(f'<bpmn:sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(flows))
    return f'{_HEAD}<bpmn:process id="walk" isExecutable="true">{"".join(parts)}{lines}</bpmn:process></bpmn:definitions>'.encode()


FORM = {
    "type": "default",
    "id": "step",
    "components": [{"type": "textfield", "key": "note", "label": "Note", "validate": {"required": True}}],
}
MANIFEST = (
    'name = "bench"\ntitle = "bench"\nentry = "walk"\ncalendar = "calendar"\n[groups]\noffice = { title = "office" }\n'
)


def pack(tasks: int) -> dict[str, bytes]:
    return {
        "pack.toml": MANIFEST.encode(),
        "walk.bpmn": diagram(tasks, ""),
        "forms/step.form": json.dumps(FORM).encode(),
    }


class Floor:
    """One user task completed with SpiffWorkflow and SQLite and nothing else: the least anything on them can cost."""

    def __init__(self, folder: Path) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(BytesIO(diagram(TASKS, '"')))
        self.spec = parser.get_spec("walk")
        specs = self.spec

        class WithoutSpecs(BpmnWorkflowConverter):  # type: ignore[misc]
            def to_dict(self, workflow: Any) -> Any:
                dct = super(BpmnWorkflowConverter, self).to_dict(workflow)
                dct["subprocesses"] = {}
                dct["bpmn_events"] = []
                return dct

            def from_dict(self, dct: Any) -> Any:
                return _restore(self, dct, specs)

        registry = BpmnWorkflowSerializer.configure({**DEFAULT_CONFIG, BpmnWorkflow: WithoutSpecs})
        self.serializer = BpmnWorkflowSerializer(registry)
        self.db = sqlite3.connect(folder / "floor.sqlite3")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, data TEXT)")
        self.row = 0
        self.left = 0

    def complete(self) -> None:
        """Read the row, load, run to the next wait state, dump, write the row, commit."""
        text = self.db.execute("SELECT data FROM state WHERE id = ?", (self.row,)).fetchone()[0]
        workflow = self.serializer.deserialize_json(text)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data["note"] = "done"
        task.run()
        workflow.do_engine_steps()
        self.db.execute("UPDATE state SET data = ? WHERE id = ?", (self.serializer.serialize_json(workflow), self.row))
        self.db.commit()

    def one(self) -> float:
        """Milliseconds for one completion; a new instance is started (unmeasured) when the last one ended."""
        if not self.left:
            workflow = BpmnWorkflow(self.spec)
            workflow.do_engine_steps()
            self.row += 1
            self.left = TASKS
            self.db.execute("INSERT INTO state VALUES (?, ?)", (self.row, self.serializer.serialize_json(workflow)))
            self.db.commit()
        self.left -= 1
        return timed(self.complete)


def _restore(converter: Any, dct: dict[str, Any], spec: Any) -> BpmnWorkflow:
    from uuid import UUID

    workflow = BpmnWorkflow(spec, {}, deserializing=True)
    workflow.tasks = converter.mapping_from_dict(dct["tasks"], UUID, workflow=workflow)
    workflow.task_tree = workflow.tasks.get(UUID(dct["root"]))
    converter.set_default_attributes(workflow, dct)
    return workflow


@dataclass
class Ours:
    """The same work through the engine: form, rights, ledger, timers, history and all."""

    engine: Engine
    tasks: list[str] = field(default_factory=list)

    def next_task(self) -> str:
        """The open task of the running instance; starts another one (unmeasured) when it ended."""
        if not self.tasks:
            self.engine.instances.start(SYSTEM, PACK, "walk", {})
            self.tasks = open_tasks(self.engine)
        return self.tasks.pop()

    def one(self) -> float:
        task_id = self.next_task()
        ms = timed(lambda: self.engine.tasks.complete(STAFF, task_id, {"note": "done"}))
        self.tasks = open_tasks(self.engine)
        return ms


def open_tasks(engine: Engine) -> list[str]:
    with engine.context.store.read() as session:
        return list(session.scalars(select(UserTask.id).where(UserTask.state == "open")))


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def sql_counts(ours: Ours) -> tuple[int, int]:
    """Most SQL statements and commits of one completion."""
    most, commits = 0, 0
    for _ in range(TASKS):
        task_id = ours.next_task()
        with ours.engine.context.store.count_statements() as seen:
            ours.engine.tasks.complete(STAFF, task_id, {"note": "done"})
        most, commits = max(most, seen.count), max(commits, seen.commits)
        ours.tasks = open_tasks(ours.engine)
    return most, commits


def bytes_per_instance(folder: Path) -> float:
    """Bytes the database grows by for a completed instance of three user tasks, indexes and history included."""
    path = folder / "small.sqlite3"
    engine = open_engine(load_config(var=str(folder), database_url=f"sqlite:///{path}"))
    engine.deployments.deploy_files(SYSTEM, pack(3), name=PACK)

    def size() -> int:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return int(db.execute("PRAGMA page_count").fetchone()[0]) * int(
                db.execute("PRAGMA page_size").fetchone()[0]
            )

    before = size()
    for _ in range(SMALL_INSTANCES):
        engine.instances.start(SYSTEM, PACK, "walk", {})
        while tasks := open_tasks(engine):
            engine.tasks.complete(STAFF, tasks[0], {"note": "done"})
    engine.close()
    return (size() - before) / SMALL_INSTANCES


class Server:
    """A served engine in a process of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.port = 8973
        environment = {**os.environ, "REDRESS_DATABASE_URL": url, "REDRESS_VAR": str(folder)}
        command = [sys.executable, "-m", "web.cli", "serve", "--port", str(self.port)]
        start = time.perf_counter()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.startup = self._wait(start)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def _wait(self, start: float) -> float:
        while time.perf_counter() - start < 120:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/sign-in")
                if connection.getresponse().status < 500:
                    return time.perf_counter() - start
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not start")

    def complete(self, task_id: str, token: str) -> None:
        body = json.dumps({"values": {"note": "done"}})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection.request("POST", f"/api/v1/tasks/{task_id}/complete", body, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise SystemExit(f"HTTP {response.status}: {text[:500]!r}")

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def bundled(folder: Path) -> dict[str, float]:
    """Checking all bundled packs, and running all their scenarios on all processors."""
    config = load_config(var=str(folder))
    started = time.perf_counter()
    packs = [load_pack(read_folder(p.parent), p.parent.name) for p in sorted(config.packs.glob("*/pack.toml"))]
    assert all(check(found).ok for found in packs)
    checked = time.perf_counter()
    outcomes = [outcome.ok for _, outcome in run_scenarios(packs, config)]
    assert all(outcomes)
    return {
        "packs": len(packs),
        "scenarios": len(outcomes),
        "check_s": round(checked - started, 1),
        "scenarios_s": round(time.perf_counter() - checked, 1),
    }


def rounds(n: int) -> Iterator[int]:
    for i in range(n):
        print(f"  round {i + 1}/{n}", file=sys.stderr, end="\r", flush=True)
        yield i
    print(file=sys.stderr)


def measure(folder: Path) -> dict[str, float]:
    url = f"sqlite:///{folder / 'bench.sqlite3'}"
    config = load_config(var=str(folder), database_url=url)
    engine = open_engine(config)
    engine.deployments.deploy_files(SYSTEM, pack(TASKS), name=PACK)
    engine.users.create(SYSTEM, "bench", "bench", None, [f"{PACK}/office"])
    token = engine.users.token_create(SYSTEM, "bench", "bench", 1)
    floor, ours = Floor(folder), Ours(engine)
    for _ in range(TASKS):
        floor.one(), ours.one()
    print("in process ...", file=sys.stderr)
    floors, completes = [], []
    for _ in rounds(RUNS):
        for _ in range(TASKS):
            floors.append(floor.one())
            completes.append(ours.one())
    statements, commits = sql_counts(ours)
    print("over HTTP ...", file=sys.stderr)
    server = Server(folder, url)
    try:
        over_http = []
        for _ in rounds(HTTP_RUNS):
            for _ in range(TASKS):
                task_id = ours.next_task()
                over_http.append(timed(partial(server.complete, task_id, token)))
                ours.tasks = open_tasks(engine)
        rss = server.rss_mb()
    finally:
        server.stop()
    engine.close()
    over_http.sort()
    floor_ms, complete_ms = statistics.median(floors), statistics.median(completes)
    return {
        "floor_ms": round(floor_ms, 2),
        "complete_ms": round(complete_ms, 2),
        "ratio": round(complete_ms / floor_ms, 2),
        "http_p50_ms": round(statistics.median(over_http), 2),
        "http_p95_ms": round(over_http[int(len(over_http) * 0.95)], 2),
        "sql_statements": statements,
        "commits": commits,
        "bytes_per_instance": round(bytes_per_instance(folder)),
        "startup_s": round(server.startup, 2),
        "rss_mb": round(rss, 1),
        **bundled(folder),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name))))
