"""What stands in the beam, as a few exact shapes.

Places are mm from the isocentre in the fixed system of IEC 61217 (x right facing the gantry, y to
the gantry, z up) with the couch at 0 degree; the couch carries the phantom round. Attenuation is
per mm, and what a shape adds to whatever it lies in: where shapes overlap, theirs add up.
"""

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """Semi-axes along x, y and z; a ball bearing is one with three equal ones."""

    centre_mm: Point
    semi_axes_mm: Point
    attenuation_per_mm: float


@dataclass(frozen=True, slots=True)
class Rod:
    """A cylinder between the middles of its two flat ends."""

    start_mm: Point
    end_mm: Point
    radius_mm: float
    attenuation_per_mm: float


@dataclass(frozen=True, slots=True)
class Slab:
    """A block between two corners, its sides along the axes."""

    low_mm: Point
    high_mm: Point
    attenuation_per_mm: float


@dataclass(frozen=True, slots=True)
class Phantom:
    """A phantom by its name."""

    name: str
    ellipsoids: tuple[Ellipsoid, ...] = ()
    rods: tuple[Rod, ...] = ()
    slabs: tuple[Slab, ...] = ()
