"""Reading requests: path, query and body, checked against what the operation declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from flask import current_app, request
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from engine.errors import NotFound
from engine.files import size_text
from web.api.messages import escaped, explained, told
from web.api.problems import InvalidRequest, MalformedJson, RequestTooLarge, UnsupportedMediaType, language
from web.api.schemas import MOMENT, Schema

FORM = "multipart/form-data"
MAX_DIGITS = 100
"""Digits of a whole number; the expression language keeps the first 34."""
MAX_DEPTH = 64
"""Levels of lists and objects in each other."""

_BAD_TEXT = re.compile("[\0\ud800-\udfff]")
_MOMENT = re.compile(MOMENT)
_SMALL = 2 * 2**20
_formats = FormatChecker(formats=())


@dataclass(frozen=True)
class Param:
    """A query parameter."""

    name: str
    schema: Schema
    about: str


@dataclass(frozen=True)
class Body:
    """What a request may carry: JSON, a multipart form (whose properties of format ``binary`` are files), or either."""

    name: str
    json: Schema | None = None
    form: Schema | None = None
    limit: int | None = _SMALL
    """The most bytes; None for the limit of uploads."""


def places(schemas: Mapping[str, Schema], given: Mapping[str, str]) -> dict[str, Any]:
    """The variable parts of the path. What cannot be the id of anything is not found. Raises NotFound."""
    found: dict[str, Any] = {}
    for name, schema in schemas.items():
        raw = given[name]
        value = _typed(schema, raw)
        if _BAD_TEXT.search(raw) or not Draft202012Validator(schema).is_valid(value):
            shown = _BAD_TEXT.sub("�", raw)[:64]
            raise NotFound(what={"zh": "资源", "en": "resource"}, id=shown)
        found[name] = value
    return found


def query(declared: tuple[Param, ...]) -> dict[str, Any]:
    """The query, typed; defaults are filled in. Raises InvalidRequest, also for parameters that do not exist."""
    known = {param.name: param.schema for param in declared}
    values = {name: schema["default"] for name, schema in known.items() if "default" in schema}
    errors: dict[str, list[str]] = {}
    for name in request.args:
        given = request.args.getlist(name)
        shown = _BAD_TEXT.sub("�", name)[:64]
        if name == "lang":
            continue
        if name not in known:
            errors[shown] = [told("unknown_parameter", language(), known=", ".join(known) or "—")]
        elif len(given) > 1:
            errors[shown] = [told("repeated", language())]
        elif _BAD_TEXT.search(given[0]):
            errors[shown] = [told("characters", language())]
        else:
            value = _typed(known[name], given[0])
            found = dict(_found(known[name], value))
            if found:
                errors[shown] = [message for messages in found.values() for message in messages]
            values[name] = value
    if errors:
        raise invalid(errors)
    return {name: _moment(known[name], value) for name, value in values.items()}


def body(declared: Body) -> tuple[dict[str, Any], dict[str, list[FileStorage]]]:
    """The content of the request and its files. Raises UnsupportedMediaType, MalformedJson, InvalidRequest."""
    limit = declared.limit or int(current_app.config["MAX_CONTENT_LENGTH"])
    request.max_content_length = limit
    kind = request.mimetype
    try:
        if declared.form is not None and kind == FORM:
            return _form(declared.form)
        if declared.json is not None and (kind == "application/json" or not kind):
            return _object(declared.json, request.get_data(cache=False)), {}
    except RequestEntityTooLarge as error:
        raise RequestTooLarge(limit=size_text(limit)) from error
    accepted = [name for name, schema in (("application/json", declared.json), (FORM, declared.form)) if schema]
    raise UnsupportedMediaType(given=kind[:100] or "—", accepted=", ".join(accepted))


def invalid(errors: Mapping[str, list[str]]) -> InvalidRequest:
    """The error that names every place."""
    error = InvalidRequest(count=len(errors), places=", ".join(list(errors)[:5]) or "/")
    error.params["errors"] = dict(errors)
    return error


def _object(schema: Schema, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_number,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise malformed("不是 UTF-8 编码", "not in UTF-8") from error
    except RecursionError as error:
        raise malformed("嵌套过深", "nested too deeply") from error
    except json.JSONDecodeError as error:
        raise malformed(f"第 {error.lineno} 行第 {error.colno} 列", str(error)) from error
    errors = dict(_found(schema, value)) or dict(_texts(value, ""))
    if errors:
        raise invalid(errors)
    properties: Mapping[str, Schema] = schema["properties"]
    return {name: _moment(properties[name], part) for name, part in value.items()}


def _form(schema: Schema) -> tuple[dict[str, Any], dict[str, list[FileStorage]]]:
    files = {name: request.files.getlist(name) for name in request.files}
    texts: dict[str, Any] = {name: request.form[name] for name in request.form}
    shown = dict.fromkeys(files, "file")
    lists = {name for name, part in schema["properties"].items() if part["type"] == "array"}
    errors = dict(_found(schema, texts | {k: [v] if k in lists else v for k, v in shown.items()}))
    errors |= dict(_texts(texts, ""))
    for name in schema["properties"].keys() & (texts.keys() | files.keys()):
        if _is_file(schema["properties"][name]) != (name in files):
            errors[f"/{name}"] = [told("part", language())]
        elif len(files.get(name, request.form.getlist(name))) > 1 and name not in lists:
            errors[f"/{name}"] = [told("repeated", language())]
    if errors:
        raise invalid(errors)
    return texts, files


def _is_file(schema: Schema) -> bool:
    return bool(schema.get("items", schema).get("format") == "binary")


def _found(schema: Schema, value: Any) -> Iterator[tuple[str, list[str]]]:
    """JSON pointer -> messages, for everything that differs from ``schema``."""
    found: dict[str, list[str]] = {}
    for error in Draft202012Validator(schema, format_checker=_formats).iter_errors(value):
        for where, message in explained(_deepest(error), language()):
            messages = found.setdefault(where, [])
            if message not in messages:
                messages.append(message)
    yield from found.items()


def _deepest(error: ValidationError) -> ValidationError:
    """For a choice of schemas, what is wrong with the one that is not null."""
    inner = [part for part in error.context or () if part.validator != "type" or part.validator_value != "null"]
    return inner[0] if inner else error


def _texts(value: Any, where: str) -> Iterator[tuple[str, list[str]]]:
    """Places of what no database keeps: NUL, halves of characters, and too many levels."""
    waiting = [(value, where, 0)]
    while waiting:
        value, where, depth = waiting.pop()
        if isinstance(value, str) and _BAD_TEXT.search(value):
            yield where, [told("characters", language())]
        elif isinstance(value, list | dict) and depth > MAX_DEPTH:
            yield where[:200], [told("deep", language(), limit=MAX_DEPTH)]
        elif isinstance(value, list):
            waiting += [(item, f"{where}/{number}", depth + 1) for number, item in enumerate(value)]
        elif isinstance(value, dict):
            for key, item in value.items():
                here = f"{where}/{escaped(_BAD_TEXT.sub('�', key))[:100]}"
                if _BAD_TEXT.search(key):
                    yield here, [told("characters", language())]
                else:
                    waiting.append((item, here, depth + 1))


def _typed(schema: Schema, raw: str) -> Any:
    """A text of the address as the type its schema asks for; itself when it is none."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d{1,18}", raw, re.ASCII):
        return int(raw)
    return {"true": True, "false": False}.get(raw, raw) if schema.get("type") == "boolean" else raw


def _moment(schema: Schema, value: Any) -> Any:
    return datetime.fromisoformat(value) if schema.get("format") == "date-time" and isinstance(value, str) else value


@_formats.checks("date-time")
def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return _MOMENT.fullmatch(value) is not None


def malformed(zh: str, en: str) -> MalformedJson:
    return MalformedJson(reason={"zh": zh, "en": en})


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise malformed(f"整数超过 {MAX_DIGITS} 位", f"a whole number has more than {MAX_DIGITS} digits")
    return int(digits)


def _number(written: str) -> float:
    value = float(written)
    if not isfinite(value):
        raise malformed(f"{written[:40]} 不是数字或过大", f"{written[:40]} is not a number of JSON, or too large")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise malformed("同一对象中有重复的名称", "an object has the same name twice")
    return found
