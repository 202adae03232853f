"""``redress mutate``: proves which rules a pack really enforces."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from engine import load_config
from engine.cli_state import State, folders_of, guarded, load_folder
from engine.config import Config
from engine.mutations.mutants import mutants
from engine.mutations.proof import Proof, Verdict
from engine.mutations.run import run_mutants
from engine.packs import PROOF, Pack


@click.command("mutate")
@click.argument("packs", nargs=-1)
@click.option("--missed", is_flag=True, help="Print every change that nothing noticed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
@guarded
def mutate_command(state: State, packs: tuple[str, ...], missed: bool, as_json: bool) -> None:
    """Take away each element, row, check, limit and right that carries a rule, and see a scenario go red.

    Nothing is changed on disk but proof.json beside the pack, which the check reads.
    """
    config, results, unproven = load_config(state.path), [], False
    for folder in folders_of(state, packs):
        pack = load_folder(folder)
        proof = _judged(state, pack, config, None if as_json else state.say)
        (folder / PROOF).write_bytes(proof.dump())
        results.append(_told(state, pack, proof, every=missed, quiet=as_json))
        unproven = unproven or bool(results[-1]["unproven"])
    if as_json:
        click.echo(json.dumps({"packs": results}, ensure_ascii=False, indent=2))
    if unproven:
        raise SystemExit(1)


def _judged(state: State, pack: Pack, config: Config, say: Callable[..., None] | None) -> Proof:
    total, verdicts = len(list(mutants(pack))), []
    for verdict in run_mutants(pack, config):
        verdicts.append(verdict)
        if say is not None and len(verdicts) % 25 == 0:
            say(
                f"… {pack.name}：{len(verdicts)}/{total} 处改动", f"… {pack.name}: {len(verdicts)} of {total} changes"
            )  # fmt: skip
    return Proof(pack.sha256, tuple(sorted(verdicts, key=lambda v: (v.place, v.change))))


def _told(state: State, pack: Pack, proof: Proof, every: bool, quiet: bool) -> dict[str, Any]:
    carried = {rule for verdict in proof.verdicts for rule in verdict.rules}
    proven = proof.proven({r.id: r.carry for r in pack.rules})
    missed = [v for v in proof.verdicts if v.noticed_by is None]
    open_rules = [r.id for r in pack.rules if r.id in carried - proven and r.how != "prompted"]
    if not quiet:
        state.say(
            f"{pack.name}：{len(proof.verdicts)} 处改动，{len(proof.verdicts) - len(missed)} 处被场景或承诺发现；"
            f"{len(proven)} 条规则得到证实，{len(open_rules)} 条未证实",
            f"{pack.name}: {len(proof.verdicts)} changes, {len(proof.verdicts) - len(missed)} noticed by a scenario or "
            f"guarantee; {len(proven)} rules proven, {len(open_rules)} unproven",
            fg="yellow" if open_rules else "green",
            bold=True,
        )
        for verdict in missed:
            if every or set(verdict.rules) & set(open_rules):
                click.echo(f"  {' '.join(verdict.rules)}  {verdict.place}  {verdict.change}: {verdict.reason}")
    return {"name": pack.name, "sha256": pack.sha256, "unproven": open_rules, "missed": [_plain(v) for v in missed]}


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"place": verdict.place, "change": verdict.change, "rules": list(verdict.rules), "reason": verdict.reason}
