"""Transactions, locking, table creation and statement counts on both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from engine import store as store_module
from engine.models import NumberSequence, UserGroup
from engine.store import Busy, SchemaTooNew, Store


def test_write_commits_once_and_counts_statements(store: Store) -> None:
    with store.count_statements() as seen, store.write() as session:
        session.add(NumberSequence(name="a", value=1))
    assert (seen.count, seen.commits) == (1, 1)
    with store.count_statements() as seen, store.read() as session:
        row = session.get(NumberSequence, "a")
    assert row is not None
    assert row.value == 1
    assert (seen.count, seen.commits) == (1, 0)


def test_savepoints_are_not_counted(store: Store) -> None:
    with store.count_statements() as seen, store.write() as session, session.begin_nested():
        session.add(NumberSequence(name="a", value=1))
    assert (seen.count, seen.commits) == (1, 1)


def test_write_rolls_back_on_any_exception(store: Store) -> None:
    def fail() -> None:
        with store.write() as session:
            session.add(NumberSequence(name="a", value=1))
            session.flush()
            raise KeyError("boom")

    with store.count_statements() as seen, pytest.raises(KeyError):
        fail()
    assert seen.commits == 0
    with store.read() as session:
        assert session.get(NumberSequence, "a") is None


def test_objects_stay_usable_after_commit(store: Store) -> None:
    with store.write() as session:
        row = NumberSequence(name="a", value=7)
        session.add(row)
    with store.count_statements() as seen:
        assert row.value == 7
    assert seen.count == 0


def test_read_refuses_to_write(store: Store) -> None:
    with store.read() as session:
        session.add(NumberSequence(name="a", value=1))
        with pytest.raises(RuntimeError, match="reading"):
            session.flush()
        with pytest.raises(RuntimeError, match="never commits"):
            session.commit()
    with store.read() as session:
        session.execute(text("INSERT INTO number_sequence (name, value) VALUES ('b', 1)"))
    with store.read() as session:
        assert session.scalars(select(NumberSequence)).all() == []


def test_foreign_keys_hold(store: Store) -> None:
    def orphan() -> None:
        with store.write() as session:
            session.add(UserGroup(user_id="nobody", group_id="telecom/x"))

    with pytest.raises(IntegrityError):
        orphan()


def test_writers_take_turns(store: Store) -> None:
    """Read, then write: lost updates would show in the sum."""
    with store.write() as session:
        session.add(NumberSequence(name="n", value=0))

    def add() -> None:
        for _ in range(20):
            with store.write() as session:
                statement = select(NumberSequence).where(NumberSequence.name == "n").with_for_update()
                session.scalars(statement).one().value += 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.scalars(select(NumberSequence.value)).one() == 80


def test_readers_see_the_last_commit_while_a_writer_works(store: Store) -> None:
    with store.write() as session:
        session.add(NumberSequence(name="n", value=1))
    with store.write() as writing, store.read() as reading:
        writing.execute(update(NumberSequence).values(value=2))
        assert reading.scalars(select(NumberSequence.value)).one() == 1


def test_a_held_lock_is_busy_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    url = f"sqlite:///{tmp_path}/x.sqlite3"
    one, two = Store(url), Store(url)
    one.create()
    began = False
    with one.write(), pytest.raises(Busy) as caught, two.write():
        began = True
    assert not began
    assert caught.value.status == 503
    with two.write() as session:
        session.add(NumberSequence(name="later", value=1))


def test_a_row_lock_is_busy_on_postgresql(store: Store) -> None:
    if store.sqlite:
        pytest.skip("a matter of row locks")
    with store.write() as session:
        session.add(NumberSequence(name="n", value=1))

    def second() -> None:
        with store.write() as session:
            session.scalars(select(NumberSequence).with_for_update(nowait=True)).one()

    with store.write() as session:
        session.scalars(select(NumberSequence).with_for_update()).one()
        with pytest.raises(Busy):
            second()


def test_sqlite_settings(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/sub/folder/x.sqlite3")
    with store.read() as session:
        values = [
            session.scalar(text(f"PRAGMA {p}")) for p in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        ]
    assert values == ["wal", 5000, 1, 1]


def test_a_database_in_memory_keeps_its_rows() -> None:
    store = Store("sqlite://")
    store.create()
    with store.write() as session:
        session.add(NumberSequence(name="a", value=1))
    with store.read() as session:
        assert session.get(NumberSequence, "a") is not None


def test_postgresql_addresses_use_the_current_driver() -> None:
    assert Store("postgresql://u@h/db").url.drivername == "postgresql+psycopg"
    assert Store("postgres://u@h/db").url.drivername == "postgresql+psycopg"


def test_create_is_idempotent_and_records_the_version(empty_url: str) -> None:
    store = Store(empty_url)
    store.create()
    with store.write() as session:
        session.add(NumberSequence(name="kept", value=1))
    store.create()
    assert store.schema_version() == 1
    with store.read() as session:
        assert session.get(NumberSequence, "kept") is not None
    store.close()


def test_create_upgrades_step_by_step(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(empty_url)
    store.create()
    monkeypatch.setattr(
        store_module, "STEPS", (lambda c: c.execute(text("ALTER TABLE number_sequence ADD COLUMN extra INTEGER")),)
    )
    store.create()
    store.create()
    assert store.schema_version() == 2
    assert "extra" in {column["name"] for column in inspect(store.engine).get_columns("number_sequence")}
    store.close()


def test_a_failing_step_leaves_the_database_as_it_was(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(connection: object) -> None:
        raise ValueError("boom")

    store = Store(empty_url)
    store.create()
    monkeypatch.setattr(store_module, "STEPS", (step,))
    with pytest.raises(ValueError, match="boom"):
        store.create()
    assert store.schema_version() == 1
    store.close()


def test_a_newer_schema_is_refused(empty_url: str) -> None:
    store = Store(empty_url)
    store.create()
    with store.write() as session:
        session.execute(text("UPDATE schema_version SET version = 99"))
    with pytest.raises(SchemaTooNew) as caught:
        store.create()
    assert "99" in caught.value.text("zh")
    store.close()


def test_several_processes_may_create_at_once(empty_url: str) -> None:
    code = "import sys; from engine.store import Store; Store(sys.argv[1]).create()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, empty_url], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [process.communicate()[1] for process in processes] == [""] * 4
    store = Store(empty_url)
    assert store.schema_version() == 1
    store.close()
