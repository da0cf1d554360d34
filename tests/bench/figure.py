"""One benchmark figure, and how long work takes."""

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
Context = Mapping[str, float | int | str | None]


class Better(StrEnum):
    """Which way a figure improves."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Figure:
    """A named value; ``ratio_of_goal`` is 1 or more where the goal is met, None without one."""

    name: str
    value: float
    unit: str
    better: Better
    goal: float | None = None
    context: Context = field(default_factory=dict)

    @property
    def ratio_of_goal(self) -> float | None:
        if self.goal is None:
            return None
        return self.value / self.goal if self.better is Better.HIGHER else self.goal / self.value

    def as_json(self) -> str:
        """The figure as one line."""
        line = {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "better": self.better.value,
            "goal": self.goal,
            "ratio_of_goal": self.ratio_of_goal,
            "load_average": os.getloadavg()[0],
            **self.context,
        }
        return json.dumps({key: _rounded(value) for key, value in line.items()})


@dataclass(frozen=True)
class Spent:
    """What work took: seconds on the clock, and of processor time by all threads."""

    wall_s: float
    cpu_s: float


def spent(work: Callable[[], T]) -> tuple[T, Spent]:
    """Do ``work`` once."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def repeated(work: Callable[[], object], times: int) -> tuple[Spent, ...]:
    """Do ``work`` once unseen, then ``times`` times."""
    work()
    return tuple(spent(work)[1] for _ in range(times))


def median_spent(runs: Sequence[Spent]) -> Spent:
    """The medians of wall and processor time, each for itself."""
    return Spent(
        statistics.median(run.wall_s for run in runs),
        statistics.median(run.cpu_s for run in runs),
    )


def _rounded(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value
