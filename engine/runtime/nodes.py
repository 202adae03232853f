"""How each BPMN element behaves, as SpiffWorkflow task specifications.

SpiffWorkflow gives the token tree, the task states and their transitions. Its BPMN layer keeps variables on tokens,
predicts the future as tasks and joins by looking back through the tree; the standard's semantics (variables in scopes,
token counting at joins, repeatable non-interrupting events) are built here instead, on its core. A finished task is
never looked at again, so it need not be stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime.model import Element, Flow

if TYPE_CHECKING:
    from engine.runtime.machine import Machine
    from engine.runtime.scopes import ScopeInstance, ScopeSpec

ALIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class Node(TaskSpec):  # type: ignore[misc]
    """One element of the diagram. Subclasses say what happens on arrival (``enter``) and on execution (``execute``)."""

    repeats = False
    """True for inner instances of a multi-instance activity: they have no way out of their own."""

    def __init__(self, spec: ScopeSpec, element: Element, name: str | None = None) -> None:
        super().__init__(spec, name or element.id)
        self.lookahead = 0
        self.element = element
        self.flows: list[Flow] = []

    def enter(self, task: Task) -> bool:
        """A token arrived. Return True when the element can execute at once, False when it waits."""
        return True

    def execute(self, task: Task) -> bool | None:
        """Do the element's work. Return None when it goes on elsewhere (a subprocess)."""
        return True

    def choose(self, task: Task) -> list[Flow]:
        """The sequence flows a token leaves by: all of them, unless a condition on a flow says no."""
        machine = machine_of(task)
        return [f for f in self.flows if f.condition is None or machine.condition(task, f)]

    # -- SpiffWorkflow's hooks ------------------------------------------------------------------------------------

    def test(self) -> None:
        pass

    def _predict_hook(self, my_task: Task) -> None:
        pass

    def _update_hook(self, my_task: Task) -> bool:
        machine = machine_of(my_task)
        machine.entered(my_task)
        ready = self.enter(my_task)
        if not ready and my_task.state == TaskState.FUTURE:
            my_task._set_state(TaskState.WAITING)
        return ready

    def _on_ready_hook(self, my_task: Task) -> None:
        machine_of(my_task).ready.append(my_task)

    def _run_hook(self, my_task: Task) -> bool | None:
        return self.execute(my_task)

    def _on_complete_hook(self, my_task: Task) -> None:
        machine = machine_of(my_task)
        machine.finish_activity(my_task)
        flows = [] if self.repeats else self.choose(my_task)
        machine.completed(my_task, flows)
        scope = scope_of(my_task)
        for flow in flows:
            child = my_task._add_child(scope.spec.task_specs[flow.target], TaskState.FUTURE)
            child.internal_data["flow"] = flow.id


def scope_of(task: Task) -> ScopeInstance:
    return cast("ScopeInstance", task.workflow)


def machine_of(task: Task) -> Machine:
    return scope_of(task).machine


class StartNode(TaskSpec):  # type: ignore[misc]
    """The root of a scope's tree; hands a token to the chosen start event."""

    def __init__(self, spec: ScopeSpec) -> None:
        super().__init__(spec, "/")
        self.lookahead = 0

    def test(self) -> None:
        pass

    def _predict_hook(self, my_task: Task) -> None:
        pass

    def _update_hook(self, my_task: Task) -> bool:
        return True


class PassNode(Node):
    """None start and end events, manual and undefined tasks, link events: a token goes straight through."""


class ExclusiveNode(Node):
    """Exclusive gateway: the first flow whose condition is true, else the default flow, else an error."""

    def choose(self, task: Task) -> list[Flow]:
        if len(self.flows) == 1 and self.flows[0].condition is None:
            return self.flows
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
        raise NotImplementedError

    def waiting(self, task: Task) -> dict[str, list[Task]]:
        """Tokens that wait here, by incoming flow."""
        arrived: dict[str, list[Task]] = {flow: [] for flow in self.element.incoming}
        for other in task.workflow.tasks.values():
            if other.task_spec is self and other.state == TaskState.WAITING:
                arrived.setdefault(other.internal_data.get("flow", ""), []).append(other)
        return arrived

    def consume(self, task: Task, arrived: dict[str, list[Task]]) -> None:
        """Take one token from each incoming flow that has one; ``task`` carries on."""
        for tokens in arrived.values():
            if tokens and task not in tokens:
                tokens[0]._set_state(TaskState.COMPLETED)


class ParallelNode(JoinNode):
    """Parallel gateway: one token from every incoming flow; extra tokens stay (BPMN 2.0, 13.4.1)."""

    def ready_to_fire(self, task: Task) -> bool:
        arrived = self.waiting(task)
        if any(not tokens for tokens in arrived.values()):
            return False
        self.consume(task, arrived)
        return True


class InclusiveNode(JoinNode):
    """Inclusive gateway: fires when no other token can still reach an empty incoming flow (BPMN 2.0, 13.4.3)."""

    upstream: dict[str, frozenset[str]]
    """incoming flow -> ids of the elements from which it can be reached without passing this gateway"""

    def ready_to_fire(self, task: Task) -> bool:
        return False

    def settle(self, task: Task) -> bool:
        """Called when nothing else can move: fire if no token on its way could still arrive."""
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

    def choose(self, task: Task) -> list[Flow]:
        if len(self.flows) == 1 and self.flows[0].condition is None:
            return self.flows
        machine = machine_of(task)
        chosen = [f for f in self.flows if f.id != self.element.default and machine.condition(task, f)]
        return chosen or [machine.default_flow(task, self.flows)]


