"""Alarms are what a person should see of a record, and nothing else."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.domain.alarms import Alarm, alarm_of


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        (
            "incident",
            {"device": "linac", "code": "link-lost", "text": "gone"},
            Alarm("link-lost", "linac: gone", error=True, device="linac"),
        ),
        (
            "incident",
            {"device": "imager", "code": "link-lost", "text": "gone"},
            Alarm("link-lost", "imager: gone", error=False, device="imager"),
        ),
        (
            "counter-unknown",
            {"text": "no answer"},
            Alarm("counter-unknown", "no answer", error=True, device="linac"),
        ),
        (
            "beam-end",
            {"termination_status": "MACHINE", "termination_reason": "POSITION"},
            Alarm("termination", "MACHINE: POSITION", error=True),
        ),
        (
            "beam-end",
            {"termination_status": "OPERATOR", "termination_reason": "aborted"},
            Alarm("termination", "OPERATOR: aborted", error=False),
        ),
        (
            "end",
            {"outcome": "unresolved", "reason": "lost"},
            Alarm("unresolved", "lost", error=True),
        ),
        (
            "verdict",
            {"verdict": "fail", "causes": ["leaf-offset"]},
            Alarm("verdict", "not passed: leaf-offset", error=True),
        ),
        (
            "verdict",
            {"verdict": "fail"},
            Alarm("verdict", "not passed: no cause was found", error=True),
        ),
    ],
)
def test_what_is_an_alarm(kind: str, body: Mapping[str, Any], wanted: Alarm) -> None:
    assert alarm_of(kind, body) == wanted


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("intent", {}),
        ("beam-end", {"termination_status": "NORMAL", "termination_reason": ""}),
        ("end", {"outcome": "complete", "reason": ""}),
        ("verdict", {"verdict": "pass", "causes": []}),
        ("a kind to come", {}),
    ],
)
def test_what_is_none(kind: str, body: Mapping[str, Any]) -> None:
    assert alarm_of(kind, body) is None
