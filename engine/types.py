"""Value types that use cases take and return. They carry no database session and never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")
ROLES = ("manager", "process_owner", "archivist", "auditor", "administrator")


@dataclass(frozen=True)
class Actor:
    """Who acts: a member of staff, the system (timers, imports) or a complainant by access code."""

    id: str | None
    name: str = ""
    groups: frozenset[str] = frozenset()
    """Candidate groups as ``<pack>/<group>``, those of persons he or she stands in for included."""
    roles: frozenset[tuple[str, str]] = frozenset()
    """(role, pack or "*")"""
    substitutes_for: Mapping[str, str] = field(default_factory=dict)
    """user id -> name of absent colleagues this person acts for now"""
    kind: str = "staff"
    """staff · system · complainant"""
    number: str | None = None
    """The complaint a complainant may see."""
    language: str = "zh"

    @property
    def candidacies(self) -> frozenset[str]:
        """What a task may be offered to so that this person may take it: groups, the own account, those stood in for."""
        return self.groups | self.substitutes_for.keys() | ({self.id} if self.id is not None else set())

    def has_role(self, role: str, pack: str) -> bool:
        """True when the person holds ``role`` (or is administrator) in ``pack``."""
        wanted = {(role, pack), (role, "*"), ("administrator", pack), ("administrator", "*")}
        return self.kind == "system" or not wanted.isdisjoint(self.roles)

    def packs(self, all_packs: list[str]) -> list[str]:
        """The packs in which the person has any group or role."""
        if self.kind == "system" or any(pack == "*" for _, pack in self.roles):
            return list(all_packs)
        mine = {g.split("/", 1)[0] for g in self.groups} | {pack for _, pack in self.roles}
        return [p for p in all_packs if p in mine]


SYSTEM = Actor(id=None, name="system", kind="system")


@dataclass(frozen=True)
class Name:
    """A label in both languages."""

    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        return self.zh if language.startswith("zh") else (self.en or self.zh)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True)
class PackInfo:
    name: str
    title: Name
    source: str
    version: int
    deployment_id: str
    deployed_at: datetime
    entry: str
    groups: Mapping[str, Name]
    messages: Mapping[str, Name]
    channels: tuple[tuple[str, Name], ...]


@dataclass(frozen=True)
class TaskRow:
    """A line of the worklist."""

    id: str
    pack: str
    element_id: str
    name: Name
    number: str | None
    matter: str
    category: str | None
    severity: str | None
    department: str | None
    escalated: bool
    groups: tuple[str, ...]
    """Candidate groups as ``<pack>/<group>``."""
    candidate_users: tuple[str, ...]
    """Accounts it is offered to beside the groups."""
    assignee: str | None
    assignee_name: str | None
    created_at: datetime
    due_at: datetime | None
    due_provisional: bool
    calendar: str
    follow_up_at: datetime | None
    priority: int
    reminders: int
    has_draft: bool
    instance_id: str


@dataclass(frozen=True)
class DueText:
    """Why something is due when it is, in plain words."""

    at: datetime
    provisional: bool
    explanation: Mapping[str, Any]
    text: Name


@dataclass(frozen=True)
class TaskDetail:
    """Everything the task page shows beside the form."""

    row: TaskRow
    state: str
    form: Any
    """engine.forms.Form or None"""
    variables: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    due: DueText | None
    clauses: tuple[str, ...]
    documentation: str
    excluded: Mapping[str, str]
    may_claim: bool
    may_complete: bool
    may_assign: bool
    completed_by: str | None
    completed_at: datetime | None
    process_id: str
    deployment_id: str
    form_deployment_id: str
    headers: Mapping[str, str]
    """Task headers of the diagram, for other task applications."""


@dataclass(frozen=True)
class ComplaintRow:
    """A line of the ledger; ``complainant`` and ``contact`` are masked."""

    number: str
    instance_id: str
    pack: str
    channel: str
    received_at: datetime
    complainant: str
    contact: str
    matter: str
    kind: str | None
    category: str | None
    severity: str | None
    department: str | None
    stage: str | None
    state: str
    escalated_at: datetime | None
    due_at: datetime | None
    promise_at: datetime | None
    closed_at: datetime | None
    satisfied: bool | None
    rounds: int
    open_tasks: tuple[Name, ...] = ()


@dataclass(frozen=True)
class AttachmentRow:
    id: str
    name: str
    content_type: str
    size: int
    added_at: datetime
    added_by: str | None


@dataclass(frozen=True)
class ComplaintDetail:
    row: ComplaintRow
    demand: str
    personal: Mapping[str, str]
    """Unmasked personal fields; only filled when asked for (and then the view is logged)."""
    result: str | None
    solved: bool | None
    replied_at: datetime | None
    escalation: str | None
    repeat_of: str | None
    attachments: tuple[AttachmentRow, ...]
    archive_number: str | None
    retain_until: datetime | None
    deployment_version: int
    waiting_for: tuple[str, ...]
    """Messages the process waits for now (withdraw, customer_contact, ...)."""


@dataclass(frozen=True)
class HistoryRow:
    seq: int
    at: datetime
    actor: str | None
    actor_name: str | None
    on_behalf_of: str | None
    type: str
    deployment_id: str | None
    """The deployment of its element, where that is another than the instance's."""
    element_id: str | None
    element_name: Name | None
    reason: str | None
    payload: Mapping[str, Any]
    text: Name
    """The event in plain words."""


