"""What becomes of every type, property and place of the zeebe schema: tables for ``test_zeebe_schema``."""

from __future__ import annotations

from dataclasses import dataclass, field

READ, REFUSED, NO_EFFECT, MODELLER = "read", "refused", "no effect, and said so", "read by modelers only"


@dataclass(frozen=True)
class Kind:
    """What becomes of one type of the schema."""

    properties: dict[str, tuple[str, str]] = field(default_factory=dict)
    """property -> (what becomes of it, a value: an attribute's, or XML)"""
    inside: str = ""
    """the extension it stands in, when it is no extension of a BPMN element itself"""
    fate: str = READ
    except_at: frozenset[str] = frozenset()
    """places where it is refused"""
    not_there: dict[str, frozenset[str]] = field(default_factory=dict)
    """property -> places where this property is refused"""
    alone: frozenset[str] = frozenset()
    """properties that exclude the others"""

    def fate_of(self, item: str, place: str) -> str:
        return REFUSED if place in self.not_there.get(item, ()) else self.properties[item][0]


_BOUND = {"bindingType": (READ, "versionTag"), "versionTag": (READ, "v1")}
_MODELLED = {
    "modelerTemplate": (MODELLER, "x"),
    "modelerTemplateVersion": (MODELLER, "1"),
    "modelerTemplateIcon": (MODELLER, "x"),
}
_CONFIGURED = {"modelerConfigurationTemplate": (MODELLER, "x"), "modelerConfigurationName": (MODELLER, "x")}
_LISTENER = {"eventType": (REFUSED, "start"), "retries": (REFUSED, "3"), "type": (REFUSED, "x")}
_AGENTS = frozenset({"AdHocSubProcess"})
_TRANSACTION = frozenset({"Transaction"})
_CATCHING = frozenset({"StartEvent", "IntermediateCatchEvent", "BoundaryEvent"})

