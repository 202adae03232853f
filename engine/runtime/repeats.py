"""Multi-instance activities: a body that holds the collections, and one inner task for each item."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import events
from engine.runtime.model import Loop
from engine.runtime.nodes import ActivityNode, Node, machine_of
from engine.runtime.scopes import ALIVE


class MultiInstanceNode(ActivityNode):
    """The body (BPMN 2.0.2, 13.3.7). Boundary events belong to it, mappings to each inner instance.

    The output collection is a local variable of the body until the body ends.
    """

    inner: Node
    loop: Loop

    def enter(self, task: Task) -> bool:
        machine, loop = machine_of(task), self.loop
        items = machine.collection(task)
        task.internal_data.update(items=items, next=0, done=0)
        if loop.output_collection:
            task.internal_data["local"] = {loop.output_collection: [None] * len(items)}
        if not items:
            return True
        task._set_state(TaskState.STARTED)
        events.open_boundary(machine, task, self.boundary)
        for _ in items[:1] if loop.sequential else items:
            self._spawn(task)
        return False

    def execute(self, task: Task) -> bool:
        if self.loop.output_collection:
            machine_of(task).propagate(task, task.internal_data["local"], own=False)
        return True

    def _spawn(self, task: Task) -> None:
        """Start the next inner instance."""
        data, loop = task.internal_data, self.loop
        index = data["next"]
        local: dict[str, Any] = {}
        if loop.output_variable:
            local[loop.output_variable] = None
        if loop.input_element:
            local[loop.input_element] = data["items"][index]
        local["loopCounter"] = index + 1
        data["next"] = index + 1
        child = task._add_child(self.inner, TaskState.FUTURE)
        child.internal_data.update(local=local, index=index)
        self.inner._update(child)

    def inner_completed(self, task: Task, child: Task) -> None:
        """An inner instance ended: collect its output, go on or finish."""
        machine, data, loop = machine_of(task), task.internal_data, self.loop
        data["done"] += 1
        if loop.output_collection and loop.output_element:
            self._collect(task, child, loop.output_collection, loop.output_element)
        if loop.completion_condition and machine.truth(
            child, loop.completion_condition, self.element, self._counters(data)
        ):
            for other in [t for t in task.children if t is not None and t.has_state(ALIVE)]:
                machine.cancel(other)
        elif loop.sequential and data["next"] < len(data["items"]):
            self._spawn(task)
            return
        elif data["done"] < data["next"]:
            return
        task._ready()

    def _collect(self, task: Task, child: Task, name: str, expression: str) -> None:
        machine, data = machine_of(task), task.internal_data
        results = data["local"][name]
        if not isinstance(results, list) or len(results) != len(data["items"]):
            raise machine.fault(
                self.element,
                f"输出集合“{name}”被里面的步骤改写了，请给里面的变量另取名称",
                f"the output collection “{name}” was overwritten by a step inside; give the variable inside another name",
            )
        index = child.internal_data["index"]
        value = machine.evaluate(child, expression, "outputElement")
        data["local"][name] = [*results[:index], value, *results[index + 1 :]]

    @staticmethod
    def _counters(data: dict[str, Any]) -> dict[str, Any]:
        return {
            "numberOfInstances": len(data["items"]),
            "numberOfActiveInstances": data["next"] - data["done"],
            "numberOfCompletedInstances": data["done"],
            "numberOfTerminatedInstances": 0,
        }
