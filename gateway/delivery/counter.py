"""The machine's dose counter: reading it anew, and whether a reading can be believed."""

import asyncio

from gateway.domain.delivery import CounterReading, MachineEvent, MachineSample
from gateway.domain.errors import GatewayError, LinkError, MachineFault, ProtocolError
from gateway.domain.room import Bounds
from gateway.ports.devices import LinacDriver

ATTEMPTS = 5
METERSET_RESOLUTION_MU = 1e-6


class CounterUnknown(GatewayError):
    """The machine's counter cannot be read now, or cannot be believed."""


class _Deaf:
    """A linac observer that wants nothing but an answer."""

    def on_sample(self, sample: MachineSample) -> None:
        """Not wanted."""

    def on_event(self, event: MachineEvent) -> None:
        """Not wanted."""

    def on_lost(self, error: GatewayError) -> None:
        """The pending read fails by itself."""


def believed(
    reading: CounterReading | None, *, start_mu: float, seen_mu: float, mu_per_pulse: float
) -> float:
    """The final meterset (MU) of a beam that was loaded, by its counter.

    ``start_mu`` is where the program began, ``seen_mu`` the highest meterset that telemetry
    showed. Raises CounterUnknown for a reading that is missing, not final, or contradicts them.
    """
    if reading is None:
        raise CounterUnknown("the machine knows nothing of this beam, although it was loaded")
    number = reading.beam_number
    if not reading.finished:
        raise CounterUnknown(f"the machine has not ended beam {number}")
    if abs(reading.start_meterset_mu - start_mu) > METERSET_RESOLUTION_MU:
        raise CounterUnknown(
            f"the machine says that beam {number} began at {reading.start_meterset_mu:.3f} MU; "
            f"it was loaded from {start_mu:.3f} MU"
        )
    if reading.meterset_mu < max(start_mu, seen_mu - mu_per_pulse) - METERSET_RESOLUTION_MU:
        raise CounterUnknown(
            f"the counter of beam {number} reads {reading.meterset_mu:.3f} MU, but the machine "
            f"had shown {seen_mu:.3f} MU"
        )
    return reading.meterset_mu


async def count_again(
    linac: LinacDriver, token: bytes, beam_number: int, bounds: Bounds
) -> CounterReading | None:
    """The final counter of a beam over a fresh link; None when the machine never loaded it.

    Reads may be retried: a beam that the dead-man has yet to end is asked again after its time.
    Raises CounterUnknown when the link cannot be opened or the beam does not end in time.
    """
    try:
        await linac.connect(_Deaf())
        for _ in range(ATTEMPTS):
            reading = await linac.read_counter(token, beam_number)
            if reading is None or reading.finished:
                return reading
            await asyncio.sleep(bounds.dead_man_s)
    except (LinkError, ProtocolError, MachineFault) as error:
        raise CounterUnknown(f"the machine's counter cannot be read: {error}") from error
    finally:
        await linac.aclose()
    raise CounterUnknown(f"the machine still has not ended beam {beam_number}")
