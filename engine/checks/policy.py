"""What must hold of policy.tsv, the written rules."""

from __future__ import annotations

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from engine.packs import Pack
from engine.rules import COLUMNS
from engine.runtime.model import Finding

FILE = "policy.tsv"
CARRIES = (
    *("gate", "timer", "route", "acl", "loop", "task", "field", "form"),
    *("notice", "report", "ledger", "config", "doc", "prompt", ""),
)
HOWS = ("enforced", "prompted", "")


def check_policy(pack: Pack) -> Iterator[Finding]:
    """Findings about the header of the table, its ids, and how the rules say they are carried."""
    if FILE not in pack.files:
        return
    lacking = _header(pack.files[FILE].decode("utf-8", "replace"))
    if lacking:
        yield lacking
    counted = Counter(rule.id for rule in pack.rules)
    for rule_id, number in counted.items():
        if not rule_id:
            yield _finding("error", None, f"有 {number} 行没有编号（id）", f"{number} lines have no id")
        elif number > 1:
            yield _finding(
                "error",
                rule_id,
                f"编号 {rule_id} 出现 {number} 次，请给每条规则自己的编号",
                f"the id {rule_id} stands there {number} times; give each rule an id of its own",
            )
    for rule in pack.rules:
        if rule.carry not in CARRIES:
            yield _unknown(rule.id, "carry", rule.carry, CARRIES)
        if rule.how not in HOWS and not rule.how.startswith("cannot:"):
            yield _unknown(rule.id, "how", rule.how, HOWS)
    yield from _shown(pack)


def _shown(pack: Pack) -> Iterator[Finding]:
    """Warnings about scenarios that show a rule policy.tsv does not have."""
    known = {rule.id for rule in pack.rules}
    for path in (p for p in sorted(pack.files) if known and p.startswith("scenarios/") and p.endswith(".toml")):
        try:
            clauses = tomllib.loads(pack.files[path].decode("utf-8")).get("clauses", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            continue
        unknown = [str(c) for c in clauses if c not in known] if isinstance(clauses, list) else []
        if unknown:
            yield Finding(
                "warning",
                path,
                "clauses",
                f"规则 {'、'.join(unknown)} 不在 policy.tsv 中，请改正或删去",
                f"policy.tsv has no rule {', '.join(unknown)}; correct or remove it",
            )


def _header(text: str) -> Finding | None:
    """The error about a first line that lacks columns, as when it is not separated by tabs."""
    found = next(csv.reader(io.StringIO(text), delimiter="\t"), [])
    missing = [column for column in COLUMNS if column not in found]
    if not missing:
        return None
    mark = text.startswith("\ufeff")
    return _finding(
        "error",
        None,
        f"第一行缺少列：{'、'.join(missing)}。应为 {' '.join(COLUMNS)}，"
        + ("文件须存为不带 BOM 的 UTF-8" if mark else "列之间用制表符（Tab），不用空格或逗号"),
        f"the first line lacks the columns {', '.join(missing)}; expected are {' '.join(COLUMNS)}, "
        + ("in a file saved as UTF-8 without a byte order mark" if mark else "separated by tabs, not spaces or commas"),
    )


def _unknown(rule_id: str, column: str, value: str, known: tuple[str, ...]) -> Finding:
    near = get_close_matches(value, known, 1)
    named = [word for word in known if word]
    return _finding(
        "warning",
        rule_id,
        f"{column} 一列的“{value}”不认识{f'，是否想写“{near[0]}”' if near else ''}；可用：{'、'.join(named)}，或留空",
        f"“{value}” in column {column} is not known{f', meant is perhaps “{near[0]}”' if near else ''}; "
        f"use one of {', '.join(named)}, or leave it empty",
    )


def _finding(severity: str, element: str | None, zh: str, en: str) -> Finding:
    return Finding(severity, FILE, element, zh, en)
