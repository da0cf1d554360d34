"""How the image answers to an edge that moves: the line spread that the forward model has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.units import FloatArray, frozen
from gateway.reconcile.witnesses.exposures import Exposures
from gateway.reconcile.witnesses.prediction import Predictor

IndexArray = npt.NDArray[np.intp]

STEP_MM = 0.25
"""The grid of responses and of the places of edges."""
REACH_MM = 12.0
_PHASES = 4
_MOVE_MM = 0.1
_OPEN_MM = 35.0
_JAW_OPEN_MM = 45.0


@dataclass(frozen=True, slots=True)
class Responses:
    """CU per MU and mm that an edge opens, over the distance from it (outward positive).

    On a grid of STEP_MM from -REACH_MM to REACH_MM; isocentre plane. ``leaves`` by MLC.
    """

    leaves: Mapping[str, FloatArray]
    along: FloatArray
    across: FloatArray


def distances_mm() -> FloatArray:
    """The grid."""
    half = round(REACH_MM / STEP_MM)
    return frozen(STEP_MM * np.arange(-half, half + 1))


def edge_responses(
    machine: MachineModel, panel: PanelModel, mode: str | None, travel: str
) -> Responses:
    """Measured on the forward model: edges near the axis of a field of 70 mm, moved by 0.1 mm."""
    layout = machine.layout
    leaves = {}
    for device, columns in layout.mlc_slices.items():
        positive = np.arange(columns.start + machine.mlcs[device].pairs, columns.stop)
        leaves[device] = _response(machine, panel, mode, positive, travel == "X")
    jaws = {"X": Axis.X2, "Y": Axis.Y2}
    fallback = next(iter(leaves.values()), np.zeros(distances_mm().size))
    found = {
        name: _response(machine, panel, mode, np.array([layout.scalars.index(axis)]), name == "X")
        if axis in layout.scalars
        else fallback
        for name, axis in jaws.items()
    }
    return Responses(leaves, found[travel], found["Y" if travel == "X" else "X"])


def _response(
    machine: MachineModel,
    panel: PanelModel,
    mode: str | None,
    columns: IndexArray,
    horizontal: bool,
) -> FloatArray:
    pitch = panel.pitch_mm * machine.sad_mm / panel.sid_mm
    length = 2 * math.ceil((REACH_MM + 2.0) / pitch) + 1
    small = replace(
        panel,
        rows=3 if horizontal else length,
        columns=length if horizontal else 3,
    )
    predictor = Predictor(machine, small, mode)
    positions = _wide(machine, machine.layout)

    def line(at_mm: float) -> FloatArray:
        positions[:, columns] = at_mm
        image = predictor.image(Exposures(positions, np.ones(1))).astype(np.float64)
        return image[1] if horizontal else image[::-1, 1]

    centres = (np.arange(length) - 0.5 * (length - 1)) * pitch
    places, values = [], []
    for phase in range(_PHASES):
        at_mm = phase * pitch / _PHASES
        places.append(centres - at_mm)
        values.append((line(at_mm + _MOVE_MM) - line(at_mm - _MOVE_MM)) / (2.0 * _MOVE_MM))
    place = np.concatenate(places)
    order = np.argsort(place)
    return np.interp(distances_mm(), place[order], np.concatenate(values)[order])


def _wide(machine: MachineModel, layout: AxisLayout) -> FloatArray:
    """A wide open field around the axis, collimator at 0."""
    positions = np.zeros((1, layout.size))
    for negative, positive in ((Axis.X1, Axis.X2), (Axis.Y1, Axis.Y2)):
        if negative in layout.scalars:
            positions[:, layout.scalars.index(negative)] = -_JAW_OPEN_MM
        if positive in layout.scalars:
            positions[:, layout.scalars.index(positive)] = _JAW_OPEN_MM
    for device, place in layout.mlc_slices.items():
        pairs = machine.mlcs[device].pairs
        positions[:, place.start : place.start + pairs] = -_OPEN_MM
        positions[:, place.start + pairs : place.stop] = _OPEN_MM
    return positions
