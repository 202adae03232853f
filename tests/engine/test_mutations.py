"""Mutants: each takes one force away, a scenario or guarantee notices, and the result is kept with the pack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine import load_config
from engine.checks.coverage import coverage
from engine.cli import main
from engine.mutations.mutants import mutants
from engine.mutations.proof import Proof, Verdict, read_proof
from engine.packs import digest, load_pack, read_folder
from tests import small
from tests.office import ROOT, run_scenario

RULES = """id\tclause\trule_zh\trule_en\tfigure\tcarry\thow
R1\t1\t须办理\tWork is done\t\tgate\tenforced
R2\t2\t两日内\tWithin two days\tP2D\ttimer\tenforced
R3\t3\t前台办\tThe front desk does it\t\tacl\tenforced
R4\t4\t须写事项\tThe matter is written down\t\tgate\tenforced
"""
WALK = """title = "办结"
clauses = ["R1"]
start = "2026-03-02T09:30:00+08:00"
[intake]
channel = "热线"
complainant = "王小明"
contact = "13900000001"
matter = "货到了但是少一件"
category = "配送"
[[step]]
{due}complete = "work"
with = {{ note = "查明", category = "配送" }}
[[step]]
expect.ended = "closed"
"""
PROMISE = """[[guarantee]]
id = "matter"
title = "须写事项"
title_en = "The matter is written down"
clauses = "R4"
kind = "required"
fields = ["intake.matter"]
"""


def clause(*rules: str) -> str:
    return f'<zeebe:properties><zeebe:property name="clause" value="{" ".join(rules)}"/></zeebe:properties>'


def files(due: str = "", promise: str = PROMISE) -> dict[str, bytes]:
    schedule = '<zeebe:taskSchedule dueDate="=&quot;P2D&quot;"/>'
    found = small.files(work=small.user_task("work", schedule, clause("R1", "R2", "R3")))
    form = json.loads(found["forms/intake.form"])
    for component in form["components"]:
        if component["key"] == "matter":
            component["properties"] = {"clause": "R4"}
    found["forms/intake.form"] = json.dumps(form).encode()
    found |= {"policy.tsv": RULES.encode(), "scenarios/01_done.toml": WALK.format(due=due).encode()}
    return found | {"guarantees.toml": promise.encode()}


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        path = folder / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "small"


def mutate(folder: Path) -> Result:
    return CliRunner().invoke(main, ["--language", "en", "mutate", str(folder), "--json"])


def test_every_carrier_has_its_mutants() -> None:
    found = {(m.place, m.change): m.rules for m in mutants(load_pack(files(), "small"))}
    work = ("R1", "R2", "R3")
    assert found == {
        ("main.bpmn#work", "gone"): work,
        ("main.bpmn#work", "no limit"): work,
        ("main.bpmn#work", "another group"): work,
        ("forms/intake.form#matter", "optional"): ("R4",),
    }


DUE = 'expect.due.work = "2026-03-04T09:30:00+08:00"\nexpect.group.work = "前台"\n'


@pytest.mark.parametrize(
    ("due", "promise", "unproven"),
    [(DUE, PROMISE, []), ("", PROMISE, ["R2", "R3"]), (DUE, "", ["R4"])],
)
def test_a_rule_is_proven_by_what_goes_red(tmp_path: Path, due: str, promise: str, unproven: list[str]) -> None:
    """A limit needs a scenario that looks at the limit; that the task is gone proves only that it is wanted."""
    folder = written(tmp_path, files(due, promise))
    result = mutate(folder)
    assert json.loads(result.stdout)["packs"][0]["unproven"] == unproven
    assert result.exit_code == bool(unproven)
    pack = load_pack(read_folder(folder), "small")
    assert coverage(pack).proof == "fresh"
    assert {r for r, rule in coverage(pack).rules.items() if rule.status == "unproven"} == set(unproven)


def test_the_proof_is_no_part_of_the_content_and_goes_stale_with_it(tmp_path: Path) -> None:
    folder = written(tmp_path, files(DUE))
    before = digest(read_folder(folder))
    assert coverage(load_pack(read_folder(folder), "small")).proof == "missing"
    mutate(folder)
    assert digest(read_folder(folder)) == before
    (folder / "policy.tsv").write_text(RULES + "R5\t5\t新\tNew\t\tgate\tenforced\n", "utf-8")
    assert coverage(load_pack(read_folder(folder), "small")).proof == "stale"


def test_nothing_is_proven_where_a_scenario_is_red_already(tmp_path: Path) -> None:
    wrong = 'expect.group.work = "仓库"\n'
    result = mutate(written(tmp_path, files(wrong)))
    assert result.exit_code == 1
    assert "01_done.toml" in result.output


def test_a_proof_reads_back() -> None:
    proof = Proof("abc", (Verdict("a.bpmn#x", "gone", ("R1", "R2"), "scenarios/01.toml", "why"),))
    assert read_proof(proof.dump()) == proof
    assert read_proof(b"[]") is None
    assert read_proof(b'{"sha256": 1, "verdicts": [{}]}') is None


def test_a_row_is_tried_by_the_walks_in_which_it_fired(tmp_path: Path) -> None:
    telecom = load_pack(read_folder(ROOT / "processes" / "telecom"), "telecom")
    walk = run_scenario(telecom, "scenarios/01_happy_path.toml", load_config(var=str(tmp_path)))
    rows = {m.place: m.elements for m in mutants(telecom) if m.change == "row gone"}
    fired = {place for place, elements in rows.items() if elements & walk.run.fired}
    assert 0 < len(fired) < len(rows)
    assert {m.split("#")[0] for m in fired} >= {"triage.dmn", "deadlines.dmn"}
