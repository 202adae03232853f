"""Settings: accounts, their groups and roles, tokens, absences; for administrators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from engine.errors import BadRequest, EngineError, Forbidden
from engine.passwords import MIN_LENGTH
from engine.people import Person
from engine.types import ROLES, Name, PackInfo
from web import access, forms, i18n
from web.auth import role_names

blueprint = Blueprint("settings", __name__, url_prefix="/settings")

Reply = str | Response | tuple[str, int]

EVERYWHERE = "*"
TOKEN_DAYS = (30, 90, 365)


@blueprint.before_request
@login_required
def _administrators_only() -> None:
    if not access.holds():
        raise Forbidden(action=_("打开设置"), role=_("系统管理员"))


@blueprint.get("")
def index() -> Reply:
    """The accounts."""
    text, state = request.args.get("q", "").strip(), request.args.get("state", "active")
    everybody = _administered()
    found = [person for person in everybody if _matches(person, text, state)]
    return render_template(
        "settings/index.html",
        people=found,
        total=len(everybody),
        q=text,
        state=state,
        groups=_group_names(),
        role_names=role_names(),
        at=access.engine().clock.now(),
        tabs=tabs("people"),
    )


@blueprint.get("/groups")
def groups() -> Reply:
    """Who is in which group, and which groups nobody is in."""
    active = [person for person in access.engine().users.list(access.actor()) if person.active]
    shown = [
        {
            "info": info,
            "groups": [(group, name, [p for p in active if group in p.groups]) for group, name in _staff_groups(info)],
            "roles": [
                (role, [p for p in active if {(role, info.name), (role, EVERYWHERE)} & p.roles]) for role in ROLES
            ],
        }
        for info in _packs()
    ]
    return render_template("settings/groups.html", shown=shown, role_names=role_names(), tabs=tabs("groups"))


@blueprint.get("/people/new")
def new() -> Reply:
    """A new account."""
    return _new_page()


@blueprint.post("/people/new")
def create() -> Reply:
    """Add an account."""
    form = request.form
    try:
        person = access.engine().users.create(
            access.actor(),
            form.get("login", ""),
            form.get("name", ""),
            form.get("password") or None,
            form.getlist("groups"),
            _roles(form.getlist("roles")),
            name_en=form.get("name_en", ""),
            email=form.get("email", ""),
            language=form.get("language", ""),
        )
    except EngineError as error:
        return _new_page(error), error.status
    flash(_("账号“%(login)s”已建立。", login=person.id), "success")
    return redirect(url_for("settings.person", user_id=person.id), 303)


@blueprint.get("/people/<user_id>")
def person(user_id: str) -> Reply:
    """One account."""
    return _person_page(user_id)


@blueprint.post("/people/<user_id>")
def update(user_id: str) -> Reply:
    """Change name, e-mail and language."""
    given = {name: request.form.get(name, "") for name in ("name", "name_en", "email", "language")}
    return _change(user_id, lambda: access.engine().users.update(access.actor(), user_id, **given), _("已保存。"))


@blueprint.post("/people/<user_id>/memberships")
def memberships(user_id: str) -> Reply:
    """Change groups and roles in the packs one administers; those in other packs stay."""
    users, mine = access.engine().users, {info.name for info in _packs()}
    before = users.get(user_id, access.actor())
    everywhere = access.actor().has_role("administrator", EVERYWHERE)
    kept_groups = {group for group in before.groups if group.split("/", 1)[0] not in mine}
    kept_roles = {
        (role, pack) for role, pack in before.roles if pack not in mine and not (everywhere and pack == EVERYWHERE)
    }
    groups = kept_groups | set(request.form.getlist("groups"))
    roles = kept_roles | set(_roles(request.form.getlist("roles")))
    return _change(
        user_id,
        lambda: users.update(access.actor(), user_id, groups=groups, roles=roles),
        _("组和角色已更改，立即生效。"),
    )


@blueprint.post("/people/<user_id>/password")
@access.limiter.limit("30 per minute")
def password(user_id: str) -> Reply:
    """Give a new password; a lock ends, and so do all sessions."""
    new_one = request.form.get("password", "")
    return _change(
        user_id,
        lambda: access.engine().users.set_password(access.actor(), user_id, new_one),
        _("密码已重设。请当面或用另一种方式告诉本人，并请其登录后更改。"),
    )


@blueprint.post("/people/<user_id>/sessions")
def end_sessions(user_id: str) -> Reply:
    """Sign the person out everywhere."""
    return _change(
        user_id,
        lambda: access.engine().users.end_sessions(access.actor(), user_id),
        _("该账号在所有设备上的登录已失效。"),
    )


@blueprint.post("/people/<user_id>/active")
def active(user_id: str) -> Reply:
    """Close or reopen an account."""
    on = request.form.get("active") == "yes"
    done = _("账号已重新启用。") if on else _("账号已停用：登录和令牌立即失效，姓名保留在历史记录里。")
    return _change(user_id, lambda: access.engine().users.update(access.actor(), user_id, active=on), done)


@blueprint.post("/people/<user_id>/tokens")
def token(user_id: str) -> Reply:
    """Make a token; it is shown on this page only."""
    days = request.form.get("days", "90")
    try:
        made = access.engine().users.token_create(
            access.actor(), user_id, request.form.get("name", ""), int(days) if days.isdecimal() else None
        )
    except EngineError as error:
        return _person_page(user_id, error), error.status
    response = make_response(_person_page(user_id, made=made), 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/people/<user_id>/tokens/<token_id>/revoke")
def token_revoke(user_id: str, token_id: str) -> Reply:
    """End a token."""
    return _change(user_id, lambda: access.engine().users.token_revoke(access.actor(), token_id), _("令牌已作废。"))


@blueprint.post("/people/<user_id>/absences")
def absence(user_id: str) -> Reply:
    """Name a substitute for somebody who is away."""
    form = request.form

    def act() -> None:
        first, last = _day(form.get("from", "")), _day(form.get("until", ""))
        access.engine().users.absence_set(
            access.actor(), user_id, form.get("substitute", ""), first, last + timedelta(days=1), form.get("note", "")
        )

    return _change(user_id, act, _("请假已登记，期间由代办人办理其任务。"))


@blueprint.post("/people/<user_id>/absences/<int:absence_id>/end")
def absence_end(user_id: str, absence_id: int) -> Reply:
    """Cancel or end an absence."""
    return _change(user_id, lambda: access.engine().users.absence_delete(access.actor(), absence_id), _("请假已结束。"))


@blueprint.get("/people/<user_id>/<path:_action>")
def back(user_id: str, _action: str) -> Reply:
    """The address of an action, opened as a page (a language switch, a bookmark): the page it belongs to."""
    return redirect(url_for("settings.person", user_id=user_id, lang=request.args.get("lang")))


def tabs(chosen: str) -> list[dict[str, Any]]:
    """The pages of the settings."""
    offered = (
        ("people", _("全部账号"), url_for("settings.index")),
        ("groups", _("组与角色"), url_for("settings.groups")),
    )
    return [{"label": label, "url": url, "active": name == chosen} for name, label, url in offered]


def _packs() -> list[PackInfo]:
    """The packs one administers."""
    return [info for info in access.packs() if access.actor().has_role("administrator", info.name)]


def _administered() -> list[Person]:
    mine = {info.name for info in _packs()} | {EVERYWHERE}
    everywhere = access.actor().has_role("administrator", EVERYWHERE)
    found = access.engine().users.list(access.actor())
    return [person for person in found if everywhere or not person.packs or mine & person.packs]


def _matches(person: Person, text: str, state: str) -> bool:
    if state in ("active", "closed") and person.active != (state == "active"):
        return False
    words = f"{person.id} {person.name.zh} {person.name.en} {person.email or ''}".casefold()
    return text.casefold() in words


def _staff_groups(info: PackInfo) -> list[tuple[str, Name]]:
    """The groups of a pack that members of staff can be in."""
    kinds = access.engine().deployments.parsed(info.deployment_id).groups
    return [
        (group, name) for group, name in info.groups.items() if kinds[group.split("/", 1)[1]].get("kind") != "customer"
    ]


def _group_names() -> dict[str, Any]:
    return {group: name for info in access.packs() for group, name in info.groups.items()}


def _roles(written: Iterable[str]) -> list[tuple[str, str]]:
    return [(role, pack) for role, _at, pack in (text.partition("@") for text in written)]


def _change(user_id: str, action: Callable[[], Any], done: str) -> Reply:
    try:
        action()
    except EngineError as error:
        if error.status == 404:
            raise
        return _person_page(user_id, error), error.status
    flash(done, "success")
    return redirect(url_for("settings.person", user_id=user_id), 303)


def _new_page(error: EngineError | None = None) -> str:
    return render_template(
        "settings/new.html",
        problem=error.text(i18n.language()) if error else None,
        typed=request.form,
        chosen_groups=set(request.form.getlist("groups")),
        chosen_roles=set(_roles(request.form.getlist("roles"))),
        **_offers(),
    )


def _offers() -> dict[str, Any]:
    everywhere = access.actor().has_role("administrator", EVERYWHERE)
    scopes = [(info.name, i18n.text(info.title)) for info in _packs()]
    return {
        "offered": _packs(),
        "staff_groups": {info.name: _staff_groups(info) for info in _packs()},
        "scopes": ([(EVERYWHERE, _("全部制度"))] if everywhere else []) + scopes,
        "roles": ROLES,
        "role_names": role_names(),
        "role_texts": _role_texts(),
        "min_length": MIN_LENGTH,
        "token_days_choices": [(n, _("%(n)d 天", n=n)) for n in TOKEN_DAYS] + [("never", _("长期"))],
        "language_choices": [(code, i18n.LANGUAGES[code]) for code in access.engine().config.languages],
    }


def _role_texts() -> dict[str, str]:
    """What each role is for, beside the boxes."""
    return {
        "manager": _("看全部投诉，改派、调整期限、取消"),
        "process_owner": _("部署制度，处理流程受阻"),
        "archivist": _("管理档案"),
        "auditor": _("看全部，不能更改"),
        "administrator": _("管理账号，并拥有其他全部角色"),
    }


def _person_page(user_id: str, error: EngineError | None = None, made: str | None = None) -> str:
    engine, actor = access.engine(), access.actor()
    shown = engine.users.get(user_id, actor)
    colleagues = [(p.id, i18n.text(p.name)) for p in engine.users.list(actor) if p.active and p.id != user_id]
    return render_template(
        "settings/person.html",
        person=shown,
        problem=error.text(i18n.language()) if error else None,
        made=made,
        at=engine.clock.now(),
        absences=engine.users.absences(user_id),
        tokens=_tokens(user_id),
        colleagues=sorted(colleagues, key=lambda item: item[1]),
        typed=request.form,
        chosen_groups=shown.groups,
        chosen_roles=shown.roles,
        itself=user_id == actor.id,
        **_offers(),
    )


def _tokens(user_id: str) -> Any:
    """The tokens; none for accounts one may look at but not administer as a whole."""
    try:
        return access.engine().users.tokens(access.actor(), user_id)
    except Forbidden:
        return None


def _day(text: str) -> datetime:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), forms.zone())
    except ValueError:
        raise BadRequest(reason=_("请选择日期")) from None
