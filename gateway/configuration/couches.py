"""Couch files: ``config/couches/NAME.toml``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from gateway.configuration.limits import LinearAxisFile
from gateway.configuration.locate import find_config
from gateway.configuration.quantity import POSITIVE, Time
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.axes import COUCH_TRANSLATIONS
from gateway.domain.machine import CouchModel


class CouchAxesFile(Section):
    """The three linear drives."""

    couch_vertical: LinearAxisFile
    couch_longitudinal: LinearAxisFile
    couch_lateral: LinearAxisFile


class CouchFile(Section):
    """A couch. ``staleness`` is how old a report may be while the beam is on."""

    poll_period: Annotated[Time, POSITIVE]
    staleness: Annotated[Time, POSITIVE]
    axes: CouchAxesFile


def load_couch(name: str, roots: Sequence[Path]) -> CouchModel:
    """The couch called ``name``. Raises ConfigError."""
    file = read_config(find_config("couches", name, roots), CouchFile)
    axes: dict[str, LinearAxisFile] = dict(file.axes)
    return CouchModel(
        name=name,
        axes={axis: axes[axis.value].limits() for axis in COUCH_TRANSLATIONS},
        poll_period_s=file.poll_period.value,
        staleness_s=file.staleness.value,
    )
