"""The machines of a room, living on one clock. No event loop here: time is told, bytes go to ports.

The linac's cycles carry the others: dose falls on the panel, faults act, the couch goes on.
"""

from collections.abc import Sequence
from pathlib import Path

from gateway.domain.axes import COUCH_TRANSLATIONS
from gateway.domain.room import Room
from gateway.domain.units import NS_PER_S
from simulators.control import Control
from simulators.couch.machine import WIRE_AXES
from simulators.couch.memory import CouchMemory
from simulators.epid.messages import Exposure
from simulators.faults import FaultSpec
from simulators.ground_truth import GroundTruth
from simulators.injection.injection import Injection
from simulators.linac.ledger import DoseLedger
from simulators.linac.messages import Event, Sample
from simulators.linac.program import Program
from simulators.logs.keeper import LogKeeper
from simulators.parts import Parts
from simulators.ports import CouchPort, ImagerPort, LinacPort, Port

ELECTRON = "ELECTRON"


class MachineRoom:
    """Linac, couch and imager with their files and faults. Implements injection.site.Site."""

    def __init__(
        self,
        room: Room,
        specs: Sequence[FaultSpec],
        seed: int,
        state_dir: Path,
        parts: Parts,
        logs: Path | None = None,
    ) -> None:
        """``logs`` is where the machine leaves its own logs, if it leaves any.

        Raises ConfigError when a state file is in use, damaged or cannot be written.
        """
        self.room = room
        self.parts = parts
        self.seed = seed
        self._specs = tuple(specs)
        self._log_keeper = self._keeper(logs)
        self.ports: dict[str, list[Port]] = {"linac": [], "couch": [], "imager": []}
        self.dead_links: set[str] = set()
        self.ledger = DoseLedger(state_dir / f"{room.name}.counter")
        try:
            self.couch_memory = CouchMemory(state_dir / f"{room.name}.couch")
            try:
                truth = GroundTruth(state_dir / f"{room.name}.ground-truth.json", room.name, seed)
            except BaseException:
                self.couch_memory.close()
                raise
        except BaseException:
            self.ledger.close()
            raise
        self.injection = Injection(specs, room, truth, seed)
        if self._log_keeper is not None:
            self._log_keeper.exchange = self.injection.log_exchange
        bounds = room.bounds
        self.linac = parts.linac(
            room.machine, bounds.dead_man_s, self.ledger, seed, self.injection.disturb
        )
        self.desk = parts.desk(self.linac)
        self.couch = parts.couch(room.couch, room.couch_axes, self.couch_memory.position)
        self.panel = parts.panel(room.panel.maximum_frame_rate_hz)
        self.linac_control = Control()
        self.imager_control = Control()
        self._period_ns = round(room.machine.sample_period_s * NS_PER_S)
        self._muted = False
        self._before = self.linac.sample().actual.copy()

    def next_event_at(self) -> int:
        """When something next happens by itself (ns)."""
        return self.linac.next_event_at()

    def advance(self, t_ns: int) -> None:
        """Everything that happens up to ``t_ns``."""
        while (due_ns := self.linac.next_event_at()) <= t_ns:
            happened = self.linac.advance(due_ns)
            follow: list[Event] = []
            exposures: list[Exposure] = []
            for thing in happened:
                if isinstance(thing, Sample):
                    if self._log_keeper is not None:
                        self._log_keeper.observe(self.linac, thing)
                    exposures += self._exposed(thing)
                    follow += self._live(thing)
            self._tell_linac([*happened, *follow])
            self._tell_imager(exposures)

    def aimless(self, programs: Sequence[Program]) -> list[str]:
        """Which faults would find nothing to act on in ``programs``: a rehearsal of its own."""
        truth = GroundTruth.unkept(self.room.name)
        rehearsal = Injection(self._specs, self.room, truth, self.seed)
        for program in programs:
            rehearsal.disturb(program)
        return [str(spec) for spec in rehearsal.aimless]

    def close(self) -> None:
        """Release the files; idempotent."""
        if self._log_keeper is not None:
            self._log_keeper.close()
        self.couch_memory.keep(self.couch.position)
        self.couch_memory.close()
        self.ledger.close()

    def kill_link(self, device: str) -> None:
        """See Site."""
        self.dead_links.add(device)
        for port in self.ports[device]:
            port.connection.cut("the link died")

    def mute_telemetry(self) -> None:
        """See Site."""
        self._muted = True

    def babble(self, device: str, data: bytes) -> None:
        """See Site."""
        for port in self.ports[device]:
            port.connection.send(data)

    def creep_couch(self, wire_axis: str, distance_mm: float) -> None:
        """See Site."""
        self.couch.displace(wire_axis, distance_mm)

    def open_door(self) -> list[Event]:
        """See Site."""
        return self.linac.open_door()

    def press_emergency_stop(self) -> list[Event]:
        """See Site."""
        return self.linac.press_emergency_stop()

    def _keeper(self, logs: Path | None) -> LogKeeper | None:
        machine = self.room.machine
        form = machine.trajectory_log
        if logs is None or form is None:
            return None
        return LogKeeper(machine, form, logs, self._couch_mm)

    def _couch_mm(self) -> tuple[float, ...]:
        """Where the couch stands by its own drives: vertical, longitudinal, lateral, IEC 61217."""
        at = dict(zip(WIRE_AXES, self.couch.position, strict=True))
        places = (self.room.couch_axes[axis] for axis in COUCH_TRANSLATIONS)
        return tuple((at[place.wire_axis] - place.offset_mm) * place.sign for place in places)

    def _live(self, sample: Sample) -> list[Event]:
        """What a cycle of the linac does to the rest of the room."""
        events = self.injection.observe(sample, self)
        for port in self.ports["couch"]:
            if isinstance(port, CouchPort):
                port.advance(sample.time_ns)
        self.couch.advance(sample.time_ns)
        self.couch_memory.keep(self.couch.position)
        return events

    def _exposed(self, sample: Sample) -> list[Exposure]:
        """What the dose of a cycle completes; the axes stood as in the middle of the cycle."""
        before, self._before = self._before, sample.actual.copy()
        if not self.panel.acquiring:
            return []
        program = self.linac.program
        if sample.dose_mu == 0.0 or program is None or program.mode.radiation_type == ELECTRON:
            return []
        hidden = self.injection.hidden
        hidden.act(sample.time_ns)
        self.panel.mode = program.mode.name
        self.panel.output, self.panel.aside_mm = hidden.output, hidden.aside_mm
        stood = 0.5 * (before + sample.actual)
        if hidden.offsets is not None:
            stood += hidden.offsets
        exposures: list[Exposure] = self.panel.expose(
            stood,
            sample.dose_mu,
            sample.meterset_umu,
            (sample.time_ns - self._period_ns, sample.time_ns),
        )
        return exposures

    def _tell_imager(self, exposures: Sequence[Exposure]) -> None:
        """After the linac: what is made of exposures is slow work, which telemetry never awaits."""
        for port in self.ports["imager"]:
            if exposures and isinstance(port, ImagerPort) and port.in_control:
                port.put(exposures)

    def _tell_linac(self, happened: Sequence[Event | Sample]) -> None:
        if self._muted:
            happened = [thing for thing in happened if isinstance(thing, Event)]
        for port in self.ports["linac"]:
            if isinstance(port, LinacPort):
                port.tell(happened)
