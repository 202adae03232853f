"""Who may depend on whom: web → engine → SpiffWorkflow and SQLAlchemy, and never back."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p for top in ("engine", "web") for p in (ROOT / top).rglob("*.py") if "static" not in p.parts)
MAX_LINES = 400


def modules(top: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] == top:
            yield path, ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(top: str, forbidden: tuple[str, ...], allowed_in: str = "-") -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in modules(top)
        if not path.relative_to(ROOT).as_posix().startswith(allowed_in)
        for name in imports(tree)
        if any(name == f or name.startswith(f + ".") for f in forbidden)
    ]


def test_the_engine_knows_no_web() -> None:
    assert offenders("engine", ("web", "flask", "flask_wtf", "flask_login", "werkzeug")) == []


def test_only_the_runtime_knows_spiffworkflow() -> None:
    assert offenders("engine", ("SpiffWorkflow",), "engine/runtime/") == []
    assert offenders("web", ("SpiffWorkflow", "sqlalchemy", "engine.models", "engine.store")) == []
    runtime = {o.split(": ")[1] for o in offenders("web", ("engine.runtime",))}
    assert all(name.startswith("engine.runtime.model") for name in runtime), runtime


def test_the_runtime_knows_no_database_and_no_use_case() -> None:
    for path, tree in modules("engine"):
        if "runtime" in path.parts:
            known = {n for n in imports(tree) if n.startswith("engine.") and n.count(".") == 1}
            assert known <= {"engine.feel", "engine.errors", "engine.xml", "engine.calendars", "engine.runtime"}, path
            assert not any(n.startswith("sqlalchemy") for n in imports(tree)), path


def test_the_expression_language_knows_nothing_of_the_rest() -> None:
    for path, tree in modules("engine"):
        if "feel" in path.relative_to(ROOT).parts[:2]:
            names = {n for n in imports(tree) if n.split(".")[0] in ("engine", "web")}
            assert all(n == "engine" or n.startswith("engine.feel") for n in names), path


def test_only_the_clock_asks_what_time_it_is() -> None:
    asked = []
    for path, tree in modules("engine"):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value).split(".")[-1]
            if (owner, node.func.attr) in {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
                ("time", "time"),
            }:
                asked.append(path.relative_to(ROOT).as_posix())
    assert set(asked) <= {"engine/clock.py"}


def test_policy_contains_no_python() -> None:
    assert [str(p) for p in (ROOT / "processes").rglob("*.py*")] == []


@pytest.mark.parametrize("top", ["engine", "web"])
def test_files_stay_small(top: str) -> None:
    long = {
        p.relative_to(ROOT).as_posix(): lines
        for p in SOURCES
        if p.relative_to(ROOT).parts[0] == top and (lines := len(p.read_text("utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_importing_the_engine_loads_no_web() -> None:
    script = "import engine, sys; assert not {'flask', 'web'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
