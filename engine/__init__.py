"""The workflow service behind Redress: everything a user interface needs, and nothing about user interfaces."""

from __future__ import annotations

from engine.activation import Activation
from engine.archive import Archive
from engine.calendars import calendars_from_config
from engine.clock import Clock, SystemClock
from engine.complaints import Filing
from engine.config import Config, load_config
from engine.context import Context
from engine.crypto import Vault
from engine.deployments import Deployments
from engine.erasure import Erasing
from engine.errors import EngineError
from engine.incidents import Incidents
from engine.instances import Instances
from engine.messages import Messages, Timers
from engine.outbox import Outbox
from engine.reading import Reading
from engine.scheduler import Scheduler
from engine.store import Store
from engine.types import SYSTEM, Actor, Name, Page, Upload
from engine.user_tasks import Acting
from engine.users import Users
from engine.worklist import Worklist

__all__ = [
    "SYSTEM",
    "Actor",
    "Config",
    "Engine",
    "EngineError",
    "Name",
    "Page",
    "Upload",
    "load_config",
    "open_engine",
]


class Complaints(Filing, Reading, Erasing):
    """All use cases about complaints."""


class Tasks(Acting, Worklist):
    """All use cases about user tasks."""


class Engine:
    """Composes the use cases over one context; holds no logic of its own."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.config = context.config
        self.clock = context.clock
        self.calendars = context.calendars
        self.deployments = Deployments(context)
        self.complaints = Complaints(context)
        self.tasks = Tasks(context)
        self.instances = Instances(context)
        self.activation = Activation(context)
        self.messages = Messages(context)
        self.timers = Timers(context)
        self.incidents = Incidents(context)
        self.archive = Archive(context)
        self.outbox = Outbox(context)
        self.users = Users(context.store, context.clock, context.config)
        self.scheduler = Scheduler(context, self.timers, self.outbox)

    def close(self) -> None:
        """Give the database connections back."""
        self.context.store.close()


def open_engine(config: Config | None = None, clock: Clock | None = None, store: Store | None = None) -> Engine:
    """An engine on the configured database (or on ``store``), whose tables are created or upgraded if needed.

    Nothing runs in the background until ``engine.scheduler.start()``.
    """
    config = config or load_config()
    store = store or Store(config.database_url)
    store.create()
    context = Context(
        config=config,
        store=store,
        clock=clock or SystemClock(),
        calendars=calendars_from_config(config.calendar),
        vault=Vault(config.data_keys),
    )
    return Engine(context)
