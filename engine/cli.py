"""The ``redress`` command: everything about packs, complaints, people and history that needs no web server.

Exit codes: 0 done, 1 something was found or refused, 2 the command line was wrong.
"""

from __future__ import annotations

import json
import locale
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click

from engine import SYSTEM, Engine, EngineError, feel, history, load_config, open_engine
from engine.check import Report, check
from engine.importing import import_complaints, read_mapping
from engine.layout import layout
from engine.packs import Pack, load_pack, read_folder
from engine.scenarios import run_scenarios
from engine.types import ROLES


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


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Print an EngineError in the user's language and exit with 1 instead of a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        state: State = click.get_current_context().obj
        try:
            return command(*args, **kwargs)
        except EngineError as error:
            click.secho(error.text(state.language), err=True, fg="red")
            for finding in error.params.get("findings", ()):
                click.echo(
                    f"  {finding['severity']}: {finding['file']} {finding['element'] or ''} {finding['message']}",
                    err=True,
                )
            raise SystemExit(1) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="config.toml to use.")
@click.option("--language", type=click.Choice(["zh", "en"]), default=default_language, help="Language of messages.")
@click.pass_context
def main(context: click.Context, config: str | None, language: str) -> None:
    """Redress: complaint handling that runs on the policy diagram itself."""
    context.obj = State(config, language)


def _folders(state: State, names: tuple[str, ...]) -> list[Path]:
    packs = load_config(state.path).packs
    if not names:
        return sorted(p.parent for p in packs.glob("*/pack.toml"))
    return [Path(n) if Path(n).is_dir() else packs / n for n in names]


def _load(folder: Path) -> Pack:
    return load_pack(read_folder(folder), folder.resolve().name)


