"""FEEL in forms: expressions (``=...``), templates (``text {{expression}} text``), each compiled once."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from engine.calendars import format_timedelta
from engine.feel import Expression, FeelError, FeelLimitError, FeelSyntaxError, compile_expression
from engine.forms.model import is_expression

EXACT = Context(prec=100)
"""Precise enough never to round a number that a form accepts."""
MAX_LOOP = 1_000
MAX_OUTPUT = 100_000
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class Failed:
    """The result of an expression that could not be computed."""


FAILED = Failed()


class TemplateError(ValueError):
    """A template whose tags do not match; ``zh`` and ``en`` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Expression | FeelError:
    try:
        return compile_expression(text)
    except FeelError as error:
        return error


def strip_equals(text: str) -> str:
    """The FEEL text of an attribute, without its leading ``=``."""
    return text.strip().removeprefix("=")


def problem_of(text: str) -> FeelSyntaxError | FeelLimitError | None:
    """Why ``text`` (with or without ``=``) is not a FEEL expression, or None when it is one."""
    found = _compiled(strip_equals(text))
    return found if isinstance(found, FeelSyntaxError | FeelLimitError) else None


def evaluate(text: str, scope: Mapping[str, Any], now: datetime | None) -> Any:
    """The value of an expression as JSON keeps it, or FAILED when it does not compile or exceeds its limits."""
    expression = _compiled(strip_equals(text))
    if isinstance(expression, FeelError):
        return FAILED
    try:
        return plain(expression.evaluate(scope, now=now))
    except (FeelError, TypeError, ValueError, OverflowError, RecursionError):
        return FAILED


def plain(value: Any) -> Any:
    """A FEEL value as JSON keeps it: int or Decimal, ISO text for dates and durations, lists and dicts of these."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() and abs(value) < 10**30 else value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_timedelta(value) if value >= timedelta(0) else f"-{format_timedelta(-value)}"
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return str(value)


def is_true(text: str, scope: Mapping[str, Any], now: datetime | None) -> bool:
    """Whether an expression yields true; null and failures are not true."""
    return evaluate(text, scope, now) is True


def to_text(value: Any) -> str:
    """A value as people read it in a form: nothing for null, no exponent in numbers."""
    if value is None or value is FAILED:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | float):
        return format(EXACT.normalize(Decimal(str(value))), "f")
    if isinstance(value, list | tuple):
        return ", ".join(to_text(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {to_text(item)}" for key, item in value.items())
    return str(value)


@dataclass(frozen=True)
class _Part:
    """A piece of a template: literal text, an insert, or a block (if, loop) with its own parts."""

    kind: str
    text: str
    parts: "tuple[_Part, ...]" = ()


@lru_cache(maxsize=2048)
def parse_template(text: str) -> tuple[_Part, ...]:
    """The parts of a template. Raises TemplateError when a block is not closed or closes nothing."""
    open_blocks: list[tuple[str, str, list[_Part]]] = [("", "", [])]
    at = 0
    for match in _TAG.finditer(text):
        if match.start() > at:
            open_blocks[-1][2].append(_Part("text", text[at : match.start()]))
        at = match.end()
        tag = match[1].strip()
        if tag.startswith("#"):
            kind, _, expression = tag[1:].partition(" ")
            if kind not in ("if", "loop") or len(open_blocks) > 8:
                raise TemplateError(
                    f"不认识 {{{{{tag[:40]}}}}} 或嵌套过深", f"{{{{{tag[:40]}}}}} is unknown or too deep"
                )
            open_blocks.append((kind, expression.strip(), []))
        elif tag.startswith("/"):
            kind, expression, parts = open_blocks[-1]
            if tag[1:].strip() != kind or not kind:
                raise TemplateError(f"{{{{{tag[:40]}}}}} 没有对应的开头", f"{{{{{tag[:40]}}}}} closes nothing")
            open_blocks.pop()
            open_blocks[-1][2].append(_Part(kind, expression, tuple(parts)))
        else:
            open_blocks[-1][2].append(_Part("insert", tag))
    if len(open_blocks) > 1:
        kind = open_blocks[-1][0]
        raise TemplateError(f"{{{{#{kind}}}}} 没有结束", f"{{{{#{kind}}}}} is not closed")
    if at < len(text):
        open_blocks[0][2].append(_Part("text", text[at:]))
    return tuple(open_blocks[0][2])


def template_expressions(text: str) -> Iterator[str]:
    """Every FEEL text in an attribute: the whole of ``=...``, else those in its tags. Raises TemplateError."""
    if is_expression(text):
        yield strip_equals(text)
        return
    waiting = list(parse_template(text))
    while waiting:
        part = waiting.pop()
        waiting.extend(part.parts)
        if part.kind != "text":
            yield part.text


def render(
    text: str, scope: Mapping[str, Any], now: datetime | None, insert: Callable[[str], str] = lambda value: value
) -> str:
    """The text of an attribute with its expressions filled in; ``insert`` sees every inserted value."""
    if is_expression(text):
        return insert(to_text(evaluate(text, scope, now)))
    if "{{" not in text:
        return text
    try:
        parts = parse_template(text)
    except TemplateError:
        return text
    out: list[str] = []
    _render_parts(parts, scope, now, insert, out)
    return "".join(out)[:MAX_OUTPUT]


def _render_parts(
    parts: tuple[_Part, ...],
    scope: Mapping[str, Any],
    now: datetime | None,
    insert: Callable[[str], str],
    out: list[str],
) -> None:
    for part in parts:
        if part.kind == "text":
            out.append(part.text)
        elif part.kind == "insert":
            out.append(insert(to_text(evaluate(part.text, scope, now))))
        elif part.kind == "if":
            if is_true(part.text, scope, now):
                _render_parts(part.parts, scope, now, insert, out)
        else:
            items = evaluate(part.text, scope, now)
            for item in (items if isinstance(items, list) else [])[:MAX_LOOP]:
                if len(out) > MAX_OUTPUT:
                    return
                inner = {**scope, **(item if isinstance(item, Mapping) else {}), "this": item, "parent": scope}
                _render_parts(part.parts, inner, now, insert, out)
