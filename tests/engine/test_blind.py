"""A blind task: whoever does it learns nothing of the complaint but what the task's inputs say."""

from __future__ import annotations

import json

import pytest

from engine import SYSTEM
from engine.errors import Forbidden
from engine.mutations.mutants import mutants
from engine.packs import load_pack
from engine.scenarios import member
from tests import small
from tests.office import Office, manager

CLERK, TESTER = member("small", "前台"), member("small", "仓库")
CODE = '<zeebe:ioMapping><zeebe:input source="=note" target="code"/></zeebe:ioMapping>'
BLIND = '<zeebe:properties><zeebe:property name="blind" value="true"/></zeebe:properties>'


def files(*more: str) -> dict[str, bytes]:
    step = small.user_task("step", CODE, *more, group="仓库")
    return small.files(step) | {"forms/step.form": small.form("step", "measured")}


def reach(house: Office, given: dict[str, bytes]) -> tuple[str, str, str]:
    """(number, instance, task) of a complaint whose sample is to be tested."""
    small.deploy(house, given)
    filed = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    assert filed.number is not None
    house.engine.tasks.complete(CLERK, house.task(filed.instance_id, "work").id, {"note": "M-7"})
    return filed.number, filed.instance_id, house.task(filed.instance_id, "step").id


def test_nothing_of_the_complaint_is_seen_through_it(house: Office) -> None:
    number, instance, task = reach(house, files(BLIND))
    detail = house.engine.tasks.get(TESTER, task)
    assert detail.variables == {"code": "M-7"}
    assert (detail.row.number, detail.row.matter, detail.row.category) == (None, "", None)
    assert detail.may_complete
    for look in (
        lambda: house.engine.complaints.get(TESTER, number),
        lambda: house.engine.complaints.get(TESTER, number, reveal=True),
        lambda: house.engine.complaints.history(TESTER, number),
        lambda: house.engine.instances.get(TESTER, instance),
        lambda: house.engine.instances.history(TESTER, instance),
    ):
        with pytest.raises(Forbidden):
            look()
    assert house.engine.complaints.list(TESTER).items == ()


def test_nor_can_it_be_found_by_what_the_complaint_says(house: Office) -> None:
    _, _, task = reach(house, files(BLIND))
    for words in ("少一件", small.INTAKE["contact"], small.INTAKE["complainant"]):
        assert house.engine.tasks.list(TESTER, view="groups", q=words).items == ()
    assert [row.id for row in house.engine.tasks.list(TESTER, view="groups").items] == [task]


def test_it_stays_blind_once_it_is_done(house: Office) -> None:
    number, _, task = reach(house, files(BLIND))
    house.engine.tasks.complete(TESTER, task, {"measured": "0.2"})
    with pytest.raises(Forbidden):
        house.engine.complaints.get(TESTER, number)


def test_any_other_task_opens_the_complaint(house: Office) -> None:
    number, instance, task = reach(house, files())
    assert house.engine.tasks.get(TESTER, task).row.number == number
    assert house.engine.complaints.get(TESTER, number).row.number == number
    assert house.engine.instances.get(TESTER, instance).id == instance


def test_those_who_oversee_the_pack_and_those_who_worked_on_it_see_all(house: Office) -> None:
    number, _, _ = reach(house, files(BLIND))
    for actor in (CLERK, manager("small")):
        assert house.engine.complaints.get(actor, number).row.number == number


def test_taking_blindness_away_is_a_mutant() -> None:
    rule = BLIND.replace("</zeebe:properties>", '<zeebe:property name="clause" value="R1"/></zeebe:properties>')
    pack = load_pack(files(rule) | {"policy.tsv": b"id\tcarry\nR1\tacl\n"}, "small")
    changed = next(m for m in mutants(pack) if m.change == "in the open")
    assert b'"blind"' in pack.files["main.bpmn"]
    assert b'"blind"' not in changed.content


def test_a_personal_field_that_becomes_plain_is_a_mutant() -> None:
    intake = json.loads(small.files()["forms/intake.form"])
    for component in intake["components"]:
        component["properties"] = {"clause": "R1"} if component["key"] == "contact" else {}
    given = small.files() | {"forms/intake.form": json.dumps(intake).encode(), "policy.tsv": b"id\tcarry\nR1\tacl\n"}
    changed = next(m for m in mutants(load_pack(given, "small")) if m.change == "plain")
    assert load_pack({**given, changed.path: changed.content}, "small").personal == ("complainant",)
