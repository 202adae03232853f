"""Signing in and out, and the person's own account: language, password, absences."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as AnyResponse

from engine.demo import DEMO_PASSWORD
from engine.errors import BadRequest, EngineError, SignInFailed
from engine.passwords import MIN_LENGTH, PasswordRefused
from web import access, i18n

blueprint = Blueprint("auth", __name__)

Reply = str | AnyResponse | tuple[str, int]


@blueprint.get("/sign-in")
def sign_in() -> Reply:
    """The sign-in page; in the demonstration with the sample accounts."""
    if access.signed_in():
        return redirect(_target())
    return _sign_in_page()


@blueprint.post("/sign-in")
@access.limiter.limit("30 per minute; 300 per hour")
def sign_in_submit() -> Reply:
    """Sign in by account and password."""
    login = request.form.get("login", "").strip()
    try:
        person = access.engine().users.sign_in(login, request.form.get("password", ""))
    except SignInFailed as error:
        return _sign_in_page(error, login[:64]), 401
    return _welcome(person.id or "", person)


@blueprint.post("/sign-in/demo")
@access.limiter.limit("60 per minute")
def demo_sign_in() -> Reply:
    """Enter as a sample account; the engine refuses it outside the demonstration."""
    try:
        person = access.engine().users.demo_sign_in(request.form.get("login", ""))
    except SignInFailed as error:
        return _sign_in_page(error), 401
    return _welcome(person.id or "", person)


@blueprint.post("/sign-out")
def sign_out() -> Reply:
    """End the session."""
    access.leave()
    flash(_("您已退出。"), "success")
    return redirect(url_for("auth.sign_in"))


@blueprint.get("/account")
@login_required
def account() -> Reply:
    """The person's own account."""
    return _account_page()


@blueprint.post("/account/language")
@login_required
def language() -> Reply:
    """Choose the language of pages and letters."""
    person = access.actor()
    chosen = request.form.get("language", "")
    access.engine().users.update(person, person.id or "", language=chosen)
    response = make_response(redirect(url_for("auth.account")))
    if chosen:
        i18n.remember(response, chosen)
    return response


@blueprint.post("/account/password")
@login_required
@access.limiter.limit("20 per minute")
def password() -> Reply:
    """Give a new password; other sessions end, this one goes on."""
    person, form = access.actor(), request.form
    new = form.get("password", "")
    if new != form.get("repeat", ""):
        return _account_page({"repeat": _("两次输入的新密码不一致。")}), 422
    try:
        access.engine().users.set_password(person, person.id or "", new, current=form.get("current", ""))
    except PasswordRefused as error:
        field = "current" if error.params.get("field") == "current" else "password"
        return _account_page({field: error.text(i18n.language())}), 422
    access.enter(person)
    flash(_("密码已更改，其他设备上的登录已失效。"), "success")
    return redirect(url_for("auth.account"))


@blueprint.post("/account/sessions")
@login_required
def end_sessions() -> Reply:
    """Sign out everywhere else."""
    person = access.actor()
    access.engine().users.end_sessions(person, person.id or "")
    access.enter(person)
    flash(_("其他设备上的登录已失效。"), "success")
    return redirect(url_for("auth.account"))


@blueprint.post("/account/absences")
@login_required
def absence_set() -> Reply:
    """Name a colleague who acts for the person during an absence."""
    person, form = access.actor(), request.form
    try:
        first, last = _day(form.get("from", "")), _day(form.get("until", ""))
        users = access.engine().users
        users.absence_set(
            person, person.id or "", form.get("substitute", ""), first, last + timedelta(days=1), form.get("note", "")
        )
    except EngineError as error:
        return _account_page({"absence": error.text(i18n.language())}), error.status
    flash(_("请假已登记，期间由代办人办理您的任务。"), "success")
    return redirect(url_for("auth.account") + "#absence")


@blueprint.post("/account/absences/<int:absence_id>/end")
@login_required
def absence_end(absence_id: int) -> Reply:
    """Cancel or end an absence."""
    access.engine().users.absence_delete(access.actor(), absence_id)
    flash(_("请假已结束。"), "success")
    return redirect(url_for("auth.account") + "#absence")


def _welcome(user_id: str, person: access.Actor) -> Response:
    seen = i18n.language()
    access.enter(person)
    response = make_response(redirect(_target()))
    return i18n.remember(response, access.engine().users.get(user_id).language or seen)


def _target() -> str:
    return access.local_path(request.values.get("next"), url_for("worklist.index"))


def _sign_in_page(error: EngineError | None = None, login: str = "") -> str:
    accounts = access.engine().users.demo_accounts()
    samples = [(office, list(people)) for office, people in groupby(accounts, key=lambda account: account.pack)]
    target = access.local_path(request.values.get("next"), "")
    message = error.text(i18n.language()) if error else None
    rules = access.engine().config.sign_in
    return render_template(
        "auth/sign_in.html",
        samples=samples,
        demo_password=DEMO_PASSWORD,
        target=target,
        login=login,
        message=message,
        rules=rules,
    )


def _account_page(errors: dict[str, str] | None = None) -> str:
    users, person = access.engine().users, access.actor()
    names = {info.name: info for info in access.packs()}
    memberships = []
    for group in sorted(person.groups):
        info = names.get(group.split("/", 1)[0])
        if info is not None:
            memberships.append((info.title, info.groups.get(group, group.split("/", 1)[1])))
    return render_template(
        "auth/account.html",
        person=users.get(person.id or ""),
        memberships=memberships,
        roles=[(role, names[pack].title if pack in names else None) for role, pack in sorted(person.roles)],
        role_names=role_names(),
        stands_in=person.substitutes_for,
        absences=users.absences(person.id or ""),
        colleagues=_colleagues(),
        errors=errors or {},
        typed=request.form,
        min_length=MIN_LENGTH,
    )


def role_names() -> dict[str, str]:
    """The roles by what they are called on screens."""
    return {
        "manager": _("主管"),
        "process_owner": _("制度管理员"),
        "archivist": _("档案管理员"),
        "auditor": _("审计员"),
        "administrator": _("系统管理员"),
    }


def _colleagues() -> list[tuple[str, str]]:
    users, person = access.engine().users, access.actor()
    found = dict(users.members(person.groups)) if person.groups else {}
    found |= {other.id: i18n.text(other.name) for other in users.list(person) if other.active}
    found.pop(person.id or "", None)
    return sorted(found.items(), key=lambda item: item[1])


def _day(text: str) -> datetime:
    """Midnight of a day as the browser's date field sends it, in the organisation's zone."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise BadRequest(reason=_("请选择日期。")) from None
    return datetime.combine(day, time(), ZoneInfo(access.engine().config.zone))
