"""Distributions as they come: modulated fields on a panel, and dose in a body; two of each.

The first is as measured: with noise. The second has errors; at 3 %/3 mm and 10 % cut-off about 99 %
of the points pass.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray

PANEL_SPACING_MM = 0.39
BLUR_MM = 6.0


def panel_images(
    rows: int = 768, columns: int = 1024, seed: int = 1
) -> tuple[RegularGrid, RegularGrid]:
    """A modulated field of 5 mm leaves behind a panel's blur; the second of it 1 mm aside.

    In the second one leaf pair is 6 mm off. Both have noise of 1.5 %: measured against measured.
    """
    generator = np.random.default_rng(seed)
    spacing = PANEL_SPACING_MM
    y = (np.arange(rows) - 0.5 * (rows - 1)) * spacing
    x = (np.arange(columns) - 0.5 * (columns - 1)) * spacing
    width, height = 0.36 * columns * spacing, 0.32 * rows * spacing
    fluence = np.zeros((rows, columns))
    for leaf in np.arange(-height, height, 5.0):
        strip = (y >= leaf) & (y < leaf + 5.0)
        for _ in range(6):
            low = generator.uniform(-width, 0.4 * width)
            high = min(low + generator.uniform(0.15, 0.6) * width, width)
            fluence[np.ix_(strip, (x >= low) & (x < high))] += generator.uniform(0.1, 0.3)
    delivered = np.roll(fluence, round(1.0 / spacing), axis=1)
    middle = (y >= 0.0) & (y < 5.0)
    delivered[middle] = np.roll(delivered[middle], round(6.0 / spacing), axis=1)
    fields = (_blurred(fluence), _blurred(delivered))
    first, second = (_grid(_noisy(generator, 0.015, field), spacing) for field in fields)
    return first, second


def _blurred(fluence: FloatArray) -> FloatArray:
    near, far = (gaussian_filter(fluence, mm / PANEL_SPACING_MM) for mm in (2.5, 12.0))
    blurred: FloatArray = 0.85 * near + 0.15 * far
    return blurred


def dose_volumes(
    shape: tuple[int, int, int] = (60, 100, 100), spacing_mm: float = 2.5, seed: int = 1
) -> tuple[RegularGrid, RegularGrid]:
    """Blurred balls of dose, noise of 2 %; the second 1.5 mm aside, 1 % more, with a ball more."""
    generator = np.random.default_rng(seed)
    axes = [(np.arange(count) - 0.5 * (count - 1)) * spacing_mm for count in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    size = min(shape) * spacing_mm
    dose = np.zeros(shape)
    for _ in range(14):
        a, b, c = generator.uniform(-0.3, 0.3, 3) * size
        ball = (z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < (
            generator.uniform(0.1, 0.35) * size
        ) ** 2
        dose += generator.uniform(0.3, 1.0) * ball
    delivered = dose + 0.6 * ((z - 0.2 * size) ** 2 + y**2 + x**2 < (0.09 * size) ** 2)
    first = gaussian_filter(dose, BLUR_MM / spacing_mm)
    second = 1.01 * shift(
        gaussian_filter(delivered, BLUR_MM / spacing_mm), (0, 0, 1.5 / spacing_mm)
    )
    return _grid(_noisy(generator, 0.02, first), spacing_mm), _grid(second, spacing_mm)


def _noisy(generator: np.random.Generator, share: float, field: FloatArray) -> FloatArray:
    noisy: FloatArray = field * (1.0 + share * generator.standard_normal(field.shape))
    return noisy


def _grid(values: FloatArray, spacing_mm: float) -> RegularGrid:
    return RegularGrid(values, (0.0,) * values.ndim, (spacing_mm,) * values.ndim)


def cut(grid: RegularGrid, *ranges: tuple[int, int]) -> RegularGrid:
    """A part of a grid, where it was."""
    origin = tuple(
        start + step * low
        for start, step, (low, _) in zip(grid.origin_mm, grid.spacing_mm, ranges, strict=True)
    )
    return RegularGrid(grid.values[tuple(slice(*each) for each in ranges)], origin, grid.spacing_mm)
