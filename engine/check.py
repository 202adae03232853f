"""What is wrong with a pack before it is deployed, and how far its diagrams carry the written policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.packs import Pack
from engine.runtime.model import JOBS, Element, Finding, Flow, Process, Scope
from engine.topics import TOPICS

_WORD = re.compile(r"[A-Za-z]+[A-Za-z0-9-]*\d+")
CALENDARS = ("working", "calendar")


@dataclass(frozen=True)
class Coverage:
    """How the written rules are carried: rule id -> (status, where)."""

    rules: dict[str, tuple[str, tuple[str, ...]]]

    def counts(self) -> dict[str, int]:
        """Number of rules that are enforced, prompted, uncarried, or need a figure."""
        counts = dict.fromkeys(("enforced", "prompted", "uncarried", "needs_figure"), 0)
        for status, _ in self.rules.values():
            counts[status] += 1
        return counts


@dataclass(frozen=True)
class Report:
    """The result of checking one pack."""

    pack: Pack
    findings: tuple[Finding, ...]
    coverage: Coverage

    @property
    def ok(self) -> bool:
        return not any(f.severity == "error" for f in self.findings)

    def to_dict(self, language: str = "zh") -> dict[str, Any]:
        """The shape ``redress check --json`` prints for a pack."""
        return {
            "name": self.pack.name,
            "ok": self.ok,
            "findings": [
                {"severity": f.severity, "file": f.file, "element": f.element, "message": f.text(language)}
                for f in self.findings
            ],
            "coverage": self.coverage.counts(),
        }


def check(pack: Pack) -> Report:
    """Check ``pack`` and compute its coverage."""
    findings = list(pack.findings)
    if pack.manifest:
        findings += _entry(pack)
    for process in pack.processes.values():
        if process.executable:
            findings += _process(pack, process)
    for key, model in pack.decisions.items():
        if not key:
            findings.append(Finding("error", model.file, None, "决策缺少编号", "a decision has no id"))
    coverage_ = coverage(pack)
    for rule_id, (status, _) in coverage_.rules.items():
        if status == "uncarried":
            findings.append(
                Finding(
                    "warning",
                    "policy.tsv",
                    rule_id,
                    f"规则 {rule_id} 没有任何元素承载",
                    f"rule {rule_id} is carried by nothing",
                )
            )
    return Report(pack, tuple(findings), coverage_)


def _entry(pack: Pack) -> Iterator[Finding]:
    process = pack.processes.get(pack.entry)
    if process is None or not process.executable:
        yield Finding(
            "error",
            "pack.toml",
            pack.entry,
            f"入口流程“{pack.entry}”不存在或不可执行",
            f"the entry process “{pack.entry}” does not exist or is not executable",
        )
    elif pack.manifest.get("numbering") and not any(e.form_id in pack.forms for e in process.starts() if e.form_id):
        yield Finding(
            "error",
            process.file,
            process.id,
            "入口流程的开始事件没有受理表单（formDefinition）",
            "the start event of the entry process has no intake form (formDefinition)",
        )


def _process(pack: Pack, process: Process) -> Iterator[Finding]:
    scopes: list[Scope] = [process, *(e.children for e in process.walk() if e.children is not None)]
    for scope in scopes:
        yield from _scope(process, scope)
        for element in scope.elements.values():
            yield from _element(pack, process, scope, element)
        for flow in scope.flows.values():
            if flow.condition is not None:
                yield from _expression(process, flow.id, flow.condition, "condition", must=True)


def _error(process: Process, element: str | None, zh: str, en: str) -> Finding:
    return Finding("error", process.file, element, zh, en)


def _scope(process: Process, scope: Scope) -> Iterator[Finding]:
    starts = scope.starts()
    if not starts:
        yield _error(process, scope.id, "没有开始事件", "there is no start event")
        return
    reached: set[str] = set()
    stack = [e.id for e in starts] + [e.id for e in scope.event_subprocesses()]
    stack += [e.id for e in scope.elements.values() if _is_link_catch(e)]
    while stack:
        current = stack.pop()
        if current in reached or current not in scope.elements:
            continue
        reached.add(current)
        stack += [scope.flows[f].target for f in scope.elements[current].outgoing]
        stack += [e.id for e in scope.boundary(current)]
    for element in scope.elements.values():
        if element.id not in reached:
            yield Finding(
                "warning",
                process.file,
                element.id,
                f"“{element.label}”永远走不到",
                f"“{element.label}” can never be reached",
            )


def _is_link_catch(element: Element) -> bool:
    return element.type == "intermediateCatchEvent" and element.event is not None and element.event.kind == "link"


def _element(pack: Pack, process: Process, scope: Scope, element: Element) -> Iterator[Finding]:
    yield from _ways_out(process, scope, element)
    yield from _references(pack, process, element)
    yield from _texts(process, element)
    if element.type == "userTask":
        yield from _assignment(pack, process, element)
    calendar = element.properties.get("calendar")
    if calendar is not None and calendar not in CALENDARS:
        yield _error(
            process,
            element.id,
            f"日历“{calendar}”不存在，可用：{'、'.join(CALENDARS)}",
            f"there is no calendar “{calendar}”; use one of {', '.join(CALENDARS)}",
        )
    for other in element.properties.get("excludes", "").split():
        if process.find(other) is None and all(p.find(other) is None for p in pack.processes.values()):
            yield _error(
                process,
                element.id,
                f"excludes 中的任务“{other}”不存在",
                f"the task “{other}” named by excludes does not exist",
            )


def _ways_out(process: Process, scope: Scope, element: Element) -> Iterator[Finding]:
    flows: list[Flow] = [scope.flows[f] for f in element.outgoing]
    if element.type in ("exclusiveGateway", "inclusiveGateway"):
        yield from _gateway(process, element, flows)
    elif element.type == "eventBasedGateway":
        for flow in flows:
            target = scope.elements.get(flow.target)
            if target is None or target.type not in ("intermediateCatchEvent", "receiveTask"):
                yield _error(
                    process,
                    element.id,
                    "事件网关之后只能是捕获事件或接收任务",
                    "an event-based gateway must be followed by catch events or receive tasks",
                )
    if element.type.endswith("Gateway") and not flows:
        yield _error(
            process, element.id, f"网关“{element.label}”没有出口", f"the gateway “{element.label}” has no way out"
        )
    if element.default and element.default not in element.outgoing:
        yield _error(process, element.id, "缺省出口不是该元素的出口", "the default flow does not leave this element")
    link = element.event is not None and element.event.kind == "link"
    dead_end = element.type in ("startEvent", "intermediateCatchEvent", "boundaryEvent") and not flows
    if dead_end and not link:
        yield _error(
            process,
            element.id,
            f"事件“{element.label}”之后没有任何步骤",
            f"nothing follows the event “{element.label}”",
        )
    if element.type == "intermediateThrowEvent" and link and element.event is not None:
        name = element.event.name
        if not any(_is_link_catch(e) and e.event is not None and e.event.name == name for e in scope.elements.values()):
            yield _error(process, element.id, f"链接“{name}”没有接收端", f"the link “{name}” has no catching end")


def _gateway(process: Process, element: Element, flows: list[Flow]) -> Iterator[Finding]:
    if len(flows) < 2:
        return
    for flow in flows:
        if flow.condition is None and flow.id != element.default:
            yield _error(
                process,
                flow.id,
                f"网关“{element.label}”的出口“{flow.name or flow.id}”既没有条件也不是缺省出口",
                f"the flow “{flow.name or flow.id}” of gateway “{element.label}” has no condition and is not the default",
            )
    if element.default is None:
        yield Finding(
            "warning",
            process.file,
            element.id,
            f"网关“{element.label}”没有缺省出口：条件都不成立时流程会停下",
            f"the gateway “{element.label}” has no default flow: the process stops when no condition holds",
        )


def _references(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    if element.form_id and element.form_id not in pack.forms and element.type in ("userTask", "startEvent"):
        yield _error(
            process,
            element.id,
            f"表单 forms/{element.form_id}.form 不存在",
            f"the form forms/{element.form_id}.form does not exist",
        )
    if element.type == "businessRuleTask" and not element.topic:
        if not element.called_decision:
            yield _error(
                process, element.id, "没有选定决策（calledDecision）", "no decision is chosen (calledDecision)"
            )
        elif not element.called_decision.startswith("=") and element.called_decision not in pack.decisions:
            yield _error(
                process,
                element.id,
                f"决策“{element.called_decision}”不在任何 .dmn 文件中",
                f"the decision “{element.called_decision}” is in no .dmn file",
            )
    if element.type == "callActivity":
        target = pack.processes.get(element.called_process or "")
        if target is None or not target.executable:
            yield _error(
                process,
                element.id,
                f"调用的流程“{element.called_process}”不存在或不可执行",
                f"the called process “{element.called_process}” does not exist or is not executable",
            )
    if element.type in JOBS or element.topic:
        yield from _topic(process, element)
    if element.type == "scriptTask" and not element.script and not element.topic:
        yield _error(process, element.id, "脚本任务没有 FEEL 表达式", "the script task has no FEEL expression")


def _topic(process: Process, element: Element) -> Iterator[Finding]:
    if element.topic not in TOPICS:
        yield _error(
            process,
            element.id,
            f"服务类型“{element.topic or '（空）'}”不在允许的清单中：{'、'.join(TOPICS)}",
            f"the topic “{element.topic or '(none)'}” is not on the allow-list: {', '.join(TOPICS)}",
        )
        return
    given = {target.split(".")[0] for _, target in element.inputs}
    missing = sorted(TOPICS[element.topic] - given)
    if missing:
        yield _error(
            process,
            element.id,
            f"服务“{element.topic}”缺少输入：{'、'.join(missing)}",
            f"the topic “{element.topic}” lacks the inputs {', '.join(missing)}",
        )


def _assignment(pack: Pack, process: Process, element: Element) -> Iterator[Finding]:
    groups = element.candidate_groups
    if groups is None and element.assignee is None and element.candidate_users is None:
        lane_group = pack.lane_group(element.lane)
        if lane_group is None:
            yield _error(
                process,
                element.id,
                f"“{element.label}”没有办理人：请放进泳道或填写候选组",
                f"“{element.label}” has nobody to do it: put it into a lane or give candidate groups",
            )
        elif lane_group not in pack.groups:
            yield _error(
                process,
                element.id,
                f"组“{lane_group}”没有在 pack.toml 的 [groups] 中定义",
                f"the group “{lane_group}” is not defined in [groups] of pack.toml",
            )
    elif groups is not None and not groups.startswith("="):
        for group in (g.strip() for g in groups.split(",")):
            if group and group not in pack.groups:
                yield _error(
                    process,
                    element.id,
                    f"组“{group}”没有在 pack.toml 的 [groups] 中定义",
                    f"the group “{group}” is not defined in [groups] of pack.toml",
                )
    if element.form_id is None:
        yield Finding(
            "warning", process.file, element.id, f"“{element.label}”没有表单", f"“{element.label}” has no form"
        )


def _texts(process: Process, element: Element) -> Iterator[Finding]:
    for what in (
        "assignee",
        "candidate_groups",
        "candidate_users",
        "due_date",
        "follow_up_date",
        "priority",
        "called_decision",
    ):
        text = getattr(element, what)
        if text is not None and text.startswith("="):
            yield from _expression(process, element.id, text, what)
    for source, _ in (*element.inputs, *element.outputs):
        if source.startswith("="):
            yield from _expression(process, element.id, source, "ioMapping")
    if element.script:
        yield from _expression(process, element.id, element.script, "script", must=True)
    if element.event is not None and element.event.kind == "timer":
        yield from _timer(process, element)
    if element.event is not None and element.event.correlation_key:
        yield from _expression(process, element.id, element.event.correlation_key, "correlationKey", must=True)
    if element.loop is not None:
        yield from _expression(process, element.id, element.loop.input_collection, "inputCollection", must=True)
        for text in (element.loop.output_element, element.loop.completion_condition):
            if text:
                yield from _expression(process, element.id, text, "multi-instance", must=True)


def _timer(process: Process, element: Element) -> Iterator[Finding]:
    event = element.event
    if event is None:
        return
    if event.text.startswith("="):
        yield from _expression(process, element.id, event.text, "timer")
    elif event.timer == "duration":
        try:
            feel.parse_duration(event.text)
        except (ValueError, feel.FeelError):
            yield _error(
                process,
                element.id,
                f"“{event.text}”不是有效的时长，例如 PT4H、P2D",
                f"“{event.text}” is not a valid duration such as PT4H or P2D",
            )


def _expression(process: Process, element: str, text: str, what: str, must: bool = False) -> Iterator[Finding]:
    if not text.startswith("="):
        if must:
            yield _error(
                process,
                element,
                f"{what}“{text}”须以 = 开头写成 FEEL 表达式",
                f"{what} “{text}” must be a FEEL expression starting with =",
            )
        return
    try:
        feel.compile_expression(text[1:])
    except feel.FeelSyntaxError as error:
        yield _error(process, element, f"{what}：{error.zh()}", f"{what}: {error.en()}")
    except feel.FeelError as error:
        yield _error(process, element, f"{what}：{error}", f"{what}: {error}")


_ENFORCING = frozenset(
    [
        "userTask",
        "serviceTask",
        "sendTask",
        "businessRuleTask",
        "scriptTask",
        "callActivity",
        "subProcess",
        "receiveTask",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "startEvent",
        "endEvent",
    ]
)


def coverage(pack: Pack) -> Coverage:
    """Which rule of policy.tsv is carried where, and whether the engine makes it so or only shows it.

    ``enforced``: an executable element, a form field, a table row or a right carries it. ``prompted``: it is only shown
    (a rule that software cannot enforce, or a note on a lane or process). ``needs_figure``: the source leaves the figure
    blank and pack.toml states an assumption. ``uncarried``: nothing carries it.
    """
    carriers: dict[str, list[tuple[str, bool]]] = {}
    for rule_ids, place, enforcing in _carriers(pack):
        for rule_id in rule_ids:
            carriers.setdefault(rule_id, []).append((place, enforcing))
    assumed = {c for a in pack.manifest.get("assumptions", ()) for c in str(a.get("clause", "")).split()}
    rules: dict[str, tuple[str, tuple[str, ...]]] = {}
    for rule in pack.rules:
        found = carriers.get(rule.id, [])
        where = tuple(dict.fromkeys(w for w, _ in found))
        if rule.id in assumed:
            status = "needs_figure"
        elif not found:
            status = "prompted" if rule.how == "prompted" else "uncarried"
        elif any(enforcing for _, enforcing in found) and rule.carry != "prompt" and rule.how != "prompted":
            status = "enforced"
        else:
            status = "prompted"
        rules[rule.id] = (status, where)
    return Coverage(rules)


def _carriers(pack: Pack) -> Iterator[tuple[list[str], str, bool]]:
    for process in pack.processes.values():
        yield process.properties.get("clause", "").split(), f"{process.file}#{process.id}", False
        for lane, properties in process.lane_properties.items():
            yield properties.get("clause", "").split(), f"{process.file}#{lane}", True
        for element in process.walk():
            yield list(element.clauses), f"{process.file}#{element.id}", element.type in _ENFORCING
        for flow in process.walk_flows():
            yield flow.properties.get("clause", "").split(), f"{process.file}#{flow.id}", flow.condition is not None
    for form_id, form in pack.forms.items():
        for item in form.fields:
            yield (
                str(item.properties.get("clause", "")).split(),
                f"forms/{form_id}.form#{item.key or item.id}",
                bool(item.key),
            )
    for model in {id(m): m for m in pack.decisions.values()}.values():
        text = pack.files[model.file].decode("utf-8", "replace")
        for rule_id in set(_WORD.findall(text)) & {r.id for r in pack.rules}:
            yield [rule_id], model.file, True
    for section in ("retention", "archive", "numbering", "channels", "rights", "groups"):
        found = pack.manifest.get(section)
        if isinstance(found, dict) and found.get("clause"):
            yield str(found["clause"]).split(), f"pack.toml#{section}", True
