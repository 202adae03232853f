"""A path as people like to read it: one line for each thing that happened, in two languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width

import click

from engine import feel
from engine.errors import EngineError
from engine.playing.path import Change, Entry, Note
from engine.playing.run import Outcome
from engine.playing.words import BEGAN, EVENTS, MARKS, ORIGINS, STATES, TYPES, long
from engine.runtime.model import Element
from engine.types import Name

_VALUE = 72
_LABEL = 18
_TIME = 6
_BLOCK = 12
"""Entries at most that are looked for as one repeated block."""


def tell(outcome: Outcome, language: str) -> Iterator[str]:
    """The lines of a play, styled for a terminal."""
    teller = _Teller(language, outcome.started)
    yield from teller.head(outcome)
    for entry, times in _alike(outcome.player.path.entries):
        yield from teller.entry(entry, times)
    yield ""
    yield from teller.end(outcome, outcome.error)


def _alike(entries: list[Entry]) -> Iterator[tuple[Entry, int]]:
    """The entries with how often each stands for: instances that do the same one after the other share their lines."""
    kinds = [_kind(entry) for entry in entries]
    at = 0
    while at < len(entries):
        length, times = _repeated(kinds, at)
        yield from ((entry, times) for entry in entries[at : at + length])
        at += length * times


def _repeated(kinds: list[tuple[Any, ...]], at: int) -> tuple[int, int]:
    """How long the block at ``at`` is and how often it comes in a row."""
    for length in range(1, _BLOCK + 1):
        block, times = kinds[at : at + length], 1
        while kinds[at + length * times : at + length * (times + 1)] == block:
            times += 1
        if times > 1:
            return length, times
    return 1, 1


def _kind(entry: Entry) -> tuple[Any, ...]:
    """What makes entries alike; one outside of multi-instance activities is like no other."""
    if entry.number is None or entry.element is None:
        return (id(entry),)
    due = entry.wait.due if entry.wait is not None else None
    return entry.what, entry.element.id, entry.at, tuple(f.id for f in entry.flows), due


class _Teller:
    def __init__(self, language: str, started: datetime) -> None:
        self.language = language
        self.started = started

    def word(self, name: Name) -> str:
        return name.text(self.language)

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    # -- head and end ---------------------------------------------------------------------------------------------

    def head(self, outcome: Outcome) -> Iterator[str]:
        process = outcome.process
        title = plain(outcome.script.title or process.name or process.id)
        yield click.style(title, bold=True) + click.style(f"  {process.file} · {process.id}", dim=True)
        yield click.style(
            self.say(f"{outcome.started:%Y-%m-%d %H:%M} 开始", f"from {outcome.started:%Y-%m-%d %H:%M}"), dim=True
        )

    def end(self, outcome: Outcome, error: EngineError | None) -> Iterator[str]:
        player = outcome.player
        took = long(player.at - outcome.started, self.language)
        if error is not None:
            yield click.style(self.refusal(error, outcome.step), fg="red")
        elif outcome.state == "ended":
            element = outcome.process.find(player.end_element or "")
            name = _named(element) if element is not None else "-"
            text = self.say(f"结束于 {name}，历时 {took}", f"Ended at {name} after {took}")
            yield click.style(text, fg="green", bold=True)
        else:
            why = STATES[outcome.state]
            yield click.style(self.say(f"{why.zh}，历时 {took}", f"{why.en}, after {took}"), fg="yellow", bold=True)
        if player.variables:
            yield self.say("变量", "Variables")
            width = max(_width(plain(name)) for name in player.variables)
            for name, value in player.variables.items():
                yield f"  {plain(name)}{' ' * (width - _width(plain(name)))}  {_shown(value)}"

    def refusal(self, error: EngineError, step: int) -> str:
        where = self.say(f"第 {step} 步：", f"step {step}: ") if step else ""
        reason = error.params.get("reason")
        if error.code != "incident" or not isinstance(reason, dict):
            return plain(f"✗ {where}{error.text(self.language)}")
        place = f"{error.params.get('element')} [{error.params.get('element_id')}]"
        text = plain(reason[self.language])
        return self.say(f"✗ {where}异常 · {place}：{text}", f"✗ {where}incident · {place}: {text}")

    # -- entries --------------------------------------------------------------------------------------------------

    def entry(self, entry: Entry, count: int) -> Iterator[str]:
        if entry.what == "time":
            yield self.time(entry)
            return
        element = entry.element
        if element is None:
            return
        symbol, word = self.label(entry, element)
        several = f" ×{count}" if count > 1 else f" #{entry.number}" if entry.number is not None else ""
        indent = "  " * entry.depth
        label = f"{indent}{symbol} {word}"
        line = f"{entry.at:%H:%M} {label}{' ' * max(1, _LABEL + len(indent) - _width(label))}"
        line += click.style(plain(element.label), bold=entry.what == "passed")
        line += click.style(f" [{element.id}]", dim=True) if element.name else ""
        line += click.style(several, fg="cyan") + self.way(entry, element) + self.awaited(entry)
        line += " …" if count > 1 and entry.wait is not None and entry.wait.key is not None else ""
        yield line
        for detail in self.details(entry, count):
            yield " " * (_TIME + len(indent)) + "    " + click.style(detail, dim=True)

    def time(self, entry: Entry) -> str:
        later = long(entry.at - entry.notes[0]["from"], self.language)
        text = f"──── {entry.at:%Y-%m-%d %H:%M}  " + self.say(f"过了 {later}", f"{later} later")
        return click.style(text, fg="blue")

    def label(self, entry: Entry, element: Element) -> tuple[str, str]:
        mark = "timer" if entry.wait is not None and entry.wait.kind == "timer" else entry.what
        if mark in MARKS:
            return MARKS[mark][0], self.word(MARKS[mark][1])
        if entry.what == "began":
            return "▷", self.word(BEGAN[element.type])
        symbol, name = TYPES.get(element.type, ("▫", Name(element.type, element.type)))
        kind = element.event.kind if element.event is not None and element.type.endswith("Event") else "none"
        if kind in EVENTS:
            name = Name(EVENTS[kind].zh + name.zh, f"{EVENTS[kind].en} {name.en}")
        return symbol, self.word(name)

    def way(self, entry: Entry, element: Element) -> str:
        if not any(f.name for f in entry.flows) and len(element.outgoing) < 2:
            return ""
        ways = plain(", ".join(f.name or f.id for f in entry.flows))
        return click.style(f"  → {ways}", fg="green") if ways else ""

    def awaited(self, entry: Entry) -> str:
        parts = []
        if entry.what == "task":
            note = entry.notes[0]
            if note["due"] is not None:
                parts.append(self.say("到期 ", "due ") + self.moment(note["due"], entry.at))
            who = str(note["assignee"] or "、".join(note["groups"]))
            if who:
                parts.append(self.say(f"办理 {who}", f"for {who}"))
        wait = entry.wait
        if wait is not None and wait.due:
            parts.append(self.moment(datetime.fromisoformat(wait.due), entry.at))
        elif wait is not None:
            kind = self.word(EVENTS[wait.kind])
            parts.append(
                f"{kind} “{plain(wait.name)}”"
                + (self.say(f"，关联键 {_shown(wait.key)}", f" key {_shown(wait.key)}") if wait.key is not None else "")
            )
        return "  " + " · ".join(parts) if parts else ""

    def moment(self, at: datetime, now: datetime) -> str:
        ahead = long(at - now, self.language)
        return f"{at.astimezone(now.tzinfo):%Y-%m-%d %H:%M} " + self.say(f"（{ahead}后）", f"(in {ahead})")

    # -- details --------------------------------------------------------------------------------------------------

    def details(self, entry: Entry, count: int) -> Iterator[str]:
        for note in entry.notes:
            yield from getattr(self, f"_{note['kind']}", self._silent)(note)
        first = f"#{entry.number} " if count > 1 else ""
        for change in entry.changes:
            yield first + self.change(change)

    def change(self, change: Change) -> str:
        name = plain(change.name)
        if change.fresh:
            return f"{name} = {_shown(change.new)}"
        return f"{name}: {_shown(change.old)} → {_shown(change.new)}"

    def _silent(self, note: Note) -> Iterator[str]:
        yield from ()

    def _started(self, note: Note) -> Iterator[str]:
        if note["origin"] not in ("given", "nothing"):
            yield self.word(ORIGINS[note["origin"]])

    def _completed(self, note: Note) -> Iterator[str]:
        yield self.say("办理：", "completed with ") + self.given(note)

    def _fired(self, note: Note) -> Iterator[str]:
        if note["event"] == "timer":
            yield self.say("时间到", "the time has come")
            return
        kind = self.word(EVENTS[note["event"]])
        yield self.say(f"收到{kind}“{note['name']}”：", f"{kind} “{note['name']}” came with ") + self.given(note)

    def _job(self, note: Note) -> Iterator[str]:
        if "error" in note:
            yield self.say(
                f"服务 {note['name']}：错误“{note['error']}”", f"job {note['name']}: error “{note['error']}”"
            )
        else:
            yield self.say(f"服务 {note['name']}：", f"job {note['name']}: ") + self.given(note)
        for name, value in note["inputs"].items():
            yield f"  {plain(name)} = {_shown(value)}"

    def _decision(self, note: Note) -> Iterator[str]:
        origin = "" if note["origin"] == "table" else f"（{self.word(ORIGINS[note['origin']])}）"
        yield self.say(f"决策 {note['name']} = ", f"decision {note['name']} = ") + _shown(note["value"]) + origin
        for rule in note["rules"]:
            notes = "；".join(rule["notes"])
            place = self.say(f"第 {rule['rule']} 条规则", f"rule {rule['rule']}")
            yield f"  {rule['name']} · {place}{'：' + notes if notes else ''}"

    def given(self, note: Note) -> str:
        origin = self.word(ORIGINS[note["origin"]])
        values: Mapping[str, Any] = note["values"]
        return f"{_shown(values)} ({origin})" if values else origin


def _named(element: Element) -> str:
    return plain(f"{element.name} [{element.id}]" if element.name else element.id)


def _shown(value: Any) -> str:
    return plain(feel.shown(value, _VALUE))


def plain(text: str) -> str:
    """A text from a diagram or its data, without what could steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in text)


def _width(text: str) -> int:
    """Columns a text takes in a terminal."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
