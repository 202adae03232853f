"""The small pack with a process ``report`` beside the complaint, which a timer, a message or a signal starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.check import check
from engine.models import ProcessInstance, StartSubscription
from engine.packs import load_pack
from engine.types import Correlated
from tests import small
from tests.office import Office

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROOTS = (
    '<b:message id="m_order" name="order"/><b:signal id="s_recall" name="recall"/>'
    '<b:message id="m_paid" name="paid"><b:extensionElements><zeebe:subscription correlationKey="=order_id"/>'
    "</b:extensionElements></b:message>"
)
ORDER = '<b:messageEventDefinition messageRef="m_order"/>'
RECALL = '<b:signalEventDefinition signalRef="s_recall"/>'
FAILS = small.service("notify", letter='"greeting"', to="nobody_set")
STAFF = Actor(id="li.na", groups=frozenset({"small/前台"}))


def cycle(text: str) -> str:
    return f"<b:timerEventDefinition><b:timeCycle>{text}</b:timeCycle></b:timerEventDefinition>"


def date(text: str) -> str:
    return f"<b:timerEventDefinition><b:timeDate>{text}</b:timeDate></b:timerEventDefinition>"


def start(definition: str, *inner: str, element: str = "begun") -> str:
    return f'<b:startEvent id="{element}" name="开始了">{small.extension(*inner)}{definition}</b:startEvent>'


def calendar(name: str) -> str:
    return f'<zeebe:properties><zeebe:property name="calendar" value="{name}"/></zeebe:properties>'


def process(*starts: str, step: str = "", process_id: str = "report", task: str = "write") -> bytes:
    """Start events → ``task`` → ended; ``step`` stands before the task."""
    ids = [s.split('id="', 1)[1].split('"', 1)[0] for s in starts]
    first = "step" if step else task
    flows = "".join(small.flow(i, first) for i in ids) + (small.flow("step", task) if step else "")
    return (
        f'<b:definitions {small.SPACES}>{ROOTS}<b:process id="{process_id}" name="报表" isExecutable="true">'
        f'{"".join(starts)}{step}{small.user_task(task)}<b:endEvent id="ended" name="结束"/>{flows}'
        f"{small.flow(task, 'ended')}</b:process></b:definitions>"
    ).encode()


def files(*starts: str, note: str = "note", **parts: Any) -> dict[str, bytes]:
    """The small pack with a process ``report`` beside the complaint."""
    task = parts.get("task", "write")
    return small.files() | {"report.bpmn": process(*starts, **parts), f"forms/{task}.form": small.form(task, note)}


def begun(house: Office, process_id: str = "report") -> list[ProcessInstance]:
    with house.store.read() as session:
        query = select(ProcessInstance).where(ProcessInstance.process_id == process_id)
        found = list(session.scalars(query))
    return sorted(found, key=lambda i: (scheduled(house, i) or i.started_at, i.started_at))


def scheduled(house: Office, instance: ProcessInstance) -> datetime | None:
    """When the occurrence that started the instance was due, as the process knows it."""
    found = house.engine.instances.variables(SYSTEM, instance.id).get("scheduled_at")
    return (
        datetime.fromisoformat(found["$datetime"].removesuffix("@Asia/Shanghai")).replace(tzinfo=SHANGHAI)
        if found
        else None
    )


def deploy(house: Office, *starts: str, **parts: Any) -> Any:
    return small.deploy(house, files(*starts, **parts))


def days(house: Office, process_id: str = "report") -> list[str]:
    """The local days on which occurrences were due."""
    dues = [scheduled(house, instance) for instance in begun(house, process_id)]
    return [d.strftime("%m-%d") for d in dues if d is not None]


def sweep(house: Office) -> int:
    """Everything that is due, as the scheduler does it."""
    total = 0
    while taken := house.engine.timers.sweep():
        total += taken
    return total


def open_starts(house: Office) -> list[tuple[str, str]]:
    with house.store.read() as session:
        rows = session.scalars(select(StartSubscription).order_by(StartSubscription.id))
        return [(r.element_id, r.kind) for r in rows]


def send(house: Office, key: str = "", actor: Actor = SYSTEM, name: str = "order", **variables: Any) -> Correlated:
    return house.engine.messages.correlate(actor, name, key, variables)


def refusals(*starts: str, **parts: Any) -> str:
    report = check(load_pack(files(*starts, **parts), "small"))
    found = [f for f in report.findings if f.severity == "error"]
    assert all(f.element for f in found)
    assert all(f.zh != f.en for f in found)
    return " | ".join(f.en for f in found)


def incidents(house: Office) -> list[Mapping[str, Any]]:
    return list(house.engine.incidents.list(SYSTEM))


def complaint_by_message() -> dict[str, bytes]:
    given = small.files(
        roots='<b:message id="m_order" name="order"/>',
        more=start(ORDER, element="posted") + small.flow("posted", "work"),
    )
    return given
