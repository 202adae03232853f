"""Compiled expressions and unary tests: what the rest of the engine works with."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from . import compile_data, compile_flow, compile_tests
from . import nodes as n
from .builtins import FUNCTION_NAMES
from .compile_tests import Test, any_test, compile_test
from .compiler import Closure, Compiler
from .errors import FeelLimitError, Result
from .parser import parse_expression, parse_tests
from .parser_types import parse_type
from .reader import Reader
from .run import Run, Scope
from .scope_names import ContextNames, relevant
from .values import to_feel

__all__ = [
    "Expression",
    "UnaryTests",
    "compile_data",
    "compile_expression",
    "compile_flow",
    "compile_tests",
    "compile_unary_tests",
]

MAX_RESULT = 100_000


class _Compiled:
    """What expressions and unary tests share: names, and recompiling when the context has unusual names."""

    def __init__(self, text: str, special: frozenset[str], types: "Types", compiler: Compiler) -> None:
        self.text = text
        self.names = frozenset(compiler.free)
        self.possible_names = frozenset(compiler.possible | compiler.free)
        self._special = special
        self._types = types
        self._nested = tuple(compiler.possible | compiler.free) if "." in text or "[" in text else ()

    def _unknown_special(self, context: Mapping[str, Any]) -> frozenset[str]:
        found = ContextNames().collect(context, self._nested)
        return relevant(found, self.text) - self._special if found else frozenset()


class Expression(_Compiled):
    """A compiled expression. `names` are the variables it reads; entries of filtered elements are not among them."""

    def __init__(
        self, text: str, special: frozenset[str], types: "Types", compiler: Compiler, closure: Closure
    ) -> None:
        super().__init__(text, special, types, compiler)
        self._closure = closure

    def evaluate(self, context: Mapping[str, Any], *, now: datetime | None = None, zone: tzinfo | None = None) -> Any:
        """The value in a context; null where the standard says so."""
        return self._evaluate(context, Run(now, zone))

    def explain(self, context: Mapping[str, Any], *, now: datetime | None = None, zone: tzinfo | None = None) -> Result:
        """The value in a context, and the problems met on the way."""
        run = Run(now, zone)
        value = self._evaluate(context, run)
        return Result(value, tuple(run.problems))

    def _evaluate(self, context: Mapping[str, Any], run: Run) -> Any:
        special = self._unknown_special(context)
        if special:
            return _expression(self.text, self._special | special, self._types)._evaluate(context, run)
        value = _guarded(self._closure, Scope(context, None, run))
        if type(value) is list or type(value) is dict:
            _bounded(value)
        return value


class UnaryTests(_Compiled):
    """The compiled tests of a decision table cell."""

    def __init__(self, text: str, special: frozenset[str], types: "Types", compiler: Compiler, test: Test) -> None:
        super().__init__(text, special, types, compiler)
        self._test = test

    def matches(
        self, value: Any, context: Mapping[str, Any], *, now: datetime | None = None, zone: tzinfo | None = None
    ) -> bool | None:
        """Whether a value satisfies the tests; None when that cannot be said."""
        return self._matches(value, context, Run(now, zone))

    def explain(
        self, value: Any, context: Mapping[str, Any], *, now: datetime | None = None, zone: tzinfo | None = None
    ) -> Result:
        """Whether a value satisfies the tests, and the problems met on the way."""
        run = Run(now, zone)
        found = self._matches(value, context, run)
        return Result(found, tuple(run.problems))

    def _matches(self, value: Any, context: Mapping[str, Any], run: Run) -> bool | None:
        special = self._unknown_special(context)
        if special:
            return _unary_tests(self.text, self._special | special, self._types)._matches(value, context, run)
        item = to_feel(value)
        outer = Scope(context, None, run)
        return bool_or_none(_guarded(lambda s: self._test(s, item), Scope({"?": item}, outer, run)))


def bool_or_none(value: Any) -> bool | None:
    """A truth value, or None for anything else."""
    return value if type(value) is bool else None


def _guarded(closure: Callable[[Scope], Any], scope: Scope) -> Any:
    try:
        return closure(scope)
    except RecursionError:
        raise FeelLimitError("too_deep") from None


def _bounded(value: Any) -> None:
    left = MAX_RESULT
    stack = [value]
    while stack:
        part = stack.pop()
        inner = part if type(part) is list else part.values()
        left -= len(part)
        if left < 0:
            raise FeelLimitError("result_too_large", limit=MAX_RESULT)
        stack.extend(item for item in inner if type(item) is list or type(item) is dict)


Types = frozenset[tuple[str, str]]


def compile_expression(text: str, names: Iterable[str] = (), types: Mapping[str, str] | None = None) -> Expression:
    """Compile an expression, without a leading "=". `names` are those in scope that are not plain words.

    `types` gives the types defined around the expression as FEEL types, such as {"tAmounts": "list<number>"}.
    Raises FeelSyntaxError, or FeelLimitError when the text is too long or nested too deeply.
    """
    known = _relevant_types(text, types)
    return _expression(text, _relevant_names(text, names, known), known)


def compile_unary_tests(text: str, names: Iterable[str] = (), types: Mapping[str, str] | None = None) -> UnaryTests:
    """Compile the tests of a decision table cell; "-" and an empty cell are always satisfied."""
    known = _relevant_types(text, types)
    return _unary_tests(text, _relevant_names(text, names, known), known)


def _relevant_names(text: str, names: Iterable[str], types: Types) -> frozenset[str]:
    every = [*names, *(name for name, _ in types)]
    return relevant(every, text) if every else frozenset()


def _relevant_types(text: str, types: Mapping[str, str] | None) -> Types:
    return frozenset(types.items()) if types and ("instance" in text or "function" in text) else frozenset()


def _type_nodes(types: Types) -> dict[str, n.TypeNode]:
    nodes: dict[str, n.TypeNode] = {}
    for name, text in types:
        reader = Reader(text, (name for name, _ in types), FUNCTION_NAMES)
        nodes[name] = parse_type(reader)
        reader.finish()
    return nodes


@lru_cache(maxsize=4096)
def _expression(text: str, special: frozenset[str], types: Types) -> Expression:
    compiler = Compiler(text, _type_nodes(types))
    closure = _protected(lambda: compiler.compile(parse_expression(text, special, FUNCTION_NAMES)))
    return Expression(text, special, types, compiler, closure)


@lru_cache(maxsize=4096)
def _unary_tests(text: str, special: frozenset[str], types: Types) -> UnaryTests:
    compiler = Compiler(text, _type_nodes(types))
    compiler.bound.append("?")

    def build() -> Test:
        tree = parse_tests(text, special, FUNCTION_NAMES)
        return _negated(_any(compiler, tree), tree)

    return UnaryTests(text, special, types, compiler, _protected(build))


def _any(compiler: Compiler, tree: n.Tests) -> Test:
    if not tree.items:
        return lambda s, item: True
    tests = tuple(compile_test(compiler, item, tree.negated) for item in tree.items)
    return tests[0] if len(tests) == 1 else lambda s, item: any_test(tests, s, item)


def _negated(test: Test, tree: n.Tests) -> Test:
    if not tree.negated:
        return test

    def negated(s: Scope, item: Any) -> bool | None:
        found = test(s, item)
        return None if found is None else not found

    return negated


def _protected(build: Callable[[], Any]) -> Any:
    try:
        return build()
    except RecursionError:
        raise FeelLimitError("too_deep") from None
