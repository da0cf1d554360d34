"""Per-leaf analysis of one aS1200 picket fence, from file to positions, beside pylinac."""

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gateway.dicom.rt_image_reader import portal_images
from gateway.domain.measured_image import MeasuredPicketFence
from gateway.domain.units import FloatArray
from gateway.imaging import DetectedFrame
from gateway.reconcile.portal.pickets import measure_picket_fence
from tests import oracles
from tests.bench.figure import Better, Figure
from tests.portal.simulated import MLC, PANEL, exposed, file_of, picket_fence

PICKETS = np.linspace(-67.5, 67.5, 10)
GAP_MM, LEAF_SD_MM = 3.3, 0.1
JAWS = (-80.0, 80.0, -199.0, 199.0)
AT_ISOCENTRE = replace(PANEL, rows=1280, columns=1280, sid_mm=1000.0)
"""All 60 pairs are on a raw aS1200 only near the isocentre."""
GOAL = 15.0
RUNS, PEER_RUNS = 15, 7
GROWTH = (1, 2, 4)


def picket_fence_figures(folder: Path) -> Iterable[Figure]:
    """The ratio of processor time to pylinac's, both errors, and how cost grows with pixels."""
    random = np.random.default_rng(1)
    moved = random.normal(0.0, LEAF_SD_MM, (2, PICKETS.size, MLC.pairs))
    errors = {
        (bank, leaf + 1, picket): float(moved[side, picket, leaf])
        for side, bank in enumerate(("X1", "X2"))
        for picket in range(PICKETS.size)
        for leaf in range(MLC.pairs)
    }
    frame = exposed(picket_fence(PICKETS, GAP_MM, JAWS, errors), 10.0, 1, AT_ISOCENTRE)
    path = file_of(folder / "picket_fence.dcm", frame, AT_ISOCENTRE)
    truth = PICKETS[:, np.newaxis] + moved.mean(axis=0)
    answer = oracles.ask("picket_fence", 600.0, path=path, runs=PEER_RUNS)
    theirs, ours = statistics.median(answer["cpu_s"]), _cpu_s(path)
    their_places, our_places = _placed(answer), _ours(path)
    yield Figure(
        "picket fence, 1280 x 1280, 10 pickets, 60 pairs: from file to positions",
        theirs / ours,
        "times pylinac",
        Better.HIGHER,
        GOAL,
        {
            "cpu_s": ours,
            "peer_cpu_s": theirs,
            "peer_fastest_cpu_s": min(answer["cpu_s"]),
            "gaps": int(np.isfinite(our_places).sum()),
            "peer_gaps": int(np.isfinite(their_places).sum()),
        },
    )
    common = np.isfinite(our_places) & np.isfinite(their_places)
    our_rms, their_rms = (_rms(places, truth, common) for places in (our_places, their_places))
    yield Figure(
        "picket fence: error of leaf centres, RMS",
        our_rms,
        "mm",
        Better.LOWER,
        their_rms,
        {"peer": their_rms},
    )
    yield from _growth(folder, frame)


def _measure(path: Path) -> MeasuredPicketFence:
    (image,) = portal_images(path)
    return measure_picket_fence(image, MLC)


def _cpu_s(path: Path) -> float:
    _measure(path)
    taken = []
    for _ in range(RUNS):
        before = time.process_time()
        _measure(path)
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def _ours(path: Path) -> FloatArray:
    """Leaf centres (pickets, pairs), NaN where there is none."""
    seen = _measure(path)
    places = np.full((PICKETS.size, MLC.pairs), np.nan)
    places[:, seen.pairs - 1] = seen.centre_mm.T
    return places


def _placed(answer: Mapping[str, Any]) -> FloatArray:
    """The same from pylinac's pixels."""
    places = np.full((PICKETS.size, MLC.pairs), np.nan)
    middle = 0.5 * (AT_ISOCENTRE.columns - 1)
    for gap in answer["gaps"]:
        places[gap["picket"], gap["leaf"] - 1] = (gap["pixel"][0] - middle) / answer["dpmm"]
    return places


def _rms(places: FloatArray, truth: FloatArray, common: FloatArray) -> float:
    """Of what differs from the truth; what all gaps of a picket share is not an error of leaves."""
    off = np.where(common, places - truth, np.nan)
    return float(np.sqrt(np.nanmean((off - np.nanmean(off, axis=1, keepdims=True)) ** 2)))


def _growth(folder: Path, frame: DetectedFrame) -> Iterable[Figure]:
    """The same picture with each pixel made 1, 4 and 16: what cost does per pixel."""
    fewer = frame.pixels[::2, ::2]
    per_pixel = {}
    for times in GROWTH:
        pixels = np.kron(fewer, np.ones((times, times), np.uint16))
        rows, columns = pixels.shape
        panel = replace(
            AT_ISOCENTRE, rows=rows, columns=columns, pitch_mm=2 * PANEL.pitch_mm / times
        )
        path = file_of(folder / f"{times}.dcm", replace(frame, pixels=pixels), panel)
        per_pixel[times] = _cpu_s(path) / pixels.size
    yield Figure(
        "picket fence: cost per pixel at 16 times the pixels, of that at one",
        per_pixel[GROWTH[-1]] / per_pixel[1],
        "ratio",
        Better.LOWER,
        1.1,
        {f"ns_per_pixel_{times**2}x": 1e9 * cost for times, cost in per_pixel.items()},
    )
