"""What rows read of a frame: ghosting, and the beam's pulses that fall between two readings."""

import math

import numpy as np

from gateway.domain.machine import PanelModel
from gateway.domain.optics import Ghosting
from gateway.domain.units import FloatArray


def ghosting_gain(ghosting: Ghosting, span_mu: tuple[float, float]) -> float:
    """How much a panel answers to the dose between two metersets of a beam, in the mean."""
    start, end = span_mu
    if ghosting.share == 0.0:
        return 1.0
    fades = ghosting.fades_mu
    if end <= start:
        return 1.0 - ghosting.share * math.exp(-start / fades)
    faded = math.exp(-start / fades) * -math.expm1(-(end - start) / fades)
    return 1.0 - ghosting.share * faded * fades / (end - start)


def pulses_by_row(panel: PanelModel, pulses: tuple[float, float]) -> FloatArray:
    """The pulses that each row sees between its two readings, over those of the frame (rows,).

    ``pulses`` is how many the beam had given when the first row was read, before and after the
    frame. The rows are read one after another over ``row_readout`` of the frame's time; a pulse is
    whole, so that neighbouring rows differ by one, in bands.
    """
    before, after = pulses
    count = after - before
    if panel.row_readout == 0.0 or count <= 0.0:
        return np.ones(panel.rows)
    later = np.arange(panel.rows) / panel.rows * panel.row_readout * count
    seen: FloatArray = np.floor(after + later) - np.floor(before + later)
    return seen / count
