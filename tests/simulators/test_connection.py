"""What a machine says goes out at once where the stream takes it, and always in order."""

import asyncio

from simulators.connection import Connection


class Choosy:
    """A stream that takes offers only while it is ``free``; it keeps what it got, and how."""

    def __init__(self) -> None:
        self.free = True
        self.gate = asyncio.Event()
        self.got: list[tuple[str, bytes]] = []

    async def receive(self) -> bytes:
        return await asyncio.get_running_loop().create_future()

    async def send(self, data: bytes) -> None:
        await self.gate.wait()
        self.got.append(("sent", data))

    def offer(self, data: bytes) -> bool:
        if self.free:
            self.got.append(("offered", data))
        return self.free

    async def aclose(self) -> None:
        """Nothing is held."""


async def test_a_free_stream_gets_what_is_said_in_the_same_turn() -> None:
    stream = Choosy()
    connection = Connection(stream, 1000)
    pump = asyncio.create_task(connection.pump())
    await asyncio.sleep(0)
    connection.send(b"now")
    assert stream.got == [("offered", b"now")]
    pump.cancel()


async def test_nothing_is_offered_past_what_waits() -> None:
    stream = Choosy()
    connection = Connection(stream, 1000)
    pump = asyncio.create_task(connection.pump())
    await asyncio.sleep(0)
    stream.free = False
    connection.send(b"first")
    stream.free = True
    connection.send(b"second")
    await asyncio.sleep(0)
    connection.send(b"third, while the first two are being sent")
    stream.gate.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert b"".join(data for _, data in stream.got) == (
        b"firstsecondthird, while the first two are being sent"
    )
    assert all(how == "sent" for how, _ in stream.got)
    connection.send(b"free again")
    assert stream.got[-1] == ("offered", b"free again")
    pump.cancel()
