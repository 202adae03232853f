"""Well-structured diagrams put together from blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import strategies as st

from tests.engine.bpmn.snippets import extension

Block = tuple[Any, ...]
"""Its kind, then what the method of that name in Builder or Events takes."""

TRIGGERS = ("timer", "cycle", "message", "signal", "escalation", "error", "conditional")
"""What a boundary event or event subprocess may wait for; the last three are thrown or made true inside."""

_some = st.integers(0, 2)
_trigger = st.sampled_from(TRIGGERS)


def leaves(events: bool = True) -> st.SearchStrategy[Block]:
    caught = st.sampled_from(["timer", "message", "signal", "receive"]) if events else st.just("timer")
    return st.one_of(
        st.sampled_from([("user",), ("script",), ("job",)]),
        st.tuples(st.just("task"), st.booleans(), st.integers(0, 3)),
        st.tuples(st.just("catch"), caught),
    )


def ordered(block: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    """Blocks whose outcome does not depend on what happens first."""
    two = st.lists(block, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("seq"), two),
        st.tuples(st.just("xor"), _some, two),
        st.tuples(st.just("and"), two),
        st.tuples(st.just("or"), st.lists(st.booleans(), min_size=3, max_size=3), two),
        st.tuples(st.just("loop"), st.integers(1, 3), block),
        st.tuples(st.just("sub"), block),
        st.tuples(st.just("mi"), st.booleans(), _some, block),
        st.tuples(st.just("call"), st.none() | _some, block),
        st.tuples(st.just("adhoc"), st.lists(_some, min_size=1, max_size=3), two),
        st.tuples(st.just("undo"), block),
        st.tuples(st.just("link"), block),
    )


def _inside(block: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    two = st.lists(block, min_size=2, max_size=3)
    return ordered(block) | st.one_of(
        st.tuples(st.just("boundary"), _trigger, st.booleans(), block, block),
        st.tuples(st.just("event"), _trigger, st.booleans(), block, block),
        st.tuples(st.just("race"), two),
        st.tuples(st.just("shout"), block, block),
        st.tuples(st.just("terminate"), two),
        st.tuples(st.just("failing"), block),
    )


blocks: st.SearchStrategy[Block] = st.recursive(leaves(), _inside, max_leaves=7)
ordered_blocks: st.SearchStrategy[Block] = st.recursive(leaves(events=False), ordered, max_leaves=7)


@dataclass
class File:
    """What the scopes of one file share."""

    ids: Any = field(default_factory=lambda: count(1))
    roots: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    """what is called"""


@dataclass
class Builder:
    """Writes blocks as BPMN; one for each scope."""

    file: File = field(default_factory=File)
    parts: list[str] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    """variables that must be local to the scope"""

    def fresh(self, kind: str) -> str:
        return f"{kind}{next(self.file.ids)}"

    def new(self, kind: str, tag: str, inner: str = "", attributes: str = "") -> str:
        ident = self.fresh(kind)
        self.parts.append(f'<b:{tag} id="{ident}" {attributes}>{inner}</b:{tag}>')
        return ident

    def flow(self, source: str, target: str, condition: str | None = None) -> str:
        ident = self.fresh("f")
        inner = f"<b:conditionExpression>{condition}</b:conditionExpression>" if condition is not None else ""
        self.parts.append(
            f'<b:sequenceFlow id="{ident}" sourceRef="{source}" targetRef="{target}">{inner}</b:sequenceFlow>'
        )
        return ident

    def chain(self, *elements: str) -> tuple[str, str]:
        for source, target in pairwise(elements):
            self.flow(source, target)
        return elements[0], elements[-1]

    def script(self, expression: str, variable: str) -> str:
        return self.new(
            "s", "scriptTask", extension(f'<zeebe:script expression="{expression}" resultVariable="{variable}"/>')
        )

    def add(self, block: Block) -> tuple[str, str]:
        """(first element, last element) of what ``block`` became."""
        made: tuple[str, str] = getattr(self, f"_{block[0]}")(*block[1:])
        return made

    def scope(self) -> Builder:
        return type(self)(self.file)

    def fill(self, inner: Block, start: str = "", attributes: str = "", last: str = "") -> None:
        """begin → ``inner`` → ``last``, by default a plain end event; ``start`` is what begins it."""
        begin = self.new("b", "startEvent", start, attributes)
        into, out = self.add(inner)
        self.flow(begin, into)
        self.flow(out, last or self.new("d", "endEvent"))

    def wrapped(self, scope: Builder, loop: str = "", attributes: str = "") -> str:
        """``scope`` as a subprocess of this one."""
        local = "".join(f'<zeebe:input source="=0" target="{c}"/>' for c in scope.counters)
        mapping = extension(f"<zeebe:ioMapping>{local}</zeebe:ioMapping>") if local else ""
        return self.new("p", "subProcess", mapping + loop + "".join(scope.parts), attributes)

    # -- tasks ----------------------------------------------------------------------------------------------------

    def _user(self) -> tuple[str, str]:
        return self.chain(self.new("u", "userTask"))

    def _script(self) -> tuple[str, str]:
        return self.chain(self.script("=1", "x"))

    def _job(self, topic: str = "work") -> tuple[str, str]:
        return self.chain(self.new("j", "serviceTask", extension(f'<zeebe:taskDefinition type="{topic}"/>')))

    def _task(self, sequential: bool, items: int) -> tuple[str, str]:
        return self.chain(self.new("t", "userTask", self._multiple(sequential, items)))

    def _multiple(self, sequential: bool, items: int) -> str:
        held = extension(
            f'<zeebe:loopCharacteristics inputCollection="={list(range(items))}" inputElement="item" '
            f'outputCollection="{self.fresh("results")}" outputElement="=item"/>'
        )
        return (
            f'<b:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{held}'
            "</b:multiInstanceLoopCharacteristics>"
        )

    # -- ways -----------------------------------------------------------------------------------------------------

    def _seq(self, inner: list[Block]) -> tuple[str, str]:
        made = [self.add(b) for b in inner]
        for (_, out), (into, _) in pairwise(made):
            self.flow(out, into)
        return made[0][0], made[-1][1]

    def _branches(self, kind: str, inner: list[Block], taken: list[bool] | None) -> tuple[str, str]:
        split, join = self.fresh("split"), self.new("join", kind)
        default = ""
        for number, block in enumerate(inner):
            into, out = self.add(block)
            last = number == len(inner) - 1
            condition = None if taken is None or last else f"={str(taken[number]).lower()}"
            ident = self.flow(split, into, condition)
            default = f'default="{ident}"' if taken is not None and last else ""
            self.flow(out, join)
        self.parts.append(f'<b:{kind} id="{split}" {default}/>')
        return split, join

    def _xor(self, taken: int, inner: list[Block]) -> tuple[str, str]:
        return self._branches("exclusiveGateway", inner, [n == taken for n in range(len(inner))])

    def _and(self, inner: list[Block]) -> tuple[str, str]:
        return self._branches("parallelGateway", inner, None)

    def _or(self, taken: list[bool], inner: list[Block]) -> tuple[str, str]:
        return self._branches("inclusiveGateway", inner, taken)

    def _loop(self, times: int, inner: Block) -> tuple[str, str]:
        counter = self.fresh("c")
        self.counters.append(counter)
        reset, again = self.script("=0", counter), self.new("m", "exclusiveGateway")
        into, out = self.add(inner)
        step, leave = self.script(f"={counter} + 1", counter), self.fresh("x")
        self.flow(again, into)
        self.chain(reset, again)
        self.chain(out, step, leave)
        self.flow(leave, again, f"={counter} &lt; {times}")
        end = self.new("m", "exclusiveGateway")
        self.parts.append(f'<b:exclusiveGateway id="{leave}" default="{self.flow(leave, end)}"/>')
        return reset, end

    def _link(self, inner: Block) -> tuple[str, str]:
        name = self.fresh("link")
        definition = f'<b:linkEventDefinition name="{name}"/>'
        go, here = (
            self.new("g", "intermediateThrowEvent", definition),
            self.new("h", "intermediateCatchEvent", definition),
        )
        into, out = self.add(inner)
        self.flow(here, into)
        return go, out

    # -- scopes ---------------------------------------------------------------------------------------------------

    def _sub(self, inner: Block, loop: str = "") -> tuple[str, str]:
        scope = self.scope()
        scope.fill(inner)
        return self.chain(self.wrapped(scope, loop))

    def _mi(self, sequential: bool, items: int, inner: Block) -> tuple[str, str]:
        return self._sub(inner, self._multiple(sequential, items))

    def _call(self, items: int | None, inner: Block, shared: bool = False) -> tuple[str, str]:
        """``shared`` hands all variables back, as they were when it was called: what changed beside it is undone."""
        scope, process = self.scope(), self.fresh("called")
        scope.fill(inner)
        self.file.processes.append(f'<b:process id="{process}" isExecutable="true">{"".join(scope.parts)}</b:process>')
        back = f'propagateAllChildVariables="{str(shared).lower()}"'
        called = extension(f'<zeebe:calledElement processId="{process}" {back}/>')
        loop = self._multiple(items == 2, items) if items is not None else ""
        return self.chain(self.new("a", "callActivity", called + loop))

    def _adhoc(self, chosen: list[int], inner: list[Block]) -> tuple[str, str]:
        scope = self.scope()
        elements = [scope._sub(b)[0] for b in inner]
        wanted = ", ".join(f"&quot;{elements[n % len(elements)]}&quot;" for n in chosen)
        held = extension(f'<zeebe:adHoc activeElementsCollection="=[{wanted}]"/>')
        return self.chain(self.new("a", "adHocSubProcess", held + "".join(scope.parts)))

    def _undo(self, inner: Block) -> tuple[str, str]:
        """A subprocess that is undone as soon as it is done."""
        host, _ = self._sub(inner)
        event = self.new("k", "boundaryEvent", "<b:compensateEventDefinition/>", f'attachedToRef="{host}"')
        handler = self.new("u", "userTask", attributes='isForCompensation="true"')
        self.new("w", "association", attributes=f'sourceRef="{event}" targetRef="{handler}"')
        throw = self.new("o", "intermediateThrowEvent", f'<b:compensateEventDefinition activityRef="{host}"/>')
        return self.chain(host, throw)
