"""How far the diagrams of a pack carry its written rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.mutations.proof import read_proof
from engine.packs import PROOF, Pack

_WORD = re.compile(r"[A-Za-z]+[A-Za-z0-9-]*\d+")


STATUSES = ("enforced", "unproven", "prompted", "uncarried")
HARD = frozenset(["gate", "timer", "route", "acl", "loop"])
"""Ways of carrying a rule that leave nobody a choice."""


@dataclass(frozen=True)
class Carried:
    """How one written rule is carried."""

    status: str
    """one of STATUSES"""
    where: tuple[str, ...]
    """file#element, in the order of the pack"""
    assumptions: tuple[Mapping[str, Any], ...] = ()
    """what pack.toml assumes where the source leaves the rule's figure open"""


@dataclass(frozen=True)
class Coverage:
    """How the written rules are carried, by rule id."""

    rules: Mapping[str, Carried]
    proof: str = "missing"
    """fresh · stale · missing: whether ``redress mutate`` has judged these very files"""

    def counts(self) -> dict[str, int]:
        """Number of rules by status, and of those among them that need a figure from the owner: ``needs_figure``."""
        counts = {status: sum(r.status == status for r in self.rules.values()) for status in STATUSES}
        return {**counts, "needs_figure": sum(bool(r.assumptions) for r in self.rules.values())}


_ENFORCING = frozenset(
    [
        "userTask",
        "serviceTask",
        "sendTask",
        "businessRuleTask",
        "scriptTask",
        "callActivity",
        "subProcess",
        "adHocSubProcess",
        "receiveTask",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "startEvent",
        "endEvent",
    ]
)


def coverage(pack: Pack) -> Coverage:
    """Which rule of policy.tsv is carried where, and whether the engine makes it so or only shows it.

    ``enforced``: an executable element, a form field, a table row or a right carries it, and ``redress mutate`` saw a
    scenario or a guarantee go red without it. ``unproven``: something says that it carries the rule, but nothing noticed when it
    was taken away, or nobody has tried since the pack changed. ``prompted``: it is only shown (a rule that software
    cannot enforce, or a note on a lane or process). ``uncarried``: nothing carries it.
    """
    carriers: dict[str, list[tuple[str, bool]]] = {}
    for rule_ids, place, enforcing in _carriers(pack):
        for rule_id in rule_ids:
            carriers.setdefault(rule_id, []).append((place, enforcing))
    proof = read_proof(pack.files.get(PROOF, b""))
    state = "missing" if proof is None else "fresh" if proof.sha256 == pack.sha256 else "stale"
    proven = proof.proven({r.id: r.carry for r in pack.rules}) if proof is not None and state == "fresh" else set()
    assumed = _assumed(pack)
    rules: dict[str, Carried] = {}
    for rule in pack.rules:
        found = carriers.get(rule.id, [])
        if not found:
            status = "prompted" if rule.how == "prompted" else "uncarried"
        elif any(enforcing for _, enforcing in found) and rule.carry != "prompt" and rule.how != "prompted":
            status = "enforced" if rule.id in proven else "unproven"
        else:
            status = "prompted"
        where = tuple(dict.fromkeys(place for place, _ in found))
        rules[rule.id] = Carried(status, where, tuple(assumed.get(rule.id, ())))
    return Coverage(rules, state)


def _assumed(pack: Pack) -> dict[str, list[Mapping[str, Any]]]:
    """Rule id -> the assumptions of pack.toml about it."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for assumption in pack.manifest.get("assumptions", ()):
        for rule_id in str(assumption.get("clause", "")).split() if isinstance(assumption, dict) else ():
            found.setdefault(rule_id, []).append(assumption)
    return found


def _carriers(pack: Pack) -> Iterator[tuple[list[str], str, bool]]:
    for process in pack.processes.values():
        yield process.properties.get("clause", "").split(), f"{process.file}#{process.id}", False
        for lane, properties in process.lane_properties.items():
            yield properties.get("clause", "").split(), f"{process.file}#{lane}", True
        for element in process.walk():
            yield list(element.clauses), f"{process.file}#{element.id}", element.type in _ENFORCING
        for flow in process.walk_flows():
            yield flow.properties.get("clause", "").split(), f"{process.file}#{flow.id}", flow.condition is not None
    for form_id, form in pack.forms.items():
        for item in form.fields:
            yield (
                str(item.properties.get("clause", "")).split(),
                f"forms/{form_id}.form#{item.key or item.id}",
                bool(item.key),
            )
    for model in {id(m): m for m in pack.decisions.values()}.values():
        text = pack.files[model.file].decode("utf-8", "replace")
        for rule_id in set(_WORD.findall(text)) & {r.id for r in pack.rules}:
            yield [rule_id], model.file, True
    for section in ("retention", "archive", "numbering", "channels", "rights", "groups"):
        found = pack.manifest.get(section)
        if isinstance(found, dict) and found.get("clause"):
            yield str(found["clause"]).split(), f"pack.toml#{section}", True
