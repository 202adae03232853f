"""The interface does what its document says, whatever is sent: generated requests, valid and not, as three people."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
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
from tests.office import INTAKE, PACKS, TRIAGE
from tests.web.api.conftest import Desk, make_desk
from web.api.document import document
from web.api.problems import InvalidRequest, MalformedJson

EXAMPLES = 6
CONFIG = {
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "allow-x00": False},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "415", "422"]}
    },
}
REFUSALS = {InvalidRequest.code, MalformedJson.code}

ALIASES = {
    "number": [f"alias-number{n}" for n in range(5)],
    "instance_id": [f"alias-instance{n}" for n in range(5)],
    "task_id": [f"alias-task{n}" for n in range(5)],
    "attachment_id": ["alias-attachment"],
    "deployment_id": ["alias-deployment"],
    "process_id": ["complaint", "archive_check", "statistics"],
    "pack": ["telecom"],
    "incident_id": [1],
}
"""What stands for the ids of the seeded office in valid requests; they are known only when it is there."""
AD_HOC = {"instance_id": ["alias-inquiry"], "task_id": ["alias-gather"]}
"""The same for requests about an open ad-hoc subprocess."""


def _described(coverage: bool) -> OpenApiSchema:
    """The document, with ids and values that exist in the places where valid requests are made."""
    found = json.loads(json.dumps(document()))
    for path, item in found["paths"].items():
        aliases = AD_HOC if "/ad-hoc" in path else ALIASES
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": aliases[parameter["name"]]}
    schemas = found["components"]["schemas"]
    pack = {"enum": ["telecom"]}
    schemas["NewComplaint"]["properties"] |= {"pack": pack, "values": {"enum": [INTAKE]}}
    schemas["NewInstance"]["properties"] |= {"pack": pack, "process_id": {"enum": ALIASES["process_id"]}}
    schemas["ActivateElements"]["properties"]["elements"] = {"enum": [["check_bill"], ["chase", "call_back"], ["none"]]}
    schemas["AssignTask"]["properties"]["user_id"] = {"enum": ["amy", "ben", "dora"]}
    schemas["ComplaintMessage"]["properties"]["name"] = {"enum": ["customer_contact", "add_information"]}
    schemas["CompleteTask"]["properties"]["values"] = {"enum": [TRIAGE, {"note": ""}]}
    schemas["Message"]["properties"] |= {"name": {"enum": ["withdraw"]}, "correlation_key": {"enum": ALIASES["number"]}}
    phases = {"phases": {"coverage": {"enabled": coverage}}}
    described = schemathesis.openapi.from_dict(found, config=SchemathesisConfig.from_dict(CONFIG | phases))
    described.app, described.location = front, "/api/v1/openapi.json"
    return described


class _Front:
    """Passes requests on to the application of the seeded office, with real ids for the aliases."""

    app: Any = None
    known: Mapping[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        for alias, name in self.known.items():
            environ["PATH_INFO"] = environ["PATH_INFO"].replace(alias, name)
            content = content.replace(alias.encode(), name.encode())
        environ["wsgi.input"] = io.BytesIO(content)
        if "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = str(len(content))
        return self.app(environ, start_response)


front = _Front()
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.check
def taken_as_described(ctx: Any, response: Any, case: Any) -> None:
    """What the document allows is never refused as different from the document."""
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 400:
        assert response.json()["code"] not in REFUSALS, response.text


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An office with complaints at several stages."""
    folder = tmp_path_factory.mktemp("interface")
    store = Store(f"sqlite:///{folder}/redress.sqlite3")
    store.create()
    clock = VirtualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    desk = make_desk(store, clock, folder / "var", RATELIMIT_ENABLED=False)
    office, engine = desk.office, desk.office.engine
    started = [desk.file(contact=f"1390000000{n}") for n in range(10)]
    for one in started[3:7]:
        office.complete(one.instance_id, "triage", TRIAGE)
    note = Upload("attachment", "note.txt", "text/plain", b"called at noon")
    known = {"alias-attachment": engine.complaints.attach(SYSTEM, started[0].number, [note])[0]}
    known["alias-deployment"] = engine.deployments.pack("telecom").deployment_id
    for n, one in enumerate(started[:5]):
        task = office.open_tasks(started[5 + n].instance_id)[0].id
        known |= {f"alias-number{n}": one.number, f"alias-instance{n}": one.instance_id, f"alias-task{n}": task}
    office.deploy(PACKS / "inquiry")
    inquiry = desk.office.engine.complaints.file(SYSTEM, "inquiry", {"matter": "多收了费用"}).instance_id
    office.complete(inquiry, "register", {"team": "技术"})
    known |= {"alias-inquiry": inquiry, "alias-gather": engine.activation.options(SYSTEM, inquiry)[0].task_id}
    front.app, front.known = desk.app, known
    yield desk
    store.close()


@_described(coverage=True).parametrize()
@bounded
def test_every_case_as_administrator(case: schemathesis.Case, seeded: Desk) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {seeded.tokens['root']}"})


@pytest.mark.parametrize("who", ["mia", "amy"], ids=["manager", "staff"])
@_described(coverage=False).parametrize()
@bounded
def test_every_operation(case: schemathesis.Case, who: str, seeded: Desk) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {seeded.tokens[who]}"})
