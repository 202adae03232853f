"""String functions (DMN 1.3, 10.3.4.3)."""

import re
from decimal import Decimal
from typing import Any

from .builtin import builtin, truncated
from .errors import Fail
from .patterns import Pattern
from .run import Run
from .values import kind


@builtin("substring", "string: string, start position: number, length?: number")
def substring(run: Run, text: str, start: Decimal, length: Decimal | None) -> str:
    """A part of a text from a position counted from 1, or from -1 backwards."""
    first = truncated(start, "substring", "start position")
    if first == 0 or abs(first) > max(len(text), 1):
        raise Fail("argument_value", function="substring", name="start position", value=str(first))
    first = first - 1 if first > 0 else len(text) + first
    if length is None:
        return run.text(text[first:])
    return run.text(text[first : first + truncated(length, "substring", "length", 1)])


@builtin("string length", "string: string")
def string_length(run: Run, text: str) -> Decimal:
    """The number of characters (code points)."""
    return Decimal(len(text))


@builtin("upper case", "string: string")
def upper_case(run: Run, text: str) -> str:
    """The text in capitals."""
    return run.text(text.upper())


@builtin("lower case", "string: string")
def lower_case(run: Run, text: str) -> str:
    """The text in small letters."""
    return run.text(text.lower())


@builtin("substring before", "string: string, match: string")
def substring_before(run: Run, text: str, match: str) -> str:
    """What stands before the first occurrence; empty if there is none."""
    run.charge(len(text) >> 6)
    before, found, _ = text.partition(match) if match else ("", "", text)
    return before if found else ""


@builtin("substring after", "string: string, match: string")
def substring_after(run: Run, text: str, match: str) -> str:
    """What stands after the first occurrence; empty if there is none."""
    run.charge(len(text) >> 6)
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string, match: string")
def contains(run: Run, text: str, match: str) -> bool:
    """Whether the text contains another."""
    run.charge(len(text) >> 6)
    return match in text


@builtin("starts with", "string: string, match: string")
def starts_with(run: Run, text: str, match: str) -> bool:
    """Whether the text starts with another."""
    return text.startswith(match)


@builtin("ends with", "string: string, match: string")
def ends_with(run: Run, text: str, match: str) -> bool:
    """Whether the text ends with another."""
    return text.endswith(match)


@builtin("matches", "input: string, pattern: string, flags?: string")
def matches(run: Run, text: str, pattern: str, flags: str | None) -> bool:
    """Whether a part of the text matches a regular expression."""
    return Pattern(run, pattern, flags, text).apply("search", text) is not None


@builtin("replace", "input: string, pattern: string, replacement: string, flags?: string")
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None) -> str:
    """The text with every match replaced; $1 stands for the first group."""
    compiled = Pattern(run, pattern, flags, text)
    if compiled.matches_empty():
        raise Fail("invalid_pattern", value=pattern[:80])
    literal = "q" in (flags or "")
    parts = [replacement] if literal else _replacement(replacement, compiled.groups)
    size = sum(len(part) for part in parts if isinstance(part, str))
    run.charge((len(text) + 1) * (size + 1) >> 12)
    return run.text(
        str(compiled.apply("sub", lambda m: "".join(p if isinstance(p, str) else m[p] or "" for p in parts), text))
    )


_PIECE = re.compile(r"\\([\\$])|\$([0-9]+)|([^\\$]+)")


def _replacement(text: str, groups: int) -> list[str | int]:
    parts: list[str | int] = []
    index = 0
    while index < len(text):
        match = _PIECE.match(text, index)
        if match is None:
            raise Fail("argument_value", function="replace", name="replacement", value=text[:40])
        escaped, digits, plain = match.groups()
        if digits is None:
            parts.append(escaped or plain)
        else:
            number = digits[:4]
            while len(number) > 1 and int(number) > groups:
                number = number[:-1]
            parts.append(int(number) if int(number) <= groups else "")
            parts.append(digits[len(number) :])
        index = match.end()
    return parts


@builtin("split", "string: string, delimiter: string")
def split(run: Run, text: str, delimiter: str) -> list[str]:
    """The parts of a text between the matches of a regular expression."""
    run.charge(len(text) >> 2)
    if not delimiter:
        run.charge(len(text))
        return list(text)
    compiled = Pattern(run, delimiter, None, text)
    if compiled.matches_empty():
        raise Fail("invalid_pattern", value=delimiter[:80])
    parts: list[str] = []
    end = 0
    for start, stop in _spans(compiled, text):
        parts.append(text[end:start])
        end = stop
    parts.append(text[end:])
    return parts


def _spans(compiled: Pattern, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in compiled.apply("finditer", text)]


@builtin("extract", "string: string, pattern: string")
def extract(run: Run, text: str, pattern: str) -> list[str]:
    """All matches of a regular expression."""
    found = [str(match[0]) for match in Pattern(run, pattern, None, text).apply("finditer", text)]
    run.charge(len(found))
    return found


@builtin("trim", "string: string")
def trim(run: Run, text: str) -> str:
    """The text without white space at its ends."""
    return run.text(text.strip())


@builtin("is blank", "string: string")
def is_blank(run: Run, text: str) -> bool:
    """Whether the text has nothing but white space."""
    return not text.strip()


@builtin("string join", "list: list, delimiter?: string")
@builtin("string join", "list: list, delimiter: string|null, prefix: string|null, suffix: string|null")
def string_join(
    run: Run, items: list[Any], delimiter: str | None, prefix: str | None = None, suffix: str | None = None
) -> str:
    """The texts of a list put together, nulls left out (DMN 1.4)."""
    run.charge(len(items))
    texts = [item for item in items if item is not None]
    for item in texts:
        if not isinstance(item, str):
            raise Fail("argument_value", function="string join", name="list", value=kind(item))
    between = delimiter or ""
    run.charge((sum(map(len, texts)) + len(between) * len(texts)) >> 6)
    return run.text((prefix or "") + between.join(texts) + (suffix or ""))
