"""The table of written rules: its header, its ids, its two columns of known words; and who names its rules."""

from __future__ import annotations

import pytest

from tests.engine.checks.office import checked, found, pack_files

HEAD = "id\tclause\trule_zh\trule_en\tfigure\tcarry\thow\n"
RULE = "R1\t1\t规则\trule\t\t{}\t{}\n"


def policy(text: str) -> dict[str, bytes]:
    return {**pack_files(), "policy.tsv": text.encode()}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ((HEAD + RULE).replace("\t", " "), "tabs, not spaces or commas"),
        ((HEAD + RULE).replace("\t", ","), "tabs, not spaces or commas"),
        ("\ufeff" + HEAD + RULE.format("", "prompted"), "without a byte order mark"),
        ((HEAD + RULE).replace("id\t", "number\t", 1), "lacks the columns id;"),
        ("", "lacks the columns id, clause"),
    ],
)
def test_a_header_without_the_columns_is_one_error_that_names_them(text: str, why: str) -> None:
    ((file, element, told),) = found(policy(text))
    assert (file, element) == ("policy.tsv", None)
    assert why in told
    assert "expected are id clause rule_zh rule_en figure carry how" in told
    assert [f for f in found(policy(text), "warning") if f[0] == "policy.tsv"] == []


def test_an_id_twice_or_missing_is_an_error() -> None:
    rule = RULE.format("", "prompted")
    assert found(policy(HEAD + rule + rule)) == [
        ("policy.tsv", "R1", "the id R1 stands there 2 times; give each rule an id of its own")
    ]
    assert found(policy(HEAD + rule + rule.replace("R1", ""))) == [("policy.tsv", None, "1 lines have no id")]


@pytest.mark.parametrize(
    ("carry", "how", "told"),
    [
        ("gates", "prompted", "“gates” in column carry is not known, meant is perhaps “gate”"),
        ("prompt", "promted", "“promted” in column how is not known, meant is perhaps “prompted”"),
        ("xyz", "prompted", "“xyz” in column carry is not known; use one of gate, timer"),
    ],
)
def test_an_unknown_word_is_a_warning(carry: str, how: str, told: str) -> None:
    files = policy(HEAD + RULE.format(carry, how))
    ((element, text),) = [(e, t) for f, e, t in found(files, "warning") if "column" in t]
    assert element == "R1"
    assert told in text
    (zh,) = [f.zh for f in checked(files).findings if "一列" in f.zh]
    assert "可用" in zh


@pytest.mark.parametrize(
    ("carry", "how"), [("doc", "prompted"), ("", ""), ("prompt", "cannot: 靠人"), ("acl", "enforced")]
)
def test_known_words_are_not_warned_about(carry: str, how: str) -> None:
    assert [t for _, _, t in found(policy(HEAD + RULE.format(carry, how)), "warning") if "column" in t] == []


def test_a_scenario_that_shows_an_unknown_rule_is_a_warning() -> None:
    walk = 'clauses = ["R1", "R7"]\n'
    files = {**pack_files(), "scenarios/1.toml": walk.encode(), "scenarios/2.toml": b"clauses = 3\n"}
    assert [(f, t) for f, _, t in found(files, "warning") if f.startswith("scenarios")] == [
        ("scenarios/1.toml", "policy.tsv has no rule R7; correct or remove it")
    ]
