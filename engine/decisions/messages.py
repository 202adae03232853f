"""The texts of findings and errors, in Simplified Chinese and English."""

from __future__ import annotations

from typing import Any

Text = dict[str, str]
"""A text in both languages: {"zh": ..., "en": ...}."""

# code -> (Chinese, English), filled with str.format
TEXTS: dict[str, tuple[str, str]] = {
    # the file
    "not_dmn": (
        "不是 DMN 1.1 至 1.5 的文件；请用建模工具打开后重新保存",
        "this is no DMN 1.1 to 1.5 file; open it in the modeller and save it again",
    ),
    "no_version": (
        "文件没有写明 DMN 版本，按最新版本读取；请用建模工具打开后重新保存",
        "the file does not say which DMN version it is and is read as the latest; open it in the modeller and save it",
    ),
    "too_many_texts": (
        "文件中的单元格和表达式超过 {limit} 个，请拆分",
        "the file has more than {limit} cells and expressions; split it",
    ),
    "unknown_element": ("此处不认识元素 {name}", "the element {name} is not known here"),
    "import_kind": ("只能导入 DMN 文件", "only DMN files can be imported"),
    "import_missing": (
        "没有命名空间为 {namespace} 的 DMN 文件，或它反过来导入本文件",
        "there is no DMN file with the namespace {namespace}, or it imports this file in turn",
    ),
    "identity": ("“{name}”没有 id，或 id 与别处重复", "“{name}” has no id, or one that is already used"),
    "language": (
        "不支持表达式语言 {language}，请改用 FEEL",
        "the expression language {language} is not supported; write it in FEEL",
    ),
    "no_decision": ("文件中没有这个决策（有：{known}）", "there is no such decision in the file (there are: {known})"),
    "no_logic": (
        "没有决策表或表达式，结果总是空值；请补上，或删去这个决策",
        "there is no table or expression, so its value is always null; add one or delete the decision",
    ),
    "no_body": ("业务知识模型没有内容", "the business knowledge model has no logic"),
    "dangling": ("所依赖的元素 {href} 不存在", "the required element {href} does not exist"),
    "circle": ("决策之间循环依赖：{path}", "decisions require each other in a circle: {path}"),
    "foreign_service": (
        "决策服务只能包含本文件的决策",
        "a decision service can only hold decisions of its own file",
    ),
    "no_output_decision": ("决策服务没有输出决策", "the decision service has no output decision"),
    "not_required": (
        "用到了“{name}”，但图中没有连线依赖它，取值将为空；请在图中连线",
        "it reads “{name}” without requiring it, so the value will be null; connect the two in the diagram",
    ),
    "unknown_function": ("没有名为“{name}”的函数", "there is no function “{name}”"),
    "not_given": ("未提供输入“{name}”", "the input “{name}” was not given"),
    # types
    "unknown_type": ("没有名为“{name}”的类型", "there is no type “{name}”"),
    "type_name": ("类型没有名称或名称重复", "a type has no name, or one that is already used"),
    "type_circle": ("类型引用自身", "the type refers to itself"),
    "part_name": ("组成部分没有名称或名称重复", "a component has no name, or one that is already used"),
    "misfit": ("值 {value} 不符合类型“{type}”", "the value {value} is not a “{type}”"),
    "misfit_listed": (
        "值 {value} 不符合类型“{type}”（可取：{options}）",
        "the value {value} is not a “{type}” (possible: {options})",
    ),
    "input_not_allowed": (
        "输入值 {value} 不在允许的范围内（{allowed}）",
        "the input value {value} is not one of those allowed ({allowed})",
    ),
    "output_not_allowed": (
        "输出值 {value} 不在允许的范围内（{allowed}）",
        "the output value {value} is not one of those allowed ({allowed})",
    ),
    # boxed expressions
    "expression_kind": ("不支持的表达式种类 {kind}", "an expression of the kind {kind} is not supported"),
    "several_expressions": ("此处有多于一个表达式", "there is more than one expression here"),
    "imported_values": ("不支持 importedValues", "importedValues is not supported"),
    "entry_name": ("上下文条目没有名称或名称重复", "a context entry has no name, or one that is already used"),
    "result_entry": ("结果条目必须是最后一条", "the result entry must be the last one"),
    "no_callee": ("调用没有写明函数", "the invocation names no function"),
    "no_parameter": ("绑定没有参数名", "a binding names no parameter"),
    "row_width": ("应有 {wanted} 格，实有 {found} 格", "it has {found} cells, not {wanted}"),
    "function_kind": ("不支持 {kind} 函数，请用 FEEL", "functions in {kind} are not supported; use FEEL"),
    # decision tables
    "hit_policy": ("不认识的命中策略 {policy}", "the hit policy {policy} is not known"),
    "aggregation": ("汇总方式 {operator} 不能用于 {policy}", "the aggregation {operator} does not fit {policy}"),
    "column_type": (
        "该列的类型是“{type}”，但没有一个单元格是这种类型，因此不按它检查；请改正类型",
        "the column is of type “{type}” but none of its cells is, so the type is not checked; correct it",
    ),
    "no_input_expression": ("输入列没有表达式", "the input column has no expression"),
    "no_output": ("决策表没有输出列", "the decision table has no output column"),
    "output_name": (
        "有多个输出列时，每列须有不同的名称",
        "with several output columns each needs a name of its own",
    ),
    "aggregate_columns": (
        "汇总只能用于一个输出列的决策表",
        "an aggregation needs a decision table with one output column",
    ),
    "no_priority": (
        "命中策略“优先级”和“输出顺序”需要在输出列写明输出值的顺序",
        "hit policies Priority and Output order need the output values, in order, on an output column",
    ),
    "rule_width": (
        "应有 {inputs} 个输入格和 {outputs} 个输出格，实有 {found_inputs} 和 {found_outputs} 个",
        "it has {found_inputs} input and {found_outputs} output cells, not {inputs} and {outputs}",
    ),
    # evaluation
    "depth": ("调用嵌套超过 {limit} 层", "calls are nested more than {limit} deep"),
    "nesting": ("嵌套过深", "it is nested too deeply"),
    "calls": ("调用超过 {limit} 次", "there are more than {limit} calls"),
    "unique": (
        "命中策略“唯一”要求至多一条规则成立，但第 {rules} 条同时成立",
        "hit policy Unique allows one rule, but rules {rules} all match",
    ),
    "any": (
        "命中策略“任意”要求输出相同，但第 {first} 条输出 {left}，第 {second} 条输出 {right}",
        "hit policy Any needs equal outputs, but rule {first} gives {left} and rule {second} gives {right}",
    ),
    "not_a_number": ("{value} 不是数字，不能求和", "{value} is no number and cannot be added up"),
    "not_boolean": ("{value} 不是真假值，不能用于筛选", "{value} is neither true nor false and cannot filter"),
    "sum_range": ("总和超出数字范围", "the sum is out of the range of numbers"),
    "no_order": ("{left} 与 {right} 不能比较大小", "{left} and {right} cannot be compared"),
    "no_rank": (
        "输出 {value} 不在输出值列表中，无法排序",
        "the output {value} is not among the output values and has no priority",
    ),
    # analysis of tables
    "overlap": (
        "第 {first} 条与第 {second} 条规则重叠，命中策略为“唯一”。例如：{example}",
        "rules {first} and {second} overlap under hit policy Unique, for example {example}",
    ),
    "conflict": (
        "第 {first} 条与第 {second} 条规则同时成立但输出不同，命中策略为“任意”。例如：{example}",
        "rules {first} and {second} match together with different outputs under hit policy Any, for example {example}",
    ),
    "gap": ("没有规则适用于：{example}", "no rule applies to {example}"),
    "more_gaps": ("另有 {count} 种情况没有规则适用", "{count} more cases have no rule"),
    "never_matches": ("这条规则永远不会成立", "this rule can never match"),
    "never_first": (
        "这条规则永远轮不到：前面的规则已经覆盖它的所有情况",
        "this rule is never reached: the rules before it cover all its cases",
    ),
    "cell_not_allowed": (
        "{value} 不在该列允许的值之内（{allowed}）",
        "{value} is not among the values allowed for this column ({allowed})",
    ),
    "too_large": (
        "表格过大，未能检查规则是否完整、是否重叠",
        "the table is too large to check for gaps and overlaps",
    ),
    "related": (
        "有两列取自同一个值，未检查规则是否完整",
        "two columns look at the same value, so gaps were not looked for",
    ),
    "anything": ("任意值", "any value"),
    "other_value": ("其他值", "any other value"),
}


def say(code: str, **params: Any) -> Text:
    """The text for a code in both languages; a parameter may itself be a Text."""
    zh, en = TEXTS[code]
    return {"zh": zh.format(**_in(params, "zh")), "en": en.format(**_in(params, "en"))}


def _in(params: dict[str, Any], language: str) -> dict[str, Any]:
    return {key: value[language] if isinstance(value, dict) else value for key, value in params.items()}
