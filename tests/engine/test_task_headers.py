"""Task headers: static metadata of the diagram, given to a topic beside its inputs (Camunda 8, "Task headers")."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM
from engine.models import Complaint, Outbox
from engine.scenarios import member
from tests import small
from tests.engine.checks.office import found
from tests.engine.versions import variables
from tests.office import Office

CLERK = member("small", "前台")
_THROWN = '<b:messageEventDefinition messageRef="told"/>'


def headers(**values: str) -> str:
    listed = "".join(f'<zeebe:header key="{k.rstrip("_")}" value="{v}"/>' for k, v in values.items())
    return f"<zeebe:taskHeaders>{listed}</zeebe:taskHeaders>"


def job(topic: str, given: str, element: str = "serviceTask", more: str = "", **inputs: str) -> str:
    """A job of ``topic`` with task headers; inputs are FEEL without the equals sign."""
    mapped = "".join(f'<zeebe:input source="={v}" target="{k.rstrip("_")}"/>' for k, v in inputs.items())
    io = f"<zeebe:ioMapping>{mapped}</zeebe:ioMapping>" if inputs else ""
    held = small.extension(f'<zeebe:taskDefinition type="{topic}"/>', given, io)
    return f'<b:{element} id="step" name="下一步">{held}{more}</b:{element}>'


def through(house: Office, step: str, **values: Any) -> str:
    """A complaint that went through the step; returns its instance."""
    house.engine.context.config = replace(house.engine.context.config, webhooks={"crm": "https://crm.example.org"})
    small.deploy(house, small.files(step, roots='<b:message id="told" name="told"/>'))
    running = str(house.engine.complaints.file(SYSTEM, "small", small.INTAKE).instance_id)
    house.engine.tasks.complete(CLERK, house.task(running, "work").id, values)
    return running


def sent(house: Office) -> tuple[str, Any]:
    """Subject and body of the one message in the outbox."""
    with house.store.read() as session:
        row = session.scalars(select(Outbox)).one()
    assert row.body is not None
    return row.subject, house.engine.context.vault.decrypt(row.body)


@pytest.mark.parametrize(
    ("element", "more"),
    [
        ("serviceTask", ""),
        ("sendTask", ""),
        ("businessRuleTask", ""),
        ("scriptTask", ""),
        ("intermediateThrowEvent", _THROWN),
    ],
)
def test_headers_reach_the_topic_wherever_a_job_stands(house: Office, element: str, more: str) -> None:
    through(house, job("webhook", headers(url="crm", system="A7"), element, more))
    assert json.loads(sent(house)[1])["headers"] == {"url": "crm", "system": "A7"}


def test_header_values_are_plain_text_never_feel(house: Office) -> None:
    through(house, job("webhook", headers(url="crm", formula="=1 + 1")))
    assert json.loads(sent(house)[1])["headers"]["formula"] == "=1 + 1"


def test_without_headers_a_webhook_says_nothing_of_them(house: Office) -> None:
    through(house, job("webhook", "", url="&quot;crm&quot;"))
    assert "headers" not in json.loads(sent(house)[1])


def test_inputs_win_over_headers(house: Office) -> None:
    through(house, job("notify", headers(letter="nowhere", to="complainant"), letter="&quot;greeting&quot;"), note="x")
    assert sent(house)[1] == "王小明：x"


def test_a_topic_takes_what_it_knows_and_ignores_the_rest(house: Office) -> None:
    given = headers(category="保修", colour="rot")
    running = through(house, job("ledger", given, department="&quot;仓库&quot;", own="note"), note="x")
    with house.store.read() as session:
        complaint = session.scalars(select(Complaint)).one()
    assert (complaint.category, complaint.department) == ("保修", "仓库")
    known = variables(house, running)
    assert (known["category"], known["department"], known["own"]) == ("保修", "仓库", "x")
    assert "colour" not in known


def test_the_check_counts_headers_as_given() -> None:
    def errors(step: str) -> list[str]:
        return [text for _, element, text in found(small.files(step)) if element == "step"]

    assert errors(job("notify", headers(letter="greeting", to="complainant"))) == []
    assert "lacks the inputs to" in errors(job("notify", headers(letter="greeting")))[0]
    assert "letters/lost.md does not exist" in errors(job("notify", headers(letter="lost", to="complainant")))[0]
    assert "letters/=greeting.md" in errors(job("notify", headers(letter="=greeting", to="complainant")))[0]
    twice = '<zeebe:taskHeaders><zeebe:header key="a" value="1"/><zeebe:header key="a" value="2"/></zeebe:taskHeaders>'
    assert "a key of its own" in errors(job("ledger", twice))[0]


def test_headers_of_a_user_task_are_for_other_task_applications(house: Office) -> None:
    held = small.extension(
        "<zeebe:userTask/>", '<zeebe:assignmentDefinition candidateGroups="前台"/>', headers(layout="wide")
    )
    running = through(house, f'<b:userTask id="step" name="下一步">{held}</b:userTask>')
    task = house.engine.tasks.get(CLERK, house.task(running, "step").id)
    assert (task.headers, dict(task.variables).get("layout")) == ({"layout": "wide"}, None)
