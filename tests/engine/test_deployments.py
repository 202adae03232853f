"""Deployments: versions of packs, what a change does to whom, and packs that are refused."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import SYSTEM, Actor, open_engine
from engine.errors import Conflict, Forbidden, NotFound, PackInvalid
from engine.models import Deployment, DeploymentResource
from engine.packs import MAX_BYTES, MAX_FILES, digest, read_folder
from engine.store import Busy
from tests import small
from tests.office import ROOT, TRIAGE, Office

OWNER = Actor(id="owner", roles=frozenset({("process_owner", "small")}))


def versions(house: Office, pack: str = "small") -> list[tuple[int, str]]:
    with house.store.read() as session:
        rows = session.scalars(select(Deployment).where(Deployment.pack == pack).order_by(Deployment.version))
        return [(row.version, row.id) for row in rows]


def note_form(*keys: str) -> dict[str, bytes]:
    return {"forms/work.form": small.form("work", *keys)}


def test_a_deployment_is_addressed_by_its_content(house: Office) -> None:
    files = small.files()
    assert small.deploy(house, files).deployment_id == digest(files)
    changed = {**files, **note_form("note", "category", "more")}
    assert digest(changed) != digest(files)
    assert digest(dict(reversed(files.items()))) == digest(files)
    moved = {("forms/other.form" if k == "forms/work.form" else k): v for k, v in files.items()}
    assert digest(moved) != digest(files)


def test_an_unchanged_pack_stays_at_its_version(house: Office) -> None:
    first, second = small.deploy(house, small.files()), small.deploy(house, small.files())
    assert first == second
    assert [v for v, _ in versions(house)] == [1]


def test_older_content_deployed_again_is_a_new_version(house: Office) -> None:
    old, new = small.files(), {**small.files(), **note_form("note", "category", "more")}
    for files in (old, new, old, old, new):
        small.deploy(house, files)
    assert [v for v, _ in versions(house)] == [1, 2, 3, 4]
    assert len({identity for _, identity in versions(house)}) == 4
    assert len(house.engine.complaints.intake_form("small")[0].fields) == len(small.INTAKE)
    parsed = house.engine.deployments.parsed(house.engine.deployments.pack("small").deployment_id)
    assert len(parsed.forms["work"].fields) == 3


def test_the_same_folder_under_other_names_is_another_pack(house: Office) -> None:
    files = small.files()
    for name in ("small", "copy", "third", "fourth"):
        info = house.engine.deployments.deploy_files(SYSTEM, files, name=name)
        assert (info.name, info.version) == (name, 1)
        assert house.engine.deployments.deploy_files(SYSTEM, files, name=name) == info
    assert len({versions(house, name)[0][1] for name in ("small", "copy", "third", "fourth")}) == 4


def test_a_changed_deadline_and_an_added_task_apply_to_new_complaints_only(house: Office) -> None:
    def due(hours: int) -> str:
        return small.user_task("work", f'<zeebe:taskSchedule dueDate="PT{hours}H"/>')

    small.deploy(house, small.files(work=due(4)))
    running = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    files = small.files(small.user_task("step"), work=due(2)) | {"forms/step.form": small.form("step", "note")}
    assert small.deploy(house, files).version == 2
    fresh = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)

    def dues(instance_id: str) -> timedelta:
        task = house.task(instance_id, "work")
        assert task.due_at is not None
        return task.due_at - task.created_at

    assert (dues(running.instance_id), dues(fresh.instance_id)) == (timedelta(hours=4), timedelta(hours=2))
    for started in (running, fresh):
        house.complete(started.instance_id, "work", {"note": "好"})
    assert house.open_tasks(running.instance_id) == []
    assert [t.element_id for t in house.open_tasks(fresh.instance_id)] == ["step"]
    details = [house.engine.complaints.get(SYSTEM, s.number) for s in (running, fresh)]
    assert [d.deployment_version for d in details] == [1, 2]
    assert [d.row.state for d in details] == ["completed", "active"]


def test_running_complaints_keep_their_version_in_a_new_process_too(house: Office) -> None:
    small.deploy(house, small.files())
    running = house.engine.complaints.file(SYSTEM, "small", small.INTAKE)
    added = small.files(small.user_task("step")) | {"forms/step.form": small.form("step", "note")}
    small.deploy(house, added)
    again = open_engine(house.engine.config, house.clock, house.store)
    (task,) = house.open_tasks(running.instance_id)
    done = again.tasks.complete(SYSTEM, task.id, {"note": "好"})
    assert done.ended


def test_a_changed_folder_of_the_telecom_pack_is_deployed(telecom: Office, tmp_path: Path) -> None:
    folder = tmp_path / "telecom"
    for name in ("telecom", "common"):
        shutil.copytree(ROOT / "processes" / name, tmp_path / name)
    old = telecom.file()
    diagram = folder / "acceptance.bpmn"
    text = diagram.read_text("utf-8")
    assert text.count('dueDate="=&quot;PT2H&quot;"') == 1
    diagram.write_text(text.replace('dueDate="=&quot;PT2H&quot;"', 'dueDate="=&quot;PT1H&quot;"'), "utf-8")
    assert telecom.deploy(folder).version == 2
    new = telecom.file(contact="13900000002")
    dues = [telecom.task(s.instance_id, "triage").due_at for s in (old, new)]
    assert dues[0] - dues[1] == timedelta(hours=1)  # type: ignore[operator]
    telecom.complete(old.instance_id, "triage", TRIAGE)
    assert telecom.task(old.instance_id, "transfer")


def test_samples_imports_and_unknown_files_are_no_part_of_a_deployment(tmp_path: Path) -> None:
    for path, content in small.files().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    for extra in ("samples/people.toml", "imports/x.toml", "notes.docx", ".hidden.py"):
        (tmp_path / extra).parent.mkdir(exist_ok=True)
        (tmp_path / extra).write_text("x")
    (tmp_path / "linked.md").symlink_to("/etc/hostname")
    assert set(read_folder(tmp_path)) == set(small.files())


def test_a_folder_is_not_read_further_than_it_can_be_accepted(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "pack.toml").write_text("x")
    for number in range(3):
        with open(tmp_path / "letters" / f"{number}.md", "wb") as file:
            file.truncate(3 * MAX_BYTES)
    files = read_folder(tmp_path)
    assert MAX_BYTES < sum(map(len, files.values())) <= 2 * MAX_BYTES + 2


def test_deploying_needs_the_process_owner_of_the_pack(house: Office) -> None:
    files = small.files()
    for actor in (Actor(id="x"), Actor(id="x", roles=frozenset({("manager", "small"), ("process_owner", "bank")}))):
        with pytest.raises(Forbidden):
            house.engine.deployments.deploy_files(actor, files, name="small")
    assert versions(house) == []
    assert house.engine.deployments.deploy_files(OWNER, files, name="small").version == 1


def test_lists_show_the_packs_of_the_actor(house: Office) -> None:
    for name in ("small", "other"):
        house.engine.deployments.deploy_files(SYSTEM, small.files(), name=name)
    small.deploy(house, {**small.files(), **note_form("note")})
    listed = house.engine.deployments.list(OWNER)
    assert [(i.name, i.version) for i in listed] == [("small", 2), ("small", 1)]
    assert [i.name for i in house.engine.deployments.packs(OWNER)] == ["small"]
    assert {i.name for i in house.engine.deployments.packs()} == {"small", "other"}
    assert [c for c, _ in listed[0].channels] == []
    with pytest.raises(NotFound):
        house.engine.deployments.pack("nowhere")
    with pytest.raises(NotFound):
        house.engine.deployments.diagram(listed[0].deployment_id, "nowhere")
    assert house.engine.deployments.diagram(listed[0].deployment_id, "main") == small.diagram()


def test_a_folder_that_holds_no_pack_is_not_found(house: Office, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing", "missing"):
        with pytest.raises(NotFound):
            house.deploy(folder)


def test_two_deployments_at_the_same_moment_give_two_versions_or_a_clear_conflict(house: Office) -> None:
    packs = [small.files(), {**small.files(), **note_form("note")}]
    gate, results = threading.Barrier(2), []

    def press(files: Mapping[str, bytes]) -> None:
        gate.wait()
        try:
            house.engine.deployments.deploy_files(SYSTEM, files, name="small")
            results.append("done")
        except (Conflict, Busy):
            results.append("conflict")

    threads = [threading.Thread(target=press, args=(files,)) for files in packs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert len(versions(house)) == results.count("done") >= 1


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
GATEWAY = (
    '<b:exclusiveGateway id="step"/><b:manualTask id="a" name="a"/><b:manualTask id="b" name="b"/>'
    + small.flow("step", "a")
    + small.flow("step", "b")
    + small.flow("a", "closed")
    + small.flow("b", "closed")
)
DEAD_END = '<b:exclusiveGateway id="lost" name="去哪里"/>' + small.flow("work", "lost")
HOSTILE = {
    "broken XML": ({"main.bpmn": small.diagram()[:-30]}, "main.bpmn", None),
    "no XML at all": ({"main.bpmn": b"%PDF-1.7"}, "main.bpmn", None),
    "empty": ({"main.bpmn": b""}, "main.bpmn", None),
    "external entity": ({"main.bpmn": ENTITY + small.diagram()}, "main.bpmn", None),
    "entity bomb": ({"main.bpmn": BOMB + small.diagram()}, "main.bpmn", None),
    "entity in UTF-16": (
        {"main.bpmn": ('<!DOCTYPE x [<!ENTITY e "x">]>' + small.diagram().decode()).encode("utf-16")}, "main.bpmn", None,
    ),
    "entity in a table": ({"x.dmn": ENTITY + b"<definitions/>"}, "x.dmn", None),
    "deep nesting": ({"main.bpmn": b"<a>" * 5000 + b"</a>" * 5000}, "main.bpmn", None),
    "no condition": ({"main.bpmn": small.diagram(GATEWAY)}, "main.bpmn", "step_a"),
    "no way out": ({"main.bpmn": small.diagram(more=DEAD_END)}, "main.bpmn", "lost"),
    "unknown topic": ({"main.bpmn": small.diagram(small.service("shell"))}, "main.bpmn", "step"),
    "missing form": ({"main.bpmn": small.diagram(small.user_task("step"))}, "main.bpmn", "step"),
    "missing letter": (
        {"main.bpmn": small.diagram(small.service("notify", letter='"none"', to='"complainant"'))}, "main.bpmn", "step",
    ),
    "unknown group": ({"main.bpmn": small.diagram(work=small.user_task("work", group="无"))}, "main.bpmn", "work"),
    "broken FEEL": ({"main.bpmn": small.diagram(small.service("escalate", reason="1 +"))}, "main.bpmn", "step"),
    "Python": (
        {"main.bpmn": small.diagram(small.service("escalate", reason="__import__('os')"))}, "main.bpmn", "step",
    ),
    "long id": ({"main.bpmn": small.diagram(more=f'<b:manualTask id="{"x" * 200}"/>')}, "main.bpmn", "x" * 128),
    "broken manifest": ({"pack.toml": b"title = "}, "pack.toml", None),
    "manifest in GBK": ({"pack.toml": small.MANIFEST.encode("gbk")}, "pack.toml", None),
    "no title": ({"pack.toml": small.MANIFEST.replace("title", "titel", 1).encode()}, "pack.toml", None),
    "groups are no table": (
        {"pack.toml": ("groups = 3\n" + small.MANIFEST.replace("[groups]", "[x]")).encode()}, "pack.toml", None,
    ),
    "numbers without a counter": (
        {"pack.toml": small.MANIFEST.replace("-{seq:04d}", "").encode()}, "pack.toml", "numbering",
    ),
    "no such entry": ({"pack.toml": small.MANIFEST.replace('"main"', '"mian"').encode()}, "pack.toml", "mian"),
    "broken form": ({"forms/work.form": b"{"}, "forms/work.form", None),
    "form of another kind": ({"forms/work.form": b"[1, 2]"}, "forms/work.form", None),
    "broken table": ({"x.dmn": b"<definitions"}, "x.dmn", None),
    "broken translation": ({"locale/en.toml": b"[elements"}, "locale/en.toml", None),
    "broken rules": ({"policy.tsv": b"\xff\xfe\xff"}, "policy.tsv", None),
    "broken letter": ({"letters/greeting.md": b"# s\n{{ (("}, "letters/greeting.md", "greeting"),
    "letter that is no text": ({"letters/greeting.md": b"\xff\xfe\xff"}, "letters/greeting.md", None),
    "huge diagram": ({"main.bpmn": small.diagram() + b" " * 5_000_001}, "main.bpmn", None),
    "huge pack": ({"letters/huge.md": b"x" * (MAX_BYTES + 1)}, "letters/huge.md", None),
    "too many files": ({f"letters/{n}.md": b"x" for n in range(MAX_FILES + 1)}, "pack.toml", None),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_pack_that_cannot_be_executed_is_refused_with_file_and_element(house: Office, case: str) -> None:
    changed, file, element = HOSTILE[case]
    with pytest.raises(PackInvalid) as caught:
        small.deploy(house, {**small.files(), **changed})
    findings = [f for f in caught.value.params["findings"] if f["severity"] == "error"]
    assert (file, element) in [(f["file"], f["element"]) for f in findings]
    assert file in caught.value.text("zh")
    assert not [f for f in caught.value.params["report_findings"] if not f.text("zh") or not f.text("en")]
    assert "root:" not in str(caught.value.params)
    with house.store.read() as session:
        assert not session.scalars(select(Deployment)).all()
        assert not session.scalars(select(DeploymentResource.path)).all()


def test_after_a_refused_pack_the_version_in_force_is_still_there(house: Office) -> None:
    small.deploy(house, small.files())
    with pytest.raises(PackInvalid):
        small.deploy(house, {**small.files(), "main.bpmn": b"<"})
    assert house.engine.deployments.pack("small").version == 1
    assert house.engine.complaints.file(SYSTEM, "small", small.INTAKE).number == "SM-2026-0001"
