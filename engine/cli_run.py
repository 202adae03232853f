"""``redress run``: plays one diagram in virtual time and prints the path."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine import load_config
from engine.calendars import Calendar, calendars_from_config
from engine.check import check_file
from engine.cli_state import State, guarded, print_findings
from engine.clock import SystemClock
from engine.playing.data import plain
from engine.playing.describing import describe
from engine.playing.examples import variables as read_variables
from engine.playing.run import Outcome, Settings, choose, play
from engine.playing.script import Script, ScriptInvalid, read_script
from engine.playing.telling import tell

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("run")
@click.argument("file", type=_FILE)
@click.option("--scenario", type=_FILE, help="Steps, answers and expectations (TOML).")
@click.option("--process", "process_id", help="Which process of the file; by default the first that no other calls.")
@click.option("--variables", "variables_json", help="Variables to start with: a JSON object, or @FILE.")
@click.option("--with", "more", type=_FILE, multiple=True, help="A diagram, table or form that lies elsewhere.")
@click.option("--at", "at_text", help="When it starts, such as 2026-03-02T09:00:00+08:00; by default now.")
@click.option("--seed", type=int, default=0, help="Other made-up form values.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Steps at most.")
@click.option("--json", "as_json", is_flag=True, help="Print the path as JSON.")
@click.pass_obj
@guarded
def run_command(
    state: State,
    file: Path,
    scenario: Path | None,
    process_id: str | None,
    variables_json: str | None,
    more: tuple[Path, ...],
    at_text: str | None,
    seed: int,
    limit: int,
    as_json: bool,
) -> None:
    """Play the diagram FILE.bpmn in virtual time and print the path.

    Nothing real happens: decisions, forms and called processes come from the files beside it, jobs and people are
    answered by the scenario, else by the examples the modeller keeps with the elements.
    """
    if file.suffix.lower() != ".bpmn":
        raise click.BadParameter(f"{file.name}: *.bpmn", param_hint="FILE")
    given = _variables(variables_json)
    script = _script(state, scenario)
    report = check_file(file, more)
    if not report.ok:
        print_findings(state, report)
        raise SystemExit(1)
    if not any(p.executable for p in report.pack.processes.values() if p.file == file.name):
        for line in describe(report, file.name, state.language):
            click.echo(line)
        raise SystemExit(1)
    process = choose(report.pack, file.name, process_id or script.process)
    settings = Settings(_calendars(state), _at(at_text), given, seed, limit)
    outcome = play(report.pack, process, script, settings)
    _print(state, outcome, as_json)


def _calendars(state: State) -> dict[str, Calendar]:
    """The organisation's calendars. Keys are given so that none are made: a play needs no secrets."""
    return calendars_from_config(load_config(state.path, secret_key="-", data_keys=("-",)).calendar)


def _print(state: State, outcome: Outcome, as_json: bool) -> None:
    if as_json:
        text = json.dumps(plain(outcome, state.language), ensure_ascii=False, indent=2)
        click.echo(text.encode("utf-8", "backslashreplace"))
    else:
        for line in tell(outcome, state.language):
            click.echo(line)
    if not outcome.ok:
        raise SystemExit(1)


def _variables(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        return read_variables(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except (ValueError, OSError) as error:
        raise click.BadParameter(
            f"a JSON object is needed, {{...}} or @FILE: {error}", param_hint="--variables"
        ) from None


def _script(state: State, file: Path | None) -> Script:
    if file is None:
        return Script()
    try:
        return read_script(file.read_bytes(), file.name)
    except ScriptInvalid as error:
        raise click.BadParameter(error.text(state.language), param_hint="--scenario") from None


def _at(text: str | None) -> datetime:
    if text is None:
        return SystemClock().now().replace(second=0, microsecond=0)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
    if at.tzinfo is None:
        raise click.BadParameter("the offset is missing: 2026-03-02T09:00:00+08:00", param_hint="--at")
    return at
