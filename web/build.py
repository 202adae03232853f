"""Builds the browser files: `npm ci` and esbuild once, into an ignored folder named after its content.

The output folder is `web/static/dist/<key>`, where the key is a hash of the lock file, the build script and all
sources. As long as none of them changes, nothing is built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

WEB = Path(__file__).resolve().parent
FRONTEND = WEB / "frontend"
DIST = WEB / "static" / "dist"
NODE_MINIMUM = 20
KEPT_BUILDS = 2

Progress = Callable[[str], None]


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


class BuildError(RuntimeError):
    """The browser files could not be built; the text says why and what to do."""


def sources(frontend: Path = FRONTEND) -> list[Path]:
    """All files that decide what the build produces, in a fixed order."""
    fixed = [frontend / name for name in ("package.json", "package-lock.json", ".npmrc", "build.mjs")]
    return fixed + sorted(path for path in (frontend / "src").rglob("*") if path.is_file())


def build_key(frontend: Path = FRONTEND) -> str:
    """Hash of everything that goes into the build."""
    digest = hashlib.sha256()
    for path in sources(frontend):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(frontend).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def ensure_assets(progress: Progress = say) -> Path:
    """Return the folder with the built files, building them first if they are missing."""
    target = DIST / build_key()
    if target.is_dir():
        return target
    with _only_one_build(progress):
        if not target.is_dir():
            _build(target, progress)
    return target


def _build(target: Path, progress: Progress) -> None:
    started = time.monotonic()
    for left_over in DIST.glob(".building-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    node = find_node(progress)
    _install_packages(node, progress)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=DIST))
    try:
        script = [str(node), str(FRONTEND / "build.mjs"), str(temporary)]
        _run(script, "Bundling the browser files", node, progress)
        temporary.chmod(0o755)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _remove_old_builds(target)
    progress(f"Browser files are ready ({time.monotonic() - started:.0f} s).")


def _remove_old_builds(newest: Path) -> None:
    builds = sorted((p for p in DIST.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for path in [p for p in builds if p != newest][KEPT_BUILDS - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _only_one_build(progress: Progress) -> Iterator[None]:
    DIST.mkdir(parents=True, exist_ok=True)
    with open(DIST / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Another process is building the browser files; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_packages(node: Path, progress: Progress) -> None:
    wanted = hashlib.sha256(b"".join((FRONTEND / n).read_bytes() for n in ("package.json", "package-lock.json")))
    stamp = FRONTEND / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted.hexdigest():
        return
    npm = _beside(node, "npm")
    assert npm is not None
    _run([str(npm), "ci", "--prefer-offline"], "Installing the browser libraries (npm ci)", node, progress)
    stamp.write_text(wanted.hexdigest())


def find_node(progress: Progress = say) -> Path:
    """Node 20 or newer with npm: the one on PATH, else the one in this environment, installed if need be."""
    found = shutil.which("node")
    for candidate in (Path(found) if found else None, _environment_node()):
        if candidate and _usable(candidate):
            return candidate
    _install_node(progress)
    candidate = _environment_node()
    if not _usable(candidate):
        raise BuildError(f"Node was installed, but {candidate} does not run. Install Node {NODE_MINIMUM} or newer.")
    return candidate


def _environment_node() -> Path:
    return Path(sys.prefix) / "bin" / "node"


def _usable(node: Path) -> bool:
    if not node.is_file() or _beside(node, "npm") is None:
        return False
    try:
        answer = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= NODE_MINIMUM


def _beside(node: Path, name: str) -> Path | None:
    neighbour = node.parent / name
    found = str(neighbour) if neighbour.exists() else shutil.which(name)
    return Path(found) if found else None


def _install_node(progress: Progress) -> None:
    requirements = FRONTEND / "requirements-node.txt"
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "-r", str(requirements)]
    shown = f"python -m pip install --require-hashes -r {os.path.relpath(requirements)}"
    progress(f"No Node {NODE_MINIMUM} or newer with npm on PATH; it goes into this environment: {shown}")
    _run(command, "Installing Node from the Python package index", None, progress)


def _run(command: Sequence[str], title: str, node: Path | None, progress: Progress) -> None:
    """Run a step, say that it runs, and every few seconds that it still does."""
    progress(f"{title} ...")
    environment = dict(os.environ)
    if node is not None:
        environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=FRONTEND, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = _wait(process, started, progress)
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        tail = output.read().decode(errors="replace").strip().splitlines()[-15:]
    if code != 0:
        raise BuildError(_explain(title, command, code, tail))


def _wait(process: subprocess.Popen[bytes], started: float, progress: Progress) -> int:
    while True:
        try:
            return process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            progress(f"  still running, {time.monotonic() - started:.0f} s")


def _explain(title: str, command: Sequence[str], code: int, tail: Sequence[str]) -> str:
    text = "\n".join(f"    {line}" for line in tail)
    return (
        f"{title} failed (exit code {code}).\n"
        f"  Command: {' '.join(command)}\n"
        f"  Folder:  {FRONTEND}\n"
        f"  Its last lines:\n{text}\n"
        "  What to do: the first build downloads packages, so check the network or the proxy and registry settings of\n"
        f"  npm and pip, then start again. Without a network, copy {DIST} from a machine where it was built."
    )


if __name__ == "__main__":
    try:
        print(ensure_assets())
    except BuildError as error:
        sys.exit(str(error))
