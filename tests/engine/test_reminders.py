"""Reminders: whom a letter about an open user task reaches, when several instances of the task are open."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.models import Outbox as Row
from engine.models import UserTask
from engine.outbox import Outbox
from tests import small
from tests.engine.test_outbox import Carried
from tests.office import Office

LOOP = (
    "<b:multiInstanceLoopCharacteristics>"
    + small.extension('<zeebe:loopCharacteristics inputCollection="={}" inputElement="one"/>')
    + "</b:multiInstanceLoopCharacteristics>"
)
CHASE = (
    '<b:boundaryEvent id="late" attachedToRef="work" cancelActivity="false"><b:timerEventDefinition>'
    "<b:timeDuration>PT1H</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>"
    + small.service("notify", letter='"greeting"', to='"assignee"', element='"work"').replace('"step"', '"chase"')
    + small.flow("late", "chase")
)
WORK = small.user_task("work", '<zeebe:taskSchedule dueDate="=one.due"/>', more='assignee="=one.who"')
PEOPLE = '[{who: "first", due: "P1D"}, {who: "second", due: "P2D"}, {who: "third", due: "P2D"}]'.replace('"', "&quot;")
ONE, TWO = "2026年03月03日 09:00", "2026年03月04日 09:00"
EACH = WORK.replace("</b:userTask>", LOOP.format(PEOPLE) + "</b:userTask>")


def begun(house: Office, bpmn: bytes) -> tuple[str, Carried]:
    """A complaint whose ``work`` is open for three people, and what is sent from now on."""
    for login in ("first", "second", "third"):
        house.engine.users.create(SYSTEM, login, login, None, ["small/前台"])
    letter = "# {{ task.name }}\n{{ task.due_at }}"
    small.deploy(house, small.files() | {"main.bpmn": bpmn, "letters/greeting.md": letter.encode()})
    instance_id = house.engine.complaints.file(SYSTEM, "small", small.INTAKE).instance_id
    house.engine.outbox = Outbox(house.engine.context, carried := Carried())
    return instance_id, carried


def sent(house: Office, carried: Carried) -> list[tuple[list[str], str]]:
    house.advance(hours=1)
    house.engine.outbox.deliver()
    with house.store.read() as session:
        assert not session.scalars(select(Row).where(Row.error.is_not(None))).all()
    return sorted((to, body) for _, to, body in carried.items)


def reminded(house: Office) -> dict[str | None, int]:
    with house.store.read() as session:
        query = select(UserTask).where(UserTask.element_id == "work").order_by(UserTask.assignee)
        return {task.assignee: task.reminders for task in session.scalars(query)}


def complete(house: Office, instance_id: str, login: str) -> None:
    (task,) = [t for t in house.open_tasks(instance_id) if t.assignee == login]
    actor = house.engine.users.actor(login)
    assert isinstance(actor, Actor)
    house.engine.tasks.complete(actor, task.id, {})


def test_everybody_whose_instance_is_open_is_reminded_once_with_the_own_due_date(house: Office) -> None:
    _, carried = begun(house, small.diagram(work=EACH, more=CHASE))
    assert sent(house, carried) == [(["first"], ONE), (["second", "third"], TWO)]
    assert reminded(house) == {"first": 1, "second": 1, "third": 1}


def test_whoever_is_done_is_not_reminded(house: Office) -> None:
    instance_id, carried = begun(house, small.diagram(work=EACH, more=CHASE))
    complete(house, instance_id, "third")
    assert sent(house, carried) == [(["first"], ONE), (["second"], TWO)]
    assert reminded(house) == {"first": 1, "second": 1, "third": 0}


def test_whoever_finishes_before_the_letter_goes_out_is_not_reminded(house: Office) -> None:
    instance_id, carried = begun(house, small.diagram(work=EACH, more=CHASE))
    deliver, house.engine.outbox = house.engine.outbox, Outbox(house.engine.context, Carried(*[OSError("away")] * 9))
    house.advance(hours=1)
    house.engine.outbox.deliver()
    complete(house, instance_id, "second")
    house.engine.outbox = deliver
    assert sent(house, carried) == [(["first"], ONE), (["third"], TWO)]


INSIDE = f"""<b:startEvent id="in"/>{WORK}{CHASE}<b:endEvent id="out"/>{small.flow("in", "work")}{small.flow("work", "out")}"""


def test_a_reminder_from_inside_one_instance_is_only_for_that_one(house: Office) -> None:
    """Each instance of the subprocess has a timer of its own: three fire, and each person is reminded by one."""
    around = f'<b:subProcess id="each" name="each">{INSIDE}{LOOP.format(PEOPLE)}</b:subProcess>'
    bpmn = small.diagram(work=around).decode().replace(small.flow("received", "work"), small.flow("received", "each"))
    _, carried = begun(house, bpmn.replace(small.flow("work", "step"), small.flow("each", "step")).encode())
    assert sent(house, carried) == [(["first"], ONE), (["second"], TWO), (["third"], TWO)]
    assert reminded(house) == {"first": 1, "second": 1, "third": 1}


@pytest.mark.parametrize("to", ["仓库", "complainant"])
def test_a_letter_to_others_about_the_tasks_is_one(house: Office, to: str) -> None:
    begun(house, small.diagram(work=EACH, more=CHASE.replace("assignee", to)))
    house.advance(hours=1)
    with house.store.read() as session:
        assert [row.recipient_label for row in session.scalars(select(Row))] == [to]
    assert reminded(house) == {"first": 1, "second": 1, "third": 1}
