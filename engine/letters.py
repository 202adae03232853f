"""Texts sent to people: Markdown templates of the pack, rendered in a Jinja sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import EngineError

MAX_LENGTH = 20_000
_FILTERS = frozenset(
    [
        "capitalize",
        "count",
        "d",
        "default",
        "first",
        "int",
        "join",
        "last",
        "length",
        "lower",
        "replace",
        "round",
        "sort",
        "sum",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "wordcount",
    ]
)
_REFUSED = (nodes.Macro, nodes.CallBlock, nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends, nodes.Block)


class LetterInvalid(EngineError):
    """A letter of the pack that cannot be rendered."""

    code, status = "letter", 422
    zh = "信函“{letter}”无法生成：{reason}"
    en = "The letter “{letter}” cannot be produced: {reason}"


@dataclass(frozen=True)
class Letter:
    subject: str
    body: str


class _Blank(ChainableUndefined):
    """A value that is not known yet reads as a dash."""

    def __str__(self) -> str:
        return "—"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Shows values and calls nothing; numbers may be added up, texts may not be multiplied."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        raise SecurityError(f"“{attribute}” is not allowed here")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(v, int | float | Decimal) for v in (left, right)):
            raise SecurityError(f"“{operator}” is not allowed here")
        return super().call_binop(context, operator, left, right)


def _written(value: Any) -> Any:
    return "—" if value is None else value


_ENVIRONMENT = _Sandbox(undefined=_Blank, finalize=_written, autoescape=False, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {name: call for name, call in _ENVIRONMENT.filters.items() if name in _FILTERS}


def render(name: str, template: str, values: Mapping[str, Any]) -> Letter:
    """Render a letter; its first line, a Markdown heading, is the subject. Raises LetterInvalid."""
    try:
        text = _compiled(template).render(dict(values))
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise LetterInvalid(letter=name, reason=str(error)) from None
    text = text[:MAX_LENGTH].strip()
    first, _, rest = text.partition("\n")
    return Letter(first.lstrip("# ").strip(), rest.strip())


def problems(template: str) -> str | None:
    """Why a template cannot be used, or None."""
    try:
        _compiled(template)
    except (TemplateError, RecursionError) as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    if len(template) > MAX_LENGTH:
        raise TemplateError(f"longer than {MAX_LENGTH} characters")
    tree = _ENVIRONMENT.parse(template)
    refused = next(tree.find_all(_REFUSED), None)
    if refused is not None:
        raise TemplateError(f"line {refused.lineno}: {type(refused).__name__.lower()} is not allowed in a letter")
    if any(inner for loop in tree.find_all(nodes.For) for inner in loop.find_all(nodes.For) if _loops(inner)):
        raise TemplateError("loops stand at most two deep in a letter")
    return _ENVIRONMENT.from_string(tree)


def _loops(loop: nodes.For) -> bool:
    return next(loop.find_all(nodes.For), None) is not None
