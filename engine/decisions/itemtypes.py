"""Reading the item definitions of a file."""

from __future__ import annotations

from lxml import etree

from engine.feel import display
from engine.feel.lexer import words
from engine.feel.scope_names import parts_of

from .builder import Builder
from .errors import Place
from .messages import say
from .table_reader import read_allowed
from .types import Item, Simple, Type
from .xmlread import child, children, name_of


def declare_types(root: etree._Element) -> dict[str, Item]:
    """The item definitions by name, still empty, so that they can refer to each other."""
    return {name_of(node): Item(name_of(node)) for node in children(root, "itemDefinition")}


def fill_types(builder: Builder, root: etree._Element, types: dict[str, Item], place: Place) -> None:
    """Read what each item definition says."""
    seen: set[str] = set()
    for node in children(root, "itemDefinition"):
        name = name_of(node)
        at = place.at(column=name or "itemDefinition")
        if not name or name in seen:
            builder.refuse(at, say("type_name"))
            continue
        seen.add(name)
        _fill(builder, node, types[name], at)
    for name, item in types.items():
        if _circular(item):
            item.base = None
            builder.refuse(place.at(column=name), say("type_circle"))


def _fill(builder: Builder, node: etree._Element, item: Item, place: Place) -> None:
    reference = child(node, "typeRef")
    if reference is not None:
        item.base = builder.type("".join(str(t) for t in reference.itertext()), place)
    item.collection = node.get("isCollection") in ("true", "1")
    _fill_function(builder, child(node, "functionItem"), item, place)
    item.allowed = read_allowed(builder, child(node, "allowedValues"), frozenset(), place)
    item.constraint = read_allowed(builder, child(node, "typeConstraint"), frozenset(), place)
    for component in children(node, "itemComponent"):
        name = name_of(component)
        inner = place.within(name or "itemComponent")
        if not name or name in item.parts:
            builder.refuse(inner, say("part_name"))
            continue
        inside = Item(f"{item.name}.{name}")
        item.parts[name] = inside
        _fill(builder, component, inside, inner)


def _fill_function(builder: Builder, node: etree._Element | None, item: Item, place: Place) -> None:
    if node is None:
        return
    item.function = True
    item.result = builder.type(node.get("outputTypeRef"), place)
    for parameter in children(node, "parameters"):
        item.parameters.append(builder.type(parameter.get("typeRef"), place.within(name_of(parameter))))


def _circular(item: Item) -> bool:
    seen: set[int] = set()
    current: Type | None = item
    while isinstance(current, Item):
        if id(current) in seen:
            return True
        seen.add(id(current))
        current = current.base
    return False


def feel_types(types: dict[str, Item]) -> dict[str, str]:
    """The item definitions as types of FEEL, for ``instance of``; allowed values are no part of a type."""
    usable = {name for name in types if len(words(name)) == 1 or parts_of(name) is not None}
    return {name: _written(types[name], usable, True) for name in usable}


def _written(item: Type | None, usable: set[str], top: bool = False) -> str:
    if not isinstance(item, Item):
        return item.wanted if isinstance(item, Simple) and item.wanted != "whole" else "Any"
    if not top and item.name in usable:
        return item.name
    if item.function:
        parameters = ", ".join(_written(parameter, usable) for parameter in item.parameters)
        single = f"function<{parameters}>->{_written(item.result, usable)}"
    elif item.parts:
        parts = ", ".join(f"{display(key)}: {_written(part, usable)}" for key, part in item.parts.items())
        single = f"context<{parts}>"
    else:
        single = _written(item.base, usable)
    return f"list<{single}>" if item.collection else single


def part_names(types: dict[str, Item]) -> set[str]:
    """The names of all components, for paths such as ``customer.family name``."""
    found: set[str] = set()
    stack: list[Type] = list(types.values())
    while stack:
        item = stack.pop()
        if isinstance(item, Item):
            found |= item.parts.keys()
            stack.extend(item.parts.values())
    return found
