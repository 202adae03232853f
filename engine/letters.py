"""Texts sent to people: Markdown templates of the pack, rendered in a Jinja sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import EngineError

MAX_LENGTH = 50_000


class LetterInvalid(EngineError):
    """A letter of the pack that cannot be rendered."""

    code, status = "letter", 422
    zh = "信函“{letter}”无法生成：{reason}"
    en = "The letter “{letter}” cannot be produced: {reason}"


@dataclass(frozen=True)
class Letter:
    subject: str
    body: str


class _Blank(Undefined):
    """A value that is not known yet reads as a dash."""

    def __str__(self) -> str:
        return "—"


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=_Blank, autoescape=False, trim_blocks=True, lstrip_blocks=True)


def render(name: str, template: str, values: Mapping[str, Any]) -> Letter:
    """Render a letter; its first line, a Markdown heading, is the subject. Raises LetterInvalid."""
    try:
        text = _ENVIRONMENT.from_string(template).render(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise LetterInvalid(letter=name, reason=str(error)) from None
    text = text[:MAX_LENGTH].strip()
    first, _, rest = text.partition("\n")
    return Letter(first.lstrip("# ").strip(), rest.strip())


def problems(template: str) -> str | None:
    """Why a template cannot be compiled, or None."""
    try:
        _ENVIRONMENT.from_string(template)
    except TemplateError as error:
        return str(error)
    return None
