"""pack.toml as it is written: its name, its keys, its number patterns, and causes that would hide everything else."""

from __future__ import annotations

import pytest

from engine.check import check
from engine.packs import load_pack
from tests.engine.checks.office import MANIFEST, checked, pack_files


def spoilt(before: str = "", after: str = "") -> dict[str, bytes]:
    return {**pack_files(), "pack.toml": (before + MANIFEST + after).encode()}


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ("HT-{year}-{seq:05}", "{seq:05}"),
        ("HT-{nr}-{seq}", "{nr}"),
        ("HT-{category}-{seq}", "{category}"),
        ("HT-{year-{seq}", "{year-}"),
    ],
)
def test_a_field_that_is_not_filled_in_is_an_error(pattern: str, place: str) -> None:
    files = spoilt(after=f'[numbering]\npattern = "{pattern}"\n')
    ((element, told),) = [(f.element, f.en) for f in checked(files).findings if "not filled in" in f.en]
    assert element == "numbering"
    assert f"“{place}”" in told
    assert "{year}, {month}, {pack}, {seq}" in told


def test_the_fields_that_exist_are_accepted() -> None:
    files = spoilt(after='[archive]\npattern = "DA-{year}{month}-{pack}-{category}-{seq:05d}"\n')
    assert [f.en for f in checked(files).findings if "filled in" in f.en] == []


def test_an_unknown_key_is_a_warning_with_the_known_ones() -> None:
    files = spoilt('calender = "working"\n', "[group]\n")
    told = {f.element: f for f in checked(files).findings if "is not known and does nothing" in f.en}
    assert {element: f.severity for element, f in told.items()} == {"calender": "warning", "group": "warning"}
    assert "meant is perhaps “calendar”" in told["calender"].en
    assert "是否想写“calendar”" in told["calender"].zh
    assert "assumptions" in told["group"].en


def test_another_name_than_the_folder_is_a_warning() -> None:
    assert [f.element for f in check(load_pack(pack_files(), "other")).findings if "folder" in f.en] == ["name"]
    assert [f for f in check(load_pack(pack_files(), "office")).findings if "folder is called" in f.en] == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({**pack_files(), "pack.toml": b"name = "}, "cannot be read"),
        (spoilt('common = ["chase", "callback"]\n', '[clauses]\ncall_back = "R1"\n'), "common/chase, common/callback"),
    ],
)
def test_after_a_cause_that_hides_the_rest_nothing_else_is_told(files: dict[str, bytes], told: str) -> None:
    report = checked(files)
    (finding,) = report.findings
    assert not report.ok
    assert told in finding.en


def test_a_missing_shared_folder_says_where_the_pack_must_lie() -> None:
    (finding,) = checked(spoilt('common = ["chase"]\n')).findings
    assert "must lie beside common/" in finding.en
    assert "须与 common/ 并列" in finding.zh
