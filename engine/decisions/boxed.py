"""Boxed expressions to evaluations (DMN 1.3, 7.3 and 10.2): literal, context, invocation, relation, list, function,
and those of DMN 1.4: conditional, filter and iterators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from engine.feel import Function, shown
from engine.feel.lexer import collapse

from .builder import Builder, Names, conforming, fit
from .errors import Place
from .messages import say
from .session import Env, Evaluate
from .table_reader import read_table
from .types import ANY, Simple, Type, is_function
from .xmlread import child, children, local, name_of, text_of

Reader = Callable[[Builder, etree._Element, Names, Place], Evaluate]


def compile_boxed(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    """The evaluation of an expression element; its result is made to fit the element's type."""
    kind = local(node)
    reader = _READERS.get(kind)
    if reader is None:
        return builder.refuse(place, say("expression_kind", kind=kind))
    evaluate = reader(builder, node, names, place)
    if kind == "decisionTable" or not node.get("typeRef"):
        return evaluate
    return conforming(evaluate, builder.stated_type(node, place), place)


def compile_inner(builder: Builder, node: etree._Element | None, names: Names, place: Place) -> Evaluate:
    """The evaluation of the one expression inside an element; null when there is none."""
    found = [] if node is None else [inner for inner in children(node) if local(inner) in _READERS]
    if len(found) > 1:
        return builder.refuse(place, say("several_expressions"))
    return compile_boxed(builder, found[0], names, place) if found else lambda env: None


