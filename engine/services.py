"""What service and send tasks do: each topic of the allow-list. Anything that leaves the house goes to the outbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, insert, update

from engine import feel, ledger, letters, reminders
from engine.calendars import CalendarError
from engine.crypto import mask_contact, mask_name
from engine.feel.text import string
from engine.history import Event
from engine.models import ArchiveRecord, Complaint, Outbox, Suggestion, UserTask
from engine.packs import Pack
from engine.runtime import Task
from engine.runtime.machine import Machine
from engine.runtime.model import Element
from engine.runtime.scopes import visible
from engine.topics import TOPICS

if TYPE_CHECKING:
    from engine.execution import Execution


class Services:
    """The topics, for one step of one instance."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.rows: list[dict[str, Any]] = []
        self.reminded: list[str] = []
        self.others: list[ArchiveRecord | Suggestion] = []

    def perform(
        self, machine: Machine, task: Task, element: Element, topic: str, inputs: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Do what ``topic`` says. Raises ExecutionError for a topic off the list or inputs it cannot use."""
        elsewhere = self._pack(element).topics.get(topic)
        if topic not in TOPICS and elsewhere is not None:
            self._tell(machine, task, element, elsewhere, inputs)
            return {}
        if topic not in TOPICS:
            raise machine.fault(
                element,
                f"服务类型“{topic}”不在允许的清单中：{'、'.join(TOPICS)}。由外部程序完成的请写进 pack.toml 的 [topics]",
                f"the topic “{topic}” is not on the allow-list: {', '.join(TOPICS)}. What something outside does goes into [topics] of pack.toml",
            )
        missing = sorted(k for k in TOPICS[topic] if inputs.get(k) in (None, ""))
        if missing:
            raise machine.fault(
                element,
                f"服务“{topic}”的输入没有值：{'、'.join(missing)}",
                f"the topic “{topic}” got no value for: {', '.join(missing)}",
            )
        return getattr(self, f"_{topic}")(machine, task, element, inputs) or {}

    # -- topics ---------------------------------------------------------------------------------------------------

    def _notify(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> None:
        execution, name = self.execution, str(inputs["letter"])
        template = self._pack(element).letter(name, "zh")
        if template is None:
            raise machine.fault(
                element, f"信函 letters/{name}.md 不存在", f"the letter letters/{name}.md does not exist"
            )
        values = {
            **{k: shown(v, execution.context.zone) for k, v in visible(task).items()},
            **self._facts(),
            "inputs": dict(inputs),
        }
        chased = str(inputs.get("element") or "")
        tasks = reminders.chased(machine, task, chased) if chased else []
        self.reminded += [str(t.id) for t in tasks]
        to = str(inputs["to"])
        for some in (reminders.by_due(tasks) if to == "assignee" else [tasks]) or [[]]:
            if chased:
                values["task"] = self._about(some, chased)
            try:
                letter = letters.render(name, template, values)
            except letters.LetterInvalid as error:
                raise machine.fault(element, error.text("zh"), error.text("en")) from None
            recipient, label = self._recipient(machine, element, to, [chased, *(str(t.id) for t in some)])
            self._send(str(task.id), "notify", letter.subject, letter.body, recipient, label, name)
            payload = {
                "letter": name,
                "to": label,
                "subject": self._impersonal(letter.subject),
                **({"element": chased} if chased else {}),
            }
            execution.events.append(Event("letter_sent", element.process_id, element.id, str(task.id), payload=payload))

    def _impersonal(self, subject: str) -> str:
        """A subject as it may stand in the history, which is never erased."""
        complaint, vault = self.execution.complaint, self.execution.context.vault
        if complaint is not None and complaint.complainant:
            name = vault.decrypt(complaint.complainant)
            subject = subject.replace(name, mask_name(name))
        if complaint is not None and complaint.contact:
            contact = vault.decrypt(complaint.contact)
            subject = subject.replace(contact, mask_contact(contact))
        return subject

    def _about(self, tasks: Sequence[Task], element_id: str) -> dict[str, Any]:
        """Name and due date of the open user tasks a letter is about."""
        if not tasks:
            return {"name": element_id, "due_at": None}
        due = reminders.due_of(tasks[0])
        shown_due = shown(due, self.execution.context.zone) if due else None
        return {"name": tasks[0].task_spec.element.label, "due_at": shown_due}

    def _ledger(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> None:
        complaint = self._complaint(machine, element)
        known = {*ledger.NAMES, *(target.split(".")[0] for _, target in element.inputs)} - {"counted_from"}
        start = ledger.instant(inputs.get("counted_from"), self.execution.context.zone) or complaint.received_at
        values = {k: self._from_start(element, start, k, v) for k, v in inputs.items() if k in known}
        self.execution.projection.take(complaint, machine.root.data)
        ledger.project(complaint, values, self.execution.context.zone)
        machine.propagate(task, values, own=False)

    def _from_start(self, element: Element, start: datetime, name: str, value: Any) -> Any:
        """A duration for an instant of the ledger counts from ``counted_from``, else receipt, in the element's calendar."""
        duration = (
            value
            if isinstance(value, str)
            else string(value)
            if isinstance(value, timedelta | feel.YearsMonths)
            else ""
        )
        if name not in ledger.INSTANTS or not duration.startswith("P"):
            return value
        at, _, _ = self.execution.due(element, start, duration)
        return at.astimezone(self.execution.context.zone)

    def _archive(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        execution, complaint = self.execution, self._complaint(machine, element)
        context = execution.context
        retention = inputs["retention"]
        text = retention if isinstance(retention, str) else string(retention)
        try:
            until = context.calendars["calendar"].add(execution.at, text).at
        except CalendarError as error:
            raise machine.fault(element, f"保管期限：{error.text('zh')}", f"retention: {error.text('en')}") from None
        pattern = str(self._pack(element).manifest.get("archive", {}).get("pattern", "DA-{year}-{seq:05d}"))
        number = ledger.next_number(
            execution.session,
            f"{pattern}",
            execution.at,
            context.zone,
            category=complaint.category or "-",
            pack=execution.pack.name,
        )
        location = inputs.get("location")
        self.others.append(
            ArchiveRecord(
                number=number,
                complaint_number=complaint.number,
                pack=execution.pack.name,
                category=complaint.category,
                department=complaint.department,
                archive_class=str(inputs["class"]),
                location=str(location) if location else None,
                archived_at=execution.at,
                retain_until=until,
                legal_hold=False,
            )
        )
        payload = {"archive_number": number, "class": str(inputs["class"]), "retain_until": until.isoformat()}
        execution.events.append(Event("archived", element.process_id, element.id, str(task.id), payload=payload))
        return {element.result_variable or "archive_number": number}

    def _suggestion(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> None:
        execution, complaint = self.execution, self.execution.complaint
        department = inputs.get("department")
        self.others.append(
            Suggestion(
                pack=execution.pack.name,
                number=complaint.number if complaint else None,
                department=str(department) if department else None,
                text=str(inputs["text"])[:10_000],
                created_at=execution.at,
            )
        )
        execution.events.append(
            Event(
                "suggestion_recorded",
                element.process_id,
                element.id,
                str(task.id),
                payload={"department": department, "text": str(inputs["text"])},
            )
        )

    def _escalate(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> None:
        complaint = self._complaint(machine, element)
        complaint.escalated_at = complaint.escalated_at or self.execution.at
        complaint.escalation = str(inputs["reason"])
        self.execution.events.append(
            Event("escalated", element.process_id, element.id, str(task.id), reason=str(inputs["reason"]))
        )

    def _webhook(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> None:
        self._post(machine, task, element, str(inputs["url"]), {"body": outside(inputs.get("body"))})

    def _tell(self, machine: Machine, task: Task, element: Element, key: str, inputs: Mapping[str, Any]) -> None:
        """A topic of another engine's workers: they are told, and the process goes on without waiting for them."""
        if key:
            self._post(machine, task, element, key, {"topic": element.topic, "body": outside(dict(inputs))})

    def _post(self, machine: Machine, task: Task, element: Element, key: str, told: Mapping[str, Any]) -> None:
        if key not in self.execution.context.config.webhooks:
            raise machine.fault(
                element, f"config.toml 的 [webhooks] 中没有“{key}”", f"[webhooks] in config.toml has no “{key}”"
            )
        message = {"number": self.execution.instance.business_key, **told}
        if element.headers:
            message["headers"] = element.headers
        self._send(str(task.id), "webhook", key, json.dumps(message, ensure_ascii=False), key, key, None)

    # -- helpers --------------------------------------------------------------------------------------------------

    def _pack(self, element: Element) -> Pack:
        """The pack whose diagram the element stands in."""
        return self.execution.bindings.place(element)[1]

    def _complaint(self, machine: Machine, element: Element) -> Complaint:
        if self.execution.complaint is None:
            raise machine.fault(
                element,
                "该流程不属于任何投诉，不能使用此服务",
                "this process does not belong to a complaint; the topic cannot be used",
            )
        return self.execution.complaint

    def _facts(self) -> dict[str, Any]:
        execution, complaint = self.execution, self.execution.complaint
        context = execution.context
        facts: dict[str, Any] = {
            "organisation": context.config.organisation.zh,
            "now": shown(execution.at, context.zone),
        }
        if complaint is None:
            return facts
        vault = context.vault
        facts["complaint"] = {
            "number": complaint.number,
            "received_at": shown(complaint.received_at, context.zone),
            "complainant": vault.decrypt(complaint.complainant) if complaint.complainant else "客户",
            "matter": complaint.matter,
            "demand": complaint.demand,
            "channel": complaint.channel,
            "category": complaint.category,
            "severity": complaint.severity,
            "department": complaint.department,
            "promise_at": shown(complaint.promise_at, context.zone) if complaint.promise_at else None,
            "result": complaint.result,
            "track_url": f"{context.config.base_url}/track/{complaint.number}",
        }
        return facts

    def _recipient(self, machine: Machine, element: Element, to: str, chased: Sequence[str]) -> tuple[str | None, str]:
        """The address or, for people of the house, who they are: looked up when the letter is delivered.

        ``chased`` is the element whose people an ``assignee`` is, or nothing, and which of its open tasks.
        """
        execution, complaint = self.execution, self.execution.complaint
        if to == "complainant":
            contact = execution.context.vault.decrypt(complaint.contact) if complaint and complaint.contact else None
            return contact, "complainant"
        if to == "assignee":
            return ":".join(("task", execution.instance.id, *chased)), to
        if to not in self._pack(element).groups:
            raise machine.fault(
                element,
                f"收件方“{to}”既不是 complainant、assignee，也不是 pack.toml 中的组",
                f"the recipient “{to}” is neither complainant nor assignee nor a group of pack.toml",
            )
        return f"{execution.pack.name}/{to}", to

    def _send(
        self, task_id: str, topic: str, subject: str, body: str, recipient: str | None, label: str, letter: str | None
    ) -> None:
        execution, vault = self.execution, self.execution.context.vault
        self.rows.append(
            {
                "instance_id": execution.instance.id,
                "key": f"{task_id}:{len(self.rows)}",
                "topic": topic,
                "recipient": vault.encrypt(recipient) if recipient else None,
                "recipient_label": label,
                "subject": subject,
                "body": vault.encrypt(body),
                "letter": letter,
                "created_at": execution.at,
                "run_at": execution.at,
                "attempts": 0,
            }
        )

    def write(self) -> None:
        """Write what the topics left, in the transaction of the step."""
        session = self.execution.session
        if self.rows:
            session.connection().execute(insert(cast(Table, Outbox.__table__)), self.rows)
            self.execution.context.wake(self.execution.at)
        session.add_all(self.others)
        if self.reminded:
            session.execute(
                update(UserTask)
                .where(UserTask.id.in_(self.reminded), UserTask.state == "open")
                .values(reminders=UserTask.reminders + 1)
                .execution_options(synchronize_session=False)
            )


def outside(value: Any) -> Any:
    """A value as other systems read it: plain JSON, times and durations as ISO 8601 texts."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [outside(item) for item in value]
    if isinstance(value, dict):
        return {str(key): outside(item) for key, item in value.items()}
    return string(value)


def shown(value: Any, zone: Any) -> Any:
    """A value as it reads in a letter: instants in the organisation's zone, numbers without decimals if whole."""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y年%m月%d日 %H:%M")
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(str(shown(v, zone)) for v in value)
    return value
