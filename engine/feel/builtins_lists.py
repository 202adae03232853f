"""List functions (DMN 1.3, 10.3.4.4, 10.3.4.6 and 10.3.4.7)."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from .builtin import builtin, truncated, whole
from .compare import identity, order, same
from .compile_flow import invoke
from .errors import Fail
from .run import Run
from .values import Function, kind


@builtin("list contains", "list: list, element")
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    """Whether a list contains an element."""
    run.charge(len(items))
    return any(same(run, item, element) for item in items)


@builtin("all", "list: list")
@builtin("all", "*list")
def every(run: Run, *items: Any) -> bool | None:
    """Whether no element is false; null when that depends on an element that is not boolean."""
    return _fold(run, items, False)


@builtin("any", "list: list")
@builtin("any", "*list")
def some(run: Run, *items: Any) -> bool | None:
    """Whether an element is true; null when that depends on an element that is not boolean."""
    return _fold(run, items, True)


def _fold(run: Run, items: tuple[Any, ...], decisive: bool) -> bool | None:
    values = items[0] if len(items) == 1 and isinstance(items[0], list) else items
    run.charge(len(values))
    if any(value is decisive for value in values):
        return decisive
    for value in values:
        if type(value) is not bool:
            raise Fail("not_boolean", operation="any" if decisive else "all", kind=kind(value))
    return not decisive


@builtin("sublist", "list: list, start position: number, length?: number")
def sublist(run: Run, items: list[Any], start: Decimal, length: Decimal | None) -> list[Any]:
    """A part of a list from a position counted from 1, or from -1 backwards."""
    run.charge(len(items) >> 3)
    first = _position("sublist", items, start, "start position")
    if length is None:
        return items[first:]
    size = truncated(length, "sublist", "length", 1)
    if first + size > len(items):
        raise Fail("argument_value", function="sublist", name="length", value=str(size))
    return items[first : first + size]


def _position(function: str, items: list[Any], position: Decimal, name: str) -> int:
    index = truncated(position, function, name)
    if index == 0 or abs(index) > len(items):
        raise Fail("argument_value", function=function, name=name, value=str(index))
    return index - 1 if index > 0 else len(items) + index


@builtin("append", "list: list, *item")
def append(run: Run, items: list[Any], *more: Any) -> list[Any]:
    """A list with elements added at its end."""
    run.charge(len(items) >> 3)
    return [*items, *more]


@builtin("concatenate", "*list: list")
def concatenate(run: Run, *lists: list[Any]) -> list[Any]:
    """Lists put one after the other."""
    run.charge(sum(map(len, lists)) >> 3)
    return [item for items in lists for item in items]


@builtin("insert before", "list: list, position: number, newItem")
def insert_before(run: Run, items: list[Any], position: Decimal, item: Any) -> list[Any]:
    """A list with an element inserted."""
    run.charge(len(items) >> 3)
    index = _position("insert before", items, position, "position")
    return [*items[:index], item, *items[index:]]


@builtin("remove", "list: list, position: number")
def remove(run: Run, items: list[Any], position: Decimal) -> list[Any]:
    """A list without one of its elements."""
    run.charge(len(items) >> 3)
    index = _position("remove", items, position, "position")
    return [*items[:index], *items[index + 1 :]]


@builtin("list replace", "list: list, position: number, newItem")
def replace_at(run: Run, items: list[Any], position: Decimal, item: Any) -> list[Any]:
    """A list with the element at a position replaced (DMN 1.4)."""
    run.charge(len(items) >> 3)
    index = _position("list replace", items, position, "position")
    return [*items[:index], item, *items[index + 1 :]]


@builtin("list replace", "list: list, match: function, newItem")
def replace_matching(run: Run, items: list[Any], match: Function, item: Any) -> list[Any]:
    """A list with the elements replaced for which a function of element and new item is true (DMN 1.4)."""
    replaced: list[Any] = []
    for old in items:
        found = invoke(run, match, [old, item])
        if type(found) is not bool:
            raise Fail("not_boolean", operation="list replace", kind=kind(found))
        replaced.append(item if found else old)
    return replaced


@builtin("reverse", "list: list")
def reverse(run: Run, items: list[Any]) -> list[Any]:
    """A list backwards."""
    run.charge(len(items) >> 3)
    return items[::-1]


@builtin("index of", "list: list, match")
def index_of(run: Run, items: list[Any], match: Any) -> list[Decimal]:
    """The positions of an element."""
    run.charge(len(items))
    return [Decimal(i) for i, item in enumerate(items, 1) if same(run, item, match)]


def _distinct(run: Run, items: Iterator[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(identity(run, item), item)
    return found


@builtin("distinct values", "list: list")
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    """A list without repetitions."""
    return list(_distinct(run, iter(items)).values())


@builtin("duplicate values", "list: list")
def duplicate_values(run: Run, items: list[Any]) -> list[Any]:
    """The elements that occur more than once."""
    seen: dict[Any, int] = {}
    keys = [identity(run, item) for item in items]
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
    first = dict(zip(reversed(keys), reversed(items), strict=True))
    return [first[key] for key, times in seen.items() if times > 1]


@builtin("union", "*list: list")
def union(run: Run, *lists: list[Any]) -> list[Any]:
    """Lists put one after the other, without repetitions."""
    return list(_distinct(run, (item for items in lists for item in items)).values())


@builtin("flatten", "list: list")
def flatten(run: Run, items: list[Any]) -> list[Any]:
    """The elements of nested lists in one list."""
    flat: list[Any] = []
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            run.charge(1)
            if isinstance(item, list):
                stack.append(iter(item))
                break
            flat.append(item)
        else:
            stack.pop()
    return flat


@builtin("is empty", "list: list")
def is_empty(run: Run, items: list[Any]) -> bool:
    """Whether a list has no element."""
    return not items


@builtin("partition", "list: list, size: number")
def partition(run: Run, items: list[Any], size: Decimal) -> list[list[Any]]:
    """A list cut into lists of a size."""
    step = whole(size, "partition", "size", 1)
    run.charge(len(items))
    return [items[i : i + step] for i in range(0, len(items), step)]


@builtin("sort", "list: list")
def sort_naturally(run: Run, items: list[Any]) -> list[Any]:
    """A list in ascending order."""
    if {type(item) for item in items} in ({Decimal}, {str}):
        run.charge(len(items))
        return sorted(items)

    def compare(left: Any, right: Any) -> int:
        run.charge(1)
        found = order(left, right)
        if found is None:
            raise Fail("no_order", left=kind(left), right=kind(right))
        return found

    return sorted(items, key=cmp_to_key(compare))


@builtin("sort", "list: list, precedes: function")
def sort(run: Run, items: list[Any], precedes: Function) -> list[Any]:
    """A list in the order given by a function of two elements (10.3.4.7)."""

    def before(left: Any, right: Any) -> bool:
        found = invoke(run, precedes, [left, right])
        if type(found) is not bool:
            raise Fail("not_boolean", operation="sort", kind=kind(found))
        return found

    return _merge_sort(items, before)


def _merge_sort(items: list[Any], before: Callable[[Any, Any], bool]) -> list[Any]:
    if len(items) < 2:
        return list(items)
    middle = len(items) // 2
    left, right = _merge_sort(items[:middle], before), _merge_sort(items[middle:], before)
    merged: list[Any] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if before(right[j], left[i]):
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return [*merged, *left[i:], *right[j:]]
