"""Gamma of two files: RT Images, or RT Doses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

from gateway.app.tolerances import gamma_tolerance_named
from gateway.dicom.rt_dose_reader import read_rt_dose
from gateway.dicom.rt_image_reader import portal_images
from gateway.dicom.sop_class_of import sop_class_of
from gateway.dicom.sop_classes import RT_DOSE, RT_IMAGE
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.gamma import GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.reconciliation import GammaTolerance
from gateway.reconcile.gamma import gamma
from gateway.reconcile.refined import refined
from gateway.settings import Settings

REFINED_POINTS = 100_000_000
"""Of doubles 0.8 GB."""


class GammaVerdict(StrEnum):
    """Against the tolerance and the action limit of TG-218."""

    WITHIN = "within tolerance"
    BELOW_TOLERANCE = "below the tolerance limit"
    BELOW_ACTION = "below the action limit"


@dataclass(frozen=True, slots=True)
class GammaComparison:
    """Two files compared. ``notes`` are what a person should know before believing it."""

    map: GammaMap
    tolerance: GammaTolerance
    unit: str
    notes: tuple[str, ...]

    @property
    def verdict(self) -> GammaVerdict:
        """By the pass rate."""
        rate = self.map.pass_rate_percent
        if rate >= self.tolerance.tolerance_percent:
            return GammaVerdict.WITHIN
        if rate >= self.tolerance.action_percent:
            return GammaVerdict.BELOW_TOLERANCE
        return GammaVerdict.BELOW_ACTION


@dataclass(frozen=True, slots=True)
class _Distribution:
    grid: RegularGrid
    unit: str
    traits: Mapping[str, str]
    notes: tuple[str, ...] = ()


def compare_files(
    reference: Path,
    evaluated: Path,
    settings: Settings,
    tolerances: str,
    changed: Mapping[str, float],
    local: bool = False,
    assumptions: Sequence[ImageAssumptions] = (),
    refine: int = 1,
) -> GammaComparison:
    """Gamma of two RT Image files in the isocentre plane, or of two RT Dose files.

    Criteria and limits are those of the ``tolerances`` of that name, with ``changed`` fields of
    GammaCriteria; ``local`` where either says so. The cells of the evaluated distribution are cut
    ``refine`` times along each axis first. Raises ConfigError, and InputError for files that cannot
    be compared.
    """
    limits = gamma_tolerance_named(tolerances, settings)
    try:
        wanted = limits.criteria.local or local
        criteria = replace(limits.criteria, local=wanted, **changed)
    except ValueError as problem:
        raise ConfigError(f"gamma: {problem}") from problem
    first, second = (_read(path, assumptions) for path in (reference, evaluated))
    files = f"{reference} and {evaluated}"
    if first.grid.values.ndim != second.grid.values.ndim:
        raise InputError(f"{files}: an image and a dose cannot be compared")
    if first.unit != second.unit:
        raise InputError(f"{files}: one is in {first.unit!r}, the other in {second.unit!r}")
    try:
        found = gamma(first.grid, _refined(second.grid, refine), criteria)
    except ValueError as problem:
        raise ConfigError(f"{files}: {problem}") from problem
    if not found.counted:
        raise InputError(f"{files}: no point of the reference has a dose above 0 to be judged")
    notes = [*first.notes, *second.notes]
    notes += [
        f"{trait} differs: {value!r} and {second.traits[trait]!r}"
        for trait, value in first.traits.items()
        if value != second.traits[trait]
    ]
    if refine > 1:
        notes.append(f"cells of the evaluated distribution were cut {refine} times along each axis")
    if found.beyond_border:
        notes.append(
            f"{found.beyond_border} points searched past the border of the evaluated distribution"
        )
    return GammaComparison(found, replace(limits, criteria=criteria), first.unit, tuple(notes))


def _refined(grid: RegularGrid, times: int) -> RegularGrid:
    points = math.prod((count - 1) * times + 1 for count in grid.values.shape)
    if times > 1 and points > REFINED_POINTS:
        raise ValueError(
            f"refined {times} times the evaluated distribution has {points:,} points, "
            f"at most {REFINED_POINTS:,}: refine less"
        )
    return refined(grid, times)


def _read(path: Path, assumptions: Sequence[ImageAssumptions]) -> _Distribution:
    sop_class = sop_class_of(path)
    if sop_class == RT_DOSE:
        dose = read_rt_dose(path)
        traits = {"Dose Type": dose.kind, "Frame of Reference UID": dose.frame_of_reference_uid}
        return _Distribution(dose.grid, dose.unit, traits)
    if sop_class == RT_IMAGE:
        return _image(path, assumptions)
    raise InputError(f"{path}: is neither an RT Image nor an RT Dose (SOP Class {sop_class!r})")


def _image(path: Path, assumptions: Sequence[ImageAssumptions]) -> _Distribution:
    frames = list(islice(portal_images(path, assumptions), 2))
    if len(frames) > 1:
        raise InputError(f"{path}: has several frames; gamma compares images of one")
    image = frames[0]
    notes = tuple(f"{path}: {keyword} from {source}" for keyword, source in image.geometry.assumed)
    try:
        return _Distribution(image.at_isocentre(), image.unit, {}, notes)
    except ValueError as problem:
        raise InputError(f"{path}: {problem}") from problem
