"""How each BPMN element behaves, as SpiffWorkflow task specifications.

SpiffWorkflow gives the token tree, the task states and their transitions. Its BPMN layer keeps variables on tokens,
predicts the future as tasks and joins by looking back through the tree; the standard's semantics (variables in scopes,
token counting at joins, repeatable non-interrupting events) are built here instead, on its core. A finished task is
never looked at again, so it need not be stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import compensation, events
from engine.runtime.model import Element, Flow
from engine.runtime.scopes import handed
from engine.runtime.waits import named

if TYPE_CHECKING:
    from engine.runtime.machine import Machine
    from engine.runtime.repeats import MultiInstanceNode
    from engine.runtime.scopes import ScopeInstance, ScopeSpec


class Node(TaskSpec):  # type: ignore[misc]
    """One element of the diagram. Subclasses say what happens on arrival (``enter``) and on execution (``execute``)."""

    repeats = False
    """True for inner instances of a multi-instance activity: they have no way out of their own."""
    conditional = False
    """True when a token may leave by some of the flows only."""
    boundary: tuple[Element, ...] = ()
    silent = False
    """True for what is no element of its own: it leaves no trace in the history."""

    def __init__(self, spec: ScopeSpec, element: Element, name: str | None = None) -> None:
        super().__init__(spec, name or element.id)
        self.lookahead = 0
        self.element = element
        self.flows: list[Flow] = []

    def enter(self, task: Task) -> bool:
        """A token arrived. Return True when the element can execute at once, False when it waits."""
        return True

    def execute(self, task: Task) -> bool:
        """Do the element's work. Return False when it goes on elsewhere (a subprocess)."""
        return True

    def choose(self, task: Task) -> list[Flow]:
        """The sequence flows a token leaves by: all whose condition holds, else the default one (BPMN 2.0.2, 13.3.1).

        The local variables of the element are gone by then.
        """
        if not self.conditional:
            return self.flows
        machine = machine_of(task)
        chosen = [f for f in self.flows if f.id != self.element.default and machine.condition(task, f)]
        return chosen or [machine.default_flow(task, self.flows)]

    # -- SpiffWorkflow's hooks ------------------------------------------------------------------------------------

    def test(self) -> None:
        pass

    def _predict_hook(self, my_task: Task) -> None:
        pass

    def _update_hook(self, my_task: Task) -> bool:
        machine_of(my_task).entered(my_task)
        ready = self.enter(my_task)
        if not ready and my_task.state == TaskState.FUTURE:
            my_task._set_state(TaskState.WAITING)
        return ready

    def _on_ready_hook(self, my_task: Task) -> None:
        machine_of(my_task).ready.append(my_task)

    def _on_complete_hook(self, my_task: Task) -> None:
        machine = machine_of(my_task)
        if self.boundary:
            events.close_boundary(my_task)
        if self.repeats:
            machine.completed(my_task, [])
            body = my_task.parent
            cast("MultiInstanceNode", body.task_spec).inner_completed(body, my_task)
            return
        my_task.internal_data.pop("local", None)
        flows = self.choose(my_task)
        machine.completed(my_task, flows)
        scope = scope_of(my_task)
        for flow in flows:
            child = my_task._add_child(scope.spec.task_specs[flow.target], TaskState.FUTURE)
            child.internal_data["flow"] = flow.id


def scope_of(task: Task) -> ScopeInstance:
    """The scope ``task`` is in."""
    return cast("ScopeInstance", task.workflow)


def machine_of(task: Task) -> Machine:
    """The running instance ``task`` belongs to."""
    return scope_of(task).machine


class StartNode(TaskSpec):  # type: ignore[misc]
    """The root of a scope's tree."""

    def __init__(self, spec: ScopeSpec) -> None:
        super().__init__(spec, "/")


class CatchNode(Node):
    """Start, intermediate catch and boundary events."""

    def enter(self, task: Task) -> bool:
        event = self.element.event
        if event is None or event.kind in ("none", "link") or "event" in task.internal_data:
            return True
        events.subscribe(machine_of(task), task, self.element)
        return False

    def execute(self, task: Task) -> bool:
        machine_of(task).result(task, task.internal_data.pop("event", {}))
        return True


