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
        self._asked: datetime | None = None
        self._sweeping = self._stopped = False
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})

    def start(self) -> None:
        """Begin; what became due while nobody ran is fired at once."""
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._context.wake = self.wake
        self._scheduler.start()
        with self._lock:
            self._stopped = False
            self._plan(self._context.clock.now())

    def stop(self) -> None:
        """End after the running sweep; what is due later stays in the database."""
        self._context.wake = lambda at: None
        with self._lock:
            self._stopped = True
        self._scheduler.shutdown(wait=True)

    def wake(self, at: datetime) -> None:
        """Something is due at ``at``: bring the next run forward if it is later."""
        with self._lock:
            if self._sweeping:
                self._asked = min(at, self._asked or at)
            elif self._next is None or at < self._next:
                self._plan(at)

    def _plan(self, at: datetime) -> None:
        """Set the next run; the caller holds the lock, so that nothing is planned once the scheduler is stopping."""
        if self._stopped:
            return
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
            self._sweeping, self._asked = True, None
        again: list[datetime] = []
        try:
            while self._timers.sweep() and not self._stopped:
                pass
            self._outbox.deliver()
            again = [at for at in (self._timers.next_at(), self._outbox.next_at()) if at is not None]
        except Exception:
            _LOG.exception("sweep failed; trying again")
        with self._lock:
            self._sweeping = False
            latest = self._context.clock.now() + LOOK_AGAIN
            self._plan(min([latest, *again, *([self._asked] if self._asked else [])]))
