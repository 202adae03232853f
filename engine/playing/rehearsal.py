"""Takes the steps of a scenario and compares what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import feel
from engine.calendars import CalendarError
from engine.errors import BadRequest, EngineError, NotFound
from engine.playing.player import Player
from engine.playing.script import instant
from engine.playing.world import Neighbourhood
from engine.runtime import Task
from engine.runtime.scopes import visible
from engine.services import outside

_BEFORE = ("tasks", "due", "group")
"""Of a step that completes a task these are compared before it, as in a pack's scenarios."""


class Unmet(EngineError):
    """The instance did not go as the scenario says."""

    code = "scenario"
    zh = "{what}应为 {expected}，实际是 {found}"
    en = "{what} should be {expected}, found {found}"


class FormRefused(EngineError):
    """A form does not accept the values of a scenario."""

    code = "form"
    zh = "任务“{task}”的表单不接受这些值：{errors}"
    en = "The form of the task “{task}” does not accept the values: {errors}"


class NoMessage(EngineError):
    """Nothing waits for a message."""

    code = "no_subscription"
    zh = "流程此时不等待消息“{message}”（关联键 {key}）"
    en = "The process does not wait for the message “{message}” (key {key}) now"


@dataclass
class Rehearsal:
    """Takes the steps of a script and compares."""

    player: Player
    world: Neighbourhood
    steps: Sequence[Mapping[str, Any]]
    number: int = 0

    def run(self) -> None:
        """Take every step. Raises Unmet, or the error of a step that should have gone on."""
        for number, step in enumerate(self.steps, 1):
            self.number = number
            self._step(step)

    def _step(self, step: Mapping[str, Any]) -> None:
        expected = dict(step.get("expect", {}))
        if "complete" in step:
            self._compare({k: expected.pop(k) for k in _BEFORE if k in expected})
        refused = step.get("refused")
        try:
            self._act(step)
        except Unmet:
            raise
        except EngineError as error:
            if refused is None:
                raise
            if error.code != refused:
                raise self._unmet({"zh": "拒绝的原因", "en": "the refusal"}, refused, error.code) from error
        else:
            if refused is not None:
                raise self._unmet({"zh": "拒绝的原因", "en": "the refusal"}, refused, None)
        self._compare(expected)

    # -- acting ---------------------------------------------------------------------------------------------------

    def _act(self, step: Mapping[str, Any]) -> None:
        values = feel.to_feel(step.get("with", {}))
        if "complete" in step:
            task = self._task(str(step["complete"]), int(step.get("instance", 1)))
            self.player.complete(task, self._checked(task, values), "scenario")
        elif "message" in step:
            self._message(str(step["message"]), step.get("key"), values)
        elif "signal" in step:
            self.player.catch(str(step["signal"]), values)
        elif "activate" in step:
            self._activate(list(step["activate"]), step.get("in"))
        elif "advance_to" in step:
            self.player.advance(instant(step["advance_to"]))
        elif "advance" in step:
            self._advance(str(step["advance"]), str(step.get("calendar", "calendar")))

    def _task(self, element: str, number: int) -> Task:
        tasks = [t for t in self.player.tasks() if t.task_spec.element.id == element]
        if not 0 < number <= len(tasks):
            raise self._unmet({"zh": "待办任务", "en": "the open tasks"}, [element] * max(number, 1), self._open())
        return tasks[number - 1]

    def _checked(self, task: Task, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The form accepts or refuses the values as it would for a person."""
        form = self.world.pack.forms.get(task.task_spec.element.form_id or "")
        if form is None:
            return values
        given = outside(values)
        zh = form.validate_values(given, visible(task), "zh", self.player.now())
        if zh.ok:
            return dict(feel.to_feel(zh.values))
        en = form.validate_values(given, visible(task), "en", self.player.now())
        listed = [
            "; ".join(f"{name}: {' '.join(texts)}" for name, texts in result.errors.items()) for result in (zh, en)
        ]
        raise FormRefused(task=task.task_spec.element.label, errors={"zh": listed[0], "en": listed[1]})

    def _message(self, name: str, key: Any, values: Mapping[str, Any]) -> None:
        for awaited in self.player.awaited():
            wait = awaited.wait
            if (wait.kind, wait.name) == ("message", name) and str(key) in ("None", wait.key):
                self.player.fire(awaited, values, "scenario")
                return
        raise NoMessage(message=name, key=key or "-")

    def _activate(self, wanted: list[str], inside: str | None) -> None:
        """Start steps of the open ad-hoc subprocess, or of the one named ``in`` when several are open."""
        open_ = [task for task, _ in self.player.ad_hoc()]
        chosen = [t for t in open_ if inside in (None, t.task_spec.element.id)]
        if not chosen or (inside is None and len(chosen) > 1):
            found = [t.task_spec.element.id for t in open_]
            raise self._unmet(
                {"zh": "可启动的临时子流程", "en": "the open ad-hoc subprocesses"}, [inside or "1"], found
            )
        self.player.activate(chosen[0], wanted)

    def _advance(self, duration: str, calendar: str) -> None:
        try:
            target = self.world.calendars[calendar].add(self.player.now(), duration).at
        except KeyError:
            raise NotFound(what={"zh": "日历", "en": "calendar"}, id=calendar) from None
        except CalendarError as error:
            raise BadRequest(reason={"zh": error.text("zh"), "en": error.text("en")}) from None
        self.player.advance(target)

    # -- comparing ------------------------------------------------------------------------------------------------

    def _compare(self, expected: Mapping[str, Any]) -> None:
        for key, wanted in expected.items():
            _COMPARE[key](self, wanted)

    def _open(self) -> list[str]:
        return sorted(t.task_spec.element.id for t in self.player.tasks())

    def _tasks(self, wanted: list[str]) -> None:
        self._equal({"zh": "待办任务", "en": "the open tasks"}, sorted(wanted), self._open())

    def _due(self, wanted: Mapping[str, Any]) -> None:
        for element, text in wanted.items():
            found = [t.internal_data.get("due") for t in self.player.tasks() if t.task_spec.element.id == element]
            dues = [datetime.fromisoformat(due) for due in found if due]
            if instant(text) not in dues:
                what = {"zh": f"“{element}”的到期时间", "en": f"the due date of “{element}”"}
                raise self._unmet(what, str(text), [d.astimezone(self.player.at.tzinfo).isoformat() for d in dues])

    def _group(self, wanted: Mapping[str, str]) -> None:
        for element, group in wanted.items():
            found = self.player.path.groups(element)
            if group not in found:
                what = {"zh": f"“{element}”的候选组", "en": f"the candidate group of “{element}”"}
                raise self._unmet(what, group, found)

    def _variables(self, wanted: Mapping[str, Any]) -> None:
        seen: dict[str, Any] = {}
        for scope in sorted(self.player.machine.all_scopes(), key=lambda s: s.depth):
            seen.update(scope.data)
        for name, value in wanted.items():
            what = {"zh": f"变量“{name}”", "en": f"the variable “{name}”"}
            self._equal(what, feel.encode(feel.to_feel(value)), feel.encode(seen.get(name)))

    def _ended(self, wanted: Any) -> None:
        found = (self.player.end_element or True) if self.player.ended else False
        self._equal({"zh": "结束事件", "en": "the end event"}, wanted, found)

    def _passed(self, wanted: list[str]) -> None:
        missing = sorted(set(wanted) - self.player.path.passed)
        if missing:
            what = {"zh": "走过的元素", "en": "what was passed"}
            raise self._unmet(what, missing, sorted(self.player.path.passed))

    def _not_passed(self, wanted: list[str]) -> None:
        found = sorted(set(wanted) & self.player.path.passed)
        if found:
            raise self._unmet({"zh": "不该走过的元素", "en": "what was passed although it should not"}, [], found)

    def _equal(self, what: Mapping[str, str], wanted: Any, found: Any) -> None:
        if wanted != found:
            raise self._unmet(what, wanted, found)

    def _unmet(self, what: Mapping[str, str], wanted: Any, found: Any) -> Unmet:
        return Unmet(what=dict(what), expected=_shown(wanted), found=_shown(found))


def _shown(value: Any) -> str:
    return feel.shown(feel.to_feel(value)) if not isinstance(value, str) else value


_COMPARE: dict[str, Callable[[Rehearsal, Any], None]] = {
    "tasks": Rehearsal._tasks,
    "due": Rehearsal._due,
    "group": Rehearsal._group,
    "variables": Rehearsal._variables,
    "ended": Rehearsal._ended,
    "passed": Rehearsal._passed,
    "not_passed": Rehearsal._not_passed,
}
