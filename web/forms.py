"""The forms of a pack over HTTP: binding to what was typed, uploads, drafts, conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage

from engine.forms import BoundForm, Form
from engine.types import Upload
from web import access, i18n


def bind(
    form: Form,
    variables: Mapping[str, Any],
    deployment_id: str,
    *,
    submitted: bool = False,
    draft: Mapping[str, Any] | None = None,
) -> BoundForm:
    """A form of a deployment in the page's language: with what was submitted, else the draft, else what is known."""
    language = i18n.language()
    translate = access.engine().deployments.names(deployment_id).label if language == "en" else None
    sent = CombinedMultiDict([request.form, request.files]) if submitted else None
    return form.bind(variables, sent, language, translate, local_now(), draft)


def local_now() -> datetime:
    """The present in the organisation's zone."""
    return access.engine().clock.now().astimezone(zone())


def zone() -> ZoneInfo:
    """The organisation's time zone."""
    return ZoneInfo(access.engine().config.zone)


def uploads(bound: BoundForm) -> list[Upload]:
    """The files sent with a form's own file fields."""
    return [_upload(name, file) for name, files in bound.files.items() for file in files]


def uploads_of(field: str) -> list[Upload]:
    """The files sent under one name."""
    return [_upload(field, file) for file in request.files.getlist(field) if file.filename]


def hidden_names(bound: BoundForm) -> list[str]:
    """Names of the fields that do not apply to what has been typed."""
    return [field.name for field in bound.fields if field.hidden]


def take_errors(bound: BoundForm, errors: Mapping[str, Iterable[str]]) -> None:
    """Put the engine's findings beside the form's own, so that they stand at their fields."""
    for name, messages in errors.items():
        known = bound.errors.setdefault(name, [])
        known.extend(message for message in messages if message not in known)


def instant(text: str) -> datetime | None:
    """A moment as the browser's date-time field sends it, in the organisation's zone; None when it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone()) if text else None
    except ValueError:
        return None


def _upload(field: str, file: FileStorage) -> Upload:
    return Upload(field, file.filename or "", file.mimetype or "application/octet-stream", file.read())
