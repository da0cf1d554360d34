"""What a machine's jaws and leaves let through, from its positions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import ConfigError
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import BoolArray, FloatArray
from gateway.imaging.penumbra import Penumbra
from gateway.imaging.strips import Strips

_PAIRS = {"X": (Axis.X1, Axis.X2), "Y": (Axis.Y1, Axis.Y2)}


@dataclass(frozen=True, slots=True)
class Layer:
    """The part of a machine's transmission that one stack of strips has."""

    share: float
    strips: Strips


class Collimation:
    """The beam limiting devices of one machine.

    Leaves of all MLCs travel along one axis (``travel``, "X" or "Y"). Jaws are opaque. On an axis
    without jaws the field ends where the leaves do: at the outer boundaries across their travel, at
    their farthest retraction along it.

    Raises ConfigError for a machine whose MLCs travel along different axes, or that has neither
    jaws nor leaves on an axis.
    """

    def __init__(self, machine: MachineModel, penumbra: Penumbra | None = None) -> None:
        self._layout = machine.layout
        self._mlcs = tuple(machine.mlcs.values())
        self.penumbra = Penumbra.none(machine) if penumbra is None else penumbra
        self.travel = _travel(machine)
        self._across = "Y" if self.travel == "X" else "X"
        self._scalar = {axis: place for place, axis in enumerate(self._layout.scalars)}
        self._edges = _edges(machine, self.travel)
        self._tongues = {mlc.type: _drawn_tongue_mm(mlc) for mlc in self._mlcs}

    def shape_changes(self, positions: FloatArray, also: tuple[Axis, ...] = ()) -> BoolArray:
        """Whether each row (k,) is not as the row before in what shapes the beam, or ``also``."""
        shaping = [self._scalar[Axis.COLLIMATOR]]
        shaping += [self._scalar[axis] for axis in also if axis in self._scalar]
        shaping += [self._scalar[axis] for axis in self._edges if axis in self._scalar]
        columns = np.r_[shaping, len(self._scalar) : self._layout.size].astype(np.intp)
        shape = positions[:, columns]
        changes = np.ones(len(positions), dtype=np.bool_)
        changes[1:] = (shape[1:] != shape[:-1]).any(axis=1)
        return changes

    def collimator_deg(self, positions: FloatArray) -> FloatArray:
        """The collimator angle of each row, (k,)."""
        return positions[:, self._scalar[Axis.COLLIMATOR]]

    def scalar(self, axis: Axis, positions: FloatArray) -> FloatArray:
        """The positions (k,) of an axis; 0 where the machine has none."""
        place = self._scalar.get(axis)
        return np.zeros(len(positions)) if place is None else positions[:, place]

    def limits(self, positions: FloatArray, part: int | None = None) -> FloatArray:
        """Where the jaws stand, (k, 4): low and high along the leaves' travel, then across.

        With ``part``, where that aperture of the penumbra has them.
        """
        axes = (*_PAIRS[self.travel], *_PAIRS[self._across])
        limits = np.column_stack([self._edge(axis, positions) for axis in axes])
        if part is not None:
            jaws = self.penumbra.jaws
            if self.travel in jaws:
                limits[:, :2] += jaws[self.travel].along[part]
            if self._across in jaws:
                limits[:, 2:] += jaws[self._across].across[part]
        return limits

    def field_mm(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How large the field between the jaws is, (k,) along the leaves' travel and (k,) across.

        Where no jaws move along the travel, as far as the farthest open leaves.
        """
        limits = self.limits(positions)
        low, high = limits[:, 0], limits[:, 1]
        if not all(axis in self._scalar for axis in _PAIRS[self.travel]):
            strips = self.open_strips(positions)
            closed = strips.high <= strips.low
            low = np.maximum(low, np.where(closed, np.inf, strips.low).min(axis=1))
            high = np.minimum(high, np.where(closed, -np.inf, strips.high).max(axis=1))
        along, across = high - low, limits[:, 3] - limits[:, 2]
        return np.maximum(along, 0.0), np.maximum(across, 0.0)

    def open_strips(self, positions: FloatArray) -> Strips:
        """Where no leaf of any MLC stands, regardless of jaws and penumbra."""
        strips = Strips.unlimited(len(positions))
        for mlc in self._mlcs:
            strips = strips.intersected(self._leaves(mlc, positions))
        return strips

    def layers(self, positions: FloatArray, part: int) -> tuple[Layer, ...]:
        """The transmission between the jaws as a sum of stacks of strips.

        Each MLC lets through 1 in its gaps and T under its leaves; the product over MLCs,
        multiplied out, is a sum over the intersections of their gaps. ``part`` is which of the
        penumbra's apertures is meant.
        """
        layers: tuple[Layer, ...] = (Layer(1.0, Strips.unlimited(len(positions))),)
        for mlc in self._mlcs:
            gaps = self._gaps(mlc, positions, part)
            under = tuple(Layer(layer.share * mlc.transmission, layer.strips) for layer in layers)
            clear = tuple(
                Layer(layer.share * (1.0 - mlc.transmission), layer.strips.intersected(gaps))
                for layer in layers
            )
            layers = under + clear
        return layers

    def _gaps(self, mlc: MlcModel, positions: FloatArray, part: int) -> Strips:
        penumbra = self.penumbra
        shifts = penumbra.leaves[mlc.type]
        gaps = self._leaves(mlc, positions).opened(float(penumbra.tips[mlc.type][part]))
        gaps = gaps.with_tongues(self._tongues[mlc.type])
        return gaps.moved(float(shifts.along[part]), float(shifts.across[part]))

    def _leaves(self, mlc: MlcModel, positions: FloatArray) -> Strips:
        leaves = positions[:, self._layout.mlc_slices[mlc.type]]
        return Strips(mlc.boundaries_mm, leaves[:, : mlc.pairs], leaves[:, mlc.pairs :])

    def _edge(self, axis: Axis, positions: FloatArray) -> FloatArray:
        if axis in self._scalar:
            return positions[:, self._scalar[axis]]
        return np.full(len(positions), self._edges[axis])


def _drawn_tongue_mm(mlc: MlcModel) -> float:
    """How wide a strip without any opening takes away as much as the tongue does.

    A tongue has half of a leaf's thickness and lets through sqrt(T), where T is drawn as the
    leaf's own share; a strip that is narrower in proportion is what the blur cannot tell from it.
    """
    transmission = mlc.transmission
    if transmission >= 1.0:
        return 0.0
    open_share = (math.sqrt(transmission) - transmission) / (1.0 - transmission)
    return mlc.tongue_mm * (1.0 - open_share)


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
