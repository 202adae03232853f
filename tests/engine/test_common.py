"""Shared folders: a pack takes what it names, and puts its own in the place of what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.packs import digest, load_pack, read_folder
from tests import small

CALLBACK = f"""<b:definitions {small.SPACES}><b:process id="callback" isExecutable="true"><b:startEvent id="asked"/>
    <b:userTask id="call_back" name="回访"><b:extensionElements><zeebe:userTask/></b:extensionElements></b:userTask>
    <b:endEvent id="answered"/><b:sequenceFlow id="c1" sourceRef="asked" targetRef="call_back"/>
    <b:sequenceFlow id="c2" sourceRef="call_back" targetRef="answered"/></b:process></b:definitions>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in small.files().items():
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    shared = {
        "callback.bpmn": CALLBACK,
        "letters/thanks.md": "# 感谢\n",
        "letters/en/thanks.md": "# Thanks\n",
        "locale/en.toml": '[elements]\ncall_back = "Call back"\nasked = "Asked"\n',
    }
    for name, text in shared.items():
        path = tmp_path / "common" / "callback" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "small"


def name_it(folder: Path, more: str = "") -> None:
    manifest = folder / "pack.toml"
    manifest.write_text('common = ["callback"]\n' + manifest.read_text("utf-8") + more, "utf-8")


def test_only_what_is_named_is_taken(folder: Path) -> None:
    assert "callback" not in load_pack(read_folder(folder)).processes
    name_it(folder)
    pack = load_pack(read_folder(folder))
    assert [f.en for f in pack.findings if f.severity == "error"] == []
    assert pack.processes["callback"].file == "common/callback/callback.bpmn"
    assert pack.letter("thanks", "en") == "# Thanks\n"
    assert pack.names.element("callback", "call_back").en == "Call back"


def test_a_change_to_what_is_shared_is_a_change_of_every_pack_that_names_it(folder: Path) -> None:
    name_it(folder)
    before = digest(read_folder(folder))
    shared = folder.parent / "common" / "callback" / "callback.bpmn"
    shared.write_text(CALLBACK.replace("回访", "电话回访"), "utf-8")
    assert digest(read_folder(folder)) != before


def test_a_file_of_the_pack_takes_the_place_of_the_shared_one(folder: Path) -> None:
    name_it(folder)
    (folder / "letters").mkdir(exist_ok=True)
    (folder / "letters" / "thanks.md").write_text("# 我们的感谢\n", "utf-8")
    (folder / "locale").mkdir(exist_ok=True)
    (folder / "locale" / "en.toml").write_text('[elements]\ncall_back = "Ring back"\n', "utf-8")
    pack = load_pack(read_folder(folder))
    assert pack.letter("thanks", "zh") == "# 我们的感谢\n"
    assert pack.names.element("callback", "call_back").en == "Ring back"
    assert pack.names.element("callback", "asked").en == "Asked"


def test_a_pack_says_which_of_its_rules_a_shared_element_carries(folder: Path) -> None:
    name_it(folder, '\n[clauses]\ncall_back = "R7"\nnowhere = "R8"\n')
    pack = load_pack(read_folder(folder))
    element = pack.processes["callback"].find("call_back")
    assert element is not None
    assert element.clauses == ("R7",)
    assert [f.element for f in pack.findings if "neither an element" in f.en] == ["nowhere"]


def test_a_pack_says_in_which_calendar_a_shared_element_counts_and_what_lanes_flows_and_fields_carry(
    folder: Path,
) -> None:
    shared = folder.parent / "common" / "callback"
    lane = '<b:laneSet><b:lane id="lane_callback" name="前台"><b:flowNodeRef>call_back</b:flowNodeRef></b:lane></b:laneSet>'
    (shared / "callback.bpmn").write_text(CALLBACK.replace("<b:startEvent", f"{lane}<b:startEvent", 1), "utf-8")
    (shared / "forms").mkdir()
    field = '{"type": "textfield", "id": "f", "key": "opinion", "label": "意见"}'
    (shared / "forms" / "call_back.form").write_text(f'{{"id": "call_back", "components": [{field}]}}', "utf-8")
    name_it(
        folder,
        """
[clauses]
lane_callback = "R1"
c1 = "R2"
"call_back.opinion" = "R3"
[calendars]
call_back = "working"
""",
    )
    pack = load_pack(read_folder(folder))
    process = pack.processes["callback"]
    element = process.find("call_back")
    assert element is not None
    assert element.properties["calendar"] == "working"
    assert process.lane_properties["前台"]["clause"] == "R1"
    assert process.flows["c1"].properties["clause"] == "R2"
    assert pack.forms["call_back"].fields[0].properties["clause"] == "R3"
    assert [f.en for f in pack.findings if f.file == "pack.toml"] == []


@pytest.mark.parametrize("name", ["nothing", "../small", ".."])
def test_a_shared_folder_that_does_not_exist_is_an_error(folder: Path, name: str) -> None:
    manifest = folder / "pack.toml"
    manifest.write_text(f'common = ["{name}"]\n' + manifest.read_text("utf-8"), "utf-8")
    pack = load_pack(read_folder(folder))
    (finding,) = pack.findings
    assert f"there is no shared folder common/{name}:" in finding.en
