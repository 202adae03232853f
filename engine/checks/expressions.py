"""Every FEEL expression and every written time of a diagram."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from engine import feel
from engine.calendars import CalendarError, parse_span
from engine.checks.flow import scopes
from engine.checks.report import error
from engine.feel import nodes as n
from engine.feel.builtins import FUNCTION_NAMES
from engine.feel.parser import parse_expression
from engine.runtime.model import AdHoc, Element, Finding, Loop, Process
from engine.runtime.waits import parse_cycle, parse_instant
from engine.triggers import NO_CRON, looks_like_cron

_OPTIONAL = {
    "assignee": "assignee",
    "candidate_groups": "candidateGroups",
    "candidate_users": "candidateUsers",
    "due_date": "dueDate",
    "follow_up_date": "followUpDate",
    "priority": "priority",
    "called_decision": "decisionId",
    "called_process": "processId",
    "version_tag": "versionTag",
}
"""Attributes that hold a text or, after “=”, an expression."""


def check_expressions(process: Process) -> Iterator[Finding]:
    """Findings about the expressions and times of ``process``."""
    for scope in scopes(process):
        for element in scope.elements.values():
            yield from _element(process, element)
        for flow in scope.flows.values():
            if flow.condition is not None:
                yield from _expression(process, flow.id, flow.condition, "condition", must=True)


def possible(text: str | None) -> list[Any] | None:
    """The values an attribute can have when that can be told from its text alone, None when it depends on variables.

    A text is itself; an expression may be a literal or an ``if`` that chooses between such.
    """
    if text is None or not text.startswith("="):
        return [text] if text else None
    try:
        tree = parse_expression(text[1:], frozenset(), FUNCTION_NAMES)
    except feel.FeelError:
        return None
    return _values(tree)


def _values(node: n.Node) -> list[Any] | None:
    if isinstance(node, n.Literal):
        return [node.value]
    if isinstance(node, n.If):
        parts = [_values(node.then), _values(node.otherwise)]
        known = [value for part in parts for value in part or ()]
        return known or None
    return None


def _element(process: Process, element: Element) -> Iterator[Finding]:
    for name, shown in _OPTIONAL.items():
        text = getattr(element, name)
        if text is not None:
            yield from _expression(process, element.id, text, shown)
    for side, pairs in (("input", element.inputs), ("output", element.outputs)):
        for source, target in pairs:
            yield from _expression(process, element.id, source, f"{side} → {target}")
    if element.script is not None:
        yield from _expression(process, element.id, element.script, "script", must=True)
    if element.loop is not None:
        loop = element.loop
        yield from _expression(process, element.id, loop.input_collection, "inputCollection", must=True)
        yield from _required(process, element, loop)
    if element.ad_hoc is not None:
        if element.ad_hoc.active_elements is not None:
            wanted = element.ad_hoc.active_elements
            yield from _expression(process, element.id, wanted, "activeElementsCollection", must=True)
        yield from _required(process, element, element.ad_hoc)
    yield from _event(process, element)
    yield from _schedule(process, element)


def _required(process: Process, element: Element, several: Loop | AdHoc) -> Iterator[Finding]:
    """What is only ever an expression."""
    for text, shown in (
        (several.output_element, "outputElement"),
        (several.completion_condition, "completionCondition"),
    ):
        if text is not None:
            yield from _expression(process, element.id, text, shown, must=True)


def _event(process: Process, element: Element) -> Iterator[Finding]:
    event = element.event
    if event is None or (element.type == "startEvent" and element.scope_id == process.id):
        return  # what starts a process is read by engine.checks.starts
    if event.kind == "timer":
        yield from _timer(process, element.id, event.timer or "duration", event.text)
    if event.kind == "conditional":
        yield from _expression(process, element.id, event.text, "condition", must=True)
    if event.correlation_key is not None:
        yield from _expression(process, element.id, event.correlation_key, "correlationKey", must=True)
    for text, shown in ((event.name, "name"), (event.code, "code")):
        if text:
            yield from _expression(process, element.id, text, f"{event.kind} {shown}")


def _timer(process: Process, element: str, kind: str, text: str) -> Iterator[Finding]:
    if text.startswith("="):
        yield from _expression(process, element, text, "timer")
        return
    try:
        if kind == "cycle":
            parse_cycle(text)
        elif kind == "date":
            parse_instant(text)
        else:
            parse_span(text)
    except ValueError as problem:
        if kind == "cycle" and looks_like_cron(text):
            yield error(process, element, *NO_CRON)
            return
        example = {"cycle": "R3/P1D", "date": "2026-03-02T09:00:00+08:00"}.get(kind, "P2D, PT4H")
        yield _no_time(process, element, text, example, problem)


def _schedule(process: Process, element: Element) -> Iterator[Finding]:
    for text in (element.due_date, element.follow_up_date):
        if text is None or text.startswith("="):
            continue
        try:
            if text.startswith("P"):
                parse_span(text)
            else:
                parse_instant(text)
        except ValueError as problem:
            yield _no_time(process, element.id, text, "P2D, PT4H", problem)
    for value in possible(element.priority) or ():
        if not (str(value).isdecimal() and 0 <= int(value) <= 100):
            yield error(
                process,
                element.id,
                f"优先级“{value}”不是 0 到 100 的整数",
                f"the priority “{value}” is not a whole number from 0 to 100",
            )


def _no_time(process: Process, element: str, text: str, example: str, problem: ValueError) -> Finding:
    zh = f"：{problem.text('zh')}" if isinstance(problem, CalendarError) else f"，例如 {example}"
    en = f": {problem.text('en')}" if isinstance(problem, CalendarError) else f" such as {example}"
    return error(process, element, f"“{text}”不是有效的时间{zh}", f"“{text}” is not a valid time{en}")


def _expression(process: Process, element: str, text: str, what: str, must: bool = False) -> Iterator[Finding]:
    if not text.startswith("="):
        if must:
            yield error(
                process,
                element,
                f"{what}“{text}”须以 = 开头写成 FEEL 表达式",
                f"{what} “{text}” must be a FEEL expression starting with =",
            )
        return
    try:
        expression = feel.compile_expression(text[1:])
    except (feel.FeelSyntaxError, feel.FeelLimitError) as problem:
        yield error(process, element, f"{what}：{problem.zh()}", f"{what}: {problem.en()}")
        return
    if what == "timer" and not expression.names:
        value = expression.evaluate({})
        if value is not None and not isinstance(value, str | datetime | timedelta | feel.YearsMonths):
            yield error(
                process,
                element,
                f"定时“{text}”的结果不是时间：{feel.shown(value)}",
                f"the timer “{text}” does not give a time: {feel.shown(value)}",
            )
