"""How the kit says that a contract is broken."""

from collections.abc import Awaitable

from gateway.domain.errors import GatewayError


class ContractBroken(AssertionError):
    """A driver or its device does not do what the contract asks."""


def require(condition: bool, text: str) -> None:  # reads as a sentence
    """Raises ContractBroken with ``text`` unless ``condition`` holds."""
    if not condition:
        raise ContractBroken(text)


async def refused(call: Awaitable[object], what: str, *errors: type[GatewayError]) -> GatewayError:
    """The error with which ``call`` fails. Raises ContractBroken when it is carried out.

    Any error that is none of ``errors`` passes through.
    """
    try:
        await call
    except errors as error:
        return error
    raise ContractBroken(f"{what} was accepted")
