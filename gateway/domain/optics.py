"""What a beam is made of and how its shadow moves: the data of a portal imager's forward model.

Every default means that the effect is not modelled. Values are plain tuples, so that models that
hold them can be compared.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity at places that ascend; straight lines between, level beyond the ends."""

    places: tuple[float, ...] = (0.0,)
    values: tuple[float, ...] = (1.0,)

    @property
    def is_level(self) -> bool:
        """Whether it is 1 everywhere."""
        return all(value == 1.0 for value in self.values)


LEVEL = Curve()


@dataclass(frozen=True, slots=True)
class ModeOptics:
    """What a beam mode looks like.

    ``profile`` is over the distance from the axis (mm at the isocentre plane), 1 on the axis;
    ``head_scatter`` over the side of the equivalent square (mm), 1 at 100 mm.
    """

    profile: Curve = LEVEL
    head_scatter: Curve = LEVEL


PLAIN_MODE = ModeOptics()


@dataclass(frozen=True, slots=True)
class Harmonic:
    """A length that depends on the gantry angle: constant + cosine cos g + sine sin g (mm)."""

    constant: float = 0.0
    cosine: float = 0.0
    sine: float = 0.0

    def at(self, gantry_deg: float) -> float:
        """The length at an angle."""
        angle = math.radians(gantry_deg)
        return self.constant + self.cosine * math.cos(angle) + self.sine * math.sin(angle)


@dataclass(frozen=True, slots=True)
class Sag:
    """Where a part stands beside its nominal place, in the gantry system (IEC 61217).

    ``distance`` counts away from the source.
    """

    x: Harmonic = Harmonic()
    y: Harmonic = Harmonic()
    distance: Harmonic = Harmonic()

    @property
    def is_none(self) -> bool:
        """Whether the part stays where it should."""
        return self == NO_SAG


NO_SAG = Sag()


@dataclass(frozen=True, slots=True)
class BeamOptics:
    """The source of one machine, and what its modes look like.

    ``jaw_distance_mm`` is from the source to the middle of the jaws that move along "X" and "Y".
    ``modes`` are by the name of the beam mode. ``sag`` is that of the source; its distance is 0.
    """

    source_fwhm_mm: float = 0.0
    jaw_distance_mm: Mapping[str, float] = field(default_factory=dict)
    modes: Mapping[str, ModeOptics] = field(default_factory=dict)
    sag: Sag = NO_SAG

    def mode(self, name: str | None) -> ModeOptics:
        """What is known of a mode; a level beam where nothing is."""
        return self.modes.get(name, PLAIN_MODE) if name is not None else PLAIN_MODE


@dataclass(frozen=True, slots=True)
class ScatterTail:
    """A part of the panel's kernel that falls as exp(-r / range); ``share`` of what it is given."""

    share: float
    range_mm: float


@dataclass(frozen=True, slots=True)
class LagTerm:
    """A part of what lags: ``amplitude`` exp(-``rate`` k) of a signal comes k readouts later."""

    amplitude: float
    rate: float


@dataclass(frozen=True, slots=True)
class Ghosting:
    """The panel answers less at first: by ``share``, which fades as exp(-MU / ``fades_mu``)."""

    share: float = 0.0
    fades_mu: float = 1.0


NO_GHOSTING = Ghosting()
