"""Compiling iterations, quantifiers, functions and their invocation."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from . import nodes as n
from .builtin import BUILTINS, Builtin
from .compiler import Closure, Compiler, compiles
from .errors import Fail, FeelLimitError, FeelValueError
from .feeltypes import Check, coerce, function_type
from .moments import DAY, carrier, instant, on_day
from .run import MAX_CALLS, Place, Run, Scope
from .values import Function, Range, kind, to_feel

Domain = tuple[str, Closure, Closure | None]


def _domains(c: Compiler, iterators: Sequence[n.Iterator]) -> list[Domain]:
    domains: list[Domain] = []
    for iterator in iterators:
        domain = c.compile(iterator.domain)
        end = c.compile(iterator.end) if iterator.end is not None else None
        domains.append((iterator.name, domain, end))
        c.bound.append(iterator.name)
    return domains


def elements(run: Run, value: Any) -> Iterator[Any]:
    """What an iteration runs over: a list, a range of whole numbers or dates, or a single value."""
    if type(value) is list:
        return iter(value)
    if type(value) is Range:
        return _count(run, value)
    if value is None:
        raise Fail("not_iterable", operation="for", kind="null")
    return iter([value])


def _count(run: Run, ends: Range) -> Iterator[Any]:
    low, high = ends.low, ends.high
    if type(low) is type(high) is Decimal and low == low.to_integral_value() and high == high.to_integral_value():
        first, last = int(low), int(high)
    elif carrier(low) is carrier(high) is date:
        first, last = instant(low) // DAY, instant(high) // DAY
    else:
        raise Fail("not_countable")
    step = 1 if last >= first else -1
    first += 0 if ends.low_included else step
    last -= 0 if ends.high_included else step
    size = max(0, (last - first) * step + 1)
    run.charge(size)
    whole = range(first, last + step, step)
    return map(Decimal, whole) if type(low) is Decimal else (on_day(number) for number in whole)


def _scopes(s: Scope, domains: Sequence[Domain], extra: dict[str, Any]) -> Iterator[Scope]:
    """The scope of each combination; the first iterator turns slowest."""
    name, domain, end = domains[0]
    value = domain(s)
    if end is not None:
        value = Range(value, end(s))
    for item in elements(s.run, value):
        inner = Scope({**extra, name: item}, s, s.run)
        if len(domains) == 1:
            yield inner
        else:
            yield from _scopes(inner, domains[1:], extra)


@compiles(n.For)
def _for(c: Compiler, node: n.For) -> Closure:
    visible, place = len(c.bound), c.place(node)
    domains = _domains(c, node.iterators)
    c.bound.append("partial")
    body, weight = c.weighed(node.body)
    del c.bound[visible:]
    uses_partial = "partial" in c.text

    def evaluate(s: Scope) -> Any:
        results: list[Any] = []
        extra: dict[str, Any] = {"partial": []} if uses_partial else {}
        try:
            for inner in _scopes(s, domains, extra):
                s.run.charge(weight)
                if uses_partial:
                    s.run.charge(len(results) >> 4)
                    inner.names["partial"] = list(results)  # type: ignore[index]
                results.append(body(inner))
        except Fail as fail:
            return s.run.failed(place, fail)
        return results

    return evaluate


@compiles(n.Quantified)
def _quantified(c: Compiler, node: n.Quantified) -> Closure:
    visible, place = len(c.bound), c.place(node)
    domains = _domains(c, node.iterators)
    condition, weight = c.weighed(node.condition)
    del c.bound[visible:]
    decisive, word = node.quantifier == "some", node.quantifier

    def evaluate(s: Scope) -> Any:
        result: bool | None = not decisive
        try:
            for inner in _scopes(s, domains, {}):
                s.run.charge(weight)
                found = condition(inner)
                if found is decisive:
                    return decisive
                if type(found) is not bool:
                    result = None
                    if found is not None:
                        s.run.problem(place, "not_boolean", operation=word, kind=kind(found))
        except Fail as fail:
            return s.run.failed(place, fail)
        return result

    return evaluate


class Closed(Function):
    """A function defined by an expression, together with the scope it was defined in."""

    __slots__ = ("body", "checks", "node", "scope", "type", "weight")

    def __init__(
        self,
        node: n.FunctionOf,
        wanted: n.TypeNode,
        checks: tuple[Check | None, ...],
        body: Closure,
        weight: int,
        scope: Scope,
    ) -> None:
        super().__init__(tuple(name for name, _ in node.parameters), self._direct)
        self.node = node
        self.type = wanted
        self.checks = checks
        self.body = body
        self.weight = weight
        self.scope = scope

    def _direct(self, *arguments: Any) -> Any:
        return self.run(Run(None, None), [to_feel(argument) for argument in arguments])

    def run(self, run: Run, arguments: Sequence[Any]) -> Any:
        """Evaluate the body with arguments in position."""
        names: dict[str, Any] = {}
        for name, check, value in zip(self.parameters, self.checks, arguments, strict=True):
            names[name] = value if check is None else coerce(value, check)
            if names[name] is None and value is not None:
                raise Fail("arguments", function=self.name, found=kind(value))
        run.charge(self.weight + 5)
        run.calls += 1
        if run.calls > MAX_CALLS:
            raise FeelLimitError("too_deep")
        try:
            return self.body(Scope(names, self.scope, run))
        finally:
            run.calls -= 1


@compiles(n.FunctionOf)
def _function(c: Compiler, node: n.FunctionOf) -> Closure:
    visible = len(c.bound)
    c.bound.extend(name for name, _ in node.parameters)
    body, weight = c.weighed(node.body)
    del c.bound[visible:]
    checks = tuple(
        c.types.checker(declared) if declared is not None and c.types.unknown(declared) is None else None
        for _, declared in node.parameters
    )
    wanted = function_type(node, {})
    return lambda s: Closed(node, wanted, checks, body, weight, s)


def invoke(run: Run, function: Function, arguments: Sequence[Any], names: Sequence[str] | None = None) -> Any:
    """Call a function value; Fail when the arguments do not fit."""
    if isinstance(function, Builtin):
        return function.invoke(run, arguments, names)
    if names is not None:
        for name in names:
            if name not in function.parameters:
                raise Fail("argument_name", function=function.name, name=name)
        given = dict(zip(names, arguments, strict=True))
        arguments = [given.get(name) for name in function.parameters] if len(given) == len(names) else ()
    if len(arguments) != len(function.parameters):
        raise Fail("arguments", function=function.name, found=", ".join(kind(value) for value in arguments))
    if isinstance(function, Closed):
        return function.run(run, arguments)
    run.charge(10)
    try:
        return to_feel(function.call(*arguments))
    except FeelValueError as error:
        raise Fail(error.code, **error.params) from None


# Their argument "value" may be missing: that is what they are about.
_ABOUT_MISSING = frozenset(["is defined", "get or else"])


def _quiet(closure: Closure) -> Closure:
    def evaluate(s: Scope) -> Any:
        known = len(s.run.problems)
        found = closure(s)
        if found is None:
            del s.run.problems[known:]
        return found

    return evaluate


@compiles(n.Call)
def _call(c: Compiler, node: n.Call) -> Closure:
    place, names = c.place(node), node.names
    arguments = [c.compile(argument) for argument in node.arguments]
    if arguments and isinstance(node.function, n.Name) and node.function.name in _ABOUT_MISSING:
        index = names.index("value") if names and "value" in names else 0
        arguments[index] = _quiet(arguments[index])
    find = _callee(c, node.function, place)

    def evaluate(s: Scope) -> Any:
        run = s.run
        values = [argument(s) for argument in arguments]
        function = find(s)
        if function is None:
            return None
        if not isinstance(function, Function):
            return run.problem(place, "not_a_function", name=kind(function))
        try:
            return invoke(run, function, values, names)
        except Fail as fail:
            return run.failed(place, fail)
        except (ArithmeticError, OverflowError):
            return run.problem(place, "out_of_range", operation=function.name)

    return evaluate


def _callee(c: Compiler, node: n.Node, place: Place) -> Closure:
    if not isinstance(node, n.Name):
        return c.compile(node)
    name = node.name
    builtin = BUILTINS.get(name)
    if builtin is None and name not in c.bound:
        c.note(name)

    def find(s: Scope) -> Any:
        scope = s.holder(name)
        if scope is not None:
            value = scope.read(name, place)
            if builtin is None or isinstance(value, Function):
                return value
        if builtin is None:
            s.run.problem(place, "unknown_function", name=name)
        return builtin

    return find
