"""Which column and which row of its lane each node stands in."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.layout.graph import Edge, Node, Scope

Cell = tuple[int, int]


@dataclass
class Grid:
    """Column of every node and its row in its lane."""

    column: dict[str, int] = field(default_factory=dict)
    lane: dict[str, int] = field(default_factory=dict)
    row: dict[str, int] = field(default_factory=dict)
    taken: dict[int, set[Cell]] = field(default_factory=dict)

    def put(self, node: str, row: int) -> None:
        self.row[node] = row
        self.taken.setdefault(self.lane[node], set()).add((self.column[node], row))

    def rows(self, lane: int) -> int:
        return 1 + max((row for _, row in self.taken.get(lane, ())), default=-1)

    def free(self, lane: int, first: int, last: int, row: int) -> bool:
        taken = self.taken.get(lane, set())
        return all((column, row) not in taken for column in range(first, last + 1))


def arrange(scope: Scope) -> Grid:
    """Columns by the longest path without back edges; rows so that a path keeps its row where it can."""
    grid = Grid()
    members = {node: index for index, lane in enumerate(scope.lanes) for node in lane.members}
    placed = [n for n in scope.nodes.values() if n.host is None and not n.event_subprocess and not n.is_artifact]
    forward = _forward(scope, placed)
    grid.lane = {n.id: members.get(n.id, 0) for n in placed}
    _columns(scope, placed, forward, grid)
    late = _late(scope, placed, forward)
    _clear_way_down(scope, grid, late)
    ahead = _ahead(scope, forward, grid)
    for node in sorted(placed, key=lambda n: (n.id in late, grid.column[n.id], -ahead[n.id])):
        grid.put(node.id, _row(scope, forward, grid, node.id, node.id in late))
    _artifacts(scope, grid)
    return grid


def _forward(scope: Scope, placed: list[Node]) -> list[Edge]:
    """The sequence flows without those that lead back."""
    out: dict[str, list[Edge]] = {n.id: [] for n in placed}
    for edge in scope.flows:
        if scope.origin(edge.source) in out and edge.target in out:
            out[scope.origin(edge.source)].append(edge)
    entered = {e.target for e in scope.flows}
    state: dict[str, int] = {}
    kept: list[Edge] = []
    for root in sorted(out, key=lambda n: n in entered):
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(out[root]))]
        while stack:
            node, edges = stack[-1]
            following = next(edges, None)
            if following is None:
                state[node] = 2
                stack.pop()
            elif state.get(following.target) != 1:
                kept.append(following)
                if following.target not in state:
                    state[following.target] = 1
                    stack.append((following.target, iter(out[following.target])))
    return kept


def _step(scope: Scope, forward: list[Edge], grid: Grid, edge: Edge) -> int:
    """How many columns a flow goes to the right: none when it can go straight down.

    That is so into a lower lane, and from a gateway to a branch that ends at once or leads back.
    """
    source, target = scope.nodes[edge.source], scope.nodes[edge.target]
    if source.host or grid.lane[source.id] > grid.lane[target.id]:
        return 1
    if grid.lane[source.id] < grid.lane[target.id]:
        return 1 if scope.boundary(source.id) else 0
    branches = [e for e in forward if e.source == source.id and grid.lane[e.target] == grid.lane[source.id]]
    ends_here = not any(e.source == target.id for e in forward)
    whole = len(branches) == sum(e.source == source.id for e in scope.flows)
    return 0 if source.is_gateway and ends_here and whole and len(branches) > 1 else 1


def _columns(scope: Scope, placed: list[Node], forward: list[Edge], grid: Grid) -> None:
    waiting = {n.id: 0 for n in placed}
    for edge in forward:
        waiting[edge.target] += 1
    grid.column = dict.fromkeys(waiting, 0)
    ready = [n for n, count in waiting.items() if not count]
    while ready:
        node = ready.pop(0)
        for edge in (e for e in forward if scope.origin(e.source) == node):
            grid.column[edge.target] = max(
                grid.column[edge.target], grid.column[node] + _step(scope, forward, grid, edge)
            )
            waiting[edge.target] -= 1
            if not waiting[edge.target]:
                ready.append(edge.target)


def _clear_way_down(scope: Scope, grid: Grid, late: set[str]) -> None:
    """Move what hangs below to the right of columns from which a flow leaves the lane."""
    busy = {
        (grid.lane[a], grid.column[a])
        for edge in scope.flows
        for a, b in ((scope.origin(edge.source), edge.target), (edge.target, scope.origin(edge.source)))
        if not {a, b} & late and grid.lane[a] != grid.lane[b]
    }
    for first in sorted(late & {e.target for e in scope.flows if scope.nodes[e.source].host}):
        shift = 0
        while (grid.lane[first], grid.column[first] + shift) in busy:
            shift += 1
        for node in _following(scope, first) & late:
            grid.column[node] += shift


def _following(scope: Scope, first: str) -> set[str]:
    found, stack = {first}, [first]
    while stack:
        node = stack.pop()
        new = {e.target for e in scope.flows if scope.origin(e.source) == node} - found
        found |= new
        stack.extend(new)
    return found


def _ahead(scope: Scope, forward: list[Edge], grid: Grid) -> dict[str, int]:
    """Length of the longest path that follows each node: the main path is the one with most ahead."""
    ahead = dict.fromkeys(grid.column, 0)
    changed = True
    while changed:
        changed = False
        for edge in forward:
            source = scope.origin(edge.source)
            if ahead[source] <= ahead[edge.target]:
                ahead[source] = ahead[edge.target] + 1
                changed = True
    return ahead


def _late(scope: Scope, placed: list[Node], forward: list[Edge]) -> set[str]:
    """Nodes that only a boundary event leads to: they stand below the others."""
    targets = {e.target for e in forward}
    reached = {n.id for n in placed if n.id not in targets}
    changed = True
    while changed:
        new = {e.target for e in forward if e.source in reached} - reached
        reached |= new
        changed = bool(new)
    return {n.id for n in placed} - reached


def _row(scope: Scope, forward: list[Edge], grid: Grid, node: str, late: bool) -> int:
    lane, column = grid.lane[node], grid.column[node]
    before = [scope.origin(e.source) for e in forward if e.target == node]
    here = [n for n in before if n in grid.row and grid.lane[n] == lane]
    hosts = [scope.origin(e.source) for e in forward if e.target == node and scope.nodes[e.source].host]
    if late and hosts:
        near = [h for h in hosts if grid.lane[h] == lane]
        first = min((grid.column[h] for h in near), default=column)
        row = max((grid.row[h] + 1 for h in near), default=0)
        while not grid.free(lane, first, column + 1, row):
            row += 1
        return row
    wanted = min((grid.row[n] for n in here), default=0)
    start = max((grid.column[n] for n in here if grid.row[n] == wanted), default=column - 1)
    for row in sorted(range(grid.rows(lane) + 2), key=lambda r: (abs(r - wanted), -r)):
        if grid.free(lane, min(start + 1, column), column, row):
            return row
    return grid.rows(lane)


def _artifacts(scope: Scope, grid: Grid) -> None:
    """Annotations and data stand in a free cell near what they belong to, below rather than beside."""
    for node in (n for n in scope.nodes.values() if n.is_artifact):
        ends = [
            e.source if e.target == node.id else e.target for e in scope.associations if node.id in (e.source, e.target)
        ]
        partner = next((scope.origin(e) for e in ends if scope.origin(e) in grid.row), None)
        lane, column, row = (grid.lane[partner], grid.column[partner], grid.row[partner]) if partner else (0, 0, 0)
        last = max(grid.column.values(), default=0)
        cells = [
            (abs(c - column) + 2 * (r - row), c, r)
            for c in range(last + 1)
            for r in range(row + 1, grid.rows(lane) + 2)
        ]
        _, grid.column[node.id], below = min(cell for cell in cells if grid.free(lane, cell[1], cell[1], cell[2]))
        grid.lane[node.id] = lane
        grid.put(node.id, below)
