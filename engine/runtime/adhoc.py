"""Ad-hoc subprocesses: activities that are activated in any order, any number of times (BPMN 2.0.2, 13.3.5).

Source of what the standard leaves open: Camunda 8, "Ad-hoc sub-processes". Every activation is a scope of its own inside
the scope of the subprocess, so that what its activities have for themselves stays apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.runtime.model import AdHoc
from engine.runtime.nodes import SubProcessNode, machine_of, scope_of
from engine.runtime.repeats import MultiInstanceNode
from engine.runtime.scopes import ALIVE, ScopeInstance

if TYPE_CHECKING:
    from engine.runtime.machine import Machine

ACTIVATION = "~"
"""Name of the node that stands for one activation."""


class AdHocNode(SubProcessNode):
    """The subprocess: stays open until its completion condition holds, else until what was activated is over."""

    @property
    def ad_hoc(self) -> AdHoc:
        return cast(AdHoc, self.element.ad_hoc)

    def begin_inside(self, task: Task, scope: ScopeInstance) -> None:
        machine = machine_of(task)
        machine.listen(scope)
        scope.open_ended = True
        if self.ad_hoc.output_collection:
            scope.data[self.ad_hoc.output_collection] = []
        if self.ad_hoc.active_elements:
            wanted = machine.evaluate(task, self.ad_hoc.active_elements, "activeElementsCollection", scope.data)
            self.activate(task, wanted)

    def hand_over(self, task: Task, scope: ScopeInstance) -> None:
        name = self.ad_hoc.output_collection
        collected = scope.data.get(name) if name else None
        super().hand_over(task, scope)
        if name:
            machine_of(task).propagate(task, {name: collected}, own=False)

    def activate(self, task: Task, wanted: Any) -> None:
        """Activate the elements ``wanted`` (a list of ids); a fault names those that cannot be activated."""
        scope = cast(ScopeInstance, machine_of(task).scope_at(task))
        known = {e.id: e for e in scope.spec.scope.activatable()}
        odd = [item for item in wanted if item not in known] if isinstance(wanted, list) else [wanted]
        if odd:
            shown, choice = "、".join(feel.shown(item) for item in odd), ", ".join(known)
            raise machine_of(task).fault(
                self.element,
                f"临时子流程“{self.element.label}”不能启动 {shown}；须是一个列表，可选：{choice}",
                f"the ad-hoc subprocess “{self.element.label}” cannot activate {shown}; a list of these is needed: {choice}",
            )
        for element_id in cast(list[str], wanted):
            self._activation(scope, element_id)

    def _activation(self, scope: ScopeInstance, element_id: str) -> None:
        node = scope.spec.task_specs[ACTIVATION]
        child = scope.task_tree._add_child(node, TaskState.FUTURE)
        child.internal_data["start"] = element_id
        if self.ad_hoc.output_variable:
            child.internal_data["local"] = {self.ad_hoc.output_variable: None}
        node._update(child)

    def activation_over(self, task: Task, activation: Task) -> None:
        """One activation ended: collect its output, then see whether the subprocess is complete."""
        machine, scope = machine_of(task), scope_of(activation)
        name, condition = self.ad_hoc.output_collection, self.ad_hoc.completion_condition
        if name and self.ad_hoc.output_element:
            results = scope.data.get(name)
            value = machine.evaluate(activation, self.ad_hoc.output_element, "outputElement")
            scope.data[name] = [*results, value] if isinstance(results, list) else [value]
        del activation.internal_data["local"]
        finished, element_id = task.internal_data.setdefault("finished", {}), activation.internal_data["start"]
        finished[element_id] = finished.get(element_id, 0) + 1
        others = [t for t in _activations(scope) if t is not activation]
        if condition is None:
            scope.open_ended = scope.open_ended and bool(others)
        elif machine.truth(task, condition, self.element, scope.data):
            scope.open_ended = False
            for other in others if self.ad_hoc.cancel_remaining else ():
                machine.cancel(other)


class ActivationNode(SubProcessNode):
    """One activation of an element of an ad-hoc subprocess, with everything that follows the element."""

    silent = True

    def enter(self, task: Task) -> bool:
        return True

    def begin_inside(self, task: Task, scope: ScopeInstance) -> None:
        machine_of(task).begin(scope, scope.spec.scope.elements[task.internal_data["start"]])

    def hand_over(self, task: Task, scope: ScopeInstance) -> None:
        host = cast(Task, scope_of(task).host)
        task.internal_data["local"] = scope.data
        cast(AdHocNode, host.task_spec).activation_over(host, task)


def _activations(scope: ScopeInstance) -> Iterable[Task]:
    return (t for t in scope.tasks.values() if isinstance(t.task_spec, ActivationNode) and t.has_state(ALIVE))


def open_ad_hoc(machine: Machine) -> Iterator[tuple[Task, ScopeInstance]]:
    """The ad-hoc subprocesses that may still activate something, with their scopes."""
    return ((s.host, s) for s in machine.all_scopes() if s.open_ended and s.host is not None)


def tally(task: Task, scope: ScopeInstance) -> tuple[Counter[str], Counter[str]]:
    """How many activations of each element are open and how many are over, with everything that follows the element."""
    going = Counter(str(t.internal_data["start"]) for t in _activations(scope))
    return going, Counter(task.internal_data.get("finished", {}))


def prospects(machine: Machine, scope: ScopeInstance, element_id: str) -> list[Task]:
    """The user tasks that activating ``element_id`` would open, with their local variables, to evaluate who does them.

    They are left in the scope: the machine is not to be run or stored afterwards.
    """
    node = scope.spec.task_specs[element_id]
    task = scope.task_tree._add_child(node, TaskState.FUTURE)
    tasks = [task]
    if isinstance(node, MultiInstanceNode):
        items = machine.collection(task)
        tasks = [task._add_child(node.inner, TaskState.FUTURE) for _ in items]
        for one, item in zip(tasks, items, strict=True):
            one.internal_data["local"] = {node.loop.input_element: item} if node.loop.input_element else {}
    for one in tasks:
        machine.apply_inputs(one)
    return tasks
