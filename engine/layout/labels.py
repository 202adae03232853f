"""Where the names of events, gateways and flows stand: the first place that touches nothing, else the least bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from engine.layout.graph import Box, Edge, Node, Point, Scope, label_size

_GAP = 4.0
_MANY = 2_000
"""Shapes and pieces of lines among which no label looks for a free place any more."""
_ASIDE = 6.0
"""Distance of a flow's label from its line: the mark of a default flow fits between."""


def label_scope(scope: Scope) -> None:
    """Give every outside label of ``scope`` (not of nested ones) its box."""
    shapes = [n.box for n in scope.nodes.values()]
    edges = scope.flows + scope.associations
    segments = [
        Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1])).grown(1.0)
        for e in edges
        for a, b in _pairs(e)
    ]
    borders = [Box(lane.box.x, lane.box.y - 1, lane.box.width, 2) for lane in scope.lanes]
    placed: list[Box] = []
    crowded = len(shapes) + len(segments) > _MANY

    def choose(candidates: Iterable[tuple[float, Box]]) -> Box:
        def cost(candidate: tuple[float, Box]) -> float:
            extra, box = candidate
            return (
                extra
                + 100 * sum(box.overlaps(s) for s in shapes)
                + 100 * sum(box.overlaps(p) for p in placed)
                + 25 * sum(box.overlaps(s) for s in segments)
                + 10 * sum(box.overlaps(b) for b in borders)
            )

        box = next(iter(candidates))[1] if crowded else min(candidates, key=cost)[1]
        placed.append(box.grown(1.0))
        return box

    for node in sorted(scope.nodes.values(), key=lambda n: n.host is None):
        if node.has_outside_label:
            node.label = choose(_around(node))
    for edge in scope.flows:
        if edge.name and edge.points:
            shared = any(
                o is not edge and o.source == edge.source and o.points[:1] == edge.points[:1] for o in scope.flows
            )
            edge.label = choose(_along(edge, shared))


def _pairs(edge: Edge) -> Iterator[tuple[Point, Point]]:
    return pairwise(edge.points)


def _around(node: Node) -> Iterator[tuple[float, Box]]:
    width, height = label_size(node.name)
    box = node.box
    if node.host is not None:
        yield 0, Box(box.cx + _GAP, box.bottom, width, height)
        yield 1, Box(box.cx - _GAP - width, box.bottom, width, height)
        yield 2, Box(box.cx + _GAP, box.bottom + _GAP, width, height)
        return
    above, below = box.y - height - _GAP, box.bottom + _GAP
    first, second = (above, below) if node.is_gateway else (below, above)
    yield 0, Box(box.cx - width / 2, first, width, height)
    yield 1, Box(box.cx - width / 2, second, width, height)
    for penalty, y in ((2, first), (3, second)):
        yield penalty, Box(box.cx + _GAP, y, width, height)
        yield penalty + 0.5, Box(box.cx - width - _GAP, y, width, height)
    for penalty, y in ((4, box.y - height + 8), (5, box.bottom - 8)):
        yield penalty, Box(box.right - 8, y, width, height)
        yield penalty + 0.5, Box(box.x + 8 - width, y, width, height)


def _along(edge: Edge, shared: bool) -> Iterator[tuple[float, Box]]:
    width, height = label_size(edge.name)
    for index, (a, b) in enumerate(_pairs(edge)):
        length = abs(a[0] - b[0]) + abs(a[1] - b[1])
        far = 6.0 * index if not shared else 0.0 if index == len(edge.points) - 2 else 30.0
        for along in (0.0, 0.25, 0.5):
            penalty = far + 3 * along
            if a[1] == b[1]:
                if length < width + 2 * _GAP:
                    penalty += 8
                step = (_GAP + along * max(0.0, length - width - 2 * _GAP)) * (1 if b[0] > a[0] else -1)
                x = a[0] + step - (0 if b[0] > a[0] else width)
                yield penalty, Box(x, a[1] - height - _ASIDE, width, height)
                yield penalty + 1, Box(x, a[1] + _ASIDE, width, height)
            else:
                step = (_GAP + along * max(0.0, length - height - 2 * _GAP)) * (1 if b[1] > a[1] else -1)
                y = a[1] + step - (0 if b[1] > a[1] else height)
                yield penalty + 0.5, Box(a[0] + _ASIDE, y, width, height)
                yield penalty + 1.5, Box(a[0] - _ASIDE - width, y, width, height)
