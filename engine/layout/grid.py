"""The lines on which edges run: through the middle of every shape and at even distances in the gaps between them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from engine.layout.graph import Box, Edge, Point, Scope
from engine.layout.search import Cell, Direction

CLEARANCE = 8.0
"""An edge comes no closer to a shape it does not belong to."""
COMFORT = 18.0
"""Nearer than this it should rather not run."""
TRACK = 10.0
CROSSING = 30.0
SHARED = 8.0
MERGED = 0.9
CROWDED = 1.4
TURN = 40.0
_OFF_BORDER = 4.0
_BELOW_BOUNDARY = 34.0
_NEAR_ENOUGH = 0.01
_FULL = 20
"""Edges on one piece of a line that make a difference; further ones are dear enough."""

Segment = tuple[int, int, bool]
"""x index and y index of the upper left end; does it run down?"""


@dataclass
class Lines:
    """The grid: sorted coordinates, what stands in the way, and the edges drawn so far."""

    xs: list[float]
    ys: list[float]
    blocked: dict[Cell, set[str]]
    near: set[Cell]
    drawn: dict[Segment, list[Edge]] = field(default_factory=dict)

    def point(self, cell: Cell) -> Point:
        return self.xs[cell[0]], self.ys[cell[1]]

    def outside(self, port: Point, direction: Direction, own: str) -> Cell | None:
        """The first free grid point from a port of the shape ``own`` outward; None when another shape is in the way."""
        (x, y), (dx, dy) = port, direction
        i = bisect_left(self.xs, x + _NEAR_ENOUGH * dx) if dx else bisect_left(self.xs, x - _NEAR_ENOUGH)
        j = bisect_left(self.ys, y + _NEAR_ENOUGH * dy) if dy else bisect_left(self.ys, y - _NEAR_ENOUGH)
        i, j = i - (dx < 0), j - (dy < 0)
        while 0 <= i < len(self.xs) and 0 <= j < len(self.ys):
            blockers = self.blocked.get((i, j))
            if blockers is None:
                return i, j
            if blockers != {own}:
                return None
            i, j = i + dx, j + dy
        return None

    def step(self, edge: Edge, a: Cell, b: Cell) -> float:
        """What it costs ``edge`` to go from ``a`` to its neighbour ``b``."""
        (ax, ay), (bx, by) = self.point(a), self.point(b)
        length = abs(ax - bx) + abs(ay - by)
        if a in self.near and b in self.near:
            length *= CROWDED
        others = self.drawn.get(segment(a, b), [])
        if others:
            together = all(edge.target == o.target or edge.source == o.source for o in others)
            length = length * MERGED if together else length * SHARED + TURN
        i, j = b
        across: tuple[Segment, Segment]
        across = ((i, j - 1, True), (i, j, True)) if a[1] == b[1] else ((i - 1, j, False), (i, j, False))
        before, after = (self.drawn.get(s, []) for s in across)
        return length + CROSSING * sum(o in after and o.target != edge.target for o in before)

    def draw(self, edge: Edge, a: Cell, b: Cell) -> None:
        edges = self.drawn.setdefault(segment(a, b), [])
        if len(edges) < _FULL:
            edges.append(edge)


def segment(a: Cell, b: Cell) -> Segment:
    return min(a[0], b[0]), min(a[1], b[1]), a[0] == b[0]


def lines_of(scope: Scope) -> Lines:
    """The grid of a scope whose nodes and lanes have their places."""
    boxes = {n.id: n.box for n in scope.nodes.values()}
    gridded = [n for n in scope.nodes.values() if n.host is None and not n.event_subprocess]
    columns = [(n.box.x, n.box.right) for n in gridded]
    rows = [(n.box.y, n.box.bottom + (_BELOW_BOUNDARY if scope.boundary(n.id) else 0)) for n in gridded]
    xs = sorted({b.cx for b in boxes.values()} | _tracks(columns, 20))
    ys = (
        {b.cy for b in boxes.values()} | _tracks(rows, 28) | {b.bottom for n, b in boxes.items() if scope.nodes[n].host}
    )
    borders = [y for lane in scope.lanes for y in (lane.box.y, lane.box.bottom)]
    lines = Lines(xs, sorted(y for y in ys if all(abs(y - b) > _OFF_BORDER for b in borders)), {}, set())
    for ident, box in boxes.items():
        for cell in _inside(lines, box.grown(CLEARANCE - 0.5)):
            lines.blocked.setdefault(cell, set()).add(ident)
        lines.near.update(_inside(lines, box.grown(COMFORT)))
    return lines


def _inside(lines: Lines, box: Box) -> list[Cell]:
    columns = range(bisect_left(lines.xs, box.x), bisect_left(lines.xs, box.right))
    rows = range(bisect_left(lines.ys, box.y), bisect_left(lines.ys, box.bottom))
    return [(i, j) for i in columns for j in rows]


def _tracks(spans: list[tuple[float, float]], around: float) -> set[float]:
    """Coordinates at every TRACK in the gaps between the merged ``spans`` and at both ends."""
    found: set[float] = set()
    at, last = min(low for low, _ in spans) - around, max(high for _, high in spans) + around
    for low, high in [*sorted(spans), (last, last)]:
        if low > at:
            steps = max(0, int((low - at - 2 * CLEARANCE) // TRACK))
            offset = (low - at - steps * TRACK) / 2
            found |= {at + offset + TRACK * k for k in range(steps + 1)}
        at = max(at, high)
    return found
