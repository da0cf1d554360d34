"""The bridge from a running delivery to the store: durable first, then whoever watches."""

import asyncio
import hashlib
import logging
from collections.abc import Callable

import numpy as np

from gateway.domain.axes import AxisLayout
from gateway.domain.delivery import CouchSample, MachineSample
from gateway.domain.errors import GatewayError, StoreError
from gateway.domain.telemetry import BeamTelemetry
from gateway.formats.telemetry_rows import pack_sample, telemetry_from_rows
from gateway.ports.clock import WallClock
from gateway.ports.observer import Observer, Unobserved
from gateway.ports.store import Json, RecordStore

_log = logging.getLogger(__name__)

COMMIT_PERIOD_S = 0.1
MAXIMUM_WAIT_S = 5.0
MAXIMUM_WAITING_ROWS = 50_000


class _BeamLog:
    """The telemetry of the beam that runs: what has been committed and what waits."""

    def __init__(self, beam_number: int, layout: AxisLayout, last_sequence: int | None) -> None:
        self.beam_number = beam_number
        self.layout = layout
        self.waiting: list[bytes] = []
        self.unwritten: list[MachineSample] = []
        self.committed: list[bytes] = []
        self.digest = hashlib.sha256()
        self.count = 0
        self.taken = 0
        self.sealed = False
        self.sequence = last_sequence
        self.lost = 0
        self.couch: list[CouchSample] = []
        self.meterset_mu = 0.0

    def take(self, sample: MachineSample) -> None:
        """Queue a sample and count what is missing before it; one that repeats is no gap."""
        if self.sequence is None or sample.sequence == self.sequence + 1:
            self.sequence = sample.sequence
        elif sample.sequence > self.sequence:
            self.lost += sample.sequence - self.sequence - 1
            self.sequence = sample.sequence
        self.taken += 1
        self.meterset_mu = sample.meterset_mu
        self.waiting.append(pack_sample(sample))
        self.unwritten.append(sample)

    def hand_over(self) -> tuple[bytes, list[MachineSample]]:
        """What waits, as rows and as samples; nothing waits any more."""
        rows, samples = b"".join(self.waiting), self.unwritten
        self.waiting, self.unwritten = [], []
        return rows, samples

    def telemetry(self) -> BeamTelemetry:
        """Everything committed, as columns."""
        axes = self.couch[0].positions_mm if self.couch else ()
        return telemetry_from_rows(
            self.beam_number,
            self.layout,
            b"".join(self.committed),
            np.array([item.received_ns for item in self.couch], dtype=np.int64),
            {axis: np.array([item.positions_mm[axis] for item in self.couch]) for axis in axes},
        )


