"""What the check says of version bindings."""

from __future__ import annotations

import json

from tests import small
from tests.engine.checks.office import found
from tests.engine.versions import OWN, TAGGED, call, files, rule


def findings(given: dict[str, bytes], severity: str) -> list[tuple[str | None, str]]:
    return [(element, text) for _, element, text in found(given, severity)]


def test_the_check_says_what_follows_the_newest_version() -> None:
    for step, what in ((call(""), "process “child”"), (rule(""), "decision “rating”")):
        told = dict(findings(files(step, 1), "info"))
        assert set(told) == {"work", "step"}
        assert f"the newest version of the {what}" in told["step"]
    assert "step" not in dict(findings(files(call(OWN), 1), "info"))
    assert "received" not in dict(findings(files(call(OWN), 1), "info"))


def test_the_check_warns_of_a_tag_the_pack_does_not_carry() -> None:
    for step, text in ((call(TAGGED), "process “child”"), (rule(TAGGED), "decision “rating”")):
        ((_, warned),) = [w for w in findings(files(step.format("t"), 1), "warning") if w[0] == "step"]
        assert text in warned
        assert "version tag “t”" in warned
        assert not [w for w in findings(files(step.format("t"), 1, tag="t"), "warning") if w[0] == "step"]
        assert not [w for w in findings(files(step.format("=t"), 1), "warning") if w[0] == "step"]


def test_what_the_pack_lacks_is_an_error_unless_a_tag_asks_for_it() -> None:
    for binding, severity in (("", "error"), (OWN, "error"), (TAGGED.format("t"), "warning")):
        given = files(call(binding), 1, change={"child.bpmn": None})
        told = {s: [e for e, _ in findings(given, s) if e == "step"] for s in ("error", "warning")}
        assert told == {"error": [], "warning": []} | {severity: ["step"]}, binding


def test_a_start_form_is_always_that_of_the_version_in_force() -> None:
    given = files(small.STEP, 1)
    bound = given["main.bpmn"].replace(b'formId="intake"', f'formId="intake" {TAGGED.format("t")}'.encode())
    assert [e for e, _ in findings({**given, "main.bpmn": bound}, "error")] == ["received"]
    tagged = json.dumps(json.loads(given["forms/intake.form"]) | {"versionTag": "t"}).encode()
    assert findings({**given, "main.bpmn": bound, "forms/intake.form": tagged}, "error") == []


def test_names_that_cannot_be_looked_up_are_refused() -> None:
    ((_, text),) = findings(files(small.STEP, 1, tag="t" * 129), "error")[:1]
    assert "128" in text
