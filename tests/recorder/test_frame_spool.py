"""Frames of a cine run are kept on disk and come back as they were."""

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gateway.adapters import frame_spool
from gateway.adapters.frame_spool import (
    FrameSpool,
    SpooledFrames,
    discard_spool,
    spool_file,
)
from gateway.domain.delivery import FrameKind, PortalFrame
from gateway.domain.errors import StoreError
from gateway.domain.units import PixelArray


def frame(beam_number: int, number: int, pixels: PixelArray) -> PortalFrame:
    return PortalFrame(
        kind=FrameKind.CINE,
        beam_number=beam_number,
        number=number,
        start_time_ns=number,
        end_time_ns=number + 1,
        start_meterset_mu=float(number),
        end_meterset_mu=number + 1.0,
        cu_per_count=0.5,
        saturated=0,
        pixels=pixels,
    )


def numbered(beam_number: int, number: int) -> PortalFrame:
    """A frame whose pixels show which it is."""
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4) + 1000 * beam_number + 100 * number
    return frame(beam_number, number, pixels.astype(np.uint16))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[FrameSpool]:
    spool = FrameSpool(tmp_path)
    yield spool
    spool.close()
    spool.close()


def spooled(folder: Path, frames: list[PortalFrame]) -> SpooledFrames:
    """What was put for a beam, as whoever knows its frames reads it."""
    beam_number = frames[0].beam_number
    headers = [replace(item, pixels=np.empty((0, 0), np.uint16)) for item in frames]
    shapes = [(item.pixels.shape[0], item.pixels.shape[1]) for item in frames]
    return SpooledFrames(spool_file(folder, beam_number), headers, shapes)


def check_same(kept: PortalFrame, original: PortalFrame) -> None:
    assert kept.pixels.dtype == np.uint16
    assert not kept.pixels.flags.writeable
    np.testing.assert_array_equal(kept.pixels, original.pixels)
    assert (kept.beam_number, kept.number) == (original.beam_number, original.number)
    assert kept.start_meterset_mu == original.start_meterset_mu


def test_frames_come_back_in_the_order_they_came_beam_by_beam(
    spool: FrameSpool, tmp_path: Path
) -> None:
    """Also out of sequence and between each other: the order of arrival is a finding."""
    numbers = [(1, 1), (2, 1), (1, 3), (1, 2), (2, 2), (1, 3)]
    for beam, number in numbers:
        spool.put(numbered(beam, number))
    asyncio.run(spool.flush())
    for beam in (1, 2):
        expected = [numbered(*key) for key in numbers if key[0] == beam]
        frames = spooled(tmp_path, expected)
        assert frames.whole
        assert len(frames) == len(expected)
        for kept, original in zip(frames, expected, strict=True):
            check_same(kept, original)
        check_same(frames[-1], expected[-1])
        for kept, original in zip(frames[1:], expected[1:], strict=True):
            check_same(kept, original)
        with pytest.raises(IndexError):
            frames[len(expected)]


@settings(max_examples=25, deadline=None)
@given(
    images=st.lists(
        arrays.arrays(np.uint16, st.tuples(st.integers(1, 5), st.integers(1, 5))),
        min_size=1,
        max_size=5,
    )
)
def test_any_pixels_of_any_size_come_back(
    tmp_path_factory: pytest.TempPathFactory, images: list[PixelArray]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = FrameSpool(folder)
    frames = [frame(1, number, pixels[:, ::-1]) for number, pixels in enumerate(images)]
    for item in frames:
        spool.put(item)
    asyncio.run(spool.flush())
    spool.close()
    kept = spooled(folder, frames)
    assert kept.whole
    for number, item in enumerate(frames):
        check_same(kept[number], item)


def test_pixels_are_mapped_and_not_read(spool: FrameSpool, tmp_path: Path) -> None:
    spool.put(numbered(1, 1))
    asyncio.run(spool.flush())
    assert isinstance(spooled(tmp_path, [numbered(1, 1)])[0].pixels, np.memmap)


def test_a_discarded_spool_is_gone_and_nothing_else(spool: FrameSpool, tmp_path: Path) -> None:
    (tmp_path / "plan.dcm").write_bytes(b"plan")
    for beam in (1, 2):
        spool.put(numbered(beam, 1))
    asyncio.run(spool.flush())
    discard_spool(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.dcm"]
    assert not spooled(tmp_path, [numbered(1, 1)]).whole


def test_an_earlier_run_of_the_same_name_is_written_over(spool: FrameSpool, tmp_path: Path) -> None:
    (tmp_path / "frames_beam_1.u16").write_bytes(b"\xff" * 1000)
    spool.put(numbered(1, 1))
    asyncio.run(spool.flush())
    assert (tmp_path / "frames_beam_1.u16").stat().st_size == 24
    check_same(spooled(tmp_path, [numbered(1, 1)])[0], numbered(1, 1))


def test_only_the_owner_reads_the_frames(spool: FrameSpool, tmp_path: Path) -> None:
    spool.put(numbered(1, 1))
    asyncio.run(spool.flush())
    assert (tmp_path / "frames_beam_1.u16").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_told_by_every_flush_and_nothing_more_is_written(
    spool: FrameSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    spool.put(numbered(1, 1))
    asyncio.run(spool.flush())
    with monkeypatch.context() as patched:
        patched.setattr(frame_spool, "write_at", full)
        spool.put(numbered(1, 2))
        for _ in range(2):
            with pytest.raises(StoreError, match="No space left"):
                asyncio.run(spool.flush())
    spool.put(numbered(1, 3))
    with pytest.raises(StoreError, match="No space left"):
        asyncio.run(spool.flush())
    frames = spooled(tmp_path, [numbered(1, number) for number in (1, 2, 3)])
    assert not frames.whole
    check_same(frames[0], numbered(1, 1))
    for lost in (1, 2):
        with pytest.raises(StoreError, match=f"portal frame {lost + 1} cannot be read"):
            frames[lost]


def test_a_disk_that_is_too_far_behind_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory does not grow with what waits for it; what had been taken is kept."""
    goes_on, write_at = threading.Event(), frame_spool.write_at

    def slow(path: Path, offset: int, content: bytes | memoryview) -> None:
        assert goes_on.wait(60.0)
        write_at(path, offset, content)

    monkeypatch.setattr(frame_spool, "write_at", slow)
    frames = [numbered(1, number) for number in range(1, 6)]
    spool = FrameSpool(tmp_path, waiting_bytes=2 * frames[0].pixels.nbytes)
    for item in frames[:2]:
        spool.put(item)
    goes_on.set()
    asyncio.run(spool.flush())
    goes_on.clear()
    for item in frames[2:]:
        spool.put(item)
    goes_on.set()
    with pytest.raises(StoreError, match="the disk is 0 MiB of frames behind"):
        asyncio.run(spool.flush())
    spool.close()
    assert not spooled(tmp_path, frames).whole
    for kept, original in zip(spooled(tmp_path, frames[:4]), frames[:4], strict=True):
        check_same(kept, original)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    spool = FrameSpool(tmp_path / "gone")
    spool.put(numbered(1, 1))
    with pytest.raises(StoreError, match="gone"):
        asyncio.run(spool.flush())
    spool.close()
