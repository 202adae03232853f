"""Which written rules are carried, and where."""

from __future__ import annotations

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
    report = checked({**pack_files(ext(held)), "policy.tsv": rules.encode()})
    assert {rule: status for rule, (status, _) in report.coverage.rules.items()} == {
        "R1": "needs_figure",
        "R2": "enforced",
        "R3": "prompted",
        "R4": "uncarried",
        "R5": "prompted",
    }
    assert report.coverage.rules["R2"][1] == ("office.bpmn#work",)
