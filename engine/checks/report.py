"""Making findings about a process."""

from __future__ import annotations

from engine.runtime.model import Finding, Process


def error(process: Process, element: str | None, zh: str, en: str) -> Finding:
    """Something the engine cannot execute."""
    return Finding("error", process.file, element, zh, en)


def info(process: Process, element: str | None, zh: str, en: str) -> Finding:
    """Something worth knowing."""
    return Finding("info", process.file, element, zh, en)


def warning(process: Process, element: str | None, zh: str, en: str) -> Finding:
    """Something that is probably not meant."""
    return Finding("warning", process.file, element, zh, en)
