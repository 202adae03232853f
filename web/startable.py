"""The steps of open ad-hoc subprocesses that a person may start, as pages show them, and starting one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import flash, request
from flask_babel import gettext as _

from engine.errors import EngineError
from engine.types import AdHocElement, AdHocSubprocess, Name
from web import access, i18n, rows

Address = Callable[..., str]
"""The address that starts a step, from ``subprocess_id``, ``element_id`` and ``seen``."""


@dataclass(frozen=True)
class Step:
    """A button that starts a step."""

    name: Name
    documentation: Name
    note: str
    """Whose task it will be, and how often it goes on and is done."""
    url: str


@dataclass(frozen=True)
class Panel:
    """An open ad-hoc subprocess with what the person may start in it."""

    name: Name
    documentation: Name
    steps: tuple[Step, ...]


def found(instance_id: str) -> Sequence[AdHocSubprocess]:
    """The open ad-hoc subprocesses of an instance; none for those who may not look at it."""
    try:
        return access.engine().activation.options(access.actor(), instance_id)
    except EngineError:
        return ()


def panels(subprocesses: Sequence[AdHocSubprocess], pack: str, address: Address) -> list[Panel]:
    """Those in which the person may start something."""
    shown = [
        Panel(
            one.name,
            one.documentation,
            tuple(
                Step(
                    step.name,
                    step.documentation,
                    _note(step, pack),
                    address(subprocess_id=one.task_id, element_id=step.element_id, seen=one.activations),
                )
                for step in one.elements
                if step.may_activate
            ),
        )
        for one in subprocesses
    ]
    return [panel for panel in shown if panel.steps]


def start(instance_id: str, subprocess_id: str, element_id: str) -> None:
    """Start a step; the next page says that it was done, or why not."""
    engine, person = access.engine(), access.actor()
    seen = request.args.get("seen", "")
    try:
        subprocesses = engine.activation.options(person, instance_id)
        engine.activation.activate(
            person,
            instance_id,
            subprocess_id,
            [element_id],
            activations=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
        )
    except EngineError as error:
        flash(error.text(i18n.language()), "error")
        return
    names = (step.name for one in subprocesses for step in one.elements if step.element_id == element_id)
    flash(_("已启动“%(step)s”。", step=i18n.text(next(names, element_id))), "success")


def _note(step: AdHocElement, pack: str) -> str:
    names, users = rows.names(pack), step.candidate_users
    known = access.engine().users.names_of(users, i18n.language()) if users else {}
    who = [*(names.group(group) for group in step.groups), *(known.get(user, user) for user in users)]
    said = [
        _("由%(who)s办理", who=rows.listed(who)) if who else "",
        _("进行中 %(n)d", n=step.open) if step.open else "",
        _("已办完 %(n)d", n=step.done) if step.done else "",
    ]
    return " · ".join(part for part in said if part)
