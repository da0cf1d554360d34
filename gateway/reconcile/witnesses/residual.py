"""The difference of two images in standard deviations, to be looked at."""

import math

import numpy as np

from gateway.domain.gamma import GammaCriteria, GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray
from gateway.domain.witnesses import ImageComparison, ImageWitness
from gateway.reconcile.gamma import gamma
from gateway.reconcile.witnesses.cells import isocentre_places
from gateway.reconcile.witnesses.estimate import Estimate
from gateway.reconcile.witnesses.noise import MODEL_ERROR, pixel_variance

_SIDE = 400
"""A residual has at most so many rows and columns: pixels of a larger image go together."""
_LIT = 0.02
"""Where less than this part of the brightest signal is expected nothing is counted."""


def image_comparison(
    witness: ImageWitness, fit: Estimate, criteria: GammaCriteria | None, *, passed: bool
) -> ImageComparison:
    """What was measured less what was predicted, as blocks of pixels in standard deviations.

    Gamma of the same blocks, which are less than a millimetre, where there are ``criteria``.
    """
    block = max(1, math.ceil(max(witness.image.pixels.shape) / _SIDE))
    predicted = _blocks(fit.predicted.astype(np.float64), block)
    measured = _blocks(witness.image.pixels, block)
    variance = pixel_variance(witness, predicted) / block**2 + (MODEL_ERROR * predicted) ** 2
    sigma = (measured - predicted) / np.sqrt(variance)
    lit = predicted > _LIT * float(predicted.max(initial=0.0))
    x, y = isocentre_places(
        witness.image.geometry, (witness.image.pixels.shape[0], witness.image.pixels.shape[1])
    )
    step = (float(y[1] - y[0]) * block, float(x[1] - x[0]) * block)
    origin = (float(y[:block].mean()), float(x[:block].mean()))
    return ImageComparison(
        residual=RegularGrid(sigma, origin, step),
        predicted_from=fit.source,
        rms_sigma=float(np.sqrt(np.mean(sigma[lit] ** 2))) if lit.any() else 0.0,
        amplitude=fit.differences[0],
        panel_mm=(fit.differences[1], fit.differences[2]),
        passed=passed,
        gamma=_gamma(measured, predicted, origin, step, criteria),
    )


def _gamma(
    measured: FloatArray,
    predicted: FloatArray,
    origin: tuple[float, float],
    step: tuple[float, float],
    criteria: GammaCriteria | None,
) -> GammaMap | None:
    if criteria is None or float(measured.max(initial=0.0)) <= 0.0:
        return None
    reference = RegularGrid(measured, origin, step)
    return gamma(reference, RegularGrid(predicted, origin, step), criteria)


def _blocks(image: FloatArray, block: int) -> FloatArray:
    rows, columns = image.shape[0] // block, image.shape[1] // block
    cut = image[: rows * block, : columns * block]
    means: FloatArray = cut.reshape(rows, block, columns, block).mean(axis=(1, 3))
    return means
