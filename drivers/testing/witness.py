"""What a linac driver told, kept and judged."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

from drivers.testing.loss import Losses
from drivers.testing.verdict import ContractBroken, require
from gateway.domain.delivery import MachineEvent, MachineSample, MachineState
from gateway.domain.errors import GatewayError
from gateway.domain.units import NS_PER_S


class LinacWitness:
    """Observes a linac driver; implements gateway.ports.devices.LinacObserver."""

    def __init__(self) -> None:
        self.samples: list[MachineSample] = []
        self.events: list[MachineEvent] = []
        self.losses = Losses()
        self._changed = asyncio.Event()

    def on_sample(self, sample: MachineSample) -> None:
        """Keep it."""
        self.samples.append(sample)
        self._changed.set()

    def on_event(self, event: MachineEvent) -> None:
        """Keep it."""
        self.events.append(event)

    def on_lost(self, error: GatewayError) -> None:
        """Keep it."""
        self.losses.tell(error)
        self._changed.set()

    @property
    def lost(self) -> list[GatewayError]:
        """Every loss that was told: one at most, if the driver keeps its contract."""
        return self.losses.told

    @property
    def last(self) -> MachineSample:
        """The newest sample."""
        require(bool(self.samples), "no telemetry came")
        return self.samples[-1]

    async def until(
        self, shows: Callable[[MachineSample], bool], what: str, timeout_s: float
    ) -> MachineSample:
        """The first sample from now on that ``shows`` it. Raises ContractBroken, or the loss."""
        seen = len(self.samples)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for sample in self.samples[seen:]:
                        if shows(sample):
                            return sample
                    seen = len(self.samples)
                    if self.lost:
                        raise self.lost[0]
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            state = self.samples[-1].state.name if self.samples else "nothing"
            raise ContractBroken(
                f"no sample showed {what} within {timeout_s:g} s; the last one shows {state}"
            ) from None

    async def until_state(self, state: MachineState, timeout_s: float) -> MachineSample:
        """The first sample from now on in ``state``."""
        return await self.until(lambda sample: sample.state is state, state.name, timeout_s)

    def check_telemetry(self, period_s: float) -> None:
        """Every sample came, in order, a period apart on the machine's clock, dose ascending.

        A sample may be half a period early or late: more would be another sample's place.
        """
        require(len(self.samples) > 1, "there is no telemetry to judge")
        for earlier, later in pairwise(self.samples):
            step = later.sequence - earlier.sequence
            require(step == 1, f"telemetry goes from {earlier.sequence} to {later.sequence}")
            step_s = (later.machine_time_ns - earlier.machine_time_ns) / NS_PER_S
            require(
                abs(step_s - period_s) <= period_s / 2,
                f"sample {later.sequence} is {step_s:.3f} s after the one before, not {period_s} s",
            )
            require(later.received_ns >= earlier.received_ns, "samples were received out of order")
            if later.beam_number == earlier.beam_number:
                require(
                    later.meterset_mu >= earlier.meterset_mu,
                    f"the meterset went back from {earlier.meterset_mu} to {later.meterset_mu} MU",
                )
