"""Parts of requests that several operations share: variables, files, reasons."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import FileStorage

from engine import feel
from engine.types import Upload
from web.api.messages import told
from web.api.problems import language
from web.api.requests import Param, invalid
from web.api.schemas import Schema, filled, free, many, record, text

PACK = Param("pack", filled(64), "Only this process pack.")
REASON = filled(2000, description="Why; it stands in the history.")
VALUES = free("What is filled in, by the keys of the form's fields.")
VARIABLES = free(
    "Process variables. Numbers, texts, true, false, null, lists and objects are plain JSON; other values have a tag: "
    '{"$date": "2026-03-02"}, {"$time": "09:00:00"}, {"$datetime": "2026-03-02T09:00:00+08:00"} (or @Asia/Shanghai for a zone), '
    '{"$duration": "PT4H"}, {"$months": "P1Y"}, {"$number": "0.1"} for a decimal that is to stay exact.'
)
BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
FILES = many(
    record(
        {
            "name": filled(255),
            "content": text(40_000_000, pattern=BASE64, contentEncoding="base64"),
            "field": text(128, description="The file field of the form that it belongs to."),
        },
        "name",
        "content",
    ),
    maxItems=20,
    description="Files that are kept with the complaint.",
)
SINGLE_FILE: Schema = {"type": "string", "format": "binary"}


def variables(given: Mapping[str, Any]) -> dict[str, Any]:
    """Variables with their tags read. Raises InvalidRequest."""
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, value in given.items():
        try:
            found[name] = feel.decode(value)
        except (feel.FeelError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            reason = str(error)[:200] or type(error).__name__
            errors[f"/variables/{name[:100]}"] = [told("values", language(), reason=reason)]
    if errors:
        raise invalid(errors)
    return found


def embedded(files: Iterable[Mapping[str, str]]) -> list[Upload]:
    """Files that came inside JSON. Raises InvalidRequest."""
    uploads: list[Upload] = []
    for number, file in enumerate(files):
        try:
            content = base64.b64decode(file["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid({f"/files/{number}/content": [told("base64", language())]}) from error
        uploads.append(Upload(file.get("field", ""), file["name"], "application/octet-stream", content))
    return uploads


def sent(files: Iterable[FileStorage], field: str) -> list[Upload]:
    """Files of a multipart form."""
    unknown = "application/octet-stream"
    return [Upload(field, file.filename or "", file.mimetype or unknown, file.read()) for file in files]
