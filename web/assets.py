"""Addresses of the built browser files, and icons from the sprite, for templates."""

from __future__ import annotations

from flask import Flask, Response, current_app, request, url_for
from markupsafe import Markup

from web.build import build_key, ensure_assets

_YEAR = 31_536_000


def init_app(app: Flask) -> None:
    """Build the browser files if they are missing and give templates ``asset()`` and ``icon()``."""
    ensure_assets()
    app.jinja_env.globals.update(asset=asset, icon=icon)
    app.extensions["redress_assets"] = build_key()
    app.after_request(_cache_for_long)


def asset(name: str) -> str:
    """The address of a built file; it changes when the content does."""
    return url_for("static", filename=f"dist/{current_app.extensions['redress_assets']}/{name}")


def icon(name: str, label: str | None = None, classes: str = "") -> Markup:
    """An icon of ``src/icons.txt``; decorative unless ``label`` says what it means."""
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" {} focusable="false"><use href="{}#bi-{}"></use></svg>').format(
        classes, meaning, asset("icons.svg"), name.removeprefix("bi-")
    )


def _cache_for_long(response: Response) -> Response:
    if request.endpoint == "static" and (request.view_args or {}).get("filename", "").startswith("dist/"):
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = _YEAR
        response.cache_control.immutable = True
    return response
