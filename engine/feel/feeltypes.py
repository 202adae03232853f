"""Types at evaluation: `instance of`, and the types of parameters (DMN 1.3, 10.3.2.9)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, time
from typing import Any

from . import nodes as n
from .moments import carrier, combined
from .values import Function, kind

# The names of the built-in types, and the kind of value each stands for.
KINDS = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "list": "list",
    "context": "context",
    "range": "range",
    "function": "function",
    "Null": "null",
    "null": "null",
}
ANY = n.TypeNode("Any")
MAX_DEPTH = 40

Check = Callable[[Any], bool]


class Types:
    """The types an expression knows: the built-in ones and those defined around it, by name."""

    def __init__(self, named: Mapping[str, n.TypeNode]) -> None:
        self._named = named
        self._checks: dict[str, Check] = {}

    def plain(self, node: n.TypeNode) -> n.TypeNode:
        """A type with its own name replaced by what it stands for; types may refer to each other, so only a while."""
        for _ in range(MAX_DEPTH):
            if node.name not in self._named:
                return node
            node = self._named[node.name]
        return ANY

    def unknown(self, node: n.TypeNode) -> str | None:
        """The first type name in a type that nothing defines, if any."""
        seen: set[str] = set()
        stack = [node]
        while stack:
            part = stack.pop()
            if part.name in self._named:
                if part.name not in seen:
                    seen.add(part.name)
                    stack.append(self._named[part.name])
            elif part.name != "Any" and part.name not in KINDS:
                return part.name
            stack.extend(reversed((*part.arguments, *([part.result] if part.result else []))))
        return None

    def kind_of(self, node: n.TypeNode) -> str | None:
        """The kind that every value of a type has; None for a type of several kinds and for an unknown one."""
        return KINDS.get(self.plain(node).name)

    def checker(self, node: n.TypeNode) -> Check:
        """Whether a value, null apart, conforms to a type. Allowed values are no part of a type (10.3.2.9.2)."""
        if node.name in self._named:
            return self._named_checker(node.name)
        if node.name == "Any":
            return lambda value: value is not None
        wanted = KINDS[node.name]
        if node.name == "function" and node.result is not None:
            return lambda value: isinstance(value, Function) and self._is_function(value, node)
        if not node.arguments:
            return lambda value: kind(value) == wanted
        inner = tuple(_or_null(self.checker(part)) for part in node.arguments)
        if node.name == "list":
            return lambda value: kind(value) == "list" and all(inner[0](item) for item in value)
        if node.name == "range":
            return lambda value: kind(value) == "range" and inner[0](value.low) and inner[0](value.high)
        keys = node.keys
        return lambda value: (
            kind(value) == "context"
            and all(key in value and check(value[key]) for key, check in zip(keys, inner, strict=True))
        )

    def _is_function(self, function: Function, wanted: n.TypeNode) -> bool:
        """A function that was not written in the language is known by its number of parameters only."""
        declared = getattr(function, "type", None)
        if isinstance(declared, n.TypeNode):
            return self.conforms(declared, wanted)
        return len(function.parameters) == len(wanted.arguments)

    def _named_checker(self, name: str) -> Check:
        known = self._checks.get(name)
        if known is None:
            made: list[Check] = []
            known = self._checks[name] = lambda value: made[0](value)
            made.append(self.checker(self._named[name]))
        return known

    def conforms(self, left: n.TypeNode, right: n.TypeNode, depth: int = 0) -> bool:
        """Whether every value of one type is one of the other (10.3.2.9.2)."""
        left, right = self.plain(left), self.plain(right)
        if right.name == "Any" or KINDS.get(left.name) == "null":
            return True
        if depth > MAX_DEPTH or KINDS.get(left.name) != KINDS.get(right.name):
            return False
        if right.name == "function":
            return self._function_conforms(left, right, depth + 1)
        if right.name == "context":
            parts = dict(zip(left.keys, left.arguments, strict=True))
            pairs = zip(right.keys, right.arguments, strict=True)
            return all(key in parts and self.conforms(parts[key], part, depth + 1) for key, part in pairs)
        arguments = left.arguments or (ANY,) * len(right.arguments)
        return all(self.conforms(a, b, depth + 1) for a, b in zip(arguments, right.arguments, strict=False))

    def _function_conforms(self, left: n.TypeNode, right: n.TypeNode, depth: int) -> bool:
        """Parameters may be wider, the result narrower."""
        if right.result is None:
            return True
        if left.result is None or len(left.arguments) != len(right.arguments):
            return False
        return self.conforms(left.result, right.result, depth) and all(
            self.conforms(b, a, depth) for a, b in zip(left.arguments, right.arguments, strict=True)
        )


def written_type(node: n.Node, names: Mapping[str, n.TypeNode], depth: int = 0) -> n.TypeNode:
    """The type of an expression as far as it can be told without evaluating it; else Any."""
    if depth > MAX_DEPTH:
        return ANY
    if isinstance(node, n.Literal):
        return n.TypeNode(kind(node.value))
    if isinstance(node, n.Name):
        return names.get(node.name, ANY)
    if isinstance(node, n.ContextOf):
        parts = tuple(written_type(value, names, depth + 1) for _, value in node.entries)
        return n.TypeNode("context", parts, tuple(key for key, _ in node.entries))
    if isinstance(node, n.ListOf):
        items = [written_type(item, names, depth + 1) for item in node.items]
        return n.TypeNode("list", (items[0] if items and all(item == items[0] for item in items) else ANY,))
    if isinstance(node, n.FunctionOf):
        return function_type(node, names, depth + 1)
    if isinstance(node, n.Comparison | n.Logic | n.Between | n.In | n.InstanceOf | n.Quantified):
        return n.TypeNode("boolean")
    if isinstance(node, n.Arithmetic | n.If):
        sides = (node.left, node.right) if isinstance(node, n.Arithmetic) else (node.then, node.otherwise)
        left, right = (written_type(side, names, depth + 1) for side in sides)
        same = left == right and (isinstance(node, n.If) or left.name in ("number", "string"))
        return left if same else ANY
    return ANY


def function_type(node: n.FunctionOf, names: Mapping[str, n.TypeNode], depth: int = 0) -> n.TypeNode:
    """The type of a function definition."""
    parameters = {name: declared or ANY for name, declared in node.parameters}
    result = written_type(node.body, {**names, **parameters}, depth + 1)
    return n.TypeNode("function", tuple(parameters.values()), result=result)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def conversions(value: Any) -> Iterator[Any]:
    """What a value may become to fit a type: a list of it, its only element, midnight of a date (10.3.2.9.4)."""
    yield [value]
    inner = value
    while isinstance(inner, list) and len(inner) == 1:
        inner = inner[0]
        yield inner
    if carrier(value) is date:
        yield combined(value, time(tzinfo=UTC))


def coerce(value: Any, check: Check) -> Any:
    """A value made to fit a type; None if it does not fit."""
    if value is None or check(value):
        return value
    return next((candidate for candidate in conversions(value) if check(candidate)), None)
