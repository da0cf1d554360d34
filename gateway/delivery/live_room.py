"""The connected devices of one session and what they last said."""

import asyncio
from typing import Protocol

from gateway.delivery.order import Devices
from gateway.delivery.states import LINK_TABLE, LinkEvent, LinkState, step
from gateway.domain.delivery import (
    CouchSample,
    MachineEvent,
    MachineIdentity,
    MachineSample,
    PanelIdentity,
    PortalFrame,
)
from gateway.domain.errors import ConfigError, GatewayError
from gateway.domain.room import Room
from gateway.ports.observer import Observer


class RoomListener(Protocol):
    """Who is told what the devices say while a beam runs; must return at once."""

    def on_sample(self, sample: MachineSample) -> None:
        """A telemetry sample arrived."""

    def on_event(self, event: MachineEvent) -> None:
        """The machine reported a change of state."""

    def on_couch(self, sample: CouchSample) -> None:
        """A couch report arrived."""

    def on_frame(self, frame: PortalFrame) -> None:
        """A portal frame arrived."""

    def on_lost(self, device: str, error: GatewayError) -> None:
        """The link of ``device`` is gone."""


class LiveRoom:
    """Owns the three links of a session: opens them, routes what they say, closes them."""

    def __init__(self, devices: Devices, room: Room, observer: Observer) -> None:
        self.linac = devices.linac
        self.couch = devices.couch
        self.imager = devices.imager
        self.room = room
        self.listener: RoomListener | None = None
        self._observer = observer
        self.sample: MachineSample | None = None
        self.lost: dict[str, GatewayError] = {}
        self.links = dict.fromkeys(("linac", "couch", "imager"), LinkState.DISCONNECTED)
        self.machine: MachineIdentity
        self.panel: PanelIdentity
        self.couch_name: str

    async def connect(self) -> None:
        """Open and negotiate all three links at once.

        Raises LinkError, ProtocolError or MachineFault of the first that fails, and ConfigError
        when the machine is not the one that the room file describes.
        """
        for device in self.links:
            self._step(device, LinkEvent.CONNECT)
        try:
            async with asyncio.TaskGroup() as group:
                linac = group.create_task(self.linac.connect(self))
                couch = group.create_task(self.couch.connect(self._on_couch, self._couch_lost))
                imager = group.create_task(self.imager.connect(self._on_frame, self._imager_lost))
        except ExceptionGroup as several:
            raise _first(several) from several
        self.machine, self.couch_name, self.panel = linac.result(), couch.result(), imager.result()
        for device in self.links:
            self._step(device, LinkEvent.OPENED)
            self._step(device, LinkEvent.WELCOMED)
            if device in self.lost:
                self._step(device, LinkEvent.FAILED)
        self._require_same_machine()

    def require(self, *devices: str) -> None:
        """Raises what ended the link of the first of ``devices`` that is lost."""
        for device in devices:
            if device in self.lost:
                raise self.lost[device]

    async def give_up_linac(self, error: GatewayError) -> None:
        """Close the link to a linac that does not do as it is told; the listener is not told."""
        self.lost["linac"] = error
        if self.links["linac"] is LinkState.READY:
            self._step("linac", LinkEvent.FAILED)
        await self.linac.aclose()

    async def aclose(self) -> None:
        """Close all links; idempotent."""
        self.listener = None
        for device, state in self.links.items():
            if state is not LinkState.CLOSED:
                self._step(device, LinkEvent.CLOSE)
        await asyncio.gather(self.linac.aclose(), self.couch.aclose(), self.imager.aclose())

    def on_sample(self, sample: MachineSample) -> None:
        """Route a telemetry sample."""
        self.sample = sample
        if self.listener is not None:
            self.listener.on_sample(sample)

    def on_event(self, event: MachineEvent) -> None:
        """Route a machine event."""
        if self.listener is not None:
            self.listener.on_event(event)

    def on_lost(self, error: GatewayError) -> None:
        """The linac's link is gone."""
        self._lost("linac", error)

    def _on_couch(self, sample: CouchSample) -> None:
        self._observer.on_couch(sample)
        if self.listener is not None:
            self.listener.on_couch(sample)

    def _on_frame(self, frame: PortalFrame) -> None:
        if self.listener is not None:
            self.listener.on_frame(frame)

    def _couch_lost(self, error: GatewayError) -> None:
        self._lost("couch", error)

    def _imager_lost(self, error: GatewayError) -> None:
        self._lost("imager", error)

    def _lost(self, device: str, error: GatewayError) -> None:
        self.lost[device] = error
        if self.links[device] is LinkState.READY:
            self._step(device, LinkEvent.FAILED)
        if self.listener is not None:
            self.listener.on_lost(device, error)

    def _step(self, device: str, event: LinkEvent) -> None:
        state = self.links[device] = step(LINK_TABLE, self.links[device], event)
        self._observer.on_link(device, state.value)

    def _require_same_machine(self) -> None:
        layout = self.room.machine.layout
        if self.machine.layout != layout:
            raise ConfigError(
                f"room {self.room.name}: the machine at {self.room.linac_link.url} reports "
                f"{_describe(self.machine)}, the room file describes another layout; "
                "name the room that the machine belongs to"
            )
        if self.machine.dead_man_s > self.room.bounds.dead_man_s:
            raise ConfigError(
                f"room {self.room.name}: the machine's dead-man waits "
                f"{self.machine.dead_man_s:g} s, the room allows "
                f"{self.room.bounds.dead_man_s:g} s"
            )


def _describe(machine: MachineIdentity) -> str:
    mlcs = ", ".join(f"{device} with {pairs} pairs" for device, pairs in machine.layout.mlcs)
    axes = ", ".join(machine.layout.scalars)
    return f"{machine.manufacturer} {machine.model_name} ({axes}; {mlcs})"


def _first(several: ExceptionGroup[Exception]) -> Exception:
    for error in several.exceptions:
        if isinstance(error, GatewayError):
            return error
    return several
