"""The pack as a whole."""

from __future__ import annotations

import pytest

from tests.engine.checks.office import MANIFEST, ext, found, pack_files


def manifest(old: str, new: str) -> dict[str, bytes]:
    files = pack_files()
    assert old in MANIFEST
    return {**files, "pack.toml": MANIFEST.replace(old, new).encode()}


@pytest.mark.parametrize(
    ("old", "new", "element", "text"),
    [
        ('entry = "complaint"', 'entry = "nobody"', "nobody", "entry process"),
        ('calendar = "working"', 'calendar = "lunar"', "calendar", "no calendar “lunar”"),
        ('kind = "staff"', 'kind = "friends"', "受理", "kind of group"),
        ('value = "P1D"', "", "limits", "lacks: value"),
        ('clause = "R1"', 'clause = "R9"', "limits", "R9"),
        ("[[assumptions]]", "[assumptions]", "assumptions", "wrong form"),
        ("[messages]", '[lanes]\n"柜台" = "外人"\n[messages]', "柜台", "“外人” of lane “柜台”"),
    ],
)
def test_settings(old: str, new: str, element: str, text: str) -> None:
    assert [(f, e, text in t) for f, e, t in found(manifest(old, new))] == [("pack.toml", element, True)]


def test_an_entry_process_that_numbers_needs_an_intake_form() -> None:
    files = manifest("[messages]", '[numbering]\npattern = "X-{seq}"\n[messages]')
    assert [(e, "intake form" in t) for _, e, t in found(files)] == [("complaint", True)]


def test_a_letter_that_cannot_be_rendered() -> None:
    files = {**pack_files(), "letters/hello.md": b"# x\n{% if %}"}
    assert [(f, e) for f, e, _ in found(files)] == [("letters/hello.md", "hello")]
    files = {**pack_files(), "letters/en/hello.md": b"# x\n{{ y"}
    assert [(f, e) for f, e, _ in found(files)] == [("letters/en/hello.md", "hello")]


def test_the_same_task_id_in_two_processes_is_a_warning() -> None:
    files = pack_files()
    files["second.bpmn"] = files["office.bpmn"].replace(b'process id="complaint"', b'process id="second"')
    assert [(f, e) for f, e, t in found(files, "warning") if "also stands" in t] == [("second.bpmn", "work")]


def test_a_clause_that_is_no_rule_is_a_warning() -> None:
    held = '<zeebe:formDefinition formId="work"/><zeebe:properties><zeebe:property name="clause" value="R1 R7"/></zeebe:properties>'
    assert [(f, e, t) for f, e, t in found(pack_files(ext(held)), "warning")] == [
        ("office.bpmn", "work", "policy.tsv has no rule R7")
    ]
