"""Stepping through the tokens of one text, and putting names together from them (DMN 1.3, 10.3.1.4)."""

from collections.abc import Iterable

from .errors import FeelSyntaxError
from .lexer import Token, bad_character, collapse, is_plain_name, tokenize
from .scope_names import NameTable, matches, parts_of

_NAME_SYMBOLS = {"+", "-", "*", "/", "**", "'", ".", "bad"}


class Reader:
    """A position in a text. `names` are the names in scope that need knowing (see scope_names)."""

    def __init__(self, text: str, names: Iterable[str], functions: NameTable) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self._known = NameTable(names)
        self._functions = functions
        self.locals: list[tuple[tuple[str, ...], str]] = []

    @property
    def token(self) -> Token:
        """The current token."""
        return self.tokens[self.index]

    def at(self, *texts: str) -> bool:
        """Whether the current token is one of these operators or keywords."""
        token = self.tokens[self.index]
        return token.text in texts and token.kind in ("op", "keyword")

    def accept(self, text: str) -> bool:
        """Step over a token if it is there."""
        if self.at(text):
            self.index += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Step over a token that must be there."""
        if not self.accept(text):
            raise self.unexpected(text)

    def unexpected(self, expected: str) -> FeelSyntaxError:
        """The error for the current token."""
        token = self.token
        if token.kind == "bad":
            return bad_character(self.text, token)
        if self.text[max(0, token.start - 1) : token.start + 1] == "/*":
            return FeelSyntaxError("unterminated_comment", self.text, token.start - 1)
        found = "the end" if token.kind == "end" else token.text
        return FeelSyntaxError("unexpected", self.text, token.start, found=found, expected=expected)

    def finish(self) -> None:
        """Insist that the text ends here."""
        if self.token.kind != "end":
            raise self.unexpected("an operator or the end")

    def declare(self, name: str) -> None:
        """Make a name known to the rest of the construct that introduces it; the construct forgets it at its end."""
        parts = None if is_plain_name(name) else parts_of(name)
        if parts is not None:
            self.locals.append((parts, name))

    def known_name(self) -> tuple[str, int] | None:
        """The longest known name here and its number of tokens; built-in functions only in front of a parenthesis."""
        best = self._known.longest(self.tokens, self.index)
        for parts, name in self.locals:
            if (best is None or len(parts) > best[1]) and matches(self.tokens, self.index, parts):
                best = (name, len(parts))
        function = self._functions.longest(self.tokens, self.index)
        if function is not None and (best is None or function[1] > best[1]):
            after = self.tokens[self.index + function[1]]
            if after.text == "(":
                best = function
        return best

    def name(self) -> str:
        """A name: the longest one known in scope, else all the plain words that follow each other."""
        known = self.known_name()
        if known is not None:
            self.index += known[1]
            return known[0]
        if self.token.kind != "name":
            raise self.unexpected("a name")
        parts = [self.token.text]
        self.index += 1
        while True:
            token, after = self.tokens[self.index], self.tokens[min(self.index + 1, len(self.tokens) - 1)]
            if token.kind == "name" or (token.kind == "number" and token.text.isdigit()):
                parts.append(token.text)
                self.index += 1
            elif token.text == "'" and after.kind == "name" and after.start == token.end:
                parts[-1] += "'" + after.text
                self.index += 2
            else:
                return " ".join(parts)

    def member(self) -> str:
        """The name after a dot, where a keyword is a name too."""
        token = self.token
        if token.kind == "keyword" and self.known_name() is None:
            self.index += 1
            return token.text
        return self.name()

    def name_before(self, stop: str) -> bool:
        """Whether a name follows and then the given token."""
        index = self.index
        while self.tokens[index].kind in ("name", "keyword", "number") or self.tokens[index].text in _NAME_SYMBOLS:
            index += 1
        return index > self.index and self.tokens[index].text == stop

    def raw_name(self, stops: tuple[str, ...]) -> str:
        """A name that is being introduced: everything up to one of the stops (rule 27)."""
        first = self.index
        while not self.at(*stops):
            token = self.token
            if token.kind not in ("name", "keyword", "number", "bad") and token.text not in _NAME_SYMBOLS:
                raise self.unexpected("a name" if self.index == first else stops[0])
            self.index += 1
        if self.index == first or self.tokens[first].kind in ("number", "op"):
            self.index = first
            raise self.unexpected("a name")
        return collapse(self.text[self.tokens[first].start : self.tokens[self.index - 1].end])
