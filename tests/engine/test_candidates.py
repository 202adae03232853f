"""Candidate users beside candidate groups, and the other assignment and schedule attributes (Camunda 8, "User tasks")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor
from engine.errors import BadRequest, ExcludedPerformer, ExecutionError, Forbidden, TaskClaimed
from engine.models import HistoryEvent, Outbox, UserTask, UserTaskCandidate
from engine.outbox import Outbox as Delivery
from engine.packs import load_pack
from engine.scenarios import member
from tests import small
from tests.engine.checks.office import found
from tests.office import Office, manager, run_scenario

CLERK = member("small", "前台")


def task(assignment: str, *more: str, lane: str = "") -> dict[str, bytes]:
    """The pack whose step is a user task with this assignment, in a lane if one is named."""
    held = small.extension(
        "<zeebe:userTask/>", f"<zeebe:assignmentDefinition {assignment}/>" if assignment else "", *more
    )
    given = small.files(f'<b:userTask id="step" name="下一步">{held}</b:userTask>')
    lanes = f'<b:laneSet id="ls"><b:lane id="l" name="{lane}"><b:flowNodeRef>step</b:flowNodeRef></b:lane></b:laneSet>'
    whole = given["main.bpmn"].replace(
        b'isExecutable="true">', b'isExecutable="true">' + (lanes if lane else "").encode()
    )
    return {**given, "main.bpmn": whole}


def reach(house: Office, given: dict[str, bytes], **values: Any) -> str:
    """A complaint at the step; returns its instance."""
    small.deploy(house, given)
    running = str(house.engine.complaints.file(SYSTEM, "small", small.INTAKE).instance_id)
    house.engine.tasks.complete(CLERK, house.task(running, "work").id, values)
    return running


def person(house: Office, login: str, *groups: str) -> Actor:
    """A member of staff with an account."""
    if house.engine.users.actor(login) is None:
        house.engine.users.create(SYSTEM, login, login.upper(), None, [f"small/{g}" for g in groups])
    actor = house.engine.users.actor(login)
    assert actor is not None
    return actor


def candidates(house: Office, running: str) -> set[str]:
    with house.store.read() as session:
        of = UserTaskCandidate.task_id == house.task(running, "step").id
        return set(session.scalars(select(UserTaskCandidate.candidate).where(of)))


def offered(house: Office, actor: Actor, view: str = "groups") -> list[str]:
    assert house.engine.tasks.counts(actor)[view] == len(house.engine.tasks.list(actor, view=view).items)
    return [row.element_id for row in house.engine.tasks.list(actor, view=view).items]


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ('candidateUsers="li, wang"', {"li", "wang"}),
        ('candidateUsers="=[&quot;li&quot;, &quot;wang&quot;]"', {"li", "wang"}),
        ('candidateUsers="=note"', {"li", "wang"}),
        ('candidateUsers=" Li , LI,, "', {"li"}),
        ('candidateUsers="li" candidateGroups="仓库"', {"li", "small/仓库"}),
        ('candidateGroups="仓库, 前台"', {"small/仓库", "small/前台"}),
        ('candidateGroups="=[&quot;仓库&quot;]"', {"small/仓库"}),
        ('candidateUsers="=null" candidateGroups="仓库"', {"small/仓库"}),
        ('candidateUsers="=null" assignee="li"', set()),
        ('assignee="li"', {"small/仓库"}),
        ("", {"small/仓库"}),
    ],
)
def test_who_a_task_is_offered_to(house: Office, assignment: str, expected: set[str]) -> None:
    """A task with candidate users is not offered to the group of its lane."""
    assert candidates(house, reach(house, task(assignment, lane="仓库"), note="li,wang")) == expected


def test_a_candidate_user_sees_takes_and_does_the_task(house: Office) -> None:
    li, wang = person(house, "li"), person(house, "wang", "前台")
    running = reach(house, task('candidateUsers="li"', lane="前台"))
    step = house.task(running, "step").id
    number = house.engine.instances.get(manager("small"), running).business_key
    assert offered(house, li) == ["step"]
    assert offered(house, wang) == []
    assert house.engine.complaints.get(li, number).row.number == number
    assert [c.number for c in house.engine.complaints.list(li).items] == [number]
    shown = house.engine.tasks.get(li, step)
    assert (shown.may_claim, shown.may_complete, shown.row.candidate_users, shown.row.groups) == (
        True,
        True,
        ("li",),
        (),
    )
    for refused in (house.engine.tasks.claim, house.engine.tasks.get):
        with pytest.raises(Forbidden):
            refused(wang, step)
    with pytest.raises(Forbidden):
        house.engine.tasks.complete(wang, step, {})
    assert house.engine.tasks.claim_many(li, [step]) == {step: None}
    assert offered(house, li, "mine") == ["step"]
    house.engine.tasks.unclaim(li, step)
    assert offered(house, li) == ["step"]
    house.engine.tasks.complete(li, step, {})
    with house.store.read() as session:
        assert session.get_one(UserTask, step).completed_by == "li"
    assert house.engine.complaints.get(li, number).row.number == number


def test_nobody_else_of_the_house_reads_the_complaint(house: Office) -> None:
    stranger = person(house, "zhao", "仓库")
    running = reach(house, task('candidateUsers="li"'))
    number = house.engine.instances.get(manager("small"), running).business_key
    with pytest.raises(Forbidden):
        house.engine.complaints.get(stranger, number)


def test_either_a_candidate_user_or_a_member_of_the_group(house: Office) -> None:
    given = task('candidateUsers="li" candidateGroups="仓库"')
    li, store_keeper = person(house, "li"), person(house, "zhao", "仓库")
    running = reach(house, given)
    assert offered(house, li) == offered(house, store_keeper) == ["step"]
    assert {login for login, _ in house.engine.tasks.candidates(li, house.task(running, "step").id)} == {"li", "zhao"}
    house.engine.tasks.claim(store_keeper, house.task(running, "step").id)
    with pytest.raises(TaskClaimed):
        house.engine.tasks.claim(li, house.task(running, "step").id)


def test_excluded_people_stay_excluded(house: Office) -> None:
    excludes = '<zeebe:properties><zeebe:property name="excludes" value="work"/></zeebe:properties>'
    doer = person(house, "li", "前台")
    small.deploy(house, task('candidateUsers="li,wang"', excludes))
    running = str(house.engine.complaints.file(SYSTEM, "small", small.INTAKE).instance_id)
    house.engine.tasks.complete(doer, house.task(running, "work").id, {})
    step = house.task(running, "step").id
    assert offered(house, doer) == []
    assert not house.engine.tasks.get(doer, step).may_claim
    with pytest.raises(ExcludedPerformer):
        house.engine.tasks.claim(doer, step)
    person(house, "wang")
    assert house.engine.tasks.candidates(doer, step) == [("wang", "WANG")]


def test_nobody_does_two_parallel_instances_that_exclude_each_other(house: Office) -> None:
    excludes = '<zeebe:properties><zeebe:property name="excludes" value="step"/></zeebe:properties>'
    held = small.extension('<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="前台"/>', excludes)
    twice = small.extension('<zeebe:loopCharacteristics inputCollection="=[1, 2]"/>')
    loop = f"<b:multiInstanceLoopCharacteristics>{twice}</b:multiInstanceLoopCharacteristics>"
    running = reach(house, small.files(f'<b:userTask id="step" name="下一步">{held}{loop}</b:userTask>'))
    doer = person(house, "li", "前台")
    house.engine.tasks.complete(doer, house.task(running, "step").id, {})
    with pytest.raises(ExcludedPerformer):
        house.engine.tasks.complete(doer, house.task(running, "step").id, {})
    house.engine.tasks.complete(person(house, "wang", "前台"), house.task(running, "step").id, {})


def test_a_substitute_acts_for_a_candidate_user(house: Office) -> None:
    person(house, "li")
    person(house, "zhao", "仓库")
    now = house.clock.now()
    house.engine.users.absence_set(SYSTEM, "li", "zhao", now, now + timedelta(days=1))
    running = reach(house, task('candidateUsers="li"'))
    stands_in = person(house, "zhao")
    assert offered(house, stands_in) == ["step"]
    step = house.task(running, "step").id
    house.engine.tasks.claim(stands_in, step)
    house.engine.tasks.complete(stands_in, step, {})
    with house.store.read() as session:
        assert session.get_one(UserTask, step).on_behalf_of == "li"
        events = session.scalars(select(HistoryEvent).where(HistoryEvent.task_id == step)).all()
    assert {e.on_behalf_of for e in events if e.type in ("task_claimed", "task_completed")} == {"li"}


def test_a_candidate_who_also_stands_in_acts_in_his_own_name(house: Office) -> None:
    person(house, "li")
    person(house, "zhao")
    now = house.clock.now()
    house.engine.users.absence_set(SYSTEM, "li", "zhao", now, now + timedelta(days=1))
    running = reach(house, task('candidateUsers="li,zhao"'))
    step = house.task(running, "step").id
    house.engine.tasks.complete(person(house, "zhao"), step, {})
    with house.store.read() as session:
        assert session.get_one(UserTask, step).on_behalf_of is None


def test_a_candidate_nobody_knows_leaves_the_task_to_the_manager(house: Office) -> None:
    """The account may be made later; until then a manager hands the task to anybody of the pack."""
    zhao = person(house, "zhao", "仓库")
    person(house, "outsider")
    running = reach(house, task('candidateUsers="nobody.yet"'))
    step, chief = house.task(running, "step").id, manager("small")
    assert house.engine.tasks.get(chief, step).row.candidate_users == ("nobody.yet",)
    assert house.engine.tasks.candidates(chief, step) == [("zhao", "ZHAO")]
    with pytest.raises(BadRequest):
        house.engine.tasks.assign(chief, step, "outsider", "kennt den Fall")
    later = person(house, "nobody.yet")
    assert offered(house, later) == ["step"]
    assert house.engine.tasks.candidates(chief, step) == [("nobody.yet", "NOBODY.YET")]
    house.engine.tasks.assign(chief, step, "nobody.yet", "neu eingestellt")
    assert zhao.id == "zhao"


def test_reminders_reach_candidate_users_and_members_once(house: Office) -> None:
    for login, groups in (("li", ()), ("wang", ("仓库",)), ("chen", ("前台",))):
        person(house, login, *groups)
    running = reach(house, task('candidateUsers="li,wang" candidateGroups="仓库"'))
    got: list[list[str]] = []
    delivery = Delivery(house.engine.context, lambda row, recipients, body: got.append(recipients))
    vault, now = house.engine.context.vault, house.clock.now()
    values = {"instance_id": running, "key": "k", "topic": "notify", "recipient_label": "assignee", "subject": "s"}
    with house.store.write() as session:
        to = vault.encrypt(f"task:{running}:step")
        session.add(Outbox(**values, recipient=to, body=vault.encrypt("b"), created_at=now, run_at=now))
    assert delivery.deliver() == 1
    assert got == [["li", "wang"]]


def test_scenarios_play_candidate_users(house: Office) -> None:
    scenario = """title = "x"
