"""Serialized state of an instance: its open tasks and variables, without specifications and without the past."""

from __future__ import annotations

import json
import zlib
from typing import Any, TypeVar
from uuid import UUID

from SpiffWorkflow.task import Task

from engine import feel
from engine.errors import ExecutionError
from engine.runtime.host import Host
from engine.runtime.machine import Definitions, Machine
from engine.runtime.scopes import ALIVE, ScopeInstance, body_of
from engine.runtime.waits import Wait

M = TypeVar("M", bound=Machine)
FORMAT = 1
_VALUES = frozenset(["local", "items", "undo"])
"""Entries of a task that hold FEEL values; the others are plain JSON."""


def dump(machine: Machine) -> bytes:
    """The state as zlib-compressed JSON; inverse of :func:`load`.

    Raises ExecutionError when a variable holds what cannot be stored (a function) or far too much.
    """
    scopes = sorted(machine.all_scopes(), key=lambda s: s.depth)
    position = {id(s): n for n, s in enumerate(scopes)}
    data = {
        "format": FORMAT,
        "performers": {element: _latest(people) for element, people in machine.performers.items()},
        **({"end": machine.end_element} if machine.end_element else {}),
        "scopes": [_scope(s, position) for s in scopes],
    }
    return zlib.compress(
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1
    )


def load(content: bytes, definitions: Definitions, host: Host) -> Machine:
    """Restore a machine. Raises KeyError when the state names an element the definitions do not have."""
    return restore(content, Machine(definitions, host))


def restore(content: bytes, machine: M) -> M:
    """Bring a new ``machine`` into the stored state, as :func:`load`."""
    data = json.loads(zlib.decompress(content))
    machine.performers = data.get("performers", {})
    machine.end_element = data.get("end")
    scopes: list[ScopeInstance] = []
    for item in data["scopes"]:
        inside, parent = item.get("inside"), item.get("host")
        host_task = scopes[parent[0]].tasks[UUID(parent[1])] if parent else None
        deployment = item.get("deployment", scopes[parent[0]].deployment if parent else None)
        known = machine.definitions_of(deployment)
        spec = known.processes[item["spec"]] if inside is None else known.subprocesses[item["spec"], inside]
        scope = ScopeInstance(machine, spec, host_task)
        scope.deployment = deployment
        scope.data = _decoded(item["data"])
        scope.completed = item.get("completed", False)
        scope.open_ended = item.get("open", False)
        scope.undo = feel.decode(item.get("undo", []))
        for task in item["tasks"]:
            _restore(scope, task)
        scopes.append(scope)
        if host_task is None:
            machine.root = scope
        else:
            machine.scopes[host_task.id] = scope
    return machine


def variables(content: bytes) -> dict[str, Any]:
    """The process variables of a stored state, without restoring it."""
    return _decoded(json.loads(zlib.decompress(content))["scopes"][0]["data"])


def all_variables(content: bytes) -> dict[str, Any]:
    """The variables of every open scope of a stored state as one mapping; inner scopes win."""
    merged: dict[str, Any] = {}
    for scope in json.loads(zlib.decompress(content))["scopes"]:
        merged.update(_decoded(scope["data"]))
    return merged


def _latest(people: list[str]) -> list[str]:
    """Everyone once, in the order of their last time: rounds of rework do not make the state grow."""
    return list(dict.fromkeys(reversed(people)))[::-1]


def _scope(scope: ScopeInstance, position: dict[int, int]) -> dict[str, Any]:
    item: dict[str, Any] = {"spec": scope.spec.process.id}
    if not scope.called:
        item["inside"] = scope.spec.name
    if scope.parent is not None and scope.host is not None:
        item["host"] = [position[id(scope.parent)], scope.host.id.hex]
        if scope.deployment != scope.parent.deployment:
            item["deployment"] = scope.deployment
    if scope.completed:
        item["completed"] = True
    if scope.open_ended:
        item["open"] = True
    if scope.undo:
        item["undo"] = _encoded(scope, "undo", scope.undo)
    item["data"] = {name: _encoded(scope, name, value) for name, value in scope.data.items()}
    item["tasks"] = [_task(scope, t) for t in scope.tasks.values() if t.has_state(ALIVE)]
    return item


def _encoded(scope: ScopeInstance, name: str, value: Any) -> Any:
    try:
        return feel.encode(value)
    except (feel.FeelLimitError, feel.FeelValueError) as error:
        inside = scope.spec.scope
        raise ExecutionError(
            element=inside.name or inside.id,
            element_id=inside.id,
            reason={
                "zh": f"变量“{name}”的值无法保存（{error}），请在图中改用文本、数字、日期、列表或上下文",
                "en": f"the value of the variable “{name}” cannot be stored ({error}); use a text, number, date, list or context",
            },
        ) from None


def _decoded(data: dict[str, Any]) -> dict[str, Any]:
    return {name: feel.decode(value) for name, value in data.items()}


def _task(scope: ScopeInstance, task: Task) -> list[Any]:
    internal = {k: _stored(scope, k, v) for k, v in task.internal_data.items()}
    body = body_of(task)
    return [task.id.hex, task.task_spec.name, int(task.state), internal, body.id.hex if body is not None else None]


def _stored(scope: ScopeInstance, key: str, value: Any) -> Any:
    if key == "waits":
        return {element: wait.to_dict() for element, wait in value.items()}
    return _encoded(scope, key, value) if key in _VALUES else value


def _restore(scope: ScopeInstance, item: list[Any]) -> None:
    identity, name, state, internal, body_id = item
    parent = scope.tasks[UUID(body_id)] if body_id else scope.task_tree
    task = Task(scope, scope.spec.task_specs[name], parent, state=state, id=UUID(identity))
    for key, value in internal.items():
        if key == "waits":
            value = {element: Wait(**wait) for element, wait in value.items()}
        task.internal_data[key] = feel.decode(value) if key in _VALUES else value
