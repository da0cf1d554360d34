"""A trajectory as the edges that shape its beam: leaves layer by layer, jaws, collimator."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.imaging.collimation import Collimation

_NOT_SHAPING = frozenset(set(Axis) - {Axis.X1, Axis.X2, Axis.Y1, Axis.Y2, Axis.COLLIMATOR})


@dataclass(frozen=True, slots=True)
class Openings:
    """``k`` rows in mm at the isocentre plane, edges linear in ``meterset_mu`` between them.

    ``boundaries_mm`` (n + 1,) ascend across the leaves' ``travel`` ("X" or "Y"): the boundaries
    of all layers together. ``low_mm`` and ``high_mm`` (k, layers, n) are where the leaves stand;
    ``limits_mm`` (k, 4) is where the jaws do: low and high along the travel, then across.
    ``meterset_mu`` (k,) never falls.
    """

    travel: str
    boundaries_mm: FloatArray
    low_mm: FloatArray
    high_mm: FloatArray
    limits_mm: FloatArray
    collimator_deg: FloatArray
    meterset_mu: FloatArray


def openings(machine: MachineModel, trajectory: Trajectory) -> Openings:
    """The edges of ``trajectory``; a meterset that falls back counts once.

    Raises InputError for an axis or leaves of ``machine`` that the trajectory does not have, for
    another number of leaves and for a value that is not finite; ConfigError as Collimation does.
    """
    collimation = Collimation(machine)
    positions = _positions(machine, trajectory)
    meterset_mu = np.maximum.accumulate(trajectory.meterset_mu)
    if not (np.isfinite(positions).all() and np.isfinite(meterset_mu).all()):
        raise InputError(
            f"beam {trajectory.beam_number} ({trajectory.source}): a position or a meterset is "
            "not finite"
        )
    boundaries, low, high = _leaves(machine, positions)
    return Openings(
        collimation.travel,
        boundaries,
        low,
        high,
        np.ascontiguousarray(collimation.limits(positions)),
        collimation.collimator_deg(positions),
        meterset_mu,
    )


def _positions(machine: MachineModel, trajectory: Trajectory) -> FloatArray:
    layout = machine.layout
    about = f"beam {trajectory.beam_number} ({trajectory.source})"
    positions = np.zeros((trajectory.meterset_mu.size, layout.size))
    for column, axis in enumerate(layout.scalars):
        if axis in trajectory.axes:
            positions[:, column] = trajectory.axes[axis]
        elif axis not in _NOT_SHAPING:
            raise InputError(f"{about} tells nothing of {axis} of the {machine.name}")
    for device, columns in layout.mlc_slices.items():
        leaves = trajectory.leaves.get(device)
        if leaves is None or leaves.shape[1] != columns.stop - columns.start:
            has = ", ".join(f"{kind} with {at.shape[1]}" for kind, at in trajectory.leaves.items())
            raise InputError(
                f"{about} does not fit the {machine.name}: leaves of {device} are "
                f"{columns.stop - columns.start}, the beam has {has or 'none'}"
            )
        positions[:, columns] = leaves
    return positions


def _leaves(
    machine: MachineModel, positions: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Every layer on the strips that the boundaries of all layers make."""
    mlcs = tuple(machine.mlcs.values())
    if not mlcs:
        unlimited = np.empty((len(positions), 0, 1))
        return np.array([-np.inf, np.inf]), unlimited, unlimited
    edges = np.unique(np.concatenate([mlc.boundaries_mm for mlc in mlcs]))
    start = max(mlc.boundaries_mm[0] for mlc in mlcs)
    stop = min(mlc.boundaries_mm[-1] for mlc in mlcs)
    edges = edges[(edges >= start) & (edges <= stop)]
    low = np.empty((len(positions), len(mlcs), edges.size - 1))
    high = np.empty_like(low)
    for layer, mlc in enumerate(mlcs):
        leaves = positions[:, machine.layout.mlc_slices[mlc.type]]
        leaf = np.searchsorted(mlc.boundaries_mm, edges[:-1], side="right") - 1
        low[:, layer] = leaves[:, leaf]
        high[:, layer] = leaves[:, mlc.pairs + leaf]
    return edges, low, high
