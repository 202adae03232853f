"""Uploads: a harmless name, a bounded size and a type decided by the content, never by what the sender claims."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from urllib.parse import quote

from engine.config import Files
from engine.errors import BadRequest, FileRefused, TooLarge
from engine.types import Name, Upload

_KINDS: Final = {
    "jpeg": ("image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    "png": ("image/png", ("png",)),
    "webp": ("image/webp", ("webp",)),
    "gif": ("image/gif", ("gif",)),
    "pdf": ("application/pdf", ("pdf",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ("docx",)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ("xlsx",)),
    "txt": ("text/plain", ("txt",)),
    "mp3": ("audio/mpeg", ("mp3",)),
    "m4a": ("audio/mp4", ("m4a",)),
    "mp4": ("video/mp4", ("mp4", "m4v")),
    "wav": ("audio/wav", ("wav",)),
    "amr": ("audio/amr", ("amr",)),
}
_MAGIC: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"ID3", "mp3"),
    (b"#!AMR\n", "amr"),
    (b"#!AMR-WB\n", "amr"),
    (b"MZ", "exe"),
    (b"\x7fELF", "elf"),
    (b"#!", "script"),
    (b"{\\rtf", "rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc/xls"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)
_RIFF: Final = {b"WEBP": "webp", b"WAVE": "wav"}
_VIDEO_BRANDS: Final = {
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"avc1",
    b"mp41",
    b"mp42",
    b"dash",
    b"M4V ",
    b"MSNV",
}
_AUDIO_BRANDS: Final = {b"M4A ", b"M4B "}
_MARKUP = re.compile(rb"<(?:!doctype|!--|\?xml|html|head|body|svg|script|iframe|meta|style|title)", re.IGNORECASE)
_TEXT_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_CONTENT_TYPES_PART = "[Content_Types].xml"
_MAX_PART = 1_000_000
_MAX_PARTS = 10_000
_ACTIVE_PARTS = ("vbaproject", "vbadata", "macrosheets/", "activex/")
_ACTIVE_TYPES = (b"vbaproject", b"macroenabled", b"macrosheet", b"activex")
_SHOWN_INLINE: Final = {"image/jpeg", "image/png", "image/webp", "image/gif"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_MAX_NAME_BYTES = 200


@dataclass(frozen=True)
class AcceptedFile:
    """An upload that passed every check."""

    name: str
    kind: str
    content_type: str
    size: int
    sha256: str
    content: bytes


def accept(upload: Upload, limits: Files) -> AcceptedFile:
    """Check one upload. Raises TooLarge or FileRefused."""
    name, size = safe_name(upload.name), len(upload.content)
    if size > limits.max_bytes:
        raise TooLarge(name=name, size=size_text(size), limit=size_text(limits.max_bytes))
    kind = _sniff(upload.content, _extension(name))
    if kind not in limits.types or kind not in _KINDS:
        raise _refused(name, kind, limits)
    content_type, extensions = _KINDS[kind]
    if not (extension := _extension(name)):
        name = f"{name}.{extensions[0]}"
    elif extension not in extensions:
        raise _refused(name, f".{extension} ≠ {kind}", limits)
    if kind == "txt":
        content_type = f"text/plain; charset={_text_encoding(upload.content)}"
    return AcceptedFile(name, kind, content_type, size, hashlib.sha256(upload.content).hexdigest(), upload.content)


def accept_all(uploads: Sequence[Upload], limits: Files, already: int = 0) -> list[AcceptedFile]:
    """Check uploads that join ``already`` stored ones. An empty file field of a form is passed over."""
    given = [upload for upload in uploads if upload.name or upload.content]
    if given and already + len(given) > limits.max_per_complaint:
        zh = f"一件投诉最多 {limits.max_per_complaint} 个文件，已有 {already} 个。请合并文件或只上传最要紧的。"
        en = (
            f"A complaint holds at most {limits.max_per_complaint} files and has {already}. "
            "Merge files, or upload the most important ones only."
        )
        raise BadRequest(reason={"zh": zh, "en": en})
    return [accept(upload, limits) for upload in given]


def download_headers(name: str, content_type: str, *, inline: bool = False) -> dict[str, str]:
    """HTTP headers under which a stored file may be handed out. Only pictures are ever shown in the page."""
    known = {mime for mime, _ in _KINDS.values()}
    if content_type.split(";")[0] not in known:
        content_type = "application/octet-stream"
    how = "inline" if inline and content_type in _SHOWN_INLINE else "attachment"
    name = safe_name(name)
    plain = re.sub(r"[^\w.\- ]", "_", name, flags=re.ASCII)
    return {
        "Content-Type": content_type,
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def safe_name(name: str) -> str:
    """``name`` without folders, control characters, text-direction tricks and whatever file systems dislike."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = re.sub(r'[<>:"|?*\s]+', "_", name).strip("._ ")
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 10:
        stem, dot, extension = name, "", ""
    room = _MAX_NAME_BYTES - len(f"{dot}{extension}".encode())
    name = stem.encode()[:room].decode(errors="ignore") + dot + extension
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def size_text(size: int) -> str:
    """``size`` in bytes for people: 512 B, 12.5 KB, 10 MB."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
        amount /= 1024
    return f"{amount:.1f}".removesuffix(".0") + " GB"


def _refused(name: str, kind: str, limits: Files) -> FileRefused:
    words = {"": Name("未知", "unknown"), "empty": Name("空文件", "empty file"), "macro": Name("含宏", "with macros")}
    label = words.get(kind, Name(kind, kind))
    return FileRefused(name=name, type={"zh": label.zh, "en": label.en}, allowed=", ".join(limits.types))


def _extension(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return extension.lower() if stem else ""


def _sniff(content: bytes, extension: str) -> str:
    """What the bytes are: a kind of ``_KINDS``, another name when recognised, else an empty text."""
    if not content:
        return "empty"
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "riff")
    if content[4:8] == b"ftyp":
        return _mpeg4(content[8:12], extension)
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _office(content)
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if _is_mp3_frame(content):
        return "mp3"
    if _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return "svg" if b"<svg" in content[:4096].lower() else "html/xml"
    return "txt" if _text_encoding(content) else ""


def _mpeg4(brand: bytes, extension: str) -> str:
    if brand in _AUDIO_BRANDS:
        return "m4a"
    if brand in _VIDEO_BRANDS:
        # Recorders write the general brands into sound files as well.
        return "m4a" if extension == "m4a" else "mp4"
    return brand.decode("ascii", "replace").strip()


def _is_mp3_frame(content: bytes) -> bool:
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE0 != 0xE0:
        return False
    version, layer = content[1] >> 3 & 3, content[1] >> 1 & 3
    bitrate, rate = content[2] >> 4, content[2] >> 2 & 3
    return version != 1 and layer == 1 and bitrate not in (0, 15) and rate != 3


def _office(content: bytes) -> str:
    """docx or xlsx. Reads the list of parts and the small type table; nothing else is ever unpacked."""
    if content.count(b"PK\x01\x02") > _MAX_PARTS:
        return "zip"
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names) or _CONTENT_TYPES_PART not in names:
                return "zip"
            with archive.open(_CONTENT_TYPES_PART) as part:
                types = part.read(_MAX_PART + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError):
        return "zip"
    if len(types) > _MAX_PART or b"\0" in types:
        return "zip"
    lowered = [name.lower() for name in names]
    if any(part in name for name in lowered for part in _ACTIVE_PARTS) or any(
        t in types.lower() for t in _ACTIVE_TYPES
    ):
        return "macro"
    kinds = [kind for kind, main in (("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")) if main in lowered]
    return kinds[0] if len(kinds) == 1 else "zip"


def _text_encoding(content: bytes) -> str:
    """The encoding of a plain text, "" when it is something else."""
    for encoding in _TEXT_ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n\f" for c in text):
            return ""
        return encoding.removesuffix("-sig")
    return ""
