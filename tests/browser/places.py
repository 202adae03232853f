"""Every page worth looking at: who looks, and where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from engine.models import ArchiveRecord, Complaint, UserTask, UserTaskCandidate
from tests.browser.served import Served

STAFF, REVIEWER, DEPARTMENT, MANAGER = "linxiao", "chenli", "qianfang", "dengkai"
OWNER, ARCHIVIST, ADMINISTRATOR = "panyu", "gulan", "admin"
SEARCHED = "套餐"


@dataclass(frozen=True)
class Place:
    """A page, who opens it (None: anybody), and whether a diagram is to be waited for."""

    name: str
    login: str | None
    path: Callable[[Served], str]
    diagram: bool = False
    then: str = ""
    """What is clicked to get there, if a click is needed."""
    refused: tuple[int, ...] = ()
    """The error answer that the address gives."""


def _at(path: str) -> Callable[[Served], str]:
    return lambda _office: path


def task_at(office: Served, element_id: str, group: str = "") -> str:
    """The oldest open task at a step, of a group if one is given."""
    query = select(UserTask.id).where(UserTask.element_id == element_id, UserTask.state == "open")
    if group:
        query = query.join(UserTaskCandidate).where(UserTaskCandidate.candidate == f"telecom/{group}")
    with office.engine.context.store.read() as session:
        found = session.scalars(query.order_by(UserTask.created_at, UserTask.id)).first()
    assert found, f"no open task at {element_id}"
    return found


def complaint(office: Served, *, closed: bool = False, again: bool = False) -> Complaint:
    """A complaint that has gone far: one still open, a closed one, or one that is handled again."""
    with office.engine.context.store.read() as session:
        state = "completed" if closed else "active"
        query = select(Complaint).where(Complaint.state == state, Complaint.pack == "telecom")
        found = list(session.scalars(query.order_by(Complaint.rounds.desc(), Complaint.received_at)))
    return found[0] if again or closed else found[-1]


def _archived(office: Served) -> str:
    with office.engine.context.store.read() as session:
        return session.scalars(select(ArchiveRecord.number).order_by(ArchiveRecord.number)).first() or ""


def _task(element_id: str, group: str = "") -> Callable[[Served], str]:
    return lambda office: f"/tasks/{task_at(office, element_id, group)}"


PLACES = (
    Place("start", None, _at("/")),
    Place("sign-in", None, _at("/sign-in")),
    Place("intake", None, _at("/c/telecom")),
    Place("track", None, _at("/track")),
    Place("not-found", None, _at("/track/x/y"), refused=(404,)),
    Place("worklist", STAFF, _at("/worklist?view=groups")),
    Place("worklist-empty", STAFF, _at("/worklist?view=follow_up")),
    Place("task-triage", STAFF, _task("triage")),
    Place("task-transfer", STAFF, _task("transfer")),
    Place("task-review", REVIEWER, _task("review")),
    Place("task-diagram", REVIEWER, _task("review"), True, "#context-tab-diagram"),
    Place("task-investigate", DEPARTMENT, _task("investigate", "市场部")),
    Place("complaints", STAFF, _at("/complaints")),
    Place("complaint-new", STAFF, _at("/complaints/new")),
    Place("complaint", MANAGER, lambda office: f"/complaints/{complaint(office, again=True).number}"),
    Place("complaint-closed", MANAGER, lambda office: f"/complaints/{complaint(office, closed=True).number}"),
    Place("search", MANAGER, _at(f"/search?q={SEARCHED}")),
    Place("account", STAFF, _at("/account")),
    Place("operations", MANAGER, _at("/operations"), True),
    Place("instances", MANAGER, _at("/operations/instances")),
    Place(
        "instance",
        MANAGER,
        lambda office: f"/operations/instances/{complaint(office, again=True).instance_id}",
        True,
    ),
    Place("incidents", MANAGER, _at("/operations/incidents")),
    Place("policies", OWNER, _at("/policy")),
    Place("policy", OWNER, _at("/policy/telecom")),
    Place("policy-diagram", OWNER, _at("/policy/telecom/diagrams/complaint"), True),
    Place("reports", MANAGER, _at("/reports")),
    Place("archive", ARCHIVIST, _at("/archive")),
    Place("archive-record", ARCHIVIST, lambda office: f"/archive/{_archived(office)}"),
    Place("settings", ADMINISTRATOR, _at("/settings")),
    Place("settings-person", ADMINISTRATOR, _at("/settings/people/linxiao")),
    Place("settings-new", ADMINISTRATOR, _at("/settings/people/new")),
    Place("settings-groups", ADMINISTRATOR, _at("/settings/groups")),
)
