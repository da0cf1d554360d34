"""Portal frames on disk: one file of pixels per beam, read back when they are used."""

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import overload

import numpy as np

from gateway.domain.delivery import PortalFrame
from gateway.domain.errors import StoreError
from gateway.domain.units import PixelArray
from gateway.ports.observer import KeptFrame, Observer, Unobserved
from gateway.turns import write_in_turns

_PIXEL_BYTES = 2
WAITING_BYTES = 1 << 30
"""Frames of half a minute at 10 a second of 1190 x 1190: a disk that far behind has failed."""
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
        offset, shape = self._offsets[place], self._shapes[place]
        try:
            pixels: PixelArray = np.memmap(self._path, "<u2", "r", offset, shape)
        except (OSError, ValueError) as error:
            text = f"{self._path}: portal frame {place + 1} cannot be read: {error}"
            raise StoreError(text) from error
        return replace(self._frames[place], pixels=pixels)


class FrameSpool:
    """Writes frames in the order they come, in a thread of its own.

    After a failure nothing more is written, and every ``flush`` tells it; so too where frames of
    more than ``waiting_bytes`` wait for the disk. ``observer`` is told of every frame on disk.
    """

    def __init__(
        self,
        directory: Path,
        observer: Observer | None = None,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._directory = directory
        self._observer = observer or Unobserved()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="frames")
        self._failure: OSError | None = None
        self._sizes: dict[int, int] = {}
        self._behind: OSError | None = None
        self._allowed_bytes = waiting_bytes
        self._waiting_bytes = 0
        self._counting = threading.Lock()

    def put(self, frame: PortalFrame) -> None:
        """Take a frame; its pixels leave memory when they are on disk."""
        path = spool_file(self._directory, frame.beam_number)
        offset = self._sizes.get(frame.beam_number, 0)
        self._sizes[frame.beam_number] = offset + _PIXEL_BYTES * frame.pixels.size
        if self._counted(frame.pixels.nbytes) > self._allowed_bytes:
            behind = f"the disk is {self._allowed_bytes / 2**20:.0f} MiB of frames behind"
            self._behind = OSError(behind)
        if self._behind is None:
            self._writer.submit(self._write, path, offset, frame)

    async def flush(self) -> None:
        """Wait for the disk. Raises StoreError when a frame could not be written."""
        error = await asyncio.get_running_loop().run_in_executor(self._writer, self._told)
        if error is not None:
            raise StoreError(f"a portal frame cannot be kept: {error}") from error

    def close(self) -> None:
        """Stop the writer when it has written what it was given; idempotent."""
        self._writer.shutdown()

    def _counted(self, size_bytes: int) -> int:
        with self._counting:
            self._waiting_bytes += size_bytes
            return self._waiting_bytes

    def _told(self) -> OSError | None:
        return self._failure or self._behind

    def _write(self, path: Path, offset: int, frame: PortalFrame) -> None:
        if self._failure is None:
            try:
                write_at(path, offset, np.ascontiguousarray(frame.pixels, dtype="<u2").data)
            except OSError as error:
                self._failure = error
            else:
                self._observer.on_frame(_kept(frame, path, offset))
        self._counted(-frame.pixels.nbytes)


def _kept(frame: PortalFrame, path: Path, offset: int) -> KeptFrame:
    rows, columns = frame.pixels.shape
    return KeptFrame(
        beam_number=frame.beam_number,
        number=frame.number,
        kind=frame.kind,
        path=path,
        offset=offset,
        rows=rows,
        columns=columns,
        start_meterset_mu=frame.start_meterset_mu,
        end_meterset_mu=frame.end_meterset_mu,
        cu_per_count=frame.cu_per_count,
        saturated=frame.saturated,
    )


def write_at(path: Path, offset: int, content: bytes | memoryview) -> None:
    """Let a file end with ``content`` from ``offset`` on; durable on return. Raises OSError."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        file.truncate(offset)
        file.seek(offset)
        write_in_turns(file, content)
        os.fsync(file.fileno())
