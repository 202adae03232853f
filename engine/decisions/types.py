"""Types: the built-in ones and the item definitions of a file, with their allowed values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.feel.feeltypes import KINDS, conversions
from engine.feel.values import Function, kind

_KINDS = {**KINDS, "double": "number", "float": "number"}
_WHOLE = frozenset({"integer", "long", "short"})
MAX_DEPTH = 50


class Type:
    """What values an input, output, variable or part of one may have. Null belongs to every type."""

    name: str

    def accepts(self, value: Any, depth: int = 0) -> bool:
        """Whether a value belongs to the type."""
        return True

    def conform(self, value: Any) -> tuple[bool, Any]:
        """Whether a value fits, and the value made to fit: lists of one and dates are converted (10.3.2.9.4)."""
        if value is None or self.accepts(value):
            return True, value
        for candidate in conversions(value):
            if self.accepts(candidate):
                return True, candidate
        return False, None

    def values(self) -> list[Any] | None:
        """All values of the type when it lists them."""
        return None


class _Any(Type):
    name = "Any"


ANY = _Any()


@dataclass(frozen=True, slots=True, eq=False)
class Simple(Type):
    """A built-in type."""

    name: str
    wanted: str

    def accepts(self, value: Any, depth: int = 0) -> bool:
        """Whether the kind of the value is the type's."""
        if self.wanted == "whole":
            return isinstance(value, Decimal) and value == value.to_integral_value()
        return kind(value) == self.wanted

    def values(self) -> list[Any] | None:
        """Both values of a boolean."""
        return [True, False] if self.wanted == "boolean" else None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Allowed values as written, and the test they make."""

    text: str
    matches: Callable[[Any], bool]
    listed: list[Any] | None


@dataclass(slots=True, eq=False)
class Item(Type):
    """An item definition: another type or components, perhaps a list of it, perhaps limited to allowed values."""

    name: str
    base: Type | None = None
    parts: dict[str, Type] = field(default_factory=dict)
    collection: bool = False
    function: bool = False
    parameters: list[Type] = field(default_factory=list)
    result: Type | None = None
    """what a function type takes and gives"""
    allowed: Allowed | None = None
    constraint: Allowed | None = None
    """a test of the whole value (DMN 1.5 type constraint)"""

    def accepts(self, value: Any, depth: int = 0) -> bool:
        """Whether a value has the structure and one of the allowed values."""
        if depth > MAX_DEPTH:
            return False
        if self.collection:
            if not isinstance(value, list) or not all(v is None or self._single(v, depth + 1) for v in value):
                return False
        elif not self._single(value, depth + 1):
            return False
        return self.constraint is None or self.constraint.matches(value)

    def _single(self, value: Any, depth: int) -> bool:
        if self.function:
            return isinstance(value, Function)
        if self.base is not None and not self.base.accepts(value, depth):
            return False
        if self.parts:
            if not isinstance(value, dict):
                return False
            for key, part in self.parts.items():
                inner = value.get(key)
                if key not in value or not (inner is None or part.accepts(inner, depth)):
                    return False
        return self.allowed is None or self.allowed.matches(value)

    def values(self) -> list[Any] | None:
        """The allowed values when they are a list of literals."""
        if self.collection:
            return None
        if self.allowed is not None and self.allowed.listed is not None:
            return self.allowed.listed
        return self.base.values() if self.base is not None and self.allowed is None else None


def bases(wanted: Type | None) -> Iterator[Type]:
    """A type and the types it is based on."""
    for _ in range(MAX_DEPTH):
        if wanted is None:
            return
        yield wanted
        wanted = wanted.base if isinstance(wanted, Item) else None


def plain_type(wanted: Type) -> Simple | None:
    """The built-in type of single values that a type is or limits; None for lists, contexts and functions."""
    for current in bases(wanted):
        if isinstance(current, Simple):
            return current
        if not isinstance(current, Item) or current.collection or current.function or current.parts:
            return None
    return None


def result_type(wanted: Type) -> Type:
    """The type of what a function gives whose variable has a type: that of the function type, or the type itself."""
    for _ in range(MAX_DEPTH):
        if not isinstance(wanted, Item) or wanted.collection:
            return wanted
        if wanted.function:
            return wanted.result or ANY
        if wanted.base is None or wanted.allowed is not None or wanted.constraint is not None:
            return wanted
        if not is_function(wanted.base):
            return wanted
        wanted = wanted.base
    return ANY


def is_function(wanted: Type | None) -> bool:
    """Whether a type is a function type."""
    return any(isinstance(current, Item) and current.function for current in bases(wanted))


def builtin_type(name: str) -> Type | None:
    """The built-in type of a name."""
    if name in ("", "Any"):
        return ANY
    if name in _WHOLE:
        return Simple(name, "whole")
    wanted = _KINDS.get(name)
    return Simple(name, wanted) if wanted else None
