"""Links by URL."""

from urllib.parse import SplitResult, parse_qs, urlsplit

from gateway.adapters.streams.serial import open_serial
from gateway.adapters.streams.tcp import open_tcp
from gateway.domain.errors import ConfigError
from gateway.ports.stream import ByteStream, StreamOpener

DEFAULT_BAUD = 115_200
_FORMS = "tcp://HOST:PORT or serial:///dev/NAME?baud=115200"


def stream_opener(url: str, timeout_s: float) -> StreamOpener:
    """Opens a stream to ``url`` each time it is called. Raises ConfigError for another form."""
    parts = _split(url)
    if parts.scheme == "tcp":
        host, port = _tcp(url, parts)

        async def open_stream() -> ByteStream:
            return await open_tcp(host, port, timeout_s)

        return open_stream
    if parts.scheme == "serial" and parts.path and not parts.netloc:
        baud = _baud(url, parts)

        async def open_line() -> ByteStream:
            return await open_serial(parts.path, baud)

        return open_line
    raise ConfigError(f"link {url!r} is not of the form {_FORMS}")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"link {url!r}: {error}") from error


def _tcp(url: str, parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"link {url!r}: {error}") from error
    if not parts.hostname or port is None:
        raise ConfigError(f"link {url!r} is not of the form {_FORMS}")
    return parts.hostname, port


def _baud(url: str, parts: SplitResult) -> int:
    text = parse_qs(parts.query).get("baud", [str(DEFAULT_BAUD)])[-1]
    if not text.isdecimal() or int(text) == 0:
        raise ConfigError(f"link {url!r}: baud {text!r} is not a number")
    return int(text)
