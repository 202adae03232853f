"""Scenario files of a lone diagram: the words of a pack's scenarios, and answers for its jobs and decisions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine import feel
from engine.errors import EngineError
from engine.playing.world import Answers, Work

Kinds = Mapping[str, tuple[type, ...]]
_INSTANT = (str, datetime)
_TOP: Kinds = {
    "title": (str,),
    "clauses": (list,),
    "start": _INSTANT,
    "process": (str,),
    "variables": (dict,),
    "step": (list,),
    "jobs": (dict,),
    "decisions": (dict,),
}
_STEP: Kinds = {
    "complete": (str,),
    "instance": (int,),
    "with": (dict,),
    "advance": (str,),
    "calendar": (str,),
    "advance_to": _INSTANT,
    "message": (str,),
    "key": (str, int),
    "signal": (str,),
    "activate": (list,),
    "in": (str,),
    "expect": (dict,),
    "refused": (str,),
}
_EXPECT: Kinds = {
    "tasks": (list,),
    "due": (dict,),
    "group": (dict,),
    "variables": (dict,),
    "ended": (str, bool),
    "passed": (list,),
    "not_passed": (list,),
}
_JOB: Kinds = {"with": (dict,), "error": (str,)}
_DECISION: Kinds = {"result": (object,)}


class ScriptInvalid(EngineError):
    """A scenario file that cannot be used; nothing was run."""

    code = "scenario_invalid"
    zh = "场景文件 {file} 无法使用：{reason}"
    en = "The scenario file {file} cannot be used: {reason}"


@dataclass(frozen=True)
class Script:
    """A scenario that was read and found to hold known words only."""

    title: str = ""
    start: datetime | None = None
    process: str | None = None
    variables: dict[str, Any] | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    answers: Answers = field(default_factory=Answers)


def read_script(content: bytes, file: str) -> Script:
    """Read a scenario file. Raises ScriptInvalid for what is no TOML, an unknown key or a value of the wrong kind."""
    try:
        return _script(tomllib.loads(content.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScriptInvalid(file=file, reason={"zh": f"不是 TOML：{error}", "en": f"it is no TOML: {error}"}) from None
    except _Wrong as wrong:
        raise ScriptInvalid(file=file, reason={"zh": wrong.zh, "en": wrong.en}) from None
    except feel.FeelError as error:
        raise ScriptInvalid(file=file, reason=str(error)) from None


def _script(data: Mapping[str, Any]) -> Script:
    _known(data, _TOP, "")
    steps = data.get("step", ())
    for number, step in enumerate(steps, 1):
        _known(step, _STEP, f"step {number}")
        expected = step.get("expect", {})
        _known(expected, _EXPECT, f"step {number} · expect")
        for moment in (*expected.get("due", {}).values(), *(step[k] for k in ("advance_to",) if k in step)):
            instant(moment)
    for group, kinds in (("jobs", _JOB), ("decisions", _DECISION)):
        for name, answer in data.get(group, {}).items():
            _known(answer, kinds, f"{group}.{name}")
    return Script(
        title=str(data.get("title", "")),
        start=instant(data["start"]) if "start" in data else None,
        process=data.get("process"),
        variables=feel.to_feel(data["variables"]) if "variables" in data else None,
        steps=tuple(steps),
        answers=Answers(
            {n: Work(feel.to_feel(job.get("with", {})), job.get("error")) for n, job in data.get("jobs", {}).items()},
            {name: feel.to_feel(given.get("result")) for name, given in data.get("decisions", {}).items()},
        ),
    )


class _Wrong(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def _known(given: Any, kinds: Kinds, where: str) -> None:
    """Refuse an unknown key, and a value that is not of one of its kinds; lists hold texts but for the steps."""
    if not isinstance(given, Mapping):
        raise _Wrong(f"{where} 须是一个表", f"{where} must be a table")
    for key, value in given.items():
        place = f"{where} · {key}" if where else key
        if key not in kinds:
            listed = ", ".join(kinds)
            raise _Wrong(f"不认识“{place}”，可用：{listed}", f"“{place}” is not known; known are {listed}")
        right = isinstance(value, kinds[key])
        texts = not isinstance(value, list) or key in ("step", "result") or all(isinstance(v, str) for v in value)
        if not (right and texts):
            named = " / ".join(_NAMED.get(kind, kind.__name__) for kind in kinds[key])
            raise _Wrong(f"“{place}”须是 {named}", f"“{place}” must be {named}")


_NAMED: Mapping[type, str] = {
    dict: "{...}",
    list: '["..."]',
    str: '"..."',
    bool: "true",
    datetime: "2026-03-02T09:00:00+08:00",
}


def instant(value: str | datetime) -> datetime:
    """An instant as a scenario writes it."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        example = "2026-03-02T09:00:00+08:00"
        raise _Wrong(
            f"“{value}”不是带时区的时间，例如 {example}", f"“{value}” is no time with its offset, such as {example}"
        )
    return at
