"""Languages, dates and times of the pages.

Message ids are Chinese; the English catalogue is ``translations/en/LC_MESSAGES/messages.po`` and is read as it is, so
there is nothing to compile. ``python -m web.i18n extract`` brings it up to date with the sources.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.support import Translations
from flask import Flask, Response, current_app, g, has_request_context, request, url_for
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user

from web import catalogue

LANGUAGES = {"zh": "中文", "en": "English"}
HTML_LANG = {"zh": "zh-CN", "en": "en"}
COOKIE = "lang"
_YEAR = 31_536_000
_ZH_DAYS = "一二三四五六日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _PoDomain(Domain):
    """Reads the .po file itself: no compiled catalogue that could be out of date."""

    def get_translations(self) -> Any:
        return translations(language())


class _PoBabel(Babel):
    @property
    def domain_instance(self) -> Domain:
        return _PoDomain()


@cache
def translations(code: str) -> Translations:
    """The catalogue of a language; Chinese needs none."""
    return catalogue.load(code) if code != "zh" else Translations()


def init_app(app: Flask, *, zone: str, now: Callable[[], datetime], languages: tuple[str, ...] = ("zh", "en")) -> None:
    """Set up languages and dates. ``now`` is the clock's; ``zone`` the organisation's time zone."""
    app.extensions["redress_i18n"] = {"zone": ZoneInfo(zone), "now": now, "languages": languages}
    _PoBabel().init_app(app, default_locale="zh", default_timezone=zone, locale_selector=choose_language)
    app.jinja_env.filters.update(datetime=format_datetime, date=format_date, time=format_time, t=text)
    app.context_processor(_context)
    app.after_request(_keep_choice)


def _context() -> dict[str, Any]:
    names = [{"code": code, "name": LANGUAGES[code], "url": language_url(code)} for code in _settings()["languages"]]
    return {"lang": language(), "html_lang": HTML_LANG[language()], "languages": names, "now": _settings()["now"]}


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = current_app.extensions["redress_i18n"]
    return settings


def language() -> str:
    """The language of the page being made: ``zh`` or ``en``."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def choose_language() -> str:
    """``?lang=``, then the choice kept in the cookie, the person's setting, the browser's wish, the first language."""
    offered: tuple[str, ...] = _settings()["languages"]
    if not has_request_context():
        return offered[0]
    asked = request.args.get("lang")
    if asked in offered:
        g.language_to_keep = asked
        return asked
    kept = request.cookies.get(COOKIE)
    if kept in offered:
        return kept
    setting = getattr(current_user, "language", None) if hasattr(current_app, "login_manager") else None
    if setting in offered:
        return str(setting)
    return request.accept_languages.best_match(offered) or offered[0]


def remember(response: Response, code: str) -> Response:
    """Keep a language in the browser, e.g. the person's own at sign-in."""
    response.set_cookie(COOKIE, code, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def _keep_choice(response: Response) -> Response:
    return remember(response, g.language_to_keep) if "language_to_keep" in g else response


def language_url(code: str) -> str:
    """The address of this page in another language."""
    if not request.endpoint:
        return f"{request.path}?lang={code}"
    arguments = request.args.to_dict(flat=False) | (request.view_args or {}) | {"lang": code}
    return url_for(request.endpoint, **arguments)


def text(value: Any) -> str:
    """A two-language value (anything with ``text(language)``) in the page's language; other values as they are."""
    if value is None:
        return ""
    return str(value.text(language())) if hasattr(value, "text") else str(value)


def local(instant: datetime) -> datetime:
    """An instant in the organisation's time zone."""
    zone: tzinfo = _settings()["zone"]
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone)


def format_date(day: date | datetime | None, weekday: bool = True) -> str:
    """``11月24日 周二`` or ``Tue 24 Nov``; with the year unless it is the present one."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = local(day).date()
    with_year = day.year != local(_settings()["now"]()).year
    if language() == "zh":
        year = f"{day.year}年" if with_year else ""
        return f"{year}{day.month}月{day.day}日" + (f" 周{_ZH_DAYS[day.weekday()]}" if weekday else "")
    name = f"{_EN_DAYS[day.weekday()]} " if weekday else ""
    return f"{name}{day.day} {_EN_MONTHS[day.month - 1]}" + (f" {day.year}" if with_year else "")


def format_time(instant: datetime | None) -> str:
    """``17:00`` in the organisation's zone."""
    return "" if instant is None else f"{local(instant):%H:%M}"


def format_datetime(instant: datetime | None, weekday: bool = True) -> str:
    """``11月24日 周二 17:00`` or ``Tue 24 Nov 17:00``."""
    return "" if instant is None else f"{format_date(instant, weekday)} {format_time(instant)}"


if __name__ == "__main__":
    sys.exit(catalogue.main(sys.argv[1:]))
