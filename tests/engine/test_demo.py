"""Sample data: people and complaints driven to their stages in virtual time, also when it was broken off."""

from __future__ import annotations

import csv
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import Engine, history, load_config, open_engine
from engine.clock import VirtualClock
from engine.demo import has_complaints, seed_complaints, seed_people
from engine.errors import BadRequest
from engine.models import Complaint, HistoryEvent, Incident, ProcessInstance, UserTask
from tests import small
from tests.office import ROOT
from tests.small import files

PEOPLE = '[anna]\nname = "安娜"\nname_en = "Anna"\ndoes = "受理"\ngroups = ["前台"]\nroles = ["manager", "auditor@*"]\n'
SAMPLES = (
    "days_ago,time,channel,complainant,contact,matter,stage_target,rounds,pace\n"
    "5,10:00,网上,甲,13900000001,少了一件,closed,1,\n"
    "3,09:00,热线,乙,13900000002,送错地方,work,1,0.5\n"
    "0,08:30,热线,丙,13900000003,一直没有送到,work,1,\n"
)
WORK = small.user_task("work", '<zeebe:taskSchedule dueDate="P1D"/>')


def folder(place: Path, samples: str = SAMPLES, **changes: bytes) -> Path:
    for path, content in {**files(work=WORK), **changes}.items():
        (place / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (place / "small" / path).write_bytes(content)
    (place / "small" / "samples").mkdir(exist_ok=True)
    (place / "small" / "samples" / "people.toml").write_text(PEOPLE, "utf-8")
    (place / "small" / "samples" / "complaints.csv").write_text(samples, "utf-8")
    return place / "small"


@pytest.fixture
def engine(tmp_path: Path, clock: VirtualClock, empty_url: str) -> Any:
    """In demo mode, so that sample accounts may be made; the seeding opens the same database a second time."""
    engine = open_engine(load_config(var=str(tmp_path), mode="demo", database_url=empty_url), clock)
    yield engine
    engine.close()


def say(_zh: str, _en: str) -> None:
    return


def seeded(engine: Engine, pack: Path) -> list[Complaint]:
    from engine import SYSTEM

    engine.deployments.deploy(SYSTEM, pack)
    seed_people(engine, [pack])
    if not has_complaints(engine, pack.name):
        seed_complaints(engine, pack, say)
    with engine.context.store.read() as session:
        assert not session.scalars(select(Incident)).all()
        assert not history.verify(session)
        return list(session.scalars(select(Complaint).order_by(Complaint.received_at)))


def test_complaints_are_filed_when_they_came_and_stand_where_they_should(engine: Engine, tmp_path: Path) -> None:
    closed, waiting, fresh = seeded(engine, folder(tmp_path))
    assert (closed.state, waiting.state, fresh.state) == ("completed", "active", "active")
    assert [c.channel for c in (closed, waiting, fresh)] == ["网上", "热线", "热线"]
    zone, now = engine.context.zone, engine.clock.now()
    local = [c.received_at.astimezone(zone).strftime("%m-%d %H:%M") for c in (closed, waiting, fresh)]
    assert local == ["02-24 10:00", "02-26 09:00", "03-02 08:30"]
    assert closed.received_at < closed.closed_at < now  # type: ignore[operator]
    with engine.context.store.read() as session:
        done = session.scalars(select(UserTask).where(UserTask.state == "completed")).one()
        latest = max(session.scalars(select(HistoryEvent.at)))
    assert done.completed_by == "anna"
    assert latest <= now


def test_a_second_run_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    pack = folder(tmp_path)
    first = [(c.number, c.state) for c in seeded(engine, pack)]
    assert has_complaints(engine, "small")
    assert [(c.number, c.state) for c in seeded(engine, pack)] == first
    assert [person.id for person in engine.users.list()] == ["anna"]


def test_what_was_broken_off_is_taken_up_again(engine: Engine, tmp_path: Path) -> None:
    pack = folder(
        tmp_path, "\n".join(SAMPLES.splitlines()[:3]) + "\n" + "1,10:00,热线,丁,13900000004,坏了要换,closed,1,\n"
    )

    class BrokenOff(Exception):
        pass

    def stop(_zh: str, en: str) -> None:
        raise BrokenOff(en)

    from engine import SYSTEM

    engine.deployments.deploy(SYSTEM, pack)
    seed_people(engine, [pack])
    with pytest.raises(BrokenOff):
        seed_complaints(engine, pack, stop)
    assert not has_complaints(engine, "small")
    complaints = seeded(engine, pack)
    assert has_complaints(engine, "small")
    assert [c.source_id for c in complaints] == ["sample-0", "sample-1", "sample-2"]
    assert [c.state for c in complaints] == ["completed", "active", "completed"]


def test_complaints_of_another_origin_are_left_alone(engine: Engine, tmp_path: Path) -> None:
    from engine import SYSTEM

    pack = folder(tmp_path)
    engine.deployments.deploy(SYSTEM, pack)
    engine.complaints.file(SYSTEM, "small", small.INTAKE)
    assert len(seeded(engine, pack)) == 1


@pytest.mark.parametrize("samples", ["days_ago,matter\n", ""])
def test_a_pack_without_samples_is_no_fault(engine: Engine, tmp_path: Path, samples: str) -> None:
    assert seeded(engine, folder(tmp_path, samples)) == []


def test_sample_accounts_are_never_made_outside_the_demo(tmp_path: Path, clock: VirtualClock) -> None:
    plain = open_engine(load_config(var=str(tmp_path), database_url=f"sqlite:///{tmp_path}/x.sqlite3"), clock)
    with pytest.raises(BadRequest):
        seed_people(plain, [folder(tmp_path)])
    assert plain.users.list() == ()
    plain.close()


def test_the_accounts_have_their_groups_and_roles_and_are_listed(engine: Engine, tmp_path: Path) -> None:
    seeded(engine, folder(tmp_path))
    (person,) = engine.users.list()
    assert person.groups == frozenset({"small/前台"})
    assert person.roles == frozenset({("manager", "small"), ("auditor", "*")})
    assert [(a.login, a.name.en) for a in engine.users.demo_accounts()] == [("anna", "Anna")]


def test_a_login_of_another_pack_is_told_with_both_files(engine: Engine, tmp_path: Path) -> None:
    pack = folder(tmp_path)
    copy = Path(shutil.copytree(pack, tmp_path / "copy"))
    (copy / "samples" / "people.toml").write_text(PEOPLE.replace("anna", "Anna"), "utf-8")
    with pytest.raises(BadRequest) as refused:
        seed_people(engine, [pack, copy])
    told = refused.value
    assert "“Anna” stands in both small/samples/people.toml and copy/samples/people.toml; rename it" in told.text("en")
    assert "“Anna”在 small/samples/people.toml 和 copy/samples/people.toml 中都有" in told.text("zh")
    assert engine.users.list() == ()
    (copy / "samples" / "people.toml").write_text("[anna", "utf-8")
    with pytest.raises(BadRequest, match=r"copy/samples/people\.toml cannot be read"):
        seed_people(engine, [pack, copy])
    (copy / "samples" / "people.toml").write_text('[bert]\ngroups = ["前台"]\n', "utf-8")
    with pytest.raises(BadRequest, match=r"copy/samples/people\.toml: \[bert\] lacks name"):
        seed_people(engine, [pack, copy])


def test_samples_of_the_telecom_pack_reach_their_stages(tmp_path: Path, clock: VirtualClock) -> None:
    """One sample for each of some stages; the whole file is what the demonstration itself loads."""
    from engine import SYSTEM

    wanted = ["triage", "clarify", "investigate", "callback", "file_record", "withdrawn"]
    source = ROOT / "processes" / "telecom" / "samples"
    with open(source / "complaints.csv", encoding="utf-8-sig", newline="") as stream:
        given = {row["stage_target"]: row for row in csv.DictReader(stream)}
    place = tmp_path / "telecom" / "samples"
    place.mkdir(parents=True)
    for name in ("samples/people.toml", "samples/values.toml", "pack.toml"):
        (place.parent / name).write_bytes((source.parent / name).read_bytes())
    with open(place / "complaints.csv", "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(given["triage"]))
        writer.writeheader()
        writer.writerows({**given[stage], "days_ago": "15"} for stage in wanted)
    clock.advance(timedelta(hours=5))
    config = load_config(var=str(tmp_path), mode="demo", database_url=f"sqlite:///{tmp_path}/x.sqlite3")
    engine = open_engine(config, clock)
    engine.deployments.deploy(SYSTEM, ROOT / "processes" / "telecom")
    seed_people(engine, [tmp_path / "telecom"])
    assert seed_complaints(engine, tmp_path / "telecom", say) == len(wanted)
    with engine.context.store.read() as session:
        for number, stage in enumerate(wanted):
            complaint = session.scalars(select(Complaint).where(Complaint.source_id == f"sample-{number}")).one()
            instance = session.get_one(ProcessInstance, complaint.instance_id)
            tasks = select(UserTask.element_id).where(
                UserTask.instance_id == complaint.instance_id, UserTask.state == "open"
            )
            reached = {instance.end_element, *session.scalars(tasks)}
            assert stage in reached or (stage == "withdrawn" and complaint.state == "completed"), (stage, reached)
    engine.close()


def test_a_production_system_takes_no_sample_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from web.cli import main

    monkeypatch.setenv("REDRESS_MODE", "production")
    monkeypatch.setenv("REDRESS_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("REDRESS_DATA_KEY", "d" * 40)
    monkeypatch.setenv("REDRESS_VAR", str(tmp_path))
    monkeypatch.setenv("REDRESS_DATABASE_URL", f"sqlite:///{tmp_path}/p.sqlite3")
    result = CliRunner().invoke(main, ["--language", "en", "demo", "--prepare-only"])
    assert result.exit_code == 1
    assert "production" in result.output
    assert not (tmp_path / "p.sqlite3").exists()
