"""Composes the application: blueprints, sessions, errors, languages, security headers."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask, Response, redirect
from werkzeug.middleware.proxy_fix import ProxyFix

from engine import Config, Engine, open_engine
from engine.files import size_text
from web import access, assets, charts, errors, i18n

BLUEPRINTS = (
    "auth",
    "worklist",
    "complaints",
    "diagrams",
    "public",
    "operations",
    "policy",
    "reports",
    "archive",
    "settings",
    "api",
)
"""Modules of this package; each has a ``blueprint``."""

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


def create_app(engine: Engine | None = None, config: Config | None = None, **settings: Any) -> Flask:
    """The application on ``engine``, or on one opened from ``config``. ``settings`` override Flask's."""
    engine = engine or open_engine(config)
    config = engine.config
    app = Flask("web")
    app.config.update(_settings(config) | settings)
    if app.config["SESSION_COOKIE_SECURE"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.jinja_env.filters["size"] = size_text
    access.init_app(app, engine)
    assets.init_app(app)
    charts.init_app(app)
    i18n.init_app(app, zone=config.zone, now=engine.clock.now, languages=config.languages)
    errors.init_app(app)
    _register(app)
    app.context_processor(access.frame)
    app.after_request(_secure)
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


def _register(app: Flask) -> None:
    for name in BLUEPRINTS:
        if find_spec(f"web.{name}") is None:
            continue
        module = import_module(f"web.{name}")
        if hasattr(module, "blueprint"):
            app.register_blueprint(module.blueprint)
    if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):
        app.add_url_rule("/", "home", _home)


def _home() -> Response:
    return redirect("/worklist")  # type: ignore[return-value]


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