class CatchNode(Node):
    """Intermediate catch event, receive task, event start of an event subprocess, boundary event."""

    def enter(self, task: Task) -> bool:
        if self.element.event is None or self.element.event.kind in ("none", "link") or "passed" in task.internal_data:
            return True
        machine_of(task).subscribe(task, self.element)
        return False


class EventGatewayNode(Node):
    """Event-based gateway: waits for the first of the events that follow it."""

    arms: dict[str, tuple[Flow, Element]]
    """catch element id -> (flow to it, element)"""

    def enter(self, task: Task) -> bool:
        for _, element in self.arms.values():
            machine_of(task).subscribe(task, element)
        return False

    def choose(self, task: Task) -> list[Flow]:
        return [self.arms[task.internal_data["caught"]][0]]

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)
        for child in my_task.children:
            child.internal_data["passed"] = True


class ThrowNode(Node):
    """Throw and end events: messages and jobs, signals, errors, escalations, termination."""

    def execute(self, task: Task) -> bool | None:
        machine, event = machine_of(task), self.element.event
        if self.element.topic:
            machine.job(task)
        elif event is not None and event.kind == "signal":
            machine.host.signal(event.name, machine.job_input(task))
        elif event is not None and event.kind == "escalation":
            machine.throw_escalation(task, event.code)
        elif event is not None and event.kind == "error":
            machine.raised.append((task, event.code))
        return True

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)
        if self.element.event is not None and self.element.event.kind == "terminate":
            machine_of(my_task).terminate(scope_of(my_task), my_task)


class ActivityNode(Node):
    """A task: boundary events open on arrival and close when it ends."""

    boundary: list[Element]

    def enter(self, task: Task) -> bool:
        machine = machine_of(task)
        machine.open_boundary(task, [] if self.repeats else self.boundary)
        machine.apply_inputs(task)
        return self.begin(task)

    def begin(self, task: Task) -> bool:
        return True


class UserTaskNode(ActivityNode):
    """Waits for a person."""

    def begin(self, task: Task) -> bool:
        task._set_state(TaskState.STARTED)
        machine_of(task).host.user_task_created(machine_of(task), task)
        return False


class JobNode(ActivityNode):
    """Service and send tasks: a topic of the allow-list."""

    def execute(self, task: Task) -> bool | None:
        machine_of(task).job(task)
        return True


class ScriptNode(ActivityNode):
    """Script task: a FEEL expression and its result variable."""

    def execute(self, task: Task) -> bool | None:
        machine = machine_of(task)
        machine.result(
            task, {self.element.result_variable or "": machine.evaluate(task, self.element.script or "", "script")}
        )
        return True


class DecisionNode(ActivityNode):
    """Business rule task: a decision of the pack."""

    def execute(self, task: Task) -> bool | None:
        machine = machine_of(task)
        value = machine.host.decide(machine, task, self.element)
        machine.result(task, {self.element.result_variable or "": value})
        return True


class ReceiveNode(ActivityNode):
    """Receive task: waits for a message."""

    def begin(self, task: Task) -> bool:
        machine_of(task).subscribe(task, self.element)
        return False


class SubProcessNode(ActivityNode):
    """Embedded subprocess and call activity: a scope of its own."""

    def execute(self, task: Task) -> bool | None:
        machine = machine_of(task)
        child = machine.scope_at(task)
        if child is None:
            machine.open_scope(task)
            return None
        machine.close_scope(task, child)
        return True


class MultiInstanceNode(ActivityNode):
    """Multi-instance body: one inner task for each item of the input collection."""

    inner: Node

    def enter(self, task: Task) -> bool:
        machine = machine_of(task)
        machine.open_boundary(task, self.boundary)
        items = machine.collection(task)
        task.internal_data.update(items=items, results=[None] * len(items), next=0, open=0, done=0)
        if not items:
            self.collect(task)
            return True
        task._set_state(TaskState.STARTED)
        loop = self.element.loop
        for _ in items[:1] if loop is not None and loop.sequential else items:
            self.spawn(task)
        return False

    def spawn(self, task: Task) -> None:
        """Start the next inner instance."""
        data = task.internal_data
        index, loop = data["next"], self.element.loop
        local: dict[str, Any] = {"loopCounter": index + 1}
        if loop is not None and loop.input_element:
            local[loop.input_element] = data["items"][index]
        data["next"], data["open"] = index + 1, data["open"] + 1
        child = task._add_child(self.inner, TaskState.FUTURE)
        child.internal_data.update(local=local, index=index)
        self.inner._update(child)

    def inner_completed(self, task: Task, child: Task) -> None:
        """An inner instance ended: collect its output, go on or finish."""
        machine, data, loop = machine_of(task), task.internal_data, self.element.loop
        data["open"], data["done"] = data["open"] - 1, data["done"] + 1
        if loop is None:
            return
        if loop.output_element:
            data["results"][child.internal_data["index"]] = machine.evaluate(
                child, loop.output_element, "outputElement"
            )
        if loop.completion_condition and machine.truth(
            child, loop.completion_condition, self.element, self._counters(data)
        ):
            for other in [t for t in task.children if t.has_state(ALIVE)]:
                machine.cancel(other)
        elif loop.sequential and data["next"] < len(data["items"]):
            self.spawn(task)
            return
        elif data["open"]:
            return
        self.collect(task)
        task._ready()

    def collect(self, task: Task) -> None:
        loop = self.element.loop
        if loop is not None and loop.output_collection:
            machine_of(task).propagate(task, {loop.output_collection: task.internal_data["results"]}, own=False)

    @staticmethod
    def _counters(data: dict[str, Any]) -> dict[str, Any]:
        return {
            "numberOfInstances": len(data["items"]),
            "numberOfActiveInstances": data["open"],
            "numberOfCompletedInstances": data["done"],
        }
