"""The Chromium the browser tests run in: the one on PATH, else the one from the npm package in web/frontend/test."""

from __future__ import annotations

import json
import shutil
import subprocess

from playwright.sync_api import Browser, Error, Playwright

from web.build import FRONTEND, BuildError, find_node

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--font-render-hinting=none",
    "--no-first-run",
    "--no-proxy-server",
)
ADVICE = (
    "The browser tests need a Chromium. Either install one (Debian: apt-get install chromium fonts-noto-cjk), "
    "or fetch the one in web/frontend/test: python -m web.build --with-tests"
)


class NoBrowser(RuntimeError):
    """No Chromium could be found or started; the text says how to get one."""


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium."""
    path, extra = _find()
    try:
        return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *extra])
    except Error as error:
        raise NoBrowser(f"{path} does not start: {error}\n{ADVICE}") from error


def _find() -> tuple[str, list[str]]:
    for name in NAMES:
        if found := shutil.which(name):
            return found, []
    folder = FRONTEND / "test"
    if not (folder / "node_modules").is_dir():
        raise NoBrowser(ADVICE)
    try:
        command = [str(find_node()), "chromium.mjs"]
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
        known = json.loads(answer.stdout)
    except (BuildError, OSError, subprocess.SubprocessError, ValueError) as error:
        raise NoBrowser(f"The Chromium in {folder} cannot be used: {error}\n{ADVICE}") from error
    return known["path"], [flag for flag in known["args"] if flag not in FLAGS]
