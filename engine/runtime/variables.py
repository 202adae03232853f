"""Reading and writing variables: expressions, conditions, input and output mappings (Camunda 8, "Variables")."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task

from engine import feel
from engine.errors import ExecutionError
from engine.runtime.host import Host
from engine.runtime.model import Element, Flow
from engine.runtime.scopes import Change, body_of, chain, visible, write

MAX_ITEMS = 5_000


class Variables:
    """The part of a running instance that evaluates FEEL and moves values between scopes."""

    host: Host
    changes: list[Change]

    def evaluate(
        self,
        task: Task,
        text: str,
        what: str,
        extra: Mapping[str, Any] | None = None,
        element: Element | None = None,
    ) -> Any:
        """The value of an attribute: a FEEL expression after ``=``, else the text itself.

        ``element`` is named when the expression fails; the task's own by default.
        """
        if not text.startswith("="):
            return text
        return self._feel(task, text[1:], element or element_of(task), what, extra).value

    def explain(self, task: Task, text: str, what: str) -> tuple[Any, tuple[feel.Problem, ...]]:
        """The value of an attribute as :meth:`evaluate`, and the problems that may have made it null."""
        if not text.startswith("="):
            return text, ()
        result = self._feel(task, text[1:], element_of(task), what, None)
        return result.value, tuple(result.problems)

    def truth(self, task: Task, text: str, element: Element, extra: Mapping[str, Any] | None = None) -> bool:
        """A condition must be true or false; anything else is a fault that names what is missing."""
        expression = text.removeprefix("=")
        result = self._feel(task, expression, element, "condition", extra)
        if isinstance(result.value, bool) and all(p.code != "unknown_name" for p in result.problems):
            return result.value
        known = ChainMap(dict(extra or {}), *chain(task))
        names = {str(p.params["name"]) for p in result.problems if p.code == "unknown_name"}
        names |= {n for n in feel.compile_expression(expression).names if known.get(n, n) is None}
        shown = sorted(names)
        why_zh = f"变量 {'、'.join(shown)} 没有值" if shown else f"结果是“{feel.shown(result.value)}”"
        why_en = f"{', '.join(shown)} has no value" if shown else f"the result is “{feel.shown(result.value)}”"
        raise self.fault(
            element,
            f"条件“{text}”既不为真也不为假：{why_zh}。请在图中给该条件补上缺省值，或在前面的表单中填写该变量",
            f"the condition “{text}” is neither true nor false: {why_en}. Give it a default in the diagram or fill the variable in an earlier form",
        )

    def condition(self, task: Task, flow: Flow) -> bool:
        """Whether a token may leave by ``flow``."""
        return flow.condition is None or self.truth(task, flow.condition, element_of(task))

    def default_flow(self, task: Task, flows: list[Flow]) -> Flow:
        """The way out when no condition holds; a fault when there is none."""
        element = element_of(task)
        for flow in flows:
            if flow.id == element.default:
                return flow
        named = "；".join(f"{f.name or f.id}：{f.condition}" for f in flows)
        raise self.fault(
            element,
            f"没有一条出口的条件成立，也没有缺省出口（{named}）。请为“{element.label}”设置缺省出口",
            f"no way out applies and there is no default flow ({named}). Set a default flow on “{element.label}”",
        )

    def collection(self, task: Task) -> list[Any]:
        """The items of a multi-instance activity."""
        element = element_of(task)
        text = element.loop.input_collection if element.loop else ""
        value = self.evaluate(task, text, "inputCollection")
        if not isinstance(value, list):
            raise self.fault(
                element,
                f"多实例的输入集合“{text}”不是列表：{feel.shown(value)}。请检查变量名，或在前面的步骤中给出列表",
                f"the input collection “{text}” is not a list: {feel.shown(value)}. Check the name, or give the list in an earlier step",
            )
        if len(value) > MAX_ITEMS:
            raise self.fault(
                element,
                f"多实例的输入集合有 {len(value)} 项，上限是 {MAX_ITEMS} 项",
                f"the input collection has {len(value)} items; the limit is {MAX_ITEMS}",
            )
        return list(value)

    # -- mappings -------------------------------------------------------------------------------------------------

    def apply_inputs(self, task: Task) -> None:
        """Input mappings make local variables; a later mapping sees what an earlier one made."""
        element = element_of(task)
        if element.inputs:
            values = self._map(task, element, element.inputs, visible(task))
            task.internal_data.setdefault("local", {}).update(values)

    def result(self, task: Task, variables: Mapping[str, Any], element: Element | None = None) -> None:
        """Hand over what came back: by the output mappings of the element, else each variable to its scope."""
        element = element or element_of(task)
        if not element.outputs:
            self.propagate(task, variables)
            return
        values = self._map(task, element, element.outputs, ChainMap(dict(variables), *chain(task)), merge=True)
        self.propagate(task, values, own=body_of(task) is not None)

    def propagate(self, task: Task, variables: Mapping[str, Any], own: bool = True) -> None:
        """Set variables where they live, from ``task`` outwards; ``own`` says whether its local ones count."""
        maps = chain(task)
        if not own and "local" in task.internal_data:
            maps = maps[1:]
        self.changes += write(maps, {k: v for k, v in variables.items() if k})

    def _map(
        self,
        task: Task,
        element: Element,
        pairs: list[tuple[str, str]],
        around: ChainMap[str, Any],
        merge: bool = False,
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        context = around.new_child(values)
        for source, target in pairs:
            value: Any = source
            if source.startswith("="):
                value = self._explained(task, source[1:], element, f"ioMapping → {target}", context).value
            _set_path(values, target.split("."), value, around if merge else {})
        return values

    # -- expressions ----------------------------------------------------------------------------------------------

    def _feel(self, task: Task, text: str, element: Element, what: str, extra: Mapping[str, Any] | None) -> feel.Result:
        context = visible(task)
        return self._explained(task, text, element, what, context.new_child(dict(extra)) if extra else context)

    def _explained(
        self, task: Task, text: str, element: Element, what: str, context: ChainMap[str, Any]
    ) -> feel.Result:
        try:
            expression = feel.compile_expression(text)
            if not expression.names.isdisjoint(_GIVEN):
                context = ChainMap(*context.maps, _given(task, element))
            return expression.explain(context, now=self.host.now())
        except feel.FeelError as error:
            raise self.fault(
                element, f"表达式“{text}”（{what}）：{error.zh()}", f"expression “{text}” ({what}): {error.en()}"
            ) from None

    def fault(self, element: Element, zh: str, en: str) -> ExecutionError:
        """The error of a diagram that cannot go on at ``element``."""
        return ExecutionError(element=element.label, element_id=element.id, reason={"zh": zh, "en": en})


_GIVEN = frozenset(["element_id", "task", "adHocSubProcessElements"])
"""Names every expression may read when no variable is called so."""


def _given(task: Task, element: Element) -> dict[str, Any]:
    since = task.internal_data.get("since")
    created = datetime.fromisoformat(since) if since else None
    given = {"element_id": element.id, "task": {"created_at": created}}
    elements = _activatable(task)
    return given if elements is None else {**given, "adHocSubProcessElements": elements}


def _activatable(task: Task) -> list[Any] | None:
    """What the ad-hoc subprocess around ``task`` can activate, as its expressions read it; None outside of one."""
    current: Task | None = task
    while current is not None:
        element = element_of(current)
        if element.ad_hoc is not None and element.children is not None:
            return [
                {
                    "elementId": e.id,
                    "elementName": e.name or None,
                    "documentation": e.documentation or None,
                    "properties": dict(e.properties),
                }
                for e in element.children.activatable()
            ]
        current = current.workflow.host
    return None


def element_of(task: Task) -> Element:
    """The element of the diagram that ``task`` stands on."""
    element: Element = task.task_spec.element
    return element


def _set_path(values: dict[str, Any], path: list[str], value: Any, existing: Mapping[str, Any]) -> None:
    """Set ``a.b.c``; the other entries of an existing context are kept."""
    *outer, last = path
    for part in outer:
        found = values.get(part, existing.get(part))
        values[part] = dict(found) if isinstance(found, dict) else {}
        values, existing = values[part], {}
    values[last] = value
