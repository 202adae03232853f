"""Reading XML that comes from outside: no document types, no entities, no network, bounded size and depth."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from engine.errors import ModelInvalid

MAX_BYTES = 5_000_000
MAX_DEPTH = 200
MAX_NODES = 100_000
MAX_ELEMENTS = 3_000
"""Shapes and lines of one diagram."""
MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE = 200_000
"""Characters of one attribute (a modeller may keep an icon in one); the text of an element may have five times as many."""


def parse(content: bytes, file: str) -> etree._Element:
    """Return the root element of ``content``.

    Raises ModelInvalid naming ``file`` and the line when the document is not well formed, too large (bytes or nodes),
    too deep or declares a document type (the carrier of external entities and entity expansion), in any encoding.
    """
    if len(content) > MAX_BYTES:
        raise _refused(file, "文件超过 5 MB", "the file is larger than 5 MB")
    if b"\x00" in content[:200]:
        raise _refused(
            file,
            "文件不是以 UTF-8 编码的文本；请从建模工具重新导出",
            "it is not a text in UTF-8; export it again from the modeller",
        )
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _declared(file)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or "?"
        raise _refused(
            file, f"XML 格式错误（第 {line} 行）：{error}", f"the XML is not well formed (line {line}): {error}"
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _declared(file)
    _check_shape(root, file)
    return root


def check_size(root: etree._Element, file: str, tags: Iterable[str]) -> None:
    """Raises ModelInvalid when a diagram has more than MAX_ELEMENTS elements with one of the qualified ``tags``."""
    count = sum(1 for _ in root.iter(*tags))
    if count > MAX_ELEMENTS:
        raise _refused(
            file,
            f"图中有 {count} 个图形和连线，上限是 {MAX_ELEMENTS} 个；请把一部分画成单独的流程，用调用活动调用",
            f"the diagram has {count} shapes and lines, the limit is {MAX_ELEMENTS}; draw parts of it as processes of their own and call them",
        )


def _check_shape(root: etree._Element, file: str) -> None:
    depth = count = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH:
            raise _refused(file, "XML 嵌套过深", "the XML is nested too deeply")
        if count > MAX_NODES:
            raise _refused(file, f"XML 超过 {MAX_NODES} 个节点", f"the XML has more than {MAX_NODES} nodes")
        if event == "start" and _swollen(node):
            raise _refused(
                file,
                f"第 {node.sourceline} 行的元素有太多或太长的属性或文字（上限 {MAX_ATTRIBUTES} 个属性，每个 {MAX_ATTRIBUTE} 字）",
                f"the element in line {node.sourceline} has too many or too long attributes, or too long a text (at most {MAX_ATTRIBUTES} attributes of {MAX_ATTRIBUTE} characters)",
            )


def _swollen(node: etree._Element) -> bool:
    longest = max(map(len, node.attrib.values()), default=0) if len(node.attrib) <= MAX_ATTRIBUTES else MAX_BYTES
    return longest > MAX_ATTRIBUTE or len(node.text or "") > 5 * MAX_ATTRIBUTE


def _declared(file: str) -> ModelInvalid:
    return _refused(
        file,
        "文件声明了 DOCTYPE 或实体，出于安全不予读取；请从建模工具重新导出",
        "it declares a DOCTYPE or entities, which are refused for safety; export it again from the modeller",
    )


def _refused(file: str, zh: str, en: str) -> ModelInvalid:
    return ModelInvalid(file=file, element="-", reason={"zh": zh, "en": en})
