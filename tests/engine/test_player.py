"""Playing a lone diagram: virtual time, what it notes on the way, and how it goes on by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.beside import read_beside
from engine.calendars import calendars_from_config
from engine.errors import ExecutionError
from engine.feel import to_feel
from engine.packs import Pack
from engine.playing.alone import Alone
from engine.playing.path import Change, Entry
from engine.playing.player import Player
from engine.playing.run import Outcome, Settings, choose, play
from engine.playing.script import Script
from engine.playing.world import Answers, Neighbourhood, Work
from tests.engine.bpmn.driver import FOLDER
from tests.engine.bpmn.snippets import diagram, extension

LONE = Path(__file__).parent / "lone"
CALENDARS = calendars_from_config({})
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
ITEMS = [{"carrier": "north"}, {"carrier": "south"}]
CLAIM = {"customer": 7, "claim": {"id": 3, "amount": 250, "items": ITEMS}}


def beside(tmp_path: Path, content: bytes) -> Pack:
    (tmp_path / "x.bpmn").write_bytes(content)
    return read_beside(tmp_path / "x.bpmn")


def run(pack: Pack, limit: int = 200, answers: Answers | None = None, **variables: Any) -> Outcome:
    process = choose(pack, pack.name, None)
    given = to_feel(variables) if variables else None
    return play(pack, process, Script(answers=answers or Answers()), Settings(CALENDARS, START, given, limit=limit))


def claim() -> Player:
    """The claim, waiting for photos."""
    pack = read_beside(LONE / "claim.bpmn")
    player = Player(pack.definitions, "claim", Neighbourhood(pack, CALENDARS, Answers()), START)
    player.start(to_feel(CLAIM))
    return player


def deliver(player: Player, name: str, key: str, **values: Any) -> Player:
    (awaited,) = [a for a in player.awaited() if (a.wait.name, a.wait.key) == (name, key)]
    player.fire(awaited, to_feel(values), "")
    return player


def passed(player: Player) -> list[str]:
    return [e.element.id for e in player.path.entries if e.what == "passed" and e.element]


def entries(player: Player, element: str, what: str = "passed") -> list[Entry]:
    return [e for e in player.path.entries if e.what == what and e.element and e.element.id == element]


def open_tasks(player: Player) -> list[str]:
    return [t.task_spec.element.id for t in player.tasks()]


# -- the claim: correlation keys from inside, event-based gateway, escalation, decision, called process ------------------


def test_by_itself_a_claim_is_settled_in_virtual_time() -> None:
    """Reminders, then the photos, then the carriers' two days: eight days in all."""
    outcome = run(read_beside(LONE / "claim.bpmn"))
    player = outcome.player
    assert (outcome.state, player.end_element, (player.at - START).days) == ("ended", "paid", 8)
    order = passed(player)
    assert order[:4] == ["claim_filed", "photos_wanted", "ask_photos", "every_three_days"]
    assert (order.count("remind"), order.count("silent"), order.count("repaid")) == (2, 2, 2)
    assert player.variables["carriers_charged"] == ["north", "south"]


def test_every_instance_waits_with_the_key_its_start_event_made() -> None:
    """An output mapping of the start event writes the variable that the input mapping made in the same scope."""
    player = deliver(claim(), "photos_received", "3/7")
    waiting = {(a.element.id, a.wait.key) for a in player.awaited() if a.wait.kind == "message"}
    assert waiting == {(e, f"{c}-3") for e in ("accepts", "denies") for c in ("north", "south")}
    assert "key" not in player.variables


def test_a_message_moves_the_instance_of_its_key_and_the_timer_the_other() -> None:
    player = deliver(deliver(claim(), "photos_received", "3/7"), "carrier_accepts", "south-3")
    assert [a.wait.key for a in player.awaited() if a.element.id == "accepts"] == ["north-3"]
    player.advance(CALENDARS["calendar"].add(player.at, "P2D").at)
    assert [
        (e.element.id, e.number) for e in player.path.entries if e.element and e.element.id in ("accepted", "silent")
    ] == [
        ("accepted", 2),
        ("silent", 1),
    ]
    assert player.end_element == "paid"


