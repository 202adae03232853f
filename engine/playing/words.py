"""What to call things when a path is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engine.types import Name

TYPES: Mapping[str, tuple[str, Name]] = {
    "startEvent": ("○", Name("开始", "start")),
    "endEvent": ("●", Name("结束", "end")),
    "intermediateCatchEvent": ("◎", Name("捕获", "catch")),
    "intermediateThrowEvent": ("◉", Name("抛出", "throw")),
    "boundaryEvent": ("◎", Name("边界", "boundary")),
    "userTask": ("■", Name("用户任务", "user task")),
    "manualTask": ("▪", Name("手工任务", "manual task")),
    "task": ("▪", Name("任务", "task")),
    "serviceTask": ("▪", Name("服务任务", "service task")),
    "sendTask": ("▪", Name("发送任务", "send task")),
    "receiveTask": ("▪", Name("接收任务", "receive task")),
    "scriptTask": ("▪", Name("脚本任务", "script task")),
    "businessRuleTask": ("▦", Name("业务规则", "business rule")),
    "callActivity": ("◁", Name("调用结束", "call over")),
    "subProcess": ("◁", Name("子流程结束", "subprocess over")),
    "adHocSubProcess": ("◁", Name("临时子流程结束", "ad hoc over")),
    "exclusiveGateway": ("◇", Name("排他网关", "exclusive")),
    "parallelGateway": ("◇", Name("并行网关", "parallel")),
    "inclusiveGateway": ("◇", Name("相容网关", "inclusive")),
    "eventBasedGateway": ("◇", Name("事件网关", "event-based")),
}
"""element type -> symbol and what was passed"""

BEGAN: Mapping[str, Name] = {
    "callActivity": Name("调用", "call"),
    "subProcess": Name("子流程", "subprocess"),
    "adHocSubProcess": Name("临时子流程", "ad hoc"),
}

EVENTS: Mapping[str, Name] = {
    "timer": Name("定时", "timer"),
    "message": Name("消息", "message"),
    "signal": Name("信号", "signal"),
    "error": Name("错误", "error"),
    "escalation": Name("升级", "escalation"),
    "compensate": Name("补偿", "compensation"),
    "conditional": Name("条件", "condition"),
    "terminate": Name("终止", "terminate"),
    "link": Name("链接", "link"),
}

MARKS: Mapping[str, tuple[str, Name]] = {
    "withdrawn": ("✕", Name("取消", "withdrawn")),
    "task": ("□", Name("待办", "to do")),
    "timer": ("◷", Name("计时", "clock set")),
    "waits": ("◌", Name("等待", "waits for")),
}
"""what happened -> symbol and word, where the type of the element does not matter"""

ORIGINS: Mapping[str, Name] = {
    "example": Name("元素的示例数据", "the element's example"),
    "form": Name("按表单编的值", "made up for its form"),
    "impossible": Name("表单的值编不出来，未填", "its form could not be filled in"),
    "nothing": Name("无数据", "nothing"),
    "scenario": Name("场景", "the scenario"),
    "given": Name("给定", "given"),
    "table": Name("决策表", "the table"),
}
"""where values came from"""

STATES: Mapping[str, Name] = {
    "waiting": Name("场景已走完，流程还在等待", "The scenario is over; the process still waits"),
    "stuck": Name("没有可以继续的步骤，流程还没有结束", "Nothing can move; the process has not ended"),
    "limit": Name(
        "已达步数上限（--limit），流程还没有结束", "The limit of steps is reached (--limit); the process has not ended"
    ),
}


def long(span: timedelta, language: str) -> str:
    """A span of time in days, hours, minutes and seconds."""
    seconds = int(span.total_seconds())
    amounts = (
        (seconds // 86_400, "天", "d"),
        (seconds // 3600 % 24, "小时", "h"),
        (seconds // 60 % 60, "分钟", "min"),
        (seconds % 60, "秒", "s"),
    )
    zh = language == "zh"
    parts = [f"{count} {unit_zh if zh else unit}" for count, unit_zh, unit in amounts if count]
    return " ".join(parts) or ("0 分钟" if zh else "0 min")
