"""Diagrams written for workers outside: their topics are named in pack.toml, and a pool without lanes is a role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import SYSTEM
from engine.errors import ExecutionError, PackInvalid
from engine.models import Outbox, ProcessInstance
from tests import small
from tests.office import Office

LONE = Path(__file__).parent / "lone"
TOPICS = ("tell_customer", "tell_refusal", "read_photos", "ask_carrier", "look_up", "pay_back")
CLAIM = {"customer": 7, "claim": {"id": 3, "amount": 250, "items": [{"carrier": "north"}]}, "earlier_claims": 1}


def claims(**changed: str) -> dict[str, bytes]:
    """The claim diagram of another engine as a pack: nothing but a manifest is added."""
    topics = "".join(f'{name} = ""\n' for name in TOPICS)
    manifest = (
        'name = "small"\ntitle = "Claims"\nentry = "claim"\ncalendar = "calendar"\n[groups]\n'
        f'reviewers = {{ title = "Reviewers" }}\n[topics]\n{topics}'
    )
    for old, new in changed.items():
        manifest = manifest.replace(f'{old} = ""', f'{old} = "{new}"') if new else manifest.replace(f'{old} = ""\n', "")
    files = {path.name: path.read_bytes() for path in LONE.iterdir() if path.is_file()}
    form = (LONE / "forms" / "decide.form").read_bytes()
    return {**files, "pack.toml": manifest.encode(), "forms/decide-by-hand.form": form}


def started(house: Office, files: Mapping[str, bytes]) -> str:
    small.deploy(house, dict(files))
    return house.engine.instances.start(SYSTEM, "small", "claim", CLAIM)


def test_the_diagram_runs_on_the_desk_as_it_is(house: Office) -> None:
    """Correlation keys made inside the subprocess, timers, the table and the called process included."""
    instance = started(house, claims())
    house.engine.messages.correlate(SYSTEM, "photos_received", "3/7", {"photos": []})
    house.engine.messages.correlate(SYSTEM, "carrier_accepts", "north-3", {})
    with house.store.read() as session:
        found = session.get_one(ProcessInstance, instance)
    assert (found.state, found.end_element) == ("completed", "paid")


def test_a_webhook_is_told_of_a_topic(house: Office) -> None:
    context = house.engine.context
    context.config = replace(context.config, webhooks={"crm": "https://crm.example.org"})
    started(house, claims(tell_customer="crm"))
    with house.store.read() as session:
        (row,) = session.scalars(select(Outbox)).all()
    assert json.loads(context.vault.decrypt(row.body)) == {
        "number": None,
        "topic": "tell_customer",
        "body": {"kind": "photos_wanted"},
    }


def test_a_webhook_that_the_settings_do_not_have_is_an_incident(house: Office) -> None:
    with pytest.raises(ExecutionError, match="nowhere"):
        started(house, claims(tell_customer="nowhere"))


def test_a_topic_nobody_names_is_refused_with_the_way_out(house: Office) -> None:
    with pytest.raises(PackInvalid) as caught:
        small.deploy(house, claims(look_up=""))
    (finding,) = [f for f in caught.value.params["findings"] if f["severity"] == "error"]
    assert (finding["element"], "[topics]" in finding["message"]) == ("look_up", True)


def test_a_pool_without_lanes_is_the_group_of_its_tasks(house: Office) -> None:
    files = claims()
    assigned = b'<zeebe:assignmentDefinition candidateGroups="reviewers"/>'
    files["claim.bpmn"] = files["claim.bpmn"].replace(assigned, b"")
    assert assigned not in files["claim.bpmn"]
    with pytest.raises(PackInvalid, match="Claims office"):
        small.deploy(house, files)
    files["pack.toml"] += b'[lanes]\n"Claims office" = "reviewers"\n'
    instance = started(house, files)
    house.engine.messages.correlate(SYSTEM, "photos_received", "3/7", {"photos": []})
    house.engine.messages.correlate(SYSTEM, "carrier_denies", "north-3", {})
    assert [t.element_id for t in house.open_tasks(instance)] == ["decide"]
