"""What the written policy promises for every run (``guarantees.toml``), judged on the pack itself and on runs of it.

Kinds, with the keys they need:

- ``before_end``: no run ends at ``end`` without ``element``.
- ``before``: ``element`` comes before each ``before``, anew in each round.
- ``always_reaches``: where ``after`` was passed, one of ``element`` follows, or is at least begun; ``when`` is a condition over the variables
  of the run, ``unless_end`` lists end events that excuse.
- ``different_person``: nobody completes ``element`` twice in one run.
- ``every_task_has_deadline``: every user task has a due date or a timer on it.
- ``personal``: ``fields`` (by key) are kept encrypted and never become variables of a process.
- ``required``: the forms refuse to leave ``fields`` ("form.field") empty.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine import feel
from engine.packs import Pack
from engine.runtime.model import Finding

FILE = "guarantees.toml"


@dataclass(frozen=True)
class Run:
    """What one run of a process did."""

    trace: tuple[str, ...] = ()
    """elements in the order they were completed"""
    reached: tuple[tuple[int, str], ...] = ()
    """(how many were completed by then, element) for every user task and called process that was begun"""
    end: str | None = None
    """the end event of a run that is over"""
    performers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """user task -> who completed it, in order"""
    variables: Mapping[str, Any] = field(default_factory=dict)
    fired: frozenset[str] = frozenset()
    """rows of decision tables, as ``decision#number``"""


@dataclass(frozen=True)
class Guarantee:
    """One promise."""

    id: str
    kind: str
    title: str
    title_en: str
    rules: tuple[str, ...]
    keys: Mapping[str, Any]

    def elements(self, key: str) -> list[str]:
        """The ids under ``key``, which may be one text or a list."""
        value = self.keys.get(key, [])
        return [value] if isinstance(value, str) else [str(item) for item in value]


