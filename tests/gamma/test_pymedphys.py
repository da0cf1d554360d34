"""Gamma agrees with pymedphys as far as its sampling allows.

pymedphys samples the evaluated distribution, linear along each axis between its points, at
``interp_fraction`` steps a distance to agreement: its gamma is too large by what the nearest sample
misses. In a cell of noise its surface and the triangles differ, too: the bound on verdicts that
differ is for a window around the one wrong leaf, where most points near gamma 1 are.
"""

from pathlib import Path

import numpy as np
import pytest

from gateway.domain.gamma import GammaCriteria
from gateway.reconcile.gamma import gamma
from gateway.reconcile.refined import refined
from tests.gamma.fields import cut, dose_volumes, panel_images
from tests.gamma.pymedphys import pymedphys_gamma

PASS_RATE_PERCENT = 0.3
FLIPS = 0.0025
"""Seen: 0.0007 (global) and 0.0022 (local); of whole images 0.0001, which the benchmark shows."""
FLIPS_OF_WHOLE_IMAGES = 2e-4
EXCESS = 0.005
SAMPLING = 0.06
"""Samples 0.1 mm apart along each axis miss the nearest point by up to 0.09 mm, 0.03 of 3 mm; where
dose is steep they miss the dose by as much again."""


@pytest.mark.parametrize(("limit", "local"), [(3.0, False), (2.0, True)])
def test_images_have_the_verdicts_of_pymedphys(limit: float, local: bool, tmp_path: Path) -> None:
    window = (340, 460), (300, 460)
    reference, evaluated = (cut(grid, *window) for grid in panel_images())
    criteria = GammaCriteria(limit, limit, local)
    found = gamma(reference, evaluated, criteria)
    theirs, _ = pymedphys_gamma(reference, evaluated, criteria, tmp_path, interp_fraction=40)
    ours = found.grid.values
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    judged = ~np.isnan(theirs)
    passed = theirs[judged] <= 1.0
    assert abs(found.pass_rate_percent - 100.0 * passed.mean()) <= PASS_RATE_PERCENT
    assert np.mean((ours[judged] <= 1.0) != passed) <= FLIPS


@pytest.mark.soak
@pytest.mark.parametrize("limit", [3.0, 2.0])
def test_whole_images_differ_in_few_verdicts(limit: float, tmp_path: Path) -> None:
    reference, evaluated = panel_images()
    criteria = GammaCriteria(limit, limit)
    found = gamma(reference, evaluated, criteria)
    theirs, _ = pymedphys_gamma(reference, evaluated, criteria, tmp_path, interp_fraction=40)
    judged = ~np.isnan(theirs)
    passed = theirs[judged] <= 1.0
    assert abs(found.pass_rate_percent - 100.0 * passed.mean()) <= PASS_RATE_PERCENT
    assert np.mean((found.grid.values[judged] <= 1.0) != passed) <= FLIPS_OF_WHOLE_IMAGES


def test_volumes_are_never_above_pymedphys(tmp_path: Path) -> None:
    """On its own surface, which four cells for one come near enough to."""
    reference, evaluated = dose_volumes((20, 30, 30))
    top = float(reference.values.max())
    criteria = GammaCriteria(3.0, 3.0, normalisation=top)
    part = cut(reference, (7, 11), (10, 18), (10, 18))
    ours = gamma(part, refined(evaluated, 4), criteria).grid.values
    options = {"interp_fraction": 30, "global_normalisation": top}
    theirs, _ = pymedphys_gamma(part, evaluated, criteria, tmp_path, **options)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    excess = (ours - theirs)[~np.isnan(theirs)]
    assert excess.max() <= EXCESS
    assert excess.min() >= -SAMPLING
