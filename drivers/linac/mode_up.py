"""Waiting until a machine that was told to PREPARE says how that ended."""

import asyncio

from gateway.domain.delivery import Interlock, MachineEvent, MachineSample, MachineState
from gateway.domain.errors import GatewayError, MachineFault

_ON_THE_WAY = frozenset({MachineState.LOADED, MachineState.PREPARING})


class ModeUp:
    """Ends with the first state, told by event or sample, that is not on the way to PREPARED."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[GatewayError | None] = loop.create_future()

    async def wait(self) -> None:
        """Returns when PREPARED. Raises MachineFault for any other end, or what ended the link."""
        error = await self._ended
        if error is not None:
            raise error

    def on_event(self, event: MachineEvent) -> None:
        """Judge an event."""
        self._judge(event.state, event.code, event.text)

    def on_sample(self, sample: MachineSample) -> None:
        """Judge a sample."""
        self._judge(sample.state, sample.state.name, _names(sample.interlocks))

    def fail(self, error: GatewayError) -> None:
        """The link is gone."""
        self._end(error)

    def _judge(self, state: MachineState, code: str, text: str) -> None:
        if state is MachineState.PREPARED:
            self._end(None)
        elif state not in _ON_THE_WAY:
            self._end(MachineFault(code, f"{state.name} instead of PREPARED. {text}".rstrip()))

    def _end(self, outcome: GatewayError | None) -> None:
        if not self._ended.done():
            self._ended.set_result(outcome)


def _names(interlocks: Interlock) -> str:
    return "Interlocks: " + (", ".join(flag.name or "" for flag in interlocks) or "none")
