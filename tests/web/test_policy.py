"""Policy pages: coverage, rules and where they are carried, diagrams with their clauses."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Site, text
from web.carriers import Carriers


def test_packs_in_force(site: Site) -> None:
    page = text(site.person("mia").get("/policy"))
    assert "电信投诉室" in page
    assert "第 1 版生效中" in page
    assert "由流程保证" in page
    assert "生效的制度" in text(site.person("stranger").get("/policy"))


def test_rules_are_listed_with_their_carriers(site: Site) -> None:
    pack = site.office.engine.deployments.parsed(site.office.engine.deployments.pack("telecom").deployment_id)
    page = site.person("amy").get("/policy/telecom")
    assert all(f'id="rule-{rule.id}"' in page.text for rule in pack.rules)
    assert "element=review" in page.text
    assert not re.search(r">[a-z_]+\.bpmn<", page.text.split("规则")[-1].split("</table>")[0])


def test_rules_by_status(site: Site) -> None:
    report = site.office.engine.deployments.report(site.office.engine.deployments.pack("telecom").deployment_id)
    page = site.person("mia").get("/policy/telecom?status=needs_figure").text
    wanted = {rule for rule, carried in report.coverage.rules.items() if carried.assumptions}
    assert set(re.findall(r'id="rule-(T\d+)"', page)) == wanted
    assert "没有这样的规则" in text(site.person("mia").get("/policy/telecom?status=nonsense"))


def test_assumptions_findings_and_deployments(site: Site) -> None:
    page = text(site.person("mia").get("/policy/telecom"))
    assert "P3Y" in page
    assert "没有发现问题" in page or "提醒" in page
    assert "第 1 版" in page


def test_every_diagram_opens_with_its_clauses(site: Site) -> None:
    pack = site.office.engine.deployments.parsed(site.office.engine.deployments.pack("telecom").deployment_id)
    mia = site.person("mia")
    for process_id in pack.processes:
        page = mia.get(f"/policy/telecom/diagrams/{process_id}")
        assert page.status_code == 200
        assert f"/{process_id}.bpmn" in page.text
    page = mia.get("/policy/telecom/diagrams/complaint?element=review").text
    assert 'data-step="review" class="is-pointed"' in page
    assert '"state": {"elements": {"review"' in page


@pytest.mark.parametrize("path", ["/policy/nonsense", "/policy/telecom?version=9", "/policy/telecom/diagrams/nonsense"])
def test_what_is_not_there(site: Site, path: str) -> None:
    assert site.person("mia").get(path).status_code == 404


def test_packs_of_others_are_not_there(site: Site) -> None:
    assert site.person("stranger").get("/policy/telecom").status_code == 404
    assert site.person("stranger").get("/policy/telecom/diagrams/complaint").status_code == 404


def test_places_in_words(site: Site) -> None:
    engine = site.office.engine
    info = engine.deployments.pack("telecom")
    with site.app.test_request_context("/?lang=zh"):
        carriers = Carriers(engine.deployments.parsed(info.deployment_id), info)
        said = [place.text for place in carriers.links(["complaint.bpmn#review", "forms/triage.form#severity"])]
        assert said == ["审核处理结果", "初步判断并登记 · 严重程度"]
        assert carriers.place("complaint.bpmn", "投诉室审核").text == "泳道“投诉室审核”"
        assert carriers.place("deadlines.dmn", None).text == "决策表 deadlines.dmn"
        assert carriers.place("pack.toml", "groups").text == "pack.toml · groups"
        flow = carriers.place("acceptance.bpmn", "is_clear_to_clarify")
        assert "→" in flow.text
        assert flow.url
        assert flow.url.endswith("#element-is_clear")


def test_english(site: Site) -> None:
    page = text(site.person("mia").get("/policy/telecom/diagrams/complaint?lang=en"))
    assert "Telecom complaint handling" in page
    assert "Review the result" in page
