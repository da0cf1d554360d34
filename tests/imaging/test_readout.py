"""Lag, ghosting, rows between pulses, dead pixels and the flood field, each against plain sums."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from gateway.domain.machine import PanelModel
from gateway.domain.optics import Ghosting, LagTerm
from gateway.domain.units import FloatArray
from gateway.imaging import Detector, FrameSum
from gateway.imaging.correction import DeadPixels
from gateway.imaging.lag import Lag
from gateway.imaging.readout import ghosting_gain, pulses_by_row
from gateway.kernels.image import Float32Array
from tests.imaging.builders import PANEL

SMALL = replace(PANEL, rows=40, columns=50, quanta_per_cu=1e12, electronic_noise_counts=0.0)
TERMS = (
    LagTerm(2.911e-3, 0.7055),
    LagTerm(0.4454e-3, 0.1141),
    LagTerm(0.0748e-3, 0.0212),
    LagTerm(0.0042e-3, 0.0033),
)
COUNT = 60.0 / 25.0 / 65535
"""CU of one count of a readout."""


def even(cu: float, panel: PanelModel = SMALL) -> Float32Array:
    return np.full((panel.rows, panel.columns), cu, dtype=np.float32)


def answer(readouts: int) -> FloatArray:
    """h(k): what is read of a signal of 1, k readouts later, its sum over all k being 1."""
    k = np.arange(readouts)
    later = sum(term.amplitude * np.exp(-term.rate * k) for term in TERMS)
    total = sum(term.amplitude / (1.0 - exp(-term.rate)) for term in TERMS)
    found: FloatArray = later + np.where(k == 0, 1.0 - total, 0.0)
    return found


def test_lag_loses_nothing_in_the_end() -> None:
    """0.0033 a readout: 6,000 readouts later 3e-9 of the last term is left."""
    lag = Lag(TERMS, (40, 50))
    first = lag.after(even(1.0), 1)[20, 25]
    assert first == pytest.approx(answer(1)[0], abs=1e-6)
    assert 0.01 < 1.0 - first < 0.025
    rest = sum(float(lag.after(even(0.0), 500)[20, 25]) for _ in range(12))
    assert first + rest == pytest.approx(1.0, abs=2e-6)


@pytest.mark.parametrize("frames", [[1] * 30, [3] * 10, [30], [5, 20, 1, 4]])
def test_frames_of_several_readouts_are_their_readouts_one_after_another(
    frames: list[int],
) -> None:
    readouts = sum(frames)
    dose = np.concatenate([np.full(n, 0.5 / n) for n in frames])
    read = np.convolve(dose, answer(readouts))[:readouts]
    ends = np.cumsum(frames)
    expected = [read[end - n : end].sum() for n, end in zip(frames, ends, strict=True)]
    lag = Lag(TERMS, (40, 50))
    found = [float(lag.after(even(0.5), n)[3, 4]) for n in frames]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_image_lags_where_it_was() -> None:
    lag = Lag(TERMS, (40, 50))
    image = even(0.0)
    image[10:20, 10:30] = 1.0
    lag.after(image, 1)
    late = lag.after(even(0.0), 1)
    assert late[15, 20] == pytest.approx(answer(2)[1], rel=1e-5)
    assert late[30, 40] == 0.0
    lag.rest()
    assert not lag.after(even(0.0), 1).any()


def test_a_panel_without_lag_reads_what_it_is_given() -> None:
    image = even(0.3)
    assert Lag((), (40, 50)).after(image, 3) is image


def test_ghosting_is_the_mean_of_what_fades_with_dose() -> None:
    ghosting = Ghosting(0.08, 5.0)
    for start, end in ((0.0, 1.0), (2.0, 2.5), (0.0, 200.0)):
        at = np.linspace(start, end, 20_001)
        mean = float(np.trapezoid(1.0 - 0.08 * np.exp(-at / 5.0), at) / (end - start))
        assert ghosting_gain(ghosting, (start, end)) == pytest.approx(mean, abs=1e-9)
    assert ghosting_gain(ghosting, (3.0, 3.0)) == pytest.approx(1.0 - 0.08 * exp(-0.6))
    assert ghosting_gain(Ghosting(), (0.0, 1.0)) == 1.0


def test_a_ghosting_panel_answers_less_at_first() -> None:
    detector = Detector(replace(SMALL, ghosting=Ghosting(0.1, 5.0)), seed=1)
    first, later = (
        detector.frame(even(1.0), readouts=1, span_mu=span) for span in ((0, 1), (500, 501))
    )
    mean = first.pixels.mean() * first.cu_per_count
    assert mean == pytest.approx(ghosting_gain(Ghosting(0.1, 5.0), (0, 1)), abs=2 * COUNT)
    assert later.pixels.mean() * later.cu_per_count == pytest.approx(1.0, abs=2 * COUNT)


STREAMING = replace(SMALL, row_readout=1.0)


def test_rows_see_whole_pulses_and_lose_none() -> None:
    """7.3 pulses a frame: every row sees 7 or 8, and over ten frames all of them but one."""
    seen = [pulses_by_row(STREAMING, (7.3 * n, 7.3 * (n + 1))) * 7.3 for n in range(10)]
    for rows in seen:
        assert set(np.round(rows, 9)) == {7.0, 8.0}
        assert rows.mean() == pytest.approx(7.3, abs=0.3)
        changes = np.flatnonzero(np.diff(rows))
        assert 1 <= changes.size <= 16  # bands, not noise
    assert np.abs(sum(seen) - 73.0).max() <= 1.0


def test_whole_pulses_a_frame_or_reading_between_them_leave_no_bands() -> None:
    np.testing.assert_allclose(pulses_by_row(STREAMING, (3.0, 10.0)), 1.0)
    np.testing.assert_allclose(pulses_by_row(SMALL, (0.0, 7.3)), 1.0)
    np.testing.assert_allclose(pulses_by_row(STREAMING, (4.0, 4.0)), 1.0)


def test_bands_are_seen_in_a_frame() -> None:
    frame = Detector(STREAMING, seed=2).frame(even(1.0), readouts=1, pulses=(0.0, 4.5))
    rows = frame.pixels.mean(axis=1) * frame.cu_per_count
    expected = pulses_by_row(STREAMING, (0.0, 4.5))
    np.testing.assert_allclose(rows, expected, rtol=0, atol=3 * COUNT)
    assert rows.max() - rows.min() == pytest.approx(1.0 / 4.5, abs=5 * COUNT)


def test_dead_pixels_read_nothing_and_are_filled_from_their_neighbours() -> None:
    dying = replace(SMALL, dead_pixel_share=0.01)
    detector = Detector(dying, seed=3)
    slope = np.linspace(0.2, 1.0, 50, dtype=np.float32) * even(1.0)
    frame = detector.frame(slope, readouts=1)
    assert detector._raw.dead.size == 20
    raw = detector._raw.read(slope, 1, np.ones(40))
    assert np.count_nonzero(raw.counts == 0.0) == 20
    inner = frame.pixels[1:-1, 1:-1] * frame.cu_per_count
    # a mean over unequal sides of a slope of 0.016 CU a pixel
    np.testing.assert_allclose(inner, slope[1:-1, 1:-1], rtol=0, atol=0.016 + 2 * COUNT)


def test_dead_pixels_among_dead_pixels_are_filled_from_farther_away() -> None:
    block = [(row, column) for row in (4, 5, 6) for column in (4, 5, 6)]
    places = np.array([row * 12 + column for row, column in block])
    image = np.full((12, 12), 2.0, np.float32)
    image.ravel()[places] = -1.0
    DeadPixels(places, (12, 12)).fill(image)
    np.testing.assert_array_equal(image, 2.0)


def test_the_flood_field_is_in_the_raw_counts_and_not_in_the_image() -> None:
    flood = np.linspace(0.5, 1.0, 50, dtype=np.float32) * even(1.0)
    detector = Detector(SMALL, seed=4)
    detector.expect(flood)
    counts = detector._raw.read(even(1.0), 1, np.ones(40)).counts.mean(axis=0)
    assert counts[0] / counts[-1] == pytest.approx(0.5, abs=0.03)
    frame = detector.frame(even(1.0), readouts=1)
    np.testing.assert_allclose(frame.pixels * frame.cu_per_count, 1.0, atol=4 * COUNT)
    detector.expect(None)
    counts = detector._raw.read(even(1.0), 1, np.ones(40)).counts.mean(axis=0)
    assert counts[0] / counts[-1] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_frames_are_corrected_and_summed_as_numpy_does(threads: int) -> None:
    random = np.random.default_rng(6)
    shape = (37, 50)
    dark = random.uniform(90.0, 110.0, shape).astype(np.float32)
    scale = random.uniform(0.5, 2.0, shape).astype(np.float32)
    frames = random.integers(0, 65536, (5, *shape), dtype=np.uint16)
    sums = FrameSum(dark, scale, threads)
    expected = np.zeros(shape, np.uint32)
    for frame in frames:
        corrected = np.clip((frame.astype(np.float32) - dark) * scale, 0.0, 65535.0)
        counts = (corrected + np.float32(0.5)).astype(np.uint16)
        expected += counts
        assert sums.add(frame) == int(counts.sum())
    np.testing.assert_array_equal(sums.total, expected)
    with pytest.raises(ValueError, match="a frame of"):
        sums.add(frames[0, :3])
    sums.close()
