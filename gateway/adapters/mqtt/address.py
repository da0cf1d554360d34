"""From the settings to a broker: address, user and password, TLS."""

import ipaddress
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.adapters.mqtt.connection import Broker
from gateway.adapters.tls_profile import CIPHERS
from gateway.domain.errors import ConfigError

EMBEDDED = "embedded"
LOOPBACK = "127.0.0.1"
PORTS = {"mqtt": 1883, "mqtts": 8883, EMBEDDED: 1883}
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credentials:
    """Files are the site's; a password is never in the settings themselves."""

    user: str | None = None
    password_file: Path | None = None
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def broker_at(url: str, credentials: Credentials, client_id: str) -> tuple[Broker, bool]:
    """The broker, and whether it is the embedded one. Raises ConfigError."""
    scheme, host, port = _parts(url)
    user = credentials.user
    if (user is None) != (credentials.password_file is None):
        raise ConfigError("MQTT: user and password_file belong together")
    password = None if credentials.password_file is None else _password(credentials.password_file)
    if scheme != "mqtts" and password is not None and not _is_loopback(host):
        raise ConfigError(f"MQTT: a password goes to another host by mqtts:// only, not {url}")
    tls = _tls(credentials) if scheme == "mqtts" else None
    return Broker(host, port, user, password, tls, client_id), scheme == EMBEDDED


def _parts(url: str) -> tuple[str, str, int]:
    scheme, _, rest = url.partition(":")
    if scheme not in PORTS:
        raise ConfigError(f"MQTT: {url!r}: want mqtt://host:port, mqtts://host:port or embedded:")
    try:
        if scheme == EMBEDDED:
            return scheme, LOOPBACK, int(rest or PORTS[scheme])
        found = urlsplit(url)
        host, port = found.hostname, found.port
    except ValueError as error:
        raise ConfigError(f"MQTT: {url!r}: {error}") from error
    if not host or found.path not in ("", "/") or found.username is not None:
        raise ConfigError(f"MQTT: {url!r}: want host and port alone; user is a setting of its own")
    return scheme, host, PORTS[scheme] if port is None else port


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _password(file: Path) -> str:
    try:
        if file.stat().st_mode & OTHERS_MAY:
            raise ConfigError(f"{file}: others may read this password; chmod 600 it")
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: the password cannot be read: {error}") from error


class _ClosedUnlessWelcome(ssl.SSLSocket):
    """paho leaves the socket of a handshake that failed open."""

    def do_handshake(self, block: bool = False) -> None:
        """As the base's."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _tls(credentials: Credentials) -> ssl.SSLContext:
    """Verifies the broker's name by ``authorities``, or by those of the system."""
    try:
        context = ssl.create_default_context(cafile=credentials.authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.sslsocket_class = _ClosedUnlessWelcome
        if credentials.certificate is not None:
            context.load_cert_chain(credentials.certificate, credentials.key)
    except OSError as error:
        files = (credentials.authorities, credentials.certificate, credentials.key)
        named = ", ".join(str(file) for file in files if file is not None)
        reason = error.strerror or str(error)
        raise ConfigError(f"MQTT: {named}: cannot be used: {reason}") from error
    return context
