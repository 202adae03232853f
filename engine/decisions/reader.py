"""Reading a DMN file: its elements, what they require of each other, and their logic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lxml import etree

from engine.errors import ModelInvalid
from engine.runtime.model import ZEEBE, Finding
from engine.xml import parse

from .analysis import check_table
from .boxed import compile_body, compile_boxed, read_parameters
from .builder import Builder
from .errors import Place
from .itemtypes import declare_types, feel_types, fill_types, part_names
from .messages import say
from .model import (
    MAX_LISTED,
    Decision,
    DecisionModel,
    Element,
    InputData,
    Knowledge,
    Need,
    RuleView,
    Service,
    TableView,
)
from .schema import EXPRESSIONS, strangers
from .tables import Table
from .types import Type, builtin_type, result_type
from .xmlread import NAMESPACES, child, children, local, name_of, words

MAX_TEXTS = 20_000
FEEL_NAMESPACES = (
    "http://www.omg.org/spec/FEEL/20140401",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
)


class FileReader:
    """Reads one file."""

    def __init__(self, content: bytes, file: str, imports: Mapping[str, DecisionModel]) -> None:
        self.root = parse(content, file)
        self._check_root(file)
        self.model = DecisionModel(
            file, self.root.get("id") or "", name_of(self.root), (self.root.get("namespace") or "").strip()
        )
        self.place = Place(file, "", self.model.name or file)
        self.builder = Builder(file, self._find_type, language=self.root.get("expressionLanguage") or "")
        self.available = imports
        self.by_namespace: dict[str, tuple[str, DecisionModel]] = {}
        self.names: frozenset[str] = frozenset()

    def _check_root(self, file: str) -> None:
        space, own = etree.QName(self.root).namespace, self.root.get("namespace")
        undeclared = own is not None and space in (None, own)
        if local(self.root) != "definitions" or not (space in NAMESPACES or undeclared):
            raise ModelInvalid(file=file, element=local(self.root), reason=say("not_dmn"))
        if sum(1 for _ in self.root.iter("{*}text")) > MAX_TEXTS:
            raise ModelInvalid(file=file, element="definitions", reason=say("too_many_texts", limit=MAX_TEXTS))

    def _find_type(self, name: str) -> Type | None:
        found = self._named_type(name)
        prefix, _, rest = name.partition(":")
        if found is not None or not rest:
            return found
        namespace = self.root.nsmap.get(prefix, self.model.namespace)
        if namespace in self.by_namespace:
            return self.by_namespace[namespace][1].types.get(rest)
        return self._named_type(rest) if namespace in (self.model.namespace, *FEEL_NAMESPACES) else None

    def _named_type(self, name: str) -> Type | None:
        plain = name.removeprefix("feel:")
        if name in self.model.types:
            return self.model.types[name]
        prefix, _, rest = name.partition(".")
        imported = self.model.imports.get(prefix)
        if imported is not None and rest in imported.types:
            return imported.types[rest]
        return builtin_type(plain)

    # -- the file -------------------------------------------------------------------------------------------------

    def read(self) -> DecisionModel:
        """The model, its decisions compiled."""
        if etree.QName(self.root).namespace not in NAMESPACES:
            self.builder.find("warning", self.place, say("no_version"))
        for stranger, owner in strangers(self.root):
            place = replace(self.place, decision_id=owner, decision=self._name_of(owner))
            self.builder.refuse(place, say("unknown_element", name=local(stranger)))
        for node in children(self.root, "import"):
            self._import(node)
        own = declare_types(self.root)
        for merged in reversed(self.model.merged):
            self.model.types.update(merged.types)
        self.model.types.update(own)
        fill_types(self.builder, self.root, own, self.place)
        self.builder.types.update(self._written_types())
        elements = self._declare()
        groups = (self.model.inputs.values(), self.model.decisions.values())
        self.model.declared = frozenset(element.variable for group in groups for element in group).union(
            *(merged.declared for merged in self.model.merged)
        )
        self.names = self._common_names()
        for element, node, place in elements:
            self._logic(element, node, place)
        self._circles()
        for element, _, place in elements:
            element.error = self.builder.refusals.get(place.decision_id)
        self.model.error = self.builder.refusals.get("")
        return self.model

    def _written_types(self) -> dict[str, str]:
        """The item definitions, those of imports under the import's name, as types of FEEL."""
        written: dict[str, str] = {}
        for name, imported in self.model.imports.items():
            written.update(feel_types({f"{name}.{key}": item for key, item in imported.types.items()}))
        return written | feel_types(self.model.types)

    def _name_of(self, owner: str) -> str:
        found = next((node for node in children(self.root) if owner and node.get("id") == owner), None)
        return (name_of(found) if found is not None else "") or owner or self.place.decision

    def check(self, model: DecisionModel) -> list[Finding]:
        """What reading found, and what can be said of the tables."""
        builder = replace(self.builder, findings=list(self.builder.findings))
        for table in builder.tables:
            self._note_produced(table)
            if table.place.decision_id not in builder.refusals:
                check_table(builder, table)
        for place, name in dict.fromkeys(builder.unbound):
            if name in model.declared and place.decision_id in model.decisions:
                builder.find("error", place, say("not_required", name=name))
        return builder.findings

    def _note_produced(self, table: Table) -> None:
        """Tell the input columns that read a required table of literals which values there can be."""
        decision = self.model.decisions.get(table.place.decision_id)
        for need in decision.needs if decision is not None else ():
            if isinstance(need.element, Decision) and isinstance(need.element.logic, Table):
                variable = ".".join(part for part in (need.imported, need.element.variable) if part)
                for name, values in need.element.logic.produces().items():
                    for column in table.inputs:
                        if column.source == (f"{variable}.{name}" if name else variable):
                            column.produced = values

    def _import(self, node: etree._Element) -> None:
        name, namespace = name_of(node), (node.get("namespace") or "").strip()
        at = self.place.at(column=name or namespace)
        if "/DMN/" not in (node.get("importType") or "/DMN/"):
            self.builder.refuse(at, say("import_kind"))
        elif namespace == self.model.namespace and not name:
            return
        elif namespace not in self.available:
            self.builder.refuse(at, say("import_missing", namespace=namespace))
        else:
            self._known_import(name, self.available[namespace])

    def _known_import(self, name: str, imported: DecisionModel) -> None:
        """Under a name, or without one as a part of this model, together with what it imports that way itself."""
        if name:
            self.model.imports[name] = imported
            self.by_namespace.setdefault(imported.namespace, (name, imported))
            return
        for part in (imported, *imported.merged):
            if part not in self.model.merged:
                self.model.merged.append(part)
                self.by_namespace[part.namespace] = ("", part)

    # -- declaring what there is ----------------------------------------------------------------------------------

    def _place(self, node: etree._Element) -> Place | None:
        """Where an element is; None, after an error, when its id, or without one its name, is not its own."""
        identity, name = node.get("id") or name_of(node), name_of(node)
        place = Place(self.model.file, identity, name or identity)
        known: list[Mapping[str, object]] = [
            self.model.inputs, self.model.decisions, self.model.knowledge, self.model.services
        ]  # fmt: skip
        if not identity or any(identity in group for group in known):
            self.builder.refuse(self.place, say("identity", name=name))
            return None
        return place

    def _variable_type(self, node: etree._Element, place: Place) -> Type:
        variable = child(node, "variable")
        return self.builder.type(variable.get("typeRef") if variable is not None else None, place)

    def _declare(self) -> list[tuple[Element, etree._Element, Place]]:
        """Make the elements known; their logic is read when all names are."""
        found: list[tuple[Element, etree._Element, Place]] = []
        for node in children(self.root, "inputData", "decision", "businessKnowledgeModel", "decisionService"):
            place = self._place(node)
            if place is None:
                continue
            identity, name, variable = place.decision_id, place.decision, _variable(node)
            wanted = self._variable_type(node, place)
            kind = local(node)
            if kind == "inputData":
                self.model.inputs[identity] = InputData(identity, name, variable, wanted)
            elif kind == "decision":
                decision = Decision(
                    identity, name, variable, place, words(node, "description"), _version_tag(node), wanted
                )
                self.model.decisions[identity] = decision
                found.append((decision, node, place))
            elif kind == "businessKnowledgeModel":
                knowledge = Knowledge(identity, name, variable, wanted)
                self.model.knowledge[identity] = knowledge
                found.append((knowledge, node, place))
            else:
                service = Service(identity, name, variable, place, wanted)
                self.model.services[identity] = service
                found.append((service, node, place))
        return found

    def _common_names(self) -> frozenset[str]:
        """Names that may occur in any expression: functions, imports, and parts of types and tables."""
        names = {name_of(node) for node in self.root.iter("{*}output", "{*}column")}
        names |= part_names(self.model.types) | self.model.imports.keys()
        groups: list[Mapping[str, Element | InputData]] = []
        for part in (self.model, *self.model.merged):
            groups.extend((part.knowledge, part.services))
        for imported in self.model.imports.values():
            names |= part_names(imported.types)
            for part in (imported, *imported.merged):
                groups.extend((part.knowledge, part.services, part.decisions, part.inputs))
        names |= {element.variable for group in groups for element in group.values()}
        return frozenset(name for name in names if name)

    # -- logic ----------------------------------------------------------------------------------------------------

    def _logic(self, element: Element, node: etree._Element, place: Place) -> None:
        if isinstance(element, Decision):
            self._decision(element, node, place)
        elif isinstance(element, Knowledge):
            self._knowledge(element, node, place)
        else:
            self._service(element, node, place)

    def _decision(self, decision: Decision, node: etree._Element, place: Place) -> None:
        decision.needs = list(self._needs(node, place))
        decision.knows = list(self._known_functions(node, place))
        decision.requires = tuple(need.element.name for need in decision.needs)
        parts = list(children(node, *EXPRESSIONS))
        if len(parts) > 1:
            self.builder.refuse(place, say("several_expressions"))
        if not parts:
            self.builder.find("warning", place, say("no_logic"))
            return
        names = self.names | {need.imported or need.element.variable for need in decision.needs}
        before = len(self.builder.tables)
        logic = compile_boxed(self.builder, parts[0], names, place)
        decision.logic = logic
        columns = (column for table in self.builder.tables[before:] for column in table.inputs)
        decision.columns = {column.source: column.type for column in columns}
        if isinstance(logic, Table):
            logic.main = True
            decision.table = table_view(logic)

    def _knowledge(self, element: Knowledge, node: etree._Element, place: Place) -> None:
        logic = child(node, "encapsulatedLogic")
        element.knows = list(self._known_functions(node, place))
        if logic is None:
            self.builder.refuse(place, say("no_body"))
            return
        element.parameters = read_parameters(self.builder, logic, place)
        wanted = result_type(element.type)
        element.make = compile_body(self.builder, logic, element.parameters, self.names, place, wanted)

    def _needs(self, node: etree._Element, place: Place) -> Iterator[Need]:
        for requirement in children(node, "informationRequirement"):
            for reference in children(requirement, "requiredDecision", "requiredInput"):
                need = self._resolve(reference.get("href") or "", place)
                if need is not None:
                    yield need

    def _known_functions(self, node: etree._Element, place: Place) -> Iterator[Knowledge | Service]:
        for requirement in children(node, "knowledgeRequirement"):
            for reference in children(requirement, "requiredKnowledge"):
                href = reference.get("href") or ""
                models, _, identity = self._split(href)
                known = (model.knowledge.get(identity) or model.services.get(identity) for model in models)
                found = next((element for element in known if element is not None), None)
                if found is None:
                    self._dangling(href, place)
                else:
                    yield found

    def _split(self, href: str) -> tuple[list[DecisionModel], str, str]:
        """Where to look for a reference's element, the name those models are imported under, and its id."""
        namespace, _, identity = href.rpartition("#")
        name, model = "", self.model
        if namespace and namespace != self.model.namespace:
            if namespace not in self.by_namespace:
                return [], "", identity
            name, model = self.by_namespace[namespace]
        return [model, *model.merged], name, identity

    def _resolve(self, href: str, place: Place) -> Need | None:
        models, imported, identity = self._split(href)
        for model in models:
            element = model.decisions.get(identity) or model.inputs.get(identity)
            if element is not None:
                return Need(model, element, imported)
        self._dangling(href, place)
        return None

    def _dangling(self, href: str, place: Place) -> None:
        self.builder.refuse(place, say("dangling", href=href))

    def _service(self, service: Service, node: etree._Element, place: Place) -> None:
        for reference in children(node, "outputDecision", "inputData", "inputDecision"):
            need = self._resolve(reference.get("href") or "", place)
            if need is None:
                continue
            if need.model is not self.model:
                self.builder.refuse(place, say("foreign_service"))
            elif local(reference) != "outputDecision":
                service.inputs.append(need.element)
            elif isinstance(need.element, Decision):
                service.outputs.append(need.element)
        service.inputs.sort(key=lambda element: isinstance(element, Decision))
        if not service.outputs:
            self.builder.refuse(place, say("no_output_decision"))

    def _circles(self) -> None:
        """Refuse decisions that require themselves."""
        done: set[str] = set()
        for start in self.model.decisions.values():
            path: list[tuple[Decision, int]] = [(start, 0)]
            active = {start.id}
            while path:
                decision, index = path.pop()
                own = [n.element for n in decision.needs if n.model is self.model and isinstance(n.element, Decision)]
                if decision.id in done or index >= len(own):
                    done.add(decision.id)
                    active.discard(decision.id)
                    continue
                path.append((decision, index + 1))
                following = own[index]
                if following.id in active:
                    names = [element.name for element, _ in path] + [following.name]
                    circle = names[names.index(following.name) :]
                    self.builder.refuse(following.place, say("circle", path=" → ".join(circle[:MAX_LISTED])))
                elif following.id not in done:
                    active.add(following.id)
                    path.append((following, 0))


def _variable(node: etree._Element) -> str:
    """The name by which expressions know an element: its variable's, else its own."""
    variable = child(node, "variable")
    return (name_of(variable) if variable is not None else "") or name_of(node) or node.get("id") or ""


def _version_tag(node: etree._Element) -> str:
    """The version tag Camunda's modeler keeps with a decision, for bindings to it."""
    found = node.find(f"{{*}}extensionElements/{{{ZEEBE}}}versionTag")
    return found.get("value", "") if found is not None else ""


def table_view(table: Table) -> TableView:
    """A table as written."""
    width = len(table.inputs)
    return TableView(
        table.policy + table.operator,
        tuple((column.label, column.source) for column in table.inputs),
        tuple((column.label, column.name) for column in table.outputs),
        tuple(RuleView(rule.id, rule.texts[:width], rule.texts[width:], rule.annotations) for rule in table.rules),
    )
