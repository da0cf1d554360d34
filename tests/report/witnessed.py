"""A beam whose portal image shows a leaf aside of where the machine says it was."""

import math

import numpy as np

from gateway.domain.cause import Cause
from gateway.domain.gamma import GammaCriteria, GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.witnesses import (
    Diagnosis,
    Difference,
    ImageComparison,
    WitnessCause,
    WitnessMatrix,
    WitnessRow,
)

GUILTY = ("X2", 21)
OFFSET_MM = 1.4
THRESHOLD = 5.5


def matrix(beam_number: int = 1, pairs: int = 40) -> WitnessMatrix:
    """Leaves 11 to 30 are seen; one of them is off, and the log is blind to it."""
    rows = [_leaf(bank, leaf, pairs) for bank in ("X1", "X2") for leaf in range(1, pairs + 1)]
    nothing = Difference(0.0, 0.002)
    rows.append(WitnessRow("meterset", None, None, "fraction", *[nothing] * 3, Diagnosis.CORRECT))
    cause = Cause("leaf-miscalibration", beam_number, "MLCX", *GUILTY, error=OFFSET_MM, unit="mm")
    return WitnessMatrix(
        beam_number,
        "telemetry",
        tuple(rows),
        (WitnessCause(cause, Diagnosis.LOG_BLIND, "leaf", 0.03),),
        THRESHOLD,
        130,
        0.001,
        _image(),
    )


def _leaf(bank: str, leaf: int, pairs: int) -> WitnessRow:
    guilty = (bank, leaf) == GUILTY
    seen = pairs // 4 < leaf <= 3 * pairs // 4
    image = Difference(OFFSET_MM if guilty else 0.01, 0.032 if seen else math.inf)
    diagnosis = Diagnosis.LOG_BLIND if guilty else Diagnosis.CORRECT
    return WitnessRow("MLCX", bank, leaf, "mm", Difference(0.0, 0.02), image, image, diagnosis)


def _image() -> ImageComparison:
    sigma = np.random.default_rng(5).normal(size=(300, 300))
    sigma[148:152, 170:175] = 30.0
    place = ((133.0, -133.0), (-0.89, 0.89))
    gamma = np.full(sigma.shape, np.nan)
    gamma[100:200, 100:200] = 0.3
    gamma[148:152, 170:175] = 1.7
    nothing = Difference(0.0, 0.01)
    return ImageComparison(
        RegularGrid(sigma, *place),
        "telemetry",
        1.3,
        nothing,
        (nothing, nothing),
        passed=False,
        gamma=GammaMap(RegularGrid(gamma, *place), GammaCriteria(), 0),
    )
