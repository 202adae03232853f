"""Sample data that is true: complaints filed, handled and left waiting by the real engine, in virtual time up to now."""

from __future__ import annotations

import csv
import heapq
import io
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from engine import SYSTEM, Engine, open_engine
from engine.calendars import Calendar
from engine.clock import VirtualClock
from engine.errors import EngineError, ExecutionError, NoSubscription
from engine.models import AccessLog, Complaint, HistoryEvent, ProcessInstance, UserTask, UserTaskCandidate
from engine.packs import Pack
from engine.people import bad
from engine.scenarios import advance
from engine.sign_in import plain_login
from engine.types import Actor, Name
from engine.user_tasks import variables_of
from engine.users import Seed
from engine.walks import plausible

Say = Callable[[str, str], None]

DEMO_PASSWORD = "redress-demo"
"""Of every sample account; the sign-in page shows it in demo mode. ``seed_demo`` refuses to run in another mode."""


_PEOPLE = "samples/people.toml"
_SAMPLE, _SEEDED = "sample-", "demo.seeded"
_FILED = ("channel", "complainant", "contact", "address", "matter", "demand")


@dataclass(frozen=True)
class Sample:
    """One line of ``samples/complaints.csv``."""

    days_ago: int
    at: time
    intake: Mapping[str, str]
    target: str
    """The user task it waits at, or the end event it has reached."""
    rounds: int
    departments: tuple[str, ...]
    pace: float
    """Share of the allowed time each step takes; above 1 is late."""


@dataclass(order=True)
class Work:
    """Somebody turns to a complaint at an instant."""

    at: datetime
    order: int
    instance_id: str = field(compare=False)
    sample: Sample = field(compare=False)


def seed_people(engine: Engine, folders: list[Path]) -> int:
    """Create the sample accounts of the packs (``samples/people.toml``). Returns how many there are.

    Raises BadRequest naming pack and file when a login stands in two packs, or a file cannot be read.
    """
    owners: dict[str, Path] = {}
    seeds: list[Seed] = []
    for folder in folders:
        for seed in _people(folder):
            first = owners.setdefault(plain_login(seed.login), folder)
            if first != folder:
                raise bad(
                    f"登录名“{seed.login}”在 {first.name}/{_PEOPLE} 和 {folder.name}/{_PEOPLE} 中都有；"
                    f"请在复制来的制度包的 {_PEOPLE} 中改名（方括号里）。",
                    f"the login “{seed.login}” stands in both {first.name}/{_PEOPLE} and {folder.name}/{_PEOPLE}; "
                    f"rename it in {_PEOPLE} of the pack that was copied (between the square brackets).",
                )
            seeds.append(seed)
    engine.users.seed_demo(seeds)
    return len(seeds)


def _people(folder: Path) -> Iterator[Seed]:
    path = folder / _PEOPLE
    title = _title(folder)
    try:
        people = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad(
            f"{folder.name}/{_PEOPLE} 无法读取：{error}", f"{folder.name}/{_PEOPLE} cannot be read: {error}"
        ) from None
    for login, person in people.items():
        if not isinstance(person, dict) or not person.get("name"):
            raise bad(
                f"{folder.name}/{_PEOPLE}：[{login}] 缺少 name（姓名）。",
                f"{folder.name}/{_PEOPLE}: [{login}] lacks name.",
            )
        yield Seed(
            login=login,
            password=DEMO_PASSWORD,
            name=Name(person["name"], person.get("name_en", "")),
            does=Name(person.get("does", ""), person.get("does_en", "")),
            groups=frozenset(f"{folder.name}/{g}" for g in person.get("groups", ())),
            roles=frozenset((r.partition("@")[0], r.partition("@")[2] or folder.name) for r in person.get("roles", ())),
            pack=title,
        )


def _title(folder: Path) -> Name:
    english = folder / "locale" / "en.toml"
    zh = tomllib.loads((folder / "pack.toml").read_text("utf-8")).get("title", folder.name)
    named = tomllib.loads(english.read_text("utf-8")).get("pack", {}) if english.is_file() else {}
    return Name(zh, named.get("title", zh))


def has_complaints(engine: Engine, pack: str) -> bool:
    """True when the samples of the pack were loaded to their end, or complaints of another origin are there."""
    done = select(AccessLog.id).where(AccessLog.action == _SEEDED, AccessLog.subject == pack).limit(1)
    ours = Complaint.source_id.startswith(_SAMPLE)
    others = select(Complaint.number).where(Complaint.pack == pack, or_(Complaint.source_id.is_(None), ~ours)).limit(1)
    with engine.context.store.read() as session:
        return session.scalar(done) is not None or session.scalar(others) is not None


