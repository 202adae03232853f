"""The files of a pack as they come in: a zip file or texts by path. Both are untrusted."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO

from engine.files import size_text
from engine.packs import MAX_BYTES, MAX_FILES, SUFFIXES
from web.api.problems import ArchiveRefused

MAX_ENTRIES = MAX_FILES
_MAX_ALL_ENTRIES = 2 * MAX_ENTRIES
_MAX_PATH = 200
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def from_texts(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Files given as text. Raises ArchiveRefused for paths that leave the folder."""
    for path in texts:
        _check_path(path)
    return {path: text.encode() for path, text in texts.items() if _belongs(path)}


def from_zip(content: bytes) -> dict[str, bytes]:
    """The files of a pack in a zip file, at its top or in one folder.

    Like a pack's folder, it may hold samples and files of other types, which are left out unread. Raises ArchiveRefused
    for anything else than plain files at harmless paths, and for too many or too large ones.
    """
    if content.count(_DIRECTORY_ENTRY) > _MAX_ALL_ENTRIES:
        raise _refused(f"超过 {_MAX_ALL_ENTRIES} 个条目", f"more than {_MAX_ALL_ENTRIES} entries")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return dict(_read(archive))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise _refused("文件已损坏，或不是 zip 文件", "it is damaged, or no zip file") from error


def _read(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        _check_entry(entry)
        if entry.filename in entries:
            raise _refused(f"“{entry.filename}”出现两次", f"“{entry.filename}” is there twice")
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/"):
            entries[entry.filename] = entry
    top = _top_folder(entries)
    left = MAX_BYTES
    for name, entry in entries.items():
        path = name.removeprefix(top)
        if _belongs(path):
            with archive.open(entry) as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                limit = size_text(MAX_BYTES)
                raise _refused(f"解压后超过 {limit}", f"unpacked it is larger than {limit}")
            yield path, content


def _check_entry(entry: zipfile.ZipInfo) -> None:
    _check_path(entry.filename.rstrip("/"), entry.orig_filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(f"“{entry.filename}”不是普通文件", f"“{entry.filename}” is no plain file (a link or device)")
    if entry.flag_bits & _ENCRYPTED:
        raise _refused("压缩包已加密", "it is encrypted")
    if entry.compress_type not in _METHODS:
        raise _refused("压缩方式不支持", "its compression method is not supported")


def _check_path(path: str, original: str | None = None) -> None:
    parts = path.split("/")
    outside = path.startswith("/") or ".." in parts or "" in parts or "." in parts or ":" in path or "\\" in path
    odd = not path.isprintable() or len(path.encode("utf-8", "replace")) > _MAX_PATH or "\0" in (original or "")
    if outside or odd:
        shown = "".join(c if c.isprintable() else "�" for c in path)[:80]
        raise _refused(f"不允许的路径“{shown}”", f"the path “{shown}” is not allowed")


def _top_folder(entries: Mapping[str, zipfile.ZipInfo]) -> str:
    """The folder that holds everything, with its slash; empty when the pack lies at the top."""
    tops = {name.split("/", 1)[0] for name in entries}
    only = tops.pop() if len(tops) == 1 else ""
    return f"{only}/" if f"{only}/pack.toml" in entries else ""


def _belongs(path: str) -> bool:
    return path.endswith(SUFFIXES) and not path.startswith("samples/")


def _refused(zh: str, en: str) -> ArchiveRefused:
    return ArchiveRefused(reason={"zh": zh, "en": en})
