"""Process variables as people read them: labels of the forms, dates and durations in words, structures as lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_babel import gettext as _

from engine.packs import Pack
from web import i18n

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_INDENT = "· "


def variables(values: Mapping[str, Any], pack: Pack | None) -> list[tuple[str, str, str]]:
    """(label, key, text) of every variable; those with a label first."""
    labels = _labels(pack)
    found = [(labels.get(key, key), key, _shown(value, pack, labels)) for key, value in values.items()]
    return sorted(found, key=lambda item: (item[0] == item[1], item[1]))


def _labels(pack: Pack | None) -> dict[str, str]:
    """What the forms call their fields, the intake form before all others."""
    labels: dict[str, str] = {}
    if pack is None:
        return labels
    starting = {element.form_id for process in pack.processes.values() for element in process.starts()}
    for form_id, form in sorted(pack.forms.items(), key=lambda item: item[0] not in starting):
        for field in form.fields:
            if field.key and field.label:
                labels.setdefault(field.key, i18n.text(pack.names.field(field.key, form_id, field.label)))
    return labels


def _shown(value: Any, pack: Pack | None, labels: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        tag, content = next(iter(value.items()), ("", None))
        if len(value) == 1 and tag.startswith("$"):
            return _tagged(tag, content)
        lines = [f"{labels.get(key, key)}: {_nested(_shown(inner, pack, labels))}" for key, inner in value.items()]
        return "\n".join(lines)
    if isinstance(value, list):
        texts = [_shown(item, pack, labels) for item in value]
        return ("\n" if any(isinstance(item, Mapping) for item in value) else ", ").join(texts) or "—"
    if isinstance(value, str) and (not value or _DURATION.fullmatch(value)):
        return _duration(value) if value else "—"
    return i18n.text(pack.names.value(value)) if pack else str(value)


def _nested(text: str) -> str:
    return text if "\n" not in text else "\n" + "\n".join(_INDENT + line for line in text.splitlines())


def _tagged(tag: str, content: Any) -> str:
    """A value of the expression language that JSON has no type for."""
    if tag == "$datetime":
        return _moment(str(content))
    if tag == "$duration":
        return _duration(str(content))
    return str(content)


def _moment(text: str) -> str:
    written, _at, zone = text.partition("@")
    try:
        moment = datetime.fromisoformat(written)
        return i18n.format_datetime(moment.replace(tzinfo=ZoneInfo(zone)) if zone else moment)
    except (ValueError, ZoneInfoNotFoundError):
        return text


def _duration(text: str) -> str:
    match = _DURATION.fullmatch(text)
    if match is None:
        return text
    units = (_("%(n)s 天"), _("%(n)s 小时"), _("%(n)s 分钟"), _("%(n)s 秒"))
    return " ".join(unit % {"n": amount} for amount, unit in zip(match.groups(), units, strict=True) if amount) or text
