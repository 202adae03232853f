"""Policy: what is in force, how far the diagrams carry the written rules, and every diagram with its clauses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required

from engine.check import Report
from engine.errors import NotFound
from engine.packs import Pack
from engine.types import PackInfo
from web import access
from web.carriers import STATUSES, Carriers, element_type
from web.task_page import english_names

blueprint = Blueprint("policy", __name__, url_prefix="/policy")


@blueprint.get("")
@login_required
def index() -> str:
    """The packs in force."""
    shown = [(info, _report(info)) for info in access.packs()]
    return render_template(
        "policy/index.html",
        shown=[
            {
                "info": info,
                "parts": [part for part in coverage_parts(report) if part[1]],
                "rules": len(report.coverage.rules),
                "counts": _severities(report),
            }
            for info, report in shown
        ],
    )


@blueprint.get("/<pack>")
@login_required
def pack(pack: str) -> str:
    """One pack: coverage, rules and where each is carried, diagrams, findings, assumptions, deployments."""
    info, deployed = _version(pack)
    report = _report(info)
    status = request.args.get("status", "")
    carriers = Carriers(report.pack, info)
    counts = report.coverage.counts()
    rules = [
        {
            "rule": rule,
            "status": carried.status,
            "assumed": bool(carried.assumptions),
            "where": carriers.links(carried.where),
        }
        for rule in report.pack.rules
        for carried in [report.coverage.rules[rule.id]]
        if status in ("", carried.status) or (status == "needs_figure" and carried.assumptions)
    ]
    return render_template(
        "policy/pack.html",
        info=info,
        deployed=deployed,
        latest=deployed[0],
        status=status,
        statuses={name: (words(name), kind, counts[name]) for name, kind in STATUSES},
        parts=coverage_parts(report),
        rules=rules,
        findings=[(f, carriers.place(f.file, f.element)) for f in report.findings],
        assumptions=[
            (a, report.pack.written(str(a.get("clause", "")).split()))
            for a in report.pack.manifest.get("assumptions", ())
        ],
        diagrams=_diagrams(report.pack, info),
        tables=sorted({model.file for model in report.pack.decisions.values()}),
        address=access.engine().config.base_url + url_for("public.intake", pack=info.name) if info.channels else None,
    )


@blueprint.get("/<pack>/diagrams/<process_id>")
@login_required
def diagram(pack: str, process_id: str) -> str:
    """A diagram read-only, with the written rule behind each element beside it."""
    info, deployed = _version(pack)
    parsed = access.engine().deployments.parsed(info.deployment_id)
    process = parsed.processes.get(process_id)
    if process is None:
        raise NotFound(what=_("流程"), id=process_id[:64])
    marked = request.args.get("element", "")
    lines = [
        {
            "id": element.id,
            "name": parsed.names.element(process_id, element.id),
            "type": element_type(element.type),
            "lane": parsed.names.lane(element.lane) if element.lane else None,
            "rules": parsed.written(element.clauses),
            "calls": element.called_process if element.called_process in parsed.processes else None,
        }
        for element in process.walk()
        if element.name or element.clauses
    ]
    return render_template(
        "policy/diagram.html",
        info=info,
        process=process,
        title=parsed.names.process(process_id),
        rules=parsed.written(process.properties.get("clause", "").split()),
        lines=lines,
        marked=marked,
        state={"elements": {marked: {"state": "current"}}, "flows": []} if process.find(marked) else None,
        names=english_names(parsed, process_id),
        diagrams=_diagrams(parsed, info),
        is_old=info.version != deployed[0].version,
    )


def words(status: str) -> str:
    """What a status of a rule means."""
    return {
        "enforced": _("由流程保证"),
        "prompted": _("只作提示"),
        "unproven": _("未证实"),
        "needs_figure": _("按假定数字"),
        "uncarried": _("尚未承载"),
    }[status]


def coverage_parts(report: Report) -> list[tuple[str, int, str]]:
    """The coverage as parts of a bar."""
    counts = report.coverage.counts()
    return [(words(name), counts[name], kind) for name, kind in STATUSES if name != "needs_figure"]


def _version(name: str) -> tuple[PackInfo, list[PackInfo]]:
    """The version asked for (else the one in force) and all of them, newest first."""
    deployed = (
        list(access.engine().deployments.list(access.actor(), name)) if name in {p.name for p in access.packs()} else []
    )
    asked = request.args.get("version", "")
    found = next((info for info in deployed if not asked or str(info.version) == asked), None)
    if found is None:
        raise NotFound(what=_("制度"), id=name[:64])
    return found, deployed


def _report(info: PackInfo) -> Report:
    return _checked(access.engine().deployments.report, info.deployment_id)


@lru_cache(maxsize=128)
def _checked(report: Any, deployment_id: str) -> Report:
    """A deployment never changes, so its check is made once."""
    found: Report = report(deployment_id)
    return found


def _severities(report: Report) -> dict[str, int]:
    return {kind: sum(1 for f in report.findings if f.severity == kind) for kind in ("error", "warning")}


def _diagrams(parsed: Pack, info: PackInfo) -> list[dict[str, Any]]:
    """The diagrams of a pack, the one complaints start with first."""
    ordered = sorted(parsed.processes.values(), key=lambda process: process.id != parsed.entry)
    return [
        {
            "id": process.id,
            "name": parsed.names.process(process.id),
            "file": process.file,
            "tasks": sum(1 for element in process.walk() if element.type == "userTask"),
            "url": url_for("policy.diagram", pack=info.name, process_id=process.id, version=info.version),
            "is_entry": process.id == parsed.entry,
        }
        for process in ordered
    ]
