"""Regular expressions of XPath 2.0 (XML Schema Part 2, appendix F; XQuery and XPath Functions, 7.6).

A pattern is checked against the XPath grammar and rewritten for the `regex` module, so that nothing but XPath
constructs is accepted. Matching is bounded in time for a whole evaluation.
"""

import time
from contextlib import suppress
from functools import lru_cache
from typing import Any

import regex

from .errors import Fail, FeelLimitError
from .run import Run

MAX_PATTERN = 500
# The module looks at the clock between passes over the text: what one pass takes must be bounded, too.
MAX_TEXT = 50_000
MAX_REPEAT = 1000
MAX_EXPANDED = 5_000
_ESCAPABLE = set("\\|.-^?*+{}()[]$nrt")
_NAME_START = ":A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D"
_NAME_START += "\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD"
_CLASSES = {
    "s": " \\t\\n\\r",
    "d": "\\p{Nd}",
    "i": _NAME_START,
    "c": _NAME_START + "\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040",
}


class _Translator:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.flags = flags
        self.index = 0
        self.depth = 0
        self.groups = 0
        self.size = 0
        self.open: list[int] = []

    def peek(self) -> str:
        return self.pattern[self.index : self.index + 1]

    def next(self) -> str:
        char = self.peek()
        if not char:
            raise ValueError("unfinished")
        self.index += 1
        return char

    def take(self, char: str) -> bool:
        if self.peek() == char:
            self.index += 1
            return True
        return False

    def alternatives(self) -> str:
        self.depth += 1
        if self.depth > 30:
            raise ValueError("too deep")
        branches = [self.branch()]
        while self.take("|"):
            branches.append(self.branch())
        self.depth -= 1
        return "|".join(branches)

    def branch(self) -> str:
        pieces: list[str] = []
        while self.peek() and self.peek() not in "|)":
            pieces.append(self.piece())
        return "".join(pieces)

    def piece(self) -> str:
        before = self.size
        self.size += 1
        atom = self.atom()
        if atom is None:
            return "^" if self.pattern[self.index - 1] == "^" else "$" if "m" in self.flags else r"\Z"
        quantifier, times = self.quantifier()
        self.size = before + (self.size - before) * times
        if self.size > MAX_EXPANDED:
            raise FeelLimitError("pattern_too_long")
        return atom + quantifier

    def atom(self) -> str | None:
        char = self.next()
        if char in "^$":
            return None
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        if char == ".":
            return "(?s:.)" if "s" in self.flags else r"[^\n\r]"
        if char == "\\":
            return self.escape()
        if char in "?*+{}]":
            raise ValueError(char)
        return str(regex.escape(char))

    def group(self) -> str:
        opening = "("
        if self.take("?"):
            if not self.take(":"):
                raise ValueError("?")
            opening = "(?:"
        else:
            self.groups += 1
            self.open.append(self.groups)
        inner = self.alternatives()
        if not self.take(")"):
            raise ValueError("(")
        if opening == "(":
            self.open.pop()
        return f"{opening}{inner})"

    def quantifier(self) -> tuple[str, int]:
        """The quantifier of an atom, if it has one, and how often it may repeat the atom when compiled."""
        char = self.peek()
        if char not in ("?", "*", "+", "{"):
            return "", 1
        self.index += 1
        text, times = char, 1
        if char == "{":
            end = self.pattern.find("}", self.index)
            low, comma, high = self.pattern[self.index : end].partition(",")
            if end < 0 or not _is_count(low) or (high and not _is_count(high)):
                raise ValueError("{")
            if high and int(high) < int(low):
                raise ValueError("{")
            self.index = end + 1
            text, times = f"{{{low}{comma}{high}}}", max(1, int(high or low))
        if self.take("?"):
            text += "?"
        if self.peek() in ("?", "*", "+", "{"):
            raise ValueError("quantifier")
        return text, times

    def escape(self) -> str:
        char = self.next()
        if char.isdigit() and char.isascii():
            return self.back_reference(char)
        single = self.class_escape(char)
        return single if single is not None else "\\" + char

    def back_reference(self, digit: str) -> str:
        if digit == "0":
            raise ValueError("\\0")
        number = int(digit)
        while self.peek().isdigit() and self.peek().isascii() and number * 10 + int(self.peek()) <= self.groups:
            number = number * 10 + int(self.next())
        if number > self.groups or number in self.open:
            raise ValueError("reference")
        return f"(?:\\{number})"

    def class_escape(self, char: str) -> str | None:
        """A complete class for an escape that stands for several characters; None for a single character."""
        if char.lower() in _CLASSES:
            return f"[{'^' if char.isupper() else ''}{_CLASSES[char.lower()]}]"
        if char in "wW":
            return r"[^\p{P}\p{Z}\p{C}]" if char == "w" else r"[\p{P}\p{Z}\p{C}]"
        if char in "pP":
            return self.category(char)
        if char not in _ESCAPABLE:
            raise ValueError("\\" + char)
        return None

    def category(self, char: str) -> str:
        end = self.pattern.find("}", self.index)
        if not self.take("{") or end < 0:
            raise ValueError("\\p")
        name = self.pattern[self.index : end]
        self.index = end + 1
        if name.startswith("Is"):
            name = "In" + name[2:]
        elif not 1 <= len(name) <= 2:
            raise ValueError("\\p")
        if not name.replace("-", "").isalnum():
            raise ValueError("\\p")
        return f"[\\{char}{{{name}}}]"

    def char_class(self) -> str:
        """A class; a subtraction becomes a look-ahead."""
        self.depth += 1
        if self.depth > 30:
            raise ValueError("too deep")
        negated = self.take("^")
        parts: list[str] = []
        subtracted = ""
        while not self.take("]"):
            if self.peek() == "-" and self.pattern[self.index + 1 : self.index + 2] == "[" and parts:
                self.index += 2
                subtracted = f"(?!{self.char_class()})"
                if not self.take("]"):
                    raise ValueError("subtraction")
                break
            parts.append(self.class_part())
        if not parts:
            raise ValueError("[]")
        self.depth -= 1
        inner = "|".join(parts)
        taken = f"(?!{inner})(?s:.)" if negated else f"(?:{inner})"
        return f"(?:{subtracted}{taken})" if subtracted or negated else taken

    def class_part(self) -> str:
        first = self.class_char()
        if len(first) > 1:
            return first
        after = self.pattern[self.index + 1 : self.index + 2]
        if self.peek() != "-" or after in ("]", "[", ""):
            return f"[{_class_literal(first)}]"
        self.index += 1
        last = self.class_char()
        if len(last) > 1 or last < first:
            raise ValueError("range")
        return f"[{_class_literal(first)}-{_class_literal(last)}]"

    def class_char(self) -> str:
        char = self.next()
        if char == "[":
            raise ValueError("[")
        if char != "\\":
            return char
        char = self.next()
        if char.isdigit():
            raise ValueError("digit")
        complete = self.class_escape(char)
        return complete if complete is not None else {"n": "\n", "r": "\r", "t": "\t"}.get(char, char)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= MAX_REPEAT


