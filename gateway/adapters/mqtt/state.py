"""What is known of the room now: fed from the live feed, told when the broker has time."""

import asyncio
from collections import deque
from collections.abc import Iterator

from gateway.adapters.mqtt.messages import (
    AxesState,
    BeamState,
    EpidState,
    Message,
    MlcState,
    RoomState,
    Thing,
)
from gateway.adapters.mqtt.outgoing import utc
from gateway.adapters.mqtt.sampled import Rate, axes_of, mlc_of, positions_of, telemetry_of
from gateway.domain.axes import COUCH_TRANSLATIONS, JAWS, Axis, AxisLayout
from gateway.domain.delivery import FrameKind
from gateway.formats import live_feed
from gateway.ports.clock import WallClock

WAITING_SAMPLES = 200
"""Samples that wait for the broker: the oldest gives way."""

_AFTERWARDS = frozenset({"file", "verdict", "counter"})
_COUCH = (Axis.COUCH_ROTATION, Axis.COUCH_PITCH, Axis.COUCH_ROLL)


class RoomNow:
    """Takes every message at once; never waits, never grows."""

    def __init__(
        self,
        room: str,
        layout: AxisLayout,
        clock: WallClock,
        telemetry_hz: float,
        *,
        simulated: bool,
    ) -> None:
        self._room = room
        self._simulated = simulated
        self._layout = layout
        self._clock = clock
        self._rate = Rate(telemetry_hz)
        self._waiting: deque[live_feed.LiveSample] = deque(maxlen=WAITING_SAMPLES)
        self._news = asyncio.Event()
        self._changed: set[Thing] = {"room"}
        self._delivery_id: str | None = None
        self._links: dict[str, str] = {}
        self._sample: live_feed.LiveSample | None = None
        self._couch: live_feed.LiveCouch | None = None
        self._frame: live_feed.LiveFrame | None = None
        self._beam: live_feed.LiveBeam | None = None
        self.event = asyncio.Event()
        self.connected = False
        self.samples = 0
        self.dropped = 0
        self.untold = 0

    def feed(self, *, connected: bool) -> None:
        """Whether the room's process tells us anything."""
        self.connected = connected
        self._changed.add("room")

    def note(self, message: live_feed.Message) -> None:
        """Take a message of the feed."""
        match message:
            case live_feed.LiveSample():
                self._note_sample(message)
            case live_feed.LiveEvent(delivery_id=delivery_id, kind=kind):
                self._note_event(delivery_id, kind)
            case live_feed.LiveLink(device, state):
                self._links[device] = state
                self._changed.add("room")
            case live_feed.LiveBeam():
                self._beam = message
            case live_feed.LiveCouch():
                self._couch = message
                self._changed.add("couch")
            case live_feed.LiveFrame():
                self._frame = message
                self._changed.add("epid")

    async def next_sample(self) -> bytes:
        """The next sample to tell, as its payload; waits for one."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        told = self._waiting.popleft()
        dropped = self.dropped + self.untold
        return telemetry_of(told, self._layout, self._delivery_id, dropped)

    def forget_samples(self) -> None:
        """Nobody could be told: what waits is dropped, and counted."""
        self.dropped += len(self._waiting)
        self._waiting.clear()

    def all_changed(self) -> None:
        """A new broker knows nothing yet."""
        self._changed |= {"room"}
        self._changed |= {"couch"} if self._couch is not None else set()
        self._changed |= {"epid"} if self._frame is not None else set()
        if self._sample is not None:
            self._changed |= {"gantry", "collimator", "couch", "jaws", "mlc", "beam"}

    def changes(self) -> Iterator[tuple[Thing, Message]]:
        """The newest state of everything that changed since it was asked for."""
        changed, self._changed = self._changed, set()
        at = utc(self._clock.now_ns())
        for thing in sorted(changed):
            state = self._state(thing, at)
            if state is not None:
                yield thing, state

    def _note_sample(self, message: live_feed.LiveSample) -> None:
        self.samples += 1
        self.untold += message.untold
        self._sample = message
        self._changed |= {"gantry", "collimator", "couch", "jaws", "mlc", "beam"}
        if not self._rate.due(message.sample.machine_time_ns):
            return
        if len(self._waiting) == WAITING_SAMPLES:
            self.dropped += 1
        self._waiting.append(message)
        self._news.set()

    def _note_event(self, delivery_id: str, kind: str) -> None:
        """The files and the verdict of a delivery come after its end."""
        self.event.set()
        if kind in _AFTERWARDS:
            return
        now = None if kind == "end" else delivery_id
        if now != self._delivery_id:
            self._delivery_id = now
            self._changed.add("room")

    def _state(self, thing: Thing, at: str) -> Message | None:
        match thing:
            case "room":
                return RoomState(
                    at=at,
                    room=self._room,
                    simulated=self._simulated,
                    feed="connected" if self.connected else "disconnected",
                    links=dict(self._links),
                    delivery_id=self._delivery_id,
                )
            case "epid":
                return None if self._frame is None else _epid(self._frame, at)
            case "couch":
                return self._couch_state(at)
            case _:
                return None if self._sample is None else self._machine(thing, self._sample, at)

    def _machine(self, thing: Thing, told: live_feed.LiveSample, at: str) -> Message | None:
        match thing:
            case "mlc":
                actual = mlc_of(told.sample.positions, self._layout)
                return MlcState(at=at, actual=actual, planned=mlc_of(told.planned, self._layout))
            case "beam":
                return self._beam_state(told, at)
            case "jaws":
                return self._axes(told, JAWS, at)
            case _:
                return self._axes(told, (Axis(thing),), at)

    def _beam_state(self, told: live_feed.LiveSample, at: str) -> BeamState:
        sample, beam = told.sample, self._beam
        return BeamState(
            at=at,
            delivery_id=self._delivery_id,
            beam=sample.beam_number,
            state=sample.state.name.lower(),
            interlocks=[flag.name or str(flag.value) for flag in sample.interlocks],
            meterset_mu=sample.meterset_mu,
            start_meterset_mu=None if beam is None else beam.start_meterset_mu,
            end_meterset_mu=None if beam is None else beam.end_meterset_mu,
            dose_rate_mu_per_min=sample.dose_rate_mu_per_min,
        )

    def _axes(self, told: live_feed.LiveSample, axes: tuple[Axis, ...], at: str) -> AxesState:
        actual = axes_of(told.sample.positions, self._layout, axes)
        return AxesState(at=at, axes=actual, planned=axes_of(told.planned, self._layout, axes))

    def _couch_state(self, at: str) -> AxesState | None:
        """Translations are the couch controller's word, rotations the machine's."""
        axes: dict[str, float] = {}
        planned: dict[str, float] = {}
        if self._sample is not None:
            wanted = (*_COUCH, *COUCH_TRANSLATIONS)
            axes |= axes_of(self._sample.sample.positions, self._layout, wanted)
            planned |= axes_of(self._sample.planned, self._layout, wanted)
        if self._couch is None:
            return AxesState(at=at, axes=axes, planned=planned) if axes else None
        axes |= positions_of(self._couch.positions_mm)
        return AxesState(at=at, axes=axes, planned=planned, moving=self._couch.moving)


def _epid(message: live_feed.LiveFrame, at: str) -> EpidState:
    frame = message.frame
    return EpidState(
        at=at,
        beam=frame.beam_number,
        frame=frame.number,
        kind="cine" if frame.kind is FrameKind.CINE else "integrated",
        rows=frame.rows,
        columns=frame.columns,
        start_meterset_mu=frame.start_meterset_mu,
        end_meterset_mu=frame.end_meterset_mu,
        saturated_pixels=frame.saturated,
    )
