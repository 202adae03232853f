"""The worklist and the task page: what to do next, everything about it, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from engine.errors import BadRequest, EngineError, FormInvalid
from engine.forms import BoundForm
from engine.types import Page, TaskDetail, TaskRow
from web import access, errors, forms, i18n, rows, startable, task_page

blueprint = Blueprint("worklist", __name__)

Reply = str | Response | tuple[str, int] | dict[str, Any]

VIEWS = ("mine", "groups", "due_today", "overdue", "escalated", "follow_up", "all")


@blueprint.get("/worklist")
@login_required
def index() -> Reply:
    """The tasks of a view, most urgent first."""
    counts = access.task_counts()
    view = request.args.get("view") or _first_view(counts)
    if view not in VIEWS:
        raise BadRequest(reason=_("没有这个视图。"))
    filters = {name: request.args.get(name) or None for name in ("q", "element", "department")}
    page = access.engine().tasks.list(
        access.actor(), view=view, pack=access.pack(), page=rows.page_number(), size=20, **filters
    )
    return render_template(
        "worklist/index.html",
        view=view,
        views=_views(view, counts),
        page=page,
        lines=[(row, rows.due(row.due_at, row.calendar, row.due_provisional, short=True)) for row in page.items],
        value=rows.value,
        page_url=rows.page_url(view=view),
        filters=filters,
        filtered=any(filters.values()),
        departments=rows.departments(),
        steps=_steps(),
        claimable=_claimable(page),
        may_enter=bool(access.complaint_packs()),
    )


@blueprint.get("/worklist/due")
@login_required
def due() -> Reply:
    """Remaining times for the pills on a page."""
    found = {key: rows.due_of_key(key) for key in request.args.get("ids", "").split(",")[:200]}
    return {key: {"text": pill.remaining_text, "state": pill.state} for key, pill in found.items() if pill}


@blueprint.post("/worklist/claim")
@login_required
def claim_many() -> Reply:
    """Take the ticked tasks, or the one whose button was pressed."""
    one = request.form.get("claim")
    ids = [one] if one else request.form.getlist("task")
    results = access.engine().tasks.claim_many(access.actor(), ids)
    taken = sum(1 for error in results.values() if error is None)
    if taken:
        flash(ngettext("已领取 %(num)d 项任务。", "已领取 %(num)d 项任务。", taken), "success")
    for error in results.values():
        if error is not None:
            flash(error.text(i18n.language()), "warning")
    if not ids:
        flash(_("请先勾选要领取的任务。"), "info")
    return redirect(access.local_path(request.form.get("back"), url_for("worklist.index")))


@blueprint.get("/tasks/<task_id>")
@login_required
def task(task_id: str) -> Reply:
    """The task page."""
    return task_page.show(access.engine().tasks.get(access.actor(), task_id))


@blueprint.post("/tasks/<task_id>")
@login_required
def complete(task_id: str) -> Reply:
    """Submit the form. Whatever goes wrong, the page comes back with everything that was typed."""
    engine, person = access.engine(), access.actor()
    try:
        detail = engine.tasks.get(person, task_id)
    except EngineError as error:
        return render_template(
            "worklist/kept.html", error=error.text(i18n.language()), kept=task_page.what_was_sent()
        ), error.status
    bound = _bound(detail)
    if bound is not None and bound.rows_changed:
        return task_page.show(detail, bound)
    if bound is not None and not bound.validate():
        return task_page.show(detail, bound), 422
    values = bound.values if bound is not None else {}
    files = forms.uploads(bound) if bound is not None else []
    try:
        done = engine.tasks.complete(person, task_id, values, files, language=i18n.language())
    except FormInvalid as error:
        if bound is None:
            raise
        forms.take_errors(bound, error.params.get("errors", {}))
        return task_page.show(detail, bound), 422
    except EngineError as error:
        return task_page.show(task_page.fresh(detail), bound, error.text(i18n.language())), error.status
    return redirect(_after(detail.row, done.next_task_id, done.ended))


@blueprint.errorhandler(CSRFError)
def expired(error: CSRFError) -> Reply:
    """A form that was open for too long comes back with everything typed, to be submitted once more."""
    if request.endpoint not in ("worklist.complete", "worklist.activate") or not access.signed_in():
        return errors.expired(error)
    detail = access.engine().tasks.get(access.actor(), (request.view_args or {})["task_id"])
    return task_page.show(detail, _bound(detail), errors.expired_text()), 400


@blueprint.post("/tasks/<task_id>/draft")
@login_required
def draft(task_id: str) -> Reply:
    """Keep what was typed so far."""
    engine, person = access.engine(), access.actor()
    bound = _bound(engine.tasks.get(person, task_id))
    if bound is not None:
        engine.tasks.save_draft(person, task_id, bound.draft)
    saved_at = i18n.format_time(engine.clock.now())
    message = _("草稿已保存 %(time)s", time=saved_at)
    if access.wants_json():
        return {"saved_at": saved_at}
    if request.headers.get("HX-Request"):
        return message
    flash(message, "success")
    return redirect(url_for("worklist.task", task_id=task_id))


@blueprint.post("/tasks/<task_id>/conditions")
@login_required
def conditions(task_id: str) -> Reply:
    """Which fields do not apply to what has been typed."""
    bound = _bound(access.engine().tasks.get(access.actor(), task_id))
    return {"hidden": forms.hidden_names(bound) if bound is not None else []}


@blueprint.post("/tasks/<task_id>/claim")
@login_required
def claim(task_id: str) -> Reply:
    """Take the task."""
    access.engine().tasks.claim(access.actor(), task_id)
    flash(_("已领取，由您办理。"), "success")
    return redirect(url_for("worklist.task", task_id=task_id))


@blueprint.post("/tasks/<task_id>/unclaim")
@login_required
def unclaim(task_id: str) -> Reply:
    """Give the task back to its groups."""
    access.engine().tasks.unclaim(access.actor(), task_id)
    flash(_("已退回，组内同事可以领取。草稿仍然保留。"), "success")
    return redirect(url_for("worklist.index"))


@blueprint.post("/tasks/<task_id>/ad-hoc/<subprocess_id>/<element_id>")
@login_required
def activate(task_id: str, subprocess_id: str, element_id: str) -> Reply:
    """Start a step beside the task; what was typed into its form so far is kept as a draft."""
    engine, person = access.engine(), access.actor()
    detail = engine.tasks.get(person, task_id)
    bound = _bound(detail)
    try:
        if bound is not None and detail.may_complete and _typed(bound) != _typed(_as_opened(detail)):
            engine.tasks.save_draft(person, task_id, bound.draft)
    except EngineError as error:
        return task_page.show(task_page.fresh(detail), bound, error.text(i18n.language())), error.status
    startable.start(detail.row.instance_id, subprocess_id, element_id)
    return redirect(url_for("worklist.task", task_id=task_id), 303)


@blueprint.post("/tasks/<task_id>/assign")
@login_required
def assign(task_id: str) -> Reply:
    """Hand the task over, or reassign it as a manager."""
    engine, person = access.engine(), access.actor()
    chosen = request.form.get("person", "")
    engine.tasks.assign(person, task_id, chosen, request.form.get("reason", ""))
    flash(_("已移交给%(name)s。", name=engine.users.name_of(chosen, i18n.language())), "success")
    back = url_for("worklist.task", task_id=task_id) if chosen == person.id else url_for("worklist.index")
    return redirect(access.local_path(request.form.get("back"), back))


@blueprint.post("/tasks/<task_id>/follow-up")
@login_required
def follow_up(task_id: str) -> Reply:
    """Put the task aside until a moment, or bring it back."""
    text = request.form.get("at", "")
    at = forms.instant(text)
    if text and (at is None or at <= access.engine().clock.now()):
        raise BadRequest(reason=_("请填写将来的时间。"))
    access.engine().tasks.follow_up(access.actor(), task_id, at)
    message = _("将在 %(time)s 提醒您跟进。", time=i18n.format_datetime(at)) if at else _("已取消跟进提醒。")
    flash(message, "success")
    return redirect(url_for("worklist.task", task_id=task_id))


@blueprint.post("/tasks/<task_id>/due")
@login_required
def set_due(task_id: str) -> Reply:
    """Change the due date, with a reason."""
    at = forms.instant(request.form.get("at", ""))
    if at is None:
        raise BadRequest(reason=_("请填写新的到期时间。"))
    access.engine().tasks.set_due(access.actor(), task_id, at, request.form.get("reason", ""))
    flash(_("到期时间已改为 %(time)s。", time=i18n.format_datetime(at)), "success")
    return redirect(url_for("worklist.task", task_id=task_id))


def _bound(detail: TaskDetail) -> BoundForm | None:
    if detail.form is None:
        return None
    return forms.bind(detail.form, detail.variables, detail.form_deployment_id, submitted=True)


def _as_opened(detail: TaskDetail) -> BoundForm:
    """The form as the page shows it before anybody types."""
    return forms.bind(detail.form, detail.variables, detail.form_deployment_id, draft=detail.draft)


def _typed(bound: BoundForm) -> dict[str, Any]:
    return {name: value for name, value in bound.draft.items() if value not in ("", [])}


def _after(row: TaskRow, next_id: str | None, ended: bool) -> str:
    """Say what happened and go on: the same complaint's next task, else the most urgent one."""
    what = _("已提交“%(task)s”（%(number)s）。", task=i18n.text(row.name), number=row.number or "—")
    if next_id:
        flash(what + _("下一步也由您办理，已经打开。"), "success")
        return url_for("worklist.task", task_id=next_id)
    flash(what + (_("流程到此结束。") if ended else _waiting(row)), "success")
    tasks, person = access.engine().tasks, access.actor()
    for view in ("mine", "groups"):
        page = tasks.list(person, view=view, pack=access.pack(), size=1)
        if page.items:
            flash(_("这是接下来最紧急的任务。"), "info")
            return url_for("worklist.task", task_id=page.items[0].id)
    flash(_("您的任务都办完了。"), "info")
    return url_for("worklist.index")


