"""Changes to decision tables that take a rule row's force away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from engine import xml


@dataclass(frozen=True)
class Row:
    """One rule of a decision table."""

    id: str
    fired: str
    """how a run tells that it fired: ``decision#number``, counted from 1"""
    text: str
    """everything it says"""
    content: bytes
    """the file without it"""


def without_rows(content: bytes) -> Iterator[Row]:
    """Every rule of every table of a file, and the file without it."""
    for number in range(len(_rows(xml.parse(content, "")))):
        root = xml.parse(content, "")
        row = _rows(root)[number]
        table = row.getparent()
        if table is None:
            continue
        owner = next((e.get("id", "") for e in row.iterancestors("{*}decision", "{*}businessKnowledgeModel")), "")
        fired = f"{owner}#{table.findall('{*}rule').index(row) + 1}"
        said = " ".join(str(text).strip() for text in row.itertext() if str(text).strip())
        table.remove(row)
        yield Row(row.get("id", str(number + 1)), fired, said, bytes(etree.tostring(root)))


def _rows(root: etree._Element) -> list[etree._Element]:
    return list(root.iterfind(".//{*}decisionTable/{*}rule"))
