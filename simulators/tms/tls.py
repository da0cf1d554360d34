"""TLS contexts of the simulated system: both sides show certificates (PS3.15 B.9)."""

import ssl
from pathlib import Path


def server_context(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """For associations that are accepted. Raises OSError (SSLError) for unusable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authorities)
    return context


def client_context(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """For associations that are opened; addresses are loopback, so names are not checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authorities)
    return context