def test_one_carrier_that_denies_takes_the_claim_to_a_person() -> None:
    """The escalation interrupts everything inside, the other carrier included."""
    player = deliver(deliver(claim(), "photos_received", "3/7"), "carrier_denies", "north-3", statement="no")
    assert open_tasks(player) == ["decide"]
    assert not [a for a in player.awaited() if a.wait.kind in ("message", "timer")]
    assert {e.element.id for e in player.path.entries if e.what == "withdrawn" and e.element} >= {"judge", "answer"}
    (task,) = entries(player, "decide", "task")
    assert task.notes[0]["groups"] == ["reviewers"]
    assert task.notes[0]["due"] == datetime(2026, 3, 3, 1, tzinfo=UTC)
    player.complete(player.tasks()[0], {"pay": False}, "")
    assert player.end_element == "refused"


def test_called_processes_see_only_what_is_handed_to_them() -> None:
    outcome = run(read_beside(LONE / "claim.bpmn"), answers=Answers({"pay_back": Work({}, "no_account")}))
    assert passed(outcome.player).count("not_repaid") == 2
    names = {c.name for e in entries(outcome.player, "repayment_wanted") for c in e.changes}
    assert names == {"claim_id", "item"}


# -- the path ------------------------------------------------------------------------------------------------------------


def test_changes_stand_with_the_element_that_made_them() -> None:
    player = run(read_beside(LONE / "claim.bpmn")).player
    assert entries(player, "judging")[0].changes == (Change("carrier_losses", None, 1, True),)
    first, second = entries(player, "look_up")
    assert first.changes == (Change("carrier_losses", 1, 4, False),)
    assert second.changes == ()
    assert [c.name for c in entries(player, "rate")[0].changes] == ["pay", "certain"]
    assert entries(player, "carrier_named")[1].changes[-1] == Change("key", None, "south-3", True)


def test_rules_jobs_and_flows_are_noted() -> None:
    player = run(read_beside(LONE / "claim.bpmn")).player
    (rate,) = entries(player, "rate")
    assert [rule["rule"] for rule in rate.notes[0]["rules"]] == [1, 4]
    (job,) = entries(player, "ask_photos")[0].notes
    assert (job["name"], job["inputs"], job["origin"]) == ("tell_customer", {"kind": "photos_wanted"}, "nothing")
    assert [f.name for f in entries(player, "is_certain")[0].flows] == ["yes"]
    assert len(entries(player, "ask_carriers", "began")) == 1
    assert [e.depth for e in (entries(player, "collect", "began")[0], entries(player, "ask")[0])] == [0, 2]


def test_time_and_what_is_waited_for_are_told_once() -> None:
    player = claim()
    assert [e.element.id for e in player.path.entries if e.what == "waits" and e.element] == [
        "photos",
        "every_three_days",
    ]
    player.advance(CALENDARS["calendar"].add(player.at, "P4D").at)
    assert len(entries(player, "photos", "waits")) == 1
    assert [e.wait.due for e in entries(player, "every_three_days", "waits") if e.wait] == [
        "2026-03-05T01:00:00+00:00",
        "2026-03-08T01:00:00+00:00",
    ]
    assert [e.at.day for e in player.path.entries if e.what == "time"] == [5, 6]


def test_a_refused_step_leaves_everything_as_it_was() -> None:
    pack = read_beside(LONE / "claim.bpmn")
    player = Player(pack.definitions, "claim", Neighbourhood(pack, CALENDARS, Answers()), START)
    player.start(to_feel({"customer": 7, "claim": {"id": 3, "amount": 1}}))
    with pytest.raises(ExecutionError, match=r"=claim.items"):
        deliver(player, "photos_received", "3/7", photos=[])
    assert "photos" not in player.variables
    assert [a.element.id for a in player.awaited()] == ["photos", "every_three_days"]


# -- going on by itself ----------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_values_and_the_form_accepts_them() -> None:
    def decided(seed: int) -> dict[str, Any]:
        player = deliver(deliver(claim(), "photos_received", "3/7"), "carrier_denies", "north-3")
        Alone(player, read_beside(LONE / "claim.bpmn"), seed).run(1)
        (entry,) = entries(player, "decide")
        assert entry.notes[0]["origin"] == "form"
        return dict(entry.notes[0]["values"])

    assert decided(1) == decided(1)
    assert decided(1)["pay"] is True
    assert len(decided(1)["why"]) >= 12


