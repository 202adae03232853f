"""Serialized state of an instance: its open tasks and variables, without specifications and without the past."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from SpiffWorkflow.task import Task

from engine import feel
from engine.runtime.machine import Definitions, Host, Machine
from engine.runtime.nodes import ALIVE, MultiInstanceNode
from engine.runtime.scopes import ScopeInstance
from engine.runtime.waits import Wait

FORMAT = 1
_FEEL_VALUES = frozenset({"local", "items", "results", "returned"})
"""Keys of a task's internal data that hold variables; the others are plain JSON."""


def dump(machine: Machine) -> bytes:
    """The state as zlib-compressed JSON; inverse of :func:`load`."""
    scopes = sorted(machine.all_scopes(), key=lambda s: s.depth)
    position = {id(s): n for n, s in enumerate(scopes)}
    data = {
        "format": FORMAT,
        "performers": machine.performers,
        "scopes": [
            {
                "spec": s.spec.process.id,
                **({} if s.called else {"inside": s.spec.name}),
                **({"host": [position[id(s.parent)], s.host.id.hex]} if s.host is not None else {}),
                **({"completed": True} if s.completed else {}),
                "data": feel.encode(s.data),
                "tasks": [_task(t) for t in s.tasks.values() if t.has_state(ALIVE)],
            }
            for s in scopes
        ],
    }
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def load(content: bytes, definitions: Definitions, host: Host) -> Machine:
    """Restore a machine. Raises KeyError when the state names an element the definitions do not have."""
    data = json.loads(zlib.decompress(content))
    machine = Machine(definitions, host)
    machine.performers = data.get("performers", {})
    scopes: list[ScopeInstance] = []
    for item in data["scopes"]:
        inside = item.get("inside")
        spec = definitions.processes[item["spec"]] if inside is None else definitions.subprocesses[item["spec"], inside]
        parent = item.get("host")
        host_task = scopes[parent[0]].tasks[UUID(parent[1])] if parent else None
        scope = ScopeInstance(machine, spec, host_task, restoring=True)
        scope.data = cast(dict[str, Any], feel.decode(item["data"]))
        scope.completed = item.get("completed", False)
        scope.task_tree = Task(scope, spec.start, state=64)
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
    return cast(dict[str, Any], feel.decode(json.loads(zlib.decompress(content))["scopes"][0]["data"]))


def all_variables(content: bytes) -> dict[str, Any]:
    """The variables of every open scope of a stored state as one mapping; inner scopes win."""
    merged: dict[str, Any] = {}
    for scope in json.loads(zlib.decompress(content))["scopes"]:
        merged.update(cast(dict[str, Any], feel.decode(scope["data"])))
    return merged


def _task(task: Task) -> list[Any]:
    parent = task.parent
    keep = parent is not None and parent.has_state(ALIVE) and isinstance(parent.task_spec, MultiInstanceNode)
    return [
        task.id.hex,
        task.task_spec.name,
        int(task.state),
        _internal(task.internal_data),
        parent.id.hex if keep else None,
    ]


def _internal(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: {e: w.to_dict() for e, w in v.items()} if k == "waits" else feel.encode(v) if k in _FEEL_VALUES else v
        for k, v in data.items()
        if k != "flow" or v
    }


def _restore(scope: ScopeInstance, item: list[Any]) -> None:
    identity, name, state, internal, parent_id = item
    parent = scope.tasks[UUID(parent_id)] if parent_id else scope.task_tree
    task = Task(scope, scope.spec.task_specs[name], parent, state=state, id=UUID(identity))
    for key, value in internal.items():
        if key == "waits":
            value = {e: Wait(**w) for e, w in value.items()}
        task.internal_data[key] = feel.decode(value) if key in _FEEL_VALUES else value