def _class_literal(char: str) -> str:
    return f"\\U{ord(char):08X}"


def _without_space(pattern: str) -> str:
    """A pattern without its white space outside character classes: what the flag x means."""
    kept: list[str] = []
    depth, escaped = 0, False
    for char in pattern:
        if depth == 0 and char in " \t\n\r":
            continue
        if not escaped and char in "[]":
            depth = max(0, depth + (1 if char == "[" else -1))
        escaped = char == "\\" and not escaped
        kept.append(char)
    return "".join(kept)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, flags: str) -> Any:
    """The compiled form of an XPath pattern; None when it is not valid."""
    if not set(flags) <= set("smixq"):
        return None
    options = (regex.IGNORECASE if "i" in flags else 0) | (regex.MULTILINE if "m" in flags else 0)
    try:
        if "q" in flags:
            return regex.compile(regex.escape(pattern), options)
        translator = _Translator(_without_space(pattern) if "x" in flags else pattern, flags)
        translated = translator.alternatives()
        if translator.peek():
            return None
        return regex.compile(translated, options)
    except (ValueError, regex.error, RecursionError, OverflowError):
        return None


class Pattern:
    """A pattern within one evaluation, sharing its time for regular expressions."""

    def __init__(self, run: Run, pattern: str, flags: str | None, text: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise FeelLimitError("pattern_too_long")
        if len(text) > MAX_TEXT:
            raise FeelLimitError("pattern_text_too_long", limit=MAX_TEXT)
        run.charge(20 + (len(text) >> 4))
        self._run = run
        started = time.thread_time()
        self._compiled = compile_pattern(pattern, flags or "")
        run.pattern_seconds -= time.thread_time() - started
        if self._compiled is None:
            raise Fail("invalid_pattern", value=pattern[:80])

    def apply(self, method: str, *arguments: Any) -> Any:
        """Call search, sub or finditer, within the time that is left.

        The library counts the time of the whole process; a search that others have slowed down is begun again.
        """
        started = time.thread_time()
        left = self._run.pattern_seconds
        try:
            while time.thread_time() - started < left:
                with suppress(TimeoutError):
                    found = getattr(self._compiled, method)(*arguments, timeout=left)
                    return list(found) if method == "finditer" else found
            raise FeelLimitError("pattern_too_slow")
        finally:
            self._run.pattern_seconds -= time.thread_time() - started

    @property
    def groups(self) -> int:
        """How many groups the pattern has."""
        return int(self._compiled.groups)

    def matches_empty(self) -> bool:
        """Whether the pattern matches the empty text."""
        return self.apply("search", "") is not None
