"""Every error as a page, or as problem details (RFC 9457) for scripts: what is wrong and what to do."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, current_app, json, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError, FormInvalid
from engine.files import size_text
from web import access, i18n


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(EngineError, engine_error)
    app.register_error_handler(CSRFError, expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def engine_error(error: EngineError) -> Response:
    """The answer to an error of the engine that no view has handled."""
    detail = error.text(i18n.language())
    extra = {"code": error.code}
    if isinstance(error, FormInvalid):
        extra["errors"] = error.params.get("errors", {})
    return answer(error.status, _title(error.status), detail, **extra)


def answer(status: int, title: str, text: str, advice: str | None = None, **extra: Any) -> Response:
    """A page in the frame of the person who asks, or problem details for scripts."""
    if access.wants_json():
        return problem(status, title, text, **extra)
    template = "errors/staff.html" if access.signed_in() else "errors/public.html"
    page = render_template(template, status=status, title=title, text=text, advice=advice, back=access.came_from())
    return current_app.make_response((page, status))


def problem(status: int, title: str, detail: str, **extra: Any) -> Response:
    """Problem details: type, title, status, detail and what else is known."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail} | extra
    text = json.dumps(body)
    return Response(text, status, content_type="application/problem+json")


def _title(status: int) -> str:
    titles = {
        400: _("请求无法处理"),
        401: _("请先登录"),
        403: _("您没有这项权限"),
        404: _("没有找到"),
        405: _("这里不能这样操作"),
        409: _("操作没有生效"),
        413: _("文件太大"),
        415: _("不接受这种文件"),
        422: _("内容需要更正"),
        429: _("操作太频繁"),
        503: _("系统正忙"),
    }
    return titles.get(status, _("出了问题"))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    limit = size_text(int(current_app.config["MAX_CONTENT_LENGTH"]))
    explained = {
        401: (_("登录已失效。"), _("重新登录后会回到这里，保存过的草稿还在。")),
        403: (_("这个页面不对您的账号开放。"), _("如果工作需要，请联系管理员。")),
        404: (_("没有这个页面，或者它已经移走。"), _("请检查地址，或从菜单进入。")),
        405: (_("这个地址不接受这种请求。"), _("请从页面上的按钮操作。")),
        413: (
            _("一次上传的内容超过 %(limit)s。", limit=limit),
            _("返回上一页，压缩文件或分几次上传；已填写的内容还在。"),
        ),
        429: (_("短时间内请求过多。"), _("请等一分钟再试。")),
    }
    text, advice = explained.get(status, (_("请求没有完成。"), _("请返回上一页再试一次。")))
    response = answer(status, _title(status), text, advice)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def expired(error: CSRFError) -> Response:
    """The answer to a form without a valid anti-forgery token."""
    text = _("页面停留太久，安全校验已过期，操作没有生效。")
    return answer(400, _("页面已过期"), text, _("返回上一页并刷新后再提交。"), code="csrf")


def expired_text() -> str:
    """What stands above a form that came back because its token had expired."""
    return _("页面停留太久，安全校验已过期，没有提交。您填写的内容都在，请再提交一次。")


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    current_app.logger.exception("unexpected error %s at %s %s", reference, request.method, request.path)
    if current_app.testing:
        raise error
    text = _("系统遇到意外错误，操作没有生效。")
    advice = _("请稍后再试；如果再次出现，请把编号 %(reference)s 告诉管理员。", reference=reference)
    try:
        return answer(500, _title(500), text, advice, reference=reference)
    except Exception:
        current_app.logger.exception("no page for error %s", reference)
        return Response(f"{text}\n{advice}\n", 500, content_type="text/plain; charset=utf-8")
