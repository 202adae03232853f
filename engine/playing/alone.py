"""Plays an instance by itself: completes user tasks, lets time pass, delivers messages, until nothing can move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from engine import feel
from engine.packs import Pack
from engine.playing.examples import example
from engine.playing.player import Awaited, Player
from engine.runtime.model import Element
from engine.runtime.scopes import visible
from engine.walks import plausible

_ENDLESS = -1
_KINDS = ("timer", "message", "signal")
_PLACES = {"boundaryEvent": 1, "startEvent": 2}


class Alone:
    """Chooses the next step of ``player``. The same ``seed`` makes up the same form values."""

    def __init__(self, player: Player, pack: Pack, seed: int) -> None:
        self.player = player
        self.pack = pack
        self.random = Random(seed)
        self._fired: Counter[tuple[str, str]] = Counter()
        self._activated: set[str] = set()

    def run(self, limit: int) -> str:
        """Play up to ``limit`` steps. Returns why it stopped: ended · stuck · limit."""
        for _ in range(limit):
            if self.player.ended:
                return "ended"
            if not (self._complete() or self._activate() or self._fire()):
                return "stuck"
        return "ended" if self.player.ended else "limit"

    def begin(self, start: Element, variables: Mapping[str, Any] | None, filed: Mapping[str, Any]) -> None:
        """Start with ``variables``, else the example of the start event, else values of its form, beside ``filed``."""
        given, origin = (variables, "given") if variables is not None else self._values(start, {})
        self.player.path.note(start.id, kind="started", values=given, origin=origin)
        self.player.start({**filed, **given}, start.id)

    def _complete(self) -> bool:
        tasks = self.player.tasks()
        if tasks:
            values, origin = self._values(tasks[0].task_spec.element, visible(tasks[0]))
            self.player.complete(tasks[0], values, origin)
        return bool(tasks)

    def _values(self, element: Element, variables: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
        """Variables for an element nobody fills in, and where they come from."""
        given = example(element)
        if given is not None:
            return given, "example"
        form = self.pack.forms.get(element.form_id or "")
        if form is None:
            return {}, "nothing"
        try:
            made: dict[str, Any] = feel.to_feel(plausible(form, variables, self.random, {}, self.player.now()))
        except ValueError:
            return {}, "impossible"
        return made, "form"

    def _activate(self) -> bool:
        """Everything an ad-hoc subprocess may activate comes once."""
        for task, scope in self.player.ad_hoc():
            if str(task.id) not in self._activated:
                self._activated.add(str(task.id))
                self.player.activate(task, [e.id for e in scope.spec.scope.activatable()])
                return True
        return False

    def _fire(self) -> bool:
        awaited = [a for a in self.player.awaited() if a.wait.kind in _KINDS]
        if not awaited:
            return False
        chosen = min(awaited, key=self._rank)
        self._fired[_key(chosen)] += 1
        if chosen.due is not None:
            self.player.advance(max(chosen.due, self.player.now()))
            return True
        given = example(chosen.element)
        self.player.fire(chosen, given or {}, "nothing" if given is None else "example")
        return True

    def _rank(self, awaited: Awaited) -> tuple[Any, ...]:
        """Timers first, then messages; what may happen again and again takes turns with what may not."""
        again = awaited.wait.left == _ENDLESS or awaited.wait.kind != "timer"
        fired = self._fired[_key(awaited)] if again else 0
        kind = _KINDS.index(awaited.wait.kind)
        if awaited.due is not None:
            return fired, kind, 0, awaited.due
        return fired, kind, _PLACES.get(awaited.element.type, 0)


def _key(awaited: Awaited) -> tuple[str, str]:
    return awaited.element.process_id, awaited.element.id
