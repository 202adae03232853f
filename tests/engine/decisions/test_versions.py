"""Files of every DMN version, and what modellers add to them."""

from __future__ import annotations

import pytest

from engine.decisions import load_decisions
from engine.errors import ModelInvalid
from tests.engine.decisions.conftest import NAMESPACES

TABLE = '<decisionTable id="t"><input id="c1" label="金额"><inputExpression id="e1" typeRef="{type}"><text>amount</text></inputExpression></input><output id="o1" name="level" typeRef="{text}"/><rule id="r1"><inputEntry id="a1"><text>&lt; 100</text></inputEntry><outputEntry id="b1"><text>"low"</text></outputEntry></rule></decisionTable>'


def old(namespace: str, head: str = "") -> bytes:
    """A file with the type names of DMN 1.1, ``feel:`` standing for the namespace of the expression language."""
    table = TABLE.format(type="feel:number", text="feel:string")
    return (
        f'<d:definitions xmlns:d="{namespace}" xmlns:feel="http://www.omg.org/spec/FEEL/20140401" {head} '
        'id="x" name="x" namespace="urn:old"><d:decision id="d" name="D">'
        + '<d:variable name="D" typeRef="feel:string"/>'
        + table.replace("<", "<d:").replace("<d:/", "</d:")
        + "</d:decision></d:definitions>"
    ).encode()


@pytest.mark.parametrize("namespace", [*NAMESPACES.values(), "http://www.omg.org/spec/DMN/20151101/dmn.xsd"])
def test_every_version_is_read(namespace):
    model = load_decisions(old(namespace), "old.dmn")
    assert [f.severity for f in model.findings if "no rule" not in f.en] == []
    assert model.evaluate("D", {"amount": 5}).value == "low"


def test_types_by_any_prefix_of_the_expression_language():
    content = old("http://www.omg.org/spec/DMN/20151101/dmn.xsd").replace(b"feel:", b"f:").replace(b":feel=", b":f=")
    assert load_decisions(content, "old.dmn").evaluate("D", {"amount": 5}).value == "low"


@pytest.mark.parametrize("declared", ["", ' xmlns="urn:mine"'])
def test_a_file_that_says_no_version_is_read_with_a_warning(declared):
    content = (
        f'<definitions{declared} id="x" name="x" namespace="urn:mine">'
        f'<decision id="d" name="D">{TABLE.format(type="number", text="string")}</decision></definitions>'
    ).encode()
    model = load_decisions(content, "x.dmn")
    assert [f.severity for f in model.findings if "版本" in f.zh and "version" in f.en] == ["warning"]
    assert model.evaluate("D", {"amount": 5}).value == "low"


def test_another_vocabulary_is_no_dmn():
    with pytest.raises(ModelInvalid, match=r"DMN 1\.1"):
        load_decisions(b'<definitions xmlns="urn:other" namespace="urn:mine"/>', "x.dmn")


MODELER = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
 xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:modeler="http://camunda.org/schema/modeler/1.0"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" id="Definitions_1"
 name="DRD" namespace="http://camunda.org/schema/1.0/dmn" exporter="Camunda Modeler" exporterVersion="5.40.0"
 modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.8.0">
 <extensionElements><modeler:properties><modeler:property name="a" value="b"/></modeler:properties></extensionElements>
 <decision id="fee" name="Fee">
  <extensionElements><zeebe:versionTag value="2026-spring"/><zeebe:unheard><zeebe:of what="?"/></zeebe:unheard></extensionElements>
  <variable id="v1" name="fee" typeRef="number"/>
  <decisionTable id="t1" hitPolicy="FIRST" biodi:annotationsWidth="400">
   <input id="i1" label="Days" biodi:width="192"><inputExpression id="x1" typeRef="number"><text>days</text></inputExpression></input>
   <output id="o1" label="Fee" name="fee" typeRef="number"/>
   <annotation name="Why"/>
   <rule id="r1"><description>short</description><inputEntry id="n1"><text>&lt; 3</text></inputEntry>
    <outputEntry id="u1"><text>10</text></outputEntry></rule>
   <rule id="r2"><inputEntry id="n2"><text></text></inputEntry><outputEntry id="u2"><text>days * 4</text></outputEntry></rule>
  </decisionTable>
 </decision>
 <decision id="plain" name="Plain"><literalExpression id="l1"><text>1</text></literalExpression></decision>
 <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="fee"><dc:Bounds height="80" width="180" x="160" y="80"/>
 </dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""


def test_what_the_desktop_modeler_adds_is_no_obstacle():
    model = load_decisions(MODELER.encode(), "fee.dmn")
    assert model.findings == ()
    assert [model.evaluate("fee", {"days": days}).value for days in (2, 5)] == [10, 20]
    assert model.evaluate("Fee", {"days": 2}).fired[0].annotations == ("short",)


def test_version_tags_of_decisions():
    model = load_decisions(MODELER.encode(), "fee.dmn")
    assert model.version_tags == {"fee": "2026-spring"}
    assert model.decisions["plain"].version_tag == ""


@pytest.mark.parametrize("orientation", ["Rule-as-Row", "Rule-as-Column", "CrossTable"])
def test_the_orientation_only_concerns_the_drawing(dmn, orientation):
    """8.3.1: rules are written the same way however the table is drawn."""
    model = dmn.decide(["x"], ["v"], ["1 -> 2"], preferredOrientation=orientation)
    assert model.evaluate("d", {"x": 1}).value == 2
