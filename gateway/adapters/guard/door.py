"""Who may open an association: AE titles, addresses, certificates, and how many at once."""

import ipaddress
from collections import Counter
from collections.abc import Mapping
from typing import Any

from gateway.adapters.guard.pdu import (
    CALLED_AE,
    CALLING_AE,
    CONGESTION,
    NOT_ALLOWED,
    PEER_LIMIT,
    AssociateRequest,
    Rejection,
)
from gateway.adapters.tls_profile import certificate_names
from gateway.domain.node import Node, Peer


class Door:
    """Counts the associations that are open and judges who asks for one."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many associations there are."""
        return self._open.total()

    def judge(
        self, request: AssociateRequest, address: str, certificate: Mapping[str, Any] | None
    ) -> Rejection | None:
        """Why the request is rejected; None when it may come in."""
        return self._who(request, address, certificate) or self._how_many(request)

    def _who(
        self, request: AssociateRequest, address: str, certificate: Mapping[str, Any] | None
    ) -> Rejection | None:
        node = self._node
        peer = node.peers.get(request.calling_ae)
        if request.called_ae != node.ae_title:
            return CALLED_AE
        if peer is None and not node.unknown_peers:
            return CALLING_AE
        if request.user_identity and not (peer is not None and peer.user_identity):
            return NOT_ALLOWED
        if peer is not None and not _is_really(peer, address, certificate):
            return CALLING_AE
        return None

    def _how_many(self, request: AssociateRequest) -> Rejection | None:
        node = self._node
        if self.open >= node.limits.associations:
            return CONGESTION
        if self._open[request.calling_ae] >= node.limits.associations_per_peer:
            return PEER_LIMIT
        return None

    def enter(self, ae_title: str) -> None:
        """An association was let in."""
        self._open[ae_title] += 1

    def leave(self, ae_title: str) -> None:
        """It has ended."""
        self._open[ae_title] -= 1
        if not self._open[ae_title]:
            del self._open[ae_title]


def _is_really(peer: Peer, address: str, certificate: Mapping[str, Any] | None) -> bool:
    """Whether the caller is the peer it says it is.

    Over TLS by the name in its certificate, where one is configured; otherwise by its address,
    where the configuration gives one (a host name is not looked up).
    """
    if certificate is not None:
        return not peer.certificate_name or peer.certificate_name in certificate_names(certificate)
    if peer.tls:
        return False
    try:
        wanted = ipaddress.ip_address(peer.host)
    except ValueError:
        return True
    return ipaddress.ip_address(address) == wanted
