"""Reading XML that comes from outside: no document types, no entities, no network, bounded size and depth."""

from __future__ import annotations

from lxml import etree

from engine.errors import ModelInvalid

MAX_BYTES = 5_000_000
MAX_DEPTH = 200


def parse(content: bytes, file: str) -> etree._Element:
    """Return the root element of ``content``.

    Raises ModelInvalid naming ``file`` and the line when the document is not well formed, too large, too deep
    or declares a document type (the carrier of external entities and entity expansion).
    """
    if len(content) > MAX_BYTES:
        raise _refused(file, "文件超过 5 MB", "the file is larger than 5 MB")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content[:200]:
        raise _refused(
            file,
            "文件声明了 DOCTYPE 或实体，出于安全不予读取；请从建模工具重新导出",
            "it declares a DOCTYPE or entities, which are refused for safety; export it again from the modeller",
        )
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
    _check_depth(root, file)
    return root


def _check_depth(root: etree._Element, file: str) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise _refused(file, "XML 嵌套过深", "the XML is nested too deeply")


def _refused(file: str, zh: str, en: str) -> ModelInvalid:
    return ModelInvalid(file=file, element="-", reason={"zh": zh, "en": en})
