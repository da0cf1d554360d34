"""What is estimated from an image: one number for each thing that may be off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.domain.axes import JAWS, Axis, AxisLayout, banks
from gateway.domain.units import FloatArray

METERSET = "meterset"
PANEL = ("panel_x", "panel_y")

FLOORS: Mapping[str, float] = {
    METERSET: 0.002,
    PANEL[0]: 0.05,
    PANEL[1]: 0.05,
    Axis.COLLIMATOR: 0.02,
    "jaw": 0.04,
    "leaf": 0.03,
    "bank": 0.02,
}
"""Standard uncertainties that more quanta do not lower (docs/causes.md): fraction, mm, degree."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that is estimated; ``column`` is its place in the machine's layout, if it has one.

    ``kind`` is its key in FLOORS and, but for a bank, in the tolerances.
    """

    axis: str
    kind: str
    unit: str
    bank: str | None = None
    leaf: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Parameters:
    """All of one machine: dose, panel, collimator, jaws, leaves, in this order."""

    layout: AxisLayout

    @cached_property
    def all(self) -> tuple[Parameter, ...]:
        """In the order of every vector and matrix of the estimate."""
        scalars = self.layout.scalars
        shape = [
            Parameter(METERSET, METERSET, "fraction"),
            Parameter(PANEL[0], PANEL[0], "mm"),
            Parameter(PANEL[1], PANEL[1], "mm"),
            Parameter(
                Axis.COLLIMATOR, Axis.COLLIMATOR, "deg", column=scalars.index(Axis.COLLIMATOR)
            ),
        ]
        shape += [
            Parameter(axis, "jaw", "mm", column=place)
            for place, axis in enumerate(scalars)
            if axis in JAWS
        ]
        for device, pairs in self.layout.mlcs:
            start = self.layout.mlc_slices[device].start
            shape += [
                Parameter(device, "leaf", "mm", bank, leaf, start + side * pairs + leaf - 1)
                for side, bank in enumerate(banks(device))
                for leaf in range(1, pairs + 1)
            ]
        return tuple(shape)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.all)

    @cached_property
    def jaws(self) -> Mapping[str, int]:
        """Where each jaw stands."""
        return {item.axis: place for place, item in enumerate(self.all) if item.kind == "jaw"}

    @cached_property
    def banks(self) -> Mapping[tuple[str, int], slice]:
        """Where each bank stands, by MLC and side."""
        start = self.count - sum(2 * pairs for _, pairs in self.layout.mlcs)
        places = {}
        for device, pairs in self.layout.mlcs:
            for side in range(2):
                places[device, side] = slice(start, start + pairs)
                start += pairs
        return places

    def offsets(self, values: FloatArray) -> FloatArray:
        """(layout.size,) offsets of positions that ``values`` (count,) say."""
        offsets = np.zeros(self.layout.size)
        for place, item in enumerate(self.all):
            if item.column is not None:
                offsets[item.column] = values[place]
        return offsets


@dataclass(frozen=True, slots=True)
class Candidates:
    """What may be found wrong: every parameter by itself, and each bank as a whole.

    ``combinations`` (parameters, candidates); ``floors`` the systematic uncertainty of each.
    """

    items: tuple[Parameter, ...]
    combinations: FloatArray
    floors: FloatArray


def candidates(parameters: Parameters, devices: Sequence[str]) -> Candidates:
    """Those of a machine with the MLCs ``devices``."""
    items = list(parameters.all)
    combinations = [*np.eye(parameters.count)]
    for device in devices:
        for side, bank in enumerate(banks(device)):
            items.append(Parameter(device, "bank", "mm", bank))
            whole = np.zeros(parameters.count)
            whole[parameters.banks[device, side]] = 1.0
            combinations.append(whole)
    floors = np.array([FLOORS[item.kind] for item in items])
    return Candidates(tuple(items), np.array(combinations).T, floors)
