"""Reads form-js ``.form`` JSON (schema versions up to 19) into ``Field`` trees; anything malformed is a FormError."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from engine.forms.messages import FormError
from engine.forms.model import CHOICES, CONTAINERS, INPUTS, Field, Flag, Option, Rules, is_expression

MAX_BYTES = 1_000_000
MAX_COMPONENTS = 1_000
MAX_DEPTH = 10
MAX_OPTIONS = 2_000
MAX_ATTRIBUTE = 100_000
MAX_ROWS = 200
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?)b?", re.IGNORECASE | re.ASCII)


def read_json(content: bytes, file: str) -> dict[str, Any]:
    """The JSON object of a form file. Raises FormError when it is too large, malformed, too deep or not an object."""
    if len(content) > MAX_BYTES:
        raise FormError(file, "", "文件超过 1 MB，请精简表单", "the file exceeds 1 MB; make the form smaller")
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text, parse_constant=_refuse_number, parse_float=_float, parse_int=_int)
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        raise FormError(file, "", "JSON 嵌套过深", "the JSON is nested too deeply") from None
    except UnicodeEncodeError:
        raise FormError(file, "", "含有不成对的代理字符", "it contains unpaired surrogate characters") from None
    except ValueError as error:
        raise FormError(file, "", f"不是有效的 JSON：{error}", f"it is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise FormError(file, "", "应为一个 JSON 对象", "it must be a JSON object")
    return data


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is not a number that can be used here")


def _float(text: str) -> float:
    return float(text) if abs(float(text)) < 1e30 else _refuse_number(text)


def _int(text: str) -> int:
    return int(text) if len(text) <= 30 else _refuse_number(text)


class SchemaReader:
    """Builds the component tree of one form file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0

    def components(
        self,
        raw: object,
        owner: str,
        prefix: str = "",
        conditions: tuple[str, ...] = (),
        lists: tuple[str, ...] = (),
        depth: int = 1,
    ) -> tuple[Field, ...]:
        """The components in ``raw``, which stand inside ``owner`` under the path ``prefix``."""
        if not isinstance(raw, list):
            raise self.error(owner, "components 应为列表", "components must be a list")
        if depth > MAX_DEPTH:
            raise self.error(owner, f"容器嵌套超过 {MAX_DEPTH} 层", f"containers are nested more than {MAX_DEPTH} deep")
        return tuple(self._component(item, owner, prefix, conditions, lists, depth) for item in raw)

    def error(self, component: str, zh: str, en: str) -> FormError:
        """A FormError about ``component`` of this file."""
        return FormError(self.file, component, zh, en)

    def _component(
        self, raw: object, owner: str, prefix: str, conditions: tuple[str, ...], lists: tuple[str, ...], depth: int
    ) -> Field:
        self.count += 1
        if self.count > MAX_COMPONENTS:
            raise self.error(owner, f"组件超过 {MAX_COMPONENTS} 个", f"there are more than {MAX_COMPONENTS} components")
        if not isinstance(raw, dict):
            raise self.error(owner, "组件应为对象", "a component must be an object")
        name = raw.get("id")
        read = _Attributes(self, name if isinstance(name, str) and name else f"component_{self.count}", raw)
        common = read.common()
        kind = common["type"]
        if common["condition"] is not None:
            conditions = (*conditions, common["condition"])
        own = common["key"] if kind in INPUTS else common["path"] if kind in CONTAINERS else ""
        name = ".".join(part for part in (prefix, own) if part)
        children: tuple[Field, ...] = ()
        if kind in CONTAINERS:
            inside = (*lists, name) if kind == "dynamiclist" else lists
            children = self.components(raw.get("components", []), read.id, name, conditions, inside, depth + 1)
        return Field(name=name, conditions=conditions, lists=lists, components=children, **common, **read.special(kind))


