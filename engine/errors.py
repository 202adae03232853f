"""Errors of the product: each names the element, the reason and the way out, in Chinese and English.

A subclass carries its message templates; the parameters are filled in by :meth:`EngineError.text`.
``status`` is the HTTP status the web layer answers with.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar


class EngineError(Exception):
    """Base of every error that a person may see."""

    code: ClassVar[str] = "engine_error"
    status: ClassVar[int] = 400
    zh: ClassVar[str] = "操作未完成：{reason}"
    en: ClassVar[str] = "The operation was not carried out: {reason}"

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.text("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors pass from one process to another with their parameters."""
        return partial(type(self), **self.params), ()

    def text(self, language: str = "zh") -> str:
        """The message in ``language`` ("zh" or "en"); parameters may themselves be ``{"zh": ..., "en": ...}``."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map(_Params(self.params, language))


class _Params(dict[str, Any]):
    def __init__(self, params: dict[str, Any], language: str) -> None:
        super().__init__(params)
        self._language = "zh" if language.startswith("zh") else "en"

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, dict) and {"zh", "en"} <= value.keys():
            return value[self._language]
        return value

    def __missing__(self, key: str) -> str:
        return "?"


class NotFound(EngineError):
    code, status = "not_found", 404
    zh = "没有找到{what}“{id}”。它可能已被删除，或者编号有误。"
    en = "There is no {what} “{id}”. It may have been removed, or the number is mistyped."


class NoPack(NotFound):
    """``near`` names the packs in ``packs`` that are spelt alike."""

    zh = "“{id}”既不是文件夹，也不是 {packs}/ 下制度包的名称。{near}"
    en = "“{id}” is neither a folder nor the name of a pack under {packs}/. {near}"


class NoScenario(NotFound):
    zh = "没有文件名含“{only}”的场景，一个也没有试走。请核对 --only；场景在制度包的 scenarios/ 下。"
    en = "No scenario has a file name with “{only}”; none was run. Look at --only; scenarios lie in scenarios/ of a pack."


class Forbidden(EngineError):
    code, status = "forbidden", 403
    zh = "您没有权限{action}。需要的角色：{role}。请联系管理员或该组的成员。"
    en = "You may not {action}. Role needed: {role}. Ask an administrator or a member of that group."


class Conflict(EngineError):
    code, status = "conflict", 409
    zh = "“{what}”刚刚被别人处理过，您的操作没有生效。请刷新后查看最新状态，已填写的内容仍然保留。"
    en = "“{what}” has just been changed by someone else; your action did not take effect. Reload to see it; what you typed is kept."


class TaskClosed(EngineError):
    code, status = "task_closed", 409
    zh = "任务“{task}”已经由{by}完成或随流程取消，不能再次提交。"
    en = "The task “{task}” has already been completed by {by} or was cancelled with its process; it cannot be submitted again."


class TaskClaimed(EngineError):
    code, status = "task_claimed", 409
    zh = "任务“{task}”已由{assignee}领取。请与其协商，或由主管改派。"
    en = "The task “{task}” is claimed by {assignee}. Agree with them, or ask a manager to reassign it."


class ExcludedPerformer(EngineError):
    code, status = "excluded", 403
    zh = "任务“{task}”须由另一位人员办理：您已办理过“{earlier}”。"
    en = "The task “{task}” must be done by another person: you have already handled “{earlier}”."


class FormInvalid(EngineError):
    """``errors`` maps a field key to its messages in the caller's language."""

    code, status = "form", 422
    zh = "表单有 {count} 处需要更正：{fields}。"
    en = "The form needs {count} corrections: {fields}."


class BadRequest(EngineError):
    code, status = "bad_request", 400
    zh = "请求无法处理：{reason}"
    en = "The request cannot be handled: {reason}"


class TooLarge(EngineError):
    code, status = "too_large", 413
    zh = "文件“{name}”为 {size}，超过上限 {limit}。请压缩或分次上传。"
    en = "The file “{name}” is {size}, above the limit of {limit}. Compress it or upload it in parts."


class FileRefused(EngineError):
    code, status = "file_refused", 415
    zh = "文件“{name}”的类型（{type}）不允许上传。可以上传：{allowed}。"
    en = "Files of type {type} (“{name}”) are not accepted. Accepted: {allowed}."


class Ended(EngineError):
    code, status = "ended", 409
    zh = "投诉 {number} 已经{state}，不再接受此操作。"
    en = "Complaint {number} is already {state}; this is no longer possible."


class AdHocClosed(Ended):
    zh = "“{element}”已经结束，不能再启动其中的步骤。请刷新后查看流程现在等待什么。"
    en = "“{element}” has ended; nothing in it can be started any more. Reload to see what the process waits for now."


class AlreadyFiled(EngineError):
    code, status = "already_filed", 409
    zh = "来源编号“{source}”已经登记为投诉 {number}，不能重复登记。"
    en = "The source number “{source}” has already been filed as complaint {number}."


class NoSubscription(EngineError):
    code, status = "no_subscription", 409
    zh = "投诉 {key} 目前不等待“{message}”。"
    en = "Complaint {key} is not waiting for “{message}” now."


class NothingStarts(NoSubscription):
    zh = "没有流程由消息“{message}”启动，也没有流程以空的关联键等待它，消息没有送达，也不会保留。请核对消息名称和部署的制度。"
    en = (
        "No process begins with the message “{message}” and none waits for it under an empty correlation key; it was not "
        "delivered and is not kept. Check its name and which packs are deployed."
    )


class AlreadyStarted(EngineError):
    """A message would start a second instance under the same correlation key."""

    code, status = "already_started", 409
    zh = "流程“{process}”已有编号“{key}”的实例在办理，消息“{message}”没有启动新的，也不会保留。请等它办结后再发，或换一个关联键。"
    en = (
        "An instance of “{process}” is already running under “{key}”; the message “{message}” started no other and is not "
        "kept. Send it again when that one has ended, or under another correlation key."
    )


class PackInvalid(EngineError):
    """``findings`` holds what the check found."""

    code, status = "pack_invalid", 422
    zh = "制度包“{pack}”没有通过检查：{count} 处错误。{first}"
    en = "The process pack “{pack}” did not pass its check: {count} errors. {first}"


class ModelInvalid(EngineError):
    """A diagram, table or form that cannot be read or executed."""

    code, status = "model_invalid", 422
    zh = "{file}：元素“{element}”——{reason}"
    en = "{file}: element “{element}” — {reason}"


class ExecutionError(EngineError):
    """The diagram could not go on at ``element``; the transaction was rolled back and an incident recorded."""

    code, status = "incident", 409
    zh = "流程在“{element}”处无法继续：{reason}。您的任务仍然保留，制度管理员已收到通知。"
    en = "The process cannot go on at “{element}”: {reason}. Your task is kept; the process owner has been notified."


class SignInFailed(EngineError):
    code, status = "sign_in", 401
    zh = "账号或密码不正确。"
    en = "The account or the password is not right."


class ConfigInvalid(EngineError):
    code, status = "config", 500
    zh = "配置项 {key} 有误：{reason}"
    en = "Setting {key} is wrong: {reason}"
