"""What pages about many processes at once show: counts and heat on diagrams, filters, names of states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from engine.packs import Pack
from engine.types import ComplaintRow, Name, PackInfo
from web import access, i18n, rows
from web.task_page import english_names

_HOURS_PER_DAY = 24
_SHOWN = 8


@dataclass
class Load:
    """What waits at an element, and how long it takes on average."""

    active: int = 0
    overdue: int = 0
    incidents: int = 0
    hours: float | None = None


@dataclass(frozen=True)
class BusyDiagram:
    """One diagram with its counts."""

    process_id: str
    title: Name
    url: str
    state: dict[str, Any]
    names: dict[str, str]
    lines: list[dict[str, Any]]
    active: int


def busy_diagrams(info: PackInfo, counts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[BusyDiagram]:
    """The entry diagram, then those of the processes it calls that people have worked in."""
    pack = access.engine().deployments.parsed(info.deployment_id)
    loads = {p: {e: _load(c) for e, c in elements.items()} for p, elements in counts.items()}
    called = Counter(e.called_process for p in pack.processes.values() for e in p.walk() if e.called_process)
    slowest = max((load.hours or 0 for elements in loads.values() for load in elements.values()), default=0)
    wanted = [pack.entry, *(p for p in pack.processes if p != pack.entry and p in loads)]
    return [
        _diagram(info, pack, process_id, _with_called(pack, process_id, loads, called), slowest)
        for process_id in wanted
        if process_id in pack.processes
    ]


def distribution(items: Iterable[Mapping[str, Any]], field: str) -> list[tuple[str, int, str, str | None]]:
    """Rows of one dimension of the figures as bars that lead to the list."""
    found = [item for item in items if item["open"]][:_SHOWN]
    return [
        (
            i18n.text(item["label"]),
            item["open"],
            "",
            url_for("operations.instances", state="open", **{field: item["key"]}) if item["key"] else None,
        )
        for item in found
    ]


def stages() -> list[tuple[str, Name]]:
    """The stages the diagrams of the chosen packs name, for filters."""
    found: dict[str, Name] = {}
    for info in rows.chosen_packs():
        for process in access.engine().deployments.parsed(info.deployment_id).processes.values():
            for element in process.walk():
                if stage := element.properties.get("stage"):
                    found.setdefault(stage, rows.names(info.name).stage(stage))
    return list(found.items())


def states() -> list[tuple[str, str]]:
    """States of a process, for filters."""
    return [
        ("open", _("未办结")),
        ("closed", _("已结束")),
        ("completed", _("已办结")),
        ("cancelled", _("已取消")),
        ("suspended", _("已暂停")),
    ]


def state_name(state: str) -> str:
    """A state of a process in words."""
    return {
        "active": _("办理中"),
        "completed": _("已办结"),
        "cancelled": _("已取消"),
        "suspended": _("已暂停"),
    }.get(state, state)


def calendar(pack: str) -> str:
    """The calendar the time limits of a pack count in."""
    info = rows.pack_info(pack)
    return access.engine().deployments.parsed(info.deployment_id).calendar if info else "working"


def duration(hours: float) -> str:
    """An average duration, short enough for a diagram."""
    if hours >= _HOURS_PER_DAY:
        return _("%(n)s 天", n=f"{hours / _HOURS_PER_DAY:.1f}".removesuffix(".0"))
    if hours >= 1:
        return _("%(n)s 小时", n=f"{hours:.1f}".removesuffix(".0"))
    return _("%(n)d 分钟", n=max(1, round(hours * 60)))


def may_retry(pack: str) -> bool:
    """Whether the person may let a stopped process try again."""
    return any(access.actor().has_role(role, pack) for role in ("manager", "process_owner"))


def incident(row: Mapping[str, Any]) -> dict[str, Any]:
    """An incident with its message as a two-language text and the element by its name."""
    names = rows.names(row["pack"])
    info = rows.pack_info(row["pack"])
    pack = access.engine().deployments.parsed(info.deployment_id) if info else None
    owner = next((p.id for p in pack.processes.values() if p.find(row["element_id"] or "")), "") if pack else ""
    element = names.element(owner, row["element_id"] or "") if owner else None
    return dict(row) | {
        "may_retry": may_retry(row["pack"]),
        "message": Name(row["message"]["zh"], row["message"]["en"]),
        "element": element,
    }


def csv_columns() -> list[str]:
    """Headings of the exported list."""
    return [
        _("编号"),
        _("制度"),
        _("渠道"),
        _("收到时间"),
        _("投诉人"),
        _("联系方式"),
        _("投诉事项"),
        _("类别"),
        _("严重程度"),
        _("责任部门"),
        _("阶段"),
        _("状态"),
        _("升级时间"),
        _("到期时间"),
        _("承诺答复"),
        _("办结时间"),
        _("满意"),
        _("重办轮次"),
    ]


def csv_values(row: ComplaintRow) -> list[Any]:
    """A line of the exported list."""
    info = rows.pack_info(row.pack)
    named = [rows.value(row.pack, value) for value in (row.category, row.severity, row.department)]
    return [
        row.number,
        info.title if info else row.pack,
        rows.value(row.pack, row.channel),
        row.received_at,
        row.complainant,
        row.contact,
        row.matter,
        *named,
        rows.names(row.pack).stage(row.stage) if row.stage else None,
        state_name(row.state),
        row.escalated_at,
        row.due_at if row.state == "active" else None,
        row.promise_at,
        row.closed_at,
        None if row.satisfied is None else _("满意") if row.satisfied else _("不满意"),
        row.rounds,
    ]


def _load(counts: Mapping[str, Any]) -> Load:
    return Load(counts["active"], counts["overdue"], counts["incidents"], counts["avg_hours"])


def _with_called(
    pack: Pack,
    process_id: str,
    loads: Mapping[str, Mapping[str, Load]],
    called: Counter[str | None],
    above: frozenset[str] = frozenset(),
) -> dict[str, Load]:
    """The elements of a process with their loads; a call carries what waits in the process it alone calls."""
    found = dict(loads.get(process_id, {}))
    for element in pack.processes[process_id].walk():
        target = element.called_process
        if target is None or target not in pack.processes or called[target] > 1 or target in above | {process_id}:
            continue
        inside = _with_called(pack, target, loads, called, above | {process_id}).values()
        if inside:
            hours = [load.hours for load in inside if load.hours is not None]
            found[element.id] = Load(
                sum(load.active for load in inside),
                sum(load.overdue for load in inside),
                sum(load.incidents for load in inside),
                sum(hours) if hours else None,
            )
    return found


def _diagram(info: PackInfo, pack: Pack, process_id: str, loads: Mapping[str, Load], slowest: float) -> BusyDiagram:
    elements, lines, active = {}, [], 0
    top = max([slowest, *(load.hours or 0 for load in loads.values())]) or 1
    for element in pack.processes[process_id].walk():
        load = loads.get(element.id)
        if load is None:
            continue
        name = pack.names.element(process_id, element.id)
        own = element.type == "userTask"
        target = url_for("worklist.index", view="all", element=element.id, pack=info.name) if own else None
        state = "incident" if load.incidents else "overdue" if load.overdue else "current" if load.active else None
        label = duration(load.hours) if load.hours is not None else ""
        elements[element.id] = {
            "state": state,
            "count": load.active,
            "label": label,
            "heat": (load.hours or 0) / top if load.hours is not None else None,
            "title": f"{i18n.text(name)}: {load.active}",
            "href": target if load.active else None,
        }
        lines.append({"id": element.id, "name": name, "load": load, "label": label, "url": target, "calls": not own})
        active += load.active
    return BusyDiagram(
        process_id=process_id,
        title=pack.names.process(process_id),
        url=url_for("diagrams.diagram", deployment_id=info.deployment_id, process_id=process_id),
        state={"elements": elements, "flows": []},
        names=english_names(pack, process_id),
        lines=lines,
        active=active,
    )
