"""What a plan states, read by pydicom and checked by rules of its own."""

import re
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.domain.units import FloatArray

DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
SAME = 1e-6
"""Both read the same text; what differs is the arithmetic of adding up."""


@dataclass(frozen=True)
class Stated:
    """A beam as the text has it."""

    meterset_mu: float
    weights: FloatArray
    gantry_deg: FloatArray
    leaves: dict[str, FloatArray]

    def agrees_with(self, beam: Beam) -> bool:
        """Whether the reader of the gateway took it for the same, and it is whole."""
        return (
            np.isfinite(self.meterset_mu)
            and self.meterset_mu > 0.0
            and self.weights[0] == 0.0
            and bool(np.all(np.diff(self.weights) >= 0.0))
            and abs(beam.meterset_mu - self.meterset_mu) < SAME
            and beam.control_point_count == self.weights.size
            and _same_angles(beam.axes[Axis.GANTRY], self.gantry_deg)
            and all(np.allclose(beam.leaves[name], given) for name, given in self.leaves.items())
        )


def stated(plan: Dataset) -> dict[int, Stated]:
    """Every beam that the first fraction group gives a meterset."""
    metersets = {
        int(one.ReferencedBeamNumber): number(one.BeamMeterset)
        for group in plan.FractionGroupSequence
        for one in group.ReferencedBeamSequence
        if "BeamMeterset" in one
    }
    beams = {int(one.BeamNumber): one for one in plan.BeamSequence}
    return {key: _beam(beams[key], mu) for key, mu in metersets.items()}


def _beam(beam: Dataset, meterset_mu: float) -> Stated:
    points = beam.ControlPointSequence
    assert int(beam.NumberOfControlPoints) == len(points)
    assert [int(one.ControlPointIndex) for one in points] == list(range(len(points)))
    weights = np.array([number(one.CumulativeMetersetWeight) for one in points])
    assert abs(weights[-1] - number(beam.FinalCumulativeMetersetWeight)) < SAME * weights[-1]
    gantry, leaves = [], dict[str, list[list[float]]]()
    pairs = {
        str(one.RTBeamLimitingDeviceType): int(one.NumberOfLeafJawPairs)
        for one in beam.BeamLimitingDeviceSequence
    }
    for one in points:
        gantry.append(number(one.GantryAngle) if "GantryAngle" in one else gantry[-1])
        given = {
            str(device.RTBeamLimitingDeviceType): [number(x) for x in device.LeafJawPositions]
            for device in one.get("BeamLimitingDevicePositionSequence", ())
        }
        for name, count in pairs.items():
            if name.startswith("MLC"):
                column = leaves.setdefault(name, [])
                column.append(given.get(name) or column[-1])
                assert len(column[-1]) == 2 * count
    arrays = {name: np.array(rows) for name, rows in leaves.items()}
    return Stated(meterset_mu, weights, np.array(gantry), arrays)


def number(value: object) -> float:
    """A decimal string, by its text."""
    text = str(getattr(value, "original_string", value)).strip(" \0")
    assert DECIMAL.fullmatch(text), text
    assert np.isfinite(float(text)), text
    return float(text)


def _same_angles(one: FloatArray, other: FloatArray) -> bool:
    turns = (one - other) / 360.0
    return bool(np.allclose(turns, np.round(turns), atol=SAME))
