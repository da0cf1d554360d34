"""The panel's electronics: noise by the quanta, dark and flood taken off, saturation told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging import DetectedFrame, Detector
from gateway.kernels.image import Float32Array
from tests.imaging.builders import PANEL

QUIET = replace(PANEL, quanta_per_cu=1e12, electronic_noise_counts=0.0)


def even(cu: float) -> Float32Array:
    return np.full((PANEL.rows, PANEL.columns), cu, dtype=np.float32)


def cu_of(frame: DetectedFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return frame.pixels * frame.cu_per_count


@pytest.mark.parametrize(("cu", "readouts"), [(0.5, 1), (2.0, 1), (40.0, 50), (600.0, 1500)])
def test_noise_is_that_of_the_quanta_and_of_each_readout(cu: float, readouts: int) -> None:
    """Variance of N independent pixels: its own relative standard deviation is sqrt(2 / N)."""
    detector = Detector(PANEL, seed=3)
    frame = detector.frame(even(cu), readouts=readouts)
    measured = cu_of(frame)
    counts_per_cu = (2**16 - 1 - 200.0) / (60.0 / 25.0)
    electronic = readouts * (3.0 / counts_per_cu) ** 2
    rounding = frame.cu_per_count**2 / 12.0
    expected = cu / 40000.0 + electronic + rounding
    spread = np.sqrt(2.0 / measured.size)
    assert measured.var() == pytest.approx(expected, rel=5.0 * spread + 0.003)  # + 1 % gain squared
    assert measured.mean() == pytest.approx(cu, abs=5.0 * np.sqrt(expected / measured.size))


def test_dark_signal_and_sensitivity_are_corrected_away() -> None:
    """Without noise an even exposure gives an even frame, though every pixel is different."""
    detector = Detector(QUIET, seed=4)
    frame = detector.frame(even(1.0), readouts=1)
    step = max(frame.cu_per_count, 60.0 / 25.0 / (2**16 - 1))
    np.testing.assert_allclose(cu_of(frame), 1.0, rtol=0, atol=1.01 * step)  # a count each way
    assert not detector.frame(even(0.0), readouts=1).pixels.any()


def test_frames_are_linear_in_dose() -> None:
    detector = Detector(QUIET, seed=4)
    ramp = np.linspace(0.0, 2.0, PANEL.columns, dtype=np.float32) * even(1.0)
    frame = detector.frame(ramp, readouts=1)
    np.testing.assert_allclose(cu_of(frame), ramp, rtol=0, atol=1e-4)  # two steps of 4e-5 CU


def test_saturated_pixels_are_counted_and_cut() -> None:
    """At 25 frames/s a readout is full at 2.4 CU, give or take the pixels' 1 % (at most 4 %)."""
    detector = Detector(PANEL, seed=5)
    exposure = even(1.0)
    exposure[100:110, 200:220] = 3.0
    frame = detector.frame(exposure, readouts=1)
    assert frame.saturated == 200
    assert cu_of(frame)[100:110, 200:220].max() < 2.4 * 1.05
    assert detector.frame(exposure, readouts=2).saturated == 0


@pytest.mark.parametrize("bits", [14, 16])
def test_the_range_of_a_readout_is_the_panels_bits(bits: int) -> None:
    detector = Detector(replace(PANEL, bits=bits), seed=5)
    everything = even(1e3)
    assert detector.frame(everything, readouts=1).saturated == everything.size
    assert detector.frame(even(0.1), readouts=1).saturated == 0


def test_every_readout_has_its_dark_signal() -> None:
    """Dark takes 30 % of each readout here: four are full at 9.6 CU, and were it one at 12.8."""
    murky = replace(PANEL, dark_counts=20_000.0)
    frame = Detector(murky, seed=5).frame(even(11.5), readouts=4)
    assert frame.saturated == frame.pixels.size


def test_the_same_seed_and_calls_give_the_same_frames() -> None:
    exposures = [even(0.2), even(0.4), even(0.2)]

    def run(seed: int) -> list[DetectedFrame]:
        detector = Detector(PANEL, seed)
        return [detector.frame(exposure, readouts=1) for exposure in exposures]

    first, again, other = run(6), run(6), run(7)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.pixels, same.pixels)
        assert (one.cu_per_count, one.saturated) == (same.cu_per_count, same.saturated)
    assert (first[0].pixels != other[0].pixels).mean() > 0.9
    assert (first[0].pixels != first[2].pixels).mean() > 0.9  # each frame has noise of its own


def test_noise_of_one_frame_says_nothing_about_the_next() -> None:
    """Correlation of N independent pixels has a standard deviation of 1 / sqrt(N)."""
    detector = Detector(PANEL, seed=8)
    one, other = (detector.frame(even(1.0), readouts=1).pixels.ravel() for _ in range(2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 5.0 / np.sqrt(one.size)


def test_a_cine_run_has_one_scale_and_every_frame_fits_it() -> None:
    detector = Detector(PANEL, seed=9)
    readouts = detector.readouts(0.1)
    scale = detector.range_scale(readouts)
    for cu in (0.1, 0.7, 4.0):
        frame = detector.frame(even(cu), readouts=readouts, cu_per_count=scale)
        assert frame.cu_per_count == scale
        assert frame.saturated == 0
        assert frame.pixels.max() < 65535
        assert cu_of(frame).mean() == pytest.approx(cu, abs=0.5 * scale)


def test_noise_below_zero_is_cut() -> None:
    """What is left of noise of standard deviation s around zero has the mean s / sqrt(2 pi)."""
    frame = Detector(PANEL, seed=9).frame(even(0.0), readouts=4, cu_per_count=1e-6)
    electronic = np.sqrt(4.0) * 3.0 * (60.0 / 25.0) / (2**16 - 1 - 200.0)
    assert cu_of(frame).mean() == pytest.approx(electronic / np.sqrt(2.0 * np.pi), rel=0.02)


@given(st.floats(1e-3, 4.4e4))
def test_an_integrated_image_fits_and_uses_its_bits(brightest: float) -> None:
    """Scales are 1, 2 or 5 times a power of ten: at least two fifths of the range is used."""
    small = replace(PANEL, rows=4, columns=6, quanta_per_cu=1e12, electronic_noise_counts=0.0)
    exposure = np.full((4, 6), brightest, dtype=np.float32)
    frame = Detector(small, seed=1).frame(exposure, readouts=20_000)
    assert frame.saturated == 0
    assert frame.pixels.max() < 65535
    if brightest > 60.0 / 25.0:  # below, a count of the frame is one of the converter
        assert frame.pixels.max() > 0.39 * 65535
    digit = f"{frame.cu_per_count:e}"[0]
    assert digit in "125"
    assert len(str(frame.cu_per_count)) <= 16  # a DICOM decimal string


def test_readouts_come_at_the_panels_rate() -> None:
    detector = Detector(PANEL, seed=1)
    assert [detector.readouts(seconds) for seconds in (0.0, 0.04, 0.1, 60.0)] == [1, 1, 2, 1500]


@pytest.mark.parametrize("readouts", [0, -1])
def test_a_frame_without_a_readout_is_refused(readouts: int) -> None:
    with pytest.raises(ValueError, match="readout"):
        Detector(PANEL, seed=1).frame(even(1.0), readouts=readouts)


def test_an_exposure_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="500"):
        Detector(PANEL, seed=1).frame(np.zeros((3, 3), np.float32), readouts=1)
