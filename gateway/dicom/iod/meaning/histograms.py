"""Dose-volume histograms."""

from collections.abc import Iterator

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import items, number, numbers, text
from gateway.domain.findings import Finding
from gateway.domain.units import FloatArray

CLAUSE = "C.8.8.4"
WHOLE = 100.0
ROUNDED = 1e-3
"""Of the largest volume, or of the largest dose: both are written as decimals."""


def histogram_findings(dataset: Item) -> Iterator[Finding]:
    """Every histogram of a dose: widths and volumes of its bins, its statistics."""
    for index, histogram in enumerate(items(dataset, "DVHSequence")):
        path = f"DVHSequence[{index}]"
        data = numbers(histogram, "DVHData")
        if data is not None and data.size and data.size % 2 == 0:
            yield from _bins(histogram, data[0::2], data[1::2], f"{path}.DVHData")
        scaling = number(histogram, "DVHDoseScaling")
        if scaling is not None and scaling <= 0.0:
            yield wrong("scaling", f"{path}.DVHDoseScaling", f"{scaling:g}", CLAUSE)
        yield from _statistics(histogram, path)


def _bins(histogram: Item, widths: FloatArray, volumes: FloatArray, path: str) -> Iterator[Finding]:
    if np.any(widths < 0.0):
        yield wrong("histogram", path, "a bin's width is below 0", CLAUSE)
    rounded = ROUNDED * float(np.abs(volumes).max())
    if np.any(volumes < -rounded):
        yield wrong("histogram", path, "a bin's volume is below 0", CLAUSE)
    if text(histogram, "DVHType") == "CUMULATIVE" and np.any(np.diff(volumes) > rounded):
        message = "the volume that receives at least a dose rises with the dose"
        yield wrong("histogram", path, message, CLAUSE)
    percent = text(histogram, "DVHVolumeUnits") == "PERCENT"
    if percent and volumes.max() > WHOLE * (1.0 + ROUNDED):
        yield wrong("histogram", path, f"{volumes.max():g} % of the volume", CLAUSE)


def _statistics(histogram: Item, path: str) -> Iterator[Finding]:
    least, mean, most = (
        number(histogram, f"DVH{which}Dose") for which in ("Minimum", "Mean", "Maximum")
    )
    for low, high in ((least, mean), (mean, most), (least, most)):
        if low is not None and high is not None and low > high * (1.0 + ROUNDED) + ROUNDED:
            message = f"minimum, mean and maximum are not in order: {low:g} and {high:g}"
            yield doubtful("histogram", f"{path}.DVHMeanDose", message, CLAUSE)
            return
