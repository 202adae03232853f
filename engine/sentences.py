"""What each type of history event says, Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.calendars import CalendarError, Span, parse_span, span_text
from engine.models import HistoryEvent
from engine.types import Name

if TYPE_CHECKING:
    from engine.telling import Teller

_Sentence = Callable[["Teller", HistoryEvent, Mapping[str, Any]], Name]


def _plain(zh: str, en: str) -> _Sentence:
    """A sentence whose ``{0}`` is the element's name."""

    def say(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
        label = teller.element(event) or Name("流程", "process")
        return Name(zh.format(label.zh), en.format(label.en))

    return say


def _filed(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    channel = teller.names.value(payload.get("channel"))
    return Name(f"登记投诉，渠道：{channel.zh}", f"Complaint entered; channel: {channel.en}")


def _done(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label = teller.element(event) or Name("流程", "process")
    if event.on_behalf_of:
        absent = teller.person(event.on_behalf_of)
        return Name(f"代{absent}完成“{label.zh}”", f"Completed “{label.en}” on behalf of {absent}")
    return Name(f"完成“{label.zh}”", f"Completed “{label.en}”")


def _assigned(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label = teller.element(event) or Name("", "")
    after, before = teller.person(payload.get("after")), payload.get("before")
    if before is None:
        return Name(f"将“{label.zh}”交给{after}", f"Handed “{label.en}” to {after}")
    old = teller.person(before)
    return Name(f"将“{label.zh}”由{old}改派给{after}", f"Reassigned “{label.en}” from {old} to {after}")


def _due_changed(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label, after = teller.element(event) or Name("", ""), teller.time(payload.get("after"))
    if payload.get("before") is None:
        return Name(f"将“{label.zh}”的到期时间定为 {after.zh}", f"Set the due date of “{label.en}” to {after.en}")
    before = teller.time(payload["before"])
    return Name(
        f"将“{label.zh}”的到期时间由 {before.zh} 改为 {after.zh}",
        f"Changed the due date of “{label.en}” from {before.en} to {after.en}",
    )


def _follow_up_changed(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label = teller.element(event) or Name("", "")
    if payload.get("after") is None:
        return Name(f"取回搁置的“{label.zh}”", f"Took “{label.en}” back from those put aside")
    after = teller.time(payload["after"])
    return Name(f"将“{label.zh}”搁置到 {after.zh}", f"Put “{label.en}” aside until {after.en}")


def _entered(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label, element = teller.element(event) or Name("", ""), teller.find(event)
    if element is not None and element.type == "userTask":
        return Name(f"“{label.zh}”等待办理", f"“{label.en}” waits to be done")
    return Name(f"开始“{label.zh}”", f"“{label.en}” began")


def _completed(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label, element = teller.element(event) or Name("", ""), teller.find(event)
    kind = element.type if element is not None else ""
    if kind.endswith("Event"):
        return Name(f"到达“{label.zh}”", f"Reached “{label.en}”")
    return Name(f"“{label.zh}”办完", f"“{label.en}” finished")


_READABLE = 5
"""Parts of a result that still read as a finding; a row of settings has more."""


def _decided(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label = teller.element(event) or teller.names.value(payload.get("decision"))
    result = payload.get("result")
    period = _span(result)
    if period is not None:
        zh, en = span_text(period, "calendar", "zh"), span_text(period, "calendar", "en")
        return Name(f"“{label.zh}”按决策表得出：{zh}", f"“{label.en}” gave, by its table: {en}")
    outcome = [v for v in _simple(result) if v and _span(v) is None]
    if not 0 < len(outcome) <= _READABLE:
        return Name(f"“{label.zh}”按决策表判定", f"“{label.en}” was decided by its table")
    value = teller.names.value(outcome)
    return Name(f"“{label.zh}”按决策表得出：{value.zh}", f"“{label.en}” gave, by its table: {value.en}")


def _simple(result: Any) -> list[Any]:
    """The parts of a decision's result that read as words."""
    if isinstance(result, dict):
        return [] if any(k.startswith("$") for k in result) else [v for part in result.values() for v in _simple(part)]
    if isinstance(result, list):
        return [v for part in result for v in _simple(part)]
    return [result] if isinstance(result, str) else []


def _span(value: Any) -> Span | None:
    """A duration written as ISO text or as stored by FEEL."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("$duration", value.get("$months"))
    if not isinstance(value, str) or not value.startswith("P"):
        return None
    try:
        return parse_span(value)
    except CalendarError:
        return None


def _letter(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    to = str(payload.get("to", ""))
    known = {"complainant": Name("投诉人", "the complainant"), "assignee": Name("经办人", "the person in charge")}
    recipient = known.get(to) or teller.names.group(to)
    chased = payload.get("element")
    about = teller.names.element(event.process_id or "", str(chased)) if chased else None
    if chased and about is not None and about.zh == chased:
        owner = next((p.id for p in teller.processes.values() if p.find(str(chased)) is not None), "")
        about = teller.names.element(owner, str(chased))
    subject = str(payload.get("subject") or payload.get("letter") or "")
    title = str(payload.get("letter") or subject).replace("_", " ")
    zh, en = f"向{recipient.zh}发出“{subject}”", f"Sent the letter “{title}” to {recipient.en}"
    return Name(f"{zh}，催办“{about.zh}”", f"{en}, about “{about.en}”") if about else Name(zh, en)


def _timer(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label, element = teller.element(event) or Name("", ""), teller.find(event)
    due = teller.time(payload.get("due_at"))
    if element is not None and element.attached_to:
        host = teller.names.element(element.process_id, element.attached_to)
        zh, en = f"“{host.zh}”的定时“{label.zh}”到时", f"The timer “{label.en}” of “{host.en}” was due"
    else:
        zh, en = f"定时“{label.zh}”到时", f"The timer “{label.en}” was due"
    passed = payload.get("passed_over")
    after = (f"，之前 {passed} 次因停机略过", f"; {passed} before it were passed over") if passed else ("", "")
    return Name(f"{zh}（{due.zh}）{after[0]}", f"{en} ({due.en}){after[1]}")


def _message(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    name = teller.names.message(str(payload.get("message") or payload.get("signal") or ""))
    return Name(f"收到“{name.zh}”", f"Received “{name.en}”")


def _activated(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    labels = [teller.names.element(event.process_id or "", str(e)) for e in payload.get("elements", ())]
    counted = Counter(labels).items()
    zh = "、".join(f"“{label.zh}”" + (f"（{n} 次）" if n > 1 else "") for label, n in counted)
    en = ", ".join(f"“{label.en}”" + (f" ({n} times)" if n > 1 else "") for label, n in counted)
    return Name(f"启动{zh}", f"Started {en}")


def _archived(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    number, until = payload.get("archive_number"), teller.time(payload.get("retain_until"))
    return Name(f"归档，档案号 {number}，保管至 {until.zh}", f"Archived as {number}, kept until {until.en}")


def _suggestion(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    department = payload.get("department")
    if not department:
        return Name("记录一条建议", "A suggestion was recorded")
    group = teller.names.group(str(department))
    return Name(f"记录一条建议，转{group.zh}研究", f"A suggestion was recorded and passed to {group.en}")


def _ended(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    label = teller.element(event)
    if label is None:
        return Name("流程结束", "The process ended")
    return Name(f"流程结束：{label.zh}", f"The process ended: {label.en}")


def _hold(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    number = payload.get("archive_number")
    if payload.get("on"):
        return Name(f"档案 {number} 设为保全，期满不销毁", f"Archive record {number} placed under legal hold")
    return Name(f"解除档案 {number} 的保全", f"Legal hold on archive record {number} lifted")


def _erased(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    files, letters = payload.get("files", 0), payload.get("letters", 0)
    return Name(
        f"抹除个人信息：联系资料、{files} 个附件、{letters} 封信函的内容",
        f"Personal data erased: contact details, {files} files, the text of {letters} letters",
    )


def unknown(teller: Teller, event: HistoryEvent, payload: Mapping[str, Any]) -> Name:
    """A neutral sentence for a type of event that is not known."""
    label = teller.element(event)
    if label is None:
        return Name("流程有一项变动", "Something in the process changed")
    return Name(f"“{label.zh}”有一项变动", f"Something about “{label.en}” changed")


SENTENCES: dict[str, _Sentence] = {
    "instance_started": _plain("流程开始", "The process started"),
    "complaint_filed": _filed,
    "task_claimed": _plain("领取“{0}”", "Claimed “{0}”"),
    "task_unclaimed": _plain("将“{0}”退回所在组", "Gave “{0}” back to its group"),
    "task_assigned": _assigned,
    "task_completed": _done,
    "due_changed": _due_changed,
    "follow_up_changed": _follow_up_changed,
    "element_entered": _entered,
    "element_completed": _completed,
    "element_cancelled": _plain("“{0}”已撤回，不再需要办理", "“{0}” was withdrawn; it is no longer needed"),
    "steps_taken": _plain("流程向前推进", "The process moved on"),
    "decision_evaluated": _decided,
    "letter_sent": _letter,
    "timer_fired": _timer,
    "message_received": _message,
    "signal_received": _message,
    "elements_activated": _activated,
    "archived": _archived,
    "escalated": _plain("升级督办", "Escalated"),
    "suggestion_recorded": _suggestion,
    "cancel_requested": _plain("决定取消流程", "Decided to cancel the process"),
    "instance_completed": _ended,
    "instance_cancelled": _plain("流程已取消", "The process was cancelled"),
    "legal_hold_changed": _hold,
    "personal_data_erased": _erased,
}
