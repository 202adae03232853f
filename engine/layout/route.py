"""Orthogonal edges: where each may leave and enter its shapes, and the cheapest way between."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from engine.layout.graph import Box, Edge, Node, Point, Scope
from engine.layout.grid import MERGED, TURN, Lines, lines_of
from engine.layout.search import Cell, Direction, Effort, State, cheapest_path

_TOP_OR_BOTTOM = 25.0
_WRONG_SIDE = 120.0
_BETWEEN_BOUNDARY_EVENTS = 160.0
_IN_AND_OUT = 250.0
_TWO_OUT, _TRUNK = 200.0, 60.0


@dataclass(frozen=True)
class _Port:
    """Where an edge may touch a shape, the direction away from it, and what that costs."""

    point: Point
    away: Direction
    cost: float


@dataclass
class _Routing:
    scope: Scope
    lines: Lines
    effort: Effort
    used: dict[tuple[str, Point], list[bool]] = field(default_factory=dict)
    """(node, point) -> for each edge that touches the node there: does it leave?"""


def route_scope(scope: Scope, effort: Effort) -> None:
    """Give every sequence flow and association of ``scope`` (not of nested ones) its points.

    When the effort is used up the edges that are left become straight lines.
    """
    if scope.flows:
        routing = _Routing(scope, lines_of(scope), effort)
        for edge in sorted(scope.flows, key=lambda e: _order(scope, e)):
            edge.points = _route(routing, edge)
    for edge in scope.associations:
        edge.points = _straight(scope.nodes[edge.source].box, scope.nodes[edge.target].box)


def _order(scope: Scope, edge: Edge) -> tuple[bool, bool, float]:
    """Short flows ahead first, then those that lead back, then those of boundary events."""
    source, target = scope.nodes[edge.source], scope.nodes[edge.target]
    distance = abs(source.box.cx - target.box.cx) + 3 * abs(source.box.cy - target.box.cy)
    return source.host is not None, target.box.cx < source.box.cx, distance


def _route(routing: _Routing, edge: Edge) -> list[Point]:
    scope, lines = routing.scope, routing.lines
    source, target = scope.nodes[edge.source], scope.nodes[edge.target]
    ahead = target.box.cx > source.box.cx
    starts: dict[State, _Port] = {}
    for port in _ports(routing, source, leaving=True, ahead=ahead):
        cell = lines.outside(port.point, port.away, source.id)
        if cell is not None:
            starts[cell, port.away] = port
    goals: dict[State, _Port] = {}
    for port in _ports(routing, target, leaving=False, ahead=ahead):
        cell = lines.outside(port.point, port.away, target.id)
        if cell is not None:
            goals[cell, (-port.away[0], -port.away[1])] = port
    ends = [lines.point(cell) for cell, _ in goals]

    def guess(cell: Cell) -> float:
        x, y = lines.point(cell)
        return MERGED * min(abs(x - gx) + abs(y - gy) for gx, gy in ends)

    path = cheapest_path(
        lines.blocked,
        (len(lines.xs), len(lines.ys)),
        {state: port.cost for state, port in starts.items()},
        {state: port.cost for state, port in goals.items()},
        lambda a, b: lines.step(edge, a, b),
        guess,
        TURN,
        routing.effort,
    )
    if path is None:
        return _straight(source.box, target.box)
    return _drawn(routing, edge, path, starts[path[0]].point, goals[path[-1]].point)


def _drawn(routing: _Routing, edge: Edge, path: list[State], start: Point, end: Point) -> list[Point]:
    """Remember the path for the edges that follow and return its points."""
    cells = list(dict.fromkeys(cell for cell, _ in path))
    for a, b in pairwise(cells):
        routing.lines.draw(edge, a, b)
    routing.used.setdefault((edge.source, start), []).append(True)
    routing.used.setdefault((edge.target, end), []).append(False)
    return _simplified([start, *map(routing.lines.point, cells), end])


def _ports(routing: _Routing, node: Node, leaving: bool, ahead: bool) -> list[_Port]:
    box = node.box
    if node.host is not None:
        return [_Port((box.cx, box.bottom), (0, 1), 0.0)]
    right, left = _Port((box.right, box.cy), (1, 0), 0.0), _Port((box.x, box.cy), (-1, 0), 0.0)
    good, bad = (right, left) if leaving else (left, right)
    below = _BETWEEN_BOUNDARY_EVENTS if routing.scope.boundary(node.id) else _TOP_OR_BOTTOM
    ports = [
        _Port(good.point, good.away, 0.0 if ahead or leaving else _TOP_OR_BOTTOM),
        _Port(bad.point, bad.away, _WRONG_SIDE),
        _Port((box.cx, box.y), (0, -1), _TOP_OR_BOTTOM),
        _Port((box.cx, box.bottom), (0, 1), below),
    ]
    return [_Port(p.point, p.away, p.cost + _sharing(routing, node, p, leaving)) for p in ports]


def _sharing(routing: _Routing, node: Node, port: _Port, leaving: bool) -> float:
    """Sharing a port is fine for edges that arrive together, and up or down for branches that leave together."""
    cost = 0.0
    for other_leaves in routing.used.get((node.id, port.point), []):
        if leaving != other_leaves:
            cost += _IN_AND_OUT
        elif leaving:
            cost += _TRUNK if port.away[1] else _TWO_OUT
    return cost


def _simplified(points: list[Point]) -> list[Point]:
    """Only the corners."""
    kept = [points[0]]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        straight = (before[0] == point[0] == after[0]) or (before[1] == point[1] == after[1])
        if not straight:
            kept.append(point)
    return [*kept, points[-1]]


def _straight(a: Box, b: Box) -> list[Point]:
    """A line between the facing borders of two boxes."""
    if a.bottom <= b.y or b.bottom <= a.y:
        low, high = (a, b) if a.bottom <= b.y else (b, a)
        points = [(low.cx, low.bottom), (high.cx, high.y)]
        return points if low is a else points[::-1]
    left, right = (a, b) if a.cx <= b.cx else (b, a)
    points = [(left.right, left.cy), (right.x, right.cy)]
    return points if left is a else points[::-1]
