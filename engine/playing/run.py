"""Plays a diagram from its start: by itself, or as a scenario says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.calendars import Calendar
from engine.checks.expressions import possible
from engine.errors import BadRequest, EngineError, ExecutionError, NotFound
from engine.packs import Pack
from engine.playing.alone import Alone
from engine.playing.player import Player
from engine.playing.rehearsal import Rehearsal
from engine.playing.script import Script
from engine.playing.world import Neighbourhood
from engine.runtime.model import Element, Process


@dataclass(frozen=True)
class Settings:
    """What the command line says of a play."""

    calendars: Mapping[str, Calendar]
    at: datetime
    """when it starts, in the zone people live in"""
    variables: Mapping[str, Any] | None = None
    seed: int = 0
    limit: int = 200


@dataclass(frozen=True)
class Outcome:
    """How a play went."""

    player: Player
    process: Process
    script: Script
    started: datetime
    state: str
    """ended · waiting (the scenario is over) · stuck (nothing can move) · limit · refused (see ``error``)"""
    error: EngineError | None = None
    step: int = 0
    """the step of the scenario that was refused, from 1"""

    @property
    def ok(self) -> bool:
        return self.error is None


def choose(pack: Pack, file: str, wanted: str | None) -> Process:
    """The executable process to play: ``wanted``, else the first of ``file`` that no other one calls.

    Raises NotFound, or BadRequest when the process only describes.
    """
    own = [p for p in pack.processes.values() if p.file == file]
    if wanted is not None:
        found = next((p for p in own if p.id == wanted), None)
        if found is None:
            raise NotFound(what={"zh": f"{file} 中的流程", "en": f"process in {file}"}, id=wanted)
        if not found.executable:
            raise BadRequest(
                reason={
                    "zh": f"流程“{wanted}”只作说明（isExecutable 不为 true），不能运行；请在建模工具中设为可执行",
                    "en": f"the process “{wanted}” describes only (isExecutable is not true) and cannot run; make it executable in the modeller",
                }
            )
        return found
    runnable = [p for p in own if p.executable]
    called = {name for p in runnable for e in p.walk() for name in _called(e) if name != p.id}
    return next((p for p in runnable if p.id not in called), runnable[0])


def _called(element: Element) -> list[Any]:
    return possible(element.called_process) or []


def play(pack: Pack, process: Process, script: Script, settings: Settings) -> Outcome:
    """Play ``process``; what is refused on the way is part of the outcome."""
    zone = settings.calendars["calendar"].zone
    at = (script.start or settings.at).astimezone(zone)
    world = Neighbourhood(pack, settings.calendars, script.answers)
    player = Player(pack.definitions, process.id, world, at)
    alone, rehearsal = Alone(player, pack, settings.seed), Rehearsal(player, world, script.steps)
    variables = settings.variables if settings.variables is not None else script.variables
    try:
        alone.begin(_start(process), variables, _filed(pack, process, at))
        if script.steps:
            rehearsal.run()
            state = "ended" if player.ended else "waiting"
        else:
            state = alone.run(settings.limit)
    except EngineError as error:
        step = 0 if isinstance(error, ExecutionError) and not script.steps else rehearsal.number
        return Outcome(player, process, script, at, "refused", error, step)
    return Outcome(player, process, script, at, state)


def _start(process: Process) -> Element:
    """The plain start event, else the first."""
    starts = process.starts()
    return next((e for e in starts if e.event is None or e.event.kind == "none"), starts[0])


def _filed(pack: Pack, process: Process, at: datetime) -> dict[str, Any]:
    """What filing gives a complaint beside its form, when the process is one that a pack's complaints start."""
    if not pack.files_complaints(process.id):
        return {}
    return {"number": "1", "pack": str(pack.manifest.get("name", "")), "received_at": at, "repeat_of": None}
