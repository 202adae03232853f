"""Complaints: filing, reading, following."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import crypto, feel, ledger
from engine.context import Context
from engine.errors import AlreadyFiled, BadRequest, ExecutionError, FormInvalid, NotFound
from engine.execution import Execution
from engine.files import AcceptedFile, accept_all
from engine.forms import Form
from engine.history import Event
from engine.incidents import record
from engine.models import Attachment, Complaint
from engine.packs import Pack
from engine.rights import forbidden
from engine.signals import broadcast
from engine.types import Actor, PackInfo, Started, Upload

MAX_SOURCE_ID = 128
REPEAT_WINDOW = timedelta(days=90)
LEDGER_ONLY = frozenset({"complainant", "contact"})


class Filing:
    """Use cases that bring a complaint into the office."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def intake_form(self, pack: str) -> tuple[Form, PackInfo]:
        """The intake form of the version in force."""
        from engine.deployments import info

        with self._context.store.read() as session:
            deployment = self._context.latest(session, pack)
            parsed = self._context.pack(session, deployment.id)
            return parsed.start_form(), info(parsed, deployment)

    def file(
        self,
        actor: Actor,
        pack: str,
        values: Mapping[str, Any],
        files: Sequence[Upload] = (),
        *,
        language: str = "zh",
        received_at: datetime | None = None,
        source_id: str | None = None,
    ) -> Started:
        """File a complaint: validate the intake form, give a number and an access code, start the process.

        ``received_at`` backdates a complaint that came by letter or an import; it may not lie in the future.
        ``source_id`` is the number it had elsewhere; the same one is taken once per pack.
        Raises FormInvalid (``params["errors"]`` by field), AlreadyFiled, TooLarge, FileRefused, Forbidden, and
        ExecutionError when the diagram cannot go on; then nothing was filed and an incident is recorded.
        """
        context = self._context
        now = context.clock.now()
        if source_id is not None and len(source_id) > MAX_SOURCE_ID:
            raise BadRequest(
                reason={
                    "zh": f"来源编号超过 {MAX_SOURCE_ID} 个字符",
                    "en": f"the source number has more than {MAX_SOURCE_ID} characters",
                }
            )
        if received_at is not None and received_at > now:
            raise BadRequest(
                reason={"zh": "收到时间不能晚于现在", "en": "the time of receipt may not lie in the future"}
            )
        accepted = accept_all(files, context.config.files)
        try:
            return self._file(actor, pack, values, accepted, list(files), language, received_at or now, source_id)
        except ExecutionError as error:
            record(context, error)
            raise

    def _file(
        self,
        actor: Actor,
        pack: str,
        values: Mapping[str, Any],
        accepted: Sequence[AcceptedFile],
        files: list[Upload],
        language: str,
        received_at: datetime,
        source_id: str | None,
    ) -> Started:
        context, now = self._context, self._context.clock.now()
        with context.store.write() as session:
            deployment_id = context.latest(session, pack).id
            started = self.enter(session, actor, deployment_id, values, language, received_at, source_id)
            store_files(session, started.number, accepted, files, now, actor.id, None)
        return started

    def enter(
        self,
        session: Session,
        actor: Actor,
        deployment_id: str,
        values: Mapping[str, Any],
        language: str,
        received_at: datetime,
        source_id: str | None,
        trigger: Event | None = None,
    ) -> Started:
        """File a complaint inside a transaction of the caller's; ``trigger`` names the start event when a message came."""
        context, pack = self._context, self._context.pack(session, deployment_id)
        self._may_file(actor, pack)
        self._not_yet_filed(session, pack.name, source_id)
        form = pack.start_form()
        known = {"channel": values.get("channel")}
        now = context.clock.now().astimezone(context.zone)
        result = form.validate_values(values, known, language, now, pack.names.label if language == "en" else None)
        if not result.ok:
            raise invalid(result.errors, form, pack, language)
        return self._start(session, actor, pack, deployment_id, result.values, received_at, source_id, trigger)

    def _may_file(self, actor: Actor, pack: Pack) -> None:
        if actor.kind == "staff" and not actor.packs([pack.name]):
            raise forbidden({"zh": "在该制度下登记投诉", "en": "enter complaints in this pack"}, "staff")

    def _not_yet_filed(self, session: Session, pack: str, source_id: str | None) -> None:
        same = select(Complaint.number).where(Complaint.pack == pack, Complaint.source_id == source_id)
        number = session.scalar(same) if source_id is not None else None
        if number is not None:
            raise AlreadyFiled(source=source_id, number=number)

    def _start(
        self,
        session: Session,
        actor: Actor,
        pack: Pack,
        deployment_id: str,
        values: dict[str, Any],
        received_at: datetime,
        source_id: str | None,
        trigger: Event | None,
    ) -> Started:
        context = self._context
        pattern = str(pack.manifest.get("numbering", {}).get("pattern", f"{pack.name.upper()}-{{year}}-{{seq:05d}}"))
        number = ledger.next_number(session, pattern, received_at, context.zone, pack=pack.name)
        personal = {k: str(v) for k, v in values.items() if k in pack.personal and v not in (None, "", [])}
        complaint = self._complaint(pack, number, values, personal, received_at)
        complaint.source_id = source_id
        complaint.repeat_of = self._repeat_of(session, complaint, received_at)
        code = crypto.access_code()
        complaint.code_hash = context.vault.code_hash(code)
        execution = Execution.create(context, session, pack, deployment_id, pack.entry, number, actor)
        execution.complaint = complaint
        execution.events.append(
            Event("complaint_filed", pack.entry, payload={"channel": complaint.channel, "number": number})
        )
        variables = {k: v for k, v in values.items() if k not in pack.personal}
        variables.update(
            number=number,
            pack=pack.name,
            channel=complaint.channel,
            received_at=received_at.astimezone(context.zone),
            repeat_of=complaint.repeat_of,
        )
        if trigger is not None:
            execution.events.append(trigger)
        execution.start(feel.to_feel(variables), trigger.element_id if trigger is not None else None)
        session.flush()
        broadcast(context, session, execution)
        return Started(execution.instance.id, number, code, complaint.promise_at)

    def _complaint(
        self, pack: Pack, number: str, values: Mapping[str, Any], personal: Mapping[str, str], received_at: datetime
    ) -> Complaint:
        vault = self._context.vault
        name, contact = personal.get("complainant"), personal.get("contact")
        rest = {k: v for k, v in personal.items() if k not in LEDGER_ONLY}
        return Complaint(
            number=number,
            pack=pack.name,
            channel=str(values.get("channel") or "—")[:64],
            received_at=received_at,
            complainant=vault.encrypt(name) if name else None,
            contact=vault.encrypt(contact) if contact else None,
            personal=vault.encrypt(json.dumps(rest, ensure_ascii=False)) if rest else None,
            contact_index=vault.index(contact) if contact else None,
            contact_tail_index=vault.tail_index(contact) if contact else None,
            complainant_index=vault.index(name) if name else None,
            matter=str(values.get("matter") or ""),
            demand=str(values.get("demand") or ""),
            state="active",
            rounds=0,
        )

    def _repeat_of(self, session: Session, complaint: Complaint, received_at: datetime) -> str | None:
        if complaint.contact_index is None:
            return None
        query = (
            select(Complaint.number)
            .where(
                Complaint.contact_index == complaint.contact_index,
                Complaint.pack == complaint.pack,
                Complaint.received_at >= received_at - REPEAT_WINDOW,
                Complaint.received_at <= received_at,
            )
            .order_by(Complaint.received_at.desc())
            .limit(1)
        )
        return session.scalar(query)

    def attach(self, actor: Actor, number: str, uploads: Sequence[Upload], task_id: str | None = None) -> list[str]:
        """Add files to a complaint the actor may see. Returns their ids."""
        from engine.reading import readable

        context = self._context
        with context.store.write() as session:
            readable(session, actor, number)
            already = len(session.scalars(select(Attachment.id).where(Attachment.number == number)).all())
            accepted = accept_all(uploads, context.config.files, already)
            return store_files(session, number, accepted, list(uploads), context.clock.now(), actor.id, task_id)

    def track(self, number: str, code: str) -> Actor:
        """The complainant of ``number`` by the access code. One and the same NotFound for a wrong number or code."""
        with self._context.store.read() as session:
            row = session.execute(
                select(Complaint.code_hash, Complaint.number).where(Complaint.number == number.strip())
            ).first()
        stored = row.code_hash if row else "0" * 64
        if not self._context.vault.code_matches(code, stored) or row is None:
            raise NotFound(
                what={"zh": "与该查询码相符的投诉", "en": "complaint with this access code:"}, id=number.strip()[:64]
            )
        return Actor(id=None, name="complainant", kind="complainant", number=row.number)


