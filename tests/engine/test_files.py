"""Uploads are judged by their content; names and downloads are harmless."""

from __future__ import annotations

import hashlib
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import FILE_TYPES, Files
from engine.errors import BadRequest, FileRefused, TooLarge
from engine.files import accept, accept_all, download_headers, safe_name, size_text
from engine.types import Upload

LIMITS = Files()
TYPES = '<Types><Override PartName="/word/document.xml" ContentType="x.document.main+xml"/></Types>'


def office(*parts: str, types: str | bytes = TYPES, repeat: int = 1) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        for part in parts:
            archive.writestr(part, b"0" * repeat)
    return buffer.getvalue()


def upload(name: str, content: bytes, content_type: str = "application/octet-stream") -> Upload:
    return Upload(field="evidence", name=name, content_type=content_type, content=content)


SAMPLES = {
    "jpeg": ("照片.JPG", b"\xff\xd8\xff\xe0" + b"0" * 20),
    "png": ("a.png", b"\x89PNG\r\n\x1a\n0000"),
    "webp": ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 "),
    "gif": ("a.gif", b"GIF89a000"),
    "pdf": ("合同.pdf", b"%PDF-1.7\n%..."),
    "docx": ("a.docx", office("word/document.xml", "word/media/image1.png")),
    "xlsx": ("a.xlsx", office("xl/workbook.xml")),
    "txt": ("说明.txt", "网络经常中断，第二行\n".encode()),
    "mp3": ("a.mp3", b"ID3\x04\0\0" + b"\0" * 10),
    "m4a": ("录音.m4a", b"\0\0\0\x1cftypM4A \0\0\0\0"),
    "mp4": ("a.mp4", b"\0\0\0\x1cftypisom\0\0\0\0"),
    "wav": ("a.wav", b"RIFF\x10\0\0\0WAVEfmt "),
    "amr": ("a.amr", b"#!AMR\n\x3c"),
}


@pytest.mark.parametrize("kind", FILE_TYPES)
def test_every_allowed_type(kind: str) -> None:
    name, content = SAMPLES[kind]
    accepted = accept(upload(name, content, "text/html"), LIMITS)
    assert accepted.kind == kind
    assert accepted.name == name
    assert (accepted.size, accepted.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert download_headers(accepted.name, accepted.content_type)["Content-Type"] == accepted.content_type


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "svg"),
        ("a.png", b'<?xml version="1.0"?><svg/>', "svg"),
        ("a.txt", b"\xef\xbb\xbf  <!DOCTYPE html><script>1</script>", "html"),
        ("a.html", b"<html></html>", "html"),
        ("a.html", b"only words", ".html"),
        ("a.exe", b"MZ\x90\0", "exe"),
        ("a.jpg", b"MZ\x90\0", "exe"),
        ("a.txt", b"#!/bin/sh\nrm", "script"),
        ("a.pdf.exe", b"%PDF-1.4", ".exe"),
        ("a.png", b"\xff\xd8\xff\xe0", ".png"),
        ("a.docm", office("word/document.xml"), ".docm"),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "macros"),
        ("a.xlsx", office("xl/workbook.xml", "xl/macrosheets/sheet1.xml"), "macros"),
        (
            "a.docx",
            office("word/document.xml", types=TYPES.replace("document.main", "document.macroEnabled.main")),
            "macros",
        ),
        ("a.docx", office("word/document.xml", types=TYPES.encode("utf-16")), "zip"),
        ("a.docx", office("word/document.xml", "xl/workbook.xml"), "zip"),
        ("a.docx", office("other.xml"), "zip"),
        ("a.docx", b"PK\x03\x04 broken", "zip"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc/xls"),
        ("a.xlsx", SAMPLES["docx"][1], ".xlsx"),
        ("a.heic", b"\0\0\0\x1cftypheic", "heic"),
        ("a.txt", b"nul \0 byte", "unknown"),
        ("a.txt", b"", "empty"),
        ("a.bin", bytes(range(128, 256)), "unknown"),
    ],
)
def test_everything_else_is_refused(name: str, content: bytes, shown: str) -> None:
    with pytest.raises(FileRefused) as caught:
        accept(upload(name, content, "image/png"), LIMITS)
    assert shown in caught.value.text("en")
    assert "docx" in caught.value.text("zh")


