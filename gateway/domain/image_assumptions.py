"""What is taken to hold of a portal image that does not state it, or states it wrongly."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageAssumptions:
    """Values for attributes of an image; None: nothing is assumed.

    ``source`` says where they are from (an option, a log, a plan) and is kept beside what was
    taken. With ``overrides`` they replace what the image states: some imagers' attributes are not
    to be relied on. ``pitch_mm`` is the pixel spacing on the panel, ``panel_mm`` as in
    :class:`~gateway.domain.portal_image.ImageGeometry`; ``sign`` is 1 where stored values rise
    with dose and -1 where they fall.
    """

    source: str
    overrides: bool = False
    sid_mm: float | None = None
    sad_mm: float | None = None
    pitch_mm: float | None = None
    panel_mm: tuple[float, float] | None = None
    receptor_deg: float | None = None
    gantry_deg: float | None = None
    collimator_deg: float | None = None
    sign: int | None = None
