"""TLS towards a peer, by the BCP 195 profiles (PS3.15 B.12 and B.13): 1.2 or later, AEAD only."""

import ssl

from gateway.adapters.tls_profile import certificate_names, profiled
from gateway.domain.node import Tls


def client_context(tls: Tls) -> ssl.SSLContext:
    """Shows the node's certificate and wants one that the authorities signed. Raises ConfigError.

    Names are compared apart (:func:`require_name`): AE titles are no host names.
    """
    context = profiled(ssl.PROTOCOL_TLS_CLIENT, tls)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def require_name(connection: ssl.SSLSocket, wanted: str) -> None:
    """Raises ssl.SSLCertVerificationError where a peer's certificate does not carry a name."""
    names = certificate_names(connection.getpeercert() or {})
    if wanted and wanted not in names:
        shown = ", ".join(sorted(names)) or "nobody"
        raise ssl.SSLCertVerificationError(1, f"its certificate is of {shown}, not of {wanted}")


def connection_failure(error: OSError) -> str:
    """Why a connection did not come about, plain or secured, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.strerror}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS: {error.reason.replace('_', ' ').lower()}"
    return error.strerror or str(error)
