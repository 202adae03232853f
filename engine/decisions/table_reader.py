"""Reading a decision table from XML and making its cells ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from engine.feel import FeelError, UnaryTests, compile_unary_tests

from .builder import Builder, Names, known
from .cells import constants, literals, read_cell, same
from .errors import Place
from .hits import AGGREGATIONS, POLICIES
from .messages import say
from .tables import Input, Output, Rule, Table
from .types import ANY, Allowed, Type, plain_type
from .xmlread import child, children, name_of, text_of, words


def read_table(builder: Builder, node: etree._Element, names: Names, place: Place) -> Table:
    """A decision table; every cell that is not understood becomes a finding with its rule and column."""
    policy, operator = _policy(builder, node, place)
    inputs = [_input(builder, i, names, place, number) for number, i in enumerate(children(node, "input"), start=1)]
    clauses = list(children(node, "output"))
    outputs = [_output(builder, o, names, place, number, len(clauses)) for number, o in enumerate(clauses, start=1)]
    table = Table(place, policy, operator, inputs, outputs, [], builder.stated_type(node, place))
    _check_outputs(builder, table)
    entry_names = names | {"?"} | known(column.variable for column in inputs)
    for number, rule in enumerate(children(node, "rule"), start=1):
        _rule(builder, table, rule, number, entry_names, names)
    for column in inputs:
        _drop_contradicted(builder, column, place)
    builder.tables.append(table)
    return table


def _drop_contradicted(builder: Builder, column: Input, place: Place) -> None:
    """Do not insist on strings when no cell has one: modellers give that type to every new column."""
    wanted, values = plain_type(column.type), literals(column.cells)
    if wanted is not None and wanted.wanted == "string" and values and not any(map(wanted.accepts, values)):
        builder.find("warning", place.at(column=column.label), say("column_type", type=column.type.name))
        column.type = ANY


def _policy(builder: Builder, node: etree._Element, place: Place) -> tuple[str, str]:
    written = node.get("hitPolicy") or "UNIQUE"
    policy = POLICIES.get(written)
    if policy is None:
        builder.refuse(place, say("hit_policy", policy=written))
    operator = ""
    aggregation = node.get("aggregation")
    if aggregation:
        operator = AGGREGATIONS.get(aggregation, "")
        if not operator or policy != "C":
            builder.refuse(place, say("aggregation", operator=aggregation, policy=written))
    return policy or "U", operator


def _input(builder: Builder, node: etree._Element, names: Names, place: Place, number: int) -> Input:
    clause = child(node, "inputExpression")
    source = text_of(clause)
    label = " ".join((node.get("label") or source or f"input {number}").split())
    at = place.at(column=label)
    if clause is None or not source:
        evaluate = builder.refuse(at, say("no_input_expression"))
        return Input(label, source, evaluate, ANY)
    if not builder.speaks_feel(clause, at):
        return Input(label, source, lambda env: None, ANY)
    wanted = builder.type(clause.get("typeRef"), at)
    variable = next((str(v) for k, v in node.attrib.items() if str(k).endswith("}inputVariable")), "")
    return Input(
        label,
        source,
        builder.expression(source, names, at),
        wanted,
        read_allowed(builder, child(node, "inputValues"), names, at),
        variable,
    )


def _output(builder: Builder, node: etree._Element, names: Names, place: Place, number: int, count: int) -> Output:
    name = name_of(node)
    label = " ".join((node.get("label") or name or (f"output {number}" if count > 1 else place.decision)).split())
    at = place.at(column=label)
    wanted = builder.type(node.get("typeRef"), at)
    values = child(node, "outputValues")
    allowed = read_allowed(builder, values, names, at)
    column = Output(name, label, wanted, allowed)
    column.options = _options(builder, allowed, wanted, names)
    default = child(node, "defaultOutputEntry")
    if default is not None and text_of(default) and builder.speaks_feel(default, at):
        column.default = builder.expression(text_of(default), names, at)
    return column


def read_allowed(builder: Builder, node: etree._Element | None, names: Names, place: Place) -> Allowed | None:
    """Allowed values (unary tests); None when nothing is written."""
    source = text_of(node)
    if node is None or not source or not builder.speaks_feel(node, place):
        return None
    tests = builder.tests(source, names | {"?"}, place)
    if tests is None:
        return None
    return Allowed(source, _satisfies(tests), constants(source, names))


def _options(builder: Builder, allowed: Allowed | None, wanted: Type, names: Names) -> list[Allowed]:
    """The tests of the allowed values one by one: their order is the priority of P and O."""
    if allowed is None:
        return [Allowed("", _equal_to(value), [value]) for value in wanted.values() or []]
    found: list[Allowed] = []
    for part in split_tests(allowed.text):
        try:
            tests = compile_unary_tests(part, names)
        except FeelError:
            return []
        found.append(Allowed(part, _satisfies(tests), constants(part, names)))
    return found


def _equal_to(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: same(value, wanted)


def _satisfies(tests: UnaryTests) -> Callable[[Any], bool]:
    return lambda value: tests.matches(value, {}) is True


def split_tests(source: str) -> list[str]:
    """The parts of a list of tests between its outermost commas."""
    parts, depth, quoted, start, index = [], 0, False, 0, 0
    while index < len(source):
        char = source[index]
        if quoted and char == "\\":
            index += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "([{":
            depth += 1
        elif not quoted and char in ")]}":
            depth -= 1
        elif not quoted and char == "," and depth <= 0:
            parts.append(source[start:index].strip())
            start = index + 1
        index += 1
    return [part for part in [*parts, source[start:].strip()] if part]


def _check_outputs(builder: Builder, table: Table) -> None:
    outputs, place = table.outputs, table.place
    if not outputs:
        builder.refuse(place, say("no_output"))
    if len(outputs) > 1:
        seen: set[str] = set()
        for column in outputs:
            if not column.name or column.name in seen:
                builder.refuse(place.at(column=column.label), say("output_name"))
            seen.add(column.name)
        if table.operator:
            builder.refuse(place, say("aggregate_columns"))
    if table.policy in ("P", "O") and outputs and not any(column.options for column in outputs):
        builder.refuse(place, say("no_priority"))


def _rule(builder: Builder, table: Table, node: etree._Element, number: int, names: Names, outer: Names) -> None:
    entries, results = list(children(node, "inputEntry")), list(children(node, "outputEntry"))
    at = table.place.at(rule=number)
    if len(entries) != len(table.inputs) or len(results) != len(table.outputs):
        reason = say(
            "rule_width",
            inputs=len(table.inputs),
            outputs=len(table.outputs),
            found_inputs=len(entries),
            found_outputs=len(results),
        )
        builder.refuse(at, reason)
        return
    notes = [words(node, "description"), *(text_of(entry) for entry in children(node, "annotationEntry"))]
    texts = tuple(text_of(cell) for cell in (*entries, *results))
    rule = Rule(node.get("id") or f"rule_{number}", tuple(note for note in notes if note), texts)
    bit = 1 << len(table.rules)
    for index, (column, entry) in enumerate(zip(table.inputs, entries, strict=True)):
        _entry(builder, column, entry, rule, index, bit, names, at.at(number, column.label))
    for output, entry in zip(table.outputs, results, strict=True):
        place = at.at(number, output.label)
        speaks = builder.speaks_feel(entry, place)
        rule.outputs.append(builder.expression(text_of(entry), outer, place) if speaks else lambda env: None)
    table.rules.append(rule)


def _entry(
    builder: Builder, column: Input, entry: etree._Element, rule: Rule, index: int, bit: int, names: Names, place: Place
) -> None:
    """Sort a cell: anything, values to look up, or a test."""
    source = text_of(entry)
    tests = builder.tests(source, names, place) if builder.speaks_feel(entry, place) else None
    cell = read_cell(source, names) if tests is not None else None
    column.cells.append(cell)
    if tests is None or (cell is not None and cell.anything):
        column.others |= bit
        return
    keys = cell.keys() if cell is not None else None
    if keys is not None:
        for key in keys:
            column.keyed[key] = column.keyed.get(key, 0) | bit
        return
    column.others |= bit
    plain = cell is not None and not cell.negated and not cell.has_null()
    rule.tests.append((index, cell if plain and cell is not None else tests))
