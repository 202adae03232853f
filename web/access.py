"""Who is asking, on which engine and in which pack; and the guards that every blueprint shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, has_request_context, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Unauthorized
from werkzeug.local import LocalProxy

from engine import Engine
from engine.types import Actor, PackInfo

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, headers_enabled=False)

READERS = ("manager", "process_owner", "auditor")
"""Roles that see every complaint of a pack."""


class Member(UserMixin):  # type: ignore[misc]
    """The signed-in person as Flask-Login and the templates see them."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.id
        self.name = actor.name
        self.language = actor.language


def init_app(app: Flask, engine: Engine) -> None:
    """Set up sessions, anti-forgery tokens and limits."""
    app.extensions["redress"] = engine
    manager = LoginManager(app)
    manager.user_loader(_load)
    manager.unauthorized_handler(_sign_in_first)
    csrf.init_app(app)
    limiter.init_app(app)


def engine() -> Engine:
    """The engine behind this application."""
    found: Engine = current_app.extensions["redress"]
    return found


def actor() -> Actor:
    """The signed-in person; to be called in views behind ``login_required`` only."""
    person: Actor = current_user.actor
    return person


def signed_in() -> bool:
    """Whether the request comes from a signed-in member of staff."""
    return has_request_context() and bool(current_user.is_authenticated)


def enter(person: Actor) -> None:
    """Begin a session; it ends when the person's session epoch changes."""
    session.clear()
    session.permanent = True
    session["epoch"] = engine().users.session_epoch(person.id or "")
    login_user(Member(person))


def leave() -> None:
    """End the session."""
    logout_user()
    session.clear()


def holds(*roles: str) -> bool:
    """Whether the person has one of ``roles`` in any pack; for menus, never as the only guard."""
    wanted = {*roles, "administrator"}
    return any(role in wanted for role, _pack in actor().roles)


def packs() -> tuple[PackInfo, ...]:
    """The packs in force that the person works with, read once per request."""
    if "packs" not in g:
        g.packs = tuple(engine().deployments.packs(actor()))
    found: tuple[PackInfo, ...] = g.packs
    return found


def complaint_packs() -> list[PackInfo]:
    """Those of them that complaints are filed in."""
    return [pack for pack in packs() if pack.channels]


def pack() -> str | None:
    """The pack chosen in the header; None means all. ``?pack=`` chooses one, an empty value all."""
    known = {item.name for item in packs()}
    if "pack" in request.args:
        asked = request.args["pack"]
        session["pack"] = asked if asked in known else None
    chosen = session.get("pack")
    return chosen if chosen in known else None


def task_counts() -> dict[str, int]:
    """How many tasks stand in each view of the worklist, read once per request."""
    if "task_counts" not in g:
        g.task_counts = dict(engine().tasks.counts(actor(), pack()))
    found: dict[str, int] = g.task_counts
    return found


def local_path(target: str | None, default: str) -> str:
    """``target`` when it is a path of this site, else ``default``: a redirect never leaves the site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    parts = urlsplit(target)
    clean = not parts.scheme and not parts.netloc and "\\" not in target and target.isprintable()
    return target if clean else default


def came_from(default: str | None = None) -> str | None:
    """The path of the page before this one, when it was one of ours."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host or not parts.path or parts.path == request.path:
        return default
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""), default or "/")


def wants_json() -> bool:
    """Whether a script asks and not a page."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and "text/html" not in (request.headers.get("Accept") or "")


def frame() -> dict[str, Any]:
    """What the frame of every page needs; for staff with the menu, the pack switch and the links."""
    config = engine().config
    parts: dict[str, Any] = {"organisation": config.organisation, "links": {"home": url_for_home()}}
    if signed_in():
        parts["links"] |= {
            "search": url_for("complaints.search"),
            "sign_out": url_for("auth.sign_out"),
            "account": url_for("auth.account"),
            "absence": url_for("auth.account") + "#absence",
        }
        parts |= {"nav": _once("nav", _nav), "packs": _once("switch", _switch)}
    return parts


def _once(name: str, make: Callable[[], list[dict[str, Any]]]) -> Any:
    """What ``make`` gives, made when a template first asks for it: pages that do not show it pay nothing."""

    def made() -> list[dict[str, Any]]:
        if name not in g:
            setattr(g, name, make())
        found: list[dict[str, Any]] = getattr(g, name)
        return found

    return LocalProxy(made)


def url_for_home() -> str:
    """Where the person starts."""
    return url_for("worklist.index") if signed_in() else "/"


def _load(user_id: str) -> Member | None:
    epoch = session.get("epoch")
    person = engine().users.actor(user_id, epoch) if isinstance(epoch, int) else None
    return Member(person) if person else None


def _sign_in_first() -> Response:
    if wants_json():
        raise Unauthorized()
    target = request.full_path.rstrip("?") if request.method == "GET" else (came_from() or request.path)
    return redirect(url_for("auth.sign_in", next=target))  # type: ignore[return-value]


def _nav() -> list[dict[str, Any]]:
    offered: Iterable[tuple[str, str, str, str, bool]] = (
        ("worklist", "/worklist", "inbox", _("工作台"), True),
        ("complaints", "/complaints", "chat-left-text", _("投诉"), True),
        ("operations", "/operations", "speedometer2", _("运行"), holds(*READERS)),
        ("policy", "/policy", "diagram-3", _("制度"), holds(*READERS)),
        ("reports", "/reports", "bar-chart", _("报表"), holds(*READERS)),
        ("archive", "/archive", "archive", _("档案"), holds("archivist", *READERS)),
        ("settings", "/settings", "gear", _("设置"), holds()),
    )
    counts = task_counts()
    waiting = counts.get("mine", 0) + counts.get("groups", 0)
    return [
        {
            "url": url,
            "icon": icon,
            "label": label,
            "active": request.blueprint == name,
            "count": waiting if name == "worklist" else 0,
        }
        for name, url, icon, label, shown in offered
        if shown and name in current_app.blueprints
    ]


def _switch() -> list[dict[str, Any]]:
    offered = packs()
    if len(offered) < 2:
        return []
    chosen = pack()
    here = request.path if request.endpoint and not request.view_args and request.method == "GET" else url_for_home()
    return [
        {"name": name, "title": title, "url": f"{here}?pack={name}", "active": name == (chosen or "")}
        for name, title in [("", _("全部制度")), *((item.name, item.title) for item in offered)]
    ]
