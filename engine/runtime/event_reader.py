"""Reads what events wait for and throw."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from engine.runtime.dialect import EVENTS_AT, REFUSED_EVENTS
from engine.runtime.model import BPMN, EVENTS, SUBPROCESSES, ZEEBE, Element, EventDefinition, Scope

_NS = {"b": BPMN, "z": ZEEBE}
_TIMER = {"timeDuration": "duration", "timeDate": "date", "timeCycle": "cycle"}
_REFERENCES = ("message", "signal", "error", "escalation")

Report = Callable[[str | None, str, str], None]


class EventReader:
    """Knows the messages, signals, errors and escalations of one file."""

    def __init__(self, root: etree._Element, error: Report) -> None:
        self._error = error
        self._roots = {kind: {e.get("id", ""): e for e in root.findall(f"b:{kind}", _NS)} for kind in _REFERENCES}

    def read(self, node: etree._Element, element: Element, scope: Scope) -> None:
        """Set ``element.event`` from the definition inside ``node``."""
        if element.type == "receiveTask":
            element.event = self._referenced("message", node, element)
        elif element.type in EVENTS:
            element.event = self._event(node, element)
            self._place(node, element, element.event)

    def _event(self, node: etree._Element, element: Element) -> EventDefinition:
        definitions = [
            child
            for child in node.iterchildren(tag=etree.Element)
            if etree.QName(child).namespace == BPMN and etree.QName(child).localname.endswith("EventDefinition")
        ]
        if not definitions:
            return EventDefinition("none")
        if len(definitions) > 1:
            self._error(
                element.id,
                "一个事件只能有一个触发条件，请拆成多个事件",
                "an event may have one trigger only; split it into several events",
            )
        definition = definitions[0]
        kind = etree.QName(definition).localname.removesuffix("EventDefinition")
        if kind == "timer":
            return self._timer(definition, element)
        if kind in _REFERENCES:
            return self._referenced(kind, definition, element)
        if kind == "link":
            return self._link(definition, element)
        if kind == "terminate":
            return EventDefinition("terminate")
        if kind == "conditional":
            return self._conditional(definition, element)
        if kind == "compensate":
            return self._compensation(definition, element)
        self._error(
            element.id, *REFUSED_EVENTS.get(kind, (f"不支持“{kind}”事件", f"“{kind}” events are not supported"))
        )
        return EventDefinition("refused")

    def _place(self, node: etree._Element, element: Element, event: EventDefinition) -> None:
        """Refuse a trigger where it cannot stand."""
        if event.kind == "refused":
            return
        place = element.type
        parent = node.getparent()
        if place == "startEvent" and parent is not None and etree.QName(parent).localname in SUBPROCESSES:
            triggered = parent.get("triggeredByEvent", "false") in ("true", "1")
            place = "triggered startEvent" if triggered else "subprocess startEvent"
        if event.kind not in EVENTS_AT[place]:
            self._error(
                element.id,
                f"“{element.label}”的位置不能用“{event.kind}”事件，可用：{'、'.join(sorted(EVENTS_AT[place]))}",
                f"“{element.label}” cannot be a “{event.kind}” event in this place; use one of {', '.join(sorted(EVENTS_AT[place]))}",
            )
        elif event.kind == "error" and not element.interrupting:
            self._error(
                element.id,
                "错误事件总是中断的，请去掉“非中断”",
                "an error event always interrupts; do not mark it as non-interrupting",
            )
        elif event.timer == "cycle" and element.type == "intermediateCatchEvent":
            self._error(
                element.id,
                "中间捕获事件只能等一次，请改用时长或日期",
                "an intermediate catch event waits once; use a duration or a date",
            )
        elif event.timer == "cycle" and element.interrupting and place != "startEvent":
            self._error(
                element.id,
                "会中断的事件只触发一次，循环定时须设为非中断，或改用时长",
                "an interrupting event fires once; make the cycle non-interrupting or use a duration",
            )
        elif event.timer == "duration" and place == "startEvent":
            self._error(
                element.id,
                "流程的定时开始须写循环或日期，例如 R/P1D",
                "a process is started by a cycle or a date, such as R/P1D",
            )

    def _timer(self, node: etree._Element, element: Element) -> EventDefinition:
        found = [
            (timer, (time.text or "").strip())
            for tag, timer in _TIMER.items()
            for time in node.findall(f"b:{tag}", _NS)
            if (time.text or "").strip()
        ]
        if len(found) == 1:
            return EventDefinition("timer", timer=found[0][0], text=found[0][1])
        self._error(
            element.id,
            "定时事件须填写一个时间，例如 PT4H 或 =limits.reply",
            "the timer needs one time, such as PT4H or =limits.reply",
        )
        return EventDefinition("timer", timer="duration", text="PT0S")

    def _conditional(self, node: etree._Element, element: Element) -> EventDefinition:
        text = " ".join((node.findtext("b:condition", "", _NS) or "").split())
        if not text.startswith("="):
            self._error(
                element.id,
                "条件事件须填写条件，例如 =amount > 1000",
                "the conditional event needs a condition, such as =amount > 1000",
            )
        found = node.find("b:extensionElements/z:conditionalFilter", _NS)
        given = {} if found is None else {str(k): str(v) for k, v in found.attrib.items()}
        changes = given.pop("variableEvents", "").replace(" ", "") or None
        if given or (changes and not set(changes.split(",")) <= {"create", "update"}):
            self._error(
                element.id,
                "条件事件的过滤只能写 variableEvents：create、update；变量名取自条件本身",
                "the filter of a conditional event takes variableEvents only: create, update; the names come from the condition itself",
            )
        return EventDefinition("conditional", text=text, changes=changes)

    def _compensation(self, node: etree._Element, element: Element) -> EventDefinition:
        if node.get("waitForCompletion", "true") not in ("true", "1"):
            self._error(
                element.id,
                "补偿事件总是等待补偿完成，请去掉 waitForCompletion",
                "a compensation event always waits until everything is undone; remove waitForCompletion",
            )
        return EventDefinition("compensate", activity=node.get("activityRef") or None)

    def _link(self, node: etree._Element, element: Element) -> EventDefinition:
        name = node.get("name", "").strip()
        if not name:
            self._error(element.id, "链接事件没有名称", "the link event has no name")
        return EventDefinition("link", name=name)

    def _referenced(self, kind: str, node: etree._Element, element: Element) -> EventDefinition:
        reference = node.get(f"{kind}Ref") or ""
        root = self._roots[kind].get(reference)
        throwing = element.type in ("endEvent", "intermediateThrowEvent")
        if root is None:
            everything = kind in ("error", "escalation") and not throwing and not reference
            if not everything and not (kind == "message" and throwing and not reference):
                self._error(
                    element.id,
                    f"没有选定事件的{_KINDS[kind]}，或它不存在",
                    f"no {kind} is chosen for the event, or it does not exist",
                )
            return EventDefinition(kind)
        name, code = root.get("name", "").strip(), root.get(f"{kind}Code", "").strip()
        if kind in ("error", "escalation"):
            if not code:
                self._error(
                    element.id,
                    f"{_KINDS[kind]}“{name or reference}”没有代码",
                    f"the {kind} “{name or reference}” has no code",
                )
            elif code.startswith("=") and not throwing:
                self._error(
                    element.id,
                    f"捕获事件的代码不能是表达式：{code}",
                    f"the code of a catching event cannot be an expression: {code}",
                )
            return EventDefinition(kind, name=name, code=code)
        if not name:
            self._error(element.id, f"{_KINDS[kind]}没有名称", f"the {kind} has no name")
        subscription = root.find("b:extensionElements/z:subscription", _NS)
        key = subscription.get("correlationKey") if kind == "message" and subscription is not None else None
        return EventDefinition(kind, name=name, correlation_key=key or None)


_KINDS = {"message": "消息", "signal": "信号", "error": "错误", "escalation": "升级"}
