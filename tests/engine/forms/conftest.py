"""Small builders shared by the form tests."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from engine.forms import BoundForm, Form, load_form

FRUIT = [{"label": "苹果", "value": "apple"}, {"label": "梨", "value": "pear"}]


def form_of(*components: dict[str, Any], **top: Any) -> Form:
    """A form of these components."""
    numbered = [{"id": f"c{number}", **component} for number, component in enumerate(components)]
    return load_form(json.dumps({"type": "default", "components": numbered, **top}).encode(), "task.form")


def field(kind: str, key: str = "x", **attributes: Any) -> dict[str, Any]:
    """One component with a label."""
    return {"type": kind, "key": key, "label": f"label {key}", **attributes}


def group(path: str, *components: dict[str, Any], kind: str = "group", **attributes: Any) -> dict[str, Any]:
    """A container with numbered children."""
    inside = [{"id": f"{path}_{number}", **component} for number, component in enumerate(components)]
    return {"type": kind, "path": path, "label": path, "components": inside, **attributes}


def rows(path: str, *components: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """A repeating list."""
    return group(path, *components, kind="dynamiclist", **attributes)


def post(
    form: Form, data: dict[str, Any] | None = None, variables: dict[str, Any] | None = None, **how: Any
) -> BoundForm:
    """The form as submitted by a browser."""
    pairs = [
        (name, item) for name, value in (data or {}).items() for item in (value if isinstance(value, list) else [value])
    ]
    return form.bind(variables or {}, MultiDict(pairs), **how)


def codes(form: Form) -> list[str]:
    """The codes of what the check finds."""
    return [finding.code for finding in form.findings()]


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The builders above."""
    return SimpleNamespace(
        form=form_of, field=field, group=group, rows=rows, post=post, codes=codes, fruit=FRUIT, load=load_form
    )
