"""The cheapest way through a grid of lines when turning costs too (A*, deterministic)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

Cell = tuple[int, int]
Direction = tuple[int, int]
State = tuple[Cell, Direction]
"""Standing at a cell after a move in a direction."""
_Arrival = tuple[State, bool]

DIRECTIONS: tuple[Direction, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))


@dataclass
class Effort:
    """How many states may still be looked at, for all edges of a diagram together."""

    left: int = 40_000


def cheapest_path(
    blocked: Collection[Cell],
    size: tuple[int, int],
    starts: Mapping[State, float],
    goals: Mapping[State, float],
    step: Callable[[Cell, Cell], float],
    guess: Callable[[Cell], float],
    bend: float,
    effort: Effort,
) -> list[State] | None:
    """From one of ``starts`` to one of ``goals``, each with its own extra cost, or None when none was found.

    The last state of the result is the goal. ``guess`` must never exceed the cost that is left.
    """
    ticket = count()
    best: dict[_Arrival, float] = {}
    came: dict[_Arrival, _Arrival] = {}
    heap: list[tuple[float, int, float, _Arrival]] = []

    def reach(arrival: _Arrival, cost: float, before: _Arrival | None) -> None:
        if cost < best.get(arrival, float("inf")):
            best[arrival] = cost
            if before is not None:
                came[arrival] = before
            heappush(heap, (cost + guess(arrival[0][0]), next(ticket), cost, arrival))

    for state, cost in starts.items():
        reach((state, False), cost, None)
    while heap and effort.left > 0:
        effort.left -= 1
        _, _, cost, arrival = heappop(heap)
        state, arrived = arrival
        if arrived:
            return [s for s, _ in _back(came, arrival)]
        if cost > best[arrival]:
            continue
        cell, direction = state
        for goal in ((cell, d) for d in DIRECTIONS if (cell, d) in goals and d != _opposite(direction)):
            reach((goal, True), cost + goals[goal] + (0 if goal[1] == direction else bend), arrival)
        for following in _moves(state, size):
            if following[0] not in blocked:
                turn = 0 if following[1] == direction else bend
                reach((following, False), cost + step(cell, following[0]) + turn, arrival)
    return None


def _moves(state: State, size: tuple[int, int]) -> Iterator[State]:
    (i, j), direction = state
    for dx, dy in DIRECTIONS:
        if (dx, dy) != _opposite(direction) and 0 <= i + dx < size[0] and 0 <= j + dy < size[1]:
            yield (i + dx, j + dy), (dx, dy)


def _opposite(direction: Direction) -> Direction:
    return -direction[0], -direction[1]


def _back(came: Mapping[_Arrival, _Arrival], last: _Arrival) -> list[_Arrival]:
    path = [last]
    while path[-1] in came:
        path.append(came[path[-1]])
    return path[::-1]
