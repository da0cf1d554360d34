"""The linac controller: what it does when told, and what it does by itself. No clock, no bytes.

It works in control cycles of one sample period. A command acts when it comes; what moves or beams
goes on at the end of the cycle. The caller says what time it is; the machine's own time never
goes back and never runs ahead of its next cycle.
"""

from gateway.domain.machine import MachineModel
from gateway.domain.units import NS_PER_S, FloatArray
from simulators.linac.check import check_program
from simulators.linac.disturbance import BEFORE_BEAM, Disturb, undisturbed
from simulators.linac.drives import Drives
from simulators.linac.envelope import envelope
from simulators.linac.ledger import DoseLedger
from simulators.linac.messages import Event, NakCode, Sample
from simulators.linac.program import UMU_PER_MU, Program, Refusal
from simulators.linac.run import BeamRun
from simulators.linac.states import SUPERVISED, TABLE, WITH_PROGRAM, Cue, Interlock, State

MODE_UP_S = 0.5
"""How long it takes to select the energy."""
SETTLE_S = 0.06
"""How long after its computed arrival an axis has settled."""
APPROACH_GRACE_S = 5.0
"""How long after that an axis that is still out of tolerance becomes a fault."""

_LATCHED = Interlock.DEAD_MAN | Interlock.OPERATOR_HOLD | Interlock.POSITION
"""Interlocks that end with the program they stopped."""

_TEXTS = {
    "DOOR": "the treatment room's door is open",
    "EMERGENCY_STOP": "the emergency stop was pressed; restart the machine",
    "DEAD_MAN": "no heartbeat came within the dead-man time",
    "POSITION": "an axis is out of its hold tolerance",
    "OPERATOR_HOLD": "held by the operator",
}


