"""What every command shares: options, language, and errors told without a traceback."""

from __future__ import annotations

import locale
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from engine import Engine, EngineError, load_config, open_engine
from engine.check import Report
from engine.packs import Pack, load_pack, read_folder
from engine.types import Name

_GOOD = Name("没有错误", "no errors")


def default_language() -> str:
    """zh unless the environment asks for another language than Chinese."""
    named = (
        os.environ.get("REDRESS_LANGUAGE")
        or os.environ.get("LC_ALL")
        or os.environ.get("LANG")
        or locale.getlocale()[0]
        or ""
    )
    return "en" if named.startswith("en") else "zh"


class State:
    """What the options before the subcommand said."""

    def __init__(self, config: str | None, language: str) -> None:
        self.path = config
        self.language = language

    def say(self, zh: str, en: str, **style: Any) -> None:
        click.secho(zh if self.language == "zh" else en, **style)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        engine = open_engine(load_config(self.path))
        try:
            yield engine
        finally:
            engine.close()


def folders_of(state: State, names: Sequence[str]) -> list[Path]:
    """The folders of the packs named, by path or by name; of all packs when none is."""
    packs = load_config(state.path).packs
    if not names:
        return sorted(p.parent for p in packs.glob("*/pack.toml"))
    return [Path(n) if Path(n).is_dir() else packs / n for n in names]


def load_folder(folder: Path) -> Pack:
    """The pack in ``folder``, named as the folder is. Raises NotFound when there is no such folder or it holds none."""
    return load_pack(read_folder(folder), folder.resolve().name)


def print_findings(state: State, report: Report, good: Name = _GOOD) -> None:
    """What a check has to say: ``good`` when there are no errors, then every finding in a line."""
    name, errors = report.pack.name, sum(f.severity == "error" for f in report.findings)
    if report.ok:
        state.say(f"✓ {name}：{good.zh}", f"✓ {name}: {good.en}", fg="green", bold=True)
    else:
        state.say(f"✗ {name}：{errors} 处错误", f"✗ {name}: {errors} errors", fg="red", bold=True)
    for finding in report.findings:
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity)
        where = f"{finding.file}{' · ' + finding.element if finding.element else ''}"
        click.echo(f"  {click.style(finding.severity, fg=colour)}  {where}: {finding.text(state.language)}")


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Tell an error in the user's language and exit with 1 instead of a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        state: State = click.get_current_context().obj
        try:
            return command(*args, **kwargs)
        except EngineError as error:
            click.secho(error.text(state.language), err=True, fg="red")
            for finding in error.params.get("report_findings", ()):
                place = f"{finding.file} {finding.element or ''}".strip()
                click.echo(f"  {finding.severity}: {place}: {finding.text(state.language)}", err=True)
        except BrokenPipeError:  # the reader, such as ``head``, has seen enough: click ends quietly
            raise
        except DBAPIError as error:
            _complain(state, Name("数据库无法使用", "the database cannot be used"), error.orig)
        except OSError as error:
            _complain(state, Name("操作系统拒绝", "the operating system refused"), error)
        raise SystemExit(1)

    return run


def _complain(state: State, what: Name, reason: object) -> None:
    click.secho(f"{what.text(state.language)}: {reason}", err=True, fg="red")