def _first_view(counts: dict[str, int]) -> str:
    """Where there is something to do; those who look after others begin with what is late."""
    for view in ("mine", "groups"):
        if counts.get(view):
            return view
    if access.holds(*access.READERS):
        return "overdue" if counts.get("overdue") else "all"
    return "mine"


def _waiting(row: TaskRow) -> str:
    if row.number is None:
        return ""
    try:
        steps = access.engine().complaints.get(access.actor(), row.number).row.open_tasks
    except EngineError:
        return ""
    if not steps:
        return ""
    return _("接下来等待：%(steps)s。", steps=rows.listed(steps))


def _views(view: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    offered = {
        "mine": (_("我的任务"), "person"),
        "groups": (_("本组待领取"), "people"),
        "due_today": (_("今天到期"), "clock"),
        "overdue": (_("已超期"), "exclamation-octagon"),
        "escalated": (_("已升级"), "lightning-charge"),
        "follow_up": (_("待跟进"), "flag"),
        "all": (_("全部任务"), "list-ul"),
    }
    return [
        {
            "url": url_for("worklist.index", view=name),
            "label": label,
            "icon": icon,
            "count": counts.get(name, 0),
            "active": name == view,
            "urgent": name == "overdue",
            "name": name,
        }
        for name, (label, icon) in offered.items()
        if name != "all" or access.holds(*access.READERS)
    ]


def _steps() -> Sequence[tuple[str, Any]]:
    """The steps people do, for the filter."""
    found: dict[str, Any] = {}
    for info in rows.chosen_packs():
        for process in access.engine().deployments.parsed(info.deployment_id).processes.values():
            for element in process.walk():
                if element.type == "userTask":
                    found.setdefault(element.id, rows.names(info.name).element(process.id, element.id))
    return sorted(found.items(), key=lambda item: i18n.text(item[1]))


def _claimable(page: Page[TaskRow]) -> bool:
    mine = access.actor().candidacies
    return any(row.assignee is None and not mine.isdisjoint((*row.groups, *row.candidate_users)) for row in page.items)
