"""Every text a form can answer with, in Chinese and English: what is wrong and what to do.

``INPUT`` is for people who fill in a form, ``FINDINGS`` for process owners who write one.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]

# code -> (Chinese, English); {label} is the field's label.
INPUT: dict[str, tuple[str, str]] = {
    "required": ("请填写“{label}”。", "Enter “{label}”."),
    "required_choice": ("请选择“{label}”。", "Choose “{label}”."),
    "required_checked": ("请勾选“{label}”后再提交。", "Tick “{label}” before you submit."),
    "required_file": ("请为“{label}”选择文件。", "Choose a file for “{label}”."),
    "no_choices": (
        "“{label}”目前没有可选项，无法填写，请联系制度管理员。",
        "There is nothing to choose for “{label}” at present; contact the process owner.",
    ),
    "not_text": ("“{label}”应为文字，请重新填写。", "“{label}” must be text; enter it again."),
    "characters": (
        "“{label}”含有无法保存的控制字符，请删除后再提交。",
        "“{label}” contains control characters that cannot be stored; remove them.",
    ),
    "too_long": (
        "“{label}”最多 {limit} 个字，现有 {size} 个，请缩短。",
        "“{label}” takes at most {limit} characters and has {size}; shorten it.",
    ),
    "too_short": (
        "“{label}”至少 {limit} 个字，现有 {size} 个，请补充。",
        "“{label}” needs at least {limit} characters and has {size}; add to it.",
    ),
    "email": (
        "“{label}”不是有效的电子邮箱，请写成 name@example.com 的形式。",
        "“{label}” is not an e-mail address; write it like name@example.com.",
    ),
    "phone": (
        "“{label}”不是有效的电话号码，请填写 5 至 15 位数字，可含区号和 +，例如 13800138000。",
        "“{label}” is not a phone number; enter 5 to 15 digits, with area code and + if needed, e.g. +86 13800138000.",
    ),
    "pattern": (
        "“{label}”的格式不符合要求，请按此格式填写：{hint}。",
        "“{label}” does not have the required format; write it like this: {hint}.",
    ),
    "pattern_slow": (
        "“{label}”过于复杂，无法核对格式，请缩短后重试。",
        "The format of “{label}” could not be checked in time; shorten it and try again.",
    ),
    "not_number": (
        "“{label}”应为数字，请只填写数字，例如 12.5。",
        "“{label}” must be a number; use digits only, e.g. 12.5.",
    ),
    "number_size": (
        "“{label}”的数字过大或过长，请核对后重填。",
        "The number in “{label}” is too large or too long; check it and enter it again.",
    ),
    "decimals": (
        "“{label}”最多保留 {limit} 位小数，请修改。",
        "“{label}” takes at most {limit} decimal places; change it.",
    ),
    "whole_number": ("“{label}”应为整数，请去掉小数部分。", "“{label}” must be a whole number; remove the decimals."),
    "too_small": ("“{label}”不能小于 {limit}，请修改。", "“{label}” must be at least {limit}; change it."),
    "too_large": ("“{label}”不能大于 {limit}，请修改。", "“{label}” must be at most {limit}; change it."),
    "not_date": (
        "“{label}”不是有效日期，请写成 2026-03-02 的形式。",
        "“{label}” is not a valid date; write it like 2026-03-02.",
    ),
    "not_time": (
        "“{label}”不是有效时间，请写成 14:30 的形式。",
        "“{label}” is not a valid time; write it like 14:30.",
    ),
    "not_datetime": (
        "“{label}”不是有效的日期和时间，请写成 2026-03-02T14:30 的形式。",
        "“{label}” is not a valid date and time; write it like 2026-03-02T14:30.",
    ),
    "passed_date": (
        "“{label}”不能早于今天（{limit}），请选择今天或以后的日期。",
        "“{label}” must not be before today ({limit}); choose today or a later date.",
    ),
    "not_choice": (
        "“{label}”的选项“{value}”不在可选范围内，请从列表中重新选择。",
        "“{value}” is not one of the choices for “{label}”; choose from the list.",
    ),
    "not_boolean": ("“{label}”只能是“是”或“否”。", "“{label}” must be true or false."),
    "not_list": ("“{label}”应为列表，请按列表提交。", "“{label}” must be a list; send a list."),
    "not_object": (
        "“{label}”应由若干项目组成，请按项目提交。",
        "“{label}” must be an object with entries; send an object.",
    ),
    "too_many_rows": (
        "“{label}”最多 {limit} 行，请删除多余的行。",
        "“{label}” takes at most {limit} rows; remove some.",
    ),
    "too_few_files": (
        "“{label}”至少需要 {limit} 个文件，请补充。",
        "“{label}” needs at least {limit} files; add more.",
    ),
    "too_many_files": ("“{label}”最多 {limit} 个文件，请减少。", "“{label}” takes at most {limit} files; remove some."),
    "unknown_key": (
        "表单中没有“{value}”这一项，请删除它或核对名称。",
        "The form has no field “{value}”; remove it or check its name.",
    ),
    "read_only": ("“{label}”为只读，不能修改，请不要提交它。", "“{label}” is read only; do not send another value."),
    "expression": (
        "“{label}”无法计算，请联系制度管理员检查其表达式。",
        "“{label}” could not be computed; ask the process owner to check its expression.",
    ),
}

# code -> (severity, Chinese, English)
FINDINGS: dict[str, tuple[Severity, str, str]] = {
    "unsupported": (
        "error",
        "不支持“{type}”组件：{why_zh}。请改用其他组件。",
        "“{type}” components are not supported: {why_en}. Use another component.",
    ),
    "newer_version": (
        "warning",
        "表单由较新的编辑器保存（版本 {version}，已知到 {known}），新增的设置可能不起作用。",
        "The form was saved by a newer editor (version {version}, known: {known}); new settings may have no effect.",
    ),
    "no_key": (
        "error",
        "该输入项没有键名（key），请填写变量名。",
        "This input has no key; give it the name of a variable.",
    ),
    "bad_key": (
        "error",
        "键名或路径“{key}”只能由字母、数字、下划线和点组成，请修改。",
        "Key or path “{key}” may only consist of letters, digits, underscores and dots; change it.",
    ),
    "reserved_key": (
        "error",
        "键名“{key}”是表达式的保留名称，请换一个。",
        "Key “{key}” is reserved for expressions; choose another.",
    ),
    "duplicate_key": (
        "error",
        "键名“{key}”重复（另见“{other}”），请改名，否则后者会覆盖前者。",
        "Key “{key}” is used twice (see also “{other}”); rename one or the later value replaces the earlier.",
    ),
    "duplicate_id": ("error", "组件编号“{key}”重复，请改名。", "Component id “{key}” is used twice; rename one."),
    "no_label": (
        "warning",
        "该输入项没有标签，读屏软件无法说明它。",
        "This input has no label; screen readers cannot name it.",
    ),
    "no_options": (
        "error",
        "没有可选项，请填写选项或其来源。",
        "There is nothing to choose; give options or their source.",
    ),
    "duplicate_option": ("error", "选项值“{value}”重复，请修改。", "Option value “{value}” is used twice; change one."),
    "bad_default": (
        "error",
        "默认值“{value}”不符合该项的规则，请修改或清空。",
        "Default value “{value}” breaks the rules of this field; change or clear it.",
    ),
    "feel": (
        "error",
        "“{where}”中的表达式有误（第 {line} 行第 {column} 列）：{why_zh}",
        "The expression in “{where}” is wrong (line {line}, column {column}): {why_en}",
    ),
    "not_expression": (
        "error",
        "“{where}”应为以 = 开头的表达式，请修改。",
        "“{where}” must be an expression that starts with =; change it.",
    ),
    "template": (
        "error",
        "“{where}”中的模板标记有误：{why_zh}。",
        "The template in “{where}” is wrong: {why_en}.",
    ),
    "bad_pattern": (
        "error",
        "格式规则“{pattern}”不是有效的正则表达式：{why}。请修改。",
        "“{pattern}” is not a valid regular expression: {why}. Change it.",
    ),
    "slow_pattern": (
        "error",
        "格式规则“{pattern}”会使核对耗时过长，请去掉嵌套的重复，例如把 (a+)+ 改为 a+。",
        "“{pattern}” can take far too long to check; remove nested repetition, e.g. write a+ instead of (a+)+.",
    ),
    "contradiction": (
        "error",
        "“{low}”的下限大于“{high}”的上限，无法填写，请修改。",
        "The lower limit “{low}” is above the upper limit “{high}”: nothing can be entered; change one.",
    ),
    "no_path": (
        "error",
        "重复列表没有路径（path），请填写变量名。",
        "The repeating list has no path; give it the name of a variable.",
    ),
    "time_format": (
        "warning",
        "时间按机构所在时区的当地时间保存，“{value}”设置不起作用。",
        "Times are stored as local time of the organisation; the setting “{value}” has no effect.",
    ),
    "no_fields": ("warning", "表单没有任何输入项。", "The form has no inputs."),
}


@dataclass(frozen=True)
class Message:
    """Why an input was refused: a code of ``INPUT`` with its parameters."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str, label: str) -> str:
        """The message in ``language``, zh or en, speaking of the field as ``label``."""
        zh, en = INPUT[self.code]
        return (zh if language.startswith("zh") else en).format(**{"label": label, **self.params})


@dataclass(frozen=True)
class FormFinding:
    """What a process owner should know about a form: an error blocks its release, a warning does not."""

    severity: Severity
    component: str
    code: str
    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        """The finding in ``language``, zh or en."""
        return self.zh if language.startswith("zh") else self.en


def finding(code: str, component: str, **params: Any) -> FormFinding:
    """The finding ``code`` about ``component`` with its parameters filled in."""
    severity, zh, en = FINDINGS[code]
    return FormFinding(severity, component, code, zh.format(**params), en.format(**params))


class FormError(Exception):
    """A form that cannot be read: ``file``, ``component`` (an id, or empty) and the reason as ``zh`` and ``en``."""

    def __init__(self, file: str, component: str, zh: str, en: str) -> None:
        self.file, self.component, self.zh, self.en = file, component, zh, en
        super().__init__(self.text("en"))

    def text(self, language: str = "zh") -> str:
        """Where and why, in ``language``, zh or en."""
        chinese = language.startswith("zh")
        where = f"{self.file}（{self.component}）" if chinese else f"{self.file} ({self.component})"
        reason = self.zh if chinese else self.en
        return (where if self.component else self.file) + ("：" if chinese else ": ") + reason
