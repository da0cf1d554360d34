"""What a gamma comparison asks and what it gives (Low et al. 1998, Med Phys 25:656)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class GammaCriteria:
    """Criteria of a gamma comparison. Raises ValueError for one that is not above 0.

    The largest gamma is above 1: at 1 or less whatever is beyond it would count as passed.

    ``dose_percent`` is of the normalisation, or of the reference dose at each point where
    ``local``. ``normalisation`` is a dose in the distribution's own unit; None: the largest
    reference dose. Points below ``cutoff_percent`` of the normalisation are not judged. Nothing
    is searched beyond ``maximum_gamma``, which stands for whatever is larger.
    """

    dose_percent: float = 3.0
    distance_mm: float = 2.0
    local: bool = False
    cutoff_percent: float = 10.0
    maximum_gamma: float = 2.0
    normalisation: float | None = None

    def __post_init__(self) -> None:
        for name in ("dose_percent", "distance_mm", "maximum_gamma", "normalisation"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < np.inf:
                raise ValueError(f"{name} is {value:g}; it has to be above 0 and finite")
        if self.maximum_gamma <= 1.0:
            raise ValueError(f"maximum_gamma is {self.maximum_gamma:g}; it has to be above 1")
        if not 0.0 <= self.cutoff_percent < np.inf:
            raise ValueError(f"cutoff_percent is {self.cutoff_percent:g}; it cannot be below 0")


@dataclass(frozen=True)
class GammaMap:
    """Gamma at every point of the reference, NaN where it was not judged.

    ``beyond_border`` counts the points whose search went past the border of the evaluated
    distribution: theirs could be smaller if that were larger.
    """

    grid: RegularGrid
    criteria: GammaCriteria
    beyond_border: int

    @cached_property
    def judged(self) -> FloatArray:
        """Gamma of the points that were judged, in no order that matters."""
        values = self.grid.values
        judged: FloatArray = values[~np.isnan(values)]
        return judged

    @property
    def counted(self) -> int:
        """How many points were judged."""
        return self.judged.size

    @cached_property
    def pass_rate_percent(self) -> float:
        """Points with gamma of at most 1, of those judged; NaN where there are none."""
        if not self.counted:
            return np.nan
        return 100.0 * np.count_nonzero(self.judged <= 1.0) / self.counted

    @cached_property
    def mean(self) -> float:
        """Mean gamma of the points judged."""
        return float(self.judged.mean()) if self.counted else np.nan

    @cached_property
    def p99(self) -> float:
        """What 99 % of the points judged do not exceed."""
        return float(np.percentile(self.judged, 99.0)) if self.counted else np.nan
