"""Waiting to be told that a link is lost."""

import asyncio

from drivers.testing.verdict import ContractBroken
from gateway.domain.errors import GatewayError


class Losses:
    """Keeps what ``on_lost`` was told."""

    def __init__(self) -> None:
        self.told: list[GatewayError] = []
        self._happened = asyncio.Event()

    def tell(self, error: GatewayError) -> None:
        """Give this to a driver as ``on_lost``."""
        self.told.append(error)
        self._happened.set()

    async def first(self, timeout_s: float) -> GatewayError:
        """Why the link was lost. Raises ContractBroken when it is not."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._happened.wait()
        except TimeoutError:
            raise ContractBroken(f"no loss of the link was told within {timeout_s:g} s") from None
        return self.told[0]
