"""A recorder on simulated time."""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.delivery.recorder import Recorder
from gateway.domain.errors import GatewayError
from gateway.timeloop import run
from tests.recorder.fakes import Dates, FakeStore, Wall, sample


class Bench:
    """A recorder with its store, its wall time, and what it told."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.wall = Wall()
        self.faults: list[GatewayError] = []
        self.progress: list[tuple[int, float]] = []
        self.recorder = Recorder(self.store, "delivery", Dates(), self.wall)  # type: ignore[arg-type]  # only what it uses
        self.recorder.watch(self.faults.append, lambda *seen: self.progress.append(seen))

    def samples(self, *sequences: int) -> None:
        for sequence in sequences:
            self.recorder.sample(sample(sequence, sequence / 10))


def simulated(scenario: Callable[[Bench], Coroutine[Any, Any, None]]) -> Bench:
    """Run in simulated time; nothing may be left behind."""

    async def main() -> Bench:
        bench = Bench()
        await scenario(bench)
        return bench

    return run(main(), None)
