"""Links by URL: what is understood, and what is refused in words."""

import pytest

from gateway.adapters.streams.pty import open_pty
from gateway.adapters.streams.tcp import serve_tcp
from gateway.adapters.streams.url import stream_opener
from gateway.domain.errors import ConfigError, ConnectFailed
from gateway.ports.stream import ByteStream

TIMEOUT_S = 5.0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "linac",
        "127.0.0.1:5000",
        "udp://127.0.0.1:5000",
        "tcp://127.0.0.1",
        "tcp://:5000",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:port",
        "tcp://127.0.0.1:-1",
        "tcp://[::1:5000",
        "tcp://user@127.0.0.1:5000",
        "tcp://127.0.0.1:5000/path",
        "tcp://127.0.0.1:5000?timeout=3",
        "serial://",
        "serial:///",
        "serial://dev/ttyUSB0",
        "serial:///dev/ttyUSB0?baud=fast",
        "serial:///dev/ttyUSB0?baud=",
        "serial:///dev/ttyUSB0?baud=0",
        "serial:///dev/ttyUSB0?baud=-9600",
        "serial:///dev/ttyUSB0?baud=9600.0",
        "serial:///dev/ttyUSB0?baud=٩٦٠٠",
        "serial:///dev/ttyUSB0?boud=9600",
        "serial:///dev/ttyUSB0?baud=9600&baud=19200",
        "serial:///dev/ttyUSB0#1",
    ],
)
def test_what_is_no_link_is_refused_and_named(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        stream_opener(url, TIMEOUT_S)
    assert repr(url) in str(refused.value)


async def test_tcp() -> None:
    async def answer(stream: ByteStream) -> None:
        await stream.send((await stream.receive())[::-1])

    server = await serve_tcp("127.0.0.1", 0, answer)
    open_stream = stream_opener(f"tcp://127.0.0.1:{server.port}", TIMEOUT_S)
    for _ in range(2):
        stream = await open_stream()
        await stream.send(b"abc")
        assert await stream.receive() == b"cba"
        await stream.aclose()
    await server.aclose()


@pytest.mark.parametrize("options", ["", "?baud=9600"])
async def test_serial(options: str) -> None:
    line = open_pty()
    stream = await stream_opener(f"serial://{line.path}{options}", TIMEOUT_S)()
    await stream.send(b"$$\n")
    assert await line.stream.receive() == b"$$\n"
    await stream.aclose()
    await line.stream.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "serial:///dev/there-is-no-such-line",
        "serial:///dev/null",
        "tcp://no-host-of-this-name.invalid:5000",
        f"tcp://{'x' * 64}.invalid:5000",
    ],
)
async def test_what_cannot_be_opened_is_named(url: str) -> None:
    open_stream = stream_opener(url, TIMEOUT_S)
    with pytest.raises(ConnectFailed, match=url.split("//")[1].split(":", maxsplit=1)[0]):
        await open_stream()
