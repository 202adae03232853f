"""Keeps the English catalogue: collects the messages of the pages, lists what is missing, takes translations in."""

from __future__ import annotations

import fcntl
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import Translations

WEB = Path(__file__).resolve().parent
PO = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"
_METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
_HEADER = """\
# English texts of the pages. Refreshed by: python -m web.i18n extract
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
_USAGE = """Usage: python -m web.i18n COMMAND
  extract        bring messages.po up to date with templates and Python files; translations are kept
  missing        print every message without an English text, one a line
  fill [FILE]    take translations from lines "Chinese<TAB>English" (a file, or standard input)
"""


def load(code: str, path: Path = PO) -> Translations:
    """The catalogue ready for use."""
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(fp=compiled)


def read(path: Path = PO) -> Catalog:
    """The catalogue as it stands in the file."""
    if not path.exists():
        return Catalog(locale="en")
    with path.open("rb") as file:
        return read_po(file, locale="en")


def collect(root: Path = WEB) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """(file, message) for every message in templates and Python files."""
    options = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "true"}}
    skipped = {"frontend", "static", "translations"}
    found = extract_from_dir(
        root,
        _METHODS,
        options,
        keywords=_KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in skipped,
    )
    for file, _line, message, _comments, _context in found:
        yield Path(file).as_posix(), message


def extract(root: Path = WEB, path: Path = PO) -> Catalog:
    """Update the file: new messages come in empty; those no longer used become comments and can come back."""
    with _alone(path):
        old, new = read(path), Catalog(locale="en")
        earlier = {_key(message.id): message for message in [*old.obsolete.values(), *old] if message.id}
        for file, message in sorted(set(collect(root)), key=str):
            known = earlier.get(_key(message))
            new.add(message, known.string if known else None, locations=[(f"web/{file}", 1)])
        used = {_key(message.id) for message in new if message.id}
        for key, message in sorted(earlier.items()):
            if key not in used and message.string:
                message.locations = []
                new.obsolete[key] = message
        _write(new, path)
    return new


def _key(message: str | list[str] | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def fill(pairs: Iterable[tuple[str, str]], path: Path = PO) -> list[str]:
    """Set the English texts of messages; a plural is written ``one item|%(num)d items``. Returns unknown messages."""
    unknown = []
    with _alone(path):
        current = read(path)
        for chinese, english in pairs:
            message = current.get(chinese)
            if message is None:
                unknown.append(chinese)
            elif message.pluralizable:
                message.string = tuple(english.split("|"))
            else:
                message.string = english
        _write(current, path)
    return unknown


def missing(current: Catalog) -> list[str]:
    """Messages of the catalogue without a complete English text."""
    ids = []
    for message in current:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(strings):
            ids.append(message.id[0] if isinstance(message.id, tuple | list) else message.id)
    return ids


def _write(current: Catalog, path: Path) -> None:
    temporary = path.with_suffix(".po.new")
    with temporary.open("wb") as file:
        file.write(_HEADER.encode())
        write_po(file, current, width=120, sort_output=True, include_lineno=False, omit_header=True)
    temporary.replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main(arguments: list[str]) -> int:
    """The commands of ``python -m web.i18n``."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "extract":
        current = extract()
        print(f"{len(current)} messages, {len(missing(current))} without an English text: {PO}")
    elif command == "missing":
        print("\n".join(missing(extract())))
    elif command == "fill":
        lines = (Path(rest[0]).read_text(encoding="utf-8") if rest else sys.stdin.read()).splitlines()
        extract()
        cells = [line.partition("\t") for line in lines if "\t" in line]
        unknown = fill((chinese, english) for chinese, _tab, english in cells)
        for chinese in unknown:
            print(f"no such message: {chinese}", file=sys.stderr)
        return 1 if unknown else 0
    else:
        print(_USAGE, file=sys.stderr)
        return 2
    return 0
