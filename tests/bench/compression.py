"""A portal frame losslessly compressed: ours beside pylibjpeg-rle, after it was decoded again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gateway.dicom.high_throughput import encoded_frame
from tests.bench.figure import Better, Figure, median_spent, repeated
from tests.bench.imaging import Chain
from tests.oracles import ask

GOAL, RUNS = 2.0, 15


def compression_figures(folder: Path) -> Iterator[Figure]:
    """The ratio of processor times, and what is left of the frame."""
    from imagecodecs import htj2k_decode

    frame = Chain(1190, 0.0).frame()
    encoded = encoded_frame(frame)
    if not np.array_equal(htj2k_decode(encoded), frame):
        raise RuntimeError("what was compressed is not what comes out")
    ours = median_spent(repeated(lambda: encoded_frame(frame), RUNS)).cpu_s
    path = folder / "frame.npy"
    np.save(path, frame)
    theirs = ask("rle_frames", frame=path, runs=RUNS)
    context = {
        "cpu_s": ours,
        "mb_per_s": frame.nbytes / ours / 1e6,
        "pylibjpeg_rle_cpu_s": theirs["cpu_s"],
    }
    name = "a portal frame compressed in HTJ2K against pylibjpeg-rle"
    yield Figure(name, theirs["cpu_s"] / ours, "times as fast", Better.HIGHER, GOAL, context)
    left = {"htj2k": frame.nbytes / len(encoded), "pylibjpeg_rle": frame.nbytes / theirs["bytes"]}
    name = "compression in HTJ2K against pylibjpeg-rle's"
    yield Figure(name, theirs["bytes"] / len(encoded), "ratio", Better.HIGHER, 1.0, left)
