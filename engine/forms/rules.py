"""What a typed value must satisfy before it is accepted; the same for people and programs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.forms.expressions import FAILED
from engine.forms.messages import Message
from engine.forms.model import CHOICES, MULTI_CHOICE, SINGLE_CHOICE, TEXT_TYPES, Field, Option
from engine.forms.patterns import matches

MAX_TEXT = 10_000
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]{1,63}(\.[^@\s,;<>\".]{1,63}){1,8}")
_PHONE = re.compile(r"\+?\d{5,15}(?:(?:#|x|ext)\d{1,6})?", re.ASCII | re.IGNORECASE)
_PHONE_MARKS = re.compile(r"[\s()（）.\-–—]")


@dataclass(frozen=True)
class Facts:
    """What the rules need to know besides the value: choices, today, new files, and how to evaluate FEEL limits."""

    options: Sequence[Option]
    required: bool
    today: date | None
    files: int
    evaluate: Callable[[str], Any]


def max_length(field: Field) -> int:
    """The length limit of a text field when its rules give no number: 10,000 characters."""
    return field.rules.max_length if isinstance(field.rules.max_length, int) else MAX_TEXT


def check(field: Field, value: Any, facts: Facts) -> list[Message]:
    """Every rule the value breaks. Nothing given breaks only ``required``."""
    if _is_empty(field, value, facts):
        return _check_empty(field, facts)
    if field.type in TEXT_TYPES:
        return _check_text(field, value, facts)
    if field.type == "number":
        return _check_range(field, Decimal(str(value)), facts)
    if field.type == "datetime" and field.disallow_passed and field.subtype != "time" and facts.today:
        if date.fromisoformat(value[:10]) < facts.today:
            return [Message("passed_date", {"limit": facts.today.isoformat()})]
    elif field.type == "filepicker":
        return _check_files(field, len(value) + facts.files)
    return []


def _is_empty(field: Field, value: Any, facts: Facts) -> bool:
    if field.type == "filepicker":
        return not value and not facts.files
    if field.type in TEXT_TYPES:
        return not value.strip()
    return value is None or value is False or value == []


def _check_empty(field: Field, facts: Facts) -> list[Message]:
    if not facts.required:
        return []
    if field.type in CHOICES and not facts.options:
        return [Message("no_choices")]
    codes = {"checkbox": "required_checked", "filepicker": "required_file"}
    if field.type in SINGLE_CHOICE or field.type in MULTI_CHOICE or field.type == "datetime":
        return [Message("required_choice")]
    return [Message(codes.get(field.type, "required"))]


def _limit(given: Any, facts: Facts) -> Decimal | None:
    """A limit as a number; a FEEL limit that yields no number does not apply."""
    if isinstance(given, str):
        given = facts.evaluate(given)
    if given is None or given is FAILED or isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    return Decimal(str(given))


def _check_text(field: Field, value: str, facts: Facts) -> list[Message]:
    found = []
    size = len(value)
    low, high = _limit(field.rules.min_length, facts), _limit(field.rules.max_length, facts)
    high = Decimal(MAX_TEXT) if high is None else high
    if size > high:
        return [Message("too_long", {"limit": f"{high:f}", "size": size})]
    if low is not None and size < low:
        found.append(Message("too_short", {"limit": f"{low:f}", "size": size}))
    if field.rules.kind == "email" and not _EMAIL.fullmatch(value):
        found.append(Message("email"))
    if field.rules.kind == "phone" and not _PHONE.fullmatch(_PHONE_MARKS.sub("", value)):
        found.append(Message("phone"))
    if field.rules.pattern:
        found += _check_pattern(field, field.rules.pattern, value)
    return found


def _check_pattern(field: Field, pattern: str, value: str) -> list[Message]:
    fits = matches(pattern, value)
    if fits is None:
        return [Message("pattern_slow")]
    hint = field.properties.get("patternHint") or field.description or pattern
    return [] if fits else [Message("pattern", {"hint": hint.rstrip("。.")})]


def _check_range(field: Field, value: Decimal, facts: Facts) -> list[Message]:
    low, high = _limit(field.rules.min, facts), _limit(field.rules.max, facts)
    if low is not None and value < low:
        return [Message("too_small", {"limit": f"{low:f}"})]
    if high is not None and value > high:
        return [Message("too_large", {"limit": f"{high:f}"})]
    return []


def _check_files(field: Field, count: int) -> list[Message]:
    most = field.rules.max_files if field.rules.max_files is not None else None if field.multiple else 1
    if field.rules.min_files is not None and count < field.rules.min_files:
        return [Message("too_few_files", {"limit": field.rules.min_files})]
    if most is not None and count > most:
        return [Message("too_many_files", {"limit": most})]
    return []
