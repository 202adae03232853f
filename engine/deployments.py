"""Deployments: immutable, content-addressed versions of process packs."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import starts
from engine.check import Report, check
from engine.context import Context
from engine.errors import Conflict, NotFound, PackInvalid
from engine.models import DeployedDefinition, Deployment, DeploymentResource
from engine.names import Names
from engine.packs import Pack, load_pack, read_folder
from engine.rights import require
from engine.types import Actor, Name, PackInfo


class Deployments:
    """Use cases about deployments."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def deploy(self, actor: Actor, folder: str | Path, note: str = "") -> PackInfo:
        """Deploy the pack in ``folder``; an unchanged pack stays at its version.

        Raises PackInvalid with the findings when the check finds errors, Forbidden without the role process owner.
        """
        path = Path(folder)
        if not path.is_dir():
            path = self._context.config.packs / str(folder)
        return self.deploy_files(actor, read_folder(path), note, path.resolve().name)

    def deploy_files(
        self, actor: Actor, files: Mapping[str, bytes], note: str = "", name: str | None = None
    ) -> PackInfo:
        """Like :meth:`deploy`, from files given in memory. What its start events wait for opens with it."""
        report = check(load_pack(files, name))
        pack = report.pack
        require(actor, pack.name, "process_owner", action={"zh": "部署制度包", "en": "deploy a process pack"})
        if not report.ok:
            raise refused(report)
        try:
            with self._context.store.write() as session:
                deployment = self._existing(session, pack) or self._insert(session, pack, actor, note)
                due = starts.renew(self._context, session, pack, deployment.id)
        except IntegrityError:
            raise Conflict(what=pack.name) from None
        self._context.remember(deployment.id, pack)
        if due is not None:
            self._context.wake(due)
        return info(pack, deployment)

    def version(self, pack: str) -> int:
        """The number of its newest version, 0 where nothing of it is deployed."""
        with self._context.store.read() as session:
            return session.scalar(select(func.max(Deployment.version)).where(Deployment.pack == pack)) or 0

    def _existing(self, session: Session, pack: Pack) -> Deployment | None:
        latest = select(Deployment).where(Deployment.pack == pack.name).order_by(Deployment.version.desc()).limit(1)
        found = session.scalar(latest)
        return found if found is not None and found.id in (pack.sha256, _again(pack, found.version)) else None

    def _insert(self, session: Session, pack: Pack, actor: Actor, note: str) -> Deployment:
        version = (session.scalar(select(func.max(Deployment.version)).where(Deployment.pack == pack.name)) or 0) + 1
        identity = pack.sha256
        if session.get(Deployment, identity) is not None:
            identity = _again(pack, version)
        deployment = Deployment(
            id=identity,
            pack=pack.name,
            version=version,
            deployed_at=self._context.clock.now(),
            deployed_by=actor.id,
            note=note,
        )
        session.add(deployment)
        session.flush()
        session.execute(
            insert(DeploymentResource),
            [{"deployment_id": identity, "path": path, "content": content} for path, content in pack.files.items()],
        )
        found = [dict(zip(("kind", "name", "version_tag"), item, strict=True)) for item in pack.bindable()]
        session.execute(insert(DeployedDefinition), [{"deployment_id": identity, **item} for item in found])
        return deployment

    def list(self, actor: Actor, pack: str | None = None) -> list[PackInfo]:
        """All deployments the actor may know of, newest first."""
        with self._context.store.read() as session:
            query = select(Deployment).order_by(Deployment.pack, Deployment.version.desc())
            if pack is not None:
                query = query.where(Deployment.pack == pack)
            rows = session.scalars(query).all()
            mine = set(actor.packs(sorted({r.pack for r in rows})))
            return [info(self._context.pack(session, r.id), r) for r in rows if r.pack in mine]

    def packs(self, actor: Actor | None = None) -> builtins.list[PackInfo]:
        """The version in force of every pack; for ``actor`` only those of his groups and roles."""
        with self._context.store.read() as session:
            newest = (
                select(Deployment.pack, func.max(Deployment.version).label("v")).group_by(Deployment.pack).subquery()
            )
            query = select(Deployment).join(
                newest, (Deployment.pack == newest.c.pack) & (Deployment.version == newest.c.v)
            )
            rows = session.scalars(query.order_by(Deployment.pack)).all()
            mine = [r.pack for r in rows] if actor is None else actor.packs([r.pack for r in rows])
            return [info(self._context.pack(session, r.id), r) for r in rows if r.pack in mine]

    def pack(self, name: str) -> PackInfo:
        """The version in force of one pack. Raises NotFound."""
        with self._context.store.read() as session:
            row = self._context.latest(session, name)
            return info(self._context.pack(session, row.id), row)

    def parsed(self, deployment_id: str) -> Pack:
        """The parsed pack of a deployment."""
        with self._context.store.read() as session:
            return self._context.pack(session, deployment_id)

    def names(self, deployment_id: str) -> Names:
        """Labels of a deployment in both languages."""
        return self.parsed(deployment_id).names

    def diagram(self, deployment_id: str, process_id: str) -> bytes:
        """The BPMN file that holds ``process_id``. Raises NotFound."""
        pack = self.parsed(deployment_id)
        process = pack.processes.get(process_id)
        if process is None:
            raise NotFound(what={"zh": "流程", "en": "process"}, id=process_id)
        return pack.files[process.file]

    def report(self, deployment_id: str) -> Report:
        """The check's findings and the coverage of a deployment."""
        return check(self.parsed(deployment_id))


def _again(pack: Pack, version: int) -> str:
    """The id of files that were deployed before: under another name, or as an earlier version of this pack."""
    return hashlib.sha256(f"{pack.sha256}\0{pack.name}\0{version}".encode()).hexdigest()


def refused(report: Report) -> PackInvalid:
    """The error for a pack that did not pass."""
    errors = [f for f in report.findings if f.severity == "error"]
    first = errors[0]
    where = f"{first.file}{' · ' + first.element if first.element else ''}"
    error = PackInvalid(
        pack=report.pack.name, count=len(errors), first={"zh": f"{where}：{first.zh}", "en": f"{where}: {first.en}"}
    )
    error.params["findings"] = report.to_dict()["findings"]
    error.params["report_findings"] = report.findings
    return error


def info(pack: Pack, deployment: Deployment) -> PackInfo:
    """What pages show of a deployment."""
    names = pack.names
    channels: tuple[tuple[str, Name], ...] = ()
    if pack.entry in pack.processes and pack.manifest.get("numbering"):
        for item in pack.start_form().fields:
            if item.name == "channel":
                channels = tuple((o.key, names.value(o.key)) for o in item.options or ())
    return PackInfo(
        name=pack.name,
        title=names.title,
        source=str(pack.manifest.get("source", "")),
        version=deployment.version,
        deployment_id=deployment.id,
        deployed_at=deployment.deployed_at,
        entry=pack.entry,
        groups={f"{pack.name}/{g}": names.group(g) for g in pack.groups},
        messages={m: names.message(m) for m in pack.messages},
        channels=channels,
    )
