"""Errors as problem details (RFC 9457): a stable type, a title and a detail in the language of the request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError, PackInvalid
from engine.types import Name
from web.api.rendering import written

MEDIA_TYPE = "application/problem+json"


class Unauthenticated(EngineError):
    """No token, or one that is unknown, ended or revoked."""

    code, status = "unauthenticated", 401
    zh = "请求没有有效的令牌。请在“设置”中生成令牌，并以 Authorization: Bearer rdr_… 发送。"
    en = "The request carries no valid token. Make one in Settings and send it as Authorization: Bearer rdr_…"


class InvalidRequest(EngineError):
    """The request is not what the OpenAPI document describes. ``errors`` maps a JSON pointer or parameter to messages."""

    code, status = "invalid_request", 400
    zh = "请求有 {count} 处与接口说明不符：{places}。"
    en = "The request differs from the interface description in {count} places: {places}."


class MalformedJson(EngineError):
    code, status = "malformed_json", 400
    zh = "请求内容不是有效的 JSON：{reason}"
    en = "The body is not valid JSON: {reason}"


class UnsupportedMediaType(EngineError):
    code, status = "unsupported_media_type", 415
    zh = "不接受内容类型“{given}”。可以使用：{accepted}。"
    en = "The content type “{given}” is not accepted. Accepted: {accepted}."


class RequestTooLarge(EngineError):
    code, status = "request_too_large", 413
    zh = "请求内容超过此接口的上限 {limit}。请分次发送。"
    en = "The body is above the limit of {limit} for this address. Send it in parts."


class ArchiveRefused(EngineError):
    """A zip file that is damaged, hostile or too large."""

    code, status = "archive_refused", 422
    zh = "压缩包不能使用：{reason}"
    en = "The zip file cannot be used: {reason}"


TITLES: Mapping[str, Name] = {
    "unauthenticated": Name("需要令牌", "Token needed"),
    "invalid_request": Name("请求与接口说明不符", "Request differs from its description"),
    "malformed_json": Name("JSON 有误", "Malformed JSON"),
    "unsupported_media_type": Name("不接受的内容类型", "Unsupported content type"),
    "request_too_large": Name("请求过大", "Request too large"),
    "archive_refused": Name("压缩包被拒绝", "Zip file refused"),
    "no_such_address": Name("没有这个地址", "No such address"),
    "method_not_allowed": Name("不支持的方法", "Method not allowed"),
    "too_many_requests": Name("操作太频繁", "Too many requests"),
    "internal": Name("系统内部错误", "Internal error"),
    "not_found": Name("没有找到", "Not found"),
    "forbidden": Name("没有权限", "Forbidden"),
    "conflict": Name("已被别人处理", "Changed by someone else"),
    "task_closed": Name("任务已结束", "Task closed"),
    "task_claimed": Name("任务已被领取", "Task claimed"),
    "excluded": Name("须由他人办理", "Another person must do it"),
    "form": Name("表单需要更正", "Form needs corrections"),
    "bad_request": Name("请求无法处理", "Request cannot be handled"),
    "too_large": Name("文件太大", "File too large"),
    "file_refused": Name("不接受这种文件", "File type refused"),
    "ended": Name("已经结束", "Already ended"),
    "already_filed": Name("已经登记", "Already filed"),
    "already_started": Name("已在办理", "Already running"),
    "no_subscription": Name("没有等待此消息", "Nobody waits for this message"),
    "pack_invalid": Name("制度包没有通过检查", "Process pack refused"),
    "model_invalid": Name("模型无法读取", "Model refused"),
    "incident": Name("流程无法继续", "The process cannot go on"),
    "decision": Name("决策无法得出", "Decision not reached"),
    "letter": Name("信函无法生成", "Letter not written"),
    "busy": Name("系统正忙", "System busy"),
}
"""Titles by code; the type of a problem is ``/problems/<code>``."""

_HTTP: Mapping[int, tuple[str, Name]] = {
    404: ("no_such_address", Name("没有这个接口地址。", "The interface has no such address.")),
    405: ("method_not_allowed", Name("这个地址不支持该方法。", "This address does not support the method.")),
    413: ("request_too_large", Name("请求内容超过上限。", "The body is above the limit.")),
    429: ("too_many_requests", Name("失败的认证过多，请一分钟后再试。", "Too many failed attempts; wait a minute.")),
}
_INTERNAL = Name(
    "系统遇到意外错误，操作没有生效。请把编号 {reference} 告诉管理员。",
    "Something unexpected happened; your action did not take effect. Tell an administrator the reference {reference}.",
)
_UNREADABLE = Name("请求无法读取。", "The request cannot be read.")


def register(blueprint: Blueprint) -> None:
    """Answer every error below the interface's address, unknown addresses included, with a problem."""
    blueprint.register_error_handler(EngineError, engine_problem)
    blueprint.register_error_handler(HTTPException, _http_problem)
    blueprint.register_error_handler(Exception, _unexpected)
    blueprint.before_app_request(_unknown_address)


def language() -> str:
    """``?lang=``, then Accept-Language, then the setting of the token's owner, then the first language."""
    offered: tuple[str, ...] = current_app.extensions["redress"].config.languages
    asked = request.args.get("lang")
    if asked in offered:
        return asked
    wished = request.accept_languages.best_match(offered) if request.accept_languages else None
    own = g.api_actor.language if "api_actor" in g else None
    return wished or (own if own in offered else offered[0])


def engine_problem(error: EngineError) -> Response:
    """An error of the engine, with its findings by field or file where it has any."""
    response = _answer(engine_body(error))
    if error.status == 401:
        sent = "Authorization" in request.headers
        response.headers["WWW-Authenticate"] = 'Bearer realm="redress"' + (', error="invalid_token"' if sent else "")
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def engine_body(error: EngineError) -> dict[str, Any]:
    """The problem details of an error of the engine."""
    extra = {"errors": error.params["errors"]} if "errors" in error.params else {}
    if error.params.get("rules"):
        zh = language() == "zh"
        rules = error.params["rules"]
        extra["rules"] = [{"id": r.id, "clause": r.clause, "text": r.zh if zh else r.en or r.zh} for r in rules]
    if isinstance(error, PackInvalid):
        extra["findings"] = [
            {"severity": f.severity, "file": f.file, "element": f.element, "message": f.text(language())}
            for f in error.params.get("report_findings", ())
        ]
    return body(error.status, error.code, error.text(language()), **extra)


def body(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """Problem details."""
    title = TITLES.get(code, TITLES["bad_request"]).text(language())
    return {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, "code": code} | extra


def _answer(details: Mapping[str, Any]) -> Response:
    response = Response(written(details), int(details["status"]), content_type=MEDIA_TYPE)
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    return response


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    code, text = _HTTP.get(status, ("bad_request", _UNREADABLE))
    response = _answer(body(status, code, text.text(language())))
    for name, value in error.get_headers(request.environ):
        if name.lower() == "allow":
            response.headers[name] = value
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    current_app.logger.exception("unexpected error %s at %s %s", reference, request.method, request.path)
    if current_app.testing:
        raise error
    return _answer(body(500, "internal", _INTERNAL.text(language()).format(reference=reference), reference=reference))


def _unknown_address() -> Response | None:
    error = request.routing_exception
    if not request.path.startswith("/api/") or error is None or (error.code or 500) < 400:
        return None
    return _http_problem(error)
