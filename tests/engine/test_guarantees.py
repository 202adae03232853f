"""Guarantees: what the policy promises for every run, and what breaks it."""

from __future__ import annotations

import pytest

from engine import SYSTEM
from engine.check import check
from engine.guarantees import Guarantee, Run, broken_by_run
from engine.packs import load_pack
from engine.walking import Walk, run_of
from tests import small
from tests.office import Office


def promise(kind: str, **keys: object) -> Guarantee:
    return Guarantee("g", kind, "承诺", "promise", (), keys)


BEFORE = promise("before", element="review", before="reply")
REACHES = promise(
    "always_reaches", after="triage", element=["lead", "decide"], when='=grade = "A"', unless_end="withdrawn"
)
PERSON = promise("different_person", element="handle")


@pytest.mark.parametrize(
    ("guarantee", "run", "kept"),
    [
        (promise("before_end", end="closed", element="call"), Run(("call",), end="closed"), True),
        (promise("before_end", end="closed", element="call"), Run((), end="closed"), False),
        (promise("before_end", end="closed", element="call"), Run((), end="withdrawn"), True),
        (BEFORE, Run(("review", "reply")), True),
        (BEFORE, Run(("reply", "review")), False),
        (BEFORE, Run(("review", "reply", "reply")), False),
        (BEFORE, Run(("review", "reply", "review", "reply")), True),
        (REACHES, Run(("triage", "decide"), end="closed", variables={"grade": "A"}), True),
        (REACHES, Run(("triage",), end="closed", variables={"grade": "A"}), False),
        (REACHES, Run(("triage",), end="closed", variables={"grade": "B"}), True),
        (REACHES, Run(("triage",), end="withdrawn", variables={"grade": "A"}), True),
        (REACHES, Run(("triage",), end=None, variables={"grade": "A"}), True),
        (REACHES, Run(("triage", "lead", "triage"), end="closed", variables={"grade": "A"}), False),
        (REACHES, Run((), end="closed", variables={"grade": "A"}), True),
        (REACHES, Run(("triage", "done"), ((1, "lead"),), "closed", variables={"grade": "A"}), True),
        (REACHES, Run(("triage", "done"), ((0, "lead"),), "closed", variables={"grade": "A"}), False),
        (promise("personal", fields=["contact"]), Run(variables={"matter": "x"}), True),
        (promise("personal", fields=["contact"]), Run(variables={"contact": "x"}), False),
        (PERSON, Run(performers={"handle": ("a", "b")}), True),
        (PERSON, Run(performers={"handle": ("a", "b", "a")}), False),
    ],
)
def test_a_run_keeps_it_or_not(guarantee: Guarantee, run: Run, kept: bool) -> None:
    assert list(broken_by_run(run, [guarantee])) == [] if kept else list(broken_by_run(run, [guarantee]))


def findings(text: str, **parts: str) -> list[str]:
    files = small.files(**parts) | {"guarantees.toml": text.encode(), "policy.tsv": POLICY.encode()}
    pack = load_pack(files, "small")
    return [f.en for f in check(pack).findings if f.file == "guarantees.toml"]


ONE = '[[guarantee]]\nid = "g"\ntitle = "承诺"\ntitle_en = "promise"\n'
MATTER = ONE + 'kind = "required"\nfields = ["intake.matter"]\n'
POLICY = "id\tclause\trule_zh\trule_en\tfigure\tcarry\thow\nR1\t1\t规则\trule\t\tgate\tprompted\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[guarantee", "cannot be read"),
        (ONE + 'kind = "sometimes"\n', "“sometimes” is not known"),
        (ONE + 'kind = "before"\nelement = "nothing"\nbefore = "work"\n', "“nothing”, which the guarantee names"),
        (ONE + 'kind = "every_task_has_deadline"\n', "work has neither a due date nor a timer"),
        (ONE + 'kind = "required"\nfields = ["intake.category"]\n', "intake.category may be left empty"),
        (ONE + 'kind = "required"\nfields = ["intake.nothing"]\n', "intake.nothing is no field"),
        (ONE + 'kind = "personal"\nfields = ["matter"]\n', "matter not among the personal fields"),
        (MATTER.replace('id = "g"', ""), "lacks id"),
        (MATTER.replace('title = "承诺"', ""), "lacks title"),
        (MATTER + MATTER, "an earlier guarantee has the id “g”"),
        (MATTER + 'clauses = "R1 R9"\n', "policy.tsv has no rule R9"),
        (MATTER + 'when = "grade ="\n', "when is wrong"),
        (MATTER.replace("[[guarantee]]", "[guarantee]"), "stands under [[guarantee]]"),
        (MATTER.replace("[[guarantee]]", "[[guarantees]]"), "stands under [[guarantee]]"),
    ],
)
def test_what_the_pack_itself_breaks_is_an_error_of_the_check(text: str, why: str) -> None:
    assert [why in finding for finding in findings(text)] == [True]


def test_what_the_pack_itself_keeps() -> None:
    due = '<zeebe:taskSchedule dueDate="=&quot;P2D&quot;"/>'
    kept = ONE + 'kind = "every_task_has_deadline"\n' + MATTER.replace('id = "g"', 'id = "matter"')
    assert findings(kept, work=small.user_task("work", due)) == []


def test_an_unknown_kind_is_told_with_the_known_ones_once_each() -> None:
    (told,) = findings(ONE + 'kind = "sometimes"\n')
    assert told.count("personal") == 1


BLOCK = (
    '<b:parallelGateway id="step"/><b:manualTask id="left"/><b:manualTask id="right"/><b:parallelGateway id="join"/>'
    + small.user_task("sign")
    + "".join(small.flow(*way.split()) for way in ("step left", "step right", "left join", "right join", "join sign"))
)


def test_the_trace_of_a_run_has_gateways_where_they_were_passed(house: Office) -> None:
    files = small.files(BLOCK) | {"forms/sign.form": small.form("sign")}
    files["main.bpmn"] = files["main.bpmn"].replace(
        small.flow("step", "closed").encode(), small.flow("sign", "closed").encode()
    )
    small.deploy(house, files)
    started = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    house.complete(started.instance_id, "work", {})
    run = run_of(Walk(house.engine, house.clock, load_pack(files, "small"), "main", started.instance_id))
    assert run.trace == ("received", "work", "step", "left", "right", "join")
    assert run.reached == ((1, "work"), (6, "sign"))
    kept = promise("before", element="right", before="join"), promise("before", element="work", before="step")
    broken = promise("before", element="join", before="left")
    assert [g for g, _ in broken_by_run(run, [*kept, broken])] == [broken]
