"""Hit policies: what the outputs of the rules that match amount to (DMN 1.3, 8.2.10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, DecimalException
from typing import Any

from engine.feel import shown
from engine.feel.compare import order
from engine.feel.values import NUMBERS

from .cells import same
from .messages import Text, say

POLICIES = {
    "UNIQUE": "U",
    "ANY": "A",
    "FIRST": "F",
    "PRIORITY": "P",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
    "COLLECT": "C",
}
AGGREGATIONS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}


class Violation(Exception):
    """The outputs break the table's hit policy."""

    def __init__(self, reason: Text, rule: int | None = None) -> None:
        super().__init__(reason["en"])
        self.reason = reason
        self.rule = rule


def one_or_conflict(policy: str, rules: Sequence[int], outputs: Sequence[Any]) -> None:
    """Check U and A: one rule, or rules with equal outputs. ``rules`` holds rule numbers from 1."""
    if len(rules) < 2 or policy not in ("U", "A"):
        return
    if policy == "U":
        raise Violation(say("unique", rules=", ".join(map(str, rules))), rules[1])
    for rule, output in zip(rules[1:], outputs[1:], strict=True):
        if not same(output, outputs[0]):
            reason = say("any", first=rules[0], left=shown(outputs[0]), second=rule, right=shown(output))
            raise Violation(reason, rule)


def aggregate(operator: str, rules: Sequence[int], values: Sequence[Any]) -> Any:
    """The sum, smallest, largest or number of outputs."""
    if operator == "#":
        return Decimal(len(values))
    return _sum(rules, values) if operator == "+" else _extreme(operator, rules, values)


def _sum(rules: Sequence[int], values: Sequence[Any]) -> Decimal:
    total = Decimal(0)
    for rule, value in zip(rules, values, strict=True):
        if type(value) is not Decimal:
            raise Violation(say("not_a_number", value=shown(value)), rule)
        try:
            total = NUMBERS.add(total, value)
        except DecimalException:
            raise Violation(say("sum_range"), rule) from None
    return total


def _extreme(operator: str, rules: Sequence[int], values: Sequence[Any]) -> Any:
    best = values[0]
    for rule, value in zip(rules, values, strict=True):
        compared = order(value, best)
        if compared is None:
            raise Violation(say("no_order", left=shown(value), right=shown(best)), rule)
        if (compared < 0) == (operator == "<") and compared != 0:
            best = value
    return best
