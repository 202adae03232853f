"""Which elements may stand inside which: what is not known here is refused, so that nothing is silently dropped."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from .xmlread import children, local

EXPRESSIONS = frozenset(
    {
        "literalExpression",
        "decisionTable",
        "context",
        "invocation",
        "relation",
        "list",
        "functionDefinition",
        "conditional",
        "filter",
        "for",
        "some",
        "every",
    }
)
DISPLAY = frozenset(
    {
        "allowedAnswers",
        "annotation",
        "association",
        "authorityRequirement",
        "businessContextElement",
        "decisionMaker",
        "decisionOwner",
        "elementCollection",
        "encapsulatedDecision",
        "group",
        "impactedPerformanceIndicator",
        "knowledgeSource",
        "organizationUnit",
        "performanceIndicator",
        "question",
        "supportedObjective",
        "textAnnotation",
        "usingProcess",
        "usingTask",
    }
)
"""Elements that say nothing about execution; what is inside them is not looked at."""
_TYPE = frozenset({"typeRef", "allowedValues", "typeConstraint", "itemComponent", "functionItem"})
_TEXT = frozenset({"text"})
_KNOWN: dict[str, frozenset[str]] = {
    "definitions": frozenset(
        {"import", "itemDefinition", "inputData", "decision", "businessKnowledgeModel", "decisionService"}
    ),
    "itemDefinition": _TYPE,
    "itemComponent": _TYPE,
    "functionItem": frozenset({"parameters"}),
    "inputData": frozenset({"variable"}),
    "decision": EXPRESSIONS | {"variable", "informationRequirement", "knowledgeRequirement"},
    "businessKnowledgeModel": frozenset({"variable", "encapsulatedLogic", "knowledgeRequirement"}),
    "decisionService": frozenset({"variable", "outputDecision", "inputDecision", "inputData"}),
    "informationRequirement": frozenset({"requiredDecision", "requiredInput"}),
    "knowledgeRequirement": frozenset({"requiredKnowledge"}),
    "encapsulatedLogic": EXPRESSIONS | {"formalParameter"},
    "functionDefinition": EXPRESSIONS | {"formalParameter"},
    "literalExpression": _TEXT | {"importedValues"},
    "context": frozenset({"contextEntry"}),
    "contextEntry": EXPRESSIONS | {"variable"},
    "invocation": EXPRESSIONS | {"binding"},
    "binding": EXPRESSIONS | {"parameter"},
    "relation": frozenset({"column", "row"}),
    "row": EXPRESSIONS,
    "list": EXPRESSIONS,
    "conditional": frozenset({"if", "then", "else"}),
    "filter": frozenset({"in", "match"}),
    "for": frozenset({"in", "return"}),
    "some": frozenset({"in", "satisfies"}),
    "every": frozenset({"in", "satisfies"}),
    "decisionTable": frozenset({"input", "output", "rule"}),
    "input": frozenset({"inputExpression", "inputValues"}),
    "output": frozenset({"outputValues", "defaultOutputEntry"}),
    "rule": frozenset({"inputEntry", "outputEntry", "annotationEntry"}),
    **dict.fromkeys(("if", "then", "else", "in", "match", "return", "satisfies"), EXPRESSIONS),
    **dict.fromkeys(("inputExpression", "inputEntry", "inputValues", "allowedValues", "typeConstraint"), _TEXT),
    **dict.fromkeys(("outputEntry", "outputValues", "defaultOutputEntry", "annotationEntry"), _TEXT),
}


def strangers(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Elements of the DMN namespace where none of their name belongs, each with the id of what it is part of."""
    stack: list[tuple[etree._Element, str]] = [(root, "")]
    while stack:
        node, owner = stack.pop()
        known = _KNOWN.get(local(node), frozenset())
        for inner in children(node):
            name = local(inner)
            if name in DISPLAY:
                continue
            belongs = owner or (inner.get("id") or "" if node is root and name != "itemDefinition" else "")
            if name in known:
                stack.append((inner, belongs))
            else:
                yield inner, owner
