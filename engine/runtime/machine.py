"""One instance in motion: loads a state, takes one step from outside, runs to the next wait state."""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.errors import ExecutionError
from engine.runtime.model import Element, Flow
from engine.runtime.nodes import ALIVE, InclusiveNode, MultiInstanceNode, Node
from engine.runtime.scopes import ScopeInstance, ScopeSpec, chain, visible, write
from engine.runtime.waits import Wait, subscribe

MAX_STEPS = 5_000


class Host(Protocol):
    """What a running instance needs from the world around it."""

    def now(self) -> datetime: ...

    def decide(self, machine: Machine, task: Task, element: Element) -> Any: ...

    def job(self, machine: Machine, task: Task, element: Element, inputs: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def signal(self, name: str, variables: Mapping[str, Any]) -> None: ...

    def user_task_created(self, machine: Machine, task: Task) -> None: ...

    def due(self, element: Element, start: datetime, duration: str) -> tuple[datetime, bool, dict[str, Any]]: ...


class BpmnError(Exception):
    """A business error raised by a job; caught by an error boundary event with its code."""

    def __init__(self, code: str, variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.variables = dict(variables or {})


@dataclass(frozen=True)
class Step:
    """Something that happened to an element."""

    type: str
    """entered · completed · cancelled"""
    process_id: str
    element: Element
    task_id: str
    flows: tuple[str, ...] = ()


@dataclass
class Definitions:
    """The executable forms of all scopes of a deployment: by process id and by (process id, subprocess id)."""

    processes: dict[str, ScopeSpec] = field(default_factory=dict)
    subprocesses: dict[tuple[str, str], ScopeSpec] = field(default_factory=dict)

    def inside(self, element: Element) -> ScopeSpec:
        """The scope an activity opens."""
        if element.children is not None:
            return self.subprocesses[element.process_id, element.id]
        return self.processes[element.called_process or ""]


class Machine:
    """An instance loaded in memory. ``root`` is None until it is started or restored."""

    def __init__(self, definitions: Definitions, host: Host) -> None:
        self.definitions = definitions
        self.host = host
        self.scopes: dict[UUID, ScopeInstance] = {}
        self.root: ScopeInstance = cast(ScopeInstance, None)
        self.ready: deque[Task] = deque()
        self.raised: list[tuple[Task, str | None]] = []
        self.steps: list[Step] = []
        self.end_element: str | None = None
        self.performers: dict[str, list[str]] = {}
        """user task element id -> who completed it so far, latest last"""

    # -- steps from outside ---------------------------------------------------------------------------------------

    def start(self, process_id: str, variables: Mapping[str, Any], start_element: str | None = None) -> None:
        """Begin ``process_id`` with ``variables`` in its scope and run to the first wait state."""
        self.root = ScopeInstance(self, self.definitions.processes[process_id], None)
        self.root.data.update(variables)
        self._begin(self.root, start_element)
        self.run()

    def complete(self, task_id: str, variables: Mapping[str, Any]) -> None:
        """A person finished the user task ``task_id``; ``variables`` are what the form returned."""
        task = self.task(task_id)
        self.result(task, variables)
        task._ready()
        self.run()

    def trigger(self, task_id: str, element_id: str, variables: Mapping[str, Any] | None = None) -> None:
        """A timer is due or a message has come for the waiting ``element_id``."""
        self.fire(self.task(task_id), element_id, variables or {})
        self.run()

    def cancel_all(self) -> None:
        """End the instance without reaching an end event."""
        self.terminate(self.root, None)
        self.root.completed = True

    def task(self, task_id: str) -> Task:
        """The active task ``task_id``. Raises KeyError when it is not active any more."""
        wanted = UUID(task_id)
        for scope in self.all_scopes():
            if wanted in scope.tasks and scope.tasks[wanted].has_state(ALIVE):
                return scope.tasks[wanted]
        raise KeyError(task_id)

    # -- the loop -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Execute whatever can execute, until every token waits for something outside."""
        for _ in range(MAX_STEPS):
            if self.raised:
                self.throw_error(*self.raised.pop(0))
            elif self.ready:
                self._step(self.ready.popleft())
            elif not self._settle():
                return
        element = self.steps[-1].element
        raise self.fault(
            element,
            f"流程在一次办理中走了 {MAX_STEPS} 步还没有停下，图中可能有没有等待的循环",
            f"the process took {MAX_STEPS} steps without waiting; the diagram may loop without a wait",
        )

    def _step(self, task: Task) -> None:
        if task.state != TaskState.READY:
            return
        try:
            task.run()
        except BpmnError as error:
            task._set_state(TaskState.READY)
            self.propagate(task, error.variables)
            self.throw_error(task, error.code)

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
            if not scope.completed and not scope.alive():
                self._complete_scope(scope)
                return not self.root.completed
        return False

    def _complete_scope(self, scope: ScopeInstance) -> None:
        scope.completed = True
        for task in scope.tasks.values():
            if task.state == TaskState.WAITING:
                task._set_state(TaskState.CANCELLED)
        if scope.host is not None:
            scope.host._ready()

    # -- scopes ---------------------------------------------------------------------------------------------------

    def all_scopes(self) -> list[ScopeInstance]:
        return [self.root, *self.scopes.values()]

    def scope_at(self, task: Task) -> ScopeInstance | None:
        return self.scopes.get(task.id)

    def open_scope(self, task: Task) -> None:
        """Start the subprocess or called process of an activity."""
        element = element_of(task)
        scope = ScopeInstance(self, self.definitions.inside(element), task)
        local = task.internal_data.pop("local", {})
        if scope.called and element.propagate_parent:
            scope.data.update(visible(task))
        scope.data.update(local)
        self.scopes[task.id] = scope
        self._begin(scope, None)

    def close_scope(self, task: Task, scope: ScopeInstance) -> None:
        """A subprocess ended: hand over its results as the element's mappings say."""
        element = element_of(task)
        del self.scopes[task.id]
        if element.outputs or scope.called:
            task.internal_data["returned"] = scope.data
        if scope.called and element.propagate_children and not element.outputs:
            self.propagate(task, scope.data)

    def _begin(self, scope: ScopeInstance, start_element: str | None) -> None:
        root, spec = scope.task_tree, scope.spec
        root._set_state(TaskState.COMPLETED)
        for element in spec.scope.event_subprocesses():
            self._listen(scope, element)
        starts = (
            [e for e in spec.scope.starts() if e.id == start_element]
            or [e for e in spec.scope.starts() if e.event is None or e.event.kind == "none"]
            or spec.scope.starts()
        )
        node = spec.task_specs[starts[0].id]
        child = root._add_child(node, TaskState.FUTURE)
        child.internal_data["passed"] = True
        self.entered(child)
        child._ready()

    def _listen(self, scope: ScopeInstance, element: Element) -> None:
        task = scope.task_tree._add_child(scope.spec.task_specs[element.id], TaskState.FUTURE)
        task.internal_data["listener"] = True
        task._set_state(TaskState.WAITING)
        start = cast(Any, element.children).starts()[0]
        self.subscribe(task, start)

    def terminate(self, scope: ScopeInstance, survivor: Task | None) -> None:
        """Cancel everything in ``scope`` except ``survivor``."""
        for task in list(scope.tasks.values()):
            if task is not survivor and task.has_state(ALIVE):
                self.cancel(task)

    def cancel(self, task: Task) -> None:
        """Withdraw the token at ``task``, with its boundary events and everything it opened."""
        scope = self.scopes.pop(task.id, None)
        if scope is not None:
            self.terminate(scope, None)
        for child in task.children:
            if child.has_state(ALIVE):
                self.cancel(child)
        self.close_boundary(task)
        task._set_state(TaskState.CANCELLED)
        if "listener" not in task.internal_data and isinstance(task.task_spec, Node):
            self._mark(task, "cancelled")

    # -- events ---------------------------------------------------------------------------------------------------

    def subscribe(self, task: Task, element: Element) -> None:
        """Make ``task`` wait for the event of ``element``."""
        waits: dict[str, Wait] = task.internal_data.setdefault("waits", {})
        waits[element.id] = subscribe(self, task, element)

    def waits(self) -> Iterator[tuple[str, str, Wait]]:
        """(task id, element id, what is waited for) for every open subscription."""
        for scope in self.all_scopes():
            for task in scope.tasks.values():
                if task.has_state(ALIVE):
                    for element_id, wait in task.internal_data.get("waits", {}).items():
                        yield str(task.id), element_id, wait

    def open_boundary(self, task: Task, elements: Iterable[Element]) -> None:
        for element in elements:
            self._wait_at_boundary(task, element, None)

    def _wait_at_boundary(self, host: Task, element: Element, repeat: Wait | None) -> None:
        parent = host.parent
        node = host.workflow.spec.task_specs[element.id]
        task = parent._add_child(node, TaskState.FUTURE)
        task.internal_data["host"] = str(host.id)
        task._set_state(TaskState.WAITING)
        if repeat is None:
            self.subscribe(task, element)
        else:
            task.internal_data["waits"] = {element.id: repeat}

    def close_boundary(self, task: Task) -> None:
        for other in list(task.workflow.tasks.values()):
            if other.internal_data.get("host") == str(task.id) and other.state == TaskState.WAITING:
                other._set_state(TaskState.CANCELLED)

    def fire(self, task: Task, element_id: str, variables: Mapping[str, Any]) -> None:
        """The event ``element_id`` that ``task`` waits for has happened."""
        wait: Wait = task.internal_data["waits"].pop(element_id)
        element = element_of(task)
        if "listener" in task.internal_data:
            self._fire_listener(task, element, wait, variables)
            return
        if "host" in task.internal_data:
            host = self.task(task.internal_data["host"])
            if element.interrupting:
                task._set_state(TaskState.READY)
                self.cancel(host)
            elif (again := wait.again(self, element)) is not None:
                self._wait_at_boundary(host, element, again)
            self.entered(task)
        task.internal_data["caught"] = element_id
        task.internal_data.pop("waits", None)
        caught = cast(ScopeInstance, task.workflow).spec.scope.elements[element_id]
        self.result(task, variables, caught)
        task._ready()

    def _fire_listener(self, task: Task, element: Element, wait: Wait, variables: Mapping[str, Any]) -> None:
        scope = cast(ScopeInstance, task.workflow)
        start = cast(Any, element.children).starts()[0]
        node = scope.spec.task_specs[element.id + "/"]
        body = scope.task_tree._add_child(node, TaskState.FUTURE)
        if start.interrupting:
            body._set_state(TaskState.READY)
            self.terminate(scope, body)
            body._set_state(TaskState.FUTURE)
        elif (again := wait.again(self, start)) is not None:
            task.internal_data["waits"] = {start.id: again}
        else:
            task._set_state(TaskState.CANCELLED)
        body.internal_data["local"] = (
            dict(variables)
            if not start.outputs
            else self._mapped(start.outputs, ChainMap(dict(variables), *chain(task)), start)
        )
        node._update(body)

    def throw_error(self, task: Task, code: str | None) -> None:
        """Find the nearest error event that catches ``code``; none is a fault of the diagram."""
        if not self._throw(task, "error", code):
            raise self.fault(
                element_of(task),
                f"错误“{code or '无代码'}”没有被任何边界事件或事件子流程捕获",
                f"the error “{code or 'without code'}” is caught by no boundary event or event subprocess",
            )

    def throw_escalation(self, task: Task, code: str | None) -> None:
        """Escalations that nobody catches are let go (Camunda 8)."""
        self._throw(task, "escalation", code)

    def _throw(self, task: Task, kind: str, code: str | None) -> bool:
        current: Task | None = task
        while current is not None:
            scope = cast(ScopeInstance, current.workflow)
            catchers = [t for t in scope.tasks.values() if t.internal_data.get("host") == str(current.id)]
            catchers += [t for t in scope.tasks.values() if "listener" in t.internal_data]
            for catcher in sorted(catchers, key=lambda t: "listener" in t.internal_data):
                for element_id, wait in list(catcher.internal_data.get("waits", {}).items()):
                    if catcher.state == TaskState.WAITING and wait.kind == kind and wait.name in ("", code or ""):
                        self.fire(catcher, element_id, {})
                        return True
            inner = isinstance(current.task_spec, Node) and current.task_spec.repeats
            current = current.parent if inner else scope.host
        return False

    # -- variables and expressions --------------------------------------------------------------------------------

    def evaluate(self, task: Task, text: str, what: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The value of an attribute: a FEEL expression after ``=``, else the text itself."""
        if not text.startswith("="):
            return text
        return self._feel(task, text[1:], element_of(task), what, extra).value

    def _feel(self, task: Task, text: str, element: Element, what: str, extra: Mapping[str, Any] | None) -> feel.Result:
        context = visible(task)
        if extra:
            context = ChainMap(dict(extra), *context.maps)
        try:
            return feel.compile_expression(text).explain(context, now=self.host.now())
        except feel.FeelError as error:
            raise self.fault(
                element, f"表达式“{text}”（{what}）：{_zh(error)}", f"expression “{text}” ({what}): {_en(error)}"
            ) from None

    def truth(self, task: Task, text: str, element: Element, extra: Mapping[str, Any] | None = None) -> bool:
        """A condition must be true or false; anything else is a fault that names what is missing."""
        result = self._feel(task, text.removeprefix("="), element, "condition", extra)
        if isinstance(result.value, bool):
            return result.value
        names = sorted({str(p.params["name"]) for p in result.problems if p.code == "unknown_name"})
        why_zh = f"变量 {'、'.join(names)} 没有值" if names else f"结果是“{feel.display(result.value)}”"
        why_en = f"{', '.join(names)} has no value" if names else f"the result is “{feel.display(result.value)}”"
        raise self.fault(
            element,
            f"条件“{text}”既不为真也不为假：{why_zh}。请在图中给该条件补上缺省值，或在前面的表单中填写该变量",
            f"the condition “{text}” is neither true nor false: {why_en}. Give it a default in the diagram or fill the variable in an earlier form",
        )

    def condition(self, task: Task, flow: Flow) -> bool:
        return self.truth(task, flow.condition or "=true", element_of(task))

    def default_flow(self, task: Task, flows: list[Flow]) -> Flow:
        element = element_of(task)
        for flow in flows:
            if flow.id == element.default:
                return flow
        named = "；".join(f"{f.name or f.id}：{f.condition}" for f in flows)
        raise self.fault(
            element,
            f"没有一条出口的条件成立，也没有缺省出口（{named}）。请为网关设置缺省出口",
            f"no way out applies and there is no default flow ({named}). Set a default flow on the gateway",
        )

    def collection(self, task: Task) -> list[Any]:
        loop = element_of(task).loop
        value = self.evaluate(task, loop.input_collection if loop else "", "inputCollection")
        if not isinstance(value, list):
            raise self.fault(
                element_of(task),
                f"多实例的输入集合不是列表：{feel.display(value)}",
                f"the input collection is not a list: {feel.display(value)}",
            )
        return list(value)

    def apply_inputs(self, task: Task) -> None:
        element = element_of(task)
        if element.inputs:
            values = self._mapped(element.inputs, visible(task), element)
            task.internal_data.setdefault("local", {}).update(values)

    def job_input(self, task: Task) -> dict[str, Any]:
        return dict(task.internal_data.get("local", {}))

    def job(self, task: Task) -> None:
        element = element_of(task)
        if "local" not in task.internal_data:
            self.apply_inputs(task)
        self.result(task, self.host.job(self, task, element, self.job_input(task)))

    def result(self, task: Task, variables: Mapping[str, Any], element: Element | None = None) -> None:
        """What an activity or a message returned: through the output mappings, or straight to the scopes."""
        element = element or element_of(task)
        if element.outputs:
            task.internal_data["returned"] = dict(variables)
            task.internal_data["mapping"] = element.id
        else:
            self.propagate(task, variables)

    def propagate(self, task: Task, variables: Mapping[str, Any], own: bool = True) -> None:
        maps = chain(task)
        if not own and "local" in task.internal_data:
            maps = maps[1:]
        write(maps, {k: v for k, v in variables.items() if k})

    def finish_activity(self, task: Task) -> None:
        """Output mappings, then boundary events close and a multi-instance body learns of its inner task."""
        element = element_of(task)
        if task.internal_data.pop("mapping", element.id) != element.id:
            element = cast(ScopeInstance, task.workflow).spec.scope.elements[task.internal_data["caught"]]
        node = task.task_spec
        if element.outputs and "passed" not in task.internal_data and not isinstance(node, MultiInstanceNode):
            returned = task.internal_data.pop("returned", {})
            values = self._mapped(element.outputs, ChainMap(returned, *chain(task)), element)
            self.propagate(task, values, own=False)
        self.close_boundary(task)
        if isinstance(node, Node) and node.repeats:
            cast(MultiInstanceNode, task.parent.task_spec).inner_completed(task.parent, task)

    def _mapped(self, pairs: list[tuple[str, str]], context: Mapping[str, Any], element: Element) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for source, target in pairs:
            if not source.startswith("="):
                _set_path(values, target, source)
                continue
            try:
                value = feel.compile_expression(source[1:]).evaluate(context, now=self.host.now())
            except feel.FeelError as error:
                raise self.fault(
                    element, f"映射“{source}”：{_zh(error)}", f"mapping “{source}”: {_en(error)}"
                ) from None
            _set_path(values, target, value)
        return values

    # -- bookkeeping ----------------------------------------------------------------------------------------------

    def entered(self, task: Task) -> None:
        self._mark(task, "entered")

    def completed(self, task: Task, flows: list[Flow]) -> None:
        self._mark(task, "completed", tuple(f.id for f in flows))
        element = element_of(task)
        if element.type == "endEvent" and self._ends_instance(cast(ScopeInstance, task.workflow)):
            self.end_element = element.id

    def _ends_instance(self, scope: ScopeInstance) -> bool:
        """True for the process itself and for an event subprocess that took its place."""
        if scope is self.root:
            return True
        body = element_of(cast(Task, scope.host))
        return scope.parent is self.root and body.event_subprocess and cast(Any, body.children).starts()[0].interrupting

    def _mark(self, task: Task, kind: str, flows: tuple[str, ...] = ()) -> None:
        element = element_of(task)
        self.steps.append(Step(kind, element.process_id, element, str(task.id), flows))

    def fault(self, element: Element, zh: str, en: str) -> ExecutionError:
        return ExecutionError(element=element.label, element_id=element.id, reason={"zh": zh, "en": en})


def element_of(task: Task) -> Element:
    return cast(Node, task.task_spec).element


def _set_path(values: dict[str, Any], target: str, value: Any) -> None:
    *path, last = target.split(".")
    for part in path:
        nested = values.setdefault(part, {})
        if not isinstance(nested, dict):
            nested = values[part] = {}
        values = nested
    values[last] = value


def _zh(error: feel.FeelError) -> str:
    return error.zh() if isinstance(error, feel.FeelSyntaxError) else str(error)


def _en(error: feel.FeelError) -> str:
    return error.en() if isinstance(error, feel.FeelSyntaxError) else str(error)
