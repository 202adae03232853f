"""Packs and deployments over the interface, and what is refused of zip files."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from engine.packs import MAX_BYTES, read_folder
from tests.office import PACKS, ROOT
from tests.web.api.conftest import Desk, problem

REMINDER = read_folder(PACKS / "reminder")


def zipped(files: Mapping[str, bytes], top: str = "") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(f"{top}{path}", data)
    return content.getvalue()


def texts(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: content.decode() for path, content in files.items()}


def send(desk: Desk, content: bytes, where: str = "", who: str = "root", **more: str) -> Any:
    data = {"archive": (io.BytesIO(content), "pack.zip"), **more}
    return desk.call("POST", f"/deployments{where}", who, data=data)


def test_deploy_texts_and_zip(desk: Desk) -> None:
    response = desk.post("/deployments", {"files": texts(REMINDER), "note": "first"}, "root")
    assert response.status_code == 201
    assert (response.json["name"], response.json["version"]) == ("reminder", 1)
    assert response.headers["Location"].endswith("/packs/reminder")
    same = send(desk, zipped(REMINDER | {"samples/a.csv": b"1", "notes.odt": b"x"}, "reminder/"), note="again")
    assert same.json["deployment_id"] == response.json["deployment_id"]
    changed = send(desk, zipped(REMINDER | {"readme.md": b"new", "__MACOSX/._pack.toml": b"\0"}))
    assert changed.json["version"] == 2
    listed = desk.get("/deployments?pack=reminder", "root").json["items"]
    assert [item["version"] for item in listed] == [2, 1]


def test_check_without_deploying(desk: Desk) -> None:
    report = desk.post("/deployments/check", {"files": texts(REMINDER)}, "otto").json
    assert (report["name"], report["ok"]) == ("reminder", True)
    assert report["coverage"].keys() == {"enforced", "unproven", "prompted", "uncarried", "needs_figure"}
    broken = {path: text for path, text in texts(REMINDER).items() if not path.endswith(".form")}
    report = desk.post("/deployments/check?lang=en", {"files": broken}, "otto").json
    assert report["ok"] is False
    assert any(f["severity"] == "error" and f["file"] and f["message"].isascii() for f in report["findings"])
    assert [item["name"] for item in desk.get("/packs", "root").json["items"]] == ["telecom"]


def test_a_pack_with_errors_is_refused_with_its_findings(desk: Desk) -> None:
    broken = texts(REMINDER) | {"waiting.bpmn": "<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"}
    for language in ("en", "zh"):
        found = problem(desk.post(f"/deployments?lang={language}", {"files": broken}, "root"), 422, "pack_invalid")
        messages = [f["message"] for f in found["findings"] if f["severity"] == "error"]
        assert messages
        assert (language == "zh") == any("一" <= c <= "鿿" for message in messages for c in message)


def test_only_process_owners_check_and_deploy(desk: Desk) -> None:
    for path in ("/deployments", "/deployments/check"):
        for who in ("amy", "mia", "stranger"):
            problem(desk.post(path, {"files": texts(REMINDER)}, who), 403, "forbidden")
    problem(desk.post("/deployments", {"files": texts(REMINDER)}, "otto"), 403, "forbidden")


def test_packs_in_force(desk: Desk) -> None:
    [pack] = desk.get("/packs").json["items"]
    assert pack["name"] == "telecom"
    assert {"id": "热线", "name": {"zh": "热线", "en": "Hotline"}} in pack["channels"]
    assert desk.get("/packs/telecom").json == pack
    form = desk.get("/packs/telecom/form").json
    assert {"channel", "matter", "complainant"} <= {field["name"] for field in form["fields"]}
    desk.file()
    assert desk.get("/packs/telecom/overview", "mia").json["acceptance"]["triage"]["active"] == 1
    problem(desk.get("/packs/telecom/overview"), 403, "forbidden")
    assert desk.get("/packs", "stranger").json["items"] == []
    for path in ("", "/form", "/overview"):
        problem(desk.get(f"/packs/telecom{path}", "stranger"), 404, "not_found")


def test_diagrams(desk: Desk) -> None:
    deployment = desk.get("/packs/telecom").json["deployment_id"]
    response = desk.get(f"/deployments/{deployment}/diagrams/complaint")
    assert response.mimetype == "application/xml"
    assert response.data == (ROOT / "processes" / "telecom" / "complaint.bpmn").read_bytes()
    problem(desk.get(f"/deployments/{deployment}/diagrams/none"), 404, "not_found")
    problem(desk.get(f"/deployments/{deployment}/diagrams/complaint", "stranger"), 404, "not_found")


def _entry(name: str, kind: int, target: bytes = b"/etc/passwd") -> bytes:
    content = io.BytesIO(zipped(REMINDER))
    with zipfile.ZipFile(content, "a") as archive:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, (kind | 0o644) << 16
        archive.writestr(entry, target)
    return content.getvalue()


def _renamed(path: str) -> bytes:
    return zipped(REMINDER | {path: b"x"})


def _twice() -> bytes:
    content = io.BytesIO(zipped(REMINDER))
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pack.toml", b"name = 'other'")
    return content.getvalue()


def _encrypted() -> bytes:
    content = bytearray(zipped(REMINDER))
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def _squeezed() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("pack.toml", b"x" * 1000)
    return content.getvalue()


def _lying() -> bytes:
    """Claims to be small and unpacks to much."""
    content = bytearray(zipped({"pack.toml": b"\0" * (MAX_BYTES + 1)}))
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(content)


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "no zip": lambda: b"PK\x03\x04 nothing",
    "cut off": lambda: zipped(REMINDER)[:-40],
    "empty": lambda: b"",
    "parent folder": lambda: _renamed("../evil.toml"),
    "hidden parent folder": lambda: _renamed("forms/../../evil.form"),
    "absolute": lambda: _renamed("/etc/evil.toml"),
    "drive": lambda: _renamed("C:/evil.toml"),
    "backslash": lambda: _renamed("..\\evil.toml"),
    "control character": lambda: _renamed("a\nb.toml"),
    "text direction": lambda: _renamed("a\u202elmot.toml"),
    "long path": lambda: _renamed("x/" * 150 + "a.toml"),
    "link": lambda: _entry("link.toml", stat.S_IFLNK),
    "device": lambda: _entry("device.toml", stat.S_IFCHR),
    "twice": _twice,
    "many entries": lambda: zipped({f"{n}.md": b"" for n in range(1200)}),
    "bomb": lambda: zipped({"pack.toml": b"\0" * (MAX_BYTES + 1)}),
    "bomb in parts": lambda: zipped({f"{n}.md": b"\0" * (MAX_BYTES // 10) for n in range(12)}),
    "lying about its size": _lying,
    "encrypted": _encrypted,
    "other compression": _squeezed,
}


def _hostile() -> Iterator[Any]:
    for name, make in HOSTILE.items():
        yield pytest.param(make, id=name)


@pytest.mark.parametrize("make", list(_hostile()))
def test_hostile_zip_files_are_refused(quiet_desk: Desk, make: Callable[[], bytes]) -> None:
    content = make()
    for where in ("", "/check"):
        found = problem(send(quiet_desk, content, where), 422, "archive_refused")
        assert len(found["detail"]) < 300


def test_archives_inside_the_archive_are_never_opened(quiet_desk: Desk) -> None:
    bomb = zipped({"inner.zip": zipped({"x.toml": b"\0" * 5_000_000})})
    report = send(quiet_desk, zipped(REMINDER | {"bomb.zip": bomb}), "/check").json
    assert report["ok"] is True
    report = send(quiet_desk, zipped(REMINDER | {"bomb.bpmn": bomb}), "/check").json
    assert report["ok"] is False


def test_paths_of_texts_are_checked_too(quiet_desk: Desk) -> None:
    for path in ("../a.toml", "/a.toml", "a//b.toml", "", "a\\b.toml", "./a.toml", "a:b.toml"):
        body = {"files": texts(REMINDER) | {path: "x"}}
        problem(quiet_desk.post("/deployments/check", body, "root"), 422, "archive_refused")


def test_forms_that_are_not_as_described_are_refused(quiet_desk: Desk) -> None:
    for wrong in (
        {"note": "x"},
        {"archive": "text"},
        {"archive": None, "name": "No Name"},
        {"archive": None, "x": "1"},
    ):
        data = {k: v if v is not None else (io.BytesIO(zipped(REMINDER)), "a.zip") for k, v in wrong.items()}
        response = quiet_desk.call("POST", "/deployments/check", "root", data=data, content_type="multipart/form-data")
        problem(response, 400, "invalid_request")
    problem(send(quiet_desk, b"0" * (2 * MAX_BYTES + 1)), 413, "request_too_large")
    problem(quiet_desk.post("/deployments", {"files": {}}, "root"), 400, "invalid_request")
