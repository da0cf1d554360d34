"""The controller's desk: answers each request, by the state table and the interlocks."""

from simulators.linac.machine import Linac
from simulators.linac.messages import (
    Ack,
    AskCounter,
    AskReadBack,
    BeamOn,
    Command,
    Counter,
    Event,
    Heartbeat,
    Hold,
    LoadBegin,
    LoadControlPoint,
    LoadEnd,
    LoadProfile,
    Nak,
    NakCode,
    Prepare,
    ReadBack,
    Reply,
    Resume,
    Terminate,
    Unload,
)
from simulators.linac.program import Refusal, Upload
from simulators.linac.states import TABLE, Cue, Interlock

Answer = tuple[Reply | None, list[Event]]
"""What goes back to the one who asked, and what then happens to the machine."""


class Desk:
    """Takes commands for one machine; holds the upload that is under way."""

    def __init__(self, linac: Linac) -> None:
        self.linac = linac
        self._upload: Upload | None = None

    def handle(self, command: Command, t_ns: int) -> Answer:
        """Act on ``command``; the answer is None where none is due."""
        self.linac.catch_up(t_ns)
        try:
            return self._answer(command, t_ns)
        except Refusal as refusal:
            return Nak(refusal.code, refusal.text), []

    def leave(self, t_ns: int) -> list[Event]:
        """The client is gone."""
        self.linac.catch_up(t_ns)
        self._upload = None
        return self.linac.lose_client()

    def _answer(self, command: Command, t_ns: int) -> Answer:
        match command:
            case Heartbeat():
                self.linac.hear(t_ns)
                return None, []
            case LoadBegin() | LoadControlPoint() | LoadProfile() | LoadEnd():
                return self._load(command)
            case AskReadBack():
                return self.read_back(), []
            case AskCounter():
                return self.counter(command), []
            case _:
                return Ack(), self._act(command)

    def _act(self, command: Command) -> list[Event]:
        match command:
            case Prepare():
                return self.prepare()
            case BeamOn():
                return self.beam_on(command)
            case Hold():
                return self.hold()
            case Resume():
                return self.resume()
            case Unload():
                self._demand(Cue.UNLOAD)
                return self.linac.unload()
            case Terminate():
                return self.terminate()
            case _:
                raise Refusal(NakCode.UNSUPPORTED, type(command).__name__)

    def prepare(self) -> list[Event]:
        """PREPARE."""
        self._demand(Cue.PREPARE)
        self._demand_clear(Interlock.NONE)
        return self.linac.prepare()

    def beam_on(self, command: BeamOn) -> list[Event]:
        """BEAM_ON."""
        self._demand(Cue.BEAM)
        self._demand_clear(Interlock.NONE)
        program = self.linac.program
        if program is None or program.crc32 != command.crc32:
            raise Refusal(NakCode.BAD_PROGRAM, f"no program {command.crc32:08X} is loaded")
        return self.linac.beam_on()

    def hold(self) -> list[Event]:
        """HOLD."""
        self._demand(Cue.HOLD)
        return self.linac.hold()

    def resume(self) -> list[Event]:
        """RESUME."""
        self._demand(Cue.RELEASE)
        self._demand_clear(Interlock.OPERATOR_HOLD)
        return self.linac.release()

    def terminate(self) -> list[Event]:
        """TERMINATE."""
        return self.linac.terminate()

    def read_back(self) -> ReadBack:
        """READ_BACK."""
        program = self.linac.program
        if program is None:
            raise Refusal(NakCode.BAD_STATE, "nothing is loaded")
        return ReadBack(
            self.linac.state,
            self.linac.interlocks,
            program.beam_number,
            program.mode.name,
            program.accessories,
            program.start_umu,
            program.end_umu,
            program.crc32,
            self.linac.sample().positions,
        )

    def counter(self, command: AskCounter) -> Counter:
        """READ_COUNTER."""
        entry = self.linac.ledger.find(command.token, command.beam_number)
        if entry is None:
            return Counter(
                known=False,
                token=command.token,
                beam_number=command.beam_number,
                start_umu=0,
                meterset_umu=0,
                finished=False,
            )
        return Counter(
            known=True,
            token=entry.token,
            beam_number=entry.beam_number,
            start_umu=entry.start_umu,
            meterset_umu=entry.meterset_umu,
            finished=entry.finished,
        )

    def _load(self, command: LoadBegin | LoadControlPoint | LoadProfile | LoadEnd) -> Answer:
        match command:
            case LoadBegin():
                self._upload = None
                self._demand(Cue.LOAD)
                self._upload = Upload(command, self.linac.layout.size)
                return Ack(), []
            case LoadControlPoint():
                if self._upload is not None:
                    self._upload.add_control_point(command)
                return None, []
            case LoadProfile():
                if self._upload is not None:
                    self._upload.add_pieces(command)
                return None, []
            case LoadEnd():
                return Ack(), self._end_load(command)

    def _end_load(self, command: LoadEnd) -> list[Event]:
        upload, self._upload = self._upload, None
        if upload is None:
            raise Refusal(NakCode.BAD_PROGRAM, "no upload was begun")
        self._demand(Cue.LOAD)
        return self.linac.load(upload.finish(command.crc32, self.linac.model.beam_modes))

    def _demand(self, cue: Cue) -> None:
        if (self.linac.state, cue) not in TABLE:
            raise Refusal(NakCode.BAD_STATE, f"not while {self.linac.state.name}")

    def _demand_clear(self, tolerated: Interlock) -> None:
        standing = self.linac.interlocks & ~tolerated
        if standing:
            names = ", ".join(flag.name or "" for flag in Interlock if flag and flag in standing)
            raise Refusal(NakCode.INTERLOCKED, f"{names} stands")
