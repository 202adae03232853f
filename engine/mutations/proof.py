"""The proof that the rules of a pack are enforced, kept beside it and keyed by its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.mutations.changes import SPECIFIC


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    place: str
    change: str
    rules: tuple[str, ...]
    noticed_by: str | None
    """the scenario that went red, None when all of them stayed green"""
    reason: str = ""


@dataclass(frozen=True)
class Proof:
    """The verdicts on the mutants of one state of a pack."""

    sha256: str
    verdicts: tuple[Verdict, ...]

    def proven(self, carry: Mapping[str, str]) -> set[str]:
        """The rules that a scenario defends. ``carry``: rule id -> how it is carried.

        Where a pack offers changes of the kind the rule is about (a timer for a limit, a right for a prohibition), one
        of those must have been noticed; else any.
        """
        found: set[str] = set()
        for rule, kind in carry.items():
            mine = [v for v in self.verdicts if rule in v.rules]
            fitting = [v for v in mine if v.change in SPECIFIC.get(kind, ())]
            if any(v.noticed_by for v in fitting or mine):
                found.add(rule)
        return found

    def dump(self) -> bytes:
        """JSON, one verdict a line, in a fixed order."""
        lines = ",\n".join(json.dumps(asdict(v), ensure_ascii=False) for v in self.verdicts)
        return f'{{"sha256": "{self.sha256}", "verdicts": [\n{lines}\n]}}\n'.encode()


def read_proof(content: bytes) -> Proof | None:
    """The inverse of :meth:`Proof.dump`; None for what it did not write."""
    try:
        data = json.loads(content)
        verdicts = tuple(Verdict(**{**v, "rules": tuple(v["rules"])}) for v in data["verdicts"])
        return Proof(str(data["sha256"]), verdicts)
    except (ValueError, KeyError, TypeError):
        return None
