"""The zeebe schema of Camunda's modelers, type by type: every property at every place is read, or refused with a finding.

The schema is the one the viewer is built with. A new version of it turns these tests red until the tables say what
becomes of what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.runtime.model import Finding, Process
from engine.runtime.reader import Reader
from tests.engine.bpmn.snippets import HEAD, extension
from tests.engine.bpmn.zeebe_kinds import ATTRIBUTES, KINDS, NO_EFFECT, PLACELESS, PLACES, READ, REFUSED, Kind
from tests.office import ROOT

FILE = ROOT / "web" / "frontend" / "node_modules" / "zeebe-bpmn-moddle" / "resources" / "zeebe.json"

_FLOWS = '<b:sequenceFlow id="f1" sourceRef="begin" targetRef="work"/><b:sequenceFlow id="f2" sourceRef="work" targetRef="done"/>'
_BEGIN, _DONE = '<b:startEvent id="begin"/>', '<b:endEvent id="done"/>'
_INSIDE = '<b:task id="inside"/>'
_TIMER = "<b:timerEventDefinition><b:timeDuration>PT1H</b:timeDuration></b:timerEventDefinition>"
_SCOPE = '<b:startEvent id="a"/><b:endEvent id="z"/><b:sequenceFlow id="az" sourceRef="a" targetRef="z"/>'  # fmt: skip
_LAST = f'{_BEGIN}<b:sequenceFlow id="f1" sourceRef="begin" targetRef="work"/>'
_SPECIAL = {
    "StartEvent": f'<b:startEvent id="work" @>#</b:startEvent>{_DONE}<b:sequenceFlow id="f2" sourceRef="work" targetRef="done"/>',
    "EndEvent": f'{_LAST}<b:endEvent id="work" @>#<b:messageEventDefinition messageRef="m"/></b:endEvent>',
    "IntermediateThrowEvent": f'{_BEGIN}<b:intermediateThrowEvent id="work" @>#<b:messageEventDefinition messageRef="m"/></b:intermediateThrowEvent>{_DONE}{_FLOWS}',
    "IntermediateCatchEvent": f'{_BEGIN}<b:intermediateCatchEvent id="work" @>#{_TIMER}</b:intermediateCatchEvent>{_DONE}{_FLOWS}',
    "BoundaryEvent": f'{_BEGIN}<b:userTask id="host"/><b:boundaryEvent id="work" attachedToRef="host" @>#{_TIMER}</b:boundaryEvent>{_DONE}'
    '<b:sequenceFlow id="f1" sourceRef="begin" targetRef="host"/><b:sequenceFlow id="f2" sourceRef="host" targetRef="done"/>',
    "ReceiveTask": f'{_BEGIN}<b:receiveTask id="work" messageRef="m" @>#</b:receiveTask>{_DONE}{_FLOWS}',
    "SubProcess": f'{_BEGIN}<b:subProcess id="work" @>#{_SCOPE}</b:subProcess>{_DONE}{_FLOWS}',
    "Transaction": f'{_BEGIN}<b:transaction id="work" @>#{_SCOPE}</b:transaction>{_DONE}{_FLOWS}',
    "AdHocSubProcess": f'{_BEGIN}<b:adHocSubProcess id="work" @>#{_INSIDE}</b:adHocSubProcess>{_DONE}{_FLOWS}',
    "MultiInstanceLoopCharacteristics": f'{_BEGIN}<b:userTask id="work" @><b:multiInstanceLoopCharacteristics>#</b:multiInstanceLoopCharacteristics></b:userTask>{_DONE}{_FLOWS}',
    "ConditionalEventDefinition": f'{_BEGIN}<b:intermediateCatchEvent id="work" @><b:conditionalEventDefinition>#<b:condition>=a</b:condition></b:conditionalEventDefinition></b:intermediateCatchEvent>{_DONE}{_FLOWS}',
    "Process": f'#{_BEGIN}<b:task id="work"/>{_DONE}{_FLOWS}',
    "Message": f'{_BEGIN}<b:receiveTask id="work" messageRef="m"/>{_DONE}{_FLOWS}',
    "SequenceFlow": f'{_BEGIN}<b:task id="done"/><b:sequenceFlow id="work" sourceRef="begin" targetRef="done" @/>',
}  # fmt: skip
_ROOTS = {"Message": "message", "Error": "error", "Escalation": "escalation", "Signal": "signal"}


def at(place: str, inner: str = "", attribute: str = "") -> bytes:
    """A diagram whose element ``work`` is ``place``, with an extension or with an attribute."""
    tag = place[0].lower() + place[1:]
    plain = f'{_BEGIN}<b:{tag} id="work" @>#</b:{tag}>{_DONE}{_FLOWS}'
    body = _SPECIAL.get(place, _SPECIAL["Process"] if place in (*_ROOTS, "Collaboration") else plain)
    held = extension(inner) if inner else ""
    if place in ("Message", "Collaboration", *_ROOTS):
        body = body.replace("#", "").replace("@", "")
        root = f'<b:{tag} id="{"m" if place == "Message" else "r"}" name="answer" {attribute}>{held}</b:{tag}>'
        roots = root if place == "Message" else '<b:message id="m" name="answer"/>' + root
    else:
        roots = '<b:message id="m" name="answer"/>'
        body = body.replace("#", held).replace("@", attribute)
    own = attribute if place == "Process" else ""
    return f'{HEAD}{roots}<b:process id="process" isExecutable="true" {own}>{body}</b:process></b:definitions>'.encode()


def written(name: str, kind: Kind, *properties: str) -> str:
    """The type with these properties, in the extension it stands in."""
    given = {p: kind.properties[p][1] for p in properties}
    attributes = "".join(f' {p}="{v}"' for p, v in given.items() if p != "body" and not v.startswith("<"))
    children = "".join(v for p, v in given.items() if p == "body" or v.startswith("<"))
    tag = f"zeebe:{name[0].lower()}{name[1:]}"
    text = f"<{tag}{attributes}>{children}</{tag}>"
    return f"<zeebe:{kind.inside}>{text}</zeebe:{kind.inside}>" if kind.inside else text


def outcome(content: bytes) -> tuple[Process, list[Finding]]:
    reader = Reader(content, "test.bpmn")
    return reader.processes[0], reader.findings


def described(findings: list[Finding], *severities: str) -> bool:
    """Whether something is said of the element, in both languages."""
    assert all(f.zh and f.en for f in findings)
    return any(f.severity in severities and f.element in ("work", "process", "m") for f in findings)


def judge(fate: str, without: bytes, with_it: bytes) -> None:
    before, noted = outcome(without)
    after, findings = outcome(with_it)
    if fate == READ:
        assert after != before
        assert not [f for f in findings if f.severity == "error"]
    elif fate == REFUSED:
        assert described(findings, "error")
        assert findings != noted or b"<b:transaction" in with_it
    elif fate == NO_EFFECT:
        assert described(findings, "info", "warning")
        assert not [f for f in findings if f.severity == "error"]
    else:
        assert (after, findings) == (before, noted)


# -- the schema -------------------------------------------------------------------------------------------------------


def schema() -> dict[str, dict[str, Any]]:
    """The types of the schema by name; nothing when it is not installed."""
    if not FILE.is_file():
        return {}
    return {t["name"]: t for t in json.loads(FILE.read_text("utf-8"))["types"]}


TYPES = schema()
needs_schema = pytest.mark.skipif(
    not TYPES, reason=f"{FILE} is missing; `make test` or `.venv/bin/python -m web.build` installs it"
)


def properties_of(name: str) -> set[str]:
    """Own properties, those of the types above, and those other types add."""
    own = TYPES[name]
    found = {p["name"] for p in own.get("properties", ())}
    for above in own.get("superClass", ()):
        found |= properties_of(above) if above in TYPES else set()
    for other in TYPES.values():
        if f"zeebe:{name}" in other.get("extends", ()):
            found |= {p["name"] for p in other["properties"]}
    return found


def expanded(places: list[str]) -> Iterator[str]:
    for place in places:
        bare = place.split(":")[1]
        yield from PLACES.get(bare, (bare,))


def places_of(name: str) -> list[str]:
    """Where a type may stand, abstract places resolved."""
    allowed = TYPES[name].get("meta", {}).get("allowedIn") if TYPES else None
    return list(dict.fromkeys(expanded(allowed) if allowed else PLACELESS[name]))


@needs_schema
def test_the_tables_name_every_type_and_property() -> None:
    abstract = {"InputOutputParameter", "BindingTypeSupported", "ConfigurationSupported"}
    assert {*KINDS, *ATTRIBUTES, *abstract} == {*TYPES}
    for name, kind in KINDS.items():
        assert set(kind.properties) == properties_of(name), name
    for name, attributes in ATTRIBUTES.items():
        assert set(attributes) == properties_of(name), name


@needs_schema
def test_types_that_stand_nowhere_are_abstract_or_have_places_here() -> None:
    for name, kind in KINDS.items():
        assert places_of(name), name
        assert kind.except_at <= {*places_of(name)}, name
    unplaced = {n for n in KINDS if "allowedIn" not in TYPES[n].get("meta", {})}
    assert unplaced == set(PLACELESS)


def cases() -> Iterator[Any]:
    for name, kind in KINDS.items() if TYPES else ():
        for place in places_of(name):
            if place in TYPES:
                continue
            fate = REFUSED if place in kind.except_at else kind.fate
            yield pytest.param(name, "", place, fate, id=f"{name}-{place}")
            if fate in (READ, NO_EFFECT):
                for item in kind.properties:
                    yield pytest.param(name, item, place, kind.fate_of(item, place), id=f"{name}-{item}-{place}")


@needs_schema
@pytest.mark.parametrize(("name", "item", "place", "fate"), list(cases()))
def test_read_or_refused(name: str, item: str, place: str, fate: str) -> None:
    kind = KINDS[name]
    full = [p for p in kind.properties if kind.fate_of(p, place) == READ and p not in kind.alone]
    if not item:
        given = full or list(kind.properties)
        judge(fate, at(place), at(place, written(name, kind, *given)))
        return
    others = [] if item in kind.alone else [p for p in full if p != item]
    judge(fate, at(place, written(name, kind, *others)), at(place, written(name, kind, *others, item)))


@needs_schema
@pytest.mark.parametrize("name", [n for n, k in KINDS.items() if TYPES and any(p in TYPES for p in places_of(n))])
def test_inside_what_is_refused(name: str) -> None:
    """Listeners and what stands in them: the whole list is refused."""
    inner = written(name, KINDS[name], *KINDS[name].properties)
    for place in (p[0].lower() + p[1:] for p in places_of(name) if p in TYPES):
        if place not in inner:
            inner = f"<zeebe:{place}>{inner}</zeebe:{place}>"
        if place == "executionListener":
            inner = f"<zeebe:executionListeners>{inner}</zeebe:executionListeners>"
        assert described(outcome(at("ServiceTask", inner))[1], "error")


@needs_schema
@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_attributes_of_bpmn_elements(name: str) -> None:
    for place in expanded(TYPES[name]["extends"] if TYPES else []):
        for attribute, (fate, value) in ATTRIBUTES[name].items():
            if place != "Transaction":
                judge(fate, at(place), at(place, attribute=f'zeebe:{attribute}="{value}"'))
