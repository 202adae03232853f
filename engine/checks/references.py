"""What a diagram refers to: forms, decisions, processes, topics, letters, groups, calendars, messages, other tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.checks.bindings import check_bindings
from engine.checks.expressions import possible
from engine.checks.report import error, warning
from engine.packs import Pack
from engine.runtime.model import JOBS, Element, Finding, Process
from engine.topics import TOPICS

CALENDARS = ("working", "calendar")
RECIPIENTS = ("complainant", "assignee")


def check_references(pack: Pack, process: Process) -> Iterator[Finding]:
    """Findings about what the elements of ``process`` refer to."""
    yield from check_elements(pack, process)
    yield from check_files(pack, process)
    yield from check_bindings(pack, process)
    for element in process.walk():
        if element.type in JOBS or element.topic:
            yield from _topic(pack, process, element)
        if element.type == "userTask":
            yield from _assignment(pack, process, element)


def check_elements(pack: Pack, process: Process) -> Iterator[Finding]:
    """What must be filled in, whatever the diagram is used for."""
    for element in process.walk():
        yield from _chosen(process, element)
        yield from _message(pack, process, element)
        yield from _properties(pack, process, element)


def check_files(pack: Pack, process: Process) -> Iterator[Finding]:
    """What stands in other files: forms, decisions, called processes; not what is bound to a version tag."""
    for element in process.walk():
        if element.binding == "versionTag":
            continue
        yield from _form(pack, process, element)
        if element.type == "businessRuleTask" and not element.topic:
            yield from _decision(pack, process, element)
        elif element.type == "callActivity":
            yield from _called(pack, process, element)


def _form(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    if element.form_id is None:
        if element.type == "userTask":
            yield warning(process, element.id, f"“{element.label}”没有表单", f"“{element.label}” has no form")
    elif element.form_id not in pack.forms:
        yield error(
            process,
            element.id,
            f"表单 forms/{element.form_id}.form 不存在",
            f"the form forms/{element.form_id}.form does not exist",
        )


def _chosen(process: Process, element: Element) -> Iterator[Finding]:
    if element.topic:
        return
    if element.type == "businessRuleTask" and not (element.called_decision and element.result_variable):
        yield error(
            process,
            element.id,
            "没有选定决策（decisionId）或没有结果变量（resultVariable）",
            "no decision (decisionId) or no result variable (resultVariable) is chosen",
        )
    elif element.type == "scriptTask" and not (element.script and element.result_variable):
        yield error(
            process,
            element.id,
            "脚本任务没有 FEEL 表达式或没有结果变量",
            "the script task has no FEEL expression or no result variable",
        )


def _decision(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    for name in possible(element.called_decision) or ():
        if name not in pack.decisions:
            yield error(
                process, element.id, f"决策“{name}”不在任何 .dmn 文件中", f"the decision “{name}” is in no .dmn file"
            )  # fmt: skip


def _called(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    names = possible(element.called_process or "?") or ()
    for name in names:
        target = pack.processes.get(str(name))
        if target is None or not target.executable:
            yield error(
                process,
                element.id,
                f"调用的流程“{element.called_process or ''}”不存在或不可执行",
                f"the called process “{element.called_process or ''}” does not exist or is not executable",
            )
        elif all(e.event is not None and e.event.kind != "none" for e in target.starts()):
            yield error(
                process,
                element.id,
                f"调用的流程“{name}”没有无触发条件的开始事件",
                f"the called process “{name}” has no plain start event",
            )


def _message(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    event = element.event
    if event is None or event.kind != "message" or element.type in ("endEvent", "intermediateThrowEvent"):
        return
    if not event.correlation_key and not (element.type == "startEvent" and element.scope_id == process.id):
        yield error(
            process,
            element.id,
            f"消息“{event.name}”没有关联键（correlationKey），例如 =number",
            f"the message “{event.name}” has no correlation key (correlationKey), such as =number",
        )
    if pack.messages and not event.name.startswith("=") and event.name not in pack.messages:
        yield warning(
            process,
            element.id,
            f"消息“{event.name}”不在 pack.toml 的 [messages] 中，页面上无法发出",
            f"the message “{event.name}” is not in [messages] of pack.toml; no page can send it",
        )


def _properties(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    calendar = element.properties.get("calendar")
    if calendar is not None and calendar not in CALENDARS:
        yield error(
            process,
            element.id,
            f"日历“{calendar}”不存在，可用：{'、'.join(CALENDARS)}",
            f"there is no calendar “{calendar}”; use one of {', '.join(CALENDARS)}",
        )
    for other in element.properties.get("excludes", "").split():
        if not any((e := p.find(other)) is not None and e.type == "userTask" for p in pack.processes.values()):
            yield error(
                process,
                element.id,
                f"excludes 中的任务“{other}”不存在",
                f"the task “{other}” named by excludes does not exist",
            )


def _topic(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    if element.topic in pack.topics.keys() - TOPICS.keys():
        return
    if element.topic not in TOPICS:
        yield error(
            process,
            element.id,
            f"服务类型“{element.topic or '（空）'}”不在允许的清单中：{'、'.join(TOPICS)}。由外部程序完成的请写进 pack.toml 的 [topics]",
            f"the topic “{element.topic or '(none)'}” is not on the allow-list: {', '.join(TOPICS)}. What something outside does goes into [topics] of pack.toml",
        )
        return
    headers = {key: "=" + json.dumps(value, ensure_ascii=False) for key, value in element.headers.items()}
    given = headers | {target.split(".")[0]: source for source, target in element.inputs}
    missing = sorted(TOPICS[element.topic] - given.keys())
    if missing:
        yield error(
            process,
            element.id,
            f"服务“{element.topic}”缺少输入：{'、'.join(missing)}",
            f"the topic “{element.topic}” lacks the inputs {', '.join(missing)}",
        )
    if element.topic == "notify":
        yield from _letter(pack, process, element, given)


def _letter(pack: Pack, process: Process, element: Element, given: dict[str, str]) -> Iterator[Finding]:
    for name in possible(given.get("letter")) or ():
        if (name, "zh") not in pack.letters:
            yield error(
                process,
                element.id,
                f"信函 letters/{name}.md 不存在",
                f"the letter letters/{name}.md does not exist",
            )
    for to in possible(given.get("to")) or ():
        if to not in RECIPIENTS and to not in pack.groups:
            yield error(
                process,
                element.id,
                f"收件方“{to}”既不是 {'、'.join(RECIPIENTS)}，也不是 pack.toml 中的组",
                f"the recipient “{to}” is neither {' nor '.join(RECIPIENTS)} nor a group of pack.toml",
            )


def _assignment(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    groups, users = element.candidate_groups, element.candidate_users
    if groups is None and users is None and element.assignee is None and pack.lane_group(element.lane) is None:
        yield error(
            process,
            element.id,
            f"“{element.label}”没有办理人：请放进泳道，或填写候选组、候选人",
            f"“{element.label}” has nobody to do it: put it into a lane, or give candidate groups or users",
        )
        return
    lane = pack.lane_group(element.lane) if users is None else None
    for group in [lane] if groups is None else _groups(groups):
        if group and group not in pack.groups:
            yield error(
                process,
                element.id,
                f"组“{group}”没有在 pack.toml 的 [groups] 中定义",
                f"the group “{group}” is not defined in [groups] of pack.toml",
            )


def _groups(text: str) -> list[str]:
    return [part.strip() for value in possible(text) or () for part in str(value).split(",")]