class Recorder:
    """Records one delivery.

    Events are durable when awaited. Samples are committed in groups every 100 ms of wall time
    (``monotonic`` gives seconds of it), also where the loop's time is simulated, and when none
    came for 100 ms of the loop's time. A commit that fails, or a queue that no longer empties, is
    a fault: it is told once, and after a failed commit none is tried again.
    """

    def __init__(
        self,
        store: RecordStore,
        delivery_id: str,
        clock: WallClock,
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._delivery_id = delivery_id
        self._clock = clock
        self._monotonic = monotonic
        self._on_fault: Callable[[GatewayError], None] = _unheard
        self._progress: Callable[[int, float], None] = _unseen
        self._observer: Observer = Unobserved()
        self._beam: _BeamLog | None = None
        self._commit: asyncio.Task[None] | None = None
        self._committed_s = monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._taken = 0
        self._told = False
        self._failure: BaseException | None = None

    def watch(
        self,
        on_fault: Callable[[GatewayError], None],
        progress: Callable[[int, float], None],
        observer: Observer | None = None,
    ) -> None:
        """Who is told of a fault, and of ``(beam number, meterset)`` once it is durable.

        ``observer`` is told of every event and sample, once it is durable.

        Whoever watches the progress cannot disturb it: its errors go to the loop's handler.
        """
        self._on_fault = on_fault
        self._progress = progress
        self._observer = observer or Unobserved()

    @property
    def lost_samples(self) -> int:
        """Gaps in the telemetry's sequence of the beam that runs or ran last."""
        return 0 if self._beam is None else self._beam.lost

    async def event(self, kind: str, **body: Json) -> None:
        """Append an event; durable when this returns. Raises StoreError."""
        now_ns = self._clock.now_ns()
        self._observer.on_event(await self._store.append(self._delivery_id, kind, body, now_ns))
        _log.info("%s %s %s", self._delivery_id, kind, body.get("beam", ""))
        _log.debug("%s %s", kind, body)

    async def file(self, name: str, content: bytes) -> None:
        """Keep a file of this delivery; durable when this returns. Raises StoreError."""
        await self._store.keep_file(self._delivery_id, name, content, self._clock.now_ns())

    def begin_beam(
        self, beam_number: int, layout: AxisLayout, last_sequence: int | None = None
    ) -> None:
        """From here on samples belong to this beam; ``last_sequence`` came before the first."""
        self._beam = _BeamLog(beam_number, layout, last_sequence)
        self._committed_s = self._monotonic()

    def sample(self, sample: MachineSample) -> None:
        """Take a telemetry sample; never waits. Raises StoreError outside of a beam."""
        beam = self._running()
        beam.take(sample)
        self._commit_if_due(beam)
        if self._timer is None:
            self._arm_timer(beam)

    def couch_sample(self, sample: CouchSample) -> None:
        """Take a couch report; never waits. Raises StoreError outside of a beam."""
        self._running().couch.append(sample)

    async def end_beam(self) -> BeamTelemetry:
        """Commit what waits and seal the beam's samples. Raises StoreError."""
        beam = self._running()
        await self._flush(beam)
        if self._failure is not None:
            raise self._failure
        beam.sealed = True
        await self.event(
            "samples",
            beam=beam.beam_number,
            count=beam.count,
            lost=beam.lost,
            sha256=beam.digest.hexdigest(),
        )
        return beam.telemetry()

    async def abandon(self) -> None:
        """Commit what still waits of a beam that is not going to be ended; never raises."""
        if self._beam is not None and not self._beam.sealed:
            await self._flush(self._beam)

    def _running(self) -> _BeamLog:
        if self._beam is None or self._beam.sealed:
            raise StoreError("no beam is being recorded")
        return self._beam

    async def _flush(self, beam: _BeamLog) -> None:
        """A wait that is cancelled leaves the commit at work: its rows count when it is done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._commit is not None or (beam.waiting and self._failure is None):
            await asyncio.wait((self._commit or self._start_commit(beam),))

    def _commit_if_due(self, beam: _BeamLog) -> None:
        waited_s = self._monotonic() - self._committed_s
        if self._failure is not None:
            beam.hand_over()
        elif self._commit is None:
            if waited_s >= COMMIT_PERIOD_S:
                self._start_commit(beam)
        elif waited_s > MAXIMUM_WAIT_S or len(beam.waiting) > MAXIMUM_WAITING_ROWS:
            text = f"{len(beam.waiting)} samples wait for the disk since {waited_s:.1f} s"
            self._fault(StoreError(text))

    def _start_commit(self, beam: _BeamLog) -> asyncio.Task[None]:
        self._committed_s = self._monotonic()
        self._commit = asyncio.get_running_loop().create_task(self._write(beam))
        self._commit.add_done_callback(self._on_written)
        return self._commit

    async def _write(self, beam: _BeamLog) -> None:
        rows, samples = beam.hand_over()
        meterset_mu, count = beam.meterset_mu, len(samples)
        await self._store.append_samples(self._delivery_id, beam.beam_number, rows, count)
        beam.committed.append(rows)
        beam.digest.update(rows)
        beam.count += count
        self._observer.on_samples(samples)
        asyncio.get_running_loop().call_soon(self._progress, beam.beam_number, meterset_mu)

    def _on_written(self, commit: asyncio.Task[None]) -> None:
        self._commit = None
        if commit.cancelled():
            self._failure = StoreError("a commit of samples was cancelled")
        else:
            self._failure = commit.exception()
        if self._failure is not None:
            self._fault(StoreError(str(self._failure)))

    def _fault(self, error: StoreError) -> None:
        if not self._told:
            self._told = True
            self._on_fault(error)

    def _arm_timer(self, beam: _BeamLog) -> None:
        """A stream that has stopped is committed too; the timer ends with it."""
        self._taken = beam.taken
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(COMMIT_PERIOD_S, self._on_timer, beam)

    def _on_timer(self, beam: _BeamLog) -> None:
        self._timer = None
        stopped = beam.taken == self._taken and beam.waiting
        if stopped and self._commit is None and self._failure is None:
            self._start_commit(beam)
        else:
            self._commit_if_due(beam)
        if beam.waiting:
            self._arm_timer(beam)


def _unheard(error: GatewayError) -> None:
    raise error


def _unseen(_beam_number: int, _meterset_mu: float) -> None:
    """Nobody watches."""
