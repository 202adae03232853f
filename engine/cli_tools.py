"""Commands that look into one file or expression and need no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine import feel
from engine.cli_state import State, guarded
from engine.clock import SystemClock
from engine.decisions import DecisionModel, DecisionResult
from engine.errors import BadRequest, ModelInvalid
from engine.layout import layout
from engine.packs import read_tables
from engine.runtime.model import Finding


@click.command("layout")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of into FILE.")
@click.pass_obj
@guarded
def layout_command(state: State, file: Path, output: Path | None) -> None:
    """Draw the diagram of a BPMN file anew, left to right, respecting lanes."""
    target = output or file
    target.write_bytes(layout(file.read_bytes()))
    state.say(f"已重新排版：{target}", f"Laid out: {target}", fg="green")


@click.command("feel")
@click.argument("expression")
@click.option("--context", "context_json", default="{}", help="Variables as a JSON object.")
@click.pass_obj
@guarded
def feel_command(state: State, expression: str, context_json: str) -> None:
    """Evaluate a FEEL expression."""
    values = _values(context_json, "--context")
    try:
        names = [k for k in values if not k.isidentifier()]
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


@click.command("decide")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--input", "input_json", default="{}", help="Values of the inputs as a JSON object.")
@click.option("--decision", help="Id or name; without it the decision that no other one needs.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
@guarded
def decide_command(state: State, file: Path, input_json: str, decision: str | None, as_json: bool) -> None:
    """Take a decision of a DMN file and tell which rules fired; files beside it may be imported."""
    values = _values(input_json, "--input")
    model = _model(file, state.language)
    now = SystemClock().now().astimezone()
    result = model.evaluate(decision or _asked(model), values, now=now)
    if as_json:
        click.echo(json.dumps(_plain(result, state.language), ensure_ascii=False, indent=2))
        return
    click.echo(feel.display(result.value))
    for rule in result.fired:
        note = f"  {'；'.join(rule.annotations)}" if rule.annotations else ""
        state.say(
            f"  {rule.decision_name} 第 {rule.rule_index} 条规则{note}",
            f"  {rule.decision_name}, rule {rule.rule_index}{note}",
        )
    for problem in result.problems:
        click.secho(f"  {problem.text(state.language)}", err=True, fg="yellow")


def _values(text: str, option: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
    if not isinstance(values, dict):
        raise click.BadParameter("a JSON object is needed: {...}", param_hint=option)
    found: dict[str, Any] = feel.to_feel(values)
    return found


def _model(file: Path, language: str) -> DecisionModel:
    files = {path.name: path.read_bytes() for path in sorted(file.parent.glob("*.dmn"))} | {
        file.name: file.read_bytes()
    }
    models, findings = read_tables(files)
    for finding in findings:
        if finding.file == file.name:
            click.secho(f"{finding.severity}: {_place(finding)}{finding.text(language)}", err=True, fg="yellow")
    found = next((m for m in models if m.file == file.name), None)
    if found is None:
        raise ModelInvalid(file=file.name, element="-", reason={"zh": "文件无法读取", "en": "the file cannot be read"})
    return found


def _place(finding: Finding) -> str:
    return f"{finding.element}: " if finding.element else ""


def _asked(model: DecisionModel) -> str:
    """The decision at the top: the only one that no other decision needs."""
    needed = {id(need.element) for decision in model.decisions.values() for need in decision.needs}
    top = [key for key, decision in model.decisions.items() if id(decision) not in needed]
    if len(top) != 1:
        listed = ", ".join(top or model.decisions)
        raise BadRequest(
            reason={"zh": f"请用 --decision 选定一个决策：{listed}", "en": f"choose with --decision one of: {listed}"}
        )
    return top[0]


def _plain(result: DecisionResult, language: str) -> dict[str, Any]:
    return {
        "value": feel.encode(result.value),
        "rules": [
            {"decision": f.decision_id, "rule": f.rule_index, "id": f.rule_id, "notes": list(f.annotations)}
            for f in result.fired
        ],
        "inputs": feel.encode(dict(result.inputs)),
        "problems": [p.text(language) for p in result.problems],
    }
