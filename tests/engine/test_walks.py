"""Filling forms without a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from engine.forms import Form, load_form
from engine.packs import load_pack, read_folder
from engine.walks import plausible
from tests.office import ROOT

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
CHOICE = [{"label": v, "value": v} for v in ("甲", "乙", "丙")]


def form(*components: dict[str, Any]) -> Form:
    fields = [{"id": f"f{n}", "key": f"k{n}", "label": "x", **c} for n, c in enumerate(components)]
    return load_form(json.dumps({"type": "default", "id": "t", "components": fields}).encode(), "t.form")


def fill(form: Form, hints: dict[str, Any] | None = None, seed: int = 1, **variables: Any) -> dict[str, Any]:
    return plausible(form, variables, Random(seed), hints or {}, NOW)


def test_required_fields_are_filled_and_optional_texts_are_left_out() -> None:
    values = fill(form({"type": "textfield", "validate": {"required": True, "minLength": 30}}, {"type": "textfield"}))
    assert len(values["k0"]) >= 30
    assert not values.get("k1")


@pytest.mark.parametrize(
    ("component", "check"),
    [
        ({"type": "number", "validate": {"required": True, "min": 5}}, lambda v: v >= 5),
        ({"type": "number", "validate": {"required": True, "max": 0}}, lambda v: v <= 0),
        ({"type": "select", "values": CHOICE}, lambda v: v in "甲乙丙"),
        ({"type": "radio", "values": CHOICE, "validate": {"required": True}}, lambda v: v in "甲乙丙"),
        ({"type": "checklist", "values": CHOICE, "validate": {"required": True}}, lambda v: 1 <= len(v) <= 2),
        ({"type": "taglist", "values": CHOICE, "validate": {"required": True}}, lambda v: set(v) <= set("甲乙丙")),
        ({"type": "checkbox", "validate": {"required": True}}, lambda v: v is True),
        (
            {"type": "datetime", "subtype": "date", "dateLabel": "d", "validate": {"required": True}},
            lambda v: str(v) == "2026-03-03",
        ),
    ],
)
def test_every_kind_of_field_gets_a_value_it_accepts(component: dict[str, Any], check: Any) -> None:
    for seed in range(5):
        assert check(fill(form(component), seed=seed)["k0"])


def test_options_may_come_from_a_variable() -> None:
    values = fill(form({"type": "select", "valuesKey": "choices"}), choices=[{"label": "a", "value": "A"}])
    assert values["k0"] == "A"


def test_hints_go_first_and_a_list_is_chosen_from() -> None:
    asked = form({"type": "textfield"}, {"type": "taglist", "values": CHOICE})
    seen = {fill(asked, {"k0": ["左", "右"], "k1": ["甲", "乙"]}, seed)["k0"] for seed in range(20)}
    assert seen == {"左", "右"}
    assert fill(asked, {"k1": ["甲", "乙"]})["k1"] == ["甲", "乙"]
    assert fill(asked, {"k1": [["甲"], ["乙"]]})["k1"] in (["甲"], ["乙"])


def test_the_same_seed_gives_the_same_values() -> None:
    asked = form({"type": "select", "values": CHOICE}, {"type": "checklist", "values": CHOICE})
    assert fill(asked, seed=3) == fill(asked, seed=3)


def test_what_cannot_be_made_up_says_which_field() -> None:
    impossible = {"type": "textfield", "validate": {"required": True, "pattern": "^[A-Z]{3}-[0-9]{9}$"}}
    with pytest.raises(ValueError, match="k0"):
        fill(form(impossible))


@pytest.mark.parametrize("name", ["telecom", "generic"])
def test_every_intake_form_can_be_filled(name: str) -> None:
    intake = load_pack(read_folder(ROOT / "processes" / name), name).start_form()
    for seed in range(10):
        values = fill(intake, seed=seed)
        assert intake.validate_values(values, {}, "zh", NOW).ok
