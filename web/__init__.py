"""The web application: pages for staff and complainants and the HTTP interface, all on one engine.

Nothing here runs in the background: whoever serves the application starts the scheduler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from engine import Config, Engine


def create_app(engine: Engine | None = None, config: Config | None = None, **settings: Any) -> Flask:
    """The application on ``engine``, or on one opened from ``config``. ``settings`` override Flask's.

    The tools in this package (``python -m web.build``, ``python -m web.i18n``) need no engine, so it is imported here.
    """
    from web import app

    return app.create_app(engine, config, **settings)
