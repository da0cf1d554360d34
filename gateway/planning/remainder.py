"""What is left of a beam from a meterset on."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.errors import PlanRejected
from gateway.domain.findings import error
from gateway.domain.plan import Beam
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a program: ``(n, axes)`` positions, cumulative meterset, plan control point."""

    positions: FloatArray
    meterset_mu: FloatArray
    plan_control_point: FloatArray


def rows_from(beam: Beam, positions: FloatArray, start_meterset_mu: float) -> Rows:
    """All rows when ``start_meterset_mu`` is 0; else from where exactly that much is delivered.

    A beam-off move at that meterset counts as made. Raises PlanRejected when nothing remains.
    """
    meterset_mu = beam.meterset_weight / beam.meterset_weight[-1] * beam.meterset_mu
    points = np.arange(meterset_mu.size, dtype=np.float64)
    if start_meterset_mu == 0.0:
        return Rows(positions, meterset_mu, points)
    if not 0.0 < start_meterset_mu < float(meterset_mu[-1]):
        raise PlanRejected(
            [
                error(
                    "nothing-remains",
                    beam.path,
                    f"beam {beam.number} has {meterset_mu[-1]:.4f} MU; it cannot go on from "
                    f"{start_meterset_mu:.4f} MU",
                )
            ]
        )
    before = int(np.searchsorted(meterset_mu, start_meterset_mu, side="right")) - 1
    rise = meterset_mu[before + 1] - meterset_mu[before]
    share = float((start_meterset_mu - meterset_mu[before]) / rise)
    first = positions[before] + share * (positions[before + 1] - positions[before])
    first = np.rint(first * WIRE_UNITS_PER_MM) / WIRE_UNITS_PER_MM
    return Rows(
        np.vstack((first, positions[before + 1 :])),
        np.concatenate(([start_meterset_mu], meterset_mu[before + 1 :])),
        np.concatenate(([before + share], points[before + 1 :])),
    )
