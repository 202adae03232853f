"""From what was typed or sent to a typed value: one reader for HTML texts, one for JSON, the same result.

A value that cannot be read becomes a ``Bad`` with the message; it is reported at its field and counts as nothing
elsewhere.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.forms.expressions import EXACT, to_text
from engine.forms.messages import Message
from engine.forms.model import CHOICES, MULTI_CHOICE, SINGLE_CHOICE, TEXT_TYPES, Field, Option

MAX_NUMBER_TEXT = 60
MAX_ITEMS = 2_000
_MAX_EXPONENT = 30
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(:\d{2})?)(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_ON = frozenset({"true", "on", "1", "y", "yes"})


@dataclass(frozen=True)
class Bad:
    """An input that is not a value of the field's type."""

    message: Message


def empty_value(field: Field) -> Any:
    """What a field yields when nothing is given, as form-js does: '' for text, null, [] or false."""
    if field.type in TEXT_TYPES:
        return ""
    if field.type in MULTI_CHOICE or field.type == "filepicker":
        return []
    return False if field.type == "checkbox" else None


def has_control_characters(text: str) -> bool:
    """Whether a text holds NUL, another control character or a lone surrogate."""
    return _CONTROL.search(text) is not None


def read_texts(field: Field, texts: Sequence[str], options: Sequence[Option]) -> Any:
    """The value of the HTML texts sent under a field's name, or Bad."""
    if any(has_control_characters(text) for text in texts):
        return Bad(Message("characters"))
    if field.type == "checkbox":
        return any(text.strip().lower() in _ON for text in texts)
    if field.type in MULTI_CHOICE:
        return _pick_many([text for text in texts if text != ""], {option.key: option.value for option in options})
    if field.type == "filepicker":
        return [text for text in texts if text != ""][:MAX_ITEMS]
    text = texts[0] if texts else ""
    if field.type in TEXT_TYPES:
        return _clean_text(field, text)
    text = text.strip()
    if not text:
        return None
    if field.type in SINGLE_CHOICE:
        return _pick(text, {option.key: option.value for option in options})
    if field.type == "number":
        return _read_number(field, unicodedata.normalize("NFKC", text))
    return _read_temporal(field, text)


def read_json(field: Field, value: Any, options: Sequence[Option]) -> Any:
    """The value of a JSON value sent for a field, or Bad. Null means nothing."""
    if value is None:
        return empty_value(field)
    if field.type == "checkbox":
        return value if isinstance(value, bool) else Bad(Message("not_boolean"))
    if field.type == "number":
        return _json_number(field, value)
    if field.type in MULTI_CHOICE or field.type == "filepicker":
        return _json_list(field, value, options)
    if field.type in SINGLE_CHOICE:
        if value == "":
            return None
        return _json_choice(value, options)
    if not isinstance(value, str):
        return Bad(Message("not_text"))
    return read_texts(field, [value], options)


def is_plain(value: Any) -> bool:
    """Whether a value is nothing, one simple value, or a list of simple values: all that an input can show."""
    items = value if isinstance(value, list | tuple) else [value]
    return all(item is None or isinstance(item, str | int | float | Decimal | date | time) for item in items)


def texts_of(field: Field, value: Any) -> list[str]:
    """A value as the HTML texts that would send it; the inverse of read_texts for valid values."""
    if field.type == "checkbox":
        return ["true"] if value is True else []
    if value is None or value == "":
        return []
    if field.type in CHOICES or field.type == "filepicker":
        items = value if isinstance(value, list | tuple) else [value]
        return [Option(item, "").key if isinstance(item, bool) else to_text(item) for item in items]
    if field.type == "datetime":
        text = to_text(value)
        return [re.sub(r"(\d{2}:\d{2}):00(\.0+)?$", r"\1", text.replace(" ", "T", 1))]
    return [to_text(value)]


def _clean_text(field: Field, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if field.type == "textfield":
        return " ".join(text.split("\n")).strip()
    return "" if not text.strip() else text


def _pick(key: str, values: dict[str, Any]) -> Any:
    return values[key] if key in values else Bad(Message("not_choice", {"value": key[:40]}))


def _pick_many(keys: Sequence[str], values: dict[str, Any]) -> Any:
    picked = [_pick(key, values) for key in dict.fromkeys(keys)]
    return next((item for item in picked if isinstance(item, Bad)), picked)


def _json_choice(value: Any, options: Sequence[Option]) -> Any:
    """The option with this very value; 1 and true are different choices, 1 and 1.0 the same."""
    if isinstance(value, str | int | float | Decimal):
        for option in options:
            same_kind = isinstance(option.value, bool) == isinstance(value, bool)
            if same_kind and option.value == value:
                return option.value
    return Bad(Message("not_choice", {"value": to_text(value)[:40]}))


def _json_list(field: Field, value: Any, options: Sequence[Option]) -> Any:
    if not isinstance(value, list | tuple) or len(value) > MAX_ITEMS:
        return Bad(Message("not_list"))
    if field.type == "filepicker":
        if not all(isinstance(item, str) and len(item) <= 500 for item in value):
            return Bad(Message("not_text"))
        return read_texts(field, value, options)
    picked: list[Any] = []
    for item in value:
        choice = _json_choice(item, options)
        if isinstance(choice, Bad):
            return choice
        if choice not in picked:
            picked.append(choice)
    return picked


def _json_number(field: Field, value: Any) -> Any:
    if isinstance(value, str) and field.as_text:
        return _read_number(field, value.strip()) if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return Bad(Message("not_number"))
    if isinstance(value, int) and abs(value) >= 10**_MAX_EXPONENT:
        return Bad(Message("number_size"))
    return _number(field, Decimal(repr(value) if isinstance(value, float) else value))


def _read_number(field: Field, text: str) -> Any:
    if len(text) > MAX_NUMBER_TEXT:
        return Bad(Message("number_size"))
    if not _NUMBER.fullmatch(text):
        return Bad(Message("not_number"))
    try:
        return _number(field, Decimal(text))
    except InvalidOperation:
        return Bad(Message("not_number"))


def _number(field: Field, number: Decimal) -> Any:
    if not number.is_finite():
        return Bad(Message("not_number"))
    if not number:
        number = Decimal(0)
    if abs(number.adjusted()) >= _MAX_EXPONENT or len(number.as_tuple().digits) > MAX_NUMBER_TEXT:
        return Bad(Message("number_size"))
    whole = number == number.to_integral_value()
    if not whole and field.decimal_digits == 0:
        return Bad(Message("whole_number"))
    places = -int(EXACT.normalize(number).as_tuple().exponent)
    if field.decimal_digits is not None and places > field.decimal_digits:
        return Bad(Message("decimals", {"limit": field.decimal_digits}))
    return int(number) if whole else number


def _read_temporal(field: Field, text: str) -> Any:
    """ISO text of a date, time or local date and time, seconds always written; strict, calendar checked."""
    try:
        if field.subtype == "date":
            return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else Bad(Message("not_date"))
        if field.subtype == "time":
            return time.fromisoformat(text).isoformat() if _TIME.fullmatch(text) else Bad(Message("not_time"))
        match = _DATETIME.fullmatch(text)
        if match is not None:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[4] or ''}").isoformat()
    except ValueError:
        pass
    return Bad(Message(f"not_{field.subtype}"))
