"""Syntax tree back to text. The text parses to the same tree; parentheses stand wherever they could matter."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import nodes as n
from .text import number_text, quote

_SIMPLE = (n.Literal, n.AtLiteral, n.Name, n.ListOf, n.ContextOf, n.Interval)

_ONLY_IN_TESTS = ("=", "!=")


def unparse(node: n.Node) -> str:
    """The text of a syntax tree."""
    if isinstance(node, n.Tests):
        inner = ", ".join(unparse(item) for item in node.items)
        return f"not({inner})" if node.negated else inner or "-"
    return _PRINT[type(node)](node)


def _operand(node: n.Node) -> str:
    simple = isinstance(node, _SIMPLE) and not (isinstance(node, n.Interval) and not node.low_included)
    simple = simple or (isinstance(node, n.Unary) and node.operator in _ONLY_IN_TESTS)
    return unparse(node) if simple else f"({unparse(node)})"


def _literal(node: n.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Decimal):
        return str(value) if "E" in str(value) else number_text(value)
    return {None: "null", True: "true", False: "false"}[value]


def _call(node: n.Call) -> str:
    arguments = [unparse(argument) for argument in node.arguments]
    if node.names is not None:
        arguments = [f"{name}: {text}" for name, text in zip(node.names, arguments, strict=True)]
    function = unparse(node.function) if isinstance(node.function, n.Name | n.Path) else _operand(node.function)
    return f"{function}({', '.join(arguments)})"


def _tests(node: n.In) -> str:
    if len(node.tests) == 1:
        return f"{_operand(node.value)} in {_operand(node.tests[0])}"
    return f"{_operand(node.value)} in ({', '.join(unparse(test) for test in node.tests)})"


def _iterators(iterators: tuple[n.Iterator, ...]) -> str:
    return ", ".join(
        f"{i.name} in {_operand(i.domain)}" + (f"..{_operand(i.end)}" if i.end is not None else "") for i in iterators
    )


def _function(node: n.FunctionOf) -> str:
    parameters = ", ".join(name + (f": {type_text(kind)}" if kind else "") for name, kind in node.parameters)
    return f"function({parameters}) {unparse(node.body)}"


def _interval(node: n.Interval) -> str:
    low, high = "[" if node.low_included else "(", "]" if node.high_included else ")"
    return f"{low}{_operand(node.low)}..{_operand(node.high)}{high}"


def _unary(node: n.Unary) -> str:
    text = f"{node.operator} {_operand(node.operand)}"
    return f"({text})" if node.operator in _ONLY_IN_TESTS else text


def type_text(node: n.TypeNode) -> str:
    """The text of a type."""
    inner = [type_text(part) for part in node.arguments]
    if node.result is not None:
        return f"function<{', '.join(inner)}> -> {type_text(node.result)}"
    if node.keys:
        return f"context<{', '.join(f'{key}: {part}' for key, part in zip(node.keys, inner, strict=True))}>"
    return f"{node.name}<{', '.join(inner)}>" if inner else node.name


def _binary(node: Any) -> str:
    return f"{_operand(node.left)} {node.operator} {_operand(node.right)}"


_PRINT: dict[type, Callable[[Any], str]] = {
    n.Literal: _literal,
    n.AtLiteral: lambda node: f"@{quote(node.text)}",
    n.Name: lambda node: node.name,
    n.Path: lambda node: f"{_operand(node.base)}.{node.name}",
    n.Filter: lambda node: f"{_operand(node.base)}[{unparse(node.condition)}]",
    n.Call: _call,
    n.Negation: lambda node: f"-{_operand(node.operand)}",
    n.Arithmetic: _binary,
    n.Comparison: _binary,
    n.Logic: lambda node: f" {node.operator} ".join(_operand(operand) for operand in node.operands),
    n.Between: lambda node: f"{_operand(node.value)} between {_operand(node.low)} and {_operand(node.high)}",
    n.In: _tests,
    n.InstanceOf: lambda node: f"{_operand(node.value)} instance of {type_text(node.type)}",
    n.If: lambda node: f"if {unparse(node.condition)} then {unparse(node.then)} else {unparse(node.otherwise)}",
    n.For: lambda node: f"for {_iterators(node.iterators)} return {unparse(node.body)}",
    n.Quantified: lambda node: f"{node.quantifier} {_iterators(node.iterators)} satisfies {unparse(node.condition)}",
    n.ListOf: lambda node: f"[{', '.join(unparse(item) for item in node.items)}]",
    n.ContextOf: lambda node: "{" + ", ".join(f"{quote(key)}: {unparse(value)}" for key, value in node.entries) + "}",
    n.FunctionOf: _function,
    n.Interval: _interval,
    n.Unary: _unary,
}
