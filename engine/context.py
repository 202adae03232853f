"""What every use case needs: settings, database, clock, calendars, keys and the deployed packs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.calendars import Calendar
from engine.clock import Clock
from engine.config import Config
from engine.crypto import Vault
from engine.errors import NotFound
from engine.models import Deployment, DeploymentResource
from engine.packs import Pack, load_pack
from engine.store import Store

_CACHE = 64


@dataclass
class Context:
    """Shared, thread-safe parts of a running engine."""

    config: Config
    store: Store
    clock: Clock
    calendars: Mapping[str, Calendar]
    vault: Vault
    wake: Callable[[datetime], None] = lambda at: None
    """Called after a commit that wrote something due at ``at``."""
    _packs: dict[str, Pack] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.zone)

    def pack(self, session: Session, deployment_id: str) -> Pack:
        """The parsed pack of a deployment; parsed once per process."""
        with self._lock:
            found = self._packs.get(deployment_id)
        if found is not None:
            return found
        name = session.scalar(select(Deployment.pack).where(Deployment.id == deployment_id))
        if name is None:
            raise NotFound(what={"zh": "部署", "en": "deployment"}, id=deployment_id)
        rows = session.execute(
            select(DeploymentResource.path, DeploymentResource.content).where(
                DeploymentResource.deployment_id == deployment_id
            )
        )
        pack = load_pack({row.path: row.content for row in rows}, name)
        self.remember(deployment_id, pack)
        return pack

    def packs(self, session: Session, deployment_ids: Iterable[str | None]) -> dict[str, Pack]:
        """The parsed packs of those deployments, by id; None is skipped."""
        return {found: self.pack(session, found) for found in dict.fromkeys(deployment_ids) if found is not None}

    def remember(self, deployment_id: str, pack: Pack) -> None:
        """Keep a parsed pack; the oldest is dropped when many are held."""
        with self._lock:
            self._packs[deployment_id] = pack
            while len(self._packs) > _CACHE:
                self._packs.pop(next(iter(self._packs)))

    def latest(self, session: Session, pack: str) -> Deployment:
        """The deployment in force. Raises NotFound when the pack was never deployed."""
        query = select(Deployment).where(Deployment.pack == pack).order_by(Deployment.version.desc()).limit(1)
        found = session.scalar(query)
        if found is None:
            raise NotFound(what={"zh": "已部署的制度包", "en": "deployed process pack"}, id=pack)
        return found
