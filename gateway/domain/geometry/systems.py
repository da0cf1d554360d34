"""The coordinate systems of IEC 61217, each as it stands in its mother system.

Fixed: x to the right of a viewer who faces the gantry, y from the isocentre to the gantry, z up.
Angles and lengths are the scale readings of IEC 61217, degree and mm.
"""

from dataclasses import dataclass

from gateway.domain.geometry.rigid import Rigid, rotation_x, rotation_y, rotation_z
from gateway.domain.units import FloatArray, frozen


def gantry_in_fixed(gantry_deg: float) -> Rigid:
    """Gantry system g: z from the isocentre to the source."""
    return Rigid.turned(rotation_y(gantry_deg))


def limiting_device_in_gantry(collimator_deg: float, sad_mm: float) -> Rigid:
    """Beam limiting device system b: its origin is the source."""
    return Rigid(rotation_z(collimator_deg), frozen([0.0, 0.0, sad_mm]))


def receptor_in_gantry(
    receptor_deg: float, shift_mm: tuple[float, float], sid_mm: float, sad_mm: float
) -> Rigid:
    """X-ray image receptor system r: its origin is the panel's centre.

    ``shift_mm`` is where that stands in g at the panel's plane, as in X-Ray Image Receptor
    Translation (3002,000D), whose third value is ``sad_mm - sid_mm``.
    """
    origin = frozen([shift_mm[0], shift_mm[1], sad_mm - sid_mm])
    return Rigid(rotation_z(receptor_deg), origin)


def support_in_fixed(couch_deg: float) -> Rigid:
    """Patient support system s: turns about the isocentre's vertical axis."""
    return Rigid.turned(rotation_z(couch_deg))


def eccentric_in_support(angle_deg: float, distance_mm: float) -> Rigid:
    """Table top eccentric system e, which turns about an axis ``distance_mm`` along y of s.

    With no angle it lies on s: its origin moves only as far as the turn carries it.
    """
    about = Rigid.moved(0.0, distance_mm, 0.0)
    return about @ Rigid.turned(rotation_z(angle_deg)) @ about.inverse


def table_top_in_eccentric(
    displacement_mm: tuple[float, float, float], pitch_deg: float, roll_deg: float
) -> Rigid:
    """Table top system t: ``displacement_mm`` is lateral, longitudinal, vertical.

    Pitch turns about x, then roll about the y that was pitched (PS3.3 C.8.8.14.12); both leave the
    table top's origin where it is.
    """
    turned = rotation_x(pitch_deg) @ rotation_y(roll_deg)
    return Rigid(frozen(turned), frozen(displacement_mm))


def source_in_fixed(gantry_deg: float, sad_mm: float) -> FloatArray:
    """Where the source stands, (3,) mm."""
    return gantry_in_fixed(gantry_deg)(frozen([0.0, 0.0, sad_mm]))


@dataclass(frozen=True, slots=True)
class TablePose:
    """Where the table stands: angles in degree, the top's displacement in mm.

    ``displacement_mm`` is lateral, longitudinal, vertical. ``eccentric_mm`` is the distance of the
    eccentric axis from the isocentre.
    """

    couch_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    displacement_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    eccentric_deg: float = 0.0
    eccentric_mm: float = 0.0

    @property
    def top_in_fixed(self) -> Rigid:
        """The table top in the room."""
        return (
            support_in_fixed(self.couch_deg)
            @ eccentric_in_support(self.eccentric_deg, self.eccentric_mm)
            @ table_top_in_eccentric(self.displacement_mm, self.pitch_deg, self.roll_deg)
        )
