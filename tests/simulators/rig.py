"""A linac on virtual time, driven by data."""

from collections.abc import Iterable
from pathlib import Path

from gateway.domain.machine import MachineModel
from simulators.linac import messages as m
from simulators.linac.desk import Desk
from simulators.linac.disturbance import Disturb, undisturbed
from simulators.linac.ledger import DoseLedger
from simulators.linac.machine import Linac
from simulators.linac.states import State
from simulators.ports import LinacPort
from simulators.room import MachineRoom
from tests.simulators.builders import TICK_NS, TOKEN


class LinacRig:
    """Sends commands and heartbeats, keeps every sample and event."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.linac = desk.linac
        self.t_ns = 0
        self.samples: list[m.Sample] = []
        self.events: list[m.Event] = []

    def advance(self, t_ns: int) -> None:
        """Let the machine live up to ``t_ns`` and keep what happened."""
        self.keep(self.linac.advance(t_ns))

    def keep(self, happened: Iterable[m.Event | m.Sample]) -> None:
        for thing in happened:
            if isinstance(thing, m.Sample):
                self.samples.append(thing)
            else:
                self.events.append(thing)

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
            self.advance(self.t_ns)

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
        self.linac.ledger.close()


def linac_rig(
    model: MachineModel, folder: Path, *, seed: int = 1, disturb: Disturb = undisturbed
) -> LinacRig:
    """A linac of its own, with a dead-man of 250 ms."""
    return LinacRig(Desk(Linac(model, 0.25, DoseLedger(folder / "counter"), seed, disturb)))


class RoomRig(LinacRig):
    """The linac of a whole room, witnessed as a client on its link would."""

    def __init__(self, machines: MachineRoom) -> None:
        super().__init__(machines.desk)
        self.machines = machines
        machines.ports["linac"].append(_Witness(self))

    def advance(self, t_ns: int) -> None:
        """Let the room live up to ``t_ns``."""
        self.machines.advance(t_ns)

    def close(self) -> None:
        self.machines.close()


class _Witness(LinacPort):
    """Keeps what the room tells the linac's clients."""

    def __init__(self, rig: RoomRig) -> None:
        self._rig = rig

    def tell(self, happened: Iterable[m.Event | m.Sample]) -> None:
        self._rig.keep(happened)


def nak(reply: m.Reply | None) -> m.NakCode:
    """The code of a refusal; anything else fails the test."""
    assert isinstance(reply, m.Nak), reply
    return reply.code
