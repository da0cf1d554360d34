"""A file's content, of which only what is read takes memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from gateway.dicom.encoded_items import Content


@contextmanager
def mapped(path: Path) -> Iterator[Content]:
    """The content of a file for as long as the block runs. Raises OSError."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            yield b""
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            yield content
