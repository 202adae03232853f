"""The texts of every syntax error and every reason for a null, in English and Simplified Chinese."""

from typing import Any

# code -> (English, Chinese); filled with str.format from the parameters of the error or problem.
SYNTAX: dict[str, tuple[str, str]] = {
    "unexpected": ("found {found}, expected {expected}", "此处是{found_zh}，应为{expected_zh}"),
    "bad_character": ("the character {found} has no meaning here", "此处不能使用字符 {found}"),
    "full_width": (
        "the full-width character {found} has no meaning here; write {plain}",
        "此处不能使用全角字符 {found}，请改用半角 {plain}",
    ),
    "unterminated_string": ('the text is not closed with a "', '字符串缺少结尾的双引号 "'),
    "unterminated_comment": ("the comment is not closed with */", "注释缺少结尾的 */"),
    "bad_escape": ("{found} is not a valid escape in a text", "{found} 不是有效的转义字符"),
    "external_function": (
        "external functions are not supported: an expression cannot reach program code",
        "不支持 external 外部函数：表达式不能调用程序代码",
    ),
    "not_without_parentheses": ("write not(...) with parentheses", "请写成带括号的 not(...)"),
    "unknown_type": ("{found} is not the name of a type", "{found} 不是已知的类型名称"),
    "mixed_arguments": (
        "arguments are either all named or all by position",
        "参数要么全部按名称给出，要么全部按位置给出",
    ),
}

LIMITS: dict[str, tuple[str, str]] = {
    "text_too_long": ("the expression is longer than {limit} characters", "表达式超过 {limit} 个字符"),
    "too_deep": ("the expression is nested too deeply", "表达式嵌套过深"),
    "too_many_steps": ("the expression takes more than {limit} steps", "表达式的计算超过 {limit} 步"),
    "text_value_too_long": ("a text grew longer than {limit} characters", "字符串超过 {limit} 个字符"),
    "pattern_too_slow": ("a regular expression took too long", "正则表达式匹配耗时过长"),
    "pattern_too_long": ("a regular expression is too long", "正则表达式过长"),
    "pattern_text_too_long": (
        "a regular expression is matched with texts of at most {limit} characters",
        "正则表达式只用于不超过 {limit} 个字符的字符串",
    ),
    "result_too_large": ("the result has more than {limit} parts", "结果超过 {limit} 个元素"),
}

PROBLEMS: dict[str, tuple[str, str]] = {
    "unknown_name": ("there is no variable {name}", "没有名为 {name} 的变量"),
    "unknown_entry": ("the context has no entry {name}", "上下文中没有名为 {name} 的条目"),
    "no_property": ("a {kind} has no property {name}", "{kind_zh}没有名为 {name} 的属性"),
    "wrong_types": (
        "{operation} is not defined for {left} and {right}",
        "{operation} 不能用于{left_zh}和{right_zh}",
    ),
    "wrong_type": ("{operation} is not defined for {kind}", "{operation} 不能用于{kind_zh}"),
    "no_order": ("{left} and {right} cannot be compared", "{left_zh}与{right_zh}不能比较"),
    "not_boolean": ("{operation} needs true or false, not {kind}", "{operation} 需要 true 或 false，而不是{kind_zh}"),
    "division_by_zero": ("division by zero", "除数为零"),
    "out_of_range": ("the result of {operation} is out of range", "{operation} 的结果超出范围"),
    "index": ("there is no element {index} in a list of {size}", "列表共 {size} 个元素，没有第 {index} 个"),
    "duplicate_key": ("the context has two entries {name}", "上下文中有两个名为 {name} 的条目"),
    "not_a_function": ("{name} is not a function", "{name} 不是函数"),
    "unknown_function": ("there is no function {name}", "没有名为 {name} 的函数"),
    "arguments": ("{function} cannot be called with ({found})", "{function} 不能以 ({found}) 调用"),
    "argument_name": ("{function} has no parameter {name}", "{function} 没有名为 {name} 的参数"),
    "argument_value": ("{function}: {value} is not possible for {name}", "{function}：{name} 不能为 {value}"),
    "invalid_literal": ("{value} is not a valid {kind}", "{value} 不是有效的{kind_zh}"),
    "too_precise": ("{value} is finer than can be told apart here", "{value} 的精度超出此处可区分的范围"),
    "invalid_pattern": ("{value} is not a valid regular expression", "{value} 不是有效的正则表达式"),
    "not_iterable": ("{operation} needs a list or a range, not {kind}", "{operation} 需要列表或区间，而不是{kind_zh}"),
    "not_countable": (
        "only a range from one whole number or date to another can be run through",
        "只能逐个遍历两端都是整数或都是日期的区间",
    ),
    "no_clock": ("{function}() needs a clock and the caller gave none", "{function}() 需要当前时间，但调用方未提供"),
    "unknown_type": ("{name} is not the name of a type", "{name} 不是已知的类型名称"),
    "refused_value": ("a value of the kind {kind} cannot be used in an expression", "表达式中不能使用 {kind} 类型的值"),
    "assertion": ("the condition of assert does not hold", "assert 的条件不成立"),
    "assertion_cause": ("the condition of assert does not hold: {cause}", "assert 的条件不成立：{cause}"),
    "function_failed": ("{function} gave no result: {reason}", "{function} 没有结果：{reason}"),
}

KINDS_ZH: dict[str, str] = {
    "null": "空值",
    "boolean": "布尔值",
    "number": "数字",
    "string": "字符串",
    "date": "日期",
    "time": "时间",
    "date and time": "日期时间",
    "days and time duration": "天时时长",
    "years and months duration": "年月时长",
    "duration": "时长",
    "range": "区间",
    "list": "列表",
    "context": "上下文",
    "function": "函数",
}

EXPECTED_ZH: dict[str, str] = {
    "a value": "一个值",
    "an operator or the end": "运算符或表达式结尾",
    "a name": "名称",
    "the end": "表达式结尾",
    "a type": "类型名称",
    "a text": "字符串",
}


def english(table: dict[str, tuple[str, str]], code: str, params: dict[str, Any]) -> str:
    """The English text for a code."""
    return table[code][0].format(**params)


def chinese(table: dict[str, tuple[str, str]], code: str, params: dict[str, Any]) -> str:
    """The Chinese text for a code; kinds and expectations among the parameters are translated."""
    filled = dict(params)
    for key, value in params.items():
        filled[f"{key}_zh"] = KINDS_ZH.get(value, EXPECTED_ZH.get(value, value)) if isinstance(value, str) else value
    if "found" in params:
        filled["found_zh"] = EXPECTED_ZH.get(params["found"], f" {params['found']}")
    if filled.get("expected_zh") == filled.get("expected") and "expected" in filled:
        filled["expected_zh"] = f" {filled['expected']}".replace(" or ", " 或 ")
    return table[code][1].format(**filled)
