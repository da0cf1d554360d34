"""What a machine's jaws and leaves let through, from its positions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import ConfigError
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import BoolArray, FloatArray
from gateway.imaging.strips import Strips

_PAIRS = {"X": (Axis.X1, Axis.X2), "Y": (Axis.Y1, Axis.Y2)}


@dataclass(frozen=True, slots=True)
class Layer:
    """The part of a machine's transmission that one stack of strips has."""

    share: float
    strips: Strips


class Collimation:
    """The beam limiting devices of one machine.

    Leaves of all MLCs travel along one axis (``travel``, "X" or "Y"). Jaws are opaque but for
    ``jaw_transmission``. On an axis without jaws the field ends where the leaves do: at the outer
    boundaries across their travel, at their farthest retraction along it.

    Raises ConfigError for a machine whose MLCs travel along different axes, or that has neither
    jaws nor leaves on an axis.
    """

    def __init__(self, machine: MachineModel, jaw_transmission: float = 0.0) -> None:
        self._layout = machine.layout
        self._mlcs = tuple(machine.mlcs.values())
        self.travel = _travel(machine)
        self.jaw_transmission = jaw_transmission
        self._scalar = {axis: place for place, axis in enumerate(self._layout.scalars)}
        self._edges = _edges(machine, self.travel)

    def shape_changes(self, positions: FloatArray) -> BoolArray:
        """Whether each row (k,) differs from the row before in what shapes the beam."""
        shaping = [self._scalar[Axis.COLLIMATOR]]
        shaping += [self._scalar[axis] for axis in self._edges if axis in self._scalar]
        columns = np.r_[shaping, len(self._scalar) : self._layout.size].astype(np.intp)
        shape = positions[:, columns]
        changes = np.ones(len(positions), dtype=np.bool_)
        changes[1:] = (shape[1:] != shape[:-1]).any(axis=1)
        return changes

    def collimator_deg(self, positions: FloatArray) -> FloatArray:
        """The collimator angle of each row, (k,)."""
        return positions[:, self._scalar[Axis.COLLIMATOR]]

    def limits(self, positions: FloatArray) -> FloatArray:
        """Where the jaws stand, (k, 4): low and high along the leaves' travel, then across."""
        across = "Y" if self.travel == "X" else "X"
        axes = (*_PAIRS[self.travel], *_PAIRS[across])
        return np.column_stack([self._edge(axis, positions) for axis in axes])

    def open_strips(self, positions: FloatArray) -> Strips:
        """Where no leaf of any MLC stands, regardless of jaws."""
        strips = Strips.unlimited(len(positions))
        for mlc in self._mlcs:
            strips = strips.intersected(self._leaves(mlc, positions))
        return strips

    def layers(self, positions: FloatArray) -> tuple[Layer, ...]:
        """The transmission between the jaws as a sum of stacks of strips.

        Each MLC lets through 1 in its gaps and T under its leaves; the product over MLCs,
        multiplied out, is a sum over the intersections of their gaps.
        """
        layers: tuple[Layer, ...] = (Layer(1.0, Strips.unlimited(len(positions))),)
        for mlc in self._mlcs:
            gaps = self._leaves(mlc, positions)
            under = tuple(Layer(layer.share * mlc.transmission, layer.strips) for layer in layers)
            clear = tuple(
                Layer(layer.share * (1.0 - mlc.transmission), layer.strips.intersected(gaps))
                for layer in layers
            )
            layers = under + clear
        between_jaws = Layer(layers[0].share - self.jaw_transmission, layers[0].strips)
        return (between_jaws, *layers[1:])

    def _leaves(self, mlc: MlcModel, positions: FloatArray) -> Strips:
        leaves = positions[:, self._layout.mlc_slices[mlc.type]]
        return Strips(mlc.boundaries_mm, leaves[:, : mlc.pairs], leaves[:, mlc.pairs :])

    def _edge(self, axis: Axis, positions: FloatArray) -> FloatArray:
        if axis in self._scalar:
            return positions[:, self._scalar[axis]]
        return np.full(len(positions), self._edges[axis])


def _travel(machine: MachineModel) -> str:
    travels = {"Y" if mlc.type == "MLCY" else "X" for mlc in machine.mlcs.values()}
    if len(travels) > 1:
        raise ConfigError(f"machine {machine.name}: leaves travel along X and along Y")
    return travels.pop() if travels else "X"


def _edges(machine: MachineModel, travel: str) -> Mapping[Axis, float]:
    """Where the field ends on each jaw axis that the machine does not have."""
    edges = dict.fromkeys((Axis.X1, Axis.X2, Axis.Y1, Axis.Y2), 0.0)
    for name, (negative, positive) in _PAIRS.items():
        if negative in machine.axes and positive in machine.axes:
            continue
        if not machine.mlcs:
            raise ConfigError(f"machine {machine.name} has neither jaws nor leaves along {name}")
        along = name == travel
        edges[negative] = max(
            -mlc.retract_mm if along else float(mlc.boundaries_mm[0])
            for mlc in machine.mlcs.values()
        )
        edges[positive] = min(
            mlc.retract_mm if along else float(mlc.boundaries_mm[-1])
            for mlc in machine.mlcs.values()
        )
    return edges
