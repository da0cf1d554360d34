"""Dose in whole pulses, and the rate at which they come."""

import math
from collections import deque

_WINDOW_CYCLES = 10
"""The dose rate shown is the mean over this many cycles: single pulses are coarse beside one."""
_ROUNDING = 1e-9


class PulsedDose:
    """Counts the pulses of one beam from ``start_mu`` on; the count never goes back."""

    def __init__(self, start_mu: float, mu_per_pulse: float, cycle_s: float) -> None:
        self._start_mu = start_mu
        self._mu_per_pulse = mu_per_pulse
        self._cycle_min = cycle_s / 60.0
        self._pulses = 0
        self._recent: deque[float] = deque([start_mu], maxlen=_WINDOW_CYCLES + 1)

    @property
    def meterset_mu(self) -> float:
        """Cumulative meterset of the plan's beam by the pulses given."""
        return self._start_mu + self._pulses * self._mu_per_pulse

    @property
    def rate_mu_per_min(self) -> float:
        """The mean rate over the last cycles with beam."""
        cycles = len(self._recent) - 1
        if cycles == 0:
            return 0.0
        return (self._recent[-1] - self._recent[0]) / (cycles * self._cycle_min)

    def give(self, due_mu: float) -> float:
        """Give every pulse that is due in full; returns the dose of this cycle (MU)."""
        return self._to((due_mu - self._start_mu) / self._mu_per_pulse + _ROUNDING)

    def give_last(self, due_mu: float) -> float:
        """Give the pulses that bring the counter nearest to ``due_mu``; returns the dose (MU)."""
        return self._to((due_mu - self._start_mu) / self._mu_per_pulse + 0.5)

    def pause(self) -> None:
        """Forget the rate: after a pause it starts anew."""
        self._recent.clear()
        self._recent.append(self.meterset_mu)

    def _to(self, pulses: float) -> float:
        before = self._pulses
        self._pulses = max(before, math.floor(pulses))
        self._recent.append(self.meterset_mu)
        return (self._pulses - before) * self._mu_per_pulse
