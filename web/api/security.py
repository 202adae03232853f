"""Who is asking: bearer tokens and nothing else. The session cookie of the pages is never looked at."""

from __future__ import annotations

import re

from flask import Blueprint, Response, g, request

from engine.types import Actor
from web import access
from web.api.problems import Unauthenticated

FAILURES = "20 per minute"
"""Refused tokens from one address, after which it has to wait."""

_TOKEN = re.compile(r"rdr_[A-Za-z0-9_\-]{16,200}")


def register(blueprint: Blueprint) -> None:
    """Limit refused attempts, and keep answers out of caches."""
    limit = access.limiter.shared_limit(FAILURES, scope="api-tokens", deduct_when=_refused)
    limit(blueprint)
    blueprint.after_request(_private)


def authenticated() -> Actor:
    """The person whose token came with the request. Raises Unauthenticated."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    actor = None
    if scheme.lower() == "bearer" and _TOKEN.fullmatch(token):
        actor = access.engine().users.by_token(token)
    if actor is None:
        raise Unauthenticated()
    g.api_actor = actor
    return actor


def _refused(response: Response) -> bool:
    return response.status_code == 401


def _private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
