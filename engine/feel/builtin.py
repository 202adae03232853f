"""How built-in functions are declared and called: parameters with names and kinds, and several forms per function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import Fail
from .scope_names import NameTable
from .values import Function, kind

if TYPE_CHECKING:
    from .run import Run

Implementation = Callable[..., Any]
Declared = TypeVar("Declared", bound=Implementation)
_SHORT = {
    "datetime": "date and time",
    "dtd": "days and time duration",
    "ymd": "years and months duration",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `kinds` is empty when it takes everything, null included."""

    name: str
    kinds: frozenset[str]
    optional: bool = False
    variadic: bool = False

    def fits(self, value: Any) -> bool:
        return not self.kinds or kind(value) in self.kinds or (value is None and self.optional)

    def adapt(self, value: Any) -> Any:
        """A list of one for a single value and the other way round (10.3.2.9.4)."""
        if not self.kinds or self.fits(value):
            return value
        if isinstance(value, list):
            return value[0] if len(value) == 1 else value
        return [value] if value is not None and "list" in self.kinds else value


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    call: Implementation

    def bind(self, arguments: Sequence[Any]) -> list[Any] | None:
        """The arguments laid out for the implementation, or None when their number is wrong."""
        variadic = bool(self.parameters) and self.parameters[-1].variadic
        fixed = len(self.parameters) - variadic
        if (len(arguments) > fixed and not variadic) or (variadic and len(arguments) <= fixed):
            return None
        bound = list(arguments)
        while len(bound) < fixed:
            if not self.parameters[len(bound)].optional:
                return None
            bound.append(None)
        return bound

    def parameter(self, index: int) -> Parameter:
        return self.parameters[min(index, len(self.parameters) - 1)]

    def order(self, names: Sequence[str], arguments: Sequence[Any]) -> list[Any] | None:
        """Named arguments put into position, null where none is given (10.3.2.13.5); None when a name is unknown."""
        given = dict(zip(names, arguments, strict=True))
        if len(given) != len(names):
            return None
        ordered: list[Any] = []
        for parameter in self.parameters:
            if parameter.name in given:
                ordered.append(given.pop(parameter.name))
            elif not parameter.variadic:
                ordered.append(None)
        return None if given else ordered


class Builtin(Function):
    """A built-in function with its forms."""

    __slots__ = ("forms",)

    def __init__(self, name: str) -> None:
        super().__init__((), self._unbound, name)
        self.forms: list[Form] = []

    @staticmethod
    def _unbound(*_: Any) -> Any:
        raise Fail("unknown_function", name="")

    def add(self, form: Form) -> None:
        """Another way to call the function."""
        self.forms.append(form)
        if len(self.forms) == 1:
            self.parameters = tuple(parameter.name for parameter in form.parameters)

    def invoke(self, run: "Run", arguments: Sequence[Any], names: Sequence[str] | None) -> Any:
        """Call the form that fits the arguments; first as they are, then with single values and lists exchanged."""
        run.charge(2)
        candidates: list[tuple[Form, list[Any]]] = []
        for form in self.forms:
            given = arguments if names is None else form.order(names, arguments)
            bound = None if given is None else form.bind(given)
            if bound is not None:
                if all(form.parameter(i).fits(value) for i, value in enumerate(bound)):
                    return form.call(run, *bound)
                candidates.append((form, bound))
        for form, bound in candidates:
            adapted = [form.parameter(i).adapt(value) for i, value in enumerate(bound)]
            if all(form.parameter(i).fits(value) for i, value in enumerate(adapted)):
                return form.call(run, *adapted)
        self._refuse(arguments, names)

    def _refuse(self, arguments: Sequence[Any], names: Sequence[str] | None) -> None:
        if names is not None:
            known = {parameter.name for form in self.forms for parameter in form.parameters}
            for name in names:
                if name not in known:
                    raise Fail("argument_name", function=self.name, name=name)
        raise Fail("arguments", function=self.name, found=", ".join(kind(value) for value in arguments))


BUILTINS: dict[str, Builtin] = {}
FUNCTION_NAMES = NameTable()


def builtin(name: str, signature: str = "") -> Callable[[Declared], Declared]:
    """Declare a function: `builtin("substring", "string: string, start position: number, length?: number")`.

    Kinds are joined with "|"; no kind means anything, null included. "?" marks an optional parameter, "*" the last one
    that takes all remaining arguments.
    """
    parameters = tuple(_parameter(part) for part in signature.split(", ")) if signature else ()

    def register(function: Declared) -> Declared:
        if name not in BUILTINS:
            BUILTINS[name] = Builtin(name)
            FUNCTION_NAMES.add(name)
        BUILTINS[name].add(Form(parameters, function))
        return function

    return register


def _parameter(text: str) -> Parameter:
    name, _, kinds = text.partition(":")
    wanted = frozenset(_SHORT.get(part.strip(), part.strip()) for part in kinds.split("|") if part.strip())
    return Parameter(name.strip("?* "), wanted, optional="?" in name, variadic=name.startswith("*"))


def truncated(value: Any, function: str, name: str, low: int = -(10**9), high: int = 10**9) -> int:
    """A number argument without its decimals as an int; Fail unless it is within bounds."""
    return whole(value.to_integral_value(ROUND_DOWN), function, name, low, high)


def whole(value: Any, function: str, name: str, low: int = -(10**9), high: int = 10**9) -> int:
    """A number argument as an int; Fail unless it is whole and within bounds."""
    if not low <= value <= high or value != value.to_integral_value():
        raise Fail("argument_value", function=function, name=name, value=str(value)[:40])
    return int(value)
