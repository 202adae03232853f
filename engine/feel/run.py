"""One evaluation: what it may still cost, what went wrong, what time it is, and which names are visible."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from . import messages
from .errors import Fail, FeelLimitError, FeelValueError, Problem
from .values import PLAIN, to_feel

MAX_STEPS = 100_000
MAX_CALLS = 60
MAX_STRING = 200_000
MAX_PROBLEMS = 50
PATTERN_SECONDS = 0.04

Place = tuple[int, int]


class Run:
    """The budget and the findings of one evaluation."""

    __slots__ = ("calls", "left", "memo", "now", "pattern_seconds", "problems", "zone")

    def __init__(self, now: datetime | None, zone: tzinfo | None) -> None:
        self.left = MAX_STEPS
        self.calls = 0
        self.problems: list[Problem] = []
        self.now = now
        self.zone = zone
        self.memo: dict[int, tuple[Any, Any]] = {}
        self.pattern_seconds = PATTERN_SECONDS

    def charge(self, steps: int) -> None:
        """Pay for work about to be done."""
        self.left -= steps
        if self.left < 0:
            raise FeelLimitError("too_many_steps", limit=MAX_STEPS)

    def text(self, value: str) -> str:
        """Accept a text that was built, if it is not too long."""
        if len(value) > MAX_STRING:
            raise FeelLimitError("text_value_too_long", limit=MAX_STRING)
        if len(value) > 1024:
            self.charge(len(value) >> 8)
        return value

    def problem(self, place: Place, code: str, **params: Any) -> Any:
        """Keep the reason for a null, and give the null."""
        if len(self.problems) < MAX_PROBLEMS:
            message = messages.english(messages.PROBLEMS, code, params)
            self.problems.append(Problem(message, place[0], place[1], code, params))
        return None

    def failed(self, place: Place, fail: Fail) -> Any:
        """Keep the reason that a Fail carries, and give the null."""
        return self.problem(place, fail.code, **fail.params)

    def convert(self, value: Any, place: Place) -> Any:
        """The value of the language for a value of the host; containers are converted once per evaluation."""
        if type(value) in PLAIN:
            return value
        known = self.memo.get(id(value))
        if known is not None:
            return known[1]
        try:
            converted = to_feel(value)
        except FeelValueError as error:
            self.problem(place, error.code, **error.params)
            return None
        if isinstance(value, list | tuple | Mapping):
            self.memo[id(value)] = (value, converted)
        return converted


class Scope:
    """Names and their values, inside an outer scope. Only the outermost one holds values of the host."""

    __slots__ = ("names", "parent", "run")

    def __init__(self, names: Mapping[str, Any], parent: "Scope | None", run: Run) -> None:
        self.names = names
        self.parent = parent
        self.run = run

    def holder(self, name: str) -> "Scope | None":
        """The innermost scope that has a name."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope

    def read(self, name: str, place: Place) -> Any:
        """The value of a name known to be in this scope."""
        value = self.names[name]
        return value if self.parent is not None else self.run.convert(value, place)
