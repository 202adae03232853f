"""Coordinates for the nodes and lanes of a scope; nested subprocesses are laid out first and then moved in."""

from __future__ import annotations

from collections import defaultdict

from engine.layout.graph import Box, Node, Scope, label_size, text_width
from engine.layout.labels import label_scope
from engine.layout.ranks import Grid, arrange
from engine.layout.route import route_scope
from engine.layout.search import Effort

COLUMN_GAP = 50.0
ROW_GAP = 35.0
BOUNDARY_ROOM = 30.0
LANE_PAD = 30.0
SIDE_PAD = 40.0
HEADER = 30.0
"""Width of the strip that carries a pool's or lane's name."""
SUBPROCESS_PAD = 20.0
SUBPROCESS_TITLE = 30.0


def lay_out(scope: Scope, effort: Effort) -> tuple[float, float]:
    """Place everything in ``scope`` with its upper left corner at 0, 0 and return width and height."""
    for node in scope.nodes.values():
        if node.scope is not None:
            width, height = lay_out(node.scope, effort)
            node.box.width = max(100.0, width)
            node.box.height = max(80.0, height + SUBPROCESS_TITLE)
    grid = arrange(scope)
    columns = _columns(scope, grid)
    width, height = _lanes(scope, grid, columns)
    for node in scope.nodes.values():
        if node.scope is not None:
            node.scope.shift(node.box.x, node.box.y + SUBPROCESS_TITLE)
    route_scope(scope, effort)
    label_scope(scope)
    return width, height


def _columns(scope: Scope, grid: Grid) -> list[tuple[float, float]]:
    """Left edge and width of each column; gaps hold the labels of the flows that start there."""
    count = 1 + max(grid.column.values(), default=0)
    widths, gaps = [0.0] * count, [COLUMN_GAP] * count
    for node, column in grid.column.items():
        widths[column] = max(widths[column], scope.nodes[node].box.width)
    for edge in scope.flows:
        column = grid.column.get(edge.source, count - 1)
        if edge.name:
            spare = (widths[column] - scope.nodes[edge.source].box.width) / 2
            gaps[column] = max(gaps[column], min(text_width(edge.name), 90.0) + 34.0 - max(0.0, spare))
    for node, column in grid.column.items():
        if scope.nodes[node].has_outside_label:
            widths[column] = max(widths[column], min(label_size(scope.nodes[node].name)[0] + 10.0, 90.0))
    left = (2 * HEADER if len(scope.lanes) else 0.0) + (SIDE_PAD if scope.lanes else SUBPROCESS_PAD)
    columns = []
    for width, gap in zip(widths, gaps, strict=True):
        columns.append((left, width))
        left += width + gap
    return columns


def _lanes(scope: Scope, grid: Grid, columns: list[tuple[float, float]]) -> tuple[float, float]:
    pad = LANE_PAD if scope.lanes else SUBPROCESS_PAD
    apart: dict[int, list[Node]] = defaultdict(list)
    for node in scope.nodes.values():
        if node.event_subprocess:
            apart[_lane_of(scope, node.id)].append(node)
    top, width = 0.0, columns[-1][0] + columns[-1][1]
    for index in range(max(1, len(scope.lanes))):
        bottom = _rows(scope, grid, columns, index, top + pad)
        right, bottom = _event_subprocesses(apart[index], columns, grid, index, (top + pad, bottom, width))
        width = max(width, right)
        bottom = max(bottom + pad, top + 2 * pad + 40)
        if scope.lanes:
            scope.lanes[index].box = Box(HEADER, top, 0, bottom - top)
        top = bottom
    width += SIDE_PAD if scope.lanes else SUBPROCESS_PAD
    for lane in scope.lanes:
        lane.box.width = width - HEADER
        lane.box.x += HEADER * len(lane.parents)
        lane.box.width -= HEADER * len(lane.parents)
    return width, top


def _lane_of(scope: Scope, node: str) -> int:
    return next((i for i, lane in enumerate(scope.lanes) if node in lane.members), 0)


def _rows(scope: Scope, grid: Grid, columns: list[tuple[float, float]], lane: int, top: float) -> float:
    """Place the nodes of a lane row by row from ``top`` and return the bottom of the last."""
    bottom = top
    for row in range(grid.rows(lane)):
        nodes = [scope.nodes[n] for n, r in grid.row.items() if r == row and grid.lane[n] == lane]
        if row:
            top = bottom + ROW_GAP
        height = max((n.box.height for n in nodes), default=40.0)
        bottom = top + height
        for node in nodes:
            left, width = columns[grid.column[node.id]]
            node.box.x, node.box.y = left + (width - node.box.width) / 2, top + (height - node.box.height) / 2
            hosted = scope.boundary(node.id)
            _attach(node, hosted)
            if hosted:
                bottom = max(bottom, node.box.bottom + BOUNDARY_ROOM)
            elif node.has_outside_label:
                bottom = max(bottom, node.box.bottom + label_size(node.name)[1] - ROW_GAP / 2)
    return bottom


def _attach(host: Node, events: list[Node]) -> None:
    """Boundary events stand on the lower edge of their host, from the right."""
    for index, event in enumerate(events):
        event.box.x = host.box.right - 25 - 50 * (len(events) - 1 - index) - event.box.width / 2
        event.box.y = host.box.bottom - event.box.height / 2


def _event_subprocesses(
    nodes: list[Node], columns: list[tuple[float, float]], grid: Grid, lane: int, room: tuple[float, float, float]
) -> tuple[float, float]:
    """Event subprocesses stand right of what else is in their lane when the pool is wide enough, else below it."""
    top, bottom, width = room
    if not nodes:
        return 0.0, bottom
    used = max((c for n, c in grid.column.items() if grid.lane[n] == lane), default=-1)
    start = columns[used + 1][0] if used + 1 < len(columns) else width
    needed = sum(n.box.width for n in nodes) + COLUMN_GAP * (len(nodes) - 1)
    if start + needed > width:
        start, top = columns[0][0], bottom + (ROW_GAP if used >= 0 else 0.0)
    for node in nodes:
        node.box.x, node.box.y = start, top
        start += node.box.width + COLUMN_GAP
        bottom = max(bottom, node.box.bottom)
    return start - COLUMN_GAP, bottom
