"""Changes to decision tables that take a rule row's force away."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine import xml


def without_rows(content: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(row id, everything the row says, the file without the row) for every rule of every table."""
    rows = list(xml.parse(content, "").iterfind(".//{*}decisionTable/{*}rule"))
    for number in range(len(rows)):
        root = xml.parse(content, "")
        row = list(root.iterfind(".//{*}decisionTable/{*}rule"))[number]
        said = " ".join(str(text).strip() for text in row.itertext() if str(text).strip())
        parent = row.getparent()
        if parent is not None:
            parent.remove(row)
            yield row.get("id", str(number + 1)), said, bytes(etree.tostring(root))
