"""Which words together form a name (DMN 1.3, 10.3.1.4).

A name made of plain words needs no help: two words next to each other can be nothing else. A name with an operator, a
keyword or unusual characters in it is only recognised when it is known to be in scope.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .errors import FeelLimitError
from .lexer import Token, collapse, is_plain_name, words

Known = tuple[tuple[str, ...], str]
MAX_LOOKED_AT = 256
_FORBIDDEN = frozenset(["=", "!=", "<", "<=", ">", ">=", ",", ":", "[", "]", "{", "}", "@", '"', ".."])


def parts_of(name: str) -> tuple[str, ...] | None:
    """The tokens of a name of several; None for a single word, and for what could be mistaken for an expression."""
    parts = words(name)
    return parts if len(parts) > 1 and _FORBIDDEN.isdisjoint(parts) else None


class NameTable:
    """Names of several tokens, found by their first token."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_first: dict[str, list[Known]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Make a name known, unless it is a single word anyway or could be mistaken for an expression."""
        parts = parts_of(name)
        if parts is not None:
            self._by_first.setdefault(parts[0], []).append((parts, name))

    def longest(self, tokens: list[Token], index: int) -> tuple[str, int] | None:
        """The longest known name that starts at a token, and how many tokens it has."""
        best: tuple[str, int] | None = None
        for parts, name in self._by_first.get(tokens[index].text, ()):
            size = len(parts)
            if (best is None or size > best[1]) and matches(tokens, index, parts):
                best = (name, size)
        return best


def matches(tokens: list[Token], index: int, parts: tuple[str, ...]) -> bool:
    """Whether the tokens from an index on are the given words."""
    if index + len(parts) >= len(tokens):
        return False
    return all(tokens[index + i].text == part for i, part in enumerate(parts))


@lru_cache(maxsize=8192)
def is_special(name: str) -> bool:
    """Whether a name must be known in advance to be recognised."""
    try:
        return bool(name.strip()) and not is_plain_name(collapse(name))
    except FeelLimitError:
        return False


@lru_cache(maxsize=8192)
def squash(text: str) -> str:
    """A text without white space: a name can only occur in an expression if it does so squashed."""
    return "".join(text.split())


def relevant(names: Iterable[str], text: str) -> frozenset[str]:
    """Those special names that could occur in a text."""
    tight = squash(text)
    return frozenset(name for name in names if is_special(name) and squash(name) in tight)


class ContextNames:
    """Collects the special names in a context, its nested contexts included, looking at a bounded number of values."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._left = MAX_LOOKED_AT

    def collect(self, context: Mapping[str, Any], nested: Iterable[str]) -> set[str]:
        """The special keys of a context and, below the given keys, of what is nested in it."""
        self._keys(context)
        for key in {*nested, *self.found}:
            if key in context:
                self._walk(context[key])
        return self.found

    def _keys(self, context: Mapping[str, Any]) -> None:
        for key in context:
            if isinstance(key, str) and is_special(key):
                self.found.add(key)

    def _walk(self, value: Any) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        if isinstance(value, dict):
            self._keys(value)
            for item in value.values():
                if isinstance(item, dict | list):
                    self._walk(item)
        elif isinstance(value, list):
            for item in value[:3]:
                if isinstance(item, dict | list):
                    self._walk(item)
