"""Well-structured diagrams put together from blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import strategies as st

from tests.engine.bpmn.snippets import HEAD, extension

Block = tuple[Any, ...]
"""("user",) · ("script",) · ("seq", blocks) · ("xor", taken, blocks) · ("and", blocks) · ("or", taken, blocks) ·
("loop", times, block) · ("sub", block) · ("mi", sequential, items, block) · ("task", sequential, items) ·
("remind", block, block) · ("interrupt", block, block) · ("race", blocks)"""

_some = st.integers(0, 2)


def _inside(block: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    two = st.lists(block, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("seq"), two),
        st.tuples(st.just("xor"), _some, two),
        st.tuples(st.just("and"), two),
        st.tuples(st.just("or"), st.lists(st.booleans(), min_size=3, max_size=3), two),
        st.tuples(st.just("loop"), st.integers(1, 3), block),
        st.tuples(st.just("sub"), block),
        st.tuples(st.just("mi"), st.booleans(), _some, block),
        st.tuples(st.just("remind"), block, block),
        st.tuples(st.just("interrupt"), block, block),
        st.tuples(st.just("race"), two),
    )


blocks: st.SearchStrategy[Block] = st.recursive(
    st.one_of(
        st.just(("user",)),
        st.just(("script",)),
        st.tuples(st.just("task"), st.booleans(), st.integers(0, 3)),
    ),
    _inside,
    max_leaves=7,
)


@dataclass
class Builder:
    """Writes blocks as BPMN; one for each scope, sharing the counter of ids."""

    ids: Any = field(default_factory=lambda: count(1))
    parts: list[str] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    """variables that must be local to the scope"""

    def new(self, kind: str, tag: str, inner: str = "", attributes: str = "") -> str:
        ident = f"{kind}{next(self.ids)}"
        self.parts.append(f'<b:{tag} id="{ident}" {attributes}>{inner}</b:{tag}>')
        return ident

    def flow(self, source: str, target: str, condition: str | None = None) -> str:
        ident = f"f{next(self.ids)}"
        inner = f"<b:conditionExpression>{condition}</b:conditionExpression>" if condition is not None else ""
        self.parts.append(
            f'<b:sequenceFlow id="{ident}" sourceRef="{source}" targetRef="{target}">{inner}</b:sequenceFlow>'
        )
        return ident

    def script(self, expression: str, variable: str) -> str:
        return self.new(
            "s", "scriptTask", extension(f'<zeebe:script expression="{expression}" resultVariable="{variable}"/>')
        )

    def add(self, block: Block) -> tuple[str, str]:
        """(first element, last element) of what ``block`` became."""
        made: tuple[str, str] = getattr(self, f"_{block[0]}")(*block[1:])
        return made

    def _user(self) -> tuple[str, str]:
        ident = self.new("u", "userTask")
        return ident, ident

    def _script(self) -> tuple[str, str]:
        ident = self.script("=1", "x")
        return ident, ident

    def _seq(self, inner: list[Block]) -> tuple[str, str]:
        made = [self.add(b) for b in inner]
        for (_, out), (into, _) in pairwise(made):
            self.flow(out, into)
        return made[0][0], made[-1][1]

    def _branches(self, kind: str, inner: list[Block], taken: list[bool] | None) -> tuple[str, str]:
        split, join = f"split{next(self.ids)}", self.new("join", kind)
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

    def _race(self, inner: list[Block]) -> tuple[str, str]:
        """An event-based gateway with a timer on each arm."""
        gateway, merge = self.new("e", "eventBasedGateway"), self.new("m", "exclusiveGateway")
        for number, block in enumerate(inner):
            arm = self.new("c", "intermediateCatchEvent", _timer(number + 1))
            self.flow(gateway, arm)
            into, out = self.add(block)
            self.flow(arm, into)
            self.flow(out, merge)
        return gateway, merge

    def _loop(self, times: int, inner: Block) -> tuple[str, str]:
        counter = f"c{next(self.ids)}"
        self.counters.append(counter)
        reset, again = self.script("=0", counter), self.new("m", "exclusiveGateway")
        into, out = self.add(inner)
        step, leave = self.script(f"={counter} + 1", counter), f"x{next(self.ids)}"
        self.flow(reset, again)
        self.flow(again, into)
        self.flow(out, step)
        self.flow(step, leave)
        self.flow(leave, again, f"={counter} &lt; {times}")
        end = self.new("m", "exclusiveGateway")
        self.parts.append(f'<b:exclusiveGateway id="{leave}" default="{self.flow(leave, end)}"/>')
        return reset, end

    def _sub(self, inner: Block, loop: str = "") -> tuple[str, str]:
        scope = Builder(self.ids)
        begin, end = scope.new("b", "startEvent"), scope.new("d", "endEvent")
        into, out = scope.add(inner)
        scope.flow(begin, into)
        scope.flow(out, end)
        local = "".join(f'<zeebe:input source="=0" target="{c}"/>' for c in scope.counters)
        mapping = extension(f"<zeebe:ioMapping>{local}</zeebe:ioMapping>") if local else ""
        ident = self.new("p", "subProcess", mapping + loop + "".join(scope.parts))
        return ident, ident

    def _mi(self, sequential: bool, items: int, inner: Block) -> tuple[str, str]:
        return self._sub(inner, self._multiple(sequential, items))

    def _task(self, sequential: bool, items: int) -> tuple[str, str]:
        ident = self.new("t", "userTask", self._multiple(sequential, items))
        return ident, ident

    def _multiple(self, sequential: bool, items: int) -> str:
        held = extension(
            f'<zeebe:loopCharacteristics inputCollection="={list(range(items))}" inputElement="item" '
            f'outputCollection="results{next(self.ids)}" outputElement="=item"/>'
        )
        return (
            f'<b:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{held}'
            "</b:multiInstanceLoopCharacteristics>"
        )

    def _remind(self, inner: Block, beside: Block) -> tuple[str, str]:
        """A reminder on a subprocess; its own path ends by itself."""
        host, _ = self._sub(inner)
        event = self.new("r", "boundaryEvent", _timer(1), f'attachedToRef="{host}" cancelActivity="false"')
        into, out = self.add(beside)
        self.flow(event, into)
        self.flow(out, self.new("d", "endEvent"))
        return host, host

    def _interrupt(self, inner: Block, instead: Block) -> tuple[str, str]:
        """A time limit on a subprocess; the other path joins the main one again."""
        host, _ = self._sub(inner)
        event = self.new("l", "boundaryEvent", _timer(2), f'attachedToRef="{host}"')
        into, out = self.add(instead)
        merge = self.new("m", "exclusiveGateway")
        self.flow(event, into)
        self.flow(out, merge)
        self.flow(host, merge)
        return host, merge


def _timer(hours: int) -> str:
    return f"<b:timerEventDefinition><b:timeDuration>PT{hours}H</b:timeDuration></b:timerEventDefinition>"


def write(block: Block) -> bytes:
    """A process that begins, does ``block`` and ends."""
    builder = Builder()
    begin, end = builder.new("b", "startEvent"), "done"
    builder.parts.append('<b:endEvent id="done"/>')
    into, out = builder.add(block)
    builder.flow(begin, into)
    builder.flow(out, end)
    return f'{HEAD}<b:process id="process" isExecutable="true">{"".join(builder.parts)}</b:process></b:definitions>'.encode()
