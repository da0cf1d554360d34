"""Which beam of a plan a portal image belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.evidence import WitnessedBeam
from gateway.domain.plan import TreatmentPlan
from gateway.domain.portal_image import PortalImage

_SLACK_DEG = 2.0
"""Angles that are nearer are the same."""


@dataclass(frozen=True, slots=True)
class SeenImage:
    """The frames of a file as one image; ``step`` is what one count is of a frame."""

    path: Path
    image: PortalImage
    frames: int
    step: float


def match_images(
    plan: TreatmentPlan, beams: Sequence[WitnessedBeam], images: Sequence[SeenImage]
) -> Iterator[tuple[WitnessedBeam, SeenImage, str]]:
    """Each image with its beam, and what they were matched by.

    By the beam number where the image refers to this plan, else by gantry and collimator angle.
    An image that fits no beam or two, and two images of one beam, raise InputError.
    """
    taken: dict[int, Path] = {}
    for one in images:
        beam, matched_by = _beam_of(plan, beams, one)
        other = taken.setdefault(beam.beam.number, one.path)
        if other is not one.path:
            raise InputError(f"{one.path} and {other} both look like beam {beam.beam.number}")
        yield beam, one, matched_by


def _beam_of(
    plan: TreatmentPlan, beams: Sequence[WitnessedBeam], one: SeenImage
) -> tuple[WitnessedBeam, str]:
    image = one.image
    number = image.beam_number
    numbered = [beam for beam in beams if beam.beam.number == number]
    if image.plan_uid == plan.sop_instance_uid and number is not None:
        if not numbered:
            raise InputError(f"{one.path}: is of beam {number}, of which there is nothing else")
        return numbered[0], "beam number"
    alike = [beam for beam in beams if _same_angles(beam, image)]
    told = f"gantry {_told(image.gantry_deg)}, collimator {_told(image.collimator_deg)}"
    if not alike:
        raise InputError(f"{one.path}: no beam is like it ({told})")
    if len(alike) > 1:
        listed = ", ".join(str(beam.beam.number) for beam in alike)
        raise InputError(f"{one.path}: could be of beams {listed} ({told}); refers to none of them")
    stated = image.gantry_deg is not None or image.collimator_deg is not None
    return alike[0], "gantry and collimator" if stated else "the only beam"


def _same_angles(beam: WitnessedBeam, image: PortalImage) -> bool:
    """An angle that moves while the beam is on, or that the image does not state, is no sign."""
    for axis, stated in ((Axis.GANTRY, image.gantry_deg), (Axis.COLLIMATOR, image.collimator_deg)):
        planned = beam.planned.axes.get(axis)
        if stated is None or planned is None or np.ptp(planned) > _SLACK_DEG:
            continue
        apart = (stated - float(planned[0]) + 180.0) % 360.0 - 180.0
        if abs(apart) > _SLACK_DEG:
            return False
    return True


def _told(angle_deg: float | None) -> str:
    return "not stated" if angle_deg is None else f"{angle_deg:g}"