def read_guarantees(pack: Pack) -> tuple[list[Guarantee], list[Finding]]:
    """The guarantees of a pack, and what is wrong with the file."""
    try:
        data = tomllib.loads(pack.files.get(FILE, b"").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [], [Finding("error", FILE, None, f"无法读取：{error}", f"cannot be read: {error}")]
    items = data.get("guarantee", [])
    if data.keys() - {"guarantee"} or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return [], [_finding("?", "每条承诺都须写在 [[guarantee]] 之下", "every guarantee stands under [[guarantee]]")]
    known = {e.id for p in pack.processes.values() for e in p.walk()}
    found: list[Guarantee] = []
    findings: list[Finding] = []
    for item in items:
        guarantee = Guarantee(
            id=str(item.get("id", "?")),
            kind=str(item.get("kind", "")),
            title=str(item.get("title", "")),
            title_en=str(item.get("title_en", "")),
            rules=tuple(str(item.get("clauses", "")).split()),
            keys=item,
        )
        findings += [*_wrong(guarantee, known), *_described(guarantee, [g.id for g in found], pack)]
        found.append(guarantee)
    return found, findings


def _described(guarantee: Guarantee, earlier: Sequence[str], pack: Pack) -> Iterator[Finding]:
    """What is wrong with the words of a guarantee: its id, its title, its rules, its condition."""
    lacking = [key for key in ("id", "title") if not str(guarantee.keys.get(key, "")).strip()]
    if lacking:
        named = f"“{guarantee.title}”" if guarantee.title else ""
        yield _finding(
            guarantee.id,
            f"承诺{named}缺少 {'、'.join(lacking)}",
            f"the guarantee {named} lacks {' and '.join(lacking)}",
        )
    elif guarantee.id in earlier:
        yield _finding(
            guarantee.id,
            f"编号“{guarantee.id}”前面已有承诺用过，请改名",
            f"an earlier guarantee has the id “{guarantee.id}”; rename one",
        )
    rules = {rule.id for rule in pack.rules}
    unknown = [rule for rule in guarantee.rules if rules and rule not in rules]
    if unknown:
        zh, en = f"规则 {'、'.join(unknown)} 不在 policy.tsv 中", f"policy.tsv has no rule {', '.join(unknown)}"
        yield Finding("warning", FILE, guarantee.id, f"{zh}，请改正或删去", f"{en}; correct or remove it")
    try:
        feel.compile_expression(str(guarantee.keys.get("when") or "true").removeprefix("="))
    except feel.FeelError as error:
        yield _finding(guarantee.id, f"when 有误：{error.zh()}", f"when is wrong: {error.en()}")


def _finding(element: str, zh: str, en: str) -> Finding:
    return Finding("error", FILE, element, zh, en)


def _wrong(guarantee: Guarantee, known: set[str]) -> Iterator[Finding]:
    kinds = tuple(dict.fromkeys((*_OF_A_RUN, *_OF_A_PACK)))
    if guarantee.kind not in kinds:
        listed = "、".join(kinds)
        yield Finding(
            "error",
            FILE,
            guarantee.id,
            f"不认识承诺的种类“{guarantee.kind}”，可用：{listed}",
            f"the kind “{guarantee.kind}” is not known; use one of {', '.join(kinds)}",
        )
    named = [e for key in ("element", "end", "before", "after", "unless_end") for e in guarantee.elements(key)]
    for element in named:
        if element not in known:
            yield Finding(
                "error",
                FILE,
                guarantee.id,
                f"承诺所说的“{element}”不在图中",
                f"“{element}”, which the guarantee names, is in no diagram",
            )


def broken_by_pack(pack: Pack, guarantees: Sequence[Guarantee]) -> Iterator[tuple[Guarantee, str]]:
    """(guarantee, what breaks it) for those that the diagrams and forms alone decide."""
    for guarantee in guarantees:
        judge = _OF_A_PACK.get(guarantee.kind)
        what = judge(pack, guarantee) if judge is not None else None
        if what is not None:
            yield guarantee, what


def broken_by_run(run: Run, guarantees: Sequence[Guarantee]) -> Iterator[tuple[Guarantee, str]]:
    """(guarantee, what breaks it) for those that ``run`` does not keep."""
    for guarantee in guarantees:
        judge = _OF_A_RUN.get(guarantee.kind)
        what = judge(run, guarantee) if judge is not None else None
        if what is not None:
            yield guarantee, what


def _before_end(run: Run, guarantee: Guarantee) -> str | None:
    if run.end not in guarantee.elements("end"):
        return None
    missing = [e for e in guarantee.elements("element") if e not in run.trace]
    return f"{run.end} without {', '.join(missing)}" if missing else None


def _before(run: Run, guarantee: Guarantee) -> str | None:
    wanted, later = guarantee.elements("element"), guarantee.elements("before")
    seen = False
    for element in run.trace:
        if element in later:
            if not seen:
                return f"{element} without {' or '.join(wanted)} before it"
            seen = False
        seen = seen or element in wanted
    return None


def _always_reaches(run: Run, guarantee: Guarantee) -> str | None:
    if run.end is None or run.end in guarantee.elements("unless_end"):
        return None
    condition = str(guarantee.keys.get("when", ""))
    if condition and feel.compile_expression(condition.removeprefix("=")).evaluate(dict(run.variables)) is not True:
        return None
    after, wanted = guarantee.elements("after"), guarantee.elements("element")
    places = [n for n, element in enumerate(run.trace) if element in after]
    for place in places:
        until = next((other for other in places if other > place), len(run.trace))
        begun = {element for position, element in run.reached if place < position <= until}
        if not any(element in wanted for element in (*begun, *run.trace[place + 1 : until])):
            return f"after {run.trace[place]} none of {', '.join(wanted)}"
    return None


def _different_person(run: Run, guarantee: Guarantee) -> str | None:
    for element in guarantee.elements("element"):
        people = run.performers.get(element, ())
        if len(set(people)) < len(people):
            return f"{element} twice by the same person"
    return None


def _stays_out(run: Run, guarantee: Guarantee) -> str | None:
    seen = [key for key in guarantee.elements("fields") if key in run.variables]
    return f"{', '.join(seen)} became variables of the process" if seen else None


def _personal(pack: Pack, guarantee: Guarantee) -> str | None:
    plain = [key for key in guarantee.elements("fields") if key not in pack.personal]
    return f"{', '.join(plain)} not among the personal fields of pack.toml" if plain else None


def _every_task_has_deadline(pack: Pack, guarantee: Guarantee) -> str | None:
    for process in pack.processes.values():
        timed = {e.attached_to for e in process.walk() if e.event is not None and e.event.kind == "timer"}
        for element in process.walk() if process.executable else ():
            if element.type == "userTask" and not element.due_date and element.id not in timed:
                return f"{element.id} has neither a due date nor a timer"
    return None


def _required(pack: Pack, guarantee: Guarantee) -> str | None:
    for name in guarantee.elements("fields"):
        form_id, _, key = name.partition(".")
        form = pack.forms.get(form_id)
        if form is None or key not in {f.name for f in form.fields}:
            return f"{name} is no field"
        given = guarantee.keys.get("given", {})
        result = form.validate_values({**given, key: None}, given, "en", datetime(2026, 1, 1, tzinfo=UTC))
        if key not in result.errors:
            return f"{name} may be left empty"
    return None


_OF_A_RUN: dict[str, Callable[[Run, Guarantee], str | None]] = {
    "before_end": _before_end,
    "before": _before,
    "always_reaches": _always_reaches,
    "different_person": _different_person,
    "personal": _stays_out,
}
_OF_A_PACK: dict[str, Callable[[Pack, Guarantee], str | None]] = {
    "every_task_has_deadline": _every_task_has_deadline,
    "personal": _personal,
    "required": _required,
}
