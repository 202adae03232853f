"""Starting by hand beside triggers, what is refused at check time, and scenarios that begin by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import SYSTEM, load_config
from engine.check import check
from engine.errors import (
    BadRequest,
)
from engine.models import HistoryEvent
from engine.packs import load_pack
from tests import small
from tests.office import Office, run_scenario
from tests.starting import (
    ORDER,
    RECALL,
    ROOTS,
    STAFF,
    begun,
    calendar,
    complaint_by_message,
    cycle,
    date,
    deploy,
    files,
    process,
    refusals,
    send,
    start,
)

# -- by hand -----------------------------------------------------------------------------------------------------------


def test_by_hand_a_process_begins_at_its_plain_start_event(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")), start(ORDER, element="ordered"), start("", element="by_hand"))
    instance_id = house.engine.instances.start(STAFF, "small", "report", {})
    assert {r.element_id for r in house.engine.instances.history(SYSTEM, instance_id)} >= {"write"}
    with house.store.read() as session:
        passed = set(session.scalars(select(HistoryEvent.element_id).where(HistoryEvent.instance_id == instance_id)))
    assert "by_hand" in passed
    assert not passed & {"begun", "ordered"}


def test_a_process_without_one_is_not_started_by_hand_and_the_error_names_the_ways(house: Office) -> None:
    deploy(house, start(cycle("R/P1D")), start(ORDER, element="ordered"))
    with pytest.raises(BadRequest, match=r"order.*plain start event") as caught:
        house.engine.instances.start(SYSTEM, "small", "report", {})
    assert "R/P1D" in caught.value.text("zh")
    assert begun(house) == []


# -- what is refused at check time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (cycle("0 0 9 * * MON-FRI"), "cron"),
        (cycle('="0 0 9 * * MON-FRI"'), "cron"),
        (cycle("@daily"), "cron"),
        (cycle("=rhythm"), "rhythm"),
        (date("=deadline"), "deadline"),
        (cycle("R/PT0S"), "second"),
        (cycle("R0/P1D"), "R/P1D"),
        (cycle("every day"), "R/P1D"),
        (cycle("=5"), "R/P1D"),
        (date("2026-03-05T09:00:00"), "2026-03-05T09:00:00+08:00"),
        (date("=null"), "2026-03-05T09:00:00+08:00"),
    ],
)
def test_a_start_timer_that_means_nothing_at_deployment_is_refused_once(definition: str, said: str) -> None:
    found = refusals(start(definition))
    assert said in found
    assert found.count(" | ") == 0


def test_names_that_need_variables_or_are_none_are_refused() -> None:
    for root in ("=product", "=5", "x" * 129):
        given = process(start(ORDER)).replace(b'name="order"', f'name="{root}"'.encode())
        report = check(load_pack(files(start(ORDER)) | {"report.bpmn": given}, "small"))
        assert [f.element for f in report.findings if f.severity == "error"] == ["begun"]


def test_a_name_may_be_an_expression(house: Office) -> None:
    given = process(start(ORDER)).replace(b'name="order"', b'name="=&quot;or&quot; + &quot;der&quot;"')
    small.deploy(house, files(start(ORDER)) | {"report.bpmn": given})
    assert len(send(house).started) == 1


def test_two_starts_with_one_message_a_form_and_complaints_by_the_clock_are_refused() -> None:
    assert "same name" in refusals(start(ORDER), start(ORDER, element="twin"))
    assert "nobody fills" in refusals(start(ORDER, '<zeebe:formDefinition formId="write"/>'))
    more = (
        start(cycle("R/P1D"))
        + start(RECALL, element="recalled")
        + small.flow("begun", "work")
        + small.flow("recalled", "work")
    )
    given = small.files(roots=ROOTS, more=more)
    found = [f.element for f in check(load_pack(given, "small")).findings if f.severity == "error"]
    assert found == ["begun", "recalled"]
    only = complaint_by_message()
    only["main.bpmn"] = only["main.bpmn"].replace(b'name="\xe6\x94\xb6\xe5\x88\xb0">', b'name="x">', 1)
    plain = only["main.bpmn"].split(b"</b:startEvent>", 1)
    only["main.bpmn"] = plain[0] + ORDER.replace("m_order", "m_other").encode() + b"</b:startEvent>" + plain[1]
    only["main.bpmn"] = only["main.bpmn"].replace(
        b"<b:message ", b'<b:message id="m_other" name="other"/><b:message ', 1
    )
    errors = [f.en for f in check(load_pack(only, "small")).findings if f.severity == "error"]
    assert any("needs a plain start event" in e for e in errors)


def test_a_cron_expression_is_named_in_other_timers_too() -> None:
    work = small.user_task("work") + (
        '<b:boundaryEvent id="chase" attachedToRef="work" cancelActivity="false">'
        f"{cycle('0 0 9 * * MON-FRI')}</b:boundaryEvent>"
    )
    given = small.files(work=work, more='<b:endEvent id="chased"/>' + small.flow("chase", "chased"))
    (found,) = [f for f in check(load_pack(given, "small")).findings if f.severity == "error"]
    assert "cron" in found.en


# -- scenarios ---------------------------------------------------------------------------------------------------------


def walked(tmp_path: Any, given: dict[str, bytes], scenario: str) -> Any:
    path = "scenarios/one.toml"
    pack = load_pack(given | {path: f'title = "x"\nstart = "2026-03-02T09:00:00+08:00"\n{scenario}'.encode()}, "small")
    return run_scenario(pack, path, load_config(var=str(tmp_path)))


BY_TIME = """process = "report"
[[step]]
expect = { tasks = [], started = 0 }
[[step]]
advance_to = "2026-03-05T09:00:00+08:00"
expect = { tasks = ["write"], started = 1, passed = ["begun"], ended = false }
[[step]]
complete = "write"
expect = { ended = "ended" }
[[step]]
advance = "P61D"
expect = { started = 3 }
"""


def test_a_scenario_may_begin_by_time(tmp_path: Any) -> None:
    given = files(start(cycle("R/2026-03-05T09:00:00+08:00/P1M"), calendar("calendar")))
    assert walked(tmp_path, given, BY_TIME).problem == ""
    wrong = walked(tmp_path, given, BY_TIME.replace("started = 3", "started = 4"))
    assert (wrong.ok, wrong.step) == (False, 4)
    early = walked(tmp_path, given, 'process = "report"\n[[step]]\nexpect = { ended = false }')
    assert "report" in early.problem


def test_a_scenario_may_begin_by_a_message(tmp_path: Any) -> None:
    scenario = 'start_message = "order"\nkey = "O-1"\n[variables]\namount = 3\n[[step]]\n' + (
        'complete = "write"\nexpect = { variables = { amount = 3 }, ended = "ended", started = 1 }\n'
    )
    assert walked(tmp_path, files(start(ORDER)), scenario).problem == ""
    nobody = walked(tmp_path, files(start(RECALL)), scenario)
    assert not nobody.ok
    intake = "\n".join(f'{k} = "{v}"' for k, v in small.INTAKE.items())
    filed = f'start_message = "order"\n[intake]\n{intake}\n[[step]]\nexpect = {{ tasks = ["work"], ledger = {{ category = "配送" }} }}'
    assert walked(tmp_path, complaint_by_message(), filed).problem == ""
