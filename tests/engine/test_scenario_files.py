"""What a scenario file says wrongly is an ordinary red outcome that names the step and the value, in both languages."""

from __future__ import annotations

import pickle

import pytest

from engine import load_config
from engine.calendars import CalendarError
from engine.errors import PackInvalid
from engine.packs import load_pack
from engine.scenarios import Outcome, run_scenarios
from tests import small
from tests.office import run_scenario

HEAD = 'title = "走"\nstart = "2026-03-02T09:00:00+08:00"\n[intake]\nmatter = "少了一件"\n'
FIRST = '[[step]]\nexpect.tasks = ["work"]\n'
WORK = '[[step]]\ncomplete = "work"\n'


def played(text: str, **more: bytes) -> Outcome:
    pack = load_pack({**small.files(), **more, "scenarios/1.toml": text.encode()}, "small")
    return run_scenario(pack, "scenarios/1.toml", load_config())


def chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ('[[step]]\nadvance = "2天"\n', "advance = '2天'"),
        ('[[step]]\nadvance = "P2"\n', "advance = 'P2'"),
        ("[[step]]\nadvance = 2\n", "advance = 2"),
        ('[[step]]\nadvance = "P2D"\ncalendar = "lunar"\n', "calendar = 'lunar'"),
        ('[[step]]\nadvance_to = "tomorrow"\n', "advance_to = 'tomorrow'"),
        ('[[step]]\nadvance_to = "2026-03-05T09:00:00"\n', "advance_to = '2026-03-05T09:00:00'"),
        ('[[step]]\nadvance_to = "2026-03-01T09:00:00+08:00"\n', "before 2026-03-02T09:00:00+08:00"),
        (WORK + 'with = "note"\n', "with = 'note'"),
        (WORK + 'wiht = { note = "x" }\n', "unknown key “wiht”, meant is perhaps “with”"),
        (WORK + 'as = "外人"\n', "as = '外人'"),
        (WORK + 'as = "外人"\nrefused = "group"\n', "as = '外人'"),
        (WORK + "instance = 0\n", "instance = 0"),
        ('[[step]]\nexpect = "work"\n', "expect = 'work'"),
        ('[[step]]\nexpect.tasks = "work"\n', "expect.tasks = 'work'"),
        ('[[step]]\nexpect.due.work = "soon"\n', "expect.due.work = 'soon'"),
        ('[[step]]\nexpect.ledger.received_at = "soon"\n', "cannot be done as written"),
    ],
)
def test_a_wrong_step_is_red_and_named(step: str, named: str) -> None:
    outcome = played(HEAD + FIRST + step)
    assert (outcome.ok, outcome.step, outcome.title) == (False, 2, "走")
    assert named in outcome.problem
    assert chinese(outcome.problem_zh)
    assert not chinese(outcome.problem.replace("2天", "").replace("外人", "").replace("前台", "").replace("仓库", ""))


def test_a_step_that_is_no_table_is_red() -> None:
    outcome = played('step = ["complete"]\n' + HEAD)
    assert (outcome.ok, outcome.step) == (False, 1)
    assert "step = 'complete' must be a table" in outcome.problem


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("start = \n", "cannot be read"),
        (HEAD.replace("+08:00", ""), "start = '2026-03-02T09:00:00'"),
        (HEAD.replace("start", "stat"), "unknown key “stat”, meant is perhaps “start”"),
        ('title = "走"\n', "start is missing"),
        (HEAD + '[[steps]]\ncomplete = "work"\n', "unknown key “steps”"),
        (HEAD.replace("[intake]\nmatter", "intake"), "intake = '少了一件'"),
        (HEAD + '[[earlier]]\nat = "2026-02-30"\n', "earlier.at = '2026-02-30'"),
    ],
)
def test_a_wrong_head_is_red_before_the_first_step(text: str, named: str) -> None:
    outcome = played(text)
    assert (outcome.ok, outcome.step) == (False, 0)
    assert named in outcome.problem
    assert chinese(outcome.problem_zh)


def test_what_is_right_stays_green() -> None:
    assert played(HEAD + FIRST + '[[step]]\nadvance_to = "2026-03-02T09:00:00+08:00"\n').problem == ""


def test_one_bad_scenario_leaves_the_others_running() -> None:
    texts = {"scenarios/1.toml": HEAD + '[[step]]\nadvance = "P2"\n', "scenarios/2.toml": HEAD + FIRST}
    pack = load_pack({**small.files(), **{path: text.encode() for path, text in texts.items()}}, "small")
    assert [(o.file, o.ok) for _, o in run_scenarios([pack], load_config())] == [
        ("scenarios/1.toml", False),
        ("scenarios/2.toml", True),
    ]


def test_a_pack_that_cannot_be_deployed_is_told_once() -> None:
    walks = {f"scenarios/{n}.toml": HEAD.encode() for n in range(20)}
    broken = load_pack({**small.files(), **walks, "main.bpmn": b"<broken"}, "small")
    good = load_pack({**small.files(), "scenarios/1.toml": HEAD.encode()}, "small")
    outcomes = [outcome for _, outcome in run_scenarios([broken], load_config())]
    assert [(o.file, o.ok) for o in outcomes] == [("pack.toml", False)]
    assert "did not pass its check" in outcomes[0].problem
    assert "没有通过检查" in outcomes[0].problem_zh
    assert [o.ok for _, o in run_scenarios([good], load_config())] == [True]


def test_errors_pass_from_process_to_process() -> None:
    bad = pickle.loads(pickle.dumps(CalendarError("不对", "wrong")))
    assert (bad.text("zh"), bad.text("en")) == ("不对", "wrong")
    refused = pickle.loads(pickle.dumps(PackInvalid(pack="small", count=2, first={"zh": "一", "en": "one"})))
    assert isinstance(refused, PackInvalid)
    assert "small" in refused.text("en")
    assert refused.text("en").endswith("one")
    assert refused.text("zh").endswith("一")
