"""Where the inputs of a bound form come from: an HTML submission, a saved draft, a JSON value, or nothing yet.

Names in HTML: a field is called like its dotted path with row numbers (``items.0.amount``). Every row sends a marker
``items.0:row``; the buttons ``items:add`` and ``items.0:remove`` change the rows without any script.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

Path = tuple[str | int, ...]

MISSING = object()


class MultiDict(Protocol):
    """What is used of werkzeug's MultiDict."""

    def getlist(self, key: str, /) -> Sequence[Any]: ...
    def __iter__(self) -> Any: ...


class Source:
    """No input yet: every field shows its initial value."""

    strict = False
    """Whether values must have their JSON type and locked fields must not be sent other values."""

    def texts(self, name: str) -> list[str] | None:
        """The texts under a name, or None to fall back to the initial value."""
        return None

    def given(self, path: Path) -> Any:
        """The JSON value at a path, or MISSING."""
        return MISSING

    def uploads(self, name: str) -> list[Any]:
        """The files sent under a name."""
        return []

    def row_numbers(self, name: str, path: Path) -> list[int] | None:
        """The rows of a list by their numbers in this source, or None to fall back to the initial ones."""
        return None

    def action(self, name: str) -> bool:
        """Whether the button ``name`` was pressed."""
        return False


def look_up(data: Any, path: Iterable[str | int]) -> Any:
    """The value at a path of dicts and lists, or MISSING."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(data, list | tuple) or not 0 <= part < len(data):
                return MISSING
            data = data[part]
        elif isinstance(data, Mapping) and part in data:
            data = data[part]
        else:
            return MISSING
    return data


def _numbers(names: Iterable[str], name: str) -> list[int]:
    """The row numbers of list ``name`` met in ``names``, ascending."""
    pattern = re.compile(re.escape(name) + r"\.(\d{1,6})[.:]", re.ASCII)
    return sorted({int(match[1]) for match in map(pattern.match, names) if match})


class FormData(Source):
    """A submitted HTML form. What is not sent is empty, as browsers do for unticked boxes."""

    def __init__(self, data: MultiDict) -> None:
        self.data = data
        self.names = [name for name in data if isinstance(name, str)]

    def texts(self, name: str) -> list[str] | None:
        return [item for item in self.data.getlist(name) if isinstance(item, str)]

    def uploads(self, name: str) -> list[Any]:
        return [item for item in self.data.getlist(name) if getattr(item, "filename", None)]

    def row_numbers(self, name: str, path: Path) -> list[int] | None:
        return _numbers(self.names, name)

    def action(self, name: str) -> bool:
        return name in self.names


class Draft(Source):
    """A saved draft: texts by name as ``BoundForm.draft`` gives them, or nested values as programs save them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def texts(self, name: str) -> list[str] | None:
        value = self.data.get(name)
        if isinstance(value, str):
            return [value]
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return list(value)
        return None

    def given(self, path: Path) -> Any:
        return look_up(self.data, path)

    def row_numbers(self, name: str, path: Path) -> list[int] | None:
        nested = look_up(self.data, path)
        if isinstance(nested, list | tuple):
            return list(range(len(nested)))
        found = _numbers([key for key in self.data if isinstance(key, str)], name)
        return found if found or f"{name}:rows" in self.data else None


class JsonValues(Source):
    """Values sent by a program. What is not sent keeps its initial value; null empties."""

    strict = True

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def given(self, path: Path) -> Any:
        return look_up(self.data, path)

    def row_numbers(self, name: str, path: Path) -> list[int] | None:
        value = self.given(path)
        if value is MISSING:
            return None
        return list(range(len(value))) if isinstance(value, list | tuple) else []
