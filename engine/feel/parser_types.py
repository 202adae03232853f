"""Types after `instance of` and in parameter lists (DMN 1.3, 10.3.1.2 rules 54 to 56)."""

from typing import TYPE_CHECKING

from . import nodes as n
from .errors import FeelLimitError, FeelSyntaxError
from .lexer import unescape

if TYPE_CHECKING:
    from .reader import Reader

_SEVERAL_WORDS = (
    ("date", "and", "time"),
    ("days", "and", "time", "duration"),
    ("years", "and", "months", "duration"),
    ("day", "time", "duration"),
    ("year", "month", "duration"),
)
MAX_TYPE_DEPTH = 30


def parse_type(parser: "Reader", depth: int = 0) -> n.TypeNode:
    """A type; a name that is not built in is kept, for types defined around the expression."""
    if depth > MAX_TYPE_DEPTH:
        raise FeelLimitError("too_deep")
    start = parser.token.start
    name = _type_name(parser)
    if name not in ("list", "range", "context", "function") or not parser.accept("<"):
        return n.TypeNode(name, at=start)
    if name in ("list", "range"):
        inner = parse_type(parser, depth + 1)
        parser.expect(">")
        return n.TypeNode(name, (inner,), at=start)
    if name == "context":
        return _context_type(parser, depth, start)
    arguments: list[n.TypeNode] = []
    while not parser.at(">"):
        if arguments:
            parser.expect(",")
        arguments.append(parse_type(parser, depth + 1))
    parser.index += 1
    parser.expect("->")
    return n.TypeNode("function", tuple(arguments), result=parse_type(parser, depth + 1), at=start)


def _context_type(parser: "Reader", depth: int, start: int) -> n.TypeNode:
    keys: list[str] = []
    types: list[n.TypeNode] = []
    while not parser.at(">"):
        if keys:
            parser.expect(",")
        keys.append(_key(parser))
        parser.expect(":")
        types.append(parse_type(parser, depth + 1))
    parser.index += 1
    return n.TypeNode("context", tuple(types), tuple(keys), at=start)


def _key(parser: "Reader") -> str:
    if parser.token.kind != "string":
        return parser.raw_name((":",))
    key = unescape(parser.text, parser.token)
    parser.index += 1
    return key


def _type_name(parser: "Reader") -> str:
    for parts in _SEVERAL_WORDS:
        found = tuple(t.text for t in parser.tokens[parser.index : parser.index + len(parts)])
        if found == parts:
            parser.index += len(parts)
            return " ".join(parts)
    token = parser.token
    if token.text in ("function", "null") and token.kind == "keyword":
        parser.index += 1
        return token.text
    if token.kind == "keyword":
        raise FeelSyntaxError("unknown_type", parser.text, token.start, found=token.text)
    if token.kind != "name":
        raise parser.unexpected("a type")
    name = parser.name()
    while parser.at("."):
        parser.index += 1
        name = f"{name}.{parser.name()}"
    return name
