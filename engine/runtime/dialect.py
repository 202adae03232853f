"""What the reader knows of BPMN 2.0.2 and of the zeebe extensions: what it reads, what has no meaning for execution,
and what is refused with a way out. Whatever is in none of these tables is refused too, so nothing is dropped silently.
"""

from __future__ import annotations

from dataclasses import dataclass

Reason = tuple[str, str]
"""Why something is refused and what to do instead, in Chinese and English."""

_ACTIVITIES = frozenset(
    [
        "userTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "adHocSubProcess",
        "task",
        "manualTask",
    ]
)
_CATCHING = frozenset(["startEvent", "intermediateCatchEvent", "boundaryEvent"])
_THROWING = frozenset(["endEvent", "intermediateThrowEvent"])
_JOBS = frozenset(["serviceTask", "sendTask", "businessRuleTask", "scriptTask"]) | _THROWING
_USER_TASK = frozenset(["userTask"])
_BOUND = ("bindingType", "versionTag")


@dataclass(frozen=True)
class Extension:
    """A zeebe extension element: where it may stand, its attributes and its child elements."""

    hosts: frozenset[str]
    attributes: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()


EXTENSIONS: dict[str, Extension] = {
    "userTask": Extension(_USER_TASK),
    "assignmentDefinition": Extension(_USER_TASK, frozenset(["assignee", "candidateGroups", "candidateUsers"])),
    "taskSchedule": Extension(_USER_TASK, frozenset(["dueDate", "followUpDate"])),
    "priorityDefinition": Extension(_USER_TASK, frozenset(["priority"])),
    "formDefinition": Extension(_USER_TASK | {"startEvent"}, frozenset(["formId", "formKey", *_BOUND])),
    "userTaskForm": Extension(frozenset(["process"]), frozenset(["id"])),
    "taskDefinition": Extension(_JOBS, frozenset(["type", "retries"])),
    "taskHeaders": Extension(_JOBS | _USER_TASK, children=frozenset(["header"])),
    "jobPriorityDefinition": Extension(_JOBS | {"process"}, frozenset(["priority"])),
    "ioMapping": Extension(_ACTIVITIES | _CATCHING | _THROWING, children=frozenset(["input", "output"])),
    "script": Extension(frozenset(["scriptTask"]), frozenset(["expression", "resultVariable"])),
    "calledDecision": Extension(frozenset(["businessRuleTask"]), frozenset(["decisionId", "resultVariable", *_BOUND])),
    "calledElement": Extension(
        frozenset(["callActivity"]),
        frozenset(["processId", "propagateAllChildVariables", "propagateAllParentVariables", *_BOUND]),
    ),
    "loopCharacteristics": Extension(
        frozenset(["multiInstanceLoopCharacteristics"]),
        frozenset(["inputCollection", "inputElement", "outputCollection", "outputElement"]),
    ),
    "adHoc": Extension(
        frozenset(["adHocSubProcess"]), frozenset(["activeElementsCollection", "outputCollection", "outputElement"])
    ),
    "conditionalFilter": Extension(frozenset(["conditionalEventDefinition"]), frozenset(["variableEvents"])),
    "subscription": Extension(frozenset(["message"]), frozenset(["correlationKey"])),
    "versionTag": Extension(frozenset(["process"]), frozenset(["value"])),
    "properties": Extension(
        _ACTIVITIES
        | _CATCHING
        | _THROWING
        | {"process", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"},
        children=frozenset(["property"]),
    ),
    "input": Extension(frozenset(["ioMapping"]), frozenset(["source", "target"])),
    "output": Extension(frozenset(["ioMapping"]), frozenset(["source", "target"])),
    "property": Extension(frozenset(["properties"]), frozenset(["name", "value"])),
    "header": Extension(frozenset(["taskHeaders"]), frozenset(["id", "key", "value"])),
}
"""The extension elements that are read, with the attributes that are read."""

NO_INPUTS = _CATCHING
"""Elements that begin with an event: there is nothing yet that input mappings could serve."""

REFUSED_EXTENSIONS: dict[str, Reason] = {
    "executionListeners": (
        "不支持执行监听器，请改画成服务任务",
        "execution listeners are not supported; draw a service task instead",
    ),
    "taskListeners": (
        "不支持任务监听器，请改用边界事件或服务任务",
        "task listeners are not supported; use boundary events or service tasks",
    ),
    "linkedResources": (
        "不支持链接资源，请用决策、表单或信函的编号引用",
        "linked resources are not supported; refer to decisions, forms and letters by their id",
    ),
    "agentDefinition": (
        "不支持智能代理任务（agent），请改用允许清单中的服务类型",
        "agent tasks are not supported; use a topic of the allow-list",
    ),
}

REFUSED_ATTRIBUTES: dict[tuple[str, str], Reason] = {
    ("formDefinition", "externalReference"): (
        "不支持外部表单，请填写表单编号（formId）",
        "external forms are not supported; give a form id (formId)",
    ),
    ("calledElement", "businessId"): (
        "被调用的流程沿用投诉编号，不能另取业务编号（businessId），请删除它",
        "a called process keeps the complaint's number and cannot have a business id of its own; remove businessId",
    ),
    ("calledElement", "processIdExpression"): (
        "processIdExpression 已废弃，请把表达式写进 processId",
        "processIdExpression is out of date; write the expression into processId",
    ),
}

NO_FORM_KEY: Reason = (
    "不支持此 formKey，请填写表单编号（formId），即 forms/ 中的文件名，或嵌入的表单（camunda-forms:bpmn:编号）",
    "this formKey is not supported; give the form id (formId), the file name in forms/, or that of an embedded form (camunda-forms:bpmn:ID)",
)
EMBEDDED = "camunda-forms:bpmn:"
"""Begins the formKey of a form embedded in the diagram, as Camunda's modelers wrote it up to 8.5."""

NO_EFFECT: dict[str, Reason] = {
    "jobPriorityDefinition": (
        "作业优先级不起作用：服务在这一步当场完成，不排队",
        "the job priority has no effect: services run at once and do not queue",
    ),
}
"""Extensions that are read, but change nothing here."""

BINDINGS = ("latest", "deployment", "versionTag")
"""Which version of a process, decision or form an element takes; latest when nothing is said (Camunda 8)."""

PRESENTATION = frozenset(
    [
        "modelerTemplate",
        "modelerTemplateVersion",
        "modelerTemplateIcon",
        "modelerConfigurationTemplate",
        "modelerConfigurationName",
    ]
)
"""zeebe attributes that only a modeller reads."""

FLOW_NODE_ATTRIBUTES = frozenset(
    [
        "id",
        "name",
        "default",
        "attachedToRef",
        "cancelActivity",
        "isInterrupting",
        "triggeredByEvent",
        "messageRef",
        "gatewayDirection",
        "implementation",
        "operationRef",
        "scriptFormat",
        "calledElement",
        "method",
        "isForCompensation",
        "cancelRemainingInstances",
        "protocol",
    ]
)
"""BPMN attributes of flow nodes that are read, or say nothing about execution."""

ONLY_VALUES: dict[str, tuple[str, Reason]] = {
    "ordering": (
        "Parallel",
        (
            "临时子流程不支持“依次”（Sequential），要依次办理的步骤请用连线连起来",
            "sequential ordering of an ad-hoc subprocess is not supported; connect the steps that follow each other",
        ),
    ),
    "startQuantity": ("1", ("不支持多个启动令牌，请用并行网关", "a start quantity is not supported; use a parallel gateway")),
    "completionQuantity": (
        "1",
        ("不支持多个完成令牌，请用并行网关", "a completion quantity is not supported; use a parallel gateway"),
    ),
    "instantiate": (
        "false",
        (
            "不支持由接收任务或事件网关启动流程，请画消息开始事件",
            "starting a process by a receive task or event gateway is not supported; draw a message start event",
        ),
    ),
    "eventGatewayType": (
        "Exclusive",
        ("不支持并行事件网关，请用并行网关加捕获事件", "parallel event gateways are not supported; use a parallel gateway and catch events"),
    ),
    "parallelMultiple": (
        "false",
        ("不支持并行多重事件，请拆成多个事件", "parallel multiple events are not supported; split them into several events"),
    ),
}  # fmt: skip
"""BPMN attributes of which only one value can be executed."""

FLOW_NODE_CHILDREN = frozenset(
    [
        "extensionElements",
        "documentation",
        "incoming",
        "outgoing",
        "multiInstanceLoopCharacteristics",
        "ioSpecification",
        "property",
        "dataInput",
        "dataOutput",
        "dataInputAssociation",
        "dataOutputAssociation",
        "inputSet",
        "outputSet",
        "auditing",
        "monitoring",
        "categoryValueRef",
        "rendering",
    ]
)
"""Child elements of flow nodes that are read, or say nothing about execution."""

REFUSED_CHILDREN: dict[str, Reason] = {
    "standardLoopCharacteristics": (
        "不支持标准循环标记，请用网关画出循环或使用多实例",
        "standard loop markers are not supported; draw the loop with a gateway or use multi-instance",
    ),
    "eventDefinitionRef": (
        "不支持引用共用的事件定义，请把触发条件写在事件里",
        "shared event definitions are not supported; put the trigger into the event",
    ),
    "script": (
        "不支持脚本语言，请改用 FEEL 表达式（zeebe:script）",
        "script languages are not supported; use a FEEL expression (zeebe:script)",
    ),
    **dict.fromkeys(
        ("resourceRole", "performer", "humanPerformer", "potentialOwner"),
        (
            "不读取资源角色，请放进泳道或填写候选组",
            "resource roles are not read; use a lane or candidate groups",
        ),
    ),
}

SCOPE_CHILDREN = frozenset(
    [
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "group",
        "category",
        "supports",
        "artifact",
    ]
) | (FLOW_NODE_CHILDREN - {"rendering"})
"""What may stand in a process or subprocess beside flow nodes and sequence flows, without meaning for execution."""

REFUSED_ELEMENTS: dict[str, Reason] = {
    "transaction": (
        "不支持事务子流程，请改用普通子流程和错误边界事件",
        "transactions are not supported; use an embedded subprocess and error boundary events",
    ),
    "complexGateway": (
        "不支持复杂网关，请改用排他、并行或相容网关",
        "complex gateways are not supported; use exclusive, parallel or inclusive ones",
    ),
}

REFUSED_EVENTS: dict[str, Reason] = {
    "cancel": REFUSED_ELEMENTS["transaction"],
}

EVENTS_AT: dict[str, frozenset[str]] = {
    "startEvent": frozenset(["none", "timer", "message", "signal"]),
    "subprocess startEvent": frozenset(["none"]),
    "triggered startEvent": frozenset(["timer", "message", "signal", "error", "escalation", "conditional"]),
    "endEvent": frozenset(["none", "message", "signal", "error", "escalation", "compensate", "terminate"]),
    "intermediateThrowEvent": frozenset(["none", "message", "signal", "escalation", "compensate", "link"]),
    "intermediateCatchEvent": frozenset(["timer", "message", "signal", "conditional", "link"]),
    "boundaryEvent": frozenset(["timer", "message", "signal", "error", "escalation", "conditional", "compensate"]),
}
"""Which triggers an event may have (BPMN 2.0.2, tables 10.84 to 10.92, as far as they are executed)."""

OTHER_ENGINES = (
    "http://camunda.org/schema/1.0/bpmn",
    "http://activiti.org/bpmn",
    "http://flowable.org/bpmn",
    "http://spiffworkflow.org/bpmn/schema/1.0/core",
)
"""Extensions that tell another engine what to do; ignoring them would change what the diagram means."""
