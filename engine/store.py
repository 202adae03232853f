"""The database: one transaction per use case on SQLite or PostgreSQL.

SQLite runs in WAL mode. A writing transaction begins with BEGIN IMMEDIATE, so it waits for its turn before any work
is done and never fails half-way because another one holds the lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Integer,
    MetaData,
    QueuePool,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import exc as sql_errors
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import EngineError
from engine.models import Base

BUSY_SECONDS = 5.0
_WAL_ATTEMPTS = 250
_LOCKED_STATES = {"55P03", "40P01", "40001"}
_CREATE_LOCK = 7263_5521
_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE")

STEPS: tuple[Callable[[Connection], None], ...] = ()
"""How an existing database is altered, one step per schema version after the first. New tables need no step."""

_versions = Table("schema_version", MetaData(), Column("version", Integer, nullable=False))


class Busy(EngineError):
    """Another transaction held the lock for too long; nothing was changed."""

    code, status = "busy", 503
    zh = "系统正忙，操作没有生效，您填写的内容仍然保留。请稍等几秒再试一次。"
    en = "The system is busy; your action did not take effect and what you typed is kept. Try again in a few seconds."


class SchemaTooNew(EngineError):
    """The database was written by a later release."""

    code, status = "schema_too_new", 500
    zh = "数据库的结构版本为 {found}，本程序只认识到版本 {known}。请安装创建该数据库的版本或更新的版本。"
    en = (
        "The database has schema version {found}; this program knows versions up to {known}. "
        "Install the release that wrote the database, or a later one."
    )


@dataclass
class Statements:
    """What was sent to the database while counting."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    @property
    def count(self) -> int:
        """Number of SQL statements, transaction control left out."""
        return len(self.statements)


class Store:
    """Sessions on one database. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = _normal(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.sqlite else _postgresql_engine(self.url)
        options: dict[str, Any] = {"expire_on_commit": False, "autoflush": False}
        self._reading = sessionmaker(self.engine, class_=_ReadSession, **options)
        self._writing = sessionmaker(self.engine.execution_options(writing=True), **options)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed once at the end, rolled back on any exception. Raises Busy."""
        with _busy_translated(), self._writing() as session:
            session.connection()
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; it never commits and refuses to write."""
        with _busy_translated(), self._reading() as session:
            yield session

    def create(self) -> None:
        """Create or upgrade the tables. Does nothing when they are current; several processes may call it at once."""
        with _busy_translated(), self.engine.execution_options(writing=True).begin() as connection:
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATE_LOCK})
            _versions.create(connection, checkfirst=True)
            found = connection.scalar(_versions.select())
            known = 1 + len(STEPS)
            if found is not None and found > known:
                raise SchemaTooNew(found=found, known=known)
            for step in STEPS[found - 1 :] if found else ():
                step(connection)
            Base.metadata.create_all(connection)
            if found is None:
                connection.execute(_versions.insert().values(version=known))
            elif found != known:
                connection.execute(_versions.update().values(version=known))

    def schema_version(self) -> int:
        """The version recorded by :meth:`create`."""
        with self.read() as session:
            return int(session.execute(_versions.select()).scalar_one())

    @contextmanager
    def count_statements(self) -> Iterator[Statements]:
        """Count the SQL statements and commits of every session of this store while the block runs."""
        seen = Statements()

        def executed(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.lstrip().upper().startswith(_NOT_COUNTED):
                seen.statements.append(statement)

        def committed(_connection: Connection) -> None:
            seen.commits += 1

        event.listen(self.engine, "before_cursor_execute", executed)
        event.listen(self.engine, "commit", committed)
        try:
            yield seen
        finally:
            event.remove(self.engine, "before_cursor_execute", executed)
            event.remove(self.engine, "commit", committed)

    def forget_old_pages(self) -> None:
        """Fold SQLite's write-ahead log, which holds pages as they were, into the file; PostgreSQL vacuums by itself."""
        if self.sqlite:
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


class _ReadSession(Session):
    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("store.read() is for reading; use store.write() to change something")

    def commit(self) -> None:
        raise RuntimeError("store.read() never commits; use store.write()")


def _normal(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _postgresql_engine(url: URL) -> SqlEngine:
    arguments = {} if "options" in url.query else {"options": f"-c lock_timeout={BUSY_SECONDS * 1000:.0f}"}
    return create_engine(url, pool_pre_ping=True, pool_timeout=BUSY_SECONDS, connect_args=arguments)


def _sqlite_engine(url: URL) -> SqlEngine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # A database in memory lives as long as its only connection; sessions take turns on it.
    size: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 10, "max_overflow": 20}
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        **size,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite decides between BEGIN and BEGIN IMMEDIATE.
    connection.isolation_level = None
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for the lock this switch needs, which matters when processes start together.
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            sleep(0.02)
    raise sqlite3.OperationalError("database is locked")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _busy_translated() -> Iterator[None]:
    try:
        yield
    except sql_errors.TimeoutError as error:
        raise Busy() from error
    except sql_errors.DBAPIError as error:
        locked = isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)
        if locked or getattr(error.orig, "sqlstate", None) in _LOCKED_STATES:
            raise Busy() from error
        raise
