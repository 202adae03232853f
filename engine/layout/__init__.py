"""Draws a BPMN file: left to right, a row or more per lane, orthogonal edges, labels beside them."""

from __future__ import annotations

from lxml import etree

from engine import xml
from engine.errors import ModelInvalid
from engine.layout.draw import draw
from engine.layout.graph import BPMN, Box, Scope, read_scope
from engine.layout.place import HEADER, lay_out
from engine.layout.search import Effort
from engine.runtime.model import COUNTED

__all__ = ["layout"]

_B = f"{{{BPMN}}}"
_ORIGIN = (160.0, 80.0)
_POOL_GAP = 60.0
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_BLACK_BOX_HEIGHT = 60.0


def layout(content: bytes) -> bytes:
    """Return the BPMN file ``content`` with its diagram replaced by a new one; the process itself is not touched.

    Raises ModelInvalid when the content is not well-formed or unsafe XML, or far too large a diagram.
    """
    root = xml.parse(content, "diagram.bpmn")
    if root.tag != f"{_B}definitions":
        reason = {"zh": "不是 BPMN 2.0 文件，未作改动", "en": "this is not a BPMN 2.0 file; nothing was changed"}
        raise ModelInvalid(file="diagram.bpmn", element="-", reason=reason)
    xml.check_size(root, "diagram.bpmn", COUNTED)
    scopes = {p.get("id", ""): read_scope(p) for p in root.findall(f"{_B}process")}
    participants = root.findall(f"{_B}collaboration/{_B}participant")
    effort = Effort()
    sizes = {ident: lay_out(scope, effort) for ident, scope in scopes.items()}
    pools: dict[str, Box] = {}
    x, y = _ORIGIN
    widest = max((w for w, _ in sizes.values()), default=600.0)
    pooled = {p.get("processRef") for p in participants}
    for ident, scope in scopes.items():
        if ident not in pooled:
            scope.shift(x, y)
            y += sizes[ident][1] + _POOL_GAP
    for participant in participants:
        height = _place_pool(scopes.get(participant.get("processRef", "")), sizes, (x, y))
        pools[participant.get("id", "")] = Box(x, y, widest + HEADER, height)
        y += height + _POOL_GAP
    _even_lanes(scopes, participants, widest)
    draw(root, scopes, pools)
    etree.indent(root, "  ")
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", pretty_print=True)


def _place_pool(scope: Scope | None, sizes: dict[str, tuple[float, float]], at: tuple[float, float]) -> float:
    """Move a process into its pool and return the pool's height."""
    if scope is None:
        return _BLACK_BOX_HEIGHT
    scope.shift(at[0] + (0 if scope.lanes else HEADER), at[1])
    return sizes[scope.id][1]


def _even_lanes(scopes: dict[str, Scope], participants: list[etree._Element], widest: float) -> None:
    for participant in participants:
        scope = scopes.get(participant.get("processRef", ""))
        for lane in scope.lanes if scope is not None else ():
            lane.box.width = _ORIGIN[0] + widest + HEADER - lane.box.x
