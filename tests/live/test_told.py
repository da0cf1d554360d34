"""Whoever watches a delivery is told what is durable, in order, and holds nothing up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from gateway.adapters.frame_spool import FrameSpool
from gateway.app.attendance import Attendance
from gateway.app.deliver import deliver
from gateway.app.request import Request
from gateway.delivery.states import LinkState
from gateway.domain.delivery import CouchSample, FrameKind, MachineSample, PortalFrame
from gateway.domain.program import MachineProgram
from gateway.ports.observer import KeptFrame, Unobserved
from gateway.ports.store import StoredEvent
from tests.delivery.fake_record import MemoryStore
from tests.delivery.scene import BEAM_MU, Scene, lose_couch
from tests.e2e.deliveries import generated, settings, unseen


@dataclass
class Notebook:
    """An observer that writes everything down; ``written`` is how much was durable then."""

    store: MemoryStore
    links: list[tuple[str, str]] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    samples: list[MachineSample] = field(default_factory=list)
    couch: list[CouchSample] = field(default_factory=list)
    undurable: int = 0

    def on_link(self, device: str, state: str) -> None:
        self.links.append((device, state))

    def on_event(self, event: StoredEvent) -> None:
        self.undurable += event not in self.store.stored
        self.events.append(event)
        self.told.append(event.kind)

    def on_beam(self, program: MachineProgram) -> None:
        self.told.append(f"beam {program.beam_number}")

    def on_samples(self, samples: Sequence[MachineSample]) -> None:
        self.samples += samples
        self.undurable += len(self.samples) > self.store.samples_written
        if self.told[-1] != "samples":
            self.told.append("samples")

    def on_couch(self, sample: CouchSample) -> None:
        self.couch.append(sample)

    def on_frame(self, frame: KeptFrame) -> None:
        raise AssertionError("the scene's frames are not on disk")


@pytest.fixture
def scene() -> Scene:
    store = MemoryStore()
    return Scene(store=store, beams=2, observer=Notebook(store))


def notebook(scene: Scene) -> Notebook:
    assert isinstance(scene.observer, Notebook)
    return scene.observer


def test_every_event_and_sample_is_told_once_it_is_durable(scene: Scene) -> None:
    scene.play()
    told = notebook(scene)
    assert told.undurable == 0
    assert told.events == [event for event in scene.store.stored if event.kind != "file"]
    assert len(told.samples) == scene.store.samples_written > 0
    assert told.samples[-1].meterset_mu == pytest.approx(BEAM_MU)
    assert told.couch


def test_a_beam_is_told_before_its_samples(scene: Scene) -> None:
    scene.play()
    told = notebook(scene).told
    for number in (1, 2):
        told = told[told.index("beam-intent") :]
        assert told[1] == f"beam {number}"
        assert told.index("samples") > told.index("beam-on")
        told = told[told.index("beam-end") :]


def test_every_step_of_a_link_is_told(scene: Scene) -> None:
    scene.play()
    for device in ("linac", "couch", "imager"):
        states = [state for name, state in notebook(scene).links if name == device]
        assert states == [
            LinkState.CONNECTING, LinkState.NEGOTIATING, LinkState.READY, LinkState.CLOSED,
        ]  # fmt: skip


def test_a_link_that_is_lost_is_told(scene: Scene) -> None:
    scene.during = lose_couch
    scene.play()
    assert ("couch", "backoff") in notebook(scene).links


def test_a_frame_is_told_when_it_can_be_read(tmp_path: Path) -> None:
    frames: list[KeptFrame] = []

    class Reads(Notebook):
        def on_frame(self, frame: KeptFrame) -> None:
            pixels = np.fromfile(frame.path, "<u2", frame.rows * frame.columns, offset=frame.offset)
            assert pixels.tolist() == [frame.number] * 12
            frames.append(frame)

    spool = FrameSpool(tmp_path, Reads(MemoryStore()))
    for number in (1, 2):
        pixels = np.full((3, 4), number, np.uint16)
        spool.put(PortalFrame(FrameKind.CINE, 5, number, 1, 2, 0.5, 1.5, 0.01, 3, pixels))
    spool.close()
    assert [(one.beam_number, one.number, one.offset, one.saturated) for one in frames] == [
        (5, 1, 0, 3),
        (5, 2, 24, 3),
    ]


def test_the_last_that_is_told_of_a_delivery_is_its_verdict(tmp_path: Path) -> None:
    told: list[str] = []

    class Kinds(Unobserved):
        """An observer that writes down what happened."""

        def on_event(self, event: StoredEvent) -> None:
            told.append(event.kind)

    request = Request(plan=generated(tmp_path, "open-field"), seed=11)
    deliver(request, settings(tmp_path), unseen, Attendance(Kinds()))
    assert [kind for kind in told if kind in ("end", "verdict")] == ["end", "verdict"]
    assert told[-1] == "verdict"
