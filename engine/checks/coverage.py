"""How far the diagrams of a pack carry its written rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.mutations.proof import read_proof
from engine.packs import PROOF, Pack

_WORD = re.compile(r"[A-Za-z]+[A-Za-z0-9-]*\d+")


@dataclass(frozen=True)
class Coverage:
    """How the written rules are carried: rule id -> (status, where)."""

    rules: dict[str, tuple[str, tuple[str, ...]]]
    proof: str = "missing"
    """fresh · stale · missing: whether ``redress mutate`` has judged these very files"""

    def counts(self) -> dict[str, int]:
        """Number of rules that are enforced, unproven, prompted, uncarried, or need a figure."""
        counts = dict.fromkeys(("enforced", "unproven", "prompted", "uncarried", "needs_figure"), 0)
        for status, _ in self.rules.values():
            counts[status] += 1
        return counts


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

    ``enforced``: an executable element, a form field, a table row or a right carries it. ``prompted``: it is only shown
    (a rule that software cannot enforce, or a note on a lane or process). ``unproven``: an element says so, but no
    scenario and no guarantee notices when it is taken away (``redress mutate``). ``needs_figure``: the source leaves the figure
    blank and pack.toml states an assumption. ``uncarried``: nothing carries it.
    """
    carriers: dict[str, list[tuple[str, bool]]] = {}
    for rule_ids, place, enforcing in _carriers(pack):
        for rule_id in rule_ids:
            carriers.setdefault(rule_id, []).append((place, enforcing))
    assumptions = (a for a in pack.manifest.get("assumptions", ()) if isinstance(a, dict))
    assumed = {c for a in assumptions for c in str(a.get("clause", "")).split()}
    proof = read_proof(pack.files.get(PROOF, b""))
    state = "missing" if proof is None else "fresh" if proof.sha256 == pack.sha256 else "stale"
    proven = proof.proven({r.id: r.carry for r in pack.rules}) if proof is not None and state == "fresh" else None
    rules: dict[str, tuple[str, tuple[str, ...]]] = {}
    for rule in pack.rules:
        found = carriers.get(rule.id, [])
        where = tuple(dict.fromkeys(w for w, _ in found))
        if rule.id in assumed:
            status = "needs_figure"
        elif not found:
            status = "prompted" if rule.how == "prompted" else "uncarried"
        elif any(enforcing for _, enforcing in found) and rule.carry != "prompt" and rule.how != "prompted":
            status = "enforced" if proven is None or rule.id in proven else "unproven"
        else:
            status = "prompted"
        rules[rule.id] = (status, where)
    return Coverage(rules, state)


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
