"""The written rules of a policy, as policy.tsv lists them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

COLUMNS = ("id", "clause", "rule_zh", "rule_en", "figure", "carry", "how")


@dataclass(frozen=True)
class Rule:
    """One written rule of the policy, as policy.tsv lists it."""

    id: str
    clause: str
    zh: str
    en: str
    figure: str
    carry: str
    how: str


def read_rules(text: str) -> tuple[Rule, ...]:
    """The lines of a policy.tsv; a column that is missing is empty, and without ids there is none. Raises csv.Error."""
    rows = csv.DictReader(io.StringIO(text), delimiter="\t")
    if "id" not in (rows.fieldnames or ()):
        return ()
    return tuple(
        Rule(
            id=row.get("id") or "",
            clause=row.get("clause") or "",
            zh=row.get("rule_zh") or "",
            en=row.get("rule_en") or "",
            figure=row.get("figure") or "",
            carry=row.get("carry") or "",
            how=row.get("how") or "",
        )
        for row in rows
    )
