"""``redress check``: what is wrong with packs, and how far each carries its written policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from unicodedata import east_asian_width

import click

from engine import EngineError
from engine.beside import SUFFIXES
from engine.check import Coverage, Report, check, check_file
from engine.checks.coverage import HARD, STATUSES
from engine.cli_state import State, folders_of, guarded, load_folder, print_findings
from engine.packs import Pack
from engine.runtime.model import Finding
from engine.types import Name

_HEAD = (
    Name("制度包", "pack"),
    Name("规则", "rules"),
    Name("强制", "enforced"),
    Name("未证实", "unproven"),
    Name("提示", "prompted"),
    Name("未承载", "uncarried"),
    Name("待定数字", "needs a figure"),
    Name("可强制的", "enforceable"),
    Name("证明", "proof"),
)
_RULE_HEAD = (
    Name("规则", "rule"),
    Name("方式", "carry"),
    Name("数字", "figure"),
    Name("承载", "status"),
    Name("假定", "assumed"),
    Name("何处", "where"),
)
_WORDS = {
    "enforced": Name("强制", "enforced"),
    "unproven": Name("未证实", "unproven"),
    "prompted": Name("提示", "prompted"),
    "uncarried": Name("未承载", "uncarried"),
    "fresh": Name("有效", "fresh"),
    "stale": Name("已过期", "stale"),
    "missing": Name("没有", "missing"),
}
_SHOWN = 3
"""Places of a rule that its line names."""


@click.command("check")
@click.argument("packs", nargs=-1)
@click.option("--rules", "each_rule", is_flag=True, help="Print every written rule and what carries it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, with every rule.")
@click.pass_obj
@guarded
def check_command(state: State, packs: tuple[str, ...], each_rule: bool, as_json: bool) -> None:
    """Check packs: is everything executable, and how far is the written policy carried?

    A single .bpmn, .dmn or .form file is checked with what lies beside it.
    """
    single = [Path(name) for name in packs if Path(name).is_file()]
    odd = [path.name for path in single if path.suffix.lower() not in SUFFIXES]
    if odd:
        raise click.BadParameter(f"{odd[0]}: {', '.join(SUFFIXES)}", param_hint="PACKS")
    files = [check_file(path) for path in single]
    folders = tuple(name for name in packs if not Path(name).is_file())
    reports = [_checked(folder) for folder in folders_of(state, folders)] if folders or not packs else []
    if as_json:
        listed = {"packs": reports, "files": files} if files else {"packs": reports}
        shown = {kind: [r.to_dict(state.language) for r in found] for kind, found in listed.items()}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for report in files:
            print_findings(state, report)
        for report in reports:
            print_findings(state, report, Name("可以部署", "can be deployed"))
            if each_rule:
                _table(_heads(state, _RULE_HEAD), _rule_lines(state, report))
        _print_coverage(state, [report for report in reports if report.pack.rules])
    if not all(r.ok for r in (*files, *reports)):
        raise SystemExit(1)


def _checked(folder: Path) -> Report:
    """The report of a folder; one that holds no pack is a finding, so that the others are still told."""
    try:
        return check(load_folder(folder))
    except EngineError as error:
        finding = Finding("error", "pack.toml", None, error.text("zh"), error.text("en"))
        return Report(Pack(name=folder.resolve().name, files={}, sha256=""), (finding,), Coverage({}))


def _print_coverage(state: State, reports: Sequence[Report]) -> None:
    """One line a pack, and one for all of them; the figures a source leaves open are counted beside the statuses."""
    if not reports:
        return
    lines, total = [], [0] * (len(STATUSES) + 4)
    for report in reports:
        counts, hard = report.coverage.counts(), _hard(report)
        numbers = [len(report.pack.rules), *(counts[key] for key in (*STATUSES, "needs_figure")), *hard]
        total = [sum(pair) for pair in zip(total, numbers, strict=True)]
        lines.append([report.pack.name, *_numbers(numbers), _WORDS[report.coverage.proof].text(state.language)])
    if len(lines) > 1:
        lines.append([Name("合计", "total").text(state.language), *_numbers(total), ""])
    click.echo()
    _table(_heads(state, _HEAD), lines)
    state.say(
        "可强制的：方式为 gate、timer、route、acl、loop 的规则中，有多少已强制；待定数字：原文留空、按假定办的，另计。",
        "Enforceable: of the rules carried by gate, timer, route, acl or loop, how many are enforced. "
        "Needs a figure: left blank by the source and assumed, counted beside the rest.",
        dim=True,
    )
    unjudged = [r.pack.name for r in reports if r.coverage.proof != "fresh"]
    if unjudged:
        state.say(
            f"哪些规则真正由流程保证，还要证明：redress mutate {' '.join(unjudged)}",
            f"Which rules are really enforced is still to be proven: redress mutate {' '.join(unjudged)}",
            fg="yellow",
        )


def _hard(report: Report) -> tuple[int, int]:
    """(enforced, all) of the rules that software can enforce."""
    hard = [report.coverage.rules[rule.id].status for rule in report.pack.rules if rule.carry in HARD]
    return hard.count("enforced"), len(hard)


def _numbers(numbers: Sequence[int]) -> list[str]:
    *single, enforced, hard = numbers
    return [*map(str, single), f"{enforced}/{hard}"]


def _rule_lines(state: State, report: Report) -> list[list[str]]:
    lines = []
    for rule in report.pack.rules:
        carried = report.coverage.rules[rule.id]
        more = f" +{len(carried.where) - _SHOWN}" if len(carried.where) > _SHOWN else ""
        assumed = ", ".join(str(a.get("value", "")) for a in carried.assumptions)
        status = _WORDS[carried.status].text(state.language)
        places = ", ".join(carried.where[:_SHOWN]) + more
        lines.append([rule.id, rule.carry, rule.figure, status, assumed, places or rule.how])
    return lines


def _heads(state: State, names: Sequence[Name]) -> list[str]:
    return [name.text(state.language) for name in names]


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Columns that line up, Chinese characters counted as two."""
    widths = [max(_width(line[column]) for line in (head, *lines)) for column in range(len(head))]
    for number, line in enumerate((head, *lines)):
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        click.secho(("  " + "  ".join(cells)).rstrip(), bold=number == 0)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
