"""TLS by the BCP 195 profiles (PS3.15 B.12 and B.13): 1.2 or later, AEAD only."""

import ssl
from typing import Any

from gateway.domain.errors import ConfigError
from gateway.domain.node import Tls

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secrecy and authenticated encryption for TLS 1.2 (RFC 9325 4.2); 1.3 has nothing else."""


def profiled(protocol: int, tls: Tls) -> ssl.SSLContext:
    """A context with the node's certificate and its authorities. Raises ConfigError."""
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        context.load_verify_locations(tls.authorities)
    except OSError as error:
        files = f"{tls.certificate}, {tls.key}, {tls.authorities}"
        reason = error.strerror or str(error)
        raise ConfigError(f"TLS of the node: {files}: cannot be used: {reason}") from error
    return context


def server_context(tls: Tls) -> ssl.SSLContext:
    """Wants a certificate of every client. Raises ConfigError."""
    context = profiled(ssl.PROTOCOL_TLS_SERVER, tls)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def certificate_names(certificate: Any) -> frozenset[str]:
    """Subject common names and DNS names, of what ``SSLSocket.getpeercert`` gives."""
    subject = [pair for group in certificate.get("subject", ()) for pair in group]
    common = (value for key, value in subject if key == "commonName")
    others = (value for key, value in certificate.get("subjectAltName", ()) if key == "DNS")
    return frozenset((*common, *others))
