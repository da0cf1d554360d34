"""The portal imager's forward model and the way of a raw frame: rates, and how cost grows."""

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room
from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.units import FloatArray, PixelArray
from gateway.imaging import Detector, FluenceAccumulator, FrameSum
from gateway.kernels.image import Float32Array
from tests.bench.figure import Better, Figure

ROOM = load_room("truebeam-m120", config_roots(None))
MACHINE = ROOM.machine
SAMPLES = 5
"""Positions a frame: those of 10 frames/s, 20 ms apart."""
TIMES = (1, 4, 16)


def imaging_figures(_folder: Path) -> Iterator[Figure]:
    """Frames per second of processor time, the frame path against numpy, growth of cost."""
    yield _forward("forward model, full chain, 1280 x 1280", 1280, 36.0)
    yield _forward("forward model, full chain, 1024 x 1024", 1024, 60.0)
    yield _frame_path()
    yield _growth("frames", lambda n: _chain(512, 0.0, frames=n))
    yield _growth("pixels", lambda n: _chain(320 * math.isqrt(n), 0.0))
    yield _growth("control points", _samples)


class Chain:
    """Positions of a moving field into frames of one panel, as the simulated imager does it."""

    def __init__(self, side: int, collimator_deg: float) -> None:
        self.panel = replace(ROOM.panel, rows=side, columns=side)
        self.fluence = FluenceAccumulator(MACHINE, self.panel, mode="6X")
        self.detector = Detector(self.panel, seed=1)
        self.detector.expect(self.fluence.flood)
        self.rows = moving_field(MACHINE, SAMPLES, collimator_deg)
        self.scale = self.detector.range_scale(2)

    def frame(self) -> PixelArray:
        """One frame of 1 MU."""
        self.fluence.add(self.rows, np.full(SAMPLES, 1.0 / SAMPLES))
        image = self.fluence.take()
        return self.detector.frame(image, readouts=2, cu_per_count=self.scale).pixels


def moving_field(machine: MachineModel, samples: int, collimator_deg: float) -> FloatArray:
    """A ragged field of 140 mm x 180 mm whose leaves move by 0.5 mm from sample to sample."""
    layout = machine.layout
    rows = np.zeros((samples, layout.size))
    axes = {Axis.X1: -70, Axis.X2: 70, Axis.Y1: -90, Axis.Y2: 90, Axis.COLLIMATOR: collimator_deg}
    for axis, place in axes.items():
        rows[:, layout.scalars.index(axis)] = place
    random = np.random.default_rng(1)
    part = layout.mlc_slices["MLCX"]
    pairs = (part.stop - part.start) // 2
    middle = 0.5 * np.arange(samples)[:, np.newaxis] % 60.0 - 30.0
    middle = middle + random.uniform(-10.0, 10.0, pairs)
    half = random.uniform(5.0, 40.0, pairs)
    rows[:, part] = np.hstack((middle - half, middle + half))
    return rows


def _forward(name: str, side: int, goal: float) -> Figure:
    rates = {}
    for angle in (0.0, 30.0):
        chain = Chain(side, angle)
        _require_dose(chain)
        rates[angle] = 1.0 / _cpu_s(chain.frame, 15)
    chain = Chain(side, 0.0)
    chain.rows[:, MACHINE.layout.mlc_slices["MLCX"]] *= 10.0
    for axis, place in ((Axis.X1, -200), (Axis.X2, 200), (Axis.Y1, -200), (Axis.Y2, 200)):
        chain.rows[:, MACHINE.layout.scalars.index(axis)] = place
    covered = 1.0 / _cpu_s(chain.frame, 15)
    return Figure(
        name,
        rates[30.0],
        "frames per CPU second",
        Better.HIGHER,
        goal,
        {
            "collimator_0": rates[0.0],
            "collimator_30": rates[30.0],
            "panel_covered": covered,
            "samples": SAMPLES,
            "runs": 15,
        },
    )


