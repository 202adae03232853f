"""Writing small DMN files for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from engine.decisions import DecisionModel, load_decisions

NAMESPACES = {
    "1.2": "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
}


def attributes(**values: Any) -> str:
    return "".join(f" {key}={quoteattr(str(value))}" for key, value in values.items() if value is not None)


def text(tag: str, source: str, **more: Any) -> str:
    return f"<{tag}{attributes(**more)}><text>{escape(source)}</text></{tag}>"


class Dmn:
    """Pieces of a file; ``load`` reads them."""

    @staticmethod
    def file(*parts: str, version: str = "1.3", namespace: str = "urn:test", **more: Any) -> bytes:
        head = attributes(xmlns=NAMESPACES[version], id="definitions", name="测试", namespace=namespace, **more)
        return f"<?xml version='1.0' encoding='UTF-8'?><definitions{head}>{''.join(parts)}</definitions>".encode()

    @classmethod
    def load(cls, *parts: str, imports: dict[str, DecisionModel] | None = None, **more: Any) -> DecisionModel:
        return load_decisions(cls.file(*parts, **more), "test.dmn", imports or {})

    @staticmethod
    def input_data(name: str, type: str | None = None, id: str | None = None, label: str | None = None) -> str:
        variable = f"<variable{attributes(name=name, typeRef=type)}/>"
        return (
            f"<inputData{attributes(id=id or 'i_' + name.replace(' ', '_'), name=label or name)}>{variable}</inputData>"
        )

    @staticmethod
    def needs(*hrefs: str) -> str:
        kinds = {"i": ("informationRequirement", "requiredInput"), "k": ("knowledgeRequirement", "requiredKnowledge")}
        out = ""
        for href in hrefs:
            outer, inner = kinds.get(
                href.partition("_")[0].rpartition("#")[2], ("informationRequirement", "requiredDecision")
            )
            out += f'<{outer}><{inner} href="{href if "#" in href else "#" + href}"/></{outer}>'
        return out

    @classmethod
    def decision(
        cls,
        id: str,
        logic: str,
        *needs: str,
        name: str | None = None,
        type: str | None = None,
        variable: str | None = None,
    ) -> str:
        inner = f"<variable{attributes(name=variable or name or id, typeRef=type)}/>{cls.needs(*needs)}{logic}"
        return f"<decision{attributes(id=id, name=name or id)}>{inner}</decision>"

    @staticmethod
    def literal(source: str, **more: Any) -> str:
        return text("literalExpression", source, **more)

    @classmethod
    def knowledge(
        cls, id: str, name: str, parameters: Sequence[str], body: str, type: str | None = None, kind: str | None = None
    ) -> str:
        formal = "".join(
            f"<formalParameter{attributes(name=p.partition(':')[0], typeRef=p.partition(':')[2] or None)}/>"
            for p in parameters
        )
        variable = f"<variable{attributes(name=name, typeRef=type)}/>"
        logic = f"<encapsulatedLogic{attributes(kind=kind)}>{formal}{body}</encapsulatedLogic>"
        return f"<businessKnowledgeModel{attributes(id=id, name=name)}>{variable}{logic}</businessKnowledgeModel>"

    @staticmethod
    def type(
        name: str,
        base: str = "",
        allowed: str = "",
        parts: str = "",
        collection: bool = False,
        tag: str = "itemDefinition",
        constraint: str = "",
    ) -> str:
        inner = f"<typeRef>{base}</typeRef>" if base else ""
        inner += text("allowedValues", allowed) if allowed else ""
        inner += text("typeConstraint", constraint) if constraint else ""
        return f"<{tag}{attributes(name=name, isCollection='true' if collection else None)}>{inner}{parts}</{tag}>"

    @classmethod
    def part(cls, name: str, base: str = "", **more: Any) -> str:
        return cls.type(name, base, tag="itemComponent", **more)

    @staticmethod
    def table(
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        rules: Sequence[Any],
        policy: str | None = None,
        aggregation: str | None = None,
        **more: Any,
    ) -> str:
        """``inputs`` and ``outputs``: an expression or name, or a dict; ``rules``: "cell | cell -> output | output // note"."""
        out = f"<decisionTable{attributes(hitPolicy=policy, aggregation=aggregation, **more)}>"
        for column in inputs:
            column = {"expression": column} if isinstance(column, str) else column
            values = text("inputValues", column["values"]) if "values" in column else ""
            expression = text("inputExpression", column["expression"], typeRef=column.get("type"))
            out += f"<input{attributes(label=column.get('label'))}>{expression}{values}</input>"
        for column in outputs:
            column = {"name": column} if isinstance(column, str) else column
            values = text("outputValues", column["values"]) if "values" in column else ""
            default = text("defaultOutputEntry", column["default"]) if "default" in column else ""
            out += (
                f"<output{attributes(name=column.get('name'), label=column.get('label'), typeRef=column.get('type'))}>"
            )
            out += f"{values}{default}</output>"
        for number, rule in enumerate(rules, start=1):
            cells, _, notes = rule.partition(" // ")
            before, _, after = cells.partition("->")
            out += f'<rule id="r{number}">'
            out += "".join(text("inputEntry", cell.strip()) for cell in before.split("|") if inputs)
            out += "".join(text("outputEntry", cell.strip()) for cell in after.split("|"))
            out += "".join(text("annotationEntry", note) for note in notes.split(" // ") if note) + "</rule>"
        return out + "</decisionTable>"

    @classmethod
    def decide(
        cls, inputs: Sequence[Any], outputs: Sequence[Any], rules: Sequence[Any], *args: Any, **more: Any
    ) -> DecisionModel:
        """A model with one table, decision ``d``."""
        return cls.load(cls.decision("d", cls.table(inputs, outputs, rules, *args, **more), name="决定"))


@pytest.fixture(scope="session")
def dmn() -> type[Dmn]:
    return Dmn
