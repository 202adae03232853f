"""The allow-list of side effects a service or send task may ask for, with the inputs each needs."""

from __future__ import annotations

TOPICS: dict[str, frozenset[str]] = {
    "notify": frozenset({"letter", "to"}),
    "ledger": frozenset(),
    "archive": frozenset({"class", "retention"}),
    "suggestion": frozenset({"text"}),
    "escalate": frozenset({"reason"}),
    "webhook": frozenset({"url"}),
}
"""topic -> required inputs"""
