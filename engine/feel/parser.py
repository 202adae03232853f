"""Tokens to a syntax tree: operator precedence parsing of DMN 1.3 FEEL (10.3.1.2)."""

from collections.abc import Iterable
from decimal import Decimal

from . import nodes as n
from .errors import FeelLimitError, FeelSyntaxError
from .lexer import Token, unescape
from .parser_types import parse_type
from .reader import Reader
from .scope_names import NameTable

MAX_DEPTH = 90
MAX_CHAIN = 200

# Binding powers, from the order of the grammar rules: what binds tighter has the higher number.
OR, AND, COMPARE, ADD, MULTIPLY, POWER, NEGATE, INSTANCE, POSTFIX = range(1, 10)
_BINARY = {"+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "**": POWER}
_COMPARE = {"=", "!=", "<", "<=", ">", ">="}
_INFIX = {
    "or": OR,
    "and": AND,
    "between": COMPARE,
    "in": COMPARE,
    "instance": INSTANCE,
    ".": POSTFIX,
    "[": POSTFIX,
    "(": POSTFIX,
    **_BINARY,
    **dict.fromkeys(_COMPARE, COMPARE),
}


class Parser(Reader):
    """One pass over one text."""

    def __init__(self, text: str, names: Iterable[str], functions: NameTable) -> None:
        super().__init__(text, names, functions)
        self._depth = 0
        self._bracket_may_close = False

    # -- expressions ----------------------------------------------------------------------------------------------

    def expression(self, power: int = 0) -> n.Node:
        """An expression whose operators bind tighter than `power`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FeelLimitError("too_deep")
        node = self.infix(self._prefix(), power)
        self._depth -= 1
        return node

    def enclosed(self) -> n.Node:
        """An expression inside brackets, where a "[" opens a filter and never closes an interval."""
        before, self._bracket_may_close = self._bracket_may_close, False
        node = self.expression()
        self._bracket_may_close = before
        return node

    def infix(self, left: n.Node, power: int) -> n.Node:
        """Continue an expression after its first operand."""
        for _ in range(MAX_CHAIN):
            token = self.token
            binding = _INFIX.get(token.text, 0) if token.kind in ("op", "keyword") else 0
            if binding <= power or (token.text == "[" and self._closes_interval()):
                return left
            left = self._operator(left, token)
        raise FeelLimitError("too_deep")

    def _operator(self, left: n.Node, token: Token) -> n.Node:
        self.index += 1
        word, at = token.text, token.start
        if word in _BINARY:
            return n.Arithmetic(word, left, self._value(_BINARY[word]), at=at)
        if word in _COMPARE:
            return n.Comparison(word, left, self._compared(token), at=at)
        if word in ("and", "or"):
            return self._logic(word, left, at)
        if word == "between":
            low = self._value(COMPARE)
            self.expect("and")
            return n.Between(left, low, self._value(COMPARE), at=at)
        if word == "in":
            return n.In(left, self._in_tests(), at=at)
        if word == "instance":
            if self.token.text != "of":
                raise self.unexpected("of")
            self.index += 1
            return n.InstanceOf(left, parse_type(self), at=at)
        if word == ".":
            return n.Path(left, self.member(), at=at)
        if word == "[":
            condition = self.enclosed()
            self.expect("]")
            return n.Filter(left, condition, at=at)
        return self._call(left)

    def _value(self, power: int) -> n.Node:
        """The other side of an operator: a comparison without its left side is no value unless in parentheses."""
        if self.at(*_COMPARE):
            raise self.unexpected("a value")
        return self.expression(power)

    def _compared(self, operator: Token) -> n.Node:
        """The right side of a comparison. "x = >=2" compares with a range (DMN 1.4); "x => 2" is a slip."""
        if operator.text in ("=", "!=") and self.token.start > operator.end:
            return self.expression(COMPARE)
        return self._value(COMPARE)

    def _logic(self, word: str, left: n.Node, at: int) -> n.Node:
        operands = [left]
        power = AND if word == "and" else OR
        operands.append(self.expression(power))
        while self.accept(word):
            operands.append(self.expression(power))
        return n.Logic(word, tuple(operands), at=at)

    def _call(self, function: n.Node) -> n.Node:
        arguments: list[n.Node] = []
        names: list[str] = []
        while not self.at(")"):
            if arguments:
                self.expect(",")
            if self.name_before(":"):
                names.append(self.raw_name((":",)))
                self.index += 1
            arguments.append(self.enclosed())
        if names and len(names) != len(arguments):
            raise FeelSyntaxError("mixed_arguments", self.text, self.token.start)
        self.index += 1
        return n.Call(function, tuple(arguments), tuple(names) if names else None, at=function.at)

    def _in_tests(self) -> tuple[n.Node, ...]:
        if not self.at("("):
            return (self.test(ADD - 1),)
        start = self.token.start
        self.index += 1
        first = self.test()
        if self.at(","):
            tests = [first]
            while self.accept(","):
                tests.append(self.test())
            self.expect(")")
            return tuple(tests)
        node = self._close_parenthesis(first, start)
        return (node if isinstance(node, n.Unary) else self.infix(node, ADD - 1),)

    def test(self, power: int = 0) -> n.Node:
        """A unary test (rule 7): an expression, or a comparison without its left side."""
        if self.at("=", "!="):
            token = self.token
            self.index += 1
            return n.Unary(token.text, self._value(COMPARE), at=token.start)
        return self.expression(power)

    # -- the first operand ----------------------------------------------------------------------------------------

    def _prefix(self) -> n.Node:
        token = self.token
        named = self.known_name()
        if named is not None or token.kind == "name":
            if named is None and token.text == "not" and self.tokens[self.index + 1].kind == "name":
                raise FeelSyntaxError("not_without_parentheses", self.text, token.start)
            return n.Name(self.name(), at=token.start)
        if token.kind == "number":
            self.index += 1
            return n.Literal(Decimal(token.text), at=token.start)
        if token.kind == "string":
            self.index += 1
            return n.Literal(unescape(self.text, token), at=token.start)
        handler = _PREFIX.get(token.text) if token.kind in ("op", "keyword") else None
        if handler is None:
            raise self.unexpected("a value")
        self.index += 1
        return handler(self, token)

    def constant(self, token: Token) -> n.Node:
        value = {"true": True, "false": False, "null": None}[token.text]
        return n.Literal(value, at=token.start)

    def negation(self, token: Token) -> n.Node:
        return n.Negation(self.expression(NEGATE), at=token.start)

    def unary(self, token: Token) -> n.Node:
        return n.Unary(token.text, self._value(COMPARE), at=token.start)

    def at_literal(self, token: Token) -> n.Node:
        string = self.token
        if string.kind != "string":
            raise self.unexpected("a text")
        self.index += 1
        return n.AtLiteral(unescape(self.text, string), at=token.start)

    def parenthesis(self, token: Token) -> n.Node:
        before, self._bracket_may_close = self._bracket_may_close, False
        node = self._close_parenthesis(self.test(), token.start)
        self._bracket_may_close = before
        return node

    def _close_parenthesis(self, first: n.Node, start: int) -> n.Node:
        if self.at(".."):
            return self._interval(first, False, start)
        self.expect(")")
        return first

    def bracket(self, token: Token) -> n.Node:
        items: list[n.Node] = []
        while not self.at("]"):
            if items:
                self.expect(",")
            items.append(self.enclosed())
            if len(items) == 1 and self.at(".."):
                return self._interval(items[0], True, token.start)
        self.index += 1
        return n.ListOf(tuple(items), at=token.start)

    def open_interval(self, token: Token) -> n.Node:
        low = self.enclosed()
        if not self.at(".."):
            raise self.unexpected("..")
        return self._interval(low, False, token.start)

    def _interval(self, low: n.Node, low_included: bool, start: int) -> n.Node:
        self.expect("..")
        before, self._bracket_may_close = self._bracket_may_close, True
        high = self.expression()
        self._bracket_may_close = before
        if not self.at("]", ")", "["):
            raise self.unexpected("] or )")
        self.index += 1
        return n.Interval(low, high, low_included, self.tokens[self.index - 1].text == "]", at=start)

    def _closes_interval(self) -> bool:
        if not self._bracket_may_close:
            return False
        after = self.tokens[self.index + 1]
        if after.kind in ("name", "number", "string"):
            return False
        return after.text not in {"true", "false", "null", "if", "for", "some", "every", "function", "(", "[", "-", "@"}

    def braces(self, token: Token) -> n.Node:
        entries: list[tuple[str, n.Node]] = []
        visible = len(self.locals)
        while not self.at("}"):
            if entries:
                self.expect(",")
            if self.token.kind == "string":
                key = unescape(self.text, self.token)
                self.index += 1
            else:
                key = self.raw_name((":",))
            self.expect(":")
            entries.append((key, self.enclosed()))
            self.declare(key)
        self.index += 1
        del self.locals[visible:]
        return n.ContextOf(tuple(entries), at=token.start)

    def conditional(self, token: Token) -> n.Node:
        condition = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return n.If(condition, then, self.expression(), at=token.start)

    def iteration(self, token: Token) -> n.Node:
        visible = len(self.locals)
        iterators = self._iterators("return")
        node = n.For(iterators, self.expression(), at=token.start)
        del self.locals[visible:]
        return node

    def quantified(self, token: Token) -> n.Node:
        visible = len(self.locals)
        iterators = self._iterators("satisfies")
        node = n.Quantified(token.text, iterators, self.expression(), at=token.start)
        del self.locals[visible:]
        return node

    def _iterators(self, end: str) -> tuple[n.Iterator, ...]:
        found: list[n.Iterator] = []
        while True:
            name = self.raw_name(("in",))
            self.expect("in")
            domain = self.expression()
            last = self.expression() if self.accept("..") else None
            found.append(n.Iterator(name, domain, last))
            self.declare(name)
            if not self.accept(","):
                self.expect(end)
                return tuple(found)

    def function(self, token: Token) -> n.Node:
        self.expect("(")
        visible = len(self.locals)
        parameters: list[tuple[str, n.TypeNode | None]] = []
        while not self.at(")"):
            if parameters:
                self.expect(",")
            name = self.raw_name((":", ",", ")"))
            parameters.append((name, parse_type(self) if self.accept(":") else None))
            self.declare(name)
        self.index += 1
        if self.token.text == "external":
            raise FeelSyntaxError("external_function", self.text, self.token.start)
        body = self.expression()
        del self.locals[visible:]
        return n.FunctionOf(tuple(parameters), body, at=token.start)


_PREFIX = {
    "true": Parser.constant,
    "false": Parser.constant,
    "null": Parser.constant,
    "-": Parser.negation,
    "<": Parser.unary,
    "<=": Parser.unary,
    ">": Parser.unary,
    ">=": Parser.unary,
    "@": Parser.at_literal,
    "(": Parser.parenthesis,
    "[": Parser.bracket,
    "]": Parser.open_interval,
    "{": Parser.braces,
    "if": Parser.conditional,
    "for": Parser.iteration,
    "some": Parser.quantified,
    "every": Parser.quantified,
    "function": Parser.function,
}


def parse_expression(text: str, names: Iterable[str], functions: NameTable) -> n.Node:
    """The syntax tree of an expression."""
    parser = Parser(text, names, functions)
    node = parser.expression()
    parser.finish()
    return node


def parse_tests(text: str, names: Iterable[str], functions: NameTable) -> n.Tests:
    """The syntax tree of a decision table cell (rules 14 to 17): "-", tests, or not(tests)."""
    parser = Parser(text, names, functions)
    if parser.token.kind == "end" or (parser.token.text == "-" and parser.tokens[1].kind == "end"):
        return n.Tests(())
    if parser.token.text == "not" and parser.tokens[1].text == "(":
        parser.index = 2
        items = _test_list(parser)
        if parser.accept(")") and parser.token.kind == "end":
            return n.Tests(items, negated=True)
        parser = Parser(text, names, functions)
    items = _test_list(parser)
    parser.finish()
    return n.Tests(items)


def _test_list(parser: Parser) -> tuple[n.Node, ...]:
    items = [parser.test()]
    while parser.accept(","):
        items.append(parser.test())
    return tuple(items)
