"""Tolerance files: ``config/tolerances/NAME.toml``.

Keys of ``Tolerances.quantities`` and their units: every axis but the jaws by its name
(``gantry``, ``collimator``, ``couch_rotation``, ``couch_pitch``, ``couch_roll``: deg;
``couch_vertical``, ``couch_longitudinal``, ``couch_lateral``: mm); ``jaw`` and ``leaf`` (mm, each
jaw and each leaf); ``leaf_speed_loss`` (mm/s); ``meterset`` (MU, at the end of a beam);
``dose_rate`` (fraction, mean of a beam); ``output`` (fraction, dose in the portal image by the
meterset) and ``panel_shift`` (mm, on the panel); ``read_back_leaf``, ``read_back_jaw`` (mm),
``read_back_angle`` (deg) and ``read_back_couch`` (mm) for the machine's own reading before a beam
and the couch while it is on. ``gamma`` has the criteria of gamma comparisons and their limits.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.configuration.locate import config_files, find_config
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.axes import JAWS, Axis
from gateway.domain.gamma import GammaCriteria
from gateway.domain.reconciliation import GammaTolerance, Tolerance, Tolerances

UNITS: Mapping[str, str] = {
    **{axis.value: axis.unit for axis in Axis if axis not in JAWS},
    "jaw": "mm",
    "leaf": "mm",
    "leaf_speed_loss": "mm/s",
    "meterset": "MU",
    "dose_rate": "fraction",
    "output": "fraction",
    "panel_shift": "mm",
    "read_back_leaf": "mm",
    "read_back_jaw": "mm",
    "read_back_angle": "deg",
    "read_back_couch": "mm",
}
"""Every quantity a tolerance can be set for, and its unit."""

_Limit = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(gt=0, le=100)]


class ToleranceFile(Section):
    """The limits of one quantity; one that is left out is not judged."""

    maximum: _Limit | None = None
    rms: _Limit | None = None
    p95: _Limit | None = None
    unit: str
    origin: str = Field(min_length=1)

    @model_validator(mode="after")
    def _judges_something(self) -> Self:
        if self.maximum is None and self.rms is None and self.p95 is None:
            raise ValueError("no limit; give maximum, rms or p95, or remove the table")
        return self


class GammaFile(Section):
    """Criteria of gamma comparisons, and how many percent of the points have to pass."""

    dose_percent: _Limit
    distance_mm: _Limit
    local: bool
    cutoff_percent: Annotated[float, Field(ge=0, lt=100)]
    maximum_gamma: Annotated[float, Field(gt=1)]
    tolerance_percent: _Share
    action_percent: _Share
    origin: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.action_percent > self.tolerance_percent:
            raise ValueError("action_percent is above tolerance_percent")
        return self

    def resolved(self) -> GammaTolerance:
        """As the domain has it."""
        criteria = GammaCriteria(
            self.dose_percent,
            self.distance_mm,
            self.local,
            self.cutoff_percent,
            self.maximum_gamma,
        )
        return GammaTolerance(criteria, self.tolerance_percent, self.action_percent, self.origin)


class TolerancesFile(Section):
    """Limits by quantity, and of gamma comparisons."""

    quantities: dict[str, ToleranceFile]
    gamma: GammaFile | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        for key, tolerance in self.quantities.items():
            if key not in UNITS:
                raise ValueError(f"quantities.{key} is not known; there are: {', '.join(UNITS)}")
            if tolerance.unit != UNITS[key]:
                raise ValueError(
                    f"quantities.{key}.unit is {tolerance.unit!r}; give it in {UNITS[key]}"
                )
        return self


def tolerance_names(roots: Sequence[Path]) -> tuple[str, ...]:
    """Every set of tolerances that is configured."""
    return tuple(config_files("tolerances", roots))


def load_tolerances(name: str, roots: Sequence[Path]) -> Tolerances:
    """The tolerances called ``name``. Raises ConfigError."""
    file = read_config(find_config("tolerances", name, roots), TolerancesFile)
    return Tolerances(
        name,
        {
            key: Tolerance(item.maximum, item.rms, item.p95, item.unit, item.origin)
            for key, item in file.quantities.items()
        },
        None if file.gamma is None else file.gamma.resolved(),
    )
