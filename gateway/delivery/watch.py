"""Independent ceilings over a beam, judged sample by sample. Pure: no clock, no I/O."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from gateway.delivery.counter import METERSET_RESOLUTION_MU
from gateway.domain.delivery import Interlock, MachineSample, MachineState
from gateway.domain.program import MachineProgram
from gateway.domain.room import Bounds
from gateway.domain.units import NS_PER_S
from gateway.planning.bounds import (
    beam_time_bound_s,
    dose_rate_ceiling_mu_per_min,
    meterset_ceiling_mu,
)

OPERATOR = "operator"
"""The code of a hold that an operator wants; every other one is a ceiling's."""
_WAITING = frozenset({MachineState.LOADED, MachineState.PREPARING, MachineState.PREPARED})
RATE_WINDOW_NS = NS_PER_S
RATE_ALLOWANCE_PULSES = 2
"""A pulse may fall on either side of each end of the window."""


class Action(StrEnum):
    """What a trip asks for: HOLD pauses, TERMINATE ends."""

    HOLD = "hold"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Trip:
    """Why the beam must stop now; ``by`` are the people who want it."""

    action: Action
    code: str
    text: str
    by: tuple[str, ...] = ()


class BeamWatch:
    """Meterset, dose rate, time, hold and start ceilings of one beam.

    The ceilings come from the program and the room's bounds, never from what the machine says
    about itself: the dose rate is measured by its counter and clock over the last second.
    """

    def __init__(self, program: MachineProgram, bounds: Bounds, mu_per_pulse: float) -> None:
        self._meterset_ceiling_mu = meterset_ceiling_mu(program, bounds)
        self._rate_ceiling = dose_rate_ceiling_mu_per_min(program, bounds)
        self._rate_allowance_mu = RATE_ALLOWANCE_PULSES * mu_per_pulse
        self._beam_time_ns = NS_PER_S * beam_time_bound_s(program, bounds)
        self._maximum_hold_ns = {
            False: NS_PER_S * bounds.maximum_hold_s,
            True: NS_PER_S * bounds.maximum_operator_hold_s,
        }
        self._recent: deque[tuple[int, float]] = deque()
        self._meterset_mu = program.start_meterset_mu
        self._on_ns = 0
        self._held = False
        self._held_ns = {False: 0, True: 0}
        self._maximum_wait_ns = NS_PER_S * bounds.reply_timeout_s
        self._waiting_since_ns: int | None = None
        self._beam_number = program.beam_number
        self._time_ns: int | None = None

    def judge(self, sample: MachineSample, *, by_operator: bool = False) -> Trip | None:
        """The trip that ``sample`` calls for, if any.

        ``by_operator``: an operator of ours holds the beam, who has more time than a machine.
        """
        step_ns = 0 if self._time_ns is None else sample.machine_time_ns - self._time_ns
        self._time_ns = sample.machine_time_ns
        if step_ns < 0:
            return Trip(Action.TERMINATE, "clock", "the machine's clock went back")
        return self._judge_counter(sample) or self._judge_state(sample, step_ns, by_operator)

    def _judge_counter(self, sample: MachineSample) -> Trip | None:
        if sample.beam_number != self._beam_number:
            text = f"the machine delivers beam {sample.beam_number}, not {self._beam_number}"
            return Trip(Action.TERMINATE, "beam-number", text)
        if sample.meterset_mu > self._meterset_ceiling_mu:
            return self._meterset_trip(sample)
        if sample.meterset_mu < self._meterset_mu - METERSET_RESOLUTION_MU:
            return Trip(Action.TERMINATE, "meterset", "the machine's dose counter went back")
        self._meterset_mu = sample.meterset_mu
        return None

    def _judge_state(self, sample: MachineSample, step_ns: int, by_operator: bool) -> Trip | None:
        if sample.state in _WAITING:
            return self._judge_wait(sample)
        if sample.state is MachineState.HELD:
            return self._judge_hold(sample, step_ns, by_operator)
        self._held = False
        if sample.state is MachineState.BEAM_ON:
            return self._judge_beam(sample, step_ns)
        return None

    def _judge_wait(self, sample: MachineSample) -> Trip | None:
        """A machine that took the command and does not beam."""
        if self._waiting_since_ns is None:
            self._waiting_since_ns = sample.machine_time_ns
        waited_ns = sample.machine_time_ns - self._waiting_since_ns
        if waited_ns <= self._maximum_wait_ns:
            return None
        text = f"no beam {waited_ns / NS_PER_S:.1f} s after it was commanded"
        return Trip(Action.TERMINATE, "no-beam", text)

    def _meterset_trip(self, sample: MachineSample) -> Trip:
        return Trip(
            Action.TERMINATE,
            "meterset",
            f"{sample.meterset_mu:.3f} MU delivered, ceiling {self._meterset_ceiling_mu:.3f} MU",
        )

    def _judge_hold(self, sample: MachineSample, step_ns: int, by_operator: bool) -> Trip | None:
        """Both times of one hold add up, so that passing it to and fro gains nothing."""
        if not self._held:
            self._held, self._held_ns = True, {False: 0, True: 0}
        else:
            self._held_ns[by_operator] += step_ns
        held_ns = self._held_ns[by_operator]
        if held_ns <= self._maximum_hold_ns[by_operator]:
            return None
        causes = "+".join(flag.name or "" for flag in Interlock if flag & sample.interlocks)
        return Trip(
            Action.TERMINATE,
            "hold",
            f"held for {held_ns / NS_PER_S:.1f} s by {causes or 'nothing'}",
        )

    def _judge_beam(self, sample: MachineSample, step_ns: int) -> Trip | None:
        self._on_ns += step_ns
        if self._too_fast(sample):
            text = f"more than {self._rate_ceiling:.0f} MU/min over the last second"
            return Trip(Action.TERMINATE, "dose-rate", text)
        if self._on_ns > self._beam_time_ns:
            return Trip(
                Action.TERMINATE,
                "beam-time",
                f"beam on for {self._on_ns / NS_PER_S:.1f} s, "
                f"ceiling {self._beam_time_ns / NS_PER_S:.1f} s",
            )
        return None

    def _too_fast(self, sample: MachineSample) -> bool:
        now_ns = sample.machine_time_ns
        self._recent.append((now_ns, sample.meterset_mu))
        while now_ns - self._recent[0][0] > RATE_WINDOW_NS:
            self._recent.popleft()
        since_ns, from_mu = self._recent[0]
        minutes = (now_ns - since_ns) / (60 * NS_PER_S)
        allowed_mu = self._rate_ceiling * minutes + self._rate_allowance_mu
        return sample.meterset_mu - from_mu > allowed_mu
