"""Range, speed and acceleration of an axis in a configuration file."""

from typing import Self

from pydantic import model_validator

from gateway.configuration.quantity import (
    Acceleration,
    Angle,
    AngularAcceleration,
    AngularSpeed,
    Length,
    Quantity,
    Speed,
)
from gateway.configuration.toml_file import Section
from gateway.domain.machine import AxisLimits


class AxisFile(Section):
    """What every axis has; subclasses fix the units."""

    minimum: Quantity
    maximum: Quantity
    speed: Quantity
    acceleration: Quantity

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.minimum.value > self.maximum.value:
            raise ValueError("minimum is above maximum; exchange them")
        if (self.speed.value > 0) != (self.acceleration.value > 0):
            raise ValueError("speed and acceleration must both be 0 (cannot move) or both above 0")
        if self.speed.value == 0 and self.minimum.value != self.maximum.value:
            raise ValueError("an axis without speed has one position: set minimum = maximum")
        return self

    def limits(self) -> AxisLimits:
        """The domain's form."""
        return AxisLimits(
            self.minimum.value, self.maximum.value, self.speed.value, self.acceleration.value
        )


class LinearAxisFile(AxisFile):
    """An axis in mm."""

    minimum: Length
    maximum: Length
    speed: Speed
    acceleration: Acceleration


class AngularAxisFile(AxisFile):
    """An axis in degree."""

    minimum: Angle
    maximum: Angle
    speed: AngularSpeed
    acceleration: AngularAcceleration
