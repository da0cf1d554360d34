"""The one tree of errors. Foreign exceptions are mapped into it once, at the adapter."""

from collections.abc import Sequence

from gateway.domain.findings import Finding


class GatewayError(Exception):
    """Anything the gateway reports to a person as one clear line."""


class ConfigError(GatewayError):
    """A configuration file, option or environment variable is unusable."""


class InputError(GatewayError):
    """A file or object could not be read as what it should be."""


class StoreError(GatewayError):
    """The record store could not be read or written; never retried."""


class Blocked(GatewayError):
    """The delivery may not start: something earlier has to be resolved first."""


class NotNow(GatewayError):
    """What an operator wants of a delivery is not possible as the beam stands."""


class PlanRejected(GatewayError):
    """A plan was refused; ``findings`` say why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings))


class LinkError(GatewayError):
    """A device cannot be reached over its link."""


class ConnectFailed(LinkError):
    """The link could not be opened."""


class LinkLost(LinkError):
    """The link was open and is gone."""


class ReplyTimeout(LinkError):
    """A device did not answer within the bound computed for the request."""


class ProtocolError(GatewayError):
    """Bytes or calls that the wire protocol does not allow."""


class LocalProtocolError(ProtocolError):
    """This side asked for something that the protocol does not allow now."""


class RemoteProtocolError(ProtocolError):
    """The other side sent something that the protocol does not allow."""


class MachineFault(GatewayError):
    """The device refused a command or reported a fault."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}")
