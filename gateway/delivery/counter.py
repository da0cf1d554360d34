"""Reading the machine's dose counter when the session's own link is gone."""

import asyncio

from gateway.domain.delivery import CounterReading, MachineEvent, MachineSample
from gateway.domain.errors import GatewayError, LinkError, MachineFault, ProtocolError
from gateway.domain.room import Bounds
from gateway.ports.devices import LinacDriver

ATTEMPTS = 5


class CounterUnknown(GatewayError):
    """The machine's counter cannot be read now."""


class _Deaf:
    """A linac observer that wants nothing but an answer."""

    def on_sample(self, sample: MachineSample) -> None:
        """Not wanted."""

    def on_event(self, event: MachineEvent) -> None:
        """Not wanted."""

    def on_lost(self, error: GatewayError) -> None:
        """The pending read fails by itself."""


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
