"""The HTML attributes that follow from a field's rules.

Numbers are text inputs with an input mode, because a browser never sends what it does not understand in a number input
and so would lose it; their limits are therefore ``data-`` attributes.
"""

from collections.abc import Callable

from engine.forms.evaluate import Evaluation
from engine.forms.rules import max_length
from engine.forms.slots import Slot


def rule_attributes(evaluation: Evaluation, slot: Slot) -> dict[str, str]:
    """The attributes of an input by its type; none for other components."""
    build = _BY_TYPE.get(slot.field.type)
    return build(evaluation, slot) if build else {}


def _text(_: Evaluation, slot: Slot) -> dict[str, str]:
    found = {"maxlength": str(max_length(slot.field))}
    if isinstance(slot.field.rules.min_length, int):
        found["minlength"] = str(slot.field.rules.min_length)
    if slot.field.rules.kind == "email":
        found |= {"inputmode": "email", "autocomplete": "email"}
    if slot.field.rules.kind == "phone":
        found |= {"inputmode": "tel", "autocomplete": "tel"}
    return found


def _number(_: Evaluation, slot: Slot) -> dict[str, str]:
    spec = slot.field
    found = {"inputmode": "numeric" if spec.decimal_digits == 0 else "decimal"}
    if spec.decimal_digits is not None:
        found["data-decimals"] = str(spec.decimal_digits)
    if spec.increment:
        found["data-step"] = spec.increment
    for name, limit in (("data-min", spec.rules.min), ("data-max", spec.rules.max)):
        if limit is not None and not isinstance(limit, str):
            found[name] = str(limit)
    return found


def _temporal(evaluation: Evaluation, slot: Slot) -> dict[str, str]:
    spec, found = slot.field, {}
    if spec.disallow_passed and evaluation.now and spec.subtype != "time":
        found["min"] = evaluation.now.date().isoformat() + ("T00:00" if spec.subtype == "datetime" else "")
    if spec.time_interval and spec.subtype != "date":
        found["data-interval"] = str(spec.time_interval)
    return found


def _file(evaluation: Evaluation, slot: Slot) -> dict[str, str]:
    spec, rules = slot.field, slot.field.rules
    found = {"accept": evaluation.text(slot, spec.accept)} if spec.accept else {}
    if evaluation.flag(slot, spec.multiple):
        found["multiple"] = "multiple"
    for name, limit in (("data-max-size", rules.max_file_size), ("data-max-files", rules.max_files)):
        if limit is not None:
            found[name] = str(limit)
    return found


_BY_TYPE: dict[str, Callable[[Evaluation, Slot], dict[str, str]]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "datetime": _temporal,
    "filepicker": _file,
}
