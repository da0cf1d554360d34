"""The room's end of the live feed: tells every watcher what is durable, and waits for none."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import numpy as np

from gateway.adapters.live.target import Target
from gateway.domain.delivery import CouchSample, MachineSample
from gateway.domain.program import MachineProgram
from gateway.domain.units import WIRE_UNITS_PER_MM, IntArray
from gateway.formats.live_feed import (
    LiveBeam,
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
    encode,
)
from gateway.ports.observer import KeptFrame
from gateway.ports.store import StoredEvent

SAMPLES_PER_COMMIT = 250
"""Five seconds of samples: a disk that is later than that has ended the beam."""
_OF_A_BEAM = ("beam", "frame")

P = ParamSpec("P")
_log = logging.getLogger(__name__)


def _harmless(
    method: "Callable[Concatenate[Tap, P], None]",
) -> "Callable[Concatenate[Tap, P], None]":
    """Whatever fails in telling is logged here and stops here."""

    @wraps(method)
    def told(self: "Tap", /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with self.turn:
                method(self, *args, **kwargs)
        except Exception:  # noqa: BLE001 - a delivery has nothing to do with who watches it
            _log.exception("the live feed failed")

    return told


class Tap:
    """Implements :class:`gateway.ports.observer.Observer` over local sockets at ``paths``.

    Of a commit with more than ``most`` samples (simulated time without bounds) so many are told,
    evenly; the others count as untold. May be told from several threads.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        most: int = SAMPLES_PER_COMMIT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._targets = [Target(path, monotonic) for path in paths]
        self._most = most
        self._states: dict[str, bytes] = {}
        self._program: MachineProgram | None = None
        self._couch: LiveCouch | None = None
        self.turn = threading.Lock()
        self.reach()

    @property
    def untold(self) -> tuple[int, ...]:
        """Samples not told since the last that was, watcher by watcher."""
        return tuple(target.untold for target in self._targets)

    @_harmless
    def reach(self) -> None:
        """Look for watchers that were not there."""
        self._reach()

    @_harmless
    def on_link(self, device: str, state: str) -> None:
        """See the port."""
        self._tell(f"link-{device}", LiveLink(device, state))

    @_harmless
    def on_event(self, event: StoredEvent) -> None:
        """See the port."""
        if event.kind == "beam-end":
            self._forget_beam()
        said = LiveEvent(event.sequence, event.delivery_id, event.kind, event.at_ns)
        self._tell("event", said)

    @_harmless
    def on_beam(self, program: MachineProgram) -> None:
        """See the port."""
        self._forget_beam()
        self._program = program
        beam = LiveBeam(
            beam_number=program.beam_number,
            beam_name=program.beam_name,
            start_meterset_mu=program.start_meterset_mu,
            end_meterset_mu=program.end_meterset_mu,
            duration_s=program.profile.duration_s,
            maximum_dose_rate_mu_per_min=program.maximum_dose_rate_mu_per_min,
        )
        self._tell("beam", beam)

    @_harmless
    def on_samples(self, samples: Sequence[MachineSample]) -> None:
        """See the port."""
        self._reach()
        told = _spread(len(samples), self._most)
        planned = self._planned([samples[place] for place in told])
        before = 0
        for place, wanted in zip(told, planned, strict=True):
            self._tell_sample(samples[place], wanted, place - before)
            before = place + 1

    @_harmless
    def on_couch(self, sample: CouchSample) -> None:
        """See the port; a couch that stands still is told once."""
        couch = LiveCouch(sample.positions_mm, sample.moving)
        if couch != self._couch:
            self._couch = couch
            self._tell("couch", couch)

    @_harmless
    def on_frame(self, frame: KeptFrame) -> None:
        """See the port."""
        self._tell("frame", LiveFrame(frame))

    def close(self) -> None:
        """Let every watcher go."""
        with self.turn:
            for target in self._targets:
                target.close()

    def _reach(self) -> None:
        for target in self._targets:
            target.reach(self._states)

    def _tell(self, key: str, message: Message) -> None:
        datagram = encode(message)
        self._states[key] = datagram
        for target in self._targets:
            if target.connected:
                target.state(key, datagram)
            else:
                target.reach(self._states)

    def _tell_sample(self, sample: MachineSample, planned: IntArray, skipped: int) -> None:
        def datagram(untold: int) -> bytes:
            return encode(LiveSample(sample, planned, untold))

        for target in self._targets:
            target.untold += skipped
            target.sample(datagram)

    def _planned(self, samples: Sequence[MachineSample]) -> IntArray:
        """Where the program wants every axis at each sample's path position, a row a sample."""
        program = self._program
        if program is None or not samples:
            return np.array([sample.positions for sample in samples], dtype=np.int32)
        last = len(program.positions) - 1
        s = np.clip([sample.program_s for sample in samples], 0.0, last)
        row = np.minimum(s.astype(np.intp), max(last - 1, 0))
        part = (s - row)[:, np.newaxis]
        here, there = program.positions[row], program.positions[np.minimum(row + 1, last)]
        places = (here + part * (there - here)) * WIRE_UNITS_PER_MM
        wanted: IntArray = np.rint(places).astype(np.int32)
        return wanted

    def _forget_beam(self) -> None:
        for key in _OF_A_BEAM:
            self._states.pop(key, None)


def _spread(count: int, most: int) -> list[int]:
    """At most ``most`` places among ``count``, evenly spaced, the last one among them."""
    if count <= most:
        return list(range(count))
    return [(count * (n + 1)) // most - 1 for n in range(most)]
