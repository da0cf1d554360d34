"""What the forward model shows at given positions, seen as the image is."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, MlcModel, PanelModel
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.imaging import FluenceAccumulator
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.problems import Unmeasurable

PARKED_MM = 150.0
"""Where pairs that are not seen open are closed: at the side, away from any field."""


def only_mlc(machine: MachineModel) -> MlcModel:
    """The one MLC of a machine. Raises Unmeasurable for none, or two layers."""
    if len(machine.mlcs) != 1:
        raise Unmeasurable(
            f"machine {machine.name} has {len(machine.mlcs)} MLCs; leaves of one are measured"
        )
    return next(iter(machine.mlcs.values()))


def travel_of(machine: MachineModel) -> str:
    """The axis along which a machine's leaves travel."""
    return "Y" if any(kind == "MLCY" for kind in machine.mlcs) else "X"


class ModelView:
    """The forward model on a panel like that of an image."""

    def __init__(self, image: PortalImage, machine: MachineModel, panel: PanelModel) -> None:
        rows, columns = image.pixels.shape
        pitch = image.geometry.pitch_mm
        if abs(pitch[0] - pitch[1]) > 1e-6 * pitch[0]:
            raise Unmeasurable(f"pixels of {pitch[0]:g} mm by {pitch[1]:g} mm are not modelled")
        self._panel = replace(
            panel, rows=rows, columns=columns, pitch_mm=pitch[0], sid_mm=image.geometry.sid_mm
        )
        self._machine = replace(machine, sad_mm=image.geometry.sad_mm)
        self._fluence = FluenceAccumulator(self._machine, self._panel)
        self._travel = travel_of(machine)

    def view(self, positions: FloatArray, meterset_mu: FloatArray, angle_deg: float) -> BeamView:
        """The image of ``positions`` (k, layout.size), seen with the collimator at an angle."""
        self._fluence.add(positions, meterset_mu)
        pixels = self._fluence.take().astype(np.float64)
        rows, columns = pixels.shape
        step = self._panel.pitch_mm * self._machine.sad_mm / self._panel.sid_mm
        first = (-0.5 * (columns - 1) * step, 0.5 * (rows - 1) * step)
        return BeamView(pixels, first, (step, -step), angle_deg, self._travel)


def positions_row(
    machine: MachineModel,
    collimator_deg: float,
    jaws_mm: Mapping[Axis, float],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """One row of positions: leaves (pairs,), NaN where a pair is not open; jaws else wide open."""
    mlc = only_mlc(machine)
    layout = machine.layout
    row = np.zeros(layout.size)
    for place, axis in enumerate(layout.scalars):
        if axis is Axis.COLLIMATOR:
            row[place] = collimator_deg
        elif axis in (Axis.X1, Axis.Y1):
            row[place] = jaws_mm.get(axis, machine.axes[axis].minimum)
        elif axis in (Axis.X2, Axis.Y2):
            row[place] = jaws_mm.get(axis, machine.axes[axis].maximum)
    leaves = layout.mlc_slices[mlc.type]
    row[leaves] = np.nan_to_num(np.concatenate([low, high]), nan=PARKED_MM)
    return row
