"""Text to tokens (DMN 1.3, 10.3.1.2 rules 27 to 30 and 61 to 66).

Names of several words are not put together here: which words form a name depends on the names in scope, so the
parser does that. The full-width punctuation that the standard counts as letters (，；＝ ...) is refused, because in
practice it is a slip of the input method; in a name that is known to be in scope it is accepted.
"""

import re
from typing import NamedTuple

from .errors import FeelLimitError, FeelSyntaxError

MAX_TEXT = 10_000

_START = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u167f\u1681-\u180d\u180f-\u1fff"
    "\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3003-\u3007\u3012\u3013\u3020-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe"
    "\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\uff66-\ufffd\U00010000-\U000effff"
)
_PART = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040（）《》「」【】"

_TOKEN = re.compile(
    rf"""(?P<space>(?:[\s\u180e\u200b\ufeff]|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+)
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")
    |(?P<name>\?(?![{_PART}])|[{_START}][{_PART}]*)
    |(?P<op>\*\*|\.\.|<=|>=|!=|->|[-+*/=<>()\[\]{{}},.:@'])
    |(?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)

KEYWORDS = frozenset(
    {
        *("true", "false", "null", "and", "or", "if", "then", "else", "for", "in", "return"),
        *("some", "every", "satisfies", "between", "instance", "function"),
    }
)

_PLAIN = {"“": '"', "”": '"', "‘": "'", "’": "'", "。": ".", "、": ",", "－": "-", "＊": "*", "／": "/"}


class Token(NamedTuple):
    """A piece of the text. `kind` is name, keyword, number, string, op, bad or end."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """All tokens of a text, closed by one of the kind "end"; unknown characters become tokens of the kind "bad"."""
    if len(text) > MAX_TEXT:
        raise FeelLimitError("text_too_long", limit=MAX_TEXT)
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "bad"
        if kind == "space":
            continue
        word = match.group()
        if kind == "name" and word in KEYWORDS:
            kind = "keyword"
        tokens.append(Token(kind, word, match.start(), match.end()))
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def bad_character(text: str, token: Token) -> FeelSyntaxError:
    """The error for a character that starts no token, with the half-width character to write instead."""
    char = token.text
    if char == '"':
        return FeelSyntaxError("unterminated_string", text, token.start)
    plain = _PLAIN.get(char) or (chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else None)
    if plain:
        return FeelSyntaxError("full_width", text, token.start, found=char, plain=plain)
    return FeelSyntaxError("bad_character", text, token.start, found=char)


_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


def unescape(text: str, token: Token) -> str:
    """The value of a string token (rules 33 to 35); surrogate pairs become one character."""
    inner = token.text[1:-1]
    if "\\" not in inner:
        return inner

    def replace(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) > 1:
            number = int(code[1:], 16)
            if number > 0x10FFFF:
                raise FeelSyntaxError("bad_escape", text, token.start, found=match.group())
            return chr(number)
        if code not in _ESCAPED:
            return match.group()
        return _ESCAPED[code]

    value = _ESCAPE.sub(replace, inner)
    return _PAIR.sub(_join_pair, value)


def _join_pair(match: re.Match[str]) -> str:
    high, low = ord(match.group(1)), ord(match.group(2))
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def words(name: str) -> tuple[str, ...]:
    """The token texts a name consists of."""
    return tuple(token.text for token in tokenize(name)[:-1])


def collapse(name: str) -> str:
    """A name with every run of white space made one space (10.3.1.4)."""
    return " ".join(name.split())


def is_plain_name(name: str) -> bool:
    """Whether the parser recognises the name without being told: identifiers and numbers, none of them a keyword."""
    tokens = tokenize(name)[:-1]
    return (
        bool(tokens)
        and tokens[0].kind == "name"
        and all(t.kind == "name" or (t.kind == "number" and t.text.isdigit()) for t in tokens)
        and " ".join(t.text for t in tokens) == name
    )
