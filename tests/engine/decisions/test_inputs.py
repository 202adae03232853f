"""Values given from outside: found by name, texts of dates and durations read by the declared type, misfits told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from engine.decisions import DecisionError
from engine.feel import YearsMonths

READ = [
    ("date", "2026-03-02", date(2026, 3, 2)),
    ("time", "09:30:00", time(9, 30)),
    ("date and time", "2026-03-02T09:30:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
    ("dateTime", "2026-03-02T09:30:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
    ("days and time duration", "P1DT2H", timedelta(days=1, hours=2)),
    ("years and months duration", "P1Y2M", YearsMonths(14)),
    ("yearMonthDuration", "P1Y2M", YearsMonths(14)),
    ("tDay", "2026-03-02", date(2026, 3, 2)),
    ("tDays", ["2026-03-02", None], [date(2026, 3, 2), None]),
    ("tDays", "2026-03-02", [date(2026, 3, 2)]),
    ("tDayList", ["2026-03-02"], [date(2026, 3, 2)]),
    ("tStay", {"from": "2026-03-02", "nights": "P3D"}, {"from": date(2026, 3, 2), "nights": timedelta(days=3)}),
    ("tStays", [{"from": "2026-03-02", "nights": None}], [{"from": date(2026, 3, 2), "nights": None}]),
    ("string", "2026-03-02", "2026-03-02"),
    ("Any", "2026-03-02", "2026-03-02"),
]


@pytest.fixture
def types(dmn):
    stay = dmn.part("from", "date") + dmn.part("nights", "days and time duration")
    return (
        dmn.type("tDay", "date", allowed='>= date("2026-01-01")')
        + dmn.type("tDays", "tDay", collection=True)
        + dmn.type("tDayList", "tDays")
        + dmn.type("tStay", parts=stay)
        + dmn.type("tStays", "tStay", collection=True)
    )


@pytest.mark.parametrize(("type", "text", "value"), READ)
def test_texts_become_what_the_input_is(dmn, types, type, text, value):
    model = dmn.load(types, dmn.input_data("x", type), dmn.decision("d", dmn.literal("x"), "i_x"))
    found = model.evaluate("d", {"x": text}).value
    assert found == value
    assert repr(found) == repr(value)


MISFITS = [
    ("date", "2026-02-30"),
    ("date", "tomorrow"),
    ("date", "2026-03-02T09:30:00"),
    ("time", "25:00:00"),
    ("days and time duration", "P1Y"),
    ("years and months duration", "P1D"),
    ("tDay", "2025-12-31"),
    ("number", "5"),
    ("boolean", "true"),
]


@pytest.mark.parametrize(("type", "text"), MISFITS)
def test_what_is_no_such_text_is_told_by_name(dmn, types, type, text):
    model = dmn.load(types, dmn.input_data("paid on", type), dmn.decision("d", dmn.literal("1"), "i_paid_on"))
    with pytest.raises(DecisionError) as error:
        model.evaluate("d", {"paid on": text})
    assert error.value.params["column"] == "paid on"
    assert text in error.value.text("zh")
    assert type in error.value.text("en")


def test_a_column_states_the_type_of_a_variable_that_is_no_input(dmn):
    """Files of the desktop modeler often have no inputs at all."""
    model = dmn.decide([{"expression": "on", "type": "date"}], ["v"], ['>= date("2026-03-01") -> on'])
    result = model.evaluate("d", {"on": "2026-03-02"})
    assert (result.value, result.inputs) == (date(2026, 3, 2), {"on": date(2026, 3, 2)})


def test_a_text_that_a_decision_yields_stays_a_text(dmn):
    table = dmn.table([{"expression": "day", "type": "date"}], ["v"], ["- -> 1"])
    model = dmn.load(
        dmn.decision("d_day", dmn.literal('"2026-03-02"'), name="day"),
        dmn.decision("d", table, "d_day"),
        dmn.decision("d_typed", dmn.literal('"2026-03-02"'), type="date"),
    )
    for name in ("d", "d_typed"):
        with pytest.raises(DecisionError, match="2026-03-02"):
            model.evaluate(name, {})


@pytest.fixture
def offered(dmn):
    """A service and a business knowledge model that can be asked for by name."""
    service = (
        '<decisionService id="s" name="Next day"><variable name="Next day"/><outputDecision href="#d_next"/>'
        '<inputDecision href="#d_step"/><inputData href="#i_day"/></decisionService>'
    )
    return dmn.load(
        dmn.input_data("day", "date"),
        dmn.decision("d_step", dmn.literal('duration("P1D")'), name="step", type="days and time duration"),
        dmn.decision("d_next", dmn.literal("day + step"), "i_day", "d_step"),
        dmn.knowledge("k", "Days until", ["until:date", "since:date"], dmn.literal("(until - since).days")),
        service,
    )


@pytest.mark.parametrize("name", ["s", "Next day"])
def test_a_service_is_asked_for_by_name(offered, name):
    assert offered.evaluate(name, {"day": "2026-03-02", "step": "P2D"}).value == date(2026, 3, 4)
    assert offered.evaluate("d_next", {"day": "2026-03-02"}).value == date(2026, 3, 3)


@pytest.mark.parametrize("name", ["k", "Days until"])
def test_knowledge_is_asked_for_by_name(offered, name):
    result = offered.evaluate(name, {"until": "2026-03-04", "since": date(2026, 3, 2)})
    assert result.value == 2
    assert result.inputs == {"until": date(2026, 3, 4), "since": date(2026, 3, 2)}


def test_a_parameter_that_is_missing_is_told(offered):
    result = offered.evaluate("Days until", {"until": "2026-03-04"})
    assert result.value is None
    assert any("since" in problem.zh for problem in result.problems)


def test_an_unknown_name_lists_what_there_is(offered):
    with pytest.raises(DecisionError) as error:
        offered.evaluate("nothing", {})
    for name in ("step", "d_next", "Next day", "Days until"):
        assert name in error.value.text("en")
