"""The diagram as written: elements, flows and the zeebe extensions, before anything is executed.

Source of the vocabulary: BPMN 2.0.2 (OMG formal/2013-12-09) and the zeebe extension namespace of Camunda 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"

TASKS = frozenset(
    [
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "adHocSubProcess",
    ]
)
SUBPROCESSES = frozenset(["subProcess", "adHocSubProcess"])
GATEWAYS = frozenset(["exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"])
EVENTS = frozenset(["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"])
_BESIDE = frozenset(
    ["process", "participant", "lane", "textAnnotation", "group", "dataObjectReference", "dataStoreReference"]
)
COUNTED = tuple(
    f"{{{BPMN}}}{tag}" for tag in sorted(TASKS | GATEWAYS | EVENTS | _BESIDE | {"sequenceFlow", "association"})
)
"""What is drawn, and makes a diagram large."""
JOBS = frozenset(["serviceTask", "sendTask"])
_PATH = re.compile(r"=\s*([^\W\d]\w*)\s*(?:\.\s*\w+\s*)*$")


@dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    id: str
    name: str
    source: str
    target: str
    condition: str | None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EventDefinition:
    """What an event waits for or throws."""

    kind: str
    """none · timer · message · signal · error · escalation · conditional · compensate · terminate · link"""
    name: str = ""
    code: str | None = None
    correlation_key: str | None = None
    timer: str | None = None
    """duration · date · cycle"""
    text: str = ""
    """time or condition"""
    changes: str | None = None
    """which changes of variables a conditional event looks at: create, update or both"""
    activity: str | None = None
    """the one activity a compensation event undoes"""


@dataclass(frozen=True)
class Loop:
    """Multi-instance characteristics."""

    sequential: bool
    input_collection: str
    input_element: str | None
    output_collection: str | None
    output_element: str | None
    completion_condition: str | None

    @property
    def output_variable(self) -> str | None:
        """The variable the output element reads, when it is only that; each instance then has one of its own."""
        return _variable(self.output_element)


@dataclass(frozen=True)
class AdHoc:
    """What an ad-hoc subprocess activates, when it ends and what it collects."""

    active_elements: str | None = None
    completion_condition: str | None = None
    cancel_remaining: bool = True
    output_collection: str | None = None
    output_element: str | None = None

    @property
    def output_variable(self) -> str | None:
        """As with multi-instance: a variable that each activation has for itself."""
        return _variable(self.output_element)


def _variable(output_element: str | None) -> str | None:
    match = _PATH.match(output_element or "")
    return match.group(1) if match else None


@dataclass
class Element:
    """A flow node with everything the diagram says of it."""

    id: str
    type: str
    name: str
    process_id: str
    scope_id: str
    line: int
    lane: str | None = None
    """the lane, else the pool: a pool without lanes is one role"""
    documentation: str = ""
    incoming: list[str] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)
    default: str | None = None
    event: EventDefinition | None = None
    attached_to: str | None = None
    interrupting: bool = True
    event_subprocess: bool = False
    loop: Loop | None = None
    ad_hoc: AdHoc | None = None
    compensation: bool = False
    """True for a compensation handler: it runs only to undo another activity"""
    form_id: str | None = None
    binding: str = "latest"
    """latest · deployment · versionTag: which version of its process, decision or form it takes"""
    version_tag: str | None = None
    assignee: str | None = None
    candidate_groups: str | None = None
    candidate_users: str | None = None
    due_date: str | None = None
    follow_up_date: str | None = None
    priority: str | None = None
    topic: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Static metadata for the topic."""
    inputs: list[tuple[str, str]] = field(default_factory=list)
    """(FEEL source, target variable)"""
    outputs: list[tuple[str, str]] = field(default_factory=list)
    script: str | None = None
    result_variable: str | None = None
    called_decision: str | None = None
    called_process: str | None = None
    propagate_children: bool = True
    propagate_parent: bool = True
    properties: dict[str, str] = field(default_factory=dict)
    children: Scope | None = None

    @property
    def label(self) -> str:
        """What to call the element in a message, cut to 255 characters."""
        text = self.name or self.id
        return text if len(text) <= 255 else text[:254] + "…"

    @property
    def clauses(self) -> tuple[str, ...]:
        return tuple(self.properties.get("clause", "").split())


@dataclass
class Scope:
    """A process or an embedded subprocess: the elements and flows directly inside it."""

    id: str
    name: str
    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    handlers: dict[str, str] = field(default_factory=dict)
    """activity -> the compensation handler that undoes it"""

    def starts(self) -> list[Element]:
        return [e for e in self.elements.values() if e.type == "startEvent"]

    def plain_start(self) -> Element | None:
        """The start event without a trigger."""
        return next((e for e in self.starts() if e.event is None or e.event.kind == "none"), None)

    def start(self, element_id: str | None = None) -> Element | None:
        """The start event ``element_id``; by default the plain one, else the first."""
        if element_id is None:
            return self.plain_start() or next(iter(self.starts()), None)
        return next((e for e in self.starts() if e.id == element_id), None)

    def activatable(self) -> list[Element]:
        """What an ad-hoc subprocess may activate: everything no flow leads to (BPMN 2.0.2, 13.3.5)."""
        return [
            e
            for e in self.elements.values()
            if not (e.incoming or e.attached_to or e.event_subprocess or e.compensation or e.type == "startEvent")
        ]

    def boundary(self, element_id: str) -> list[Element]:
        return [e for e in self.elements.values() if e.attached_to == element_id]

    def event_subprocesses(self) -> list[Element]:
        return [e for e in self.elements.values() if e.event_subprocess]


@dataclass
class Process(Scope):
    """A process definition of a BPMN file."""

    file: str = ""
    executable: bool = True
    version_tag: str = ""
    embedded_forms: dict[str, str] = field(default_factory=dict)
    """form id -> form-js JSON"""
    documentation: str = ""
    lanes: dict[str, str] = field(default_factory=dict)
    """lane id -> name"""
    lane_properties: dict[str, dict[str, str]] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    pool: str = ""

    def walk(self) -> Iterator[Element]:
        """Every element, those of embedded subprocesses included, in document order."""
        stack: list[Scope] = [self]
        while stack:
            scope = stack.pop(0)
            for element in scope.elements.values():
                yield element
                if element.children is not None:
                    stack.append(element.children)

    def walk_flows(self) -> Iterator[Flow]:
        yield from self.flows.values()
        for element in self.walk():
            if element.children is not None:
                yield from element.children.flows.values()

    def find(self, element_id: str) -> Element | None:
        return next((e for e in self.walk() if e.id == element_id), None)


@dataclass(frozen=True)
class Finding:
    """Something the check has to say about a file."""

    severity: str
    """error · warning · info"""
    file: str
    element: str | None
    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        return self.zh if language.startswith("zh") else self.en
