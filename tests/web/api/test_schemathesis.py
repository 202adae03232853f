"""The interface does what its document says, whatever is sent: generated requests, valid and not, as three people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema

from engine.clock import VirtualClock
from engine.store import Store
from engine.types import SYSTEM, Upload
from tests.office import INTAKE, TRIAGE
from tests.web.api.conftest import Desk, make_desk
from web.api.document import document
from web.api.problems import InvalidRequest, MalformedJson

EXAMPLES = 6
CONFIG = {
    "generation": {"deterministic": True, "max-examples": EXAMPLES},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "415", "422"]}
    },
}
REFUSALS = {InvalidRequest.code, MalformedJson.code}

ALIASES = {
    "number": [f"@number{n}" for n in range(6)],
    "instance_id": [f"@instance{n}" for n in range(6)],
    "task_id": [f"@task{n}" for n in range(6)],
    "attachment_id": ["@attachment"],
    "deployment_id": ["@deployment"],
    "process_id": ["complaint", "archive_check", "statistics"],
    "pack": ["telecom"],
    "incident_id": [1],
}
"""What stands for the ids of the seeded office in valid requests; they are known only when it is there."""


def _described() -> OpenApiSchema:
    """The document, with ids and values that exist in the places where valid requests are made."""
    found = json.loads(json.dumps(document()))
    for item in found["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": ALIASES[parameter["name"]]}
    schemas = found["components"]["schemas"]
    texts = {key: {"type": "string", "enum": [value]} for key, value in INTAKE.items()}
    intake = {"type": "object", "properties": texts, "required": list(texts)}
    pack = {"enum": ["telecom"]}
    schemas["NewComplaint"]["properties"] |= {"pack": pack, "values": intake}
    schemas["NewInstance"]["properties"] |= {"pack": pack, "process_id": {"enum": ALIASES["process_id"]}}
    schemas["AssignTask"]["properties"]["user_id"] = {"enum": ["amy", "ben", "dora"]}
    schemas["ClaimTasks"]["properties"]["ids"]["items"] = {"enum": ALIASES["task_id"]}
    schemas["ComplaintMessage"]["properties"]["name"] = {"enum": ["withdraw", "customer_contact"]}
    schemas["Message"]["properties"] |= {"name": {"enum": ["withdraw"]}, "correlation_key": {"enum": ALIASES["number"]}}
    return schemathesis.openapi.from_dict(found, config=SchemathesisConfig.from_dict(CONFIG))


interface = _described()


@schemathesis.check
def taken_as_described(ctx: Any, response: Any, case: Any) -> None:
    """What the document allows is never refused as different from the document."""
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 400:
        assert response.json()["code"] not in REFUSALS, response.text


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, str]]]:
    """An office with complaints at several stages, and what the aliases stand for."""
    folder = tmp_path_factory.mktemp("interface")
    store = Store(f"sqlite:///{folder}/redress.sqlite3")
    store.create()
    clock = VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    desk = make_desk(store, clock, folder / "var", RATELIMIT_ENABLED=False)
    office, engine = desk.office, desk.office.engine
    started = [desk.file(contact=f"1390000000{n}") for n in range(6)]
    for one in started[:3]:
        office.complete(one.instance_id, "triage", TRIAGE)
    note = Upload("attachment", "note.txt", "text/plain", b"called at noon")
    known = {"@attachment": engine.complaints.attach(SYSTEM, started[0].number, [note])[0]}
    known["@deployment"] = engine.deployments.pack("telecom").deployment_id
    for n, one in enumerate(started):
        task = office.open_tasks(one.instance_id)[0].id
        known |= {f"@number{n}": one.number, f"@instance{n}": one.instance_id, f"@task{n}": task}
    interface.app, interface.location = desk.app, "/api/v1/openapi.json"
    yield desk, known
    store.close()


@pytest.mark.parametrize("who", ["root", "mia", "amy"], ids=["administrator", "manager", "staff"])
@interface.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation(case: schemathesis.Case, who: str, seeded: tuple[Desk, dict[str, str]]) -> None:
    desk, known = seeded
    case.path_parameters = _named(case.path_parameters, known)
    case.body = _named(case.body, known)
    case.call_and_validate(headers={"Authorization": f"Bearer {desk.tokens[who]}"})


def _named(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, list):
        return [_named(item, known) for item in value]
    return {key: _named(item, known) for key, item in value.items()} if isinstance(value, dict) else value
