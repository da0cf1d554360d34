"""Whether a field falls on the panel."""

import numpy as np

from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.units import FloatArray
from gateway.imaging.collimation import Collimation
from gateway.imaging.plane import isocentre_grid, strip_frames


def field_exceeds_panel(machine: MachineModel, panel: PanelModel, positions: FloatArray) -> bool:
    """Whether any open aperture of ``positions`` (k, layout.size) reaches beyond the panel."""
    collimation = Collimation(machine)
    grid = isocentre_grid(panel, machine.sad_mm)
    strips = collimation.open_strips(positions)
    limits = collimation.limits(positions)[:, :, np.newaxis]
    low = np.maximum(strips.low, limits[:, 0])
    high = np.minimum(strips.high, limits[:, 1])
    start = np.maximum(strips.boundaries[:-1], limits[:, 2])
    end = np.minimum(strips.boundaries[1:], limits[:, 3])
    is_open = (high > low) & (end > start)
    frames = strip_frames(grid, collimation.collimator_deg(positions), collimation.travel)
    size = np.array([grid.columns, grid.rows], dtype=np.float64)[:, np.newaxis]
    for along, across in ((low, start), (high, start), (low, end), (high, end)):
        row, strip = np.nonzero(is_open)
        corner = np.stack((along[row, strip], across[row, strip], np.ones(row.size)))
        place = np.einsum("nij,jn->in", frames[row], corner)
        if ((place < 0.0) | (place > size)).any():
            return True
    return False