def test_the_list_of_the_settings_counts() -> None:
    with pytest.raises(FileRefused):
        accept(upload(*SAMPLES["pdf"]), Files(types=("png",)))


def test_size() -> None:
    with pytest.raises(TooLarge) as caught:
        accept(upload("a.txt", b"x" * 2049), Files(max_bytes=2048))
    assert "2 KB" in caught.value.text("en")
    assert accept(upload("a.txt", b"x" * 2048), Files(max_bytes=2048)).size == 2048
    assert [size_text(n) for n in (0, 1023, 1536, 10 * 2**20, 2**31)] == ["0 B", "1023 B", "1.5 KB", "10 MB", "2 GB"]


def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = office("word/document.xml", types=b" " * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(FileRefused):
        accept(upload("a.docx", bomb), LIMITS)
    assert accept(upload("a.docx", office("word/document.xml", repeat=50_000_000)), LIMITS).kind == "docx"


def test_mp3_without_tag_and_general_brand_in_sound_files() -> None:
    assert accept(upload("a.mp3", b"\xff\xfb\x90\x64" + b"\0" * 9), LIMITS).kind == "mp3"
    assert accept(upload("a.m4a", SAMPLES["mp4"][1]), LIMITS).kind == "m4a"
    with pytest.raises(FileRefused):
        accept(upload("a.txt", "字".encode("utf-16")), LIMITS)


def test_text_in_the_national_encoding() -> None:
    assert accept(upload("a.txt", "投诉内容".encode("gb18030")), LIMITS).content_type == "text/plain; charset=gb18030"
    assert accept(upload("a.txt", "投诉内容".encode("utf-8-sig")), LIMITS).content_type == "text/plain; charset=utf-8"


def test_a_missing_extension_is_added() -> None:
    assert accept(upload("image", SAMPLES["jpeg"][1]), LIMITS).name == "image.jpg"


def test_number_of_files() -> None:
    uploads = [upload(*SAMPLES["png"]), upload(*SAMPLES["pdf"]), upload("", b"")]
    assert [f.kind for f in accept_all(uploads, LIMITS)] == ["png", "pdf"]
    assert len(accept_all(uploads, Files(max_per_complaint=5), already=3)) == 2
    assert accept_all([upload("", b"")], Files(max_per_complaint=0)) == []
    with pytest.raises(BadRequest) as caught:
        accept_all(uploads, Files(max_per_complaint=5), already=4)
    assert "5" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\合同 终稿.pdf", "合同_终稿.pdf"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\r\nb\0.txt", "ab.txt"),
        (".htaccess", "htaccess"),
        ("..", "_"),
        ("", "_"),
        ("NUL.txt", "_NUL.txt"),
        ('a"b<c>.txt', "a_b_c_.txt"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_names_are_always_short_clean_and_stable(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 201
    assert not set(safe) & set('/\\"\r\n\0')
    assert len(safe_name("很长的名字" * 100 + ".pdf").encode()) <= 200
    assert safe_name("很长的名字" * 100 + ".pdf").endswith("字.pdf") or safe_name("很" * 300 + ".pdf").endswith(
        "很.pdf"
    )


@given(st.binary(max_size=300), st.sampled_from(["txt", "docx", "png", "mp4", "exe", ""]))
def test_any_bytes_are_accepted_or_refused(content: bytes, extension: str) -> None:
    for head in (b"", b"PK\x03\x04", b"RIFF", b"\0\0\0\0ftyp"):
        with suppress(FileRefused):
            assert accept(upload(f"a.{extension}", head + content), LIMITS).kind in FILE_TYPES


def test_download_headers() -> None:
    headers = download_headers('合同"\r\n.pdf', "application/pdf", inline=True)
    assert (
        headers["Content-Disposition"] == "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C_.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert download_headers("a.png", "image/png", inline=True)["Content-Disposition"].startswith("inline;")
    assert download_headers("a.png", "image/png")["Content-Disposition"].startswith("attachment;")
    assert download_headers("a.html", "text/html", inline=True)["Content-Type"] == "application/octet-stream"