@dataclass(frozen=True)
class ElementState:
    """What an element of the diagram did in one instance."""

    element_id: str
    process_id: str
    name: Name
    type: str
    entered: int
    completed: int
    active: int
    overdue: bool
    incident: bool
    first_at: datetime | None
    last_at: datetime | None
    performers: tuple[str, ...]


@dataclass(frozen=True)
class InstanceDetail:
    id: str
    pack: str
    business_key: str | None
    process_id: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    version: int
    diagrams: tuple[tuple[str, Name, str], ...]
    """(process id, title, deployment id) of every diagram that took part, the entry first.

    A process that was called in several versions is shown in the one called last.
    """
    elements: tuple[ElementState, ...]
    flows: Mapping[str, frozenset[str]]
    """process id -> ids of the sequence flows taken"""
    variables: Mapping[str, Any]
    tasks: tuple[TaskRow, ...]
    timers: tuple[tuple[str, Name, DueText], ...]
    incidents: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class AdHocElement:
    """A step that may be started in an open ad-hoc subprocess, any number of times."""

    element_id: str
    name: Name
    type: str
    documentation: Name
    """What the diagram says of it."""
    open: int
    """How many times it was started and goes on, with everything that follows it."""
    done: int
    groups: tuple[str, ...]
    """For a user task: candidate groups as ``<pack>/<group>``."""
    candidate_users: tuple[str, ...]
    """For a user task: accounts it will be given or offered to."""
    may_activate: bool
    """Whether the person who asks may start it."""


@dataclass(frozen=True)
class AdHocSubprocess:
    """An open ad-hoc subprocess of an instance."""

    task_id: str
    process_id: str
    element_id: str
    name: Name
    documentation: Name
    activations: int
    """How many were begun so far; sent along when something is started, it tells whether somebody was quicker."""
    elements: tuple[AdHocElement, ...]


@dataclass(frozen=True)
class Startable:
    """A process that a person may start by filling its form, other than a complaint."""

    pack: str
    process_id: str
    deployment_id: str
    name: Name
    text: str
    """What the diagram's documentation says of it."""
    form: Any
    """engine.forms.Form"""


@dataclass(frozen=True)
class MessageStart:
    """An instance that a message has started."""

    instance_id: str
    pack: str
    process_id: str
    business_key: str | None
    """For a complaint, its number."""
    access_code: str | None
    """For a complaint, what the complainant follows it with; shown only now."""


@dataclass(frozen=True)
class Correlated:
    """What became of a message."""

    instances: int
    """How many running instances took it."""
    started: tuple[MessageStart, ...] = ()


@dataclass(frozen=True)
class Started:
    """The result of a new complaint."""

    instance_id: str
    number: str
    access_code: str
    promise_at: datetime | None


@dataclass(frozen=True)
class Completed:
    """The result of completing a user task."""

    instance_id: str
    next_task_id: str | None
    """The next open task of the same instance that the person may take."""
    ended: bool


@dataclass(frozen=True)
class Upload:
    """A file as it came in."""

    field: str
    name: str
    content_type: str
    content: bytes
