"""Functions of the Camunda family that write and read texts for other programs; they are not in the standard."""

import json
from base64 import b64encode
from decimal import Decimal
from typing import Any, NoReturn

from .builtin import builtin
from .errors import Fail, FeelValueError
from .run import Run
from .text import string
from .values import Function, Range, kind, to_feel


@builtin("to base64", "value: string")
def to_base64(run: Run, text: str) -> str:
    """The UTF-8 bytes of a text in Base64."""
    return run.text(b64encode(text.encode(errors="replace")).decode())


@builtin("to json", "value")
def to_json(run: Run, value: Any) -> str:
    """A value as JSON; dates, times and durations become texts."""
    return run.text(_written(run, value))


def _written(run: Run, value: Any) -> str:
    run.charge(2)
    if isinstance(value, dict):
        return "{" + ",".join([f"{_quoted(run, key)}:{_written(run, item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_written(run, item) for item in value]) + "]"
    if value is None or isinstance(value, bool | Decimal):
        return string(value)
    if isinstance(value, Range | Function):
        raise Fail("wrong_type", operation="to json", kind=kind(value))
    return _quoted(run, string(value))


def _quoted(run: Run, text: str) -> str:
    run.charge(len(text) >> 4)
    return json.dumps(text, ensure_ascii=False)


@builtin("from json", "value: string")
def from_json(run: Run, text: str) -> Any:
    """The value that a JSON text stands for; nothing in it is read as a date."""
    run.charge(len(text) >> 2)
    try:
        return to_feel(json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refused))
    except (ValueError, FeelValueError):
        raise Fail("argument_value", function="from json", name="value", value=text[:40]) from None


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)
