"""History events in plain words, Chinese and English. Who did it stands beside the words, not in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.calendars import moment
from engine.models import HistoryEvent, User
from engine.names import Names
from engine.packs import Pack
from engine.runtime.model import Element, Process
from engine.sentences import SENTENCES, unknown
from engine.types import HistoryRow, Name

_TOLD = frozenset(
    (
        "task_completed",
        "decision_evaluated",
        "letter_sent",
        "timer_fired",
        "message_received",
        "signal_received",
        "archived",
        "escalated",
        "suggestion_recorded",
        "instance_completed",
        "instance_cancelled",
    )
)
"""Events that say more about an element than its bare completion in the same step."""

_PEOPLE = ("before", "after", "assignee")


@dataclass(frozen=True)
class Teller:
    """Puts the events of one deployment into words."""

    names: Names
    processes: Mapping[str, Process] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    """user id -> name"""
    zone: tzinfo = UTC
    others: Mapping[str, Teller] = field(default_factory=dict)
    """deployment id -> teller, for elements of called processes that come from another deployment"""

    def of(self, event: HistoryEvent) -> Teller:
        """The teller of the deployment the event's element comes from."""
        return self.others.get(event.deployment_id or "", self)

    def tell(self, event: HistoryEvent) -> Name:
        """The sentence for ``event``; a neutral one for a type that is not known."""
        say = SENTENCES.get(event.type, unknown)
        return say(self.of(event), event, event.payload or {})

    def element(self, event: HistoryEvent) -> Name | None:
        """What the event's element is called."""
        if event.element_id is None:
            return None
        found = self.find(event)
        return self.of(event).names.element(found.process_id if found else event.process_id or "", event.element_id)

    def find(self, event: HistoryEvent) -> Element | None:
        """The event's element; events from outside name no process, so all are searched."""
        if event.element_id is None:
            return None
        processes = self.of(event).processes
        known = processes.get(event.process_id or "")
        for process in (known,) if known is not None else processes.values():
            if (found := process.find(event.element_id)) is not None:
                return found
        return None

    def person(self, user_id: Any) -> str:
        return self.people.get(str(user_id), str(user_id))

    def time(self, iso: Any) -> Name:
        """An instant of a payload as people read it."""
        try:
            local = datetime.fromisoformat(str(iso)).astimezone(self.zone)
        except ValueError:
            return Name(str(iso), str(iso))
        return Name(moment(local, "zh"), moment(local, "en"))


def tell(
    event: HistoryEvent,
    names: Names,
    *,
    processes: Mapping[str, Process] | None = None,
    people: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
) -> Name:
    """One event in plain words."""
    return Teller(names, processes or {}, people or {}, zone).tell(event)


def history_rows(
    session: Session,
    events: Sequence[HistoryEvent],
    names: Names,
    *,
    processes: Mapping[str, Process] | None = None,
    zone: tzinfo = UTC,
    others: Mapping[str, Pack] | None = None,
) -> list[HistoryRow]:
    """The events worth reading, in their order; names of people in one statement.

    ``others`` are the packs of other deployments that events name, by deployment id.
    """
    people = _people(session, events)
    elsewhere = {key: Teller(pack.names, pack.processes, people, zone) for key, pack in (others or {}).items()}
    teller = Teller(names, processes or {}, people, zone, elsewhere)
    return [_row(teller, event) for event in readable_events(events, teller)]


def readable_events(events: Sequence[HistoryEvent], teller: Teller) -> list[HistoryEvent]:
    """Leave out bookkeeping and what another event of the same step tells better.

    A step writes what its elements did after what they brought about; the better event takes the place of the
    element's bare completion, so that the list reads in the order of the diagram.
    """
    better: dict[tuple[str | None, datetime], list[HistoryEvent]] = {}
    for event in events:
        if event.type in _TOLD and event.element_id is not None:
            better.setdefault((event.element_id, event.at), []).append(event)
    completed = {(e.element_id, e.at) for e in events if e.type == "element_completed"}
    filed = any(e.type == "complaint_filed" for e in events)
    kept: list[HistoryEvent] = []
    for event in events:
        place = (event.element_id, event.at)
        if event.type == "element_completed" and place in better:
            kept += better[place]
            better[place] = []
        elif event.type in _TOLD and place in completed:
            continue
        elif not _bookkeeping(event, teller.find(event), filed) and not (kept and _same(kept[-1], event)):
            kept.append(event)
    return kept


def _bookkeeping(event: HistoryEvent, element: Element | None, filed: bool) -> bool:
    if event.type == "element_completed" and element is not None:
        plain_start = element.type == "startEvent" and (element.event is None or element.event.kind == "none")
        return element.type == "userTask" or plain_start
    return event.type == "steps_taken" or (filed and event.type == "instance_started")


def _same(before: HistoryEvent, event: HistoryEvent) -> bool:
    """One activity for several departments begins or ends as often as there are departments; once is enough."""
    return event.type.startswith("element_") and (before.type, before.element_id, before.at) == (
        event.type,
        event.element_id,
        event.at,
    )


def _row(teller: Teller, event: HistoryEvent) -> HistoryRow:
    return HistoryRow(
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        actor_name=teller.people.get(event.actor or ""),
        on_behalf_of=teller.people.get(event.on_behalf_of or "", event.on_behalf_of),
        type=event.type,
        deployment_id=event.deployment_id,
        element_id=event.element_id,
        element_name=teller.element(event),
        reason=event.reason,
        payload=event.payload or {},
        text=teller.tell(event),
    )


def _people(session: Session, events: Iterable[HistoryEvent]) -> dict[str, str]:
    wanted = {u for e in events for u in (e.actor, e.on_behalf_of) if u}
    wanted |= {str(v) for e in events for k in _PEOPLE if isinstance(v := (e.payload or {}).get(k), str)}
    if not wanted:
        return {}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return {row.id: row.name for row in rows}


# -- sentences -----------------------------------------------------------------------------------------------------