def seed_complaints(engine: Engine, folder: Path, say: Say) -> int:
    """File the samples of a pack and drive each to its stage, as its people would have. Returns how many there are.

    Takes up where it was broken off.
    """
    path = folder / "samples" / "complaints.csv"
    if not path.is_file():
        return 0
    now, working, zone = engine.clock.now(), engine.calendars["working"], ZoneInfo(engine.config.zone)
    samples = [
        (_filed_at(sample, now, working, zone), number, sample)
        for number, sample in enumerate(_read(path.read_text("utf-8-sig")))
    ]
    if not samples:
        return 0
    ours = select(Complaint.instance_id).where(Complaint.pack == folder.name, Complaint.source_id.startswith(_SAMPLE))
    with engine.context.store.read() as session:
        latest = session.scalar(select(func.max(HistoryEvent.at)).where(HistoryEvent.instance_id.in_(ours)))
    clock = VirtualClock(max(min(samples)[0], latest) if latest else min(samples)[0])
    past = open_engine(replace(engine.config), clock)
    try:
        _Driver(past, clock, folder.name, _hints(folder), working).run(sorted(samples), now, say)
    finally:
        past.close()
    with engine.context.store.write() as session:
        session.add(AccessLog(at=now, actor=None, action=_SEEDED, subject=folder.name, detail=None))
    return len(samples)


