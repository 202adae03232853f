"""Parallel joins that can never fire: however the process runs, no two of their branches are ever taken together."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.report import warning
from engine.runtime.model import Element, Finding, Process, Scope

_ONE_OF = ("exclusiveGateway", "eventBasedGateway")


def check_joins(process: Process, scope: Scope) -> Iterator[Finding]:
    """A warning for each parallel join in ``scope`` that is certain to wait for ever (BPMN 2.0.2, 13.4.1)."""
    for join in scope.elements.values():
        if join.type != "parallelGateway" or len(join.incoming) < 2:
            continue
        flows = _one_token(scope, join)
        if not flows:
            continue
        parted = [e.label for e in scope.elements.values() if e.type in _ONE_OF and _parts(scope, join, flows, e)]
        zh, en = "”、“".join(parted), "”, “".join(parted)
        yield warning(
            process,
            join.id,
            f"并行网关“{join.label}”要等所有来路都到达，但这些来路每次只会走其中一条{f'（在“{zh}”处只选其一）' if parted else ''}，流程到这里会停住。请改用排他网关汇合，或把前面的分支改为并行",
            f"the parallel gateway “{join.label}” waits for all its incoming flows, but only one of them is ever taken{f' (chosen at “{en}”)' if parted else ''}: the process stops there. Join with an exclusive gateway, or split with a parallel one",
        )


def _one_token(scope: Scope, join: Element) -> set[str]:
    """The flows before ``join`` that share one token among all of them; empty when that is not certain.

    On a set of flows the tokens never become more when each element that puts one on it takes at least one off it and
    puts no second. A process begins with one token, so such a set around all flows into the join can never hold two,
    and the join, which needs two, never adds to it.
    """
    flows: set[str] = set()
    ahead = list(join.incoming)
    while ahead:
        flow = ahead.pop()
        if flow in flows:
            continue
        flows.add(flow)
        source = scope.elements[scope.flows[flow].source]
        if source.type == "startEvent":
            continue
        before = _before(scope, source)
        if not before:
            return set()
        if source.type != "parallelGateway":
            ahead += before
        elif flows.isdisjoint(before):
            ahead.append(before[0])
    others = (e for e in scope.elements.values() if e.type not in _ONE_OF and e.id != join.id)
    return flows if all(len(flows.intersection(e.outgoing)) < 2 for e in others) else set()


def _before(scope: Scope, element: Element) -> list[str]:
    """The flows whose token ``element`` takes; none when it makes one of its own or that cannot be told."""
    if element.attached_to is not None:
        return scope.elements[element.attached_to].incoming if element.interrupting else []
    return element.incoming


def _parts(scope: Scope, join: Element, flows: set[str], gateway: Element) -> bool:
    """Whether it depends on the way taken at ``gateway`` which of the flows into ``join`` a token comes by."""
    ways = flows.intersection(gateway.outgoing)
    reached = [ways & _behind(scope, flow, join) for flow in join.incoming] if len(ways) > 1 else []
    return any(some != ways for some in reached if some)


def _behind(scope: Scope, flow: str, join: Element) -> set[str]:
    """``flow`` and the flows a token may come to it by without passing ``join``."""
    found: set[str] = set()
    ahead = [flow]
    while ahead:
        current = ahead.pop()
        source = scope.elements[scope.flows[current].source]
        if current not in found:
            found.add(current)
            ahead += _before(scope, source) if source.id != join.id else []
    return found