def invalid(
    errors: Mapping[str, list[str]], form: Form, pack: Pack, language: str, clauses: Iterable[str] = ()
) -> FormInvalid:
    """FormInvalid that names the fields by their labels and keeps the messages by field.

    It names the written rules behind these fields, else those of ``clauses``: the ones of the step.
    """
    labels = {f.name: f.label or f.name for f in form.all}
    shown = [pack.names.label(labels.get(k, k)) if language == "en" else labels.get(k, k) for k in errors]
    error = FormInvalid(count=len(errors), fields={"zh": "、".join(shown), "en": ", ".join(shown)})
    error.params["errors"] = dict(errors)
    error.params["rules"] = pack.written(behind(form, errors) or clauses)
    return error


def behind(form: Form, fields: Iterable[str]) -> list[str]:
    """The ids of the written rules that the fields of these names carry."""
    wanted = set(fields)
    return [c for field in form.all if field.name in wanted for c in field.properties.get("clause", "").split()]


def store_files(
    session: Session,
    number: str,
    accepted: Sequence[AcceptedFile],
    uploads: list[Upload],
    at: datetime,
    by: str | None,
    task_id: str | None,
) -> list[str]:
    """Keep accepted uploads beside the ledger. Returns their ids."""
    given = [u for u in uploads if u.name or u.content]
    rows = [
        Attachment(
            id=str(uuid4()),
            number=number,
            task_id=task_id,
            field=upload.field,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
            content=file.content,
            added_at=at,
            added_by=by,
        )
        for file, upload in zip(accepted, given, strict=True)
    ]
    session.add_all(rows)
    return [r.id for r in rows]


def reseal(context: Context, complaint: Complaint, values: Mapping[str, Any]) -> None:
    """Replace personal fields of a complaint, encrypted and indexed anew."""
    vault = context.vault
    if values.get("complainant"):
        complaint.complainant = vault.encrypt(str(values["complainant"]))
        complaint.complainant_index = vault.index(str(values["complainant"]))
    if values.get("contact"):
        complaint.contact = vault.encrypt(str(values["contact"]))
        complaint.contact_index = vault.index(str(values["contact"]))
        complaint.contact_tail_index = vault.tail_index(str(values["contact"]))
    rest = json.loads(vault.decrypt(complaint.personal)) if complaint.personal else {}
    rest.update({k: str(v) for k, v in values.items() if k not in ("complainant", "contact") and v})
    if rest:
        complaint.personal = vault.encrypt(json.dumps(rest, ensure_ascii=False))
