"""The dose counter's file: newest slot wins, torn writes lose nothing, SIGKILL at any point."""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import ConfigError
from simulators.linac.ledger import DoseLedger
from simulators.slotfile import SlotFile

LAYOUT = struct.Struct("<qB")
TOKEN = bytes(range(16))


def test_records_outlive_the_file_object(tmp_path: Path) -> None:
    file = SlotFile(tmp_path / "state", LAYOUT)
    for value in range(5):
        file.append(value, 0)
    file.write(3, 99, 1)
    file.write(3, 100, 1)
    file.close()
    again = SlotFile(tmp_path / "state", LAYOUT)
    assert again.records == [(0, 0), (1, 0), (2, 0), (100, 1), (4, 0)]
    again.write(3, 101, 1)
    again.close()
    last = SlotFile(tmp_path / "state", LAYOUT)
    assert last.records[3] == (101, 1)
    last.close()


@given(st.integers(0, 3), st.integers(0, 60), st.integers(1, 255))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_newest_slot_gives_the_one_before(
    tmp_path: Path, writes: int, at: int, flip: int
) -> None:
    """A torn write spoils the slot it was for, never the other."""
    path = tmp_path / "state"
    path.unlink(missing_ok=True)
    file = SlotFile(path, LAYOUT)
    file.append(7, 0)
    file.append(0, 0)
    for value in range(1, writes + 2):
        file.write(0, value, 0)
    file.close()
    content = bytearray(path.read_bytes())
    slot = 8 + LAYOUT.size + 4
    newest = 12 + ((writes + 2) % 2) * slot
    content[newest + at % slot] ^= flip
    path.write_bytes(content)
    again = SlotFile(path, LAYOUT)
    assert again.records[0] == ((writes,) if writes else (7,)) + (0,)
    again.close()


def test_a_record_that_was_never_whole_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "state"
    file = SlotFile(path, LAYOUT)
    file.append(1, 0)
    size = path.stat().st_size
    file.append(2, 0)
    file.close()
    content = bytearray(path.read_bytes())
    content[size:] = bytes(len(content) - size)
    for length in (size, size + 10, len(content)):
        path.write_bytes(content[:length])
        again = SlotFile(path, LAYOUT)
        assert again.records == [(1, 0)]
        assert again.append(3, 0) == 1
        again.close()


def test_damage_in_the_middle_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "state"
    file = SlotFile(path, LAYOUT)
    for value in range(3):
        file.append(value, 0)
    file.close()
    content = bytearray(path.read_bytes())
    content[12 : 12 + 42] = bytes(42)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"state is damaged at record 0"):
        SlotFile(path, LAYOUT)


@pytest.mark.parametrize("content", [b"something else entirely", b"SLOTS\x00"])
def test_another_file_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    if b"SLOTS\x001\n".startswith(content):
        SlotFile(path, LAYOUT).close()
        return
    with pytest.raises(ConfigError, match="not a state file"):
        SlotFile(path, LAYOUT)
    assert path.read_bytes() == content


def test_a_file_in_use_is_refused(tmp_path: Path) -> None:
    file = SlotFile(tmp_path / "state", LAYOUT)
    with pytest.raises(ConfigError, match="in use"):
        SlotFile(tmp_path / "state", LAYOUT)
    file.close()
    SlotFile(tmp_path / "state", LAYOUT).close()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file"):
        SlotFile(tmp_path / "file" / "state", LAYOUT)


def test_the_ledger_remembers_every_beam(tmp_path: Path) -> None:
    ledger = DoseLedger(tmp_path / "counter")
    ledger.open_beam(TOKEN, 1, 0)
    ledger.count(5_000)
    current = ledger.find(TOKEN, 1)
    assert current is not None
    assert not current.finished
    ledger.open_beam(TOKEN, 2, 1_000)
    ledger.finish()
    ledger.leave()
    ledger.close()
    again = DoseLedger(tmp_path / "counter")
    first, second = again.find(TOKEN, 1), again.find(TOKEN, 2)
    assert first is not None
    assert second is not None
    assert (first.meterset_umu, first.finished, first.delivered) == (5_000, True, True)
    assert (second.start_umu, second.meterset_umu, second.delivered) == (1_000, 1_000, False)
    assert again.find(bytes(16), 1) is None
    again.close()


WORKER = """
import os, sys
from pathlib import Path
from simulators.linac.ledger import DoseLedger
ledger = DoseLedger(Path(sys.argv[1]))
beam = int(sys.argv[2])
ledger.open_beam(bytes(range(16)), beam, 0)
for meterset in range(1, 1 << 40):
    ledger.count(meterset)
    os.write(1, meterset.to_bytes(8, "little"))
"""


@pytest.mark.parametrize("beam", range(1, 5))
def test_the_counter_survives_sigkill_at_any_point(tmp_path: Path, beam: int) -> None:
    """What was told is in the file, and the file is at most one count ahead of what was told."""
    for earlier in range(1, beam):
        ledger = DoseLedger(tmp_path / "counter")
        ledger.open_beam(TOKEN, earlier, 0)
        ledger.count(earlier)
        ledger.close()
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path / "counter"), str(beam)],
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None
        told = worker.stdout.read(8 * (1 + 37 * beam))
        os.kill(worker.pid, signal.SIGKILL)
        told += worker.stdout.read()
    whole = told[: len(told) // 8 * 8]
    last_told = int.from_bytes(whole[-8:], "little")
    ledger = DoseLedger(tmp_path / "counter")
    entry = ledger.find(TOKEN, beam)
    assert entry is not None
    assert last_told <= entry.meterset_umu <= last_told + 1
    assert entry.finished
    for earlier in range(1, beam):
        kept = ledger.find(TOKEN, earlier)
        assert kept is not None
        assert kept.meterset_umu == earlier
    ledger.close()
