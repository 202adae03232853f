"""The ``redress`` command: everything about packs, complaints, people and history that needs no web server.

Exit codes: 0 done, 1 something was found or refused, 2 the command line was wrong.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from engine import SYSTEM, history, load_config
from engine.cli_check import check_command
from engine.cli_mutate import mutate_command
from engine.cli_people import token, user
from engine.cli_run import run_command
from engine.cli_state import State, default_language, folders_of, guarded, load_folder
from engine.cli_tools import decide_command, feel_command, layout_command
from engine.errors import NoScenario
from engine.importing import import_complaints, read_mapping
from engine.scenarios import run_scenarios, scenario_files
from engine.types import Name

__all__ = ["State", "guarded", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="config.toml to use.")
@click.option("--language", type=click.Choice(["zh", "en"]), default=default_language, help="Language of messages.")
@click.pass_context
def main(context: click.Context, config: str | None, language: str) -> None:
    """Redress: complaint handling that runs on the policy diagram itself."""
    context.obj = State(config, language)


@main.command()
@click.argument("pack")
@click.option("--note", default="", help="What changed and why.")
@click.pass_obj
@guarded
def deploy(state: State, pack: str, note: str) -> None:
    """Deploy a pack folder; new complaints follow it, running ones keep their version."""
    (folder,) = folders_of(state, (pack,))
    with state.engine() as engine:
        before = engine.deployments.version(folder.resolve().name)
        info = engine.deployments.deploy(SYSTEM, folder, note)
    if info.version == before:
        state.say(
            f"{info.name} 没有改动，仍是第 {info.version} 版（{info.deployment_id[:12]}），没有部署新的一版",
            f"{info.name} is unchanged and stays at version {info.version} ({info.deployment_id[:12]})",
        )
        return
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
    loaded = [load_folder(folder) for folder in folders_of(state, packs)]
    if only is not None and not any(scenario_files(pack, only) for pack in loaded):
        raise NoScenario(only=only)
    for pack, outcome in run_scenarios(loaded, config, only):
        outcomes.append({"pack": pack, **outcome.to_dict()})
        if not as_json:
            mark = click.style("✓", fg="green") if outcome.ok else click.style("✗", fg="red")
            click.echo(f"{mark} {pack}/{outcome.file}  {outcome.title}")
            if not outcome.ok:
                at = Name(f"第 {outcome.step} 步：", f"step {outcome.step}: ") if outcome.step else Name("", "")
                state.say(f"    {at.zh}{outcome.problem_zh}", f"    {at.en}{outcome.problem}", fg="red")
    if as_json:
        click.echo(json.dumps({"scenarios": outcomes}, ensure_ascii=False, indent=2))
    failed = sum(not o["ok"] for o in outcomes)
    if not as_json:
        state.say(f"{len(outcomes)} 个场景，{failed} 个不符", f"{len(outcomes)} scenarios, {failed} failed")
    if failed:
        raise SystemExit(1)


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


@complaint.command("erase")
@click.argument("number")
@click.option("--reason", required=True, help="Why; it stands in the history.")
@click.confirmation_option(
    "--yes", prompt="Erase the personal data of this complaint for good? 永久抹除该投诉的个人信息？"
)
@click.pass_obj
@guarded
def complaint_erase(state: State, number: str, reason: str) -> None:
    """Erase the personal data of an ended complaint for good; the history stays."""
    with state.engine() as engine:
        engine.complaints.erase(SYSTEM, number, reason)
    state.say(f"投诉 {number} 的个人信息已抹除", f"The personal data of {number} is erased", fg="green")


for _command in (check_command, run_command, mutate_command, layout_command, feel_command, decide_command, user, token):
    main.add_command(_command)
