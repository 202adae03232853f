"""Blocks with events: boundary events, event subprocesses, races, signals between branches, termination."""

from __future__ import annotations

from tests.engine.bpmn.blocks import Block, Builder
from tests.engine.bpmn.snippets import HEAD, extension

_THROWN = ("escalation", "error")
_CYCLE = "<b:timerEventDefinition><b:timeCycle>R2/PT1H</b:timeCycle></b:timerEventDefinition>"


def _timer(hours: int) -> str:
    return f"<b:timerEventDefinition><b:timeDuration>PT{hours}H</b:timeDuration></b:timerEventDefinition>"


class Events(Builder):
    """Adds what waits, throws and interrupts."""

    def root(self, kind: str) -> str:
        """A message, signal, error or escalation of its own; returns its id."""
        ident = self.fresh(kind)
        subscription = extension('<zeebe:subscription correlationKey="=&quot;K&quot;"/>') if kind == "message" else ""
        code = f'{kind}Code="{ident}"' if kind in _THROWN else ""
        self.file.roots.append(f'<b:{kind} id="{ident}" name="{ident}" {code}>{subscription}</b:{kind}>')
        return ident

    def definition(self, kind: str, ident: str) -> str:
        if kind == "conditional":
            return (
                f"<b:conditionalEventDefinition><b:condition>={ident} = 1</b:condition></b:conditionalEventDefinition>"
            )
        return f'<b:{kind}EventDefinition {kind}Ref="{ident}"/>'

    def _watched(self, kind: str, interrupting: bool, inner: Block) -> tuple[Builder, str, list[str]]:
        """A scope that does ``inner`` and then throws; what catches that; what comes before the scope."""
        scope = self.scope()
        if kind in ("timer", "cycle"):
            scope.fill(inner)
            return scope, _timer(2) if kind == "timer" or interrupting else _CYCLE, []
        if kind == "conditional":
            variable = self.fresh("c")
            self.counters.append(variable)
            last = scope.script("=1", variable)
            scope.fill(inner, last=last)
            return scope, self.definition(kind, variable), [self.script("=0", variable)]
        ident = self.root(kind)
        definition = self.definition(kind, ident)
        if kind == "error":
            scope.fill(inner, last=scope.new("d", "endEvent", definition))
        elif kind == "escalation":
            scope.fill(inner, last=scope.new("o", "intermediateThrowEvent", definition))
        else:
            scope.fill(inner)
        return scope, definition, []

    def _boundary(self, kind: str, interrupting: bool, inner: Block, handler: Block) -> tuple[str, str]:
        """The way out of an interrupting event joins the main one again; the other ends by itself."""
        interrupting = interrupting or kind == "error"
        scope, definition, before = self._watched(kind, interrupting, inner)
        host, merge = self.wrapped(scope), self.new("m", "exclusiveGateway")
        cancel = f'cancelActivity="{str(interrupting).lower()}"'
        event = self.new("r", "boundaryEvent", definition, f'attachedToRef="{host}" {cancel}')
        into, out = self.add(handler)
        self.flow(event, into)
        self.flow(out, merge if interrupting else self.new("d", "endEvent"))
        return self.chain(*before, host, merge)

    def _event(self, kind: str, interrupting: bool, inner: Block, handler: Block) -> tuple[str, str]:
        """A subprocess with an event subprocess."""
        interrupting = interrupting or kind == "error"
        scope, definition, before = self._watched(kind, interrupting, inner)
        handling = scope.scope()
        handling.fill(handler, definition, f'isInterrupting="{str(interrupting).lower()}"')
        scope.wrapped(handling, attributes='triggeredByEvent="true"')
        return self.chain(*before, self.wrapped(scope))

    def _catching(self, kind: str, hours: int = 1) -> str:
        if kind == "receive":
            return self.new("v", "receiveTask", attributes=f'messageRef="{self.root("message")}"')
        definition = _timer(hours) if kind == "timer" else self.definition(kind, self.root(kind))
        return self.new("c", "intermediateCatchEvent", definition)

    def _catch(self, kind: str) -> tuple[str, str]:
        return self.chain(self._catching(kind))

    def _race(self, inner: list[Block]) -> tuple[str, str]:
        """An event-based gateway with an arm of each kind."""
        gateway, merge = self.new("e", "eventBasedGateway"), self.new("m", "exclusiveGateway")
        for number, block in enumerate(inner):
            arm = self._catching(("timer", "message", "signal")[number], number + 1)
            self.flow(gateway, arm)
            into, out = self.add(block)
            self.flow(arm, into)
            self.flow(out, merge)
        return gateway, merge

    def _shout(self, listener: Block, speaker: Block) -> tuple[str, str]:
        """One branch waits for the signal the other one throws."""
        split, join = self.new("split", "parallelGateway"), self.new("join", "parallelGateway")
        definition = self.definition("signal", self.root("signal"))
        hears = self.new("c", "intermediateCatchEvent", definition)
        into, out = self.add(listener)
        self.chain(split, hears, into)
        self.flow(out, join)
        into, out = self.add(speaker)
        self.flow(split, into)
        self.chain(out, self.new("o", "intermediateThrowEvent", definition), join)
        return split, join

    def _terminate(self, inner: list[Block]) -> tuple[str, str]:
        """A subprocess that the first branch ends for all of them."""
        scope = self.scope()
        begin, split = scope.new("b", "startEvent"), scope.new("split", "parallelGateway")
        scope.flow(begin, split)
        for number, block in enumerate(inner):
            into, out = scope.add(block)
            scope.flow(split, into)
            scope.flow(out, scope.new("d", "endEvent", "" if number else "<b:terminateEventDefinition/>"))
        return self.chain(self.wrapped(scope))

    def _failing(self, handler: Block) -> tuple[str, str]:
        """A job that raises an error, and what is done instead."""
        host, merge = self._job("bad")[0], self.new("m", "exclusiveGateway")
        event = self.new("r", "boundaryEvent", "<b:errorEventDefinition/>", f'attachedToRef="{host}"')
        into, out = self.add(handler)
        self.chain(event, into)
        self.flow(out, merge)
        self.flow(host, merge)
        return host, merge


def write(block: Block) -> bytes:
    """A process that begins, does ``block`` and ends at ``done``."""
    builder = Events()
    begin = builder.new("b", "startEvent")
    builder.parts.append('<b:endEvent id="done"/>')
    into, out = builder.add(block)
    builder.flow(begin, into)
    builder.flow(out, "done")
    main = f'<b:process id="process" isExecutable="true">{"".join(builder.parts)}</b:process>'
    shared = builder.file
    return f"{HEAD}{''.join(shared.roots)}{main}{''.join(shared.processes)}</b:definitions>".encode()
