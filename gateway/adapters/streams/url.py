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
    if parts.scheme == "serial" and parts.path.strip("/") and not parts.netloc + parts.fragment:
        baud = _baud(url, parts)

        async def open_line() -> ByteStream:
            return await open_serial(parts.path, baud)

        return open_line
    raise _malformed(url)


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
    beside = parts.path.strip("/") + parts.query + parts.fragment
    if not parts.hostname or not port or beside or "@" in parts.netloc:
        raise _malformed(url)
    return parts.hostname, port


def _baud(url: str, parts: SplitResult) -> int:
    options = parse_qs(parts.query, keep_blank_values=True)
    values = options.pop("baud", [str(DEFAULT_BAUD)])
    if options or len(values) != 1:
        raise _malformed(url)
    if not (values[0].isascii() and values[0].isdecimal() and int(values[0])):
        raise ConfigError(f"link {url!r}: baud {values[0]!r} is not a positive whole number")
    return int(values[0])


def _malformed(url: str) -> ConfigError:
    return ConfigError(f"link {url!r} is not of the form {_FORMS}")
