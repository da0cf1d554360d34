"""How late samples come: a histogram by the machine's own clock."""

from bisect import bisect_left
from itertools import accumulate

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)


class Lateness:
    """Of a beam's samples, against the one that came soonest since the beam began."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._soonest_s = float("inf")
        self.sum_s = 0.0

    def begin(self) -> None:
        """A beam begins: another machine's clock may rule from now on."""
        self._soonest_s = float("inf")

    def note(self, machine_time_s: float, received_s: float) -> None:
        """A sample that the machine stamped so and that came then."""
        lag_s = received_s - machine_time_s
        self._soonest_s = min(self._soonest_s, lag_s)
        late_s = lag_s - self._soonest_s
        self._counts[bisect_left(BOUNDS_S, late_s)] += 1
        self.sum_s += late_s

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and how many came no later, as Prometheus has them."""
        names = (*(str(bound) for bound in BOUNDS_S), "+Inf")
        return [
            (name, float(count))
            for name, count in zip(names, accumulate(self._counts), strict=True)
        ]
