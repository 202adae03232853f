"""An office with one small pack, whose rows tests write directly: for everything that reads."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine.calendars import calendars_from_config
from engine.clock import VirtualClock
from engine.config import load_config
from engine.context import Context
from engine.crypto import Vault
from engine.history import Event, chain
from engine.models import (
    Complaint,
    Deployment,
    DeploymentResource,
    HistoryEvent,
    ProcessInstance,
    User,
    UserTask,
    UserTaskCandidate,
)
from engine.packs import load_pack
from engine.store import Store
from engine.types import SYSTEM, Actor

_SPACES = (
    'xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'targetNamespace="http://example.org/office"'
)


def _ext(*inner: str, **properties: str) -> str:
    listed = "".join(f'<zeebe:property name="{k}" value="{v}"/>' for k, v in properties.items())
    return f"<b:extensionElements>{''.join(inner)}<zeebe:properties>{listed}</zeebe:properties></b:extensionElements>"


def _user_task(task_id: str, name: str, *inner: str, **properties: str) -> str:
    form = f'<zeebe:userTask/><zeebe:formDefinition formId="{task_id}"/>'
    return f'<b:userTask id="{task_id}" name="{name}">{_ext(form, *inner, **properties)}</b:userTask>'


def _flow(source: str, target: str, inner: str = "") -> str:
    return (
        f'<b:sequenceFlow id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}">{inner}</b:sequenceFlow>'
    )


_COMPLAINT = f"""<b:definitions {_SPACES}>
<b:message id="m_withdraw" name="withdraw"><b:extensionElements><zeebe:subscription correlationKey="=number"/>
</b:extensionElements></b:message>
<b:process id="complaint" name="投诉办理" isExecutable="true">
<b:laneSet id="lanes"><b:lane id="lane_review" name="审核组"><b:flowNodeRef>review</b:flowNodeRef>
<b:flowNodeRef>reply</b:flowNodeRef><b:flowNodeRef>decide</b:flowNodeRef></b:lane></b:laneSet>
<b:startEvent id="received" name="收到投诉">{_ext('<zeebe:formDefinition formId="intake"/>', stage="受理")}</b:startEvent>
<b:callActivity id="accept" name="受理投诉">{_ext('<zeebe:calledElement processId="acceptance"/>', stage="受理")}
</b:callActivity>
{_user_task("review", "审核处理结果", stage="审核", clause="L7", calendar="calendar")}
<b:boundaryEvent id="review_overdue" name="到期" attachedToRef="review" cancelActivity="false">{_ext(clause="L7")}
<b:timerEventDefinition><b:timeDuration>P1D</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>
<b:endEvent id="chased" name="已催办"/>
<b:exclusiveGateway id="passed" name="审核通过？" default="passed_to_reply"/>
{_user_task("decide", "领导决定", stage="领导决定")}
{_user_task("reply", "回复客户", stage="答复", clause="L8")}
<b:endEvent id="closed" name="投诉办结">{_ext(stage="办结")}</b:endEvent>
<b:subProcess id="withdrawal" name="客户撤诉" triggeredByEvent="true">
<b:startEvent id="withdrawal_received" name="撤诉"><b:messageEventDefinition messageRef="m_withdraw"/></b:startEvent>
{_user_task("confirm_withdrawal", "核实撤诉", stage="撤诉")}<b:endEvent id="withdrawn" name="已撤诉"/>
{_flow("withdrawal_received", "confirm_withdrawal")}{_flow("confirm_withdrawal", "withdrawn")}</b:subProcess>
{_flow("received", "accept")}{_flow("accept", "review")}{_flow("review", "passed")}{_flow("passed", "reply")}
{_flow("passed", "decide", "<b:conditionExpression>=not(passed)</b:conditionExpression>")}{_flow("decide", "review")}
{_flow("reply", "closed")}{_flow("review_overdue", "chased")}
</b:process></b:definitions>"""

_ACCEPTANCE = f"""<b:definitions {_SPACES}><b:process id="acceptance" name="受理" isExecutable="true">
<b:laneSet id="lanes"><b:lane id="lane_intake" name="受理组"><b:flowNodeRef>triage</b:flowNodeRef></b:lane></b:laneSet>
<b:startEvent id="accepting" name="开始"/>
{_user_task("triage", "初步判断", stage="受理", clause="L5 L6", excludes="triage")}
<b:endEvent id="accepted" name="已受理"/>
{_flow("accepting", "triage")}{_flow("triage", "accepted")}</b:process></b:definitions>"""

_MANIFEST = """name = "shop"
title = "示例投诉室"
entry = "complaint"
calendar = "working"
personal = ["complainant", "contact", "address"]
[numbering]
pattern = "TS-{year}-{seq:05d}"
[groups]
"受理组" = { title = "受理组" }
"审核组" = { title = "审核组" }
"网络部" = { title = "网络部" }
[messages]
withdraw = "撤诉"
add_information = "补充情况"
survey = "满意度问卷"
"""

_ENGLISH = """[pack]
title = "Sample office"
[elements]
triage = "Triage"
review = "Review the result"
review_overdue = "due"
reply = "Reply"
accept = "Accept"
closed = "Closed"
[groups]
"审核组" = "Review"
"网络部" = "Network"
[stages]
"审核" = "Review"
[values]
"热线" = "hotline"
"资费争议" = "Billing dispute"
[messages]
withdraw = "withdrawal"
"""

_POLICY = (
    "id\tclause\trule_zh\trule_en\tfigure\tcarry\thow\n"
    "L5\t第五条\t两个工作日内完成初步判断。\tTriage within two working days.\tP2D\ttimer\tenforced\n"
    "L6\t第六条\t登记来件。\tEnter every complaint.\t\tfield\tenforced\n"
    "L7\t第七条\t一天内审核。\tReview within one day.\tP1D\ttimer\tenforced\n"
)


def _form(form_id: str) -> bytes:
    field = {"type": "textfield", "id": f"{form_id}_category", "key": "category", "label": "类别"}
    return json.dumps({"type": "default", "id": form_id, "schemaVersion": 18, "components": [field]}).encode()


PACK_FILES: Mapping[str, bytes] = {
    "pack.toml": _MANIFEST.encode(),
    "complaint.bpmn": _COMPLAINT.encode(),
    "acceptance.bpmn": _ACCEPTANCE.encode(),
    "policy.tsv": _POLICY.encode(),
    "locale/en.toml": _ENGLISH.encode(),
    **{f"forms/{f}.form": _form(f) for f in ("intake", "triage", "review", "decide", "reply", "confirm_withdrawal")},
}


class Office:
    """Writes rows as the engine would, and tells who is who."""

    def __init__(self, store: Store, clock: VirtualClock, var: Path) -> None:
        config = load_config(var=var, mode="demo")
        calendars = calendars_from_config(config.calendar)
        self.store, self.clock, self.vault = store, clock, Vault(["a key for the tests " * 3])
        self.context = Context(config, store, clock, calendars, self.vault)
        self.pack = load_pack(PACK_FILES, "shop")
        assert not [f for f in self.pack.findings if f.severity == "error"], self.pack.findings
        self.deployment = self.pack.sha256
        self._numbers = count(1)
        self.add(Deployment(id=self.deployment, pack="shop", version=3, deployed_at=clock.now(), note=""))
        self.add(*(DeploymentResource(deployment_id=self.deployment, path=p, content=c) for p, c in PACK_FILES.items()))
        self.context.remember(self.deployment, self.pack)

    def now(self, **later: float) -> datetime:
        return self.clock.now() + timedelta(**later)

    def add(self, *rows: Any) -> None:
        with self.store.write() as session:
            session.add_all(rows)

    def user(self, user_id: str, name: str, *groups: str, roles: tuple[str, ...] = (), **more: Any) -> Actor:
        """A member of staff; groups are of the pack, roles too."""
        self.add(User(id=user_id, name=name, created_at=self.clock.now()))
        return Actor(
            id=user_id,
            name=name,
            groups=frozenset(f"shop/{g}" for g in groups),
            roles=frozenset((role, "shop") for role in roles),
            **more,
        )

    def instance(self, instance_id: str, *, business_key: str | None = None, **values: Any) -> ProcessInstance:
        variables = values.pop("variables", {})
        data = {"format": 1, "performers": {}, "scopes": [{"spec": "complaint", "data": variables, "tasks": []}]}
        given: dict[str, Any] = {
            "id": instance_id,
            "pack": "shop",
            "deployment_id": self.deployment,
            "process_id": "complaint",
            "business_key": business_key,
            "state": "active",
            "started_at": self.clock.now(),
            "data": zlib.compress(json.dumps(data).encode()),
        }
        row = ProcessInstance(**given | values)
        self.add(row)
        return row

    def complaint(self, number: str, *, name: str = "张三丰", phone: str = "13812345678", **values: Any) -> Complaint:
        """A complaint with its instance, whose id is ``i-<number>``."""
        state = values.get("state", "active")
        self.instance(f"i-{number}", business_key=number, state=state, variables=values.pop("variables", {}))
        given: dict[str, Any] = {
            "number": number,
            "instance_id": f"i-{number}",
            "pack": "shop",
            "code_hash": self.vault.code_hash("ABCD3467"),
            "channel": "热线",
            "received_at": self.clock.now(),
            "complainant": self.vault.encrypt(name),
            "contact": self.vault.encrypt(phone),
            "personal": self.vault.encrypt(json.dumps({"address": "人民路 1 号"})),
            "complainant_index": self.vault.index(name),
            "contact_index": self.vault.index(phone),
            "contact_tail_index": self.vault.tail_index(phone),
            "matter": "宽带经常断线",
            "demand": "退费",
            "category": "资费争议",
            "severity": "一般",
            "department": "网络部",
            "stage": "受理",
            "state": state,
        }
        row = Complaint(**given | values)
        self.add(row)
        return row

    def task(self, number: str, element: str = "triage", *groups: str, **values: Any) -> str:
        """An open user task of the complaint ``number``; returns its id."""
        process = next(p for p in self.pack.processes.values() if p.find(element) is not None)
        given: dict[str, Any] = {
            "id": f"00000000-0000-4000-8000-{next(self._numbers):012d}",
            "instance_id": f"i-{number}",
            "pack": "shop",
            "deployment_id": self.deployment,
            "process_id": process.id,
            "element_id": element,
            "name": self.pack.names.element(process.id, element).zh,
            "state": "open",
            "form_id": element,
            "created_at": self.clock.now(),
            "priority": 50,
        }
        given |= values
        self.add(UserTask(**given))
        self.add(*(UserTaskCandidate(task_id=given["id"], candidate=f"shop/{g}") for g in groups))
        return str(given["id"])

    def history(self, instance_id: str, actor: Actor, *events: Event, at: datetime | None = None) -> None:
        """Append events as the engine does."""
        with self.store.write() as session:
            instance = session.get_one(ProcessInstance, instance_id)
            rows = chain(instance, actor, at or self.clock.now(), list(events))
            session.add_all(HistoryEvent(**row) for row in rows)

    def step(self, instance_id: str, *events: Event, flows: tuple[str, ...] = (), actor: Actor = SYSTEM) -> None:
        """One step of the engine: its flows, then its events."""
        taken = [Event("steps_taken", payload={"flows": list(flows)})] if flows else []
        self.history(instance_id, actor, *taken, *events)


@pytest.fixture
def office(store: Store, clock: VirtualClock, tmp_path: Path) -> Office:
    return Office(store, clock, tmp_path / "var")
