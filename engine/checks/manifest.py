"""What must hold of pack.toml as it is written: its name, its keys, its number patterns."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from engine.ledger import PLACE
from engine.packs import MANIFEST, Pack
from engine.runtime.model import Finding

KEYS = (
    *("name", "title", "source", "entry", "calendar", "personal", "common", "groups", "lanes", "numbering", "archive"),
    *("messages", "topics", "clauses", "calendars", "assumptions", "document", "channels", "retention", "rights"),
)
"""What pack.toml may say; ``document`` is for the owner alone."""
_FIELDS = {"numbering": ("year", "month", "pack", "seq"), "archive": ("year", "month", "pack", "category", "seq")}
"""Table with a number pattern -> the fields that are filled in."""


def check_manifest(pack: Pack) -> Iterator[Finding]:
    """Findings about the name of the pack, unknown keys and fields of number patterns that stay empty."""
    named = str(pack.manifest.get("name", pack.name))
    if named != pack.name:
        yield _finding(
            "warning",
            "name",
            f"name 写的是“{named}”，文件夹名是“{pack.name}”：以文件夹名为准，请写成一样",
            f"name says “{named}”, the folder is called “{pack.name}”: the folder counts; write both alike",
        )
    for key in pack.manifest:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            yield _finding(
                "warning",
                key,
                f"不认识“{key}”，它不起作用{f'；是否想写“{near[0]}”' if near else ''}。可用：{'、'.join(KEYS)}",
                f"“{key}” is not known and does nothing{f'; meant is perhaps “{near[0]}”' if near else ''}. "
                f"Known are {', '.join(KEYS)}",
            )
    for table, fields in _FIELDS.items():
        yield from _pattern(pack, table, fields)


def _pattern(pack: Pack, table: str, fields: tuple[str, ...]) -> Iterator[Finding]:
    pattern = str((pack.manifest.get(table) or {}).get("pattern", ""))
    wrong = [m[0] for m in PLACE.finditer(pattern) if m[1] not in fields]
    rest = PLACE.sub("", pattern)
    if wrong or "{" in rest or "}" in rest:
        listed = "、".join(f"{{{name}}}" for name in fields)
        place = wrong[0] if wrong else rest[max(rest.find("{"), 0) :].partition("}")[0] + "}"
        yield _finding(
            "error",
            table,
            f"编号规则“{pattern}”中的“{place}”不会被填写；可用：{listed}，位数写成 {{seq:05d}}",
            f"“{place}” in the number pattern “{pattern}” is not filled in; the fields are "
            f"{listed.replace('、', ', ')}, a width is written {{seq:05d}}",
        )


def _finding(severity: str, element: str, zh: str, en: str) -> Finding:
    return Finding(severity, MANIFEST, element, zh, en)