class _Attributes:
    """Typed access to the attributes of one component."""

    def __init__(self, reader: SchemaReader, component: str, raw: Mapping[str, Any]) -> None:
        self.reader, self.id, self.raw = reader, component, raw

    def common(self) -> dict[str, Any]:
        """The attributes every component may have."""
        layout = self.table(self.raw, "layout")
        columns = self.whole(layout, "columns")
        return {
            "id": self.id,
            "type": self.text("type"),
            "key": self.text("key"),
            "path": self.text("path"),
            "label": self.text("label") or self.text("dateLabel") or self.text("timeLabel"),
            "description": self.text("description"),
            "condition": self._condition(),
            "properties": self._properties(),
            "row": self._text(layout, "row") or None,
            "columns": columns if columns is None or 1 <= columns <= 16 else None,
        }

    def special(self, kind: str) -> dict[str, Any]:
        """The attributes that belong to components of this kind."""
        found: dict[str, Any] = {}
        if kind in INPUTS:
            found |= {
                "default": self._default(),
                "rules": self._rules(),
                "readonly": self.flag("readonly"),
                "disabled": self.flag("disabled"),
                "prefix": self._text(self.table(self.raw, "appearance"), "prefixAdorner"),
                "suffix": self._text(self.table(self.raw, "appearance"), "suffixAdorner"),
            }
        return found | getattr(self, f"_of_{kind}" if kind not in CHOICES else "_of_choice", dict)()

    def _of_choice(self) -> dict[str, Any]:
        return {
            "options": self._options(),
            "values_key": self.text("valuesKey") or None,
            "values_expression": self.text("valuesExpression") or None,
        }

    def _of_number(self) -> dict[str, Any]:
        digits, increment = self.whole(self.raw, "decimalDigits"), self.raw.get("increment")
        if increment is not None and (isinstance(increment, bool) or not isinstance(increment, int | float | str)):
            raise self.wrong("increment", "数字", "a number")
        return {
            "decimal_digits": digits if digits is None or 0 <= digits <= 20 else None,
            "increment": str(increment) if increment not in (None, "") else None,
            "as_text": self.boolean("serializeToString"),
        }

    def _of_datetime(self) -> dict[str, Any]:
        subtype = self.text("subtype") or "date"
        if subtype not in ("date", "time", "datetime"):
            raise self.wrong("subtype", "date、time 或 datetime", "date, time or datetime")
        return {
            "subtype": subtype,
            "disallow_passed": self.boolean("disallowPassedDates"),
            "time_interval": self.whole(self.raw, "timeInterval"),
            "time_format": self.text("timeSerializingFormat") or None,
        }

    def _of_filepicker(self) -> dict[str, Any]:
        return {"accept": self.text("accept"), "multiple": self.flag("multiple")}

    def _of_expression(self) -> dict[str, Any]:
        return {"expression": self.text("expression")}

    def _of_text(self) -> dict[str, Any]:
        return {"text": self.text("text")}

    def _of_spacer(self) -> dict[str, Any]:
        return {"height": self.whole(self.raw, "height")}

    def _of_button(self) -> dict[str, Any]:
        return {"action": self.text("action") or "submit"}

    def _of_group(self) -> dict[str, Any]:
        return {"outline": self.boolean("showOutline")}

    def _of_dynamiclist(self) -> dict[str, Any]:
        repetitions = self.whole(self.raw, "defaultRepetitions")
        return {
            "outline": self.boolean("showOutline"),
            "repetitions": 1 if repetitions is None else min(max(repetitions, 0), MAX_ROWS),
            "may_add": self.raw.get("allowAddRemove", True) is not False,
        }

    def wrong(self, attribute: str, zh: str, en: str) -> FormError:
        """The attribute is not what it should be."""
        return self.reader.error(self.id, f"{attribute} 应为{zh}", f"{attribute} must be {en}")

    def text(self, attribute: str) -> str:
        """A text attribute, empty when absent."""
        return self._text(self.raw, attribute)

    def _text(self, table: Mapping[str, Any], attribute: str) -> str:
        value = table.get(attribute)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > MAX_ATTRIBUTE or "\0" in value:
            raise self.wrong(attribute, "文字", "text")
        return value

    def boolean(self, attribute: str) -> bool:
        """A true or false attribute, false when absent."""
        value = self.raw.get(attribute)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(attribute, " true 或 false", "true or false")
        return bool(value)

    def flag(self, attribute: str, table: Mapping[str, Any] | None = None) -> Flag:
        """A true or false attribute that may be a FEEL expression."""
        value = (self.raw if table is None else table).get(attribute)
        if value is None or value == "":
            return False
        if isinstance(value, bool) or is_expression(value):
            return bool(value) if isinstance(value, bool) else str(value)
        raise self.wrong(attribute, " true、false 或以 = 开头的表达式", "true, false or an expression starting with =")

    def whole(self, table: Mapping[str, Any], attribute: str) -> int | None:
        """A whole number, also written as text; None when absent."""
        value = table.get(attribute)
        if value is None or value == "":
            return None
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value, re.ASCII):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**15:
            raise self.wrong(attribute, "整数", "a whole number")
        return value

    def table(self, table: Mapping[str, Any], attribute: str) -> Mapping[str, Any]:
        """An object attribute, empty when absent."""
        value = table.get(attribute)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(attribute, "对象", "an object")
        return value

    def _condition(self) -> str | None:
        return self._text(self.table(self.raw, "conditional"), "hide").strip() or None

    def _properties(self) -> dict[str, str]:
        found = {}
        for key, value in self.table(self.raw, "properties").items():
            if not isinstance(value, str | int | float):
                raise self.wrong(f"properties.{key[:40]}", "文字", "text")
            found[key] = str(value)
        return found

    def _default(self) -> Any:
        value = self.raw.get("defaultValue")
        simple = str | int | float | bool
        if value is None or isinstance(value, simple):
            return value
        if isinstance(value, list) and all(isinstance(item, simple) for item in value):
            return tuple(value)
        raise self.wrong("defaultValue", "文字、数字或列表", "text, a number or a list")

    def _rules(self) -> Rules:
        given = self.table(self.raw, "validate")
        kind = self._text(given, "validationType") or None
        return Rules(
            required=self.flag("required", given),
            min_length=self._limit(given, "minLength", whole=True),
            max_length=self._limit(given, "maxLength", whole=True),
            min=self._limit(given, "min"),
            max=self._limit(given, "max"),
            pattern=self._text(given, "pattern") or None,
            kind=kind if kind in ("email", "phone") else None,
            min_files=self.whole(given, "minFiles"),
            max_files=self.whole(given, "maxFiles"),
            max_file_size=self._size(given),
        )

    def _limit(self, given: Mapping[str, Any], attribute: str, whole: bool = False) -> Any:
        value = given.get(attribute)
        if is_expression(value):
            return value
        if whole or value is None or value == "":
            return self.whole(given, attribute)
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", value, re.ASCII):
            return float(value) if "." in value else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(attribute, "数字", "a number")
        return value

    def _size(self, given: Mapping[str, Any]) -> int | None:
        value = given.get("maxFileSize", self._properties().get("maxFileSize"))
        if value is None or value == "":
            return None
        match = _SIZE.fullmatch(str(value).strip()) if not isinstance(value, dict | list) else None
        if match is None:
            raise self.wrong("maxFileSize", "大小，例如 10 MB", "a size such as 10 MB")
        factor: int = 1024 ** " kmg".index(match[2].lower() or " ")
        return int(match[1]) * factor

    def _options(self) -> tuple[Option, ...] | None:
        raw = self.raw.get("values")
        if raw is None:
            return None
        if not isinstance(raw, list) or len(raw) > MAX_OPTIONS:
            raise self.wrong("values", f"最多 {MAX_OPTIONS} 项的列表", f"a list of at most {MAX_OPTIONS} choices")
        return tuple(self._option(item) for item in raw)

    def _option(self, raw: object) -> Option:
        option = to_option(raw)
        if option is None:
            raise self.wrong("values", "由 label 和 value 组成的列表", "a list of labels and values")
        return option


def to_option(raw: object) -> Option | None:
    """A choice from ``{"label", "value"}``, a text or a number; None when it is neither."""
    label = None
    if isinstance(raw, Mapping):
        label, raw = raw.get("label"), raw.get("value", raw.get("label"))
    if not isinstance(raw, str | int | float) or (isinstance(raw, str) and "\0" in raw):
        return None
    option = Option(raw, "")
    return Option(raw, label if isinstance(label, str) and label else option.key)
