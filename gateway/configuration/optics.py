"""The source, its beam modes and sag in machine and panel files. What is absent is not modelled."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.configuration.quantity import NOT_NEGATIVE, POSITIVE, Length, Sourced
from gateway.configuration.toml_file import Section
from gateway.domain.optics import (
    LEVEL,
    NO_SAG,
    BeamOptics,
    Curve,
    Harmonic,
    ModeOptics,
    Sag,
)

_Place = Annotated[float, Field(ge=0.0)]
_Relative = Annotated[float, Field(gt=0.0)]
_Harmonic = Annotated[list[float], Field(min_length=3, max_length=3)]


class CurveFile(Sourced):
    """``{ mm = [0.0, 50.0], relative = [1.0, 1.02], unit = "mm", source = "..." }``."""

    unit: Literal["mm"]
    mm: list[_Place] = Field(min_length=1)
    relative: list[_Relative] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.mm) != len(self.relative):
            raise ValueError("mm and relative do not have the same length; give both a place")
        if any(after <= before for before, after in zip(self.mm, self.mm[1:], strict=False)):
            raise ValueError("the places under mm do not ascend; put them in order")
        return self

    def curve(self) -> Curve:
        """The domain's form."""
        return Curve(tuple(self.mm), tuple(self.relative))


class ModeOpticsFile(Section):
    """What a beam mode looks like."""

    profile: CurveFile | None = None
    head_scatter: CurveFile | None = None

    def model(self) -> ModeOptics:
        """The domain's form."""
        return ModeOptics(
            LEVEL if self.profile is None else self.profile.curve(),
            LEVEL if self.head_scatter is None else self.head_scatter.curve(),
        )


class SagFile(Sourced):
    """``[constant, cosine, sine]`` over the gantry angle, of x, y and distance."""

    unit: Literal["mm"]
    x: _Harmonic = Field(default=[0.0, 0.0, 0.0])
    y: _Harmonic = Field(default=[0.0, 0.0, 0.0])
    distance: _Harmonic = Field(default=[0.0, 0.0, 0.0])

    def model(self) -> Sag:
        """The domain's form."""
        return Sag(Harmonic(*self.x), Harmonic(*self.y), Harmonic(*self.distance))


class JawDistancesFile(Section):
    """From the source to the middle of each pair of jaws."""

    X: Annotated[Length, POSITIVE] | None = None
    Y: Annotated[Length, POSITIVE] | None = None


class OpticsFile(Section):
    """A machine's source and what its modes look like."""

    source_fwhm: Annotated[Length, NOT_NEGATIVE] | None = None
    jaw_distance: JawDistancesFile = JawDistancesFile()
    source_sag: SagFile | None = None
    modes: dict[str, ModeOpticsFile] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _source_keeps_its_distance(self) -> Self:
        if self.source_sag is not None and any(self.source_sag.distance):
            raise ValueError("source_sag.distance is not modelled; leave it out")
        return self

    def model(self) -> BeamOptics:
        """The domain's form."""
        distances = {name: length.value for name, length in self.jaw_distance if length is not None}
        return BeamOptics(
            source_fwhm_mm=0.0 if self.source_fwhm is None else self.source_fwhm.value,
            jaw_distance_mm=distances,
            modes={name: mode.model() for name, mode in self.modes.items()},
            sag=NO_SAG if self.source_sag is None else self.source_sag.model(),
        )
