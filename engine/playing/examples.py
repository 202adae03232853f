"""The example output that a modeller keeps with an element."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from engine import feel
from engine.runtime.model import Element

EXAMPLE = "camundaModeler:exampleOutputJson"
"""The zeebe property that holds it."""


def example(element: Element) -> dict[str, Any] | None:
    """The variables the element would give, as FEEL values; None when there are none or they are no JSON object."""
    try:
        return variables(element.properties.get(EXAMPLE, ""))
    except ValueError:
        return None


def variables(text: str) -> dict[str, Any]:
    """A JSON object as FEEL values. Raises ValueError."""
    try:
        values = json.loads(text, parse_float=Decimal, parse_constant=_refused)
        if not isinstance(values, dict):
            raise ValueError("{...}")
        found: dict[str, Any] = feel.to_feel(values)
    except (feel.FeelError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return found


def _refused(name: str) -> Any:
    raise ValueError(name)
