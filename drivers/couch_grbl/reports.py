"""Status reports as they come, for those who wait for the next one."""

import asyncio

from drivers.couch_grbl.protocol import Report
from gateway.domain.errors import GatewayError, ReplyTimeout


class Reports:
    """Hands each report to everyone who waits at that moment; after ``fail`` nobody waits."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[Report | GatewayError]] = set()
        self._ended: GatewayError | None = None

    def put(self, report: Report) -> None:
        """A report came."""
        self._hand_out(report)

    def fail(self, error: GatewayError) -> None:
        """No more will come."""
        self._ended = error
        self._hand_out(error)

    async def next(self, timeout_s: float) -> Report:
        """The next report. Raises ReplyTimeout, or what ended the link."""
        if self._ended is not None:
            raise self._ended
        waiting: asyncio.Future[Report | GatewayError] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            async with asyncio.timeout(timeout_s):
                outcome = await waiting
        except TimeoutError:
            raise ReplyTimeout(f"the couch sent no status report for {timeout_s:g} s") from None
        finally:
            self._waiting.discard(waiting)
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    def _hand_out(self, outcome: Report | GatewayError) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(outcome)
