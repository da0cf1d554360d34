"""What is estimated from an image: one number for each thing that may be off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.domain.axes import JAWS, Axis, AxisLayout, banks
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.witnesses.kinks import Kink

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
_SLACK_MM = 0.1
"""How far past its boundary an estimate of a jaw may be."""


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
    """What may be found wrong: every parameter by itself, each bank as a whole, and jaws beyond.

    ``combinations`` (columns, candidates); ``floors`` the systematic uncertainty of each.
    ``least`` and ``most`` are what each may be. Columns are the parameters, then one for each of
    ``beyond``: a jaw (its parameter's place) that has passed the boundary of a :class:`Kink`.
    """

    items: tuple[Parameter, ...]
    combinations: FloatArray
    floors: FloatArray
    least: FloatArray
    most: FloatArray
    beyond: tuple[tuple[int, Kink], ...]

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return len(self.combinations) - len(self.beyond)

    @property
    def slack(self) -> FloatArray:
        """(columns,) by how much each may be off without being more than uncertain."""
        places = [place for place, _ in self.beyond]
        return np.concatenate((self.floors[: self.count], self.floors[places]))

    def place(self, candidate: int) -> int | None:
        """Which parameter a candidate is; None for a bank."""
        if candidate < self.count:
            return candidate
        extra = candidate - (len(self.items) - len(self.beyond))
        return self.beyond[extra][0] if extra >= 0 else None

    def columns(self, values: FloatArray) -> FloatArray:
        """Parameters (count,) as columns."""
        columns = np.concatenate((values, np.zeros(len(self.beyond))))
        for extra, (place, kink) in enumerate(self.beyond, start=self.count):
            columns[place], columns[extra] = kink.parted(float(values[place]))
        return columns

    def parameters(self, found: Sequence[int], values: FloatArray) -> FloatArray:
        """(count,) what the candidates ``found`` with their ``values`` say; 0 of the others."""
        columns = self.combinations[:, found] @ values
        parameters: FloatArray = columns[: self.count].copy()
        for extra, (place, kink) in enumerate(self.beyond, start=self.count):
            if self.combinations[extra, found].any():
                parameters[place] = kink.away_mm + columns[extra]
        return parameters

    def shares(self, found: Sequence[int]) -> FloatArray:
        """(count, found): how each parameter changes with the candidates ``found``."""
        chosen = self.combinations[:, found]
        shares: FloatArray = chosen[: self.count].copy()
        for extra, (place, _) in enumerate(self.beyond, start=self.count):
            if chosen[extra].any():
                shares[place] = chosen[extra]
        return shares

    def allows(self, values: FloatArray) -> BoolArray:
        """Whether each of all candidates may be as ``values`` (candidates,)."""
        return (values >= self.least) & (values <= self.most)


def candidates(
    parameters: Parameters, devices: Sequence[str], kinks: Mapping[str, Kink]
) -> Candidates:
    """Those of a machine with the MLCs ``devices`` and jaws that stand near ``kinks``."""
    items = list(parameters.all)
    beyond = tuple((parameters.jaws[name], kink) for name, kink in kinks.items())
    columns = parameters.count + len(beyond)
    combinations = [*np.eye(columns)[: parameters.count]]
    for device in devices:
        for side, bank in enumerate(banks(device)):
            items.append(Parameter(device, "bank", "mm", bank))
            whole = np.zeros(columns)
            whole[parameters.banks[device, side]] = 1.0
            combinations.append(whole)
    items += [parameters.all[place] for place, _ in beyond]
    combinations += [*np.eye(columns)[parameters.count :]]
    floors = np.array([FLOORS[item.kind] for item in items])
    least, most = np.full(len(items), -np.inf), np.full(len(items), np.inf)
    for extra, (place, kink) in enumerate(beyond, start=len(items) - len(beyond)):
        ends, starts = (most, least) if kink.upwards else (least, most)
        slack = _SLACK_MM if kink.upwards else -_SLACK_MM
        ends[place] = kink.away_mm + slack
        starts[extra] = -slack
    return Candidates(tuple(items), np.array(combinations).T, floors, least, most, beyond)
