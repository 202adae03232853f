"""Looking at the XML of a DMN file: local names, children, texts."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
DISPLAY = frozenset({"description", "extensionElements"})
"""Children any element may have that say nothing about execution."""


def local(node: etree._Element) -> str:
    """The name of an element without its namespace; empty for what is no element."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def children(node: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The child elements of the DMN namespace, those of the given names if any are given."""
    space = etree.QName(node).namespace
    for child in node:
        if isinstance(child.tag, str) and etree.QName(child).namespace == space:
            name = etree.QName(child).localname
            if (name in names) if names else name not in DISPLAY:
                yield child


def child(node: etree._Element, name: str) -> etree._Element | None:
    """The first child element of a name."""
    return next(children(node, name), None)


def text_of(node: etree._Element | None) -> str:
    """The expression in an element's ``text`` child, without the white space around it."""
    inner = child(node, "text") if node is not None else None
    return "".join(str(part) for part in inner.itertext()).strip() if inner is not None else ""


def words(node: etree._Element, name: str) -> str:
    """The plain text of a child element such as a description."""
    found = child(node, name)
    return "".join(str(part) for part in found.itertext()).strip() if found is not None else ""


def name_of(node: etree._Element) -> str:
    """The ``name`` attribute with white space normalised, as names are compared."""
    return " ".join((node.get("name") or "").split())
