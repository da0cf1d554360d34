"""A room of scripted drivers on simulated time: it does what it should, until a test says not.

Nothing here ends a beam by itself but its program: no dead-man, no interlock. What is still on at
the end of a session was left on by the session.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room
from gateway.domain.axes import Axis
from gateway.domain.delivery import (
    CounterReading,
    Interlock,
    MachineEvent,
    MachineIdentity,
    MachineSample,
    MachineState,
    ReadBack,
)
from gateway.domain.errors import GatewayError, LinkLost
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S
from gateway.ports.devices import LinacObserver

ROOM = load_room("truebeam-m120", config_roots(None))
PERIOD_S = 0.02
WIRE_S = 0.001
COUCH_MM = {Axis.COUCH_LATERAL: 0.0, Axis.COUCH_LONGITUDINAL: 0.0, Axis.COUCH_VERTICAL: 0.0}
CRC = 0x1234
BEAMING = (MachineState.BEAM_ON, MachineState.HELD)


@dataclass
class Machine:
    """The linac itself, which outlives every link to it.

    ``refusals`` raise for a command (it is not carried out); ``silent_after_mu`` stops telemetry;
    ``stuck_in`` is a state that telemetry goes on reporting; ``counter`` replaces readings.
    ``ignored`` are commands that are taken and not carried out; ``repeats_after_mu`` is where
    telemetry begins to send the same sample again and again; ``unasked_s`` is how long it beams by
    itself before PREPARE is done.
    """

    log: list[str] = field(default_factory=list)
    state: MachineState = MachineState.IDLE
    interlocks: Interlock = Interlock.NONE
    program: MachineProgram | None = None
    meterset_mu: float = 0.0
    refusals: dict[str, GatewayError] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    silent_after_mu: float = np.inf
    repeats_after_mu: float = np.inf
    unasked_s: float | None = None
    ends_when_closed: bool = False
    stuck_in: MachineState | None = None
    stops_at_mu: float = np.inf
    counter: Callable[[CounterReading], CounterReading | None] = lambda reading: reading
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    held_at_s: float | None = None
    off_at_s: float | None = None

    @property
    def beaming(self) -> bool:
        """Whether dose may come out."""
        return self.state in BEAMING

    def command(self, name: str) -> None:
        """Take a command. Raises what the test wants."""
        self.log.append(name)
        if name in self.refusals:
            raise self.refusals[name]

    def advance(self, step_s: float) -> None:
        """Deliver for a while."""
        if self.state is not MachineState.BEAM_ON or self.program is None or self.stuck_in:
            return
        rate = self.program.maximum_dose_rate_mu_per_min / 60.0
        end_mu = min(self.program.end_meterset_mu, self.stops_at_mu)
        self.meterset_mu = min(self.meterset_mu + rate * step_s, end_mu)
        if self.meterset_mu == end_mu:
            self.state = MachineState.COMPLETE


class Linac:
    """A driver with its link to the machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._telemetry: asyncio.Task[None] | None = None
        self._observer: LinacObserver | None = None
        self._sequence = 0
        self.beats = 0
        self._lost: GatewayError | None = None

    def _command(self, name: str) -> None:
        if self._lost is not None:
            raise self._lost
        self.machine.command(name)

    async def connect(self, observer: LinacObserver) -> MachineIdentity:
        self._command("connect")
        await asyncio.sleep(WIRE_S)
        self._observer = observer
        self._telemetry = asyncio.create_task(self._report())
        return MachineIdentity("m", "n", "1", "1", PERIOD_S, 0.25, ROOM.machine.layout)

    async def load(self, program: MachineProgram, delivery_token: bytes) -> int:
        self._command("load")
        self.machine.program, self.machine.state = program, MachineState.LOADED
        self.machine.meterset_mu = program.start_meterset_mu
        await asyncio.sleep(WIRE_S)
        return CRC

    async def prepare(self, timeout_s: float) -> None:
        self._command("prepare")
        await asyncio.sleep(WIRE_S)
        self.machine.state = MachineState.PREPARED
        if self.machine.unasked_s is not None:
            self.machine.state, self.machine.meterset_mu = MachineState.BEAM_ON, 0.1
            await asyncio.sleep(self.machine.unasked_s)

    async def read_back(self) -> ReadBack:
        self._command("read_back")
        await asyncio.sleep(WIRE_S)
        program = self.machine.program
        assert program is not None
        positions = np.rint(program.positions[0] * 1000).astype(np.int32)
        return ReadBack(
            self.machine.state, Interlock.NONE, program.beam_number, program.mode.name,
            program.accessories, program.start_meterset_mu, program.end_meterset_mu, CRC, positions,
        )  # fmt: skip

    async def beam_on(self) -> None:
        self._command("beam_on")
        self.machine.state = MachineState.BEAM_ON
        self.machine.begun.set()
        await asyncio.sleep(WIRE_S)

    async def hold(self) -> None:
        self._command("hold")
        if "hold" not in self.machine.ignored and self.machine.state is MachineState.BEAM_ON:
            self.machine.state = MachineState.HELD
            self.machine.interlocks |= Interlock.OPERATOR_HOLD
            self.machine.held_at_s = asyncio.get_running_loop().time()
        await asyncio.sleep(WIRE_S)

    async def resume(self) -> None:
        """Only ever on an operator's word: no test without one may come here."""
        self._command("resume")
        if "resume" not in self.machine.ignored:
            assert self.machine.state is MachineState.HELD
            self.machine.state = MachineState.BEAM_ON
            self.machine.interlocks &= ~Interlock.OPERATOR_HOLD
        await asyncio.sleep(WIRE_S)

    async def terminate(self) -> None:
        self._command("terminate")
        if "terminate" in self.machine.ignored:
            return
        if self.machine.state not in (MachineState.IDLE, MachineState.COMPLETE):
            self.machine.state = MachineState.TERMINATED
        if self.machine.off_at_s is None:
            self.machine.off_at_s = asyncio.get_running_loop().time()
        await asyncio.sleep(WIRE_S)

    async def unload(self) -> None:
        self._command("unload")
        self.machine.state = MachineState.IDLE
        await asyncio.sleep(WIRE_S)

    async def read_counter(self, delivery_token: bytes, beam_number: int) -> CounterReading | None:
        self._command("read_counter")
        await asyncio.sleep(WIRE_S)
        program = self.machine.program
        if program is None:
            return None
        finished = not self.machine.beaming
        return self.machine.counter(
            CounterReading(
                delivery_token, beam_number, program.start_meterset_mu, self.machine.meterset_mu,
                finished,
            )
        )  # fmt: skip

    async def heartbeat(self) -> None:
        self.beats += 1

    async def aclose(self) -> None:
        """A machine that loses its client holds the beam; the dead-man then ends it."""
        if self._telemetry is not None and not self._telemetry.done():
            self._telemetry.cancel()
            await asyncio.wait((self._telemetry,))
            self.machine.log.append("closed")
            self._lost = self._lost or LinkLost("closed by this side")
            if self.machine.ends_when_closed and self.machine.beaming:
                self.machine.state = MachineState.TERMINATED

    def skip(self, samples: int) -> None:
        """So many samples never arrive."""
        self._sequence += samples

    def lose(self, error: GatewayError) -> None:
        """The link breaks."""
        assert self._observer is not None
        assert self._telemetry is not None
        self._telemetry.cancel()
        self._lost = error
        self._observer.on_lost(error)

    async def _report(self) -> None:
        machine, loop = self.machine, asyncio.get_running_loop()
        told = machine.state
        repeated: MachineSample | None = None
        while True:
            await asyncio.sleep(PERIOD_S)
            machine.advance(PERIOD_S)
            assert self._observer is not None
            if machine.meterset_mu >= machine.silent_after_mu:
                continue
            if machine.meterset_mu >= machine.repeats_after_mu and repeated is not None:
                now_ns = round(loop.time() * NS_PER_S)
                self._observer.on_sample(replace(repeated, received_ns=now_ns))
                continue
            now_ns = round(loop.time() * NS_PER_S)
            if machine.state is not told:
                told = machine.state
                self._observer.on_event(MachineEvent(now_ns, told, Interlock.NONE, told.name, ""))
            self._sequence += 1
            repeated = self._sample(now_ns)
            self._observer.on_sample(repeated)

    def _sample(self, now_ns: int) -> MachineSample:
        machine = self.machine
        number = 0 if machine.program is None else machine.program.beam_number
        return MachineSample(
            sequence=self._sequence,
            machine_time_ns=now_ns,
            received_ns=now_ns,
            state=machine.stuck_in if machine.stuck_in and machine.beaming else machine.state,
            interlocks=machine.interlocks,
            beam_number=number,
            program_s=0.5,
            meterset_mu=machine.meterset_mu,
            dose_rate_mu_per_min=600.0,
            positions=np.zeros(ROOM.machine.layout.size, dtype=np.int32),
        )
