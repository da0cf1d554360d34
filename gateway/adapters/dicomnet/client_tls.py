"""TLS towards a peer, by the BCP 195 profiles (PS3.15 B.12 and B.13): 1.2 or later, AEAD only."""

import ssl
from typing import Any

from gateway.domain.errors import ConfigError
from gateway.domain.node import Tls

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secrecy and authenticated encryption for TLS 1.2 (RFC 9325 4.2); 1.3 has nothing else."""


def client_context(tls: Tls) -> ssl.SSLContext:
    """Shows the node's certificate and wants one that the authorities signed. Raises ConfigError.

    Names are compared apart (:func:`require_name`): AE titles are no host names.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        context.load_verify_locations(tls.authorities)
    except OSError as error:
        files = f"{tls.certificate}, {tls.key}, {tls.authorities}"
        reason = error.strerror or str(error)
        raise ConfigError(f"TLS of the node: {files}: cannot be used: {reason}") from error
    return context


def require_name(connection: ssl.SSLSocket, wanted: str) -> None:
    """Raises ssl.SSLCertVerificationError where a peer's certificate does not carry a name."""
    names = certificate_names(connection.getpeercert() or {})
    if wanted and wanted not in names:
        shown = ", ".join(sorted(names)) or "nobody"
        raise ssl.SSLCertVerificationError(f"its certificate is of {shown}, not of {wanted}")


def certificate_names(certificate: Any) -> frozenset[str]:
    """Subject common names and DNS names, of what ``SSLSocket.getpeercert`` gives."""
    subject = [pair for group in certificate.get("subject", ()) for pair in group]
    common = (value for key, value in subject if key == "commonName")
    others = (value for key, value in certificate.get("subjectAltName", ()) if key == "DNS")
    return frozenset((*common, *others))
