"""The guards of the test suite catch what they are for."""

import asyncio
import socket
from pathlib import Path

import pytest
from blockbuster import BlockingError

from gateway.adapters.store.folders import make_private
from gateway.timeloop import run
from tests import peers

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("speed", [None, 1.0])
def test_a_task_left_over_fails(speed: float | None) -> None:
    left: list[asyncio.Task[bool]] = []

    async def main() -> None:
        left.append(asyncio.create_task(asyncio.Event().wait(), name="forgotten"))
        await asyncio.sleep(0)

    with pytest.raises(pytest.fail.Exception, match="forgotten"):
        run(main(), speed)


async def test_a_call_that_blocks_the_loop_fails(tmp_path: Path) -> None:
    with pytest.raises(BlockingError, match="mkdir"):
        make_private(tmp_path / "folder")
    await asyncio.to_thread(make_private, tmp_path / "folder")


@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, ""), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")],
)
def test_listening_to_the_network_fails(family: int, host: str) -> None:
    reachable = pytest.raises(pytest.fail.Exception, match="reachable from the network")
    with socket.socket(family) as listener, reachable:
        listener.bind((host, 0))  # as some clients do
        listener.listen()
    with socket.socket(family, socket.SOCK_DGRAM) as datagrams, reachable:
        datagrams.bind((host, 0))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_listening_to_this_machine_is_allowed(host: str) -> None:
    with socket.socket() as listener:
        listener.bind((host, 0))
        listener.listen()


@pytest.mark.parametrize(
    ("required", "outcome"), [(True, pytest.fail.Exception), (False, pytest.skip.Exception)]
)
def test_what_is_absent_skips_or_fails(
    required: bool,  # a parameter of the test
    outcome: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "REQUIRED", required)
    with pytest.raises(outcome, match=r"no-such-program .* no-such-package"):
        peers.program("no-such-program", "no-such-package")


SKIPS = """
import pytest

@pytest.mark.peer
def test_marked():
    pytest.skip("not here")

def test_other():
    pytest.skip("not now")
"""


@pytest.mark.parametrize(("required", "failed"), [("1", 1), ("", 0)])
def test_a_peer_that_skips_by_itself_fails_where_that_is_forbidden(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: str, failed: int
) -> None:
    monkeypatch.setenv("LINAC_GATEWAY_REQUIRE_PEERS", required)
    pytester.makeini("[pytest]\nmarkers = peer")
    pytester.makepyfile(SKIPS)
    done = pytester.runpytest_subprocess("-p", "tests.conftest")
    done.assert_outcomes(failed=failed, skipped=2 - failed)