class _Driver:
    """Plays the office: takes the complaints in the order in which somebody would turn to them."""

    def __init__(
        self, engine: Engine, clock: VirtualClock, pack: str, hints: Mapping[str, Any], working: Calendar
    ) -> None:
        self.engine, self.clock, self.pack, self.hints, self.working = engine, clock, pack, hints, working
        self.random = Random(20260302)
        self.queue: list[Work] = []
        self.order = count()
        info = engine.deployments.pack(pack)
        self.parsed: Pack = engine.deployments.parsed(info.deployment_id)
        self.form = self.parsed.start_form()
        self.staff = self._staff()

    def _staff(self) -> dict[str, list[Actor]]:
        staff: dict[str, list[Actor]] = {}
        for person in self.engine.users.list():
            actor = self.engine.users.actor(person.id)
            for candidate in (person.id, *person.groups) if actor is not None else ():
                if actor is not None:
                    staff.setdefault(candidate, []).append(actor)
        return staff

    def run(self, samples: list[tuple[datetime, int, Sample]], now: datetime, say: Say) -> None:
        filed, total = self._resume(samples), len(samples)
        pending = list(reversed(samples[filed:]))
        while pending or self.queue:
            if pending and (not self.queue or pending[-1][0] <= self.queue[0].at):
                at, number, sample = pending.pop()
                self._to(at)
                self._file(number, sample)
                filed += 1
                if filed % 10 == 0 or filed == total:
                    say(f"示例投诉：{filed}/{total}", f"sample complaints: {filed}/{total}")
            else:
                work = heapq.heappop(self.queue)
                if work.at >= now:
                    continue
                self._to(work.at)
                self._work(work)
        self._to(now)

    def _resume(self, samples: list[tuple[datetime, int, Sample]]) -> int:
        """Turn to what an earlier run has filed. Returns how many of the samples that are: they are filed in order."""
        with self.engine.context.store.read() as session:
            query = select(Complaint.source_id, Complaint.instance_id).where(Complaint.pack == self.pack)
            known = {row.source_id: row.instance_id for row in session.execute(query)}
        filed = [(known[f"{_SAMPLE}{n}"], sample) for _, n, sample in samples if f"{_SAMPLE}{n}" in known]
        for instance_id, sample in filed:
            self._later(instance_id, sample)
        return len(filed)

    def _to(self, at: datetime) -> None:
        advance(self.engine, self.clock, at)

    def _file(self, number: int, sample: Sample) -> None:
        actor = (
            SYSTEM if sample.intake.get("channel") in ("官网", "手机APP") else self._somebody("投诉室受理") or SYSTEM
        )
        fields = {f.name for f in self.form.fields}
        values = {k: v for k, v in sample.intake.items() if k in fields}
        started = self.engine.complaints.file(actor, self.pack, values, source_id=f"{_SAMPLE}{number}")
        self._later(started.instance_id, sample)

    def _somebody(self, group: str) -> Actor | None:
        people = self.staff.get(f"{self.pack}/{group}")
        return self.random.choice(people) if people else None

    def _later(self, instance_id: str, sample: Sample) -> None:
        """When somebody turns to it next: a share of the time its open task allows."""
        with self.engine.context.store.read() as session:
            due = session.scalar(
                select(func.min(UserTask.due_at)).where(UserTask.instance_id == instance_id, UserTask.state == "open")
            )
        now = self.clock.now()
        seconds = self.working.working_seconds(now, due) if due is not None and due > now else 3600.0
        share = sample.pace * self.random.uniform(0.35, 0.95)
        at = self.working.add(now, f"PT{max(5, int(seconds * share / 60))}M").at
        heapq.heappush(self.queue, Work(at, next(self.order), instance_id, sample))

    def _work(self, work: Work) -> None:
        with self.engine.context.store.read() as session:
            complaint = session.scalar(select(Complaint).where(Complaint.instance_id == work.instance_id))
        if complaint is None or complaint.state != "active":
            return
        if work.sample.target == "withdrawn" and complaint.promise_at is not None:
            self._withdraw(complaint.number)
        if self._complete_one(work, max(1, complaint.rounds)):
            self._later(work.instance_id, work.sample)

    def _withdraw(self, number: str) -> None:
        try:
            self.engine.messages.correlate(SYSTEM, "withdraw", number, {"reason": "问题已自行解决"})
        except NoSubscription:
            return

    def _complete_one(self, work: Work, rounds: int) -> bool:
        """Complete the next task; False when the complaint has come to where the sample wants it."""
        with self.engine.context.store.read() as session:
            query = (
                select(UserTask)
                .where(UserTask.instance_id == work.instance_id, UserTask.state == "open")
                .order_by(UserTask.created_at)
            )
            tasks = list(session.scalars(query))
            candidates = {
                t.id: list(
                    session.scalars(select(UserTaskCandidate.candidate).where(UserTaskCandidate.task_id == t.id))
                )
                for t in tasks
            }
            instance = session.get_one(ProcessInstance, work.instance_id)
            seen = {t.id: variables_of(self.engine.context, session, instance, t.id) for t in tasks}
        if rounds >= work.sample.rounds and any(t.element_id == work.sample.target for t in tasks):
            return False
        for task in tasks:
            actor = self._performer(task, candidates[task.id])
            form = self.parsed.forms.get(task.form_id or "")
            if actor is None or form is None:
                continue
            hints = {
                **self.hints.get("*", {}),
                **self.hints.get(task.element_id, {}),
                **self._given(work.sample, task.element_id, rounds),
            }
            local = self.clock.now().astimezone(ZoneInfo(self.engine.config.zone))
            try:
                values = plausible(form, seen[task.id], self.random, hints, local)
                self.engine.tasks.complete(actor, task.id, values)
            except ExecutionError:
                raise
            except (EngineError, ValueError):
                continue
            return True
        return True

    @staticmethod
    def _given(sample: Sample, element_id: str, rounds: int) -> dict[str, Any]:
        """What the sample itself says: departments, rounds, and any column named as a field of a later form."""
        given: dict[str, Any] = {k: v for k, v in sample.intake.items() if k not in _FILED}
        if sample.departments:
            given["departments"] = [list(sample.departments)]
        if element_id == "triage" and sample.target == "clarify":
            given["matter_clear"] = "不清楚"
        given["satisfaction"] = "满意" if rounds >= sample.rounds and sample.target != "analyse" else "不满意"
        return given

    def _performer(self, task: UserTask, candidates: list[str]) -> Actor | None:
        people = [a for c in candidates for a in self.staff.get(c, ()) if a.id not in (task.excluded or {})]
        if task.assignee:
            people = [a for a in people if a.id == task.assignee]
        return self.random.choice(people) if people else None


def _read(text: str) -> Iterator[Sample]:
    own = {"days_ago", "time", "stage_target", "rounds", "departments", "pace"}
    for row in csv.DictReader(io.StringIO(text)):
        yield Sample(
            days_ago=int(row["days_ago"]),
            at=time.fromisoformat(row.get("time") or "09:30"),
            intake={k: v for k, v in row.items() if k and k not in own and v},
            target=row.get("stage_target") or "",
            rounds=int(row.get("rounds") or 1),
            departments=tuple(d for d in (row.get("departments") or "").replace("；", ";").split(";") if d),
            pace=float(row.get("pace") or 0.8),
        )


def _filed_at(sample: Sample, now: datetime, working: Calendar, zone: ZoneInfo) -> datetime:
    """``days_ago`` working days before today at the sample's time of day; never in the future."""
    day, left = now.astimezone(zone).date(), sample.days_ago
    while left > 0:
        day -= timedelta(days=1)
        left -= working.is_working_day(day)
    at = datetime.combine(day, sample.at, zone).astimezone(UTC)
    return min(at, now - timedelta(minutes=10))


def _hints(folder: Path) -> Mapping[str, Any]:
    path = folder / "samples" / "values.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
