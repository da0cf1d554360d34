"""Dashboard and alert rules name metrics that there are, with labels that these have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.adapters.metrics.room_metrics import RoomMetrics
from tests.metrics.everything import EVERYTHING
from tests.mqtt.scene import live_sample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "service"
NAME = re.compile(r"\b(linac_gateway_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
TEMPLATE = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


def labels_by_metric() -> dict[str, set[str]]:
    """Of everything that a room can say."""
    metrics = RoomMetrics("bench", lambda: EVERYTHING)
    metrics.note(live_sample(1, untold=1))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "prometheus-alerts.yml").read_text())["groups"]
    assert group["name"] == "linac-gateway"
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression, with the text that its labels are shown in."""
    for rule in rules():
        yield rule["expr"], " ".join(rule["annotations"].values())
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


@pytest.mark.parametrize(("expression", "shown"), list(expressions()))
def test_every_metric_and_label_exists(expression: str, shown: str) -> None:
    known = labels_by_metric()
    named = NAME.findall(expression)
    assert named
    labels: set[str] = set()
    for name, selector in named:
        assert name in known
        assert set(LABEL.findall(selector)) <= known[name]
        labels |= known[name]
    assert set(TEMPLATE.findall(shown)) - {"value"} <= labels
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


def test_every_alert_says_what_is_wrong_and_how_bad_that_is() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))


def test_the_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
        assert panel["type"] in ("stat", "timeseries")
        assert panel["fieldConfig"]["defaults"]["unit"] in ("short", "s", "cps")


def test_prometheus_reads_the_rules() -> None:
    found = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert [(FOLDER / name).exists() for name in found["rule_files"]] == [True]
    (job,) = found["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8480"]}]


def test_the_page_names_every_metric() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    for name in labels_by_metric():
        plain = re.sub(r"_(bucket|count|sum)$", "", name).removeprefix("linac_gateway_")
        assert f"`{plain}`" in page
