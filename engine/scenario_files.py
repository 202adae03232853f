"""Reading the file of a golden walk: what it says wrongly is named with its place and the way out."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from engine.calendars import CalendarError, parse_span
from engine.packs import Pack
from engine.walking import Mismatch

_HEAD = ("title", "clauses", "start", "intake", "earlier", "process", "variables", "start_message", "key", "step")
_ACTS = ("complete", "message", "activate", "advance", "advance_to")
_STEP = (*_ACTS, "with", "as", "by", "department", "instance", "in", "calendar", "refused", "expect")
_TABLES = ("due", "group", "variables", "ledger")
_LISTS = ("tasks", "sent", "passed", "not_passed", "blind")


def read_scenario(content: bytes) -> Mapping[str, Any]:
    """The file as TOML has it, its head looked through. Raises Mismatch naming what is wrong."""
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mismatch(f"the file cannot be read: {error}", f"文件无法读取：{error}") from None
    _known(data, _HEAD)
    if "start" not in data:
        raise Mismatch(
            'start is missing; write start = "2026-03-02T09:00:00+08:00"',
            '缺少 start，请写 start = "2026-03-02T09:00:00+08:00"',
        )
    moment("start", data["start"])
    for key in ("intake", "variables"):
        _table(key, data.get(key, {}))
    for key in ("earlier", "step"):
        _list(key, data.get(key, []))
    _list("clauses", data.get("clauses", []))
    for earlier in data.get("earlier", ()):
        _table("earlier", earlier)
        moment("earlier.at", earlier.get("at"))
        _table("earlier.intake", earlier.get("intake", {}))
    return data


def check_step(step: Any, pack: Pack, calendars: Collection[str]) -> None:
    """Look through one ``[[step]]`` before it is taken. Raises Mismatch naming what is wrong."""
    _table("step", step)
    _known(step, _STEP)
    for key in ("with", "expect"):
        _table(key, step.get(key, {}))
    if "advance_to" in step:
        moment("advance_to", step["advance_to"])
    if "advance" in step:
        _duration(step["advance"])
    _one_of("calendar", step, calendars, "日历", "calendar")
    for key in ("as", "department"):
        _one_of(key, step, pack.groups, "本制度的组", "group of the pack")
    number = step.get("instance", 1)
    if not isinstance(number, int) or number < 1:
        raise _wrong("instance", number, "须是从 1 起的整数", "must be a whole number from 1")
    _list("activate", step.get("activate", []))
    expected = step.get("expect", {})
    for key in (k for k in _TABLES if k in expected):
        _table(f"expect.{key}", expected[key])
    for key in (k for k in _LISTS if k in expected):
        _list(f"expect.{key}", expected[key])
    for element, at in expected.get("due", {}).items():
        moment(f"expect.due.{element}", at)


def moment(place: str, value: Any) -> datetime:
    """The instant ``value`` names, which needs its offset. Raises Mismatch naming ``place``."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise _wrong(
            place,
            value,
            '不是带时差的时间，请写成 "2026-03-02T09:00:00+08:00"',
            'is no instant with an offset; write it like "2026-03-02T09:00:00+08:00"',
        )
    return at


def _wrong(place: str, value: Any, zh: str, en: str) -> Mismatch:
    shown = repr(str(value) if isinstance(value, datetime) else value)[:80]
    return Mismatch(f"{place} = {shown} {en}", f"{place} = {shown} {zh}")


def _known(given: Mapping[str, Any], known: Collection[str]) -> None:
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, 1)
            raise Mismatch(
                f"unknown key “{key}”{f', meant is perhaps “{near[0]}”' if near else ''}; known are {', '.join(known)}",
                f"不认识“{key}”{f'，是否想写“{near[0]}”' if near else ''}；可用：{'、'.join(known)}",
            )


def _table(place: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise _wrong(place, value, "须是表，例如 { note = \"…\" }", "must be a table such as { note = \"…\" }")  # fmt: skip


def _list(place: str, value: Any) -> None:
    if not isinstance(value, list):
        raise _wrong(place, value, "须是列表，写在 [ ] 之中", "must be a list, written in [ ]")


def _one_of(key: str, step: Mapping[str, Any], known: Collection[str], zh: str, en: str) -> None:
    if key in step and step[key] not in known:
        listed = sorted(known)
        raise _wrong(
            key, step[key], f"不是{zh}，可用：{'、'.join(listed)}", f"is no {en}; use one of {', '.join(listed)}"
        )


def _duration(value: Any) -> None:
    try:
        parse_span(str(value))
    except CalendarError as error:
        raise _wrong("advance", value, f"有误：{error.zh}", f"is wrong: {error.en}") from None
