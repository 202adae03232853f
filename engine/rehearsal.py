"""Where the golden walks of a pack are run: the real engine on a database in memory, the same for every walk."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import delete

from engine import Engine, open_engine, starts
from engine.clock import VirtualClock
from engine.config import Config
from engine.models import StartSubscription
from engine.packs import Pack
from engine.types import SYSTEM

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Rehearsal:
    """One deployed pack. Each walk begins with the database as it was right after the deployment.

    Checking and deploying a pack takes longer than most walks, and so it is done once. What start events wait for
    depends on the time of deployment; it is opened anew at the beginning of each walk.
    """

    def __init__(self, pack: Pack, config: Config) -> None:
        """Raises PackInvalid when the pack cannot be deployed."""
        self.pack = pack
        self.clock = VirtualClock(_EPOCH)
        self.engine = in_memory(config, self.clock)
        self._deployment_id = self.engine.deployments.deploy_files(SYSTEM, pack.files, name=pack.name).deployment_id
        with self.engine.context.store.write() as session:
            session.execute(delete(StartSubscription))
        self._deployed = sqlite3.connect(":memory:")
        _copy(self._connection(), self._deployed)

    def begin(self, start: datetime, executed: Pack | None = None) -> None:
        """Forget the walk before, and let it be ``start``. ``executed`` runs in the place of the pack: a mutant of it."""
        played = executed or self.pack
        _copy(self._deployed, self._connection())
        self.clock.set(start)
        self.engine.context.remember(self._deployment_id, played)
        with self.engine.context.store.write() as session:
            starts.renew(self.engine.context, session, played, self._deployment_id)

    def close(self) -> None:
        """Give the memory back."""
        self._deployed.close()
        self.engine.close()

    def _connection(self) -> sqlite3.Connection:
        """The only connection of the database in memory, which the pool keeps open."""
        pooled = self.engine.context.store.engine.raw_connection()
        driver = pooled.driver_connection
        pooled.close()
        assert isinstance(driver, sqlite3.Connection)
        return driver


def in_memory(config: Config, clock: VirtualClock) -> Engine:
    """An engine like the configured one on a database in memory."""
    return open_engine(replace(config, database_url="sqlite://"), clock)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    source.backup(target)