class ThrowNode(Node):
    """Throw and end events: messages and jobs, signals, errors, escalations, termination."""

    def enter(self, task: Task) -> bool:
        machine_of(task).apply_inputs(task)
        return True

    def execute(self, task: Task) -> bool:
        machine, event = machine_of(task), self.element.event
        if self.element.topic:
            machine.job(task)
            return True
        kind = "none" if event is None else event.kind
        if kind == "error":
            task.internal_data["thrown"] = True
            machine.throw_error(task, self._code(task), {})
            return True
        if kind == "compensate" and self._undoes(task):
            return False
        machine.result(task, {})
        if kind == "signal" and event is not None:
            machine.throw_signal(named(machine, task, self.element, event.name), machine.local(task))
        elif kind == "escalation":
            task.internal_data["thrown"] = True
            machine.throw_escalation(task, self._code(task), {})
        return True

    def _undoes(self, task: Task) -> bool:
        """Start what undoes; True while it runs. Afterwards the event is executed again."""
        if self.element.event is None or "undoing" in task.internal_data:
            return False
        return compensation.undo(machine_of(task), task, self.element.event.activity) > 0

    def _code(self, task: Task) -> str:
        code = self.element.event.code if self.element.event is not None else None
        return named(machine_of(task), task, self.element, code) if code else ""

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)
        if self.element.event is not None and self.element.event.kind == "terminate":
            machine_of(my_task).terminate(scope_of(my_task))


class ActivityNode(Node):
    """A task. Input mappings first, then its boundary events open; they close when it ends.

    Manual and undefined tasks are passed straight through.
    """

    def enter(self, task: Task) -> bool:
        machine = machine_of(task)
        machine.apply_inputs(task)
        events.open_boundary(machine, task, self.boundary)
        return self.begin(task)

    def begin(self, task: Task) -> bool:
        """The activity is open. Return True when it can execute at once."""
        return True

    def execute(self, task: Task) -> bool:
        machine_of(task).result(task, task.internal_data.pop("event", {}))
        return True

    def _on_complete_hook(self, my_task: Task) -> None:
        compensation.remember(my_task)
        super()._on_complete_hook(my_task)
        compensation.over(machine_of(my_task), my_task)


class UserTaskNode(ActivityNode):
    """Waits for a person."""

    def enter(self, task: Task) -> bool:
        task.internal_data["since"] = machine_of(task).host.now().isoformat()
        return super().enter(task)

    def begin(self, task: Task) -> bool:
        task._set_state(TaskState.STARTED)
        machine_of(task).host.user_task_created(machine_of(task), task)
        return False


class ReceiveNode(ActivityNode):
    """Receive task: waits for a message, unless the event-based gateway before it has already caught it."""

    def begin(self, task: Task) -> bool:
        if "event" in task.internal_data:
            return True
        events.subscribe(machine_of(task), task, self.element)
        return False


class JobNode(ActivityNode):
    """Service and send tasks: a topic of the allow-list."""

    def execute(self, task: Task) -> bool:
        machine_of(task).job(task)
        return True


class ScriptNode(ActivityNode):
    """Script task: a FEEL expression and its result variable."""

    def execute(self, task: Task) -> bool:
        machine = machine_of(task)
        value = machine.evaluate(task, self.element.script or "", "script")
        machine.result(task, {self.element.result_variable or "": value})
        return True


class DecisionNode(ActivityNode):
    """Business rule task: a decision of the pack."""

    def execute(self, task: Task) -> bool:
        machine = machine_of(task)
        value = machine.host.decide(machine, task, self.element)
        machine.result(task, {self.element.result_variable or "": value})
        return True


class SubProcessNode(ActivityNode):
    """Embedded subprocess, event subprocess and call activity: a scope of its own."""

    def execute(self, task: Task) -> bool:
        machine = machine_of(task)
        child = machine.scope_at(task)
        if child is None:
            self.begin_inside(task, machine.open_scope(task))
            return False
        machine.close_scope(task, child)
        self.hand_over(task, child)
        return True

    def begin_inside(self, task: Task, scope: ScopeInstance) -> None:
        """The scope is open: start what is inside."""
        machine = machine_of(task)
        machine.listen(scope)
        machine.begin(scope, machine.start_event(scope, None), task.internal_data.pop("event", {}))

    def hand_over(self, task: Task, scope: ScopeInstance) -> None:
        """The scope ended: hand over its results as the element's mappings say."""
        machine = machine_of(task)
        if not scope.called:
            task.internal_data["local"] = scope.data
            machine.result(task, {})
        elif self.element.outputs or self.element.propagate_children:
            machine.result(task, handed(task, scope.data))


class UndoNode(SubProcessNode):
    """Opens a completed embedded subprocess again, to undo what was done inside."""

    silent = True

    def enter(self, task: Task) -> bool:
        (done,) = task.internal_data.pop("undo")
        task.internal_data.update(local=dict(done["variables"]), inside=done["inside"])
        return True

    def begin_inside(self, task: Task, scope: ScopeInstance) -> None:
        compensation.start(scope, task.internal_data.pop("inside"))

    def hand_over(self, task: Task, scope: ScopeInstance) -> None:
        """Nothing is handed over: handlers have set the variables they set."""
        task.internal_data.pop("undo", None)


class ListenerNode(Node):
    """Stands for an event subprocess while its start event has not happened."""
