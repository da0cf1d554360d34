"""Portal frames on disk: one file of pixels per beam, read back when they are used."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import overload

import numpy as np

from gateway.domain.delivery import PortalFrame
from gateway.domain.errors import StoreError
from gateway.domain.units import PixelArray

_PIXEL_BYTES = 2
_PATTERN = "frames_beam_*.u16"


def spool_file(directory: Path, beam_number: int) -> Path:
    """Where a beam's pixels wait until they are images."""
    return directory / f"frames_beam_{beam_number}.u16"


def discard_spool(directory: Path) -> None:
    """Delete the pixels of every beam: they are kept in other objects now."""
    for path in directory.glob(_PATTERN):
        path.unlink(missing_ok=True)


class SpooledFrames(Sequence[PortalFrame]):
    """Frames of one beam in the order they came; pixels are mapped from the file when asked.

    ``frames`` are the frames without pixels, ``shapes`` their rows and columns.
    """

    def __init__(
        self, path: Path, frames: Sequence[PortalFrame], shapes: Sequence[tuple[int, int]]
    ) -> None:
        self._path = path
        self._frames = frames
        self._shapes = shapes
        sizes = (_PIXEL_BYTES * rows * columns for rows, columns in shapes)
        self._offsets = list(accumulate(sizes, initial=0))

    @property
    def whole(self) -> bool:
        """Whether the file holds every frame."""
        return self._path.is_file() and self._path.stat().st_size == self._offsets[-1]

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> PortalFrame: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[PortalFrame, ...]: ...

    def __getitem__(self, index: int | slice) -> PortalFrame | tuple[PortalFrame, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = range(len(self))[index]
        pixels: PixelArray = np.memmap(
            self._path,
            dtype="<u2",
            mode="r",
            offset=self._offsets[place],
            shape=self._shapes[place],
        )
        return replace(self._frames[place], pixels=pixels)


class FrameSpool:
    """Writes frames in the order they come, in a thread of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="frames")
        self._pending: list[Future[None]] = []
        self._beams: set[int] = set()

    def put(self, frame: PortalFrame) -> None:
        """Take a frame; its pixels leave memory when they are on disk."""
        path = spool_file(self._directory, frame.beam_number)
        mode = "ab" if frame.beam_number in self._beams else "wb"
        self._beams.add(frame.beam_number)
        self._pending = [item for item in self._pending if not item.done() or item.exception()]
        self._pending.append(self._writer.submit(_write, path, frame.pixels, mode))

    async def flush(self) -> None:
        """Wait for the disk. Raises StoreError when a frame could not be written."""
        pending, self._pending = self._pending, []
        await asyncio.get_running_loop().run_in_executor(None, wait, pending)
        for future in pending:
            error = future.exception()
            if isinstance(error, OSError):
                raise StoreError(f"a portal frame cannot be kept: {error}") from error
            if error is not None:
                raise error

    def close(self) -> None:
        """Stop the writer."""
        self._writer.shutdown()


def _write(path: Path, pixels: PixelArray, mode: str) -> None:
    with path.open(mode) as file:
        file.write(np.ascontiguousarray(pixels, dtype="<u2").tobytes())
        file.flush()
        os.fsync(file.fileno())
