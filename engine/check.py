"""What is wrong with a pack before it is deployed, and how far its diagrams carry the written policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.beside import read_beside
from engine.checks.coverage import Coverage, coverage
from engine.checks.expressions import check_expressions
from engine.checks.flow import check_flow
from engine.checks.lone import check_lone
from engine.checks.manifest import check_manifest
from engine.checks.policy import check_policy
from engine.checks.references import check_references
from engine.checks.starts import check_starts
from engine.checks.whole import check_whole
from engine.guarantees import FILE as GUARANTEES
from engine.guarantees import broken_by_pack, read_guarantees
from engine.packs import Pack
from engine.runtime.model import Finding

__all__ = ["Coverage", "Report", "check", "check_file", "coverage"]


@dataclass(frozen=True)
class Report:
    """The result of checking one pack."""

    pack: Pack
    findings: tuple[Finding, ...]
    coverage: Coverage

    @property
    def ok(self) -> bool:
        return not any(f.severity == "error" for f in self.findings)

    def to_dict(self, language: str = "zh") -> dict[str, Any]:
        """The shape ``redress check --json`` prints for a pack."""
        return {
            "name": self.pack.name,
            "ok": self.ok,
            "findings": [
                {"severity": f.severity, "file": f.file, "element": f.element, "message": f.text(language)}
                for f in self.findings
            ],
            "coverage": self.coverage.counts(),
            "proof": self.coverage.proof,
            "rules": [
                {
                    "id": rule.id,
                    "carry": rule.carry,
                    "figure": rule.figure,
                    "status": self.coverage.rules[rule.id].status,
                    "where": list(self.coverage.rules[rule.id].where),
                    "assumptions": [
                        {key: str(a.get(key, "")) for key in ("name", "value", "note")}
                        for a in self.coverage.rules[rule.id].assumptions
                    ],
                    "how": rule.how,
                }
                for rule in self.pack.rules
            ],
        }


def check(pack: Pack) -> Report:
    """Check ``pack`` and compute its coverage."""
    if pack.unread:
        return Report(pack, tuple(pack.findings), Coverage({}))
    findings = [*pack.findings, *check_whole(pack), *check_manifest(pack), *check_policy(pack)]
    for process in pack.processes.values():
        if process.executable:
            findings += check_flow(process)
            findings += check_references(pack, process)
            findings += check_expressions(process)
            findings += check_starts(pack, process)
    guarantees, wrong = read_guarantees(pack)
    findings += wrong
    findings += [
        Finding(
            "error", GUARANTEES, g.id, f"承诺“{g.title}”不成立：{what}", f"the guarantee “{g.title_en}” fails: {what}"
        )
        for g, what in broken_by_pack(pack, guarantees)
    ]
    carried = coverage(pack)
    findings += [
        Finding(
            "warning",
            "policy.tsv",
            rule_id,
            f"规则 {rule_id} 没有任何元素承载",
            f"rule {rule_id} is carried by nothing",
        )
        for rule_id, rule in carried.rules.items()
        if rule.status == "uncarried"
    ]
    return Report(pack, tuple(findings), carried)


def check_file(file: Path, more: Iterable[Path] = ()) -> Report:
    """Check a single diagram, table or form with what lies beside it and ``more`` files. Raises OSError."""
    pack = read_beside(file, more)
    return Report(pack, (*pack.findings, *check_lone(pack, file.name)), Coverage({}))
