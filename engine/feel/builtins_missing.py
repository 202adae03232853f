"""Functions of the Camunda family about values that may be missing; they are not in the standard."""

from typing import Any

from .builtin import builtin
from .errors import FeelAssertionError
from .run import Run


@builtin("is defined", "value")
def is_defined(_: Run, value: Any) -> bool:
    """Whether a value is there: false for null, a missing variable and a missing entry."""
    return value is not None


@builtin("get or else", "value, default")
def get_or_else(_: Run, value: Any, default: Any) -> Any:
    """A value, or the default where it is null or missing."""
    return default if value is None else value


@builtin("assert", "value, condition, cause?: string")
def assert_that(_: Run, value: Any, condition: Any, cause: str | None) -> Any:
    """A value; FeelAssertionError ends the evaluation unless the condition is true."""
    if condition is True:
        return value
    if cause is None:
        raise FeelAssertionError("assertion")
    raise FeelAssertionError("assertion_cause", cause=cause)
