"""Timers fire by themselves in a real server, also in the one started after the first was killed.

The only tests that look at the clock on the wall: they wait for what another process does, never longer than needed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import SYSTEM, Engine, load_config, open_engine
from engine.models import Timer, UserTask
from tests.office import PACKS, ROOT
from web.build import ensure_assets

STARTING = 60.0
"""Seconds a server may take to answer on a busy machine."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('var = "var"\ndatabase_url = "sqlite:///office.sqlite3"\n', encoding="utf-8")
    return file


@pytest.fixture
def engine(settings: Path) -> Iterator[Engine]:
    """The same database as the server's; nothing runs in the background here."""
    engine = open_engine(load_config(settings))
    engine.deployments.deploy(SYSTEM, PACKS / "reminder")
    yield engine
    engine.close()


@contextmanager
def serving(settings: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``redress serve`` on a free port, until the block ends."""
    ensure_assets()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "web.cli", "--config", str(settings), "serve", "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REDRESS_")}
    with open(settings.parent / "server.log", "ab") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        assert _within(STARTING, lambda: _answers(port)), (settings.parent / "server.log").read_text("utf-8")
        yield server
    finally:
        server.kill()
        server.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(0.5)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _within(seconds: float, happened: object) -> bool:
    end = time.monotonic() + seconds
    while not (found := happened()) and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.03)
    return bool(found)


def _waiting(engine: Engine) -> str:
    form, _ = engine.complaints.intake_form("reminder")
    given = {f.name: f.options[0].value if f.options else "请尽快回复这件事情" for f in form.fields}
    return engine.complaints.file(SYSTEM, "reminder", given).instance_id


def _due_in(engine: Engine, instance_id: str, seconds: float) -> datetime:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    with engine.context.store.write() as session:
        changed = session.execute(update(Timer).where(Timer.instance_id == instance_id).values(due_at=at, run_at=at))
    assert changed.rowcount == 1
    return at


def _reminder(engine: Engine, instance_id: str) -> datetime | None:
    with engine.context.store.read() as session:
        return session.scalar(
            select(UserTask.created_at).where(UserTask.instance_id == instance_id, UserTask.element_id == "reminder")
        )


def _seconds_late(engine: Engine, instance_id: str, due: datetime) -> float:
    assert _within(6, lambda: _reminder(engine, instance_id)), "the reminder did not appear"
    created = _reminder(engine, instance_id)
    assert created is not None
    return (created - due).total_seconds()


def test_a_reminder_appears_within_two_seconds_and_survives_a_killed_server(settings: Path, engine: Engine) -> None:
    first, second = _waiting(engine), _waiting(engine)
    with serving(settings) as server:
        due = _due_in(engine, first, 1.0)
        assert 0 <= _seconds_late(engine, first, due) < 2
        due = _due_in(engine, second, 1.5)
        server.send_signal(signal.SIGKILL)
        assert server.wait(10) == -signal.SIGKILL
        assert _reminder(engine, second) is None
    assert _within(5, lambda: datetime.now(UTC) > due)
    assert _reminder(engine, second) is None, "somebody fired it while no server ran"
    with serving(settings):
        answering = datetime.now(UTC)
        assert _seconds_late(engine, second, answering) < 2
    with engine.context.store.read() as session:
        query = select(UserTask.id).where(UserTask.instance_id == second, UserTask.element_id == "reminder")
        assert len(session.scalars(query).all()) == 1
