"""What a process owner should know before a form is released."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

import regex

from engine.forms.expressions import TemplateError, problem_of, template_expressions
from engine.forms.inputs import Bad, read_json
from engine.forms.messages import FormFinding, finding
from engine.forms.model import CHOICES, CONTAINERS, INPUTS, STATICS, TEXT_TYPES, Field, is_expression
from engine.forms.patterns import compile_pattern, is_slow
from engine.forms.rules import Facts, check

NEWEST_VERSION = 19
_KEY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_RESERVED = frozenset({"this", "parent", "i", "_parent", "_this", "_i"})
_WHY = {
    "html": ("内容未经核对，可能夹带脚本", "its content is not checked and may carry scripts"),
    "iframe": ("不允许嵌入其他网站", "other sites may not be embedded"),
    "table": ("表格请用重复列表或文字组件", "use a dynamic list or a text component"),
    "image": ("图片请放在制度说明中", "put pictures in the policy's documents"),
    "script": ("表单中不能有程序代码", "a form carries no program code"),
}
_UNKNOWN = ("本系统不认识它", "this system does not know it")


def find_problems(components: tuple[Field, ...], version: int | None) -> list[FormFinding]:
    """Everything worth reporting about a form, in document order."""
    found: list[FormFinding] = []
    if version is not None and version > NEWEST_VERSION:
        found.append(finding("newer_version", "", version=version, known=NEWEST_VERSION))
    everything = list(_walk(components))
    if not any(item.is_input for item in everything):
        found.append(finding("no_fields", ""))
    names: dict[str, str] = {}
    ids: set[str] = set()
    for item in everything:
        if item.id in ids:
            found.append(finding("duplicate_id", item.id, key=item.id))
        ids.add(item.id)
        found += _check_component(item)
        found += _check_name(item, names)
    return found


def _walk(components: tuple[Field, ...]) -> Iterator[Field]:
    for component in components:
        yield component
        yield from _walk(component.components)


def _check_component(item: Field) -> Iterator[FormFinding]:
    if item.type not in INPUTS | CONTAINERS | STATICS:
        zh, en = _WHY.get(item.type, _UNKNOWN)
        yield finding("unsupported", item.id, type=item.type[:40], why_zh=zh, why_en=en)
        return
    yield from _check_expressions(item)
    if not item.is_input:
        return
    if not item.label and item.type != "expression":
        yield finding("no_label", item.id)
    if item.type in CHOICES:
        yield from _check_options(item)
    yield from _check_rules(item)
    yield from _check_default(item)


def _check_name(item: Field, names: dict[str, str]) -> Iterator[FormFinding]:
    own = item.key if item.is_input else item.path if item.type in CONTAINERS else ""
    if not own:
        if item.is_input:
            yield finding("no_key", item.id)
        elif item.is_list:
            yield finding("no_path", item.id)
        return
    if not _KEY.fullmatch(own):
        yield finding("bad_key", item.id, key=own[:60])
        return
    if any(part in _RESERVED for part in own.split(".")):
        yield finding("reserved_key", item.id, key=own[:60])
    if item.type == "group":
        return
    for name, other in names.items():
        inside_list = name in item.lists
        if (
            name == item.name
            or name.startswith(item.name + ".")
            or (item.name.startswith(name + ".") and not inside_list)
        ):
            yield finding("duplicate_key", item.id, key=item.name[:60], other=other)
            break
    names.setdefault(item.name, item.id)


def _check_expressions(item: Field) -> Iterator[FormFinding]:
    whole = {
        "conditional.hide": item.condition,
        "valuesExpression": item.values_expression,
        "expression": item.expression if item.type == "expression" else None,
    }
    for where, text in whole.items():
        if text is not None and not is_expression(text):
            yield finding("not_expression", item.id, where=where)
        elif text is not None:
            yield from _check_feel(item, where, text)
    rules = item.rules
    optional = {
        "readonly": item.readonly,
        "disabled": item.disabled,
        "multiple": item.multiple,
        "defaultValue": item.default,
        "validate.required": rules.required,
        "validate.minLength": rules.min_length,
        "validate.maxLength": rules.max_length,
        "validate.min": rules.min,
        "validate.max": rules.max,
    }
    for where, value in optional.items():
        if isinstance(value, str) and is_expression(value):
            yield from _check_feel(item, where, value)
    templates = {
        "label": item.label,
        "description": item.description,
        "text": item.text,
        "accept": item.accept,
        "prefixAdorner": item.prefix,
        "suffixAdorner": item.suffix,
    }
    for where, text in templates.items():
        try:
            for expression in template_expressions(text):
                yield from _check_feel(item, where, expression)
        except TemplateError as error:
            yield finding("template", item.id, where=where, why_zh=error.zh, why_en=error.en)


def _check_feel(item: Field, where: str, text: str) -> Iterator[FormFinding]:
    problem = problem_of(text)
    if problem is not None:
        line, column = getattr(problem, "line", 1), getattr(problem, "column", 1)
        zh, en = problem.zh().split("\n")[0], problem.en().split("\n")[0]
        zh, en = zh.partition("：")[2] or zh, en.partition(": ")[2] or en
        yield finding("feel", item.id, where=where, line=line, column=column, why_zh=zh, why_en=en)


def _check_options(item: Field) -> Iterator[FormFinding]:
    if not item.options and not item.values_key and not item.values_expression:
        yield finding("no_options", item.id)
    seen: set[str] = set()
    for option in item.options or ():
        if option.key in seen:
            yield finding("duplicate_option", item.id, value=option.key[:60])
        seen.add(option.key)


def _check_rules(item: Field) -> Iterator[FormFinding]:
    rules = item.rules
    pairs = (
        ("minLength", rules.min_length, "maxLength", rules.max_length),
        ("min", rules.min, "max", rules.max),
        ("minFiles", rules.min_files, "maxFiles", rules.max_files),
    )
    for low, least, high, most in pairs:
        numbers = isinstance(least, int | float) and isinstance(most, int | float)
        if numbers and any(a > b for a, b in pairwise((least, most))):  # type: ignore[operator]
            yield finding("contradiction", item.id, low=f"{low} {least}", high=f"{high} {most}")
    if item.time_format not in (None, "no_timezone"):
        yield finding("time_format", item.id, value=item.time_format)
    if rules.pattern:
        try:
            compile_pattern(rules.pattern)
        except regex.error as error:
            yield finding("bad_pattern", item.id, pattern=rules.pattern[:60], why=str(error)[:200])
            return
        if is_slow(rules.pattern):
            yield finding("slow_pattern", item.id, pattern=rules.pattern[:60])


def _check_default(item: Field) -> Iterator[FormFinding]:
    value = item.default
    dynamic = item.type in CHOICES and item.options is None
    if value is None or value == "" or is_expression(value) or dynamic or item.type in ("expression", "filepicker"):
        return
    if item.type == "number" and isinstance(value, str):
        typed = read_json(_as_text(item), value, ())
    else:
        typed = read_json(item, value, item.options or ())
    no_limit: Callable[[str], None] = lambda _: None  # noqa: E731
    facts = Facts(item.options or (), False, date.min, 0, no_limit)
    if isinstance(typed, Bad) or (item.type in TEXT_TYPES | {"number"} and check(item, typed, facts)):
        yield finding("bad_default", item.id, value=str(value)[:60])


def _as_text(item: Field) -> Field:
    return Field(id=item.id, type="number", decimal_digits=item.decimal_digits, as_text=True)
