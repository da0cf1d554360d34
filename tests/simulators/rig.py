"""A linac on virtual time, driven by data."""

from pathlib import Path

from gateway.domain.machine import MachineModel
from simulators.linac import messages as m
from simulators.linac.desk import Desk
from simulators.linac.disturbance import Disturb, undisturbed
from simulators.linac.ledger import DoseLedger
from simulators.linac.machine import Linac
from simulators.linac.states import State
from tests.simulators.builders import TICK_NS, TOKEN


class LinacRig:
    """Sends commands and heartbeats, keeps every sample and event."""

    def __init__(
        self,
        model: MachineModel,
        folder: Path,
        *,
        seed: int = 1,
        disturb: Disturb = undisturbed,
        dead_man_s: float = 0.25,
    ) -> None:
        self.ledger = DoseLedger(folder / "counter")
        self.linac = Linac(model, dead_man_s, self.ledger, seed, disturb)
        self.desk = Desk(self.linac)
        self.t_ns = 0
        self.samples: list[m.Sample] = []
        self.events: list[m.Event] = []
        self.positions: list[list[int]] = []

    def send(self, *commands: m.Command) -> m.Reply | None:
        """Every command at the present time; the last one's reply."""
        reply: m.Reply | None = None
        for command in commands:
            reply, events = self.desk.handle(command, self.t_ns)
            self.events += events
        return reply

    def ok(self, *commands: m.Command) -> None:
        reply = self.send(*commands)
        assert reply == m.Ack(), reply

    def wait(self, seconds: float, *, heartbeat: bool = True) -> None:
        """Let time pass, cycle by cycle."""
        end_ns = self.t_ns + round(seconds * 1e9)
        while self.t_ns < end_ns:
            self.t_ns = min(self.t_ns + TICK_NS, end_ns)
            if heartbeat:
                self.send(m.Heartbeat())
            for thing in self.linac.advance(self.t_ns):
                if isinstance(thing, m.Sample):
                    self.samples.append(thing)
                else:
                    self.events.append(thing)

    def wait_for(self, state: State, bound_s: float = 120.0) -> None:
        end_ns = self.t_ns + round(bound_s * 1e9)
        while self.linac.state is not state:
            assert self.t_ns < end_ns, (self.linac.state, self.events)
            self.wait(0.02)

    def load(self, commands: list[m.Command]) -> int:
        self.ok(*commands)
        end = commands[-1]
        assert isinstance(end, m.LoadEnd)
        return end.crc32

    def start(self, commands: list[m.Command]) -> None:
        """Load, prepare, beam on."""
        crc32 = self.load(commands)
        self.ok(m.Prepare())
        self.wait_for(State.PREPARED)
        self.ok(m.BeamOn(crc32))

    def deliver(self, commands: list[m.Command]) -> None:
        self.start(commands)
        self.wait_for(State.COMPLETE)

    def counter(self, beam_number: int = 1, token: bytes = TOKEN) -> m.Counter:
        reply = self.send(m.AskCounter(token, beam_number))
        assert isinstance(reply, m.Counter)
        return reply

    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    def close(self) -> None:
        self.ledger.close()