WAIT = '<b:message id="m" name="answer">{}</b:message>'.format(extension('<zeebe:subscription correlationKey="=1"/>'))
REMIND = (
    '<b:boundaryEvent id="again" cancelActivity="false" attachedToRef="work"><b:timerEventDefinition>'
    "<b:timeCycle>R/PT1H</b:timeCycle></b:timerEventDefinition></b:boundaryEvent>"
    '<b:endEvent id="reminded"/><b:sequenceFlow id="f3" sourceRef="again" targetRef="reminded"/>'
)


def test_an_endless_reminder_does_not_keep_the_message_away(tmp_path: Path) -> None:
    content = diagram(task="receiveTask", roots=WAIT, attributes='messageRef="m"', more=REMIND)
    outcome = run(beside(tmp_path, content))
    assert (outcome.state, passed(outcome.player)) == ("ended", ["begin", "again", "reminded", "work", "done"])


def test_it_stops_where_nothing_can_move_and_at_the_limit(tmp_path: Path) -> None:
    never = "<b:conditionalEventDefinition><b:condition>=false</b:condition></b:conditionalEventDefinition>"
    outcome = run(beside(tmp_path, diagram(never, task="intermediateCatchEvent")))
    assert (outcome.state, outcome.ok) == ("stuck", True)
    loop = diagram(more='<b:sequenceFlow id="f3" sourceRef="work" targetRef="work"/>')
    outcome = run(beside(tmp_path, loop), limit=5)
    assert (outcome.state, passed(outcome.player).count("work")) == ("limit", 5)


def test_an_ad_hoc_subprocess_is_worked_off(tmp_path: Path) -> None:
    """Everything that may be activated comes once."""
    outcome = run(beside(tmp_path, (FOLDER / "ad_hoc_by_hand.bpmn").read_bytes()))
    assert entries(outcome.player, "a")
    assert entries(outcome.player, "b")


def test_examples_come_before_made_up_values(tmp_path: Path) -> None:
    example = '<zeebe:property name="camundaModeler:exampleOutputJson" value="{&quot;x&quot;: 1.50}"/>'
    content = diagram(extension(f"<zeebe:properties>{example}</zeebe:properties>"))
    assert run(beside(tmp_path, content)).player.variables == to_feel({"x": 1.5})
    broken = content.replace(b"{&quot;", b"[&quot;")
    assert run(beside(tmp_path, broken)).player.variables == {}


def test_answers_for_an_element_come_before_those_for_its_topic(tmp_path: Path) -> None:
    content = diagram(extension('<zeebe:taskDefinition type="look"/>'), task="serviceTask")
    answers = Answers({"look": Work({"by": "topic"}), "work": Work({"by": "element"})})
    assert run(beside(tmp_path, content), answers=answers).player.variables == {"by": "element"}
    answers = Answers({"look": Work({"by": "topic"})})
    assert run(beside(tmp_path, content), answers=answers).player.variables == {"by": "topic"}


def test_the_process_that_no_other_calls_is_played(tmp_path: Path) -> None:
    called = '<b:process id="called" isExecutable="true"><b:startEvent id="cs"/></b:process>'
    inner = extension('<zeebe:calledElement processId="=if a then &quot;called&quot; else &quot;called&quot;"/>')
    content = diagram(inner, roots=called, task="callActivity")
    assert choose(beside(tmp_path, content), "x.bpmn", None).id == "process"
    assert choose(beside(tmp_path, content), "x.bpmn", "called").id == "called"


def test_in_a_pack_folder_the_whole_pack_lies_beside() -> None:
    """Its calendar counts, its lanes name the groups, and a complaint gets what filing gives it."""
    pack = read_beside(Path("processes/telecom/complaint.bpmn").resolve())
    outcome = run(pack, limit=1)
    (triage, *_) = entries(outcome.player, "triage", "task")
    assert triage.notes[0]["due"] == datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert triage.notes[0]["groups"] == ["投诉室受理"]


def test_a_name_that_only_a_function_has_is_an_incident_and_no_crash(tmp_path: Path) -> None:
    """Without a variable of that name, ``number`` is the built-in function."""
    content = diagram(task="receiveTask", roots=WAIT.replace("=1", "=number"), attributes='messageRef="m"')
    outcome = run(beside(tmp_path, content))
    assert outcome.error is not None
    assert "function" in outcome.error.text("en")
    assert run(beside(tmp_path, content), number=7).state == "ended"
