"""Gateways: BPMN 2.0.2, 13.4."""

from __future__ import annotations

from collections.abc import Iterable

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import events
from engine.runtime.model import Element, Flow
from engine.runtime.nodes import Node, UserTaskNode, machine_of
from engine.runtime.scopes import ALIVE, ScopeInstance


class ExclusiveNode(Node):
    """Exclusive gateway: the first flow whose condition is true, else the default flow, else an error (13.4.2)."""

    def choose(self, task: Task) -> list[Flow]:
        if not self.conditional:
            return self.flows or [machine_of(task).default_flow(task, [])]
        machine = machine_of(task)
        for flow in self.flows:
            if flow.id != self.element.default and machine.condition(task, flow):
                return [flow]
        return [machine.default_flow(task, self.flows)]


class JoinNode(Node):
    """Waits for tokens on several incoming flows."""

    def enter(self, task: Task) -> bool:
        if len(self.element.incoming) < 2:
            return True
        task._set_state(TaskState.WAITING)
        return self.ready_to_fire(task)

    def ready_to_fire(self, task: Task) -> bool:
        """Called when ``task`` has arrived. Return True when it can go on at once."""
        raise NotImplementedError

    def waiting(self, task: Task) -> dict[str, list[Task]]:
        """Tokens that wait here, by incoming flow."""
        arrived: dict[str, list[Task]] = {flow: [] for flow in self.element.incoming}
        for other in task.workflow.tasks.values():
            if other.task_spec is self and other.state == TaskState.WAITING:
                arrived[other.internal_data["flow"]].append(other)
        return arrived

    def consume(self, task: Task, arrived: dict[str, list[Task]]) -> None:
        """Take one token from each incoming flow that has one; ``task`` carries on."""
        for tokens in arrived.values():
            if tokens and task not in tokens:
                tokens[0]._set_state(TaskState.COMPLETED)


def deadlocked(scopes: Iterable[ScopeInstance]) -> Task | None:
    """A token at a join when nothing else is awaited: no person, no event, nothing an ad-hoc subprocess may activate."""
    stuck: Task | None = None
    for scope in scopes:
        if scope.open_ended:
            return None
        for task in scope.alive():
            if "waits" in task.internal_data or isinstance(task.task_spec, UserTaskNode):
                return None
            if isinstance(task.task_spec, JoinNode):
                stuck = task
    return stuck


class ParallelNode(JoinNode):
    """Parallel gateway: one token from every incoming flow; extra tokens stay (13.4.1)."""

    def ready_to_fire(self, task: Task) -> bool:
        arrived = self.waiting(task)
        if any(not tokens for tokens in arrived.values()):
            return False
        self.consume(task, arrived)
        return True


class InclusiveNode(JoinNode):
    """Inclusive gateway: fires when no other token can still reach an empty incoming flow (13.4.3)."""

    upstream: dict[str, frozenset[str]]
    """incoming flow -> ids of the elements from which it can be reached without passing this gateway"""

    def ready_to_fire(self, task: Task) -> bool:
        return False

    def settle(self, task: Task) -> bool:
        """Called when nothing else can move: fire if no token on its way could still arrive.

        A token that can also reach a flow where a token already waits does not hold the gateway up.
        """
        arrived = self.waiting(task)
        empty = [f for f, tokens in arrived.items() if not tokens]
        held = [f for f, tokens in arrived.items() if tokens]
        for other in task.workflow.tasks.values():
            if other.task_spec is self or not other.has_state(ALIVE) or not isinstance(other.task_spec, Node):
                continue
            origin = other.task_spec.element.id
            if any(origin in self.upstream[f] for f in empty) and not any(origin in self.upstream[f] for f in held):
                return False
        self.consume(task, arrived)
        task._ready()
        return True


class EventGatewayNode(Node):
    """Event-based gateway: waits for the first of the events that follow it (13.4.4)."""

    arms: dict[str, tuple[Flow, Element]]
    """catch element id -> (flow to it, element)"""

    def enter(self, task: Task) -> bool:
        for _, element in self.arms.values():
            events.subscribe(machine_of(task), task, element)
        return False

    def choose(self, task: Task) -> list[Flow]:
        return [self.arms[task.internal_data["caught"]][0]]

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)
        for child in my_task.children:
            child.internal_data["event"] = my_task.internal_data.get("event", {})