def _require_dose(chain: Chain) -> None:
    """All of the frame has the dose of its open area, to 8 %: nothing was dropped.

    Leaves let 1.6 % through; the panel scatters some of the dose beyond its border.
    """
    pitch = chain.panel.pitch_mm * MACHINE.sad_mm / chain.panel.sid_mm
    found = float(chain.frame().sum(dtype=np.float64)) * chain.scale * pitch**2
    part = MACHINE.layout.mlc_slices["MLCX"]
    low, high = np.split(chain.rows[:, part], 2, axis=1)
    gap = MACHINE.mlcs["MLCX"].dosimetric_leaf_gap_mm / 2
    width = np.minimum(high + gap, 70.0) - np.maximum(low - gap, -70.0)
    edges = MACHINE.mlcs["MLCX"].boundaries_mm.clip(-90.0, 90.0)
    open_mm2 = float((width.clip(0.0) * np.diff(edges)).sum(axis=1).mean())
    leaks_mm2 = 0.016 * (140.0 * 180.0 - open_mm2)
    if not math.isclose(found, open_mm2 + leaks_mm2, rel_tol=0.08):
        raise RuntimeError(f"the frame has the dose of {found:g} mm2, {open_mm2:g} are open")


def _frame_path() -> Figure:
    """Correct, accumulate and sum a raw frame of 1280 x 1280, on two threads, against numpy."""
    random = np.random.default_rng(2)
    shape = (1280, 1280)
    raw = random.integers(100, 60_000, shape, dtype=np.uint16)
    dark = random.uniform(90.0, 110.0, shape).astype(np.float32)
    scale = random.uniform(0.9, 1.1, shape).astype(np.float32)
    plain, one, two = NumpySum(dark, scale), FrameSum(dark, scale, 1), FrameSum(dark, scale, 2)
    for _ in range(3):
        sums = {plain.add(raw), one.add(raw), two.add(raw)}
        same = (plain.total == one.total).all() and (plain.total == two.total).all()
        if len(sums) != 1 or not same:
            raise RuntimeError("the frame path's sums are not those of numpy")
    numpy_s, one_s, two_s = (_wall_s(lambda path=path: path.add(raw)) for path in (plain, one, two))
    two.close()
    return Figure(
        "frame path (correct, accumulate, sum) over numpy, 2 threads",
        numpy_s / two_s,
        "times",
        Better.HIGHER,
        4.0,
        {
            "numpy_frames_per_s": 1.0 / numpy_s,
            "one_thread_frames_per_s": 1.0 / one_s,
            "two_threads_frames_per_s": 1.0 / two_s,
        },
    )


class NumpySum:
    """The same in numpy, without copies that it can do without."""

    def __init__(self, dark: Float32Array, scale: Float32Array) -> None:
        self._dark, self._scale = dark, scale
        self._work = np.empty_like(dark)
        self._counts = np.empty(dark.shape, np.uint16)
        self.total = np.zeros(dark.shape, np.uint32)

    def add(self, raw: PixelArray) -> int:
        """As FrameSum.add."""
        work = self._work
        np.subtract(raw, self._dark, out=work, dtype=np.float32)
        np.multiply(work, self._scale, out=work)
        np.clip(work, 0.0, 65535.0, out=work)
        work += np.float32(0.5)
        self._counts[...] = work
        self.total += self._counts
        return int(self._counts.sum(dtype=np.uint64))


def _growth(of: str, cost_s: Callable[[int], float]) -> Figure:
    """The exponent of how cost grows from 1 to 16 times the work: 1 is linear."""
    costs = [cost_s(times) for times in TIMES]
    exponent = math.log(costs[-1] / costs[0]) / math.log(TIMES[-1])
    context = {f"cpu_ms_{times}x": 1e3 * cost for times, cost in zip(TIMES, costs, strict=True)}
    return Figure(
        f"growth of the forward model's cost with {of}",
        exponent,
        "exponent",
        Better.LOWER,
        1.1,
        context,
    )


def _chain(side: int, collimator_deg: float, frames: int = 1) -> float:
    chain = Chain(side, collimator_deg)

    def work() -> None:
        for _ in range(frames):
            chain.frame()

    return _cpu_s(work, 7)


def _samples(times: int) -> float:
    """Exposures of 64 positions and more, without the image that is made of them."""
    fluence = FluenceAccumulator(MACHINE, ROOM.panel, mode="6X")
    rows = moving_field(MACHINE, 64 * times, 30.0)
    mu = np.full(len(rows), 0.02)
    return _cpu_s(lambda: fluence.add(rows, mu), 7)


def _cpu_s(work: Callable[[], object], times: int) -> float:
    """Processor time of this thread, the median; once unseen before."""
    work()
    spent = []
    for _ in range(times):
        before = time.thread_time()
        work()
        spent.append(time.thread_time() - before)
    return statistics.median(spent)


def _wall_s(work: Callable[[], object], times: int = 41) -> float:
    work()
    spent = []
    for _ in range(times):
        before = time.perf_counter()
        work()
        spent.append(time.perf_counter() - before)
    return statistics.median(spent)
