"""Panel files: ``config/panels/NAME.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.configuration.locate import find_config
from gateway.configuration.optics import SagFile
from gateway.configuration.quantity import (
    NOT_NEGATIVE,
    POSITIVE,
    Counts,
    Fraction,
    Frequency,
    Length,
    QuantaPerCu,
    Sourced,
)
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.machine import PanelModel
from gateway.domain.optics import NO_GHOSTING, NO_SAG, Ghosting, LagTerm, ScatterTail

_Share = Annotated[float, Field(ge=0.0, lt=1.0)]
_Above0 = Annotated[float, Field(gt=0.0)]


class ScatterFile(Sourced):
    """The tails of the panel's kernel: their shares, and the lengths over which they fall."""

    unit: Literal["mm"]
    share: list[_Share]
    range: list[_Above0]

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.share) != len(self.range):
            raise ValueError("share and range do not have the same length; give one of each a tail")
        if sum(self.share) >= 1.0:
            raise ValueError("the shares leave nothing for the middle; their sum is less than 1")
        return self

    def tails(self) -> tuple[ScatterTail, ...]:
        """The domain's form."""
        return tuple(map(ScatterTail, self.share, self.range))


class LagFile(Sourced):
    """What a readout leaves for those after it: amplitude exp(-rate k) of it, k readouts later."""

    unit: Literal["1/readout"]
    amplitude: list[_Share]
    rate: list[_Above0]

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.amplitude) != len(self.rate):
            raise ValueError("amplitude and rate do not have the same length; give both a term")
        return self

    def terms(self) -> tuple[LagTerm, ...]:
        """The domain's form."""
        return tuple(map(LagTerm, self.amplitude, self.rate))


class GhostingFile(Sourced):
    """How much less the panel answers at the first MU, and over how many MU that fades."""

    unit: Literal["MU"]
    share: _Share
    fades: _Above0

    def model(self) -> Ghosting:
        """The domain's form."""
        return Ghosting(self.share, self.fades)


class PanelFile(Section):
    """A portal imager. ``pitch`` is at the detector surface."""

    manufacturer: str
    model_name: str
    serial_number: str
    rows: int = Field(gt=0, le=65_535)
    columns: int = Field(gt=0, le=65_535)
    bits: int = Field(ge=8, le=16)
    pitch: Annotated[Length, POSITIVE]
    sid: Annotated[Length, POSITIVE]
    maximum_frame_rate: Frequency
    blur_sigma: Annotated[Length, NOT_NEGATIVE]
    quanta_per_cu: QuantaPerCu
    electronic_noise: Counts
    dark: Counts
    scatter: ScatterFile | None = None
    lag: LagFile | None = None
    ghosting: GhostingFile | None = None
    dead_pixels: Fraction | None = None
    row_readout: Fraction | None = None
    sag: SagFile | None = None

    @model_validator(mode="after")
    def _fractions(self) -> Self:
        for name in ("dead_pixels", "row_readout"):
            quantity = getattr(self, name)
            if quantity is not None and quantity.value > 1.0:
                raise ValueError(f"{name} is {quantity.value:g}; a fraction is at most 1")
        return self


def load_panel(name: str, roots: Sequence[Path]) -> PanelModel:
    """The panel called ``name``. Raises ConfigError."""
    file = read_config(find_config("panels", name, roots), PanelFile)
    return PanelModel(
        name=name,
        manufacturer=file.manufacturer,
        model_name=file.model_name,
        serial_number=file.serial_number,
        rows=file.rows,
        columns=file.columns,
        pitch_mm=file.pitch.value,
        sid_mm=file.sid.value,
        blur_sigma_mm=file.blur_sigma.value,
        quanta_per_cu=file.quanta_per_cu.value,
        electronic_noise_counts=file.electronic_noise.value,
        dark_counts=file.dark.value,
        bits=file.bits,
        maximum_frame_rate_hz=file.maximum_frame_rate.value,
        scatter=() if file.scatter is None else file.scatter.tails(),
        lag=() if file.lag is None else file.lag.terms(),
        ghosting=NO_GHOSTING if file.ghosting is None else file.ghosting.model(),
        dead_pixel_share=0.0 if file.dead_pixels is None else file.dead_pixels.value,
        row_readout=0.0 if file.row_readout is None else file.row_readout.value,
        sag=NO_SAG if file.sag is None else file.sag.model(),
    )
