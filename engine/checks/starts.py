"""Start events that nobody presses: what they wait for must be known when the process is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from engine.checks.report import error
from engine.packs import Pack
from engine.runtime.model import Element, Finding, Process
from engine.triggers import Unreadable, read_trigger, triggered

_SOME_DAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Any instant shows whether an expression gives a name or a time at all."""


def check_starts(pack: Pack, process: Process) -> Iterator[Finding]:
    """Findings about the message, timer and signal start events of ``process``."""
    starts = triggered(process)
    seen: dict[tuple[str, str], Element] = {}
    for element in starts:
        event = element.event
        if event is None or event.kind not in _KINDS or event.timer == "duration" or not (event.text or event.name):
            continue  # refused by the reader
        try:
            trigger = read_trigger(event, _SOME_DAY)
        except Unreadable as problem:
            yield error(process, element.id, problem.zh, problem.en)
            continue
        twin = seen.setdefault((trigger.kind, trigger.name or element.id), element)
        if twin is not element:
            yield error(
                process,
                element.id,
                f"“{element.label}”与“{twin.label}”等待同一个名称“{trigger.name}”，请改名或合并为一个开始事件",
                f"“{element.label}” waits for the same name “{trigger.name}” as “{twin.label}”; rename one or join them",
            )
        if element.form_id is not None:
            yield error(
                process,
                element.id,
                f"“{element.label}”由{_KINDS[event.kind]}触发，没有人填写表单；请把表单移到无触发条件的开始事件",
                f"“{element.label}” is triggered by a {event.kind}, so nobody fills its form; move the form to a plain start event",
            )
        if event.kind != "message" and pack.files_complaints(process.id):
            yield error(
                process,
                element.id,
                f"投诉流程不能由{_KINDS[event.kind]}“{element.label}”启动：没有人投诉，无法登记；请另画一个流程，或改用消息开始事件",
                f"a complaint cannot be started by the {event.kind} “{element.label}”: there is nobody who complains; draw a process of its own or use a message start event",
            )
    if pack.files_complaints(process.id) and starts and len(starts) == len(process.starts()):
        yield error(
            process,
            process.id,
            "投诉流程须有一个无触发条件、带受理表单的开始事件，供受理页面和窗口登记",
            "a complaint process needs a plain start event with the intake form, for the intake page and the counter",
        )


_KINDS = {"timer": "定时", "message": "消息", "signal": "信号"}