KINDS: dict[str, Kind] = {
    "IoMapping": Kind(
        {
            "ioMapping": (REFUSED, "<zeebe:ioMapping/>"),
            "inputParameters": (READ, '<zeebe:input source="=a" target="b"/>'),
            "outputParameters": (READ, '<zeebe:output source="=a" target="b"/>'),
        },
        except_at=_TRANSACTION,
        not_there={"inputParameters": _CATCHING},
    ),
    "Input": Kind(
        {"source": (READ, "=a"), "target": (READ, "b"), **_CONFIGURED}, inside="ioMapping", except_at=_TRANSACTION
    ),
    "Output": Kind({"source": (READ, "=a"), "target": (READ, "b")}, inside="ioMapping", except_at=_TRANSACTION),
    "Subscription": Kind({"correlationKey": (READ, "=number")}),
    "TaskHeaders": Kind(
        {"values": (READ, '<zeebe:header key="a" value="b"/>')}, except_at=_AGENTS | {"ExecutionListener"}
    ),
    "Header": Kind({"id": (MODELLER, "h"), "key": (READ, "a"), "value": (READ, "b")}, inside="taskHeaders"),
    "TaskDefinition": Kind({"type": (READ, "notify"), "retries": (NO_EFFECT, "5")}, except_at=_AGENTS),
    "JobPriorityDefinition": Kind({"priority": (NO_EFFECT, "90")}, fate=NO_EFFECT, except_at=_AGENTS),
    "LoopCharacteristics": Kind(
        {
            "inputCollection": (READ, "=a"),
            "inputElement": (READ, "b"),
            "outputCollection": (READ, "c"),
            "outputElement": (READ, "=d"),
        }
    ),
    "CalledElement": Kind(
        {
            "processId": (READ, "child"),
            "processIdExpression": (REFUSED, "child"),
            "propagateAllChildVariables": (READ, "false"),
            "propagateAllParentVariables": (READ, "false"),
            "businessId": (REFUSED, "=number"),
            **_BOUND,
        }
    ),
    "UserTaskForm": Kind({"id": (READ, "f"), "body": (READ, "{}")}),
    "FormDefinition": Kind(
        {
            "formId": (READ, "intake"),
            "formKey": (READ, "camunda-forms:bpmn:f"),
            "externalReference": (REFUSED, "https://example.org/form"),
            **_BOUND,
        },
        alone=frozenset({"formKey"}),
    ),
    "LinkedResources": Kind({"values": (REFUSED, '<zeebe:linkedResource resourceId="a"/>')}, fate=REFUSED),
    "LinkedResource": Kind(
        {
            "resourceId": (REFUSED, "a"),
            "resourceType": (REFUSED, "b"),
            "linkName": (REFUSED, "c"),
            "bindingType": (REFUSED, "deployment"),
            "versionTag": (REFUSED, "v1"),
        },
        inside="linkedResources",
        fate=REFUSED,
    ),
    "UserTask": Kind(fate=MODELLER),
    "CalledDecision": Kind({"decisionId": (READ, "rating"), "resultVariable": (READ, "x"), **_BOUND}),
    "AssignmentDefinition": Kind(
        {"assignee": (READ, "=user"), "candidateGroups": (READ, "a,b"), "candidateUsers": (READ, "li.na")}
    ),
    "PriorityDefinition": Kind({"priority": (READ, "70")}),
    "TaskSchedule": Kind({"dueDate": (READ, "=due"), "followUpDate": (READ, "=later")}),
    "Properties": Kind({"properties": (READ, '<zeebe:property name="clause" value="T6"/>')}),
    "Property": Kind({"name": (READ, "clause"), "value": (READ, "T6"), **_CONFIGURED}, inside="properties"),
    "Script": Kind({"expression": (READ, "=1"), "resultVariable": (READ, "x")}),
    "ExecutionListeners": Kind({"listeners": (REFUSED, "<zeebe:executionListener/>")}, fate=REFUSED),
    "ExecutionListener": Kind(
        {**_LISTENER, "headers": (REFUSED, "<zeebe:taskHeaders/>")}, inside="executionListeners", fate=REFUSED
    ),
    "TaskListeners": Kind({"listeners": (REFUSED, "<zeebe:taskListener/>")}, fate=REFUSED),
    "TaskListener": Kind(_LISTENER, inside="taskListeners", fate=REFUSED),
    "VersionTag": Kind({"value": (READ, "2026-03")}),
    "AdHoc": Kind(
        {
            "activeElementsCollection": (READ, "=a"),
            "outputCollection": (READ, "b"),
            "outputElement": (READ, "=c"),
        }
    ),
    "ConditionalFilter": Kind({"variableNames": (REFUSED, "a"), "variableEvents": (READ, "create")}),
    "AgentDefinition": Kind({"agentType": (REFUSED, "x")}, fate=REFUSED),
}
"""Every type that stands in a diagram as an element of its own."""

ATTRIBUTES: dict[str, dict[str, tuple[str, str]]] = {
    "ZeebeServiceTask": {"retryCounter": (REFUSED, "1")},
    "TemplateSupported": _MODELLED,
    "TemplatedRootElement": {"modelerTemplate": (MODELLER, "x")},
}
"""Types that only add attributes to BPMN elements."""

JOBS = ("ServiceTask", "BusinessRuleTask", "ScriptTask", "SendTask", "EndEvent", "IntermediateThrowEvent")
PLACES: dict[str, tuple[str, ...]] = {
    "Event": ("StartEvent", "EndEvent", "IntermediateThrowEvent", "IntermediateCatchEvent", "BoundaryEvent"),
    "SubProcess": ("SubProcess", "AdHocSubProcess", "Transaction"),
    "ZeebeServiceTask": (*JOBS, "AdHocSubProcess"),
    "Activity": (
        "Task", "ManualTask", "UserTask", "ServiceTask", "SendTask", "ReceiveTask", "ScriptTask", "BusinessRuleTask",
        "CallActivity", "SubProcess", "AdHocSubProcess", "Transaction",
    ),
}  # fmt: skip
PLACES["FlowElement"] = (*PLACES["Event"], *PLACES["Activity"], "ExclusiveGateway", "SequenceFlow")
ANYWHERE = (*PLACES["Event"], *(p for p in PLACES["Activity"] if p != "Transaction"), "ExclusiveGateway", "Process")
"""Where the schema allows a type that says nothing about its places."""
PLACELESS = {"Subscription": ("Message",), "Header": (*JOBS, "UserTask"), "Properties": ANYWHERE, "Property": ANYWHERE}