@main.command("check")
@click.argument("packs", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
@guarded
def check_command(state: State, packs: tuple[str, ...], as_json: bool) -> None:
    """Check packs: is everything executable, and how far is the written policy carried?"""
    reports = [check(_load(folder)) for folder in _folders(state, packs)]
    if as_json:
        click.echo(json.dumps({"packs": [r.to_dict(state.language) for r in reports]}, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            _print_report(state, report)
    if not all(r.ok for r in reports):
        raise SystemExit(1)


def _print_report(state: State, report: Report) -> None:
    errors = sum(f.severity == "error" for f in report.findings)
    if report.ok:
        state.say(f"✓ {report.pack.name}：可以部署", f"✓ {report.pack.name}: can be deployed", fg="green", bold=True)
    else:
        state.say(
            f"✗ {report.pack.name}：{errors} 处错误", f"✗ {report.pack.name}: {errors} errors", fg="red", bold=True
        )
    for finding in report.findings:
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity)
        where = f"{finding.file}{' · ' + finding.element if finding.element else ''}"
        click.echo(f"  {click.style(finding.severity, fg=colour)}  {where}: {finding.text(state.language)}")
    counts = report.coverage.counts()
    if report.pack.rules:
        state.say(
            f"  规则 {len(report.pack.rules)} 条：强制 {counts['enforced']} · 提示 {counts['prompted']} · "
            f"待定数字 {counts['needs_figure']} · 未承载 {counts['uncarried']}",
            f"  {len(report.pack.rules)} rules: {counts['enforced']} enforced · {counts['prompted']} prompted · "
            f"{counts['needs_figure']} need a figure · {counts['uncarried']} uncarried",
        )


@main.command()
@click.argument("pack")
@click.option("--note", default="", help="What changed and why.")
@click.pass_obj
@guarded
def deploy(state: State, pack: str, note: str) -> None:
    """Deploy a pack folder; new complaints follow it, running ones keep their version."""
    with state.engine() as engine:
        info = engine.deployments.deploy(SYSTEM, pack, note)
    state.say(
        f"已部署 {info.name} 第 {info.version} 版（{info.deployment_id[:12]}）",
        f"Deployed {info.name} version {info.version} ({info.deployment_id[:12]})",
        fg="green",
    )


@main.command()
@click.argument("packs", nargs=-1)
@click.option("--only", help="Run the files whose name contains this text.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
@guarded
def scenarios(state: State, packs: tuple[str, ...], only: str | None, as_json: bool) -> None:
    """Run the golden walks of packs in virtual time."""
    config = load_config(state.path)
    outcomes = []
    for folder in _folders(state, packs):
        for outcome in run_scenarios(_load(folder), config, only):
            outcomes.append({"pack": folder.name, **asdict(outcome), "passed": sorted(outcome.passed)})
            if not as_json:
                mark = click.style("✓", fg="green") if outcome.ok else click.style("✗", fg="red")
                click.echo(f"{mark} {folder.name}/{outcome.file}  {outcome.title}")
                if not outcome.ok:
                    state.say(
                        f"    第 {outcome.step} 步：{outcome.problem}",
                        f"    step {outcome.step}: {outcome.problem}",
                        fg="red",
                    )
    if as_json:
        click.echo(json.dumps({"scenarios": outcomes}, ensure_ascii=False, indent=2))
    failed = sum(not o["ok"] for o in outcomes)
    if not as_json:
        state.say(f"{len(outcomes)} 个场景，{failed} 个不符", f"{len(outcomes)} scenarios, {failed} failed")
    if failed:
        raise SystemExit(1)


@main.command("layout")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of into FILE.")
@click.pass_obj
@guarded
def layout_command(state: State, file: Path, output: Path | None) -> None:
    """Draw the diagram of a BPMN file anew, left to right, respecting lanes."""
    target = output or file
    target.write_bytes(layout(file.read_bytes()))
    state.say(f"已重新排版：{target}", f"Laid out: {target}", fg="green")


@main.command("feel")
@click.argument("expression")
@click.option("--context", "context_json", default="{}", help="Variables as JSON.")
@click.pass_obj
@guarded
def feel_command(state: State, expression: str, context_json: str) -> None:
    """Evaluate a FEEL expression."""
    try:
        context = json.loads(context_json)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--context") from None
    try:
        values = feel.to_feel(context)
        names = [k for k in values if not k.isidentifier()] if isinstance(values, dict) else []
        result = feel.compile_expression(expression.removeprefix("="), names).explain(values)
    except feel.FeelSyntaxError as error:
        click.secho(error.zh() if state.language == "zh" else error.en(), err=True, fg="red")
        raise SystemExit(1) from None
    except feel.FeelError as error:
        click.secho(str(error), err=True, fg="red")
        raise SystemExit(1) from None
    click.echo(feel.display(result.value))
    for problem in result.problems:
        click.secho(f"{problem.line}:{problem.column} {problem.message}", err=True, fg="yellow")


@main.command()
@click.pass_obj
@guarded
def verify(state: State) -> None:
    """Recompute the history chains; any later change, removal or insertion is found."""
    with state.engine() as engine, engine.context.store.read() as session:
        broken = history.verify(session)
    for item in broken:
        state.say(
            f"流程 {item.instance_id} 第 {item.seq} 条历史记录有误：{item.problem}",
            f"instance {item.instance_id}: history event {item.seq} is {item.problem}",
            fg="red",
        )
    if broken:
        raise SystemExit(1)
    state.say("历史记录完整，未发现改动", "History is intact; no change was found", fg="green")


@main.group()
def complaint() -> None:
    """Complaints."""


@complaint.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Mapping file (TOML).",
)
@click.option("--pack", help="Import into this pack instead of the one the mapping names.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
@guarded
def complaint_import(state: State, file: Path, mapping: Path, pack: str | None, as_json: bool) -> None:
    """Import complaints from a CSV file; rows imported before are passed over."""
    rows = []
    with state.engine() as engine:
        plan = read_mapping(mapping)
        for row in import_complaints(engine, SYSTEM, file, plan, pack, state.language):
            rows.append(row)
            if row.problem and not as_json:
                state.say(f"第 {row.line} 行：{row.problem}", f"line {row.line}: {row.problem}", fg="red", err=True)
            elif len(rows) % 25 == 0 and not as_json:
                state.say(f"… {len(rows)} 行", f"… {len(rows)} rows")
    done = sum(r.number is not None and not r.known for r in rows)
    known = sum(r.known for r in rows)
    failed = sum(r.number is None for r in rows)
    if as_json:
        click.echo(
            json.dumps(
                {"imported": done, "known": known, "failed": failed, "rows": [asdict(r) for r in rows]},
                ensure_ascii=False,
            )
        )
    else:
        state.say(
            f"导入 {done} 件，已有 {known} 件，未能导入 {failed} 件",
            f"{done} imported, {known} already there, {failed} failed",
            fg="red" if failed else "green",
        )
    if failed:
        raise SystemExit(1)


@main.group()
def user() -> None:
    """Accounts."""


@user.command("list")
@click.pass_obj
@guarded
def user_list(state: State) -> None:
    """Everybody, with groups and roles."""
    with state.engine() as engine:
        for person in engine.users.list():
            roles = ", ".join(f"{role}@{pack}" for role, pack in sorted(person.roles))
            click.echo(f"{person.id}\t{person.name.text(state.language)}\t{', '.join(sorted(person.groups))}\t{roles}")


@user.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--group", "groups", multiple=True, metavar="PACK/GROUP")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE[@PACK]",
    help=f"One of {', '.join(ROLES)}; without @PACK for all packs.",
)
@click.option("--email")
@click.password_option(help="Asked for when not given.")
@click.pass_obj
@guarded
def user_add(
    state: State,
    login: str,
    name: str,
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    email: str | None,
    password: str,
) -> None:
    """Add an account."""
    pairs = [(r.partition("@")[0], r.partition("@")[2] or "*") for r in roles]
    with state.engine() as engine:
        engine.users.create(SYSTEM, login, name, password, groups, pairs, email=email)
    state.say(f"已新建账号 {login}", f"Account {login} created", fg="green")


@user.command("password")
@click.argument("login")
@click.password_option()
@click.pass_obj
@guarded
def user_password(state: State, login: str, password: str) -> None:
    """Set a new password; open sessions of the account end."""
    with state.engine() as engine:
        engine.users.set_password(SYSTEM, login, password)
    state.say(f"{login} 的密码已更换", f"The password of {login} is changed", fg="green")


@user.command("deactivate")
@click.argument("login")
@click.pass_obj
@guarded
def user_deactivate(state: State, login: str) -> None:
    """Close an account; its tokens are revoked, its history stays."""
    with state.engine() as engine:
        engine.users.deactivate(SYSTEM, login)
    state.say(f"账号 {login} 已停用", f"Account {login} is closed", fg="green")


@main.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("create")
@click.argument("login")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--days", default=90, type=click.IntRange(1, 3650), help="Days until it expires.")
@click.pass_obj
@guarded
def token_create(state: State, login: str, name: str, days: int) -> None:
    """Make a token and print it once; only its hash is kept."""
    with state.engine() as engine:
        click.echo(engine.users.token_create(SYSTEM, login, name, days))


@token.command("list")
@click.argument("login")
@click.pass_obj
@guarded
def token_list(state: State, login: str) -> None:
    """The tokens of an account."""
    with state.engine() as engine:
        for row in engine.users.tokens(SYSTEM, login):
            click.echo("\t".join(str(v) for v in asdict(row).values()))


@token.command("revoke")
@click.argument("token_id")
@click.pass_obj
@guarded
def token_revoke(state: State, token_id: str) -> None:
    """End a token at once."""
    with state.engine() as engine:
        engine.users.token_revoke(SYSTEM, token_id)
    state.say("令牌已作废", "The token is revoked", fg="green")
