"""Where a written rule is carried, in words and with the way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask import url_for
from flask_babel import gettext as _

from engine.packs import Pack
from engine.runtime.model import Flow, Process
from engine.types import Name, PackInfo
from web import i18n

STATUSES = (
    ("enforced", "done"),
    ("unproven", "today"),
    ("prompted", "accent"),
    ("uncarried", "overdue"),
    ("needs_figure", "line"),
)
"""Status of a rule and the colour of its chip and bar; a rule with any of them may need a figure as well."""


@dataclass(frozen=True)
class Place:
    """Something in a pack that carries a rule or that a finding is about."""

    text: str
    url: str | None = None


class Carriers:
    """Turns places such as ``complaint.bpmn#review`` into words and addresses."""

    def __init__(self, pack: Pack, info: PackInfo) -> None:
        self._pack, self._info = pack, info

    def links(self, places: Iterable[str]) -> list[Place]:
        """Each place once, those with the same words joined."""
        found: dict[str, Place] = {}
        for place in places:
            file, _hash, element = place.partition("#")
            made = self.place(file, element or None)
            found.setdefault(made.text, made)
        return list(found.values())

    def place(self, file: str, element: str | None) -> Place:
        """One file, or one element in it."""
        if file.endswith(".bpmn"):
            return self._in_diagram(file, element)
        if file.endswith(".form"):
            return self._in_form(PurePosixPath(file).stem, element)
        if file.endswith(".dmn"):
            return Place(_("决策表 %(file)s", file=file))
        return Place(f"{file} · {element}" if element else file)

    def _in_diagram(self, file: str, element: str | None) -> Place:
        names = self._pack.names
        for process in (p for p in self._pack.processes.values() if p.file == file):
            if element is None or element == process.id:
                return Place(i18n.text(names.process(process.id)), self._url(process.id))
            if element in process.lane_properties or element in process.lanes:
                lane = names.lane(process.lanes.get(element, element))
                return Place(_("泳道“%(lane)s”", lane=i18n.text(lane)), self._url(process.id))
            flow = next((f for f in process.walk_flows() if f.id == element), None)
            if flow is not None:
                return Place(self._way(process, flow), self._url(process.id, flow.source))
            if process.find(element) is not None:
                return Place(i18n.text(self._called(process, element)), self._url(process.id, element))
        return Place(file)

    def _way(self, process: Process, flow: Flow) -> str:
        """A sequence flow: where it leaves and what it is called, else where it leads."""
        names = self._pack.names
        label = names.element(process.id, flow.id) if flow.name else self._called(process, flow.target)
        return f"{i18n.text(self._called(process, flow.source))} → {i18n.text(label)}"

    def _called(self, process: Process, element: str) -> Name:
        """What an element is called; one without a name by its kind."""
        found = process.find(element)
        if found is not None and not found.name:
            kind = element_type(found.type)
            return Name(kind, kind)
        return self._pack.names.element(process.id, element)

    def _in_form(self, form_id: str, key: str | None) -> Place:
        """A form belongs to the user task or start event that shows it."""
        names, form = self._pack.names, self._pack.forms.get(form_id)
        label = next((f.label for f in form.fields if key in (f.key, f.id)), "") if form and key else ""
        field = names.field(key, form_id, label) if key else Name("", "")
        for process in self._pack.processes.values():
            for element in process.walk():
                if element.form_id == form_id:
                    step = i18n.text(names.element(process.id, element.id))
                    text = f"{step} · {i18n.text(field)}" if key else step
                    return Place(text, self._url(process.id, element.id))
        return Place(_("表单 %(form)s", form=form_id))

    def _url(self, process_id: str, element: str | None = None) -> str:
        return url_for(
            "policy.diagram",
            pack=self._info.name,
            process_id=process_id,
            version=self._info.version,
            element=element,
            _anchor=f"element-{element}" if element else None,
        )


def element_type(kind: str) -> str:
    """A kind of element in words."""
    return {
        "userTask": _("人工任务"),
        "manualTask": _("线下任务"),
        "task": _("任务"),
        "serviceTask": _("自动任务"),
        "sendTask": _("发送"),
        "receiveTask": _("等待消息"),
        "scriptTask": _("计算"),
        "businessRuleTask": _("决策表"),
        "callActivity": _("子流程"),
        "subProcess": _("子流程"),
        "adHocSubProcess": _("任选步骤"),
        "exclusiveGateway": _("条件分支"),
        "parallelGateway": _("并行"),
        "inclusiveGateway": _("多选分支"),
        "eventBasedGateway": _("等待其一"),
        "startEvent": _("开始"),
        "endEvent": _("结束"),
        "intermediateCatchEvent": _("等待事件"),
        "intermediateThrowEvent": _("发出事件"),
        "boundaryEvent": _("边界事件"),
    }.get(kind, kind)
