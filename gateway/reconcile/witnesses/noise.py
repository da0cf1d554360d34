"""How much an image's pixels may differ from what was predicted."""

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.domain.witnesses import ImageWitness
from gateway.imaging.raw import FULL_SCALE_CU_PER_S

IndexArray = npt.NDArray[np.intp]

MODEL_ERROR = 0.002
"""What the forward model is trusted to, relative, cell by cell, one standard deviation."""


def pixel_variance(witness: ImageWitness, cu: FloatArray) -> FloatArray:
    """CU squared: quanta, electronics of every readout, and the step in which frames are kept."""
    panel = witness.panel
    top = 2**panel.bits - 1
    counts_per_cu = (top - panel.dark_counts) * panel.maximum_frame_rate_hz / FULL_SCALE_CU_PER_S
    electronic = witness.readouts * (panel.electronic_noise_counts**2 + 1.0 / 12.0)
    stored = witness.frames * witness.cu_per_count**2 / 12.0
    variance: FloatArray = cu.clip(0.0) / panel.quanta_per_cu + (
        electronic / counts_per_cu**2 + stored
    )
    return variance


def cell_variance(witness: ImageWitness, cu: FloatArray, pixels: IndexArray) -> FloatArray:
    """CU squared of the mean of so many ``pixels``, with the model's own error."""
    variance: FloatArray = pixel_variance(witness, cu) / pixels.clip(1) + (MODEL_ERROR * cu) ** 2
    return variance
