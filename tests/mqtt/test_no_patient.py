"""A canary in everything that a plan may name a patient by: no broker hears it."""

import logging
from contextlib import closing
from pathlib import Path

import pydicom
import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.mqtt.messages import encoded
from gateway.adapters.mqtt.outgoing import outgoing
from gateway.adapters.mqtt.state import RoomNow
from gateway.adapters.store import open_reader
from gateway.formats.live_feed import LiveBeam
from tests.e2e.deliveries import delivered, generated
from tests.mqtt.scene import LAYOUT, TOPICS, live_sample

CANARY = "Kanarienvogel"
FREE_TEXT = (
    "PatientName", "PatientID", "RTPlanLabel", "RTPlanName", "RTPlanDescription",
    "StudyDescription", "SeriesDescription", "StudyID", "OperatorsName", "PatientComments",
)  # fmt: skip


def plan_with_canary(folder: Path) -> Path:
    """A generated plan; every text in it that is free has the canary."""
    path = generated(folder, "open-field")
    dataset = pydicom.dcmread(path)
    for keyword in FREE_TEXT:
        setattr(dataset, keyword, f"{CANARY}^1" if keyword.endswith("Name") else CANARY)
    for beam in dataset.BeamSequence:
        beam.BeamName = CANARY
        beam.BeamDescription = CANARY
    dataset.save_as(path)
    return path


def test_no_message_and_no_log_line_of_a_delivery_has_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "gateway"):
        delivered(tmp_path, plan_with_canary(tmp_path))
    with closing(open_reader(tmp_path / "store")) as store:
        events = store.events_after(0, 10_000)
    assert CANARY in str([event.body for event in events]), "the record has it"
    assert {"intent", "beam-end", "verdict"} <= {event.kind for event in events}
    assert caplog.records
    assert CANARY not in caplog.text
    for event in events:
        for topic, message in outgoing(event, TOPICS, repeat=False):
            assert CANARY not in topic
            assert CANARY.encode() not in encoded(message)


async def test_no_state_of_a_beam_has_it() -> None:
    now = RoomNow("bench", LAYOUT, SystemClock(), 50.0, simulated=True)
    now.note(LiveBeam(1, CANARY, 0.0, 20.0, 10.0, 600.0))
    now.note(live_sample(1))
    told = [await now.next_sample(), *(encoded(state) for _, state in now.changes())]
    assert not [payload for payload in told if CANARY.encode() in payload]
