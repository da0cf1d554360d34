"""Trajectory logs: real ones byte for byte, and what is refused."""

import binascii
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InputError
from gateway.formats.trajectory_log import (
    LogAxis,
    Scale,
    SubBeam,
    TrajectoryLog,
    read_trajectory_log,
    write_trajectory_log,
)
from gateway.formats.trajectory_log.checksum import checksum
from gateway.formats.trajectory_log.layout import HEADER_BYTES, VERSIONS
from tests import realdata

AXES = (*((axis, 1) for axis in LogAxis if axis < LogAxis.MLC), (LogAxis.MLC, 122))
COLUMNS = sum(samples for _, samples in AXES)
REAL = sorted((realdata.ROOT / "trajectory_log").glob("*.bin"))


def log(version: str = "3.0", snapshots: int = 7, scale: Scale = Scale.MACHINE) -> TrajectoryLog:
    values = np.arange(2 * snapshots * COLUMNS, dtype=np.float32).reshape(2, snapshots, COLUMNS)
    beams = (SubBeam(0, 12.5, 1.5, 0, b"1.1+AF8-TX"), SubBeam(3, 7.5, 0.5, 1, b""))
    header = b"Plan Name:\tPhantom\r\nBeamName:\tArc\r\n" if float(version) >= 4 else b""
    return TrajectoryLog(version, 20, AXES, scale, 0, 2, header, beams, values[0], values[1])


@pytest.mark.peer
@pytest.mark.parametrize("name", [path.name for path in REAL] or ["v2.1_static_JS0.bin"])
def test_real_logs_are_written_back_bit_for_bit(name: str) -> None:
    content = realdata.real_data(f"trajectory_log/{name}").read_bytes()
    assert write_trajectory_log(read_trajectory_log(content)) == content


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scale", Scale)
def test_every_version_is_read_as_it_was_written(version: str, scale: Scale) -> None:
    written = log(version, scale=scale)
    read = read_trajectory_log(write_trajectory_log(written))
    np.testing.assert_array_equal(read.actual, written.actual)
    np.testing.assert_array_equal(read.expected, written.expected)
    assert (read.version, read.scale, read.axes) == (version, scale, AXES)
    assert [beam.name for beam in read.sub_beams] == ["1.1_TX", ""]
    assert read.details.get("BeamName") == ("Arc" if float(version) >= 4 else None)
    assert read.columns[LogAxis.MLC] == slice(COLUMNS - 122, COLUMNS)


def boundaries(content: bytes) -> list[int]:
    """Where a block ends, one byte before and one after."""
    sub_beams = [HEADER_BYTES + n * (16 + 512 + 32) for n in range(3)]
    ends = [0, 5, 16, 32, 44, 64, 300, *sub_beams, len(content) - 2, len(content) - 1]
    return sorted(
        {at + more for at in ends for more in (-1, 0, 1) if 0 <= at + more < len(content)}
    )


@pytest.mark.parametrize("at", boundaries(write_trajectory_log(log())))
def test_what_is_cut_off_is_refused(at: int) -> None:
    with pytest.raises(InputError):
        read_trajectory_log(write_trajectory_log(log())[:at])


@pytest.mark.parametrize(
    ("at", "value"),
    [(32, 0), (36, 0), (40, 2**31 - 1), (40, -1), (44, 7_000), (44 + 4 * 15, 2**31 - 1),
     (44 + 8 * 15, 3), (48 + 8 * 15, 2**31 - 1), (56 + 8 * 15, 2**31 - 1), (56 + 8 * 15, -1)],
)  # fmt: skip
def test_absurd_counts_are_refused(at: int, value: int) -> None:
    content = bytearray(write_trajectory_log(log()))
    struct.pack_into("<i", content, at, value)
    with pytest.raises(InputError):
        read_trajectory_log(sealed(content))


def test_a_changed_byte_is_told() -> None:
    content = bytearray(write_trajectory_log(log()))
    content[5000] ^= 1
    with pytest.raises(InputError, match="checksum"):
        read_trajectory_log(bytes(content))


@pytest.mark.parametrize(
    "size", [0, 1, 2, 65533, 65534, 65535, 98300, 98301, 98302, 98303, 131_067, 200_000]
)
def test_the_checksum_is_that_of_the_whole(size: int) -> None:
    """Around whole turns of the polynomial, where the start value falls on different bytes."""
    content = np.random.default_rng(size).bytes(size)
    assert checksum(content) == binascii.crc_hqx(content, 0xFFFF)


def test_what_is_no_number_is_refused() -> None:
    values = log()
    actual = values.actual.copy()
    actual[3, 4] = np.nan
    broken = TrajectoryLog(**{**vars(values), "actual": actual})
    with pytest.raises(InputError, match="no number"):
        read_trajectory_log(write_trajectory_log(broken))


def test_another_version_is_named() -> None:
    content = bytearray(write_trajectory_log(log()))
    content[16:19] = b"9.9"
    with pytest.raises(InputError, match=r"9\.9"):
        read_trajectory_log(sealed(content))


@given(st.binary(max_size=2000))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    with pytest.raises(InputError):
        read_trajectory_log(b"VOSTL" + noise)


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_damage_is_refused_in_words(at: int, damage: bytes) -> None:
    content = bytearray(write_trajectory_log(log(snapshots=2)))
    at %= len(content) - 2
    content[at : at + len(damage)] = damage
    try:
        read = read_trajectory_log(sealed(content))
    except InputError:
        return
    assert np.isfinite(read.actual).all()


def sealed(content: bytearray) -> bytes:
    """With the checksum that belongs to it."""
    body = bytes(content[:-2])
    return body + struct.pack("<H", binascii.crc_hqx(body, 0xFFFF))


def test_a_missing_file_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="VOSTL"):
        read_trajectory_log(b"")


def test_half_a_character_in_a_name_can_be_shown() -> None:
    assert SubBeam(0, 1.0, 1.0, 0, b"1.1+AF8-TX").name == "1.1_TX"
    for encoded in (b"+2AA-", b"\xff"):
        assert SubBeam(0, 1.0, 1.0, 0, encoded).name.encode().decode()
