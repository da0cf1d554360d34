"""The blur and the detector kernels against numpy and scipy."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from gateway.kernels.detector import correct, quantise, read_out
from gateway.kernels.image import add_enlarged, blurred, shrunk, take_blurred

LEVEL = np.empty((0, 0), np.float32)
SINGLE = 4e-6
"""Single precision: 6e-8 relative, 25 terms a pass, two passes."""


@pytest.mark.parametrize("reach", range(1, 9))
def test_the_blur_is_the_separable_convolution_of_the_running_sum(reach: int) -> None:
    buffer = np.random.default_rng(1).standard_normal((40, 61))
    buffer[:17] = 0.0
    buffer[22:25] = 0.0
    half = np.linspace(0.2, 0.05, reach + 1, dtype=np.float32)
    kernel = np.concatenate((half[:0:-1], half)).astype(np.float64)
    image = buffer.cumsum(axis=1)[:, :-1]
    expected = correlate1d(correlate1d(image, kernel, axis=0), kernel, axis=1)
    expected = expected[reach:-reach, reach:-reach]
    scale = np.abs(image).max()
    np.testing.assert_allclose(
        take_blurred(buffer, LEVEL, half), expected, rtol=0, atol=SINGLE * scale
    )
    assert not buffer.any()


def test_a_kernel_of_one_tap_changes_nothing() -> None:
    buffer = np.zeros((3, 5))
    buffer[:, 0] = (1.0, 2.0, 3.0)
    image = take_blurred(buffer, LEVEL, np.ones(1, np.float32))
    np.testing.assert_array_equal(image, np.repeat([[1.0], [2.0], [3.0]], 4, axis=1))


def test_raw_counts_are_dark_plus_signal_plus_noise() -> None:
    random = np.random.default_rng(2)
    cu = random.uniform(0.0, 3.0, (20, 30)).astype(np.float32)
    dark = random.uniform(90.0, 110.0, cu.shape).astype(np.float32)
    gain = random.uniform(900.0, 1100.0, cu.shape).astype(np.float32)
    noise = random.standard_normal(cu.shape).astype(np.float32)
    raw, saturated = read_out(cu, dark, gain, noise, np.ones(20), 1, 500.0, 9.0, 2500.0)
    sigma = np.sqrt(np.float64(gain) ** 2 * cu / 500.0 + 9.0)
    expected = np.float64(dark) + np.float64(gain) * cu + sigma * noise
    clipped = np.clip(expected, 0.0, 2500.0)
    np.testing.assert_allclose(raw, clipped, rtol=0, atol=0.501)  # a count is a whole number
    np.testing.assert_array_equal(raw, np.rint(raw))
    assert saturated == np.count_nonzero(raw >= 2500.0)
    assert 0 < saturated < cu.size


def test_correction_undoes_dark_and_gain() -> None:
    random = np.random.default_rng(3)
    cu = random.uniform(0.0, 3.0, (20, 30)).astype(np.float32)
    dark = random.uniform(90.0, 110.0, cu.shape).astype(np.float32)
    gain = random.uniform(900.0, 1100.0, cu.shape).astype(np.float32)
    np.testing.assert_allclose(correct(3 * dark + gain * cu, dark, gain, 3), cu, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("value", "count"),
    [(0.0, 0), (0.24, 0), (0.26, 1), (1.0, 2), (32767.5, 65535), (1e6, 65535), (-1, 0)],
)
def test_counts_are_the_nearest_and_stay_in_range(value: float, count: int) -> None:
    values = np.full((2, 3), value, dtype=np.float32)
    counts = quantise(values, 0.5)
    assert counts.dtype == np.uint16
    assert (counts == count).all()


def test_weights_are_applied_before_the_blur() -> None:
    random = np.random.default_rng(4)
    buffer, weights = random.standard_normal((12, 15)), random.uniform(0.5, 1.5, (12, 14))
    half = np.array([0.5, 0.25], dtype=np.float32)
    image = buffer.cumsum(axis=1)[:, :-1] * weights
    expected = blurred(image.astype(np.float32), half)
    found = take_blurred(buffer, weights.astype(np.float32), half)
    np.testing.assert_allclose(found, expected, rtol=0, atol=SINGLE * np.abs(image).max())


@pytest.mark.parametrize("shape", [(12, 16), (13, 18), (3, 2)])
def test_joined_pixels_are_means_and_nothing_is_lost(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(5).uniform(0.0, 1.0, shape).astype(np.float32)
    small = shrunk(image, 4, 1, (7, 8))
    assert small[1, 1] == pytest.approx(np.pad(image, (0, 4))[:4, :4].sum() / 16.0, rel=1e-6)
    assert small.sum() * 16.0 == pytest.approx(image.sum(), rel=1e-5)
    assert not small[0].any()
    assert not small[:, 0].any()


def test_a_plane_stays_a_plane_when_it_is_enlarged() -> None:
    place = np.arange(8, dtype=np.float32)
    small = 2.0 * place[:, np.newaxis] + 3.0 * place
    image = np.full((20, 24), 10.0, np.float32)
    first, step = 0.375, 0.25
    add_enlarged(image, 0.5, small, first, step)
    rows, columns = first + step * np.arange(20)[:, np.newaxis], first + step * np.arange(24)
    np.testing.assert_allclose(image, 5.0 + 2.0 * rows + 3.0 * columns, rtol=1e-6)
