"""Why something is due when it is: what started the clock, which rule, which calendar, which days did not count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from engine.calendars import CalendarError, Explanation, moment
from engine.packs import Pack
from engine.runtime.model import Element
from engine.types import DueText, Name

_CALENDARS = {
    "working": Name("按工作日历（只算工作时间）", "Working calendar (only working hours count)"),
    "calendar": Name("按自然日历（昼夜节假日都算）", "Round-the-clock calendar (every hour of every day counts)"),
}


def due_text(
    pack: Pack,
    started: Name,
    at: datetime,
    provisional: bool,
    explanation: Mapping[str, Any] | None,
    zone: tzinfo,
    people: Mapping[str, str] | None = None,
) -> DueText:
    """The stored ``explanation`` of a due date in plain words; ``started`` says what started the clock."""
    stored = explanation or {}
    parts = [started, *_rules(pack, stored.get("clauses", ())), *_clock(stored, at, zone)]
    if "set_by" in stored:
        parts.append(_by_hand(stored, at, zone, people or {}))
    text = Name("".join(p.zh for p in parts), " ".join(p.en for p in parts))
    return DueText(at, provisional, stored, text)


def task_started(name: Name) -> Name:
    """The sentence for a user task: its clock starts when it is created."""
    return Name(f"任务“{name.zh}”产生时开始计时。", f"The clock started when the task “{name.en}” was opened.")


def timer_started(pack: Pack, element: Element | None) -> Name:
    """The sentence for a timer: a boundary event counts from the activity it stands on."""
    if element is None:
        return Name("流程走到此处时开始计时。", "The clock started when the process came here.")
    label = pack.names.element(element.process_id, element.attached_to or element.id)
    if element.attached_to:
        return Name(f"“{label.zh}”开始时计时。", f"The clock started when “{label.en}” began.")
    if element.type == "startEvent":
        return Name("流程开始时计时。", "The clock started with the process.")
    return Name(f"流程走到“{label.zh}”时开始计时。", f"The clock started when the process came to “{label.en}”.")


def _rules(pack: Pack, clauses: Iterable[str]) -> list[Name]:
    """The element's rules; where some are about time (carried by a timer), only those."""
    known = {rule.id: rule for rule in pack.rules}
    clauses = list(clauses)
    timed = [c for c in clauses if c in known and known[c].carry == "timer"]
    texts: list[Name] = []
    for clause in timed or clauses:
        rule = known.get(clause)
        if rule is None:
            texts.append(Name(clause, clause))
            continue
        where = f"（{rule.clause}）" if rule.clause not in ("", rule.id) else ""
        texts.append(
            Name(f"{rule.id}{where}“{rule.zh.rstrip('。；')}”", f"{rule.id} “{(rule.en or rule.zh).rstrip('.;')}”")
        )
    if not texts:
        return []
    return [Name(f"依据 {'；'.join(t.zh for t in texts)}。", f"Rule {'; '.join(t.en for t in texts)}.")]


def _clock(stored: Mapping[str, Any], at: datetime, zone: tzinfo) -> list[Name]:
    if "duration" in stored:
        try:
            counted = Explanation.from_dict(stored)
        except CalendarError:
            return []
        name = _CALENDARS.get(counted.calendar) or Name(f"按日历“{counted.calendar}”", f"Calendar “{counted.calendar}”")
        return [Name(f"{name.zh}：{counted.text('zh', zone)}", f"{name.en}: {counted.text('en', zone)}")]
    if "date" in stored and "set_by" not in stored:
        source = str(stored["date"]).lstrip("= ")
        when = at.astimezone(zone)
        return [
            Name(
                f"到期时间 {moment(when, 'zh')} 由流程给定（{source}）。",
                f"The process itself gives the due date, {moment(when, 'en')} ({source}).",
            )
        ]
    return []


def _by_hand(stored: Mapping[str, Any], at: datetime, zone: tzinfo, people: Mapping[str, str]) -> Name:
    who, reason = people.get(str(stored["set_by"]), str(stored["set_by"])), str(stored.get("reason") or "—")
    when = at.astimezone(zone)
    return Name(
        f"后由{who}改为 {moment(when, 'zh')}，原因：{reason}。",
        f"Later changed by {who} to {moment(when, 'en')}; reason: {reason}.",
    )
