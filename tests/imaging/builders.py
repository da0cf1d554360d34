"""Machines, panels and positions for images, and how edges are measured in them."""

from collections.abc import Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import AxisLimits, MachineModel, MlcModel, PanelModel, ServoModel
from gateway.domain.units import FloatArray, frozen

JAW_LIMITS = AxisLimits(-200.0, 200.0, 25.0, 100.0)
PANEL = PanelModel(
    name="test panel",
    manufacturer="Test bench",
    model_name="P400",
    serial_number="1",
    rows=500,
    columns=520,
    pitch_mm=0.8,
    sid_mm=1500.0,
    blur_sigma_mm=1.2,
    quanta_per_cu=40000.0,
    electronic_noise_counts=3.0,
    dark_counts=200.0,
    bits=16,
    maximum_frame_rate_hz=25.0,
)


def mlc(kind: str, boundaries: FloatArray, transmission: float = 0.016) -> MlcModel:
    return MlcModel(
        type=kind,
        boundaries_mm=frozen(boundaries),
        speed=25.0,
        acceleration=500.0,
        retract_mm=200.0,
        overtravel_mm=160.0,
        span_mm=None,
        minimum_gap_mm=0.5,
        interdigitation=True,
        transmission=transmission,
        tip_radius_mm=80.0,
        dosimetric_leaf_gap_mm=0.0,
    )


def machine(
    *mlcs: MlcModel, jaws: tuple[Axis, ...] = (Axis.X1, Axis.X2, Axis.Y1, Axis.Y2)
) -> MachineModel:
    turning = AxisLimits(-185.0, 185.0, 6.0, 6.0)
    axes = {Axis.GANTRY: turning, Axis.COLLIMATOR: turning}
    return MachineModel(
        name="Bench",
        manufacturer="Test bench",
        model_name="Bench",
        serial_number="1",
        software_version="1",
        sad_mm=1000.0,
        axes=axes | dict.fromkeys(jaws, JAW_LIMITS),
        jaw_types=tuple(kind for kind, axis in (("X", Axis.X1), ("Y", Axis.Y1)) if axis in jaws),
        fixed_jaws=False,
        mlcs={model.type: model for model in mlcs},
        beam_modes=(),
        minimum_dose_rate_mu_per_min=5.0,
        mu_per_pulse=0.028,
        sample_period_s=0.02,
        servo=ServoModel(0.005, 0.01, 0.01, 2.0, 2.0, 1.0),
    )


FIVE_MM = np.linspace(-200.0, 200.0, 81)
SINGLE = machine(mlc("MLCX", FIVE_MM))
SIDEWAYS = machine(mlc("MLCY", FIVE_MM))
Y_JAWS = machine(mlc("MLCX", FIVE_MM), jaws=(Axis.Y1, Axis.Y2))
NO_LEAVES = machine()
DUAL = machine(
    mlc("MLCX1", np.linspace(-140.0, 140.0, 29), 0.02),
    mlc("MLCX2", np.linspace(-145.0, 145.0, 30), 0.03),
)


def positions(
    model: MachineModel,
    axes: Mapping[Axis, float],
    leaves: Mapping[str, tuple[FloatArray | float, FloatArray | float]] | None = None,
) -> FloatArray:
    """One row: the axes given (others 0) and (negative bank, positive bank) of each MLC.

    MLCs that are not given are wide open.
    """
    layout = model.layout
    row = np.zeros(layout.size)
    for place, axis in enumerate(layout.scalars):
        row[place] = axes.get(axis, 0.0)
    for kind, part in layout.mlc_slices.items():
        pairs = model.mlcs[kind].pairs
        negative, positive = (leaves or {}).get(kind, (-200.0, 200.0))
        row[part] = np.concatenate((np.full(pairs, negative), np.full(pairs, positive)))
    return row[np.newaxis]


def jaws(
    x1: float, x2: float, y1: float, y2: float, collimator: float = 0.0
) -> Mapping[Axis, float]:
    return {Axis.X1: x1, Axis.X2: x2, Axis.Y1: y1, Axis.Y2: y2, Axis.COLLIMATOR: collimator}


def centres_mm(count: int, panel: PanelModel = PANEL) -> FloatArray:
    """Pixel centres along a side of ``count`` pixels, ascending, mm at the isocentre."""
    pitch = panel.pitch_mm * 1000.0 / panel.sid_mm
    return (np.arange(count) - 0.5 * (count - 1)) * pitch


def crossings(where: FloatArray, signal: FloatArray, level: float) -> FloatArray:
    """Where the signal crosses ``level``, by the straight line between two samples."""
    above = signal >= level
    at = np.flatnonzero(above[1:] != above[:-1])
    part = (level - signal[at]) / (signal[at + 1] - signal[at])
    crossed: FloatArray = where[at] + part * (where[at + 1] - where[at])
    return crossed
