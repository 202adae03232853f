"""Composes the application: blueprints, sessions, errors, languages, security headers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Response, request
from flask_babel import gettext as _
from werkzeug.middleware.proxy_fix import ProxyFix

from engine import Config, Engine, open_engine
from engine.errors import BadRequest
from engine.files import size_text
from web import (
    access,
    api,
    archive,
    assets,
    auth,
    charts,
    complaints,
    diagrams,
    errors,
    i18n,
    operations,
    policy,
    processes,
    public,
    reports,
    settings,
    worklist,
)

BLUEPRINTS = (
    auth.blueprint,
    worklist.blueprint,
    complaints.blueprint,
    diagrams.blueprint,
    public.blueprint,
    operations.blueprint,
    policy.blueprint,
    reports.blueprint,
    archive.blueprint,
    processes.blueprint,
    settings.blueprint,
    api.blueprint,
)

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_FILES_AT_ONCE = 5


def create_app(engine: Engine | None = None, config: Config | None = None, **overrides: Any) -> Flask:
    """The application on ``engine``, or on one opened from ``config``. ``overrides`` are Flask's own settings."""
    engine = engine or open_engine(config)
    config = engine.config
    app = Flask("web")
    app.config.update(_settings(config) | overrides)
    if app.config["SESSION_COOKIE_SECURE"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.jinja_env.filters["size"] = size_text
    access.init_app(app, engine)
    assets.init_app(app)
    charts.init_app(app)
    i18n.init_app(app, zone=config.zone, now=engine.clock.now, languages=config.languages)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(access.frame)
    app.before_request(_refuse_unreadable)
    app.after_request(_secure)
    if app.config["SESSION_COOKIE_SECURE"]:
        app.after_request(_keep_to_https)
    return app


def _settings(config: Config) -> dict[str, Any]:
    secure = config.base_url.startswith("https:")
    return {
        "SECRET_KEY": config.secret_key,
        "SESSION_COOKIE_NAME": "redress",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "PREFERRED_URL_SCHEME": "https" if secure else "http",
        "MAX_CONTENT_LENGTH": config.files.max_bytes * _FILES_AT_ONCE + 2**20,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_STORAGE_URI": "memory://",
    }


def _refuse_unreadable() -> None:
    """An address with a NUL character is nobody's; databases do not take it. The API says so in its own way."""
    if not request.path.startswith("/api/") and any(
        "\0" in value for values in request.args.listvalues() for value in values
    ):
        raise BadRequest(reason=_("地址中有无法识别的字符，请重新输入查找内容。"))


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _keep_to_https(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
