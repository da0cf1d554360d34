"""A layer of leaves in a machine file."""

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from gateway.configuration.quantity import (
    NOT_NEGATIVE,
    POSITIVE,
    Acceleration,
    Fraction,
    Length,
    Sourced,
    Speed,
)
from gateway.configuration.toml_file import Section
from gateway.domain.machine import MlcModel
from gateway.domain.units import FloatArray, frozen

_EVEN = 1e-9


class BoundariesFile(Sourced):
    """Leaf boundaries as runs ``[from, to, leaf width]``, mm, one after the other."""

    runs: list[Annotated[list[float], Field(min_length=3, max_length=3)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.unit != "mm":
            raise ValueError(f"unit is {self.unit!r}; give boundaries in mm")
        reached = self.runs[0][0]
        for start, end, width in self.runs:
            if start != reached:
                raise ValueError(
                    f"a run starts at {start:g} where the last one ended at {reached:g}"
                )
            if width <= 0 or end <= start:
                raise ValueError(f"the run from {start:g} to {end:g} by {width:g} does not ascend")
            leaves = (end - start) / width
            if abs(leaves - round(leaves)) > _EVEN:
                raise ValueError(f"{width:g} mm does not divide {start:g} to {end:g} evenly")
            reached = end
        return self

    def values(self) -> FloatArray:
        """All boundaries, ascending."""
        edges = [self.runs[0][0]]
        for start, end, width in self.runs:
            leaves = round((end - start) / width)
            edges.extend(float(edge) for edge in start + width * np.arange(1, leaves + 1))
        return frozen(edges)


class MlcFile(Section):
    """One layer of leaves."""

    boundaries: BoundariesFile
    speed: Annotated[Speed, POSITIVE]
    acceleration: Annotated[Acceleration, POSITIVE]
    retract: Length
    overtravel: Length
    span: Annotated[Length, POSITIVE] | None = None
    minimum_gap: Annotated[Length, NOT_NEGATIVE]
    interdigitation: bool
    transmission: Fraction
    tip_radius: Annotated[Length, POSITIVE]
    dosimetric_leaf_gap: Annotated[Length, NOT_NEGATIVE]
    source_distance: Annotated[Length, POSITIVE] | None = None
    tongue: Annotated[Length, NOT_NEGATIVE] | None = None

    @model_validator(mode="after")
    def _tongue_fits(self) -> Self:
        narrowest = float(np.diff(self.boundaries.values()).min())
        if self.tongue is not None and 2.0 * self.tongue.value >= narrowest:
            raise ValueError(f"a tongue of {self.tongue.value:g} mm is half a leaf or more")
        return self

    def model(self, device: str) -> MlcModel:
        """The domain's form."""
        return MlcModel(
            type=device,
            boundaries_mm=self.boundaries.values(),
            speed=self.speed.value,
            acceleration=self.acceleration.value,
            retract_mm=self.retract.value,
            overtravel_mm=self.overtravel.value,
            span_mm=None if self.span is None else self.span.value,
            minimum_gap_mm=self.minimum_gap.value,
            interdigitation=self.interdigitation,
            transmission=self.transmission.value,
            tip_radius_mm=self.tip_radius.value,
            dosimetric_leaf_gap_mm=self.dosimetric_leaf_gap.value,
            source_distance_mm=None if self.source_distance is None else self.source_distance.value,
            tongue_mm=0.0 if self.tongue is None else self.tongue.value,
        )