def _literal(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    if child(node, "importedValues") is not None:
        return builder.refuse(place, say("imported_values"))
    if not builder.speaks_feel(node, place):
        return lambda env: None
    return builder.expression(text_of(node), names, place)


def _context(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    entries: list[tuple[str | None, Evaluate]] = []
    for entry in children(node, "contextEntry"):
        variable = child(entry, "variable")
        name = name_of(variable) if variable is not None else None
        inner = place.within(name or "result")
        if name is not None and (not name or any(name == known for known, _ in entries)):
            return builder.refuse(inner, say("entry_name"))
        if entries and entries[-1][0] is None:
            return builder.refuse(inner, say("result_entry"))
        evaluate = _entry(builder, entry, variable, names, inner)
        if variable is not None:
            names = names | {name_of(variable)}
        entries.append((name, evaluate))

    def evaluated(env: Env) -> Any:
        values: dict[str, Any] = {}
        for name, evaluate in entries:
            value = evaluate(env.plus(values))
            if name is None:
                return value
            values[name] = value
        return values

    return evaluated


def _entry(
    builder: Builder, entry: etree._Element, variable: etree._Element | None, names: Names, place: Place
) -> Evaluate:
    """The value of a context entry. The type of a variable that holds a function may be that of its results."""
    wanted = builder.type(variable.get("typeRef") if variable is not None else None, place)
    function = child(entry, "functionDefinition")
    if function is not None and wanted is not ANY and not is_function(wanted) and not _is_plain_function(wanted):
        return compile_function(builder, function, names, place, wanted)
    return conforming(compile_inner(builder, entry, names, place), wanted, place)


def _is_plain_function(wanted: Type) -> bool:
    return isinstance(wanted, Simple) and wanted.wanted == "function"


def _invocation(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    callee = next((inner for inner in children(node) if local(inner) in _READERS), None)
    if callee is None or local(callee) != "literalExpression" or not text_of(callee):
        return builder.refuse(place, say("no_callee"))
    bindings: list[tuple[str, Evaluate]] = []
    for binding in children(node, "binding"):
        parameter = child(binding, "parameter")
        name = name_of(parameter) if parameter is not None else ""
        inner = place.within(name or "binding")
        if not name:
            return builder.refuse(inner, say("no_parameter"))
        evaluate = compile_inner(builder, binding, names, inner)
        if parameter is not None:
            evaluate = conforming(evaluate, builder.type(parameter.get("typeRef"), inner), inner)
        bindings.append((name, evaluate))
    arguments = ", ".join(f"{name}: bound value {index}" for index, (name, _) in enumerate(bindings))
    call = builder.expression(f"({text_of(callee)})({arguments})", names, place)
    return lambda env: call(
        env.plus({f"bound value {index}": evaluate(env) for index, (_, evaluate) in enumerate(bindings)})
    )


def _relation(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    columns = [(name_of(c), builder.type(c.get("typeRef"), place.within(name_of(c)))) for c in children(node, "column")]
    rows: list[list[tuple[str, Evaluate]]] = []
    for number, row in enumerate(children(node, "row"), start=1):
        cells = [cell for cell in children(row) if local(cell) in _READERS]
        if len(cells) != len(columns):
            return builder.refuse(place.at(rule=number), say("row_width", wanted=len(columns), found=len(cells)))
        made: list[tuple[str, Evaluate]] = []
        for (name, wanted), cell in zip(columns, cells, strict=True):
            at = place.at(rule=number, column=name)
            made.append((name, conforming(compile_boxed(builder, cell, names, at), wanted, at)))
        rows.append(made)
    return lambda env: [{name: evaluate(env) for name, evaluate in row} for row in rows]


def _list(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    items = [
        compile_boxed(builder, inner, names, place.within(f"[{number}]"))
        for number, inner in enumerate((i for i in children(node) if local(i) in _READERS), start=1)
    ]
    return lambda env: [item(env) for item in items]


def _function(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    return compile_function(builder, node, names, place)


def compile_function(
    builder: Builder, node: etree._Element, names: Names, place: Place, result: Type | None = None
) -> Callable[[Env], Function]:
    """A function definition: given the values around it, the function value."""
    return compile_body(builder, node, read_parameters(builder, node, place), names, place, result)


def read_parameters(builder: Builder, node: etree._Element, place: Place) -> list[tuple[str, Type]]:
    """The names and types of a function's parameters."""
    return [
        (name_of(part), builder.type(part.get("typeRef"), place.within(name_of(part))))
        for part in children(node, "formalParameter")
    ]


def compile_body(
    builder: Builder,
    node: etree._Element,
    parameters: list[tuple[str, Type]],
    names: Names,
    place: Place,
    result: Type | None = None,
) -> Callable[[Env], Function]:
    """The same for a function whose parameters are known."""
    if node.get("kind", "FEEL") != "FEEL":
        builder.refuse(place, say("function_kind", kind=node.get("kind")))
    body = compile_inner(builder, node, names | {name for name, _ in parameters}, place)

    def make(env: Env) -> Function:
        def call(*arguments: Any) -> Any:
            env.session.enter(place)
            given = {
                name: fit(env.session, value, wanted, place.within(name))
                for (name, wanted), value in zip(parameters, arguments, strict=True)
            }
            try:
                value = body(env.plus(given))
            finally:
                env.session.leave()
            return value if result is None else fit(env.session, value, result, place)

        return Function(tuple(name for name, _ in parameters), call, place.decision)

    return make


# -- DMN 1.4 ------------------------------------------------------------------------------------------------------


def _conditional(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    condition, then, otherwise = (
        compile_inner(builder, child(node, part), names, place.within(part)) for part in ("if", "then", "else")
    )
    return lambda env: then(env) if condition(env) is True else otherwise(env)


def _elements(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    """The list an iteration or filter runs over."""
    domain = compile_inner(builder, child(node, "in"), names, place.within("in"))
    spread = builder.expression("for element in domain return element", frozenset(), place.within("in"))

    def elements(env: Env) -> Any:
        value = domain(env)
        return value if isinstance(value, list) or value is None else spread(Env({"domain": value}, env.session))

    return elements


def _filter(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    elements = _elements(builder, node, names, place)
    match = compile_inner(builder, child(node, "match"), names | {"item"}, place.within("match"))

    def evaluate(env: Env) -> Any:
        found = elements(env)
        if found is None:
            return None
        kept: list[Any] = []
        for item in found:
            env.session.count(place)
            wanted = match(env.plus({**(item if isinstance(item, dict) else {}), "item": item}))
            if wanted is True:
                kept.append(item)
            elif wanted is not None and wanted is not False:
                env.session.note(place, say("not_boolean", value=shown(wanted)))
                return None
        return kept

    return evaluate


def _for(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    variable = collapse(node.get("iteratorVariable") or "")
    elements = _elements(builder, node, names, place)
    body = compile_inner(builder, child(node, "return"), names | {variable, "partial"}, place.within("return"))

    def evaluate(env: Env) -> Any:
        found = elements(env)
        if found is None:
            return None
        results: list[Any] = []
        for item in found:
            env.session.count(place)
            results.append(body(env.plus({variable: item, "partial": list(results)})))
        return results

    return evaluate


def _quantified(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    variable, decisive = collapse(node.get("iteratorVariable") or ""), local(node) == "some"
    elements = _elements(builder, node, names, place)
    test = compile_inner(builder, child(node, "satisfies"), names | {variable}, place.within("satisfies"))

    def evaluate(env: Env) -> Any:
        found = elements(env)
        if found is None:
            return None
        result: bool | None = not decisive
        for item in found:
            env.session.count(place)
            value = test(env.plus({variable: item}))
            if value is decisive:
                return decisive
            if not isinstance(value, bool):
                result = None
        return result

    return evaluate


def _table(builder: Builder, node: etree._Element, names: Names, place: Place) -> Evaluate:
    return read_table(builder, node, names, place)


_READERS: dict[str, Reader] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "invocation": _invocation,
    "relation": _relation,
    "list": _list,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _for,
    "some": _quantified,
    "every": _quantified,
}
