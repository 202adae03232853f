"""What is wrong with a pack before it is deployed, and how far its diagrams carry the written policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.checks.coverage import Coverage, coverage
from engine.checks.expressions import check_expressions
from engine.checks.flow import check_flow
from engine.checks.references import check_references
from engine.checks.whole import check_whole
from engine.packs import Pack
from engine.runtime.model import Finding

__all__ = ["Coverage", "Report", "check", "coverage"]


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
        }


def check(pack: Pack) -> Report:
    """Check ``pack`` and compute its coverage."""
    findings = [*pack.findings, *check_whole(pack)]
    for process in pack.processes.values():
        if process.executable:
            findings += check_flow(process)
            findings += check_references(pack, process)
            findings += check_expressions(process)
    carried = coverage(pack)
    findings += [
        Finding(
            "warning",
            "policy.tsv",
            rule_id,
            f"规则 {rule_id} 没有任何元素承载",
            f"rule {rule_id} is carried by nothing",
        )
        for rule_id, (status, _) in carried.rules.items()
        if status == "uncarried"
    ]
    return Report(pack, tuple(findings), carried)
