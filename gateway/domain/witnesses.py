"""Three witnesses of one beam side by side: the plan, the machine's log and the portal image."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.cause import Cause
from gateway.domain.gamma import GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.portal_image import PortalImage


class Diagnosis(StrEnum):
    """What three differences say of one axis; each counts as far as its uncertainty allows.

    ``unseen``: log and plan differ, and the image cannot tell who is right. ``unexplained`` is of
    the whole image: something shows that is none of what is looked for.
    """

    CORRECT = "correct"
    NOT_FOLLOWED = "not-followed"
    LOG_BLIND = "log-blind"
    WRONG_LOG = "wrong-log"
    BOTH = "both"
    PANEL_SHIFT = "panel-shift"
    OUTPUT_CHANGE = "output-change"
    DROPPED_FRAME = "dropped-frame"
    UNSEEN = "unseen"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference with its standard uncertainty; infinite where it cannot be told."""

    value: float
    uncertainty: float

    def exceeds(self, threshold: float) -> bool:
        """Whether it is more than ``threshold`` uncertainties from 0."""
        return abs(self.value) > threshold * self.uncertainty


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """One axis, leaf, or property of the image; the means over the meterset delivered.

    ``axis`` is an axis' name, an MLC's, ``panel_x`` or ``panel_y`` (where the panel stands, mm on
    the panel), or ``meterset`` (dose, as a fraction). Logged minus planned, image minus planned
    and image minus logged, all in ``unit``.
    """

    axis: str
    bank: str | None
    leaf: int | None
    unit: str
    logged_minus_planned: Difference
    image_minus_planned: Difference
    image_minus_logged: Difference
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class ImageComparison:
    """The measured image against the one predicted from what ``predicted_from`` names.

    ``residual`` is measured minus predicted in standard deviations of the noise, in the isocentre
    plane (axes y, x; mm). ``rms_sigma`` is its root mean square, about 1 for a correct beam.
    ``amplitude`` is measured over predicted minus 1, ``panel_mm`` how far the panel (x, y; mm on
    the panel) stands aside of where it was believed. Both are taken off before leaves are judged.
    ``gamma`` has the measured image as reference; None where a site sets no criteria.
    """

    residual: RegularGrid
    predicted_from: str
    rms_sigma: float
    amplitude: Difference
    panel_mm: tuple[Difference, Difference]
    passed: bool
    gamma: GammaMap | None = None


@dataclass(frozen=True, slots=True)
class WitnessCause:
    """A cause that the image shows, with what it is compared with for its consequence.

    ``quantity`` is its key in the tolerances; ``uncertainty`` in the cause's unit.
    """

    cause: Cause
    diagnosis: Diagnosis
    quantity: str
    uncertainty: float


@dataclass(frozen=True, slots=True)
class WitnessMatrix:
    """Every axis as three witnesses have it.

    A difference counts when it is more than ``threshold`` of its uncertainties; with ``tests`` of
    them the probability that any counts in a beam without fault is ``family_error``. ``causes``
    are what the image shows and the log does not, the largest in uncertainties first.
    """

    beam_number: int
    log_source: str
    rows: tuple[WitnessRow, ...]
    causes: tuple[WitnessCause, ...]
    threshold: float
    tests: int
    family_error: float
    image: ImageComparison

    def row(self, axis: str, bank: str | None = None, leaf: int | None = None) -> WitnessRow:
        """One row. Raises KeyError when there is none."""
        for row in self.rows:
            if (row.axis, row.bank, row.leaf) == (axis, bank, leaf):
                return row
        raise KeyError(f"{axis} {bank} {leaf}")


@dataclass(frozen=True, slots=True)
class MissingSpan:
    """A part of the beam's meterset that is in no frame; ``frame`` counts from 1."""

    frame: int
    start_mu: float
    end_mu: float


@dataclass(frozen=True, slots=True)
class ImageWitness:
    """The image of one beam: an integral, or the sum of a cine run's frames.

    ``image`` is in CU. ``start_mu`` and ``end_mu`` are the cumulative meterset between which it
    was taken, ``missing`` what lies between and is in no frame. ``frames`` and ``readouts`` are
    how many are summed, ``cu_per_count`` the step in which a frame's pixels were stored.
    ``machine`` and ``panel`` are what the image is predicted with, ``mode`` the beam's.
    """

    image: PortalImage
    machine: MachineModel
    panel: PanelModel
    mode: str
    start_mu: float
    end_mu: float
    readouts: int
    cu_per_count: float
    frames: int = 1
    saturated: int = 0
    missing: Sequence[MissingSpan] = ()
