"""Portal frames on disk: one file of pixels per beam, read back when they are used."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np

from gateway.domain.delivery import PortalFrame
from gateway.domain.errors import StoreError
from gateway.domain.units import PixelArray

_NO_PIXELS = np.empty((0, 0), dtype=np.uint16)


@dataclass(slots=True)
class SpooledFrames(Sequence[PortalFrame]):
    """Frames of one beam in the order they came; pixels are mapped from the file when asked."""

    path: Path
    headers: list[PortalFrame] = field(default_factory=list)
    shapes: list[tuple[int, int]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=lambda: [0])

    def add(self, frame: PortalFrame) -> None:
        """Count ``frame`` in, without its pixels."""
        rows, columns = frame.pixels.shape
        self.headers.append(replace(frame, pixels=_NO_PIXELS))
        self.shapes.append((rows, columns))
        self.offsets.append(self.offsets[-1] + 2 * rows * columns)

    def __len__(self) -> int:
        return len(self.headers)

    @overload
    def __getitem__(self, index: int) -> PortalFrame: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[PortalFrame, ...]: ...

    def __getitem__(self, index: int | slice) -> PortalFrame | tuple[PortalFrame, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = range(len(self))[index]
        pixels: PixelArray = np.memmap(
            self.path, dtype="<u2", mode="r", offset=self.offsets[place], shape=self.shapes[place]
        )
        return replace(self.headers[place], pixels=pixels)


class FrameSpool:
    """Writes frames in the order they come, in a thread of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="frames")
        self._pending: list[Future[None]] = []
        self._beams: dict[int, SpooledFrames] = {}

    def put(self, frame: PortalFrame) -> None:
        """Take a frame; its pixels leave memory when they are on disk."""
        path = self._directory / f"frames_beam_{frame.beam_number}.u16"
        mode = "ab" if frame.beam_number in self._beams else "wb"
        self._beams.setdefault(frame.beam_number, SpooledFrames(path)).add(frame)
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

    def frames(self, beam_number: int) -> Sequence[PortalFrame]:
        """The beam's frames in the order they came."""
        return self._beams.get(beam_number, ())

    def close(self) -> None:
        """Stop the writer."""
        self._writer.shutdown()

    def remove(self) -> None:
        """Delete the pixels: they are kept in other objects now."""
        for frames in self._beams.values():
            frames.path.unlink(missing_ok=True)
        self._beams.clear()


def _write(path: Path, pixels: PixelArray, mode: str) -> None:
    with path.open(mode) as file:
        file.write(np.ascontiguousarray(pixels, dtype="<u2").tobytes())
        file.flush()
        os.fsync(file.fileno())
