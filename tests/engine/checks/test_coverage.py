"""Which written rules are carried, and where."""

from __future__ import annotations

from engine.mutations.proof import Proof, Verdict
from engine.packs import PROOF
from tests.engine.checks.office import checked, ext, found, pack_files


def test_a_rule_that_nothing_carries_is_a_warning() -> None:
    files = pack_files()
    files["policy.tsv"] = files["policy.tsv"] + "R2\t2\t规则\trule\t\t\t\n".encode()
    assert found(files, "warning") == [("policy.tsv", "R2", "rule R2 is carried by nothing")]


def test_coverage() -> None:
    rules = "id\tclause\trule_zh\trule_en\tfigure\tcarry\thow\n" + "".join(
        f"{n}\t1\tx\tx\t\t{carry}\t{how}\n"
        for n, carry, how in (
            ("R1", "", ""),
            ("R2", "", ""),
            ("R3", "", "prompted"),
            ("R4", "", ""),
            ("R5", "prompt", ""),
        )
    )
    held = '<zeebe:formDefinition formId="work"/><zeebe:properties><zeebe:property name="clause" value="R2 R5"/></zeebe:properties>'
    files = {**pack_files(ext(held)), "policy.tsv": rules.encode()}
    assert {rule: carried.status for rule, carried in checked(files).coverage.rules.items()} == {
        "R1": "uncarried",
        "R2": "unproven",
        "R3": "prompted",
        "R4": "uncarried",
        "R5": "prompted",
    }
    assert checked(files).coverage.rules["R2"].where == ("office.bpmn#work",)
    assert [a["name"] for a in checked(files).coverage.rules["R1"].assumptions] == ["limits"]
    assert checked(files).coverage.counts()["needs_figure"] == 1


def test_a_rule_is_enforced_once_a_proof_of_these_very_files_says_so() -> None:
    held = '<zeebe:formDefinition formId="work"/><zeebe:properties><zeebe:property name="clause" value="R1"/></zeebe:properties>'
    files = {**pack_files(ext(held)), "policy.tsv": b"id\tcarry\nR1\ttimer\n"}
    verdict = Verdict("office.bpmn#work", "skipped", ("R1",), "scenarios/x.toml")
    proof = Proof(checked(files).pack.sha256, (verdict,)).dump()
    assert checked({**files, PROOF: proof}).coverage.rules["R1"].status == "enforced"
    files["letters/note.md"] = b"# later"
    later = checked({**files, PROOF: proof}).coverage
    assert (later.proof, later.rules["R1"].status) == ("stale", "unproven")
