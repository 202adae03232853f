"""Commands that look into one file or expression and need no database."""

from __future__ import annotations

import json
from decimal import Decimal
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

MAX_WHOLE = 10**34
MAX_SHOWN = 1_000_000


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
    """Evaluate a FEEL expression; names in --context may have spaces and any script."""
    values = _values(state, context_json, "--context")
    text = expression.removeprefix("=")
    try:
        compiled = feel.compile_expression(text, [name for name in values if not name.isidentifier()])
        result = compiled.explain(values, now=SystemClock().now().astimezone())
    except feel.FeelError as error:
        click.secho(error.zh() if state.language == "zh" else error.en(), err=True, fg="red")
        raise SystemExit(1) from None
    click.echo(feel.shown(result.value, MAX_SHOWN))
    for problem in result.problems:
        message = problem.zh() if state.language == "zh" else problem.message
        place = feel.pointed(text, problem.line, problem.column)
        click.secho(f"{problem.line}:{problem.column} {message}\n{place}", err=True, fg="yellow")


@click.command("decide")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--input", "input_json", default="{}", help="Values of the inputs as a JSON object.")
@click.option(
    "--decision",
    help="Id or name of a decision, decision service or business knowledge model; "
    "without it the decision that no other one needs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; dates and durations are texts in it.")
@click.pass_obj
@guarded
def decide_command(state: State, file: Path, input_json: str, decision: str | None, as_json: bool) -> None:
    """Take a decision of a DMN file and tell which rules fired; files beside it may be imported.

    In --input a text given for a date, time or duration is read as one: {"received": "2026-03-02"}.
    """
    values = _values(state, input_json, "--input")
    model = _model(file, state.language)
    now = SystemClock().now().astimezone()
    result = model.evaluate(decision or _asked(model), values, now=now)
    if as_json:
        click.echo(json.dumps(_plain(result, state.language), ensure_ascii=False, indent=2))
        return
    click.echo(_text(result.value))
    for rule in result.fired:
        note = f"  {'；'.join(rule.annotations)}" if rule.annotations else ""
        state.say(
            f"  {rule.decision_name} 第 {rule.rule_index} 条规则{note}",
            f"  {rule.decision_name}, rule {rule.rule_index}{note}",
        )
    for problem in result.problems:
        click.secho(f"  {problem.text(state.language)}", err=True, fg="yellow")


def _values(state: State, text: str, option: str) -> dict[str, Any]:
    """The variables of a JSON object; what is none ends the command with 2."""
    zh, en = '须为 JSON 对象，例如 {"金额": 3}', 'a JSON object is needed, such as {"amount": 3}'
    try:
        values = json.loads(text, parse_float=Decimal)
        if isinstance(values, dict):
            found: dict[str, Any] = feel.to_feel(values)
            return found
    except json.JSONDecodeError as error:
        place = error.lineno, error.colno
        zh = "不是有效的 JSON（第 {} 行第 {} 列）：{}".format(*place, zh)
        en = "not valid JSON (line {}, column {}: {}); {}".format(*place, error.msg, en)
    except feel.FeelError as error:
        zh, en = error.zh(), error.en()
    except (ValueError, RecursionError):
        zh, en = "嵌套过深或数字过长", "nested too deeply, or a number is too long"
    raise click.BadParameter(zh if state.language == "zh" else en, param_hint=option)


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
    decisions = {key: d for part in (model, *model.merged) for key, d in part.decisions.items()}
    needed = {id(need.element) for decision in decisions.values() for need in decision.needs}
    top = [key for key, decision in decisions.items() if id(decision) not in needed]
    if len(top) != 1:
        listed = ", ".join(top or decisions)
        raise BadRequest(
            reason={"zh": f"请用 --decision 选定一个决策：{listed}", "en": f"choose with --decision one of: {listed}"}
        )
    return top[0]


def _plain(result: DecisionResult, language: str) -> dict[str, Any]:
    return {
        "value": _json(result.value),
        "rules": [
            {"decision": f.decision_id, "rule": f.rule_index, "id": f.rule_id, "notes": list(f.annotations)}
            for f in result.fired
        ],
        "inputs": _json(dict(result.inputs)),
        "problems": [p.text(language) for p in result.problems],
    }


def _text(value: Any) -> str:
    """A value as it is written in expressions; one with functions in it as JSON."""
    try:
        return feel.display(value)
    except feel.FeelValueError:
        return json.dumps(_json(value), ensure_ascii=False)


def _json(value: Any) -> Any:
    """A value as JSON: what it lacks, such as dates and ranges, as the texts the standard gives them."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < MAX_WHOLE else float(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, feel.Function):
        return f"function({', '.join(value.parameters)})"
    return feel.display(value).removeprefix('@"').removesuffix('"')
