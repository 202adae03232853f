"""Fires what is due: one APScheduler job whose next run is the earliest due row."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from threading import Lock

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from engine.context import Context
from engine.messages import Timers
from engine.outbox import Outbox

_LOG = logging.getLogger("redress.scheduler")
LOOK_AGAIN = timedelta(seconds=1)
"""Longest pause: another process may have written an earlier row. Looking is two indexed queries."""

_JOB = "due"


class Scheduler:
    """Runs the sweep of timers and the outbox in a thread of its own."""

    def __init__(self, context: Context, timers: Timers, outbox: Outbox) -> None:
        self._context, self._timers, self._outbox = context, timers, outbox
        self._lock = Lock()
        self._next: datetime | None = None
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})

    def start(self) -> None:
        """Begin; what became due while nobody ran is fired at once."""
        self._context.wake = self.wake
        self._scheduler.start()
        self._plan(self._context.clock.now())

    def stop(self) -> None:
        """End after the running sweep."""
        self._context.wake = lambda at: None
        self._scheduler.shutdown(wait=True)

    def wake(self, at: datetime) -> None:
        """Something is due at ``at``: bring the next run forward if it is later."""
        with self._lock:
            if self._next is not None and self._next <= at:
                return
        self._plan(at)

    def _plan(self, at: datetime) -> None:
        with self._lock:
            self._next = at
        self._scheduler.add_job(
            self._run,
            "date",
            run_date=max(at, self._context.clock.now()),
            id=_JOB,
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
        )

    def _run(self) -> None:
        with self._lock:
            self._next = None
        try:
            while self._timers.sweep():
                pass
            self._outbox.deliver()
            due = [at for at in (self._timers.next_at(), self._outbox.next_at()) if at is not None]
        except Exception:
            _LOG.exception("sweep failed; trying again")
            due = []
        latest = self._context.clock.now() + LOOK_AGAIN
        self._plan(min([latest, *due]))
