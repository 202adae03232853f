"""What is wrong with a request, in both languages, by the place where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

from engine.types import Name

_TEXTS = {
    "type": Name("类型应为 {value}", "must be of type {value}"),
    "required": Name("缺少此项", "is missing"),
    "additionalProperties": Name("没有这个字段", "there is no such field"),
    "enum": Name("只能是：{value}", "must be one of: {value}"),
    "const": Name("只能是：{value}", "must be {value}"),
    "minLength": Name("至少 {value} 个字符", "needs at least {value} characters"),
    "maxLength": Name("最多 {value} 个字符", "may have at most {value} characters"),
    "minimum": Name("不能小于 {value}", "may not be less than {value}"),
    "maximum": Name("不能大于 {value}", "may not be greater than {value}"),
    "minItems": Name("至少 {value} 项", "needs at least {value} entries"),
    "maxItems": Name("最多 {value} 项", "may have at most {value} entries"),
    "minProperties": Name("至少 {value} 项", "needs at least {value} entries"),
    "maxProperties": Name("最多 {value} 项", "may have at most {value} entries"),
    "uniqueItems": Name("有重复的项", "has the same entry twice"),
    "pattern": Name("格式不对：{value}", "does not have the form {value}"),
    "format": Name("不是有效的 {value}", "is not a valid {value}"),
    "blank": Name("不能为空", "may not be blank"),
    "moment": Name(
        "应为带时区的时间，例如 2026-03-02T09:00:00Z", "must be a time with its offset, such as 2026-03-02T09:00:00Z"
    ),
    "unknown_parameter": Name("没有这个参数。可用：{known}", "there is no such parameter; there are: {known}"),
    "repeated": Name("只能给一次", "may be given only once"),
    "characters": Name("含有不允许的字符", "holds characters that are not allowed"),
    "deep": Name("嵌套超过 {limit} 层", "is nested more than {limit} levels deep"),
    "part": Name("应以另一种方式发送（文件或文字）", "must be sent the other way (as a file, or as text)"),
    "base64": Name("不是有效的 Base64", "is not valid Base64"),
    "values": Name("不是有效的变量值：{reason}", "is not a valid value of a variable: {reason}"),
    "other": Name("与接口说明不符（{value}）", "differs from the interface description ({value})"),
}


def told(key: str, language: str, **values: Any) -> str:
    """One message in ``language``."""
    return _TEXTS[key].text(language).format(**values)


def explained(error: ValidationError, language: str) -> Iterator[tuple[str, str]]:
    """(JSON pointer, message) of one finding; fields that are missing or unknown are named themselves."""
    where, kind = pointer(error.absolute_path), str(error.validator)
    if kind == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield f"{where}/{escaped(name)}", told("required", language)
    elif kind == "additionalProperties":
        for name in error.instance.keys() - error.schema.get("properties", {}).keys():
            yield f"{where}/{escaped(name)[:100]}", told("additionalProperties", language)
    elif error.schema.get("format") == "date-time" and kind in ("pattern", "format"):
        yield where, told("moment", language)
    elif "contentEncoding" in error.schema and kind == "pattern":
        yield where, told("base64", language)
    elif error.schema.get("pattern") == r"\S" and kind in ("pattern", "minLength"):
        yield where, told("blank", language)
    else:
        value = error.validator_value
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        yield where, told(kind if kind in _TEXTS else "other", language, value=shown if kind in _TEXTS else kind)


def pointer(path: Iterable[str | int]) -> str:
    """The parts of a path as a JSON pointer."""
    return "".join(f"/{escaped(str(part))}" for part in path)


def escaped(part: str) -> str:
    """One part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")