class Linac:
    """One machine. ``ledger`` is its dose counter, ``disturb`` what is wrong with it."""

    def __init__(
        self,
        model: MachineModel,
        dead_man_s: float,
        ledger: DoseLedger,
        seed: int,
        disturb: Disturb = undisturbed,
    ) -> None:
        self.model = model
        self.layout = model.layout
        self.limits = envelope(model)
        self.dead_man_ns = round(dead_man_s * NS_PER_S)
        self.ledger = ledger
        self.state = State.IDLE
        self.interlocks = Interlock.NONE
        self._disturb = disturb
        self._drives = Drives(model, self.limits, seed)
        self._run: BeamRun | None = None
        self._period_ns = round(model.sample_period_s * NS_PER_S)
        self._time_ns = 0
        self._next_cycle_ns = self._period_ns
        self._heard_ns = 0
        self._ready_ns = 0
        self._late_ns = 0

    @property
    def program(self) -> Program | None:
        """What is loaded."""
        return None if self._run is None else self._run.program

    @property
    def expected(self) -> FloatArray:
        """Where the drives are told to be (mm or degree); overwritten by the next cycle."""
        return self._drives.target

    @property
    def due_mu(self) -> float:
        """The cumulative meterset that the loaded program asks for at the present place."""
        return 0.0 if self._run is None else self._run.path.meterset_at(max(self._run.s, 0.0))

    def next_event_at(self) -> int:
        """When the machine next does something by itself (ns)."""
        due_ns = self._next_cycle_ns
        if self.state in SUPERVISED:
            dead_ns = self._heard_ns + self.dead_man_ns
            if dead_ns < due_ns:
                return dead_ns
        return due_ns

    def advance(self, t_ns: int) -> list[Event | Sample]:
        """Everything that happens up to ``t_ns``, in order."""
        told: list[Event | Sample] = []
        while (due_ns := self.next_event_at()) <= t_ns:
            self._time_ns = max(self._time_ns, due_ns)
            if self.state in SUPERVISED and due_ns >= self._dead_at_ns:
                told += self._trip(Interlock.DEAD_MAN)
            if due_ns == self._next_cycle_ns:
                self._next_cycle_ns += self._period_ns
                self._cycle(told)
        return told

    def catch_up(self, t_ns: int) -> None:
        """Bring the machine's time up to ``t_ns``, short of its next cycle."""
        self._time_ns = max(self._time_ns, min(t_ns, self._next_cycle_ns))

    def hear(self, t_ns: int) -> None:
        """A heartbeat came."""
        self._heard_ns = max(self._heard_ns, t_ns)

    def load(self, program: Program) -> list[Event]:
        """Take ``program``. Raises Refusal when it may not or cannot be delivered."""
        self.examine(program)
        disturbed = self._disturb(program)
        self._run = BeamRun(program, disturbed, self.model.mu_per_pulse, self.model.sample_period_s)
        self._drives.motions = disturbed.motions
        self._drives.stop()
        self.ledger.open_beam(program.token, program.beam_number, program.start_umu)
        self.interlocks &= ~_LATCHED
        return self._move(Cue.LOAD)

    def examine(self, program: Program) -> None:
        """Raises Refusal for what the machine cannot follow, or has given already."""
        self.examine_program(program)
        self.examine_counter(program)

    def examine_program(self, program: Program) -> None:
        """Raises Refusal (BAD_PROGRAM, LIMIT)."""
        check_program(program, self.limits, self.layout)

    def examine_counter(self, program: Program) -> None:
        """Raises Refusal (REPEATED)."""
        entry = self.ledger.find(program.token, program.beam_number)
        if entry is not None and entry.delivered:
            raise Refusal(
                NakCode.REPEATED,
                f"beam {program.beam_number} of this delivery was given up to "
                f"{entry.meterset_umu / UMU_PER_MU:.3f} MU",
            )

    def prepare(self) -> list[Event]:
        """Start towards row 0."""
        row = self._loaded().path.rows[0]
        travel_s = self._drives.approach(row, self._time_ns)
        self._ready_ns = self._time_ns + round(NS_PER_S * (max(travel_s, MODE_UP_S) + SETTLE_S))
        self._late_ns = self._ready_ns + round(NS_PER_S * APPROACH_GRACE_S)
        self.hear(self._time_ns)
        return self._move(Cue.PREPARE)

    def beam_on(self) -> list[Event]:
        """Start the path's clock."""
        self._loaded().begin()
        return self._move(Cue.BEAM)

    def hold(self) -> list[Event]:
        """Stop the path's clock until released."""
        self.interlocks |= Interlock.OPERATOR_HOLD
        self._loaded().pause()
        return self._move(Cue.HOLD, "OPERATOR_HOLD")

    def release(self) -> list[Event]:
        """Let the path's clock run again."""
        self.interlocks &= ~Interlock.OPERATOR_HOLD
        return self._move(Cue.RELEASE)

    def terminate(self) -> list[Event]:
        """End the beam for good; nothing to do without a program or in FAULT."""
        return self._end(Cue.TERMINATE)

    def unload(self) -> list[Event]:
        """Forget the program."""
        self._run = None
        self._drives.motions = ()
        self._drives.stop()
        self.ledger.leave()
        self.interlocks &= ~_LATCHED
        return self._move(Cue.UNLOAD)

    def lose_client(self) -> list[Event]:
        """The connection closed: a beam is held, and nothing lets it go by itself."""
        return self.hold() if self.state in (State.BEAM_ON, State.HELD) else []

    def open_door(self) -> list[Event]:
        """Someone opens the treatment room's door."""
        return self._trip(Interlock.DOOR)

    def close_door(self) -> None:
        """The door is closed again."""
        self.interlocks &= ~Interlock.DOOR

    def press_emergency_stop(self) -> list[Event]:
        """Someone presses the emergency stop: out of order until restarted."""
        self.interlocks |= Interlock.EMERGENCY_STOP
        return self._fail("EMERGENCY_STOP")

    def sample(self) -> Sample:
        """How the machine stands, as a cycle without dose."""
        return self._sample(0.0)

    @property
    def _dead_at_ns(self) -> int:
        return self._heard_ns + self.dead_man_ns

    def _loaded(self) -> BeamRun:
        if self._run is None:
            raise LookupError("nothing is loaded")
        return self._run

    def _move(self, cue: Cue, cause: str = "") -> list[Event]:
        before = self.state
        self.state = TABLE[before, cue]
        if self.state is before:
            return []
        code = cause or self.state.name
        return [Event(self._time_ns, self.state, self.interlocks, code, _TEXTS.get(code, ""))]

    def _trip(self, interlock: Interlock) -> list[Event]:
        self.interlocks |= interlock
        if self.state is State.COMPLETE:
            return []
        return self._end(Cue.TERMINATE, interlock.name or "")

    def _fail(self, cause: str) -> list[Event]:
        return self._end(Cue.FAIL, cause)

    def _end(self, cue: Cue, cause: str = "") -> list[Event]:
        self._drives.stop()
        if self.state in WITH_PROGRAM:
            self.ledger.finish()
        return self._move(cue, cause) if (self.state, cue) in TABLE else []

    def _cycle(self, told: list[Event | Sample]) -> None:
        run, state = self._run, self.state
        dose_mu = 0.0
        if run is not None and state is State.BEAM_ON:
            dose_mu = self._beam_cycle(run, told)
        else:
            self._drives.cycle(BEFORE_BEAM if run is None else run.s, self._time_ns)
            if state is State.PREPARING:
                self._prepare_cycle(told)
            elif state is State.HELD:
                self._held_cycle(told)
        told.append(self._sample(dose_mu))

    def _prepare_cycle(self, told: list[Event | Sample]) -> None:
        if self._time_ns < self._ready_ns:
            return
        if self._drives.within_tolerance():
            told += self._move(Cue.READY)
        elif self._time_ns >= self._late_ns:
            self.interlocks |= Interlock.POSITION
            told += self._fail("POSITION")

    def _held_cycle(self, told: list[Event | Sample]) -> None:
        if Interlock.POSITION in self.interlocks and self._drives.within_tolerance():
            self.interlocks &= ~Interlock.POSITION
            if not self.interlocks:
                told += self._move(Cue.RELEASE)

    def _beam_cycle(self, run: BeamRun, told: list[Event | Sample]) -> float:
        run.advance()
        self._drives.cycle_along(run.path, run.s, self._time_ns)
        dose_mu = run.give()
        if dose_mu > 0.0:
            self.ledger.count(run.meterset_umu)
        if run.ended:
            self.ledger.finish()
            told += self._move(Cue.FINISH)
        elif not self._drives.within_tolerance():
            self.interlocks |= Interlock.POSITION
            run.pause()
            told += self._move(Cue.HOLD, "POSITION")
        return dose_mu

    def _sample(self, dose_mu: float) -> Sample:
        run, drives = self._run, self._drives
        beaming = run is not None and self.state is State.BEAM_ON
        return Sample(
            self._time_ns,
            self.state,
            self.interlocks,
            0 if run is None else run.program.beam_number,
            0.0 if run is None else max(run.s, 0.0),
            0 if run is None else run.meterset_umu,
            run.rate_mu_per_min if run is not None and beaming else 0.0,
            drives.readings,
            drives.actual,
            dose_mu,
        )
