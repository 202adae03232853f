"""Errors of compiling and evaluating, and the reasons that explain a null."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from . import messages


class FeelError(Exception):
    """Anything the expression language refuses."""

    table = messages.PROBLEMS

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        self.message = messages.english(self.table, code, params)
        super().__init__(self.message)

    def en(self) -> str:
        """The error in English."""
        return self.message

    def zh(self) -> str:
        """The error in Chinese."""
        return messages.chinese(self.table, self.code, self.params)


class FeelSyntaxError(FeelError):
    """The text is not a FEEL expression: what was found, what is expected, and where."""

    table = messages.SYNTAX

    def __init__(self, code: str, text: str, offset: int, **params: Any) -> None:
        super().__init__(code, **params)
        self.text = text
        self.line, self.column = position(text, offset)

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})"

    def en(self) -> str:
        """The error in English, with the line of text and a caret under the place."""
        return f"Line {self.line}, column {self.column}: {self.message}\n{pointed(self.text, self.line, self.column)}"

    def zh(self) -> str:
        """The error in Chinese, with the line of text and a caret under the place."""
        shown = pointed(self.text, self.line, self.column)
        return f"第 {self.line} 行第 {self.column} 列：{super().zh()}\n{shown}"


class FeelLimitError(FeelError):
    """The expression would cost more than an expression may: steps, depth or size."""

    table = messages.LIMITS


class FeelValueError(FeelError):
    """A Python value that the expression language does not know, or cannot store."""


class FeelAssertionError(FeelError):
    """The condition of `assert` does not hold."""


class Fail(Exception):
    """Inside the package: this operation yields null, for the reason given."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a part of an expression is null."""

    message: str
    line: int
    column: int
    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def zh(self) -> str:
        """The reason in Chinese."""
        return messages.chinese(messages.PROBLEMS, self.code, self.params)


@dataclass(frozen=True, slots=True)
class Result:
    """A value and the problems met on the way to it."""

    value: Any
    problems: tuple[Problem, ...]


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset into a text."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1


def pointed(text: str, line: int, column: int) -> str:
    """The line of a text around a column, and under it a caret at the column; both counted from 1."""
    lines = text.split("\n")
    whole = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    first = max(0, column - 61)
    shown = "".join(c if c.isprintable() else " " for c in whole[first : column + 60])
    before = shown[: column - 1 - first]
    pad = "".join("\u3000" if unicodedata.east_asian_width(c) in "WF" else " " for c in before)
    return f"{shown}\n{pad}^"
