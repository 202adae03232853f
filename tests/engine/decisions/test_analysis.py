"""The analysis of tables agrees with trying out values."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BOUND = st.integers(10, 13)
CELL = st.one_of(
    st.just("-"),
    BOUND.map(str),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), BOUND).map(lambda t: f"{t[0]} {t[1]}"),
    st.tuples(st.sampled_from("[("), BOUND, BOUND, st.sampled_from("])")).map(lambda t: f"{t[0]}{t[1]}..{t[2]}{t[3]}"),
    st.tuples(BOUND, BOUND).map(lambda t: f"{t[0]}, {t[1]}"),
    BOUND.map(lambda n: f"not({n})"),
)
NUMBERS = [Decimal(n) / 4 for n in range(4 * 9, 4 * 14 + 1)]
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5)
TRIED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def tried(dmn, rows, values):
    """The rules, from 0, that match, for every combination of values."""
    masks = []
    for index in (0, 1):
        rules = [f"{row[index]} -> {number}" for number, row in enumerate(rows)]
        model = dmn.decide(["x"], ["v"], rules, "COLLECT")
        masks.append([{int(n) for n in model.evaluate("d", {"x": value}).value or []} for value in values])
    return [a & b for a, b in product(*masks)]


def findings(dmn, rows, policy, part):
    rules = [f"{a} | {b} -> {number}" for number, (a, b) in enumerate(rows, start=1)]
    model = dmn.decide(["x", "y"], ["v"], rules, policy)
    return [finding for finding in model.findings if part in finding.en]


@TRIED
@given(ROWS)
def test_overlaps(dmn, rows):
    pairs = {(a, b) for rules in tried(dmn, rows, NUMBERS) for a in rules for b in rules if a < b}
    assert len(findings(dmn, rows, "UNIQUE", "overlap")) == min(len(pairs), 10)


@TRIED
@given(ROWS)
def test_gaps(dmn, rows):
    missing = any(not rules for rules in tried(dmn, rows, NUMBERS))
    assert bool(findings(dmn, rows, "UNIQUE", "no rule applies")) is missing


@TRIED
@given(ROWS)
def test_rules_never_reached(dmn, rows):
    combinations = tried(dmn, rows, [*NUMBERS, None])
    matched = set().union(*combinations)
    first = {min(rules) for rules in combinations if rules}
    assert len(findings(dmn, rows, "FIRST", "never reached")) == len(matched - first)
    assert len(findings(dmn, rows, "FIRST", "never match")) == len(rows) - len(matched)
