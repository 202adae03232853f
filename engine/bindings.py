"""Which version of a called process, decision or form an element takes (Camunda 8, "Choose the resource binding type").

A version is a deployment of the pack. ``latest`` and ``versionTag`` look for it when the element is entered,
``deployment`` stays in the deployment the element itself comes from.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import feel
from engine.context import Context
from engine.models import DeployedDefinition, Deployment
from engine.packs import KINDS, Pack
from engine.runtime import Task
from engine.runtime.machine import Definitions, Machine
from engine.runtime.model import Element


class Bindings:
    """The deployments one running instance draws on. Each is looked up once per step, and only when it is asked for."""

    def __init__(self, context: Context, session: Session, pack: Pack, deployment_id: str) -> None:
        self._context = context
        self._session = session
        self._own = deployment_id
        self._packs = {deployment_id: pack}
        self._newest: str | None = None
        self._found: dict[tuple[str, str, str | None], str | None] = {}

    @property
    def mixed(self) -> bool:
        """True when anything comes from another deployment than the instance's own."""
        return len(self._packs) > 1

    def pack(self, deployment_id: str) -> Pack:
        """The parsed pack of a deployment."""
        if deployment_id not in self._packs:
            self._packs[deployment_id] = self._context.pack(self._session, deployment_id)
        return self._packs[deployment_id]

    def definitions(self, deployment_id: str) -> Definitions:
        """The executable forms of a deployment."""
        return self.pack(deployment_id).definitions

    def place(self, element: Element) -> tuple[str, Pack]:
        """The deployment whose diagram ``element`` stands in."""
        for deployment_id, pack in self._packs.items() if self.mixed else ():
            process = pack.processes.get(element.process_id)
            if process is not None and process.find(element.id) is element:
                return deployment_id, pack
        return self._own, self._packs[self._own]

    def choose(self, machine: Machine, task: Task, element: Element, kind: str, name: str) -> str:
        """The deployment from which ``element`` takes the process, decision or form ``name``.

        Where no deployment has it at all, the element's own is returned, and what is missing shows there. Raises
        ExecutionError for a version tag that no deployment carries.
        """
        here, _ = self.place(element)
        if element.binding == "deployment":
            return here
        if element.binding == "latest":
            return self._latest(kind, name) or here
        tag = machine.evaluate(task, element.version_tag or "", "versionTag")
        found = self._tagged(kind, name, tag) if isinstance(tag, str) and tag else None
        if found is None:
            shown = tag if isinstance(tag, str) else feel.display(tag)
            zh, en = KINDS[kind]
            raise machine.fault(
                element,
                f"没有哪次部署的{zh}“{name}”带有版本标签“{shown}”。请部署带有此标签的版本，或修改版本绑定",
                f"no deployment has the {en} “{name}” with the version tag “{shown}”. Deploy a version with this tag, or change the binding",
            )
        return found

    def _latest(self, kind: str, name: str) -> str | None:
        """The newest deployment that has it: nearly always the newest of all."""
        if self._newest is None:
            self._newest = self._context.latest(self._session, self._packs[self._own].name).id
        pack = self.pack(self._newest)
        known: Mapping[str, Container[str]] = {
            "process": pack.definitions.processes,
            "decision": pack.decisions,
            "form": pack.forms,
        }
        return self._newest if name in known[kind] else self._tagged(kind, name, None)

    def _tagged(self, kind: str, name: str, tag: str | None) -> str | None:
        key = (kind, name, tag)
        if key not in self._found:
            query = (
                select(Deployment.id)
                .join(DeployedDefinition, DeployedDefinition.deployment_id == Deployment.id)
                .where(
                    Deployment.pack == self._packs[self._own].name,
                    DeployedDefinition.kind == kind,
                    DeployedDefinition.name == name,
                )
                .order_by(Deployment.version.desc())
                .limit(1)
            )
            self._found[key] = self._session.scalar(
                query.where(DeployedDefinition.version_tag == tag) if tag is not None else query
            )
        return self._found[key]
