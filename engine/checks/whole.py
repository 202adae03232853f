"""What must hold of a pack as a whole: its entry, its settings, its letters, its ids, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine import letters
from engine.checks.bindings import check_sizes
from engine.checks.references import CALENDARS
from engine.checks.report import warning
from engine.packs import Pack
from engine.runtime.model import Finding

KINDS = ("staff", "department", "leaders", "archive", "customer")
_ASSUMPTION = ("clause", "name", "value", "note")


def check_whole(pack: Pack) -> Iterator[Finding]:
    """Findings that belong to no single element."""
    if pack.manifest:
        yield from _entry(pack)
        yield from _settings(pack)
        yield from _assumptions(pack)
    yield from check_sizes(pack)
    yield from _letters(pack)
    yield from _same_ids(pack)
    yield from _rules(pack)


def _error(element: str | None, zh: str, en: str, file: str = "pack.toml") -> Finding:
    return Finding("error", file, element, zh, en)


def _entry(pack: Pack) -> Iterator[Finding]:
    process = pack.processes.get(pack.entry)
    if process is None or not process.executable:
        yield _error(
            pack.entry,
            f"入口流程“{pack.entry}”不存在或不可执行",
            f"the entry process “{pack.entry}” does not exist or is not executable",
        )
    elif pack.manifest.get("numbering") and not any(e.form_id in pack.forms for e in process.starts() if e.form_id):
        yield _error(
            process.id,
            "入口流程的开始事件没有受理表单（formDefinition）",
            "the start event of the entry process has no intake form (formDefinition)",
            process.file,
        )


def _settings(pack: Pack) -> Iterator[Finding]:
    if pack.calendar not in CALENDARS:
        yield _error(
            "calendar",
            f"日历“{pack.calendar}”不存在，可用：{'、'.join(CALENDARS)}",
            f"there is no calendar “{pack.calendar}”; use one of {', '.join(CALENDARS)}",
        )
    for name, group in pack.groups.items():
        if not isinstance(group, dict) or group.get("kind", "staff") not in KINDS:
            yield _error(
                name,
                f"组“{name}”的类别（kind）须是 {'、'.join(KINDS)} 之一",
                f"the kind of group “{name}” must be one of {', '.join(KINDS)}",
            )
    for lane, lane_group in pack.manifest.get("lanes", {}).items():
        if lane_group not in pack.groups:
            yield _error(
                lane,
                f"泳道“{lane}”对应的组“{lane_group}”没有在 [groups] 中定义",
                f"the group “{lane_group}” of lane “{lane}” is not defined in [groups]",
            )


def _assumptions(pack: Pack) -> Iterator[Finding]:
    assumptions: Any = pack.manifest.get("assumptions", [])
    if not isinstance(assumptions, list) or not all(isinstance(a, dict) for a in assumptions):
        yield _error("assumptions", "[[assumptions]] 的写法不对", "[[assumptions]] has the wrong form")
        return
    known = {rule.id for rule in pack.rules}
    for number, assumption in enumerate(assumptions, 1):
        name = str(assumption.get("name") or number)
        missing = [key for key in _ASSUMPTION if not str(assumption.get(key) or "").strip()]
        if missing:
            yield _error(
                name,
                f"假设“{name}”缺少：{'、'.join(missing)}",
                f"the assumption “{name}” lacks: {', '.join(missing)}",
            )
        unknown = [c for c in str(assumption.get("clause", "")).split() if known and c not in known]
        if unknown:
            yield _error(
                name,
                f"假设“{name}”所引规则不在 policy.tsv 中：{'、'.join(unknown)}",
                f"the assumption “{name}” names rules that policy.tsv does not have: {', '.join(unknown)}",
            )


def _letters(pack: Pack) -> Iterator[Finding]:
    for (name, language), template in sorted(pack.letters.items()):
        problem = letters.problems(template)
        if problem is not None:
            file = f"letters/{name}.md" if language == "zh" else f"letters/{language}/{name}.md"
            yield _error(name, f"信函模板有误：{problem}", f"the letter template is wrong: {problem}", file)


def _same_ids(pack: Pack) -> Iterator[Finding]:
    """Tasks of different processes with one id cannot be told apart by excludes, locale/en.toml and reports."""
    first: dict[str, tuple[str, str]] = {}
    for process in (p for p in pack.processes.values() if p.executable):
        for element in process.walk():
            if element.type not in ("userTask", "subProcess", "adHocSubProcess", "callActivity"):
                continue
            owner, file = first.setdefault(element.id, (process.id, process.file))
            if owner != process.id:
                yield warning(
                    process,
                    element.id,
                    f"编号“{element.id}”在流程“{owner}”（{file}）中也有：excludes、英文名称和统计无法区分二者，请改名",
                    f"the id “{element.id}” also stands in process “{owner}” ({file}): excludes, English names and reports cannot tell them apart; rename one",
                )


def _rules(pack: Pack) -> Iterator[Finding]:
    """Clauses on elements that policy.tsv does not list."""
    known = {rule.id for rule in pack.rules}
    if not known:
        return
    for process in pack.processes.values():
        named = [(process.id, process.properties), *process.lane_properties.items()]
        named += [(e.id, e.properties) for e in process.walk()]
        named += [(f.id, f.properties) for f in process.walk_flows()]
        for owner, properties in named:
            unknown = [c for c in properties.get("clause", "").split() if c not in known]
            if unknown:
                yield warning(
                    process,
                    owner,
                    f"规则 {'、'.join(unknown)} 不在 policy.tsv 中",
                    f"policy.tsv has no rule {', '.join(unknown)}",
                )