start = "2026-03-02T09:00:00+08:00"
[intake]
matter = "货到了但是少一件"
[[step]]
complete = "work"
[[step]]
complete = "step"
expect = { group = { step = "li" } }
[[step]]
expect = { ended = "closed" }
"""
    given = {**task('candidateUsers="li,wang"'), "scenarios/x.toml": scenario.encode()}
    outcome = run_scenario(load_pack(given, "small"), "scenarios/x.toml", house.engine.config)
    assert outcome.ok, outcome.problem


# -- what cannot be used --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (task('candidateUsers="=null"'), "names neither candidate groups nor users"),
        (task('candidateUsers="=[]"'), "names neither candidate groups nor users"),
        (task('candidateUsers="=5"'), "does not give a list of texts: 5"),
        (task('candidateUsers="=[1, 2]"'), "does not give a list of texts"),
        (task('candidateUsers="=note"'), "“small/前台” is not an account"),
        (task(f'candidateUsers="{"x" * 65}"'), "is not an account"),
        (task('candidateGroups="=note"'), "“small/前台” is not defined in [groups]"),
        (task('candidateGroups="=[]" candidateUsers="=null"'), "names neither"),
        (task('assignee="=5"'), "5 is not an account"),
        (task('assignee="=[&quot;li&quot;]"'), "is not an account"),
    ],
)
def test_an_assignment_that_gives_no_sense_is_an_incident(house: Office, given: dict[str, bytes], text: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        reach(house, given, note="small/前台")
    assert text in caught.value.text("en").replace('"', "“", 1).replace('"', "”", 1)
    assert caught.value.params["element_id"] == "step"


def test_the_check_wants_somebody_to_do_the_task() -> None:
    assert [e for _, e, _ in found(task(""))] == ["step"]
    assert found(task('candidateUsers="li"')) == []
    assert "candidateUsers" in found(task('candidateUsers="=1 +"'))[0][2]


# -- assignee, dates, priority --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignee", "expected"), [("li", "li"), ("=note", "li"), ("=null", None), ("=nothing", None), ("LI", "li")]
)
def test_assignee(house: Office, assignee: str, expected: str | None) -> None:
    running = reach(house, task(f'assignee="{assignee}" candidateGroups="仓库"'), note="li")
    assert house.task(running, "step").assignee == expected


AT = datetime(2026, 3, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize("attribute", ["dueDate", "followUpDate"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-10T11:00:00+08:00", AT),
        ("2026-03-10T03:00:00Z", AT),
        ("=date and time(&quot;2026-03-10T11:00:00+08:00&quot;)", AT),
        ("=&quot;2026-03-10T11:00:00+08:00&quot;", AT),
        ("=note", AT),
        ("=now() + duration(&quot;PT2H&quot;)", datetime(2026, 3, 2, 3, tzinfo=UTC)),
        ("=null", None),
        ("=if note = null then now() else null", None),
    ],
)
def test_dates(house: Office, attribute: str, text: str, expected: datetime | None) -> None:
    schedule = f'<zeebe:taskSchedule {attribute}="{text}"/>'
    running = reach(house, task('candidateGroups="仓库"', schedule), note="2026-03-10T11:00:00+08:00")
    step = house.task(running, "step")
    assert (step.due_at if attribute == "dueDate" else step.follow_up_at) == expected


@pytest.mark.parametrize("attribute", ["dueDate", "followUpDate"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("=limits.step", "there is no variable limits"),
        ("=note.step", "has no value"),
        ("=5", "does not give a time: 5"),
        ("=&quot;soon&quot;", "does not give a time"),
    ],
)
def test_a_date_that_should_have_a_value_is_an_incident(house: Office, attribute: str, text: str, why: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        reach(house, task('candidateGroups="仓库"', f'<zeebe:taskSchedule {attribute}="{text}"/>'), note="x")
    assert why in caught.value.text("en")
    assert attribute in caught.value.text("en")


@pytest.mark.parametrize(("text", "expected"), [("", 50), ("0", 0), ("100", 100), ("=60 + 7", 67), ("=35 * 2.0", 70)])
def test_priority(house: Office, text: str, expected: int) -> None:
    priority = f'<zeebe:priorityDefinition priority="{text}"/>'
    running = reach(house, task('candidateGroups="仓库"', priority if text else ""))
    assert house.task(running, "step").priority == expected


@pytest.mark.parametrize("text", ["=100 + 1", "=-1", "=70 + 0.5", "=none", "=note", "=1 = 1", "=[1]"])
def test_a_priority_out_of_range_is_an_incident(house: Office, text: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        reach(house, task('candidateGroups="仓库"', f'<zeebe:priorityDefinition priority="{text}"/>'), note="high")
    assert "not a whole number from 0 to 100" in caught.value.text("en")


def test_priority_written_out_of_range_is_found_by_the_check() -> None:
    given = task('candidateGroups="仓库"', '<zeebe:priorityDefinition priority="101"/>')
    assert "from 0 to 100" in found(given)[0][2]
