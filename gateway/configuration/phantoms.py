"""Phantom files: ``config/phantoms/NAME.toml``. Places in mm from the isocentre, IEC 61217."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from gateway.configuration.locate import config_files, find_config
from gateway.configuration.quantity import Quantity
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.phantom import Ellipsoid, Phantom, Point, Rod, Slab

_KIND = "phantoms"
_Point = Annotated[list[float], Field(min_length=3, max_length=3)]
_Size = Annotated[float, Field(gt=0.0)]


def _per_mm(quantity: Quantity) -> Quantity:
    if quantity.unit != "1/mm":
        raise ValueError(f"unit is {quantity.unit!r}; give the value in 1/mm")
    return quantity


Attenuation = Annotated[Quantity, AfterValidator(_per_mm)]


class EllipsoidFile(Section):
    """Its semi-axes along x, y and z."""

    centre: _Point
    semi_axes: Annotated[list[_Size], Field(min_length=3, max_length=3)]
    attenuation: Attenuation


class BallFile(Section):
    """A ball bearing."""

    centre: _Point
    diameter: _Size
    attenuation: Attenuation


class RodFile(Section):
    """A cylinder from one end to the other."""

    start: _Point
    end: _Point
    radius: _Size
    attenuation: Attenuation

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end are one place; give the rod a length")
        return self


class SlabFile(Section):
    """A block between two corners."""

    low: _Point
    high: _Point
    attenuation: Attenuation

    @model_validator(mode="after")
    def _is_not_flat(self) -> Self:
        if any(high <= low for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError("high is not above low along every axis")
        return self


class PhantomFile(Section):
    """What a phantom is made of; where bodies overlap, their attenuations add up."""

    description: str
    ellipsoids: list[EllipsoidFile] = Field(default_factory=list)
    balls: list[BallFile] = Field(default_factory=list)
    rods: list[RodFile] = Field(default_factory=list)
    slabs: list[SlabFile] = Field(default_factory=list)

    def model(self, name: str) -> Phantom:
        """The domain's form."""
        radii = ((ball, 0.5 * ball.diameter) for ball in self.balls)
        return Phantom(
            name,
            (
                *(
                    Ellipsoid(_point(body.centre), _point(body.semi_axes), body.attenuation.value)
                    for body in self.ellipsoids
                ),
                *(
                    Ellipsoid(_point(ball.centre), (radius,) * 3, ball.attenuation.value)
                    for ball, radius in radii
                ),
            ),
            tuple(
                Rod(_point(rod.start), _point(rod.end), rod.radius, rod.attenuation.value)
                for rod in self.rods
            ),
            tuple(
                Slab(_point(slab.low), _point(slab.high), slab.attenuation.value)
                for slab in self.slabs
            ),
        )


def _point(values: list[float]) -> Point:
    x, y, z = values
    return x, y, z


def phantom_names(roots: Sequence[Path]) -> tuple[str, ...]:
    """Every phantom that is configured."""
    return tuple(config_files(_KIND, roots))


def load_phantom(name: str, roots: Sequence[Path]) -> Phantom:
    """The phantom called ``name``. Raises ConfigError."""
    return read_config(find_config(_KIND, name, roots), PhantomFile).model(name)
