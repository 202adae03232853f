"""One instance in motion: loads a state, takes one step from outside, runs to the next wait state."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.runtime import compensation, conditions, events
from engine.runtime.adhoc import AdHocNode
from engine.runtime.gateways import InclusiveNode, deadlocked
from engine.runtime.host import BpmnError, Host, Step
from engine.runtime.model import Element, Flow
from engine.runtime.nodes import Node, UserTaskNode
from engine.runtime.scopes import ALIVE, ScopeInstance, ScopeSpec, handed, visible
from engine.runtime.variables import Variables, element_of
from engine.runtime.waits import Wait

__all__ = ["BpmnError", "Definitions", "Host", "Machine", "Step"]

MAX_STEPS = 5_000
MAX_DEPTH = 50
_TIDY = 256
"""Steps after which finished tasks are dropped, so that a long run costs no more per step than a short one."""


@dataclass
class Definitions:
    """The executable forms of all scopes of a deployment: by process id and by (process id, subprocess id)."""

    processes: dict[str, ScopeSpec] = field(default_factory=dict)
    subprocesses: dict[tuple[str, str], ScopeSpec] = field(default_factory=dict)


class Machine(Variables):
    """An instance loaded in memory. ``root`` is None until it is started or restored."""

    def __init__(self, definitions: Definitions, host: Host) -> None:
        self.definitions = definitions
        self.host = host
        self.scopes: dict[UUID, ScopeInstance] = {}
        self.root: ScopeInstance = cast(ScopeInstance, None)
        self.ready: deque[Task] = deque()
        self.signals: deque[tuple[Task, str, Mapping[str, Any]]] = deque()
        """waiting task, element and payload of signals that were thrown and are still to be caught"""
        self.changes = []
        self.opened: list[tuple[Task, str]] = []
        """waiting task and element of conditional events nobody has looked at yet"""
        self.steps: list[Step] = []
        self.end_element: str | None = None
        """the end event of the instance that was reached last"""
        self.performers: dict[str, list[str]] = {}
        """user task element id -> who completed it so far, latest last"""

    # -- steps from outside ---------------------------------------------------------------------------------------

    def start(
        self,
        process_id: str,
        variables: Mapping[str, Any],
        start_element: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin ``process_id`` with ``variables`` at ``start_element``, by default the plain one. Raises KeyError.

        ``payload`` is what its message, signal or timer carries; it passes through its output mappings if it has some.
        """
        self.root = ScopeInstance(self, self.definitions.processes[process_id], None)
        element = self.start_event(self.root, start_element)
        self.root.data.update(variables if element.outputs else {**variables, **(payload or {})})
        self.listen(self.root)
        self.begin(self.root, element, payload)
        self.run()

    def complete(self, task_id: str, variables: Mapping[str, Any]) -> None:
        """A person finished the user task ``task_id``; ``variables`` are what the form returned."""
        task = self.task(task_id)
        if not isinstance(task.task_spec, UserTaskNode):
            raise KeyError(task_id)
        task.internal_data["event"] = dict(variables)
        task._ready()
        self.run()

    def trigger(self, task_id: str, element_id: str, variables: Mapping[str, Any] | None = None) -> None:
        """A timer is due or a message has come for the waiting ``element_id``."""
        events.fire(self, self.task(task_id), element_id, variables or {})
        self.run()

    def catch(self, name: str, variables: Mapping[str, Any]) -> None:
        """A signal was thrown elsewhere: everything here that waits for it goes on."""
        self.signalled(name, variables)
        self.run()

    def activate(self, task_id: str, element_ids: list[str]) -> None:
        """Activate elements of the open ad-hoc subprocess ``task_id``. Raises KeyError when it is not open any more."""
        task = self.task(task_id)
        scope = self.scope_at(task)
        if not isinstance(task.task_spec, AdHocNode) or scope is None or not scope.open_ended:
            raise KeyError(task_id)
        task.task_spec.activate(task, element_ids)
        self.run()

    def cancel_all(self) -> None:
        """End the instance without reaching an end event."""
        self.terminate(self.root)
        self.root.completed = True

    def task(self, task_id: str) -> Task:
        """The active task ``task_id``. Raises KeyError when it is not active any more."""
        found = self.find(task_id)
        if found is None:
            raise KeyError(task_id)
        return found

    def find(self, task_id: str) -> Task | None:
        """The active task ``task_id``, if it is still active."""
        wanted = UUID(task_id)
        tasks = (scope.tasks.get(wanted) for scope in self.all_scopes())
        return next((t for t in tasks if t is not None and t.has_state(ALIVE)), None)

    def waits(self) -> Iterator[tuple[str, str, Wait]]:
        """(task id, element id, what is waited for) for every open subscription."""
        for scope in self.all_scopes():
            for task in scope.tasks.values():
                if "waits" in task.internal_data and task.has_state(ALIVE):
                    for element_id, wait in task.internal_data["waits"].items():
                        yield str(task.id), element_id, wait

    # -- the loop -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Execute whatever can execute, until every token waits for something outside."""
        element = None
        for count in range(1, MAX_STEPS):
            if self.opened or self.changes:
                self._look()
            elif self.signals:
                self._deliver(*self.signals.popleft())
            elif self.ready:
                element = element_of(self.ready[0])
                self._step(self.ready.popleft())
            elif not self._settle():
                self._refuse_deadlock()
                return
            if count % _TIDY == 0:
                for scope in self.all_scopes():
                    scope.forget_finished()
        raise self.fault(
            element or self.steps[-1].element,
            f"流程在一次办理中走了 {MAX_STEPS} 步还没有停下，图中可能有没有等待的循环",
            f"the process took {MAX_STEPS} steps without waiting; the diagram may loop without a wait",
        )

    def _step(self, task: Task) -> None:
        if task.state != TaskState.READY:
            return
        node = cast(Node, task.task_spec)
        try:
            done = node.execute(task)
        except BpmnError as error:
            self.throw_error(task, error.code, error.variables)
            return
        if task.state == TaskState.READY:
            if done:
                task.complete()
            else:
                task._set_state(TaskState.STARTED)

    def _look(self) -> None:
        changes, opened = self.changes, self.opened
        self.changes, self.opened = [], []
        conditions.look(self, changes, opened)

    def _deliver(self, task: Task, element_id: str, variables: Mapping[str, Any]) -> None:
        if task.has_state(ALIVE) and element_id in task.internal_data.get("waits", {}):
            events.fire(self, task, element_id, variables)

    def _settle(self) -> bool:
        """Nothing is ready: let inclusive joins fire, then close scopes without tokens."""
        scopes = sorted(self.all_scopes(), key=lambda s: -s.depth)
        for scope in scopes:
            for task in list(scope.tasks.values()):
                if (
                    task.state == TaskState.WAITING
                    and isinstance(task.task_spec, InclusiveNode)
                    and task.task_spec.settle(task)
                ):
                    return True
        for scope in scopes:
            if scope.completed or scope.open_ended:
                continue
            alive = scope.alive()
            if not alive:
                self._complete_scope(scope)
                return True
            if all(element_of(t).event_subprocess for t in alive):
                events.accept_no_more(scope)
        return False

    def _complete_scope(self, scope: ScopeInstance) -> None:
        scope.completed = True
        for task in scope.tasks.values():
            if task.state == TaskState.WAITING:
                task._set_state(TaskState.CANCELLED)
        if scope.host is not None:
            scope.host._ready()

    def _refuse_deadlock(self) -> None:
        """Tokens that wait at joins for tokens that can never come are a fault of the diagram."""
        stuck = deadlocked(self.all_scopes())
        if stuck is not None:
            element = element_of(stuck)
            raise self.fault(
                element,
                f"“{element.label}”在等待其它分支，但已经没有分支会到达。请检查分支与汇合是否成对（并行汇合并行，排他汇合排他）",
                f"“{element.label}” waits for branches that can never arrive. Check that splits and joins match (parallel with parallel, exclusive with exclusive)",
            )

    # -- scopes ---------------------------------------------------------------------------------------------------

    def all_scopes(self) -> list[ScopeInstance]:
        """Every open scope, the process itself first."""
        return [self.root, *self.scopes.values()]

    def scope_at(self, task: Task) -> ScopeInstance | None:
        """The scope the activity ``task`` has opened."""
        return self.scopes.get(task.id)

    def open_scope(self, task: Task) -> ScopeInstance:
        """Open the scope of a subprocess or called process; nothing runs in it yet."""
        element = element_of(task)
        scope = self._inside(task, element)
        if scope.depth > MAX_DEPTH:
            raise self.fault(
                element,
                f"子流程和调用活动嵌套超过 {MAX_DEPTH} 层，流程可能在调用自己",
                f"subprocesses and call activities are nested more than {MAX_DEPTH} deep; the process may call itself",
            )
        if not scope.called:
            scope.data = task.internal_data.pop("local", {})
        else:
            if element.propagate_parent:
                scope.data.update(handed(task, visible(task)))
            scope.data.update(task.internal_data.get("local", {}))
        self.scopes[task.id] = scope
        return scope

    def _inside(self, task: Task, element: Element) -> ScopeInstance:
        deployment = cast(ScopeInstance, task.workflow).deployment
        if element.children is not None:
            subprocesses = self.definitions_of(deployment).subprocesses
            return ScopeInstance(self, subprocesses[element.process_id, element.id], task)
        process_id = self.evaluate(task, element.called_process or "", "processId")
        spec = None
        if isinstance(process_id, str):
            deployment = self.host.deployment(self, task, element, "process", process_id)
            spec = self.definitions_of(deployment).processes.get(process_id)
        if spec is None:
            raise self.fault(
                element,
                f"调用的流程“{process_id}”不存在或不可执行",
                f"the called process “{process_id}” does not exist or is not executable",
            )
        if spec.scope.plain_start() is None:
            raise self.fault(
                element,
                f"调用的流程“{process_id}”没有无触发条件的开始事件",
                f"the called process “{process_id}” has no plain start event",
            )
        scope = ScopeInstance(self, spec, task)
        scope.deployment = deployment
        return scope

    def definitions_of(self, deployment: str | None) -> Definitions:
        """The executable forms of a deployment; None is the instance's own."""
        return self.definitions if deployment is None else self.host.definitions(deployment)

    def close_scope(self, task: Task, scope: ScopeInstance) -> None:
        """A subprocess ended; what was done inside it can still be undone."""
        del self.scopes[task.id]
        if scope.undo and not scope.called:
            done = {"activity": element_of(task).id, "variables": dict(scope.data), "inside": scope.undo}
            task.internal_data["undo"] = [done]

    def listen(self, scope: ScopeInstance) -> None:
        """Wait for the event subprocesses of ``scope``."""
        for element in scope.spec.scope.event_subprocesses():
            events.listen(self, scope, element)

    def start_event(self, scope: ScopeInstance, start_element: str | None) -> Element:
        """The start event ``start_element`` of ``scope``; by default the plain one. Raises KeyError."""
        chosen = scope.spec.scope.start(start_element)
        if chosen is None:
            raise KeyError(start_element or scope.spec.name)
        return chosen

    def begin(self, scope: ScopeInstance, element: Element, variables: Mapping[str, Any] | None = None) -> None:
        """Put a token on ``element``; for a start event with the ``variables`` of what happened."""
        node = scope.spec.task_specs[element.id]
        child = scope.task_tree._add_child(node, TaskState.FUTURE)
        if element.type != "startEvent":
            node._update(child)
            return
        child.internal_data["event"] = dict(variables or {})
        self.entered(child)
        child._ready()

    def terminate(self, scope: ScopeInstance) -> None:
        """Cancel everything in ``scope``."""
        for task in list(scope.tasks.values()):
            if task.has_state(ALIVE):
                self.cancel(task)

    def cancel(self, task: Task) -> None:
        """Withdraw the token at ``task``, with its boundary events and everything it opened."""
        scope = self.scopes.pop(task.id, None)
        if scope is not None:
            self.terminate(scope)
        for child in task.children:
            if child is not None and child.has_state(ALIVE):
                self.cancel(child)
        if getattr(task.task_spec, "boundary", None):
            events.close_boundary(task)
        task._set_state(TaskState.CANCELLED)
        data = task.internal_data
        if "thrown" in data:
            self.completed(task, [])
        elif "listener" not in data and "host" not in data:
            self._mark(task, "cancelled")
        compensation.over(self, task)

    # -- what elements ask for ------------------------------------------------------------------------------------

    def throw_error(self, task: Task, code: str, variables: Mapping[str, Any]) -> None:
        """Find the nearest error event that catches ``code``; none is a fault of the diagram."""
        if not events.throw(self, task, "error", code, variables):
            raise self.fault(
                element_of(task),
                f"错误“{code or '无代码'}”没有被任何边界事件或事件子流程捕获。请在此活动上画一个同代码的错误边界事件",
                f"the error “{code or 'without code'}” is caught by no boundary event or event subprocess. Draw an error boundary event with this code on the activity",
            )

    def throw_escalation(self, task: Task, code: str, variables: Mapping[str, Any]) -> None:
        """Escalations that nobody catches are let go (Camunda 8)."""
        events.throw(self, task, "escalation", code, variables)

    def throw_signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """Everything that waits for the signal now, in this instance and in others, will catch it."""
        self.signalled(name, variables)
        self.host.signal(name, variables)

    def signalled(self, name: str, variables: Mapping[str, Any]) -> None:
        """Note who waits for the signal ``name`` at this moment."""
        for scope in self.all_scopes():
            for task in scope.tasks.values():
                for element_id, wait in task.internal_data.get("waits", {}).items():
                    if wait.kind == "signal" and wait.name == name and task.has_state(ALIVE):
                        self.signals.append((task, element_id, variables))

    def job(self, task: Task) -> None:
        """Let the host do what the topic of ``task`` says, with the inputs and, where they leave a name free, the headers."""
        element = element_of(task)
        self.result(task, self.host.job(self, task, element, {**element.headers, **self.local(task)}))

    def local(self, task: Task) -> dict[str, Any]:
        """The local variables of ``task``: what its input mappings made."""
        return dict(task.internal_data.get("local", {}))

    # -- bookkeeping ----------------------------------------------------------------------------------------------

    def entered(self, task: Task) -> None:
        """A token came to an element."""
        self._mark(task, "entered")

    def completed(self, task: Task, flows: list[Flow]) -> None:
        """A token left an element by ``flows``."""
        self._mark(task, "completed", tuple(f.id for f in flows))
        element = element_of(task)
        if element.type == "endEvent" and self._ends_instance(cast(ScopeInstance, task.workflow)):
            self.end_element = element.id

    def _ends_instance(self, scope: ScopeInstance) -> bool:
        """True for the process itself and for an interrupting event subprocess that took its place."""
        while scope.host is not None:
            element = element_of(scope.host)
            if not (element.event_subprocess and events.start_of(element).interrupting):
                return False
            scope = cast(ScopeInstance, scope.host.workflow)
        return True

    def _mark(self, task: Task, kind: str, flows: tuple[str, ...] = ()) -> None:
        if cast(Node, task.task_spec).silent:
            return
        element = element_of(task)
        self.steps.append(Step(kind, element.process_id, element, str(task.id), flows))
