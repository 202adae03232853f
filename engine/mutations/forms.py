"""Changes to a form that take a field's force away."""

from __future__ import annotations

import json
from typing import Any


def optional(content: bytes, key: str) -> bytes | None:
    """The field ``key`` is not checked any more; one that had no check is gone. None when there is no such field."""
    form = json.loads(content)
    return json.dumps(form, ensure_ascii=False).encode() if _weaken(form.get("components", []), key) else None


def _weaken(components: list[dict[str, Any]], key: str) -> bool:
    for component in components:
        if component.get("key") == key:
            if component.pop("validate", None) is None:
                components.remove(component)
            return True
        if _weaken(component.get("components", []), key):
            return True
    return False
