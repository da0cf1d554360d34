"""Panel files: ``config/panels/NAME.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.configuration.locate import find_config
from gateway.configuration.quantity import (
    NOT_NEGATIVE,
    POSITIVE,
    Counts,
    Frequency,
    Length,
    QuantaPerCu,
)
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.machine import PanelModel


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
    )
