"""How much of one leaf's error pylinac sees, against closed forms, and the images themselves."""

from pathlib import Path

import numpy as np
import pytest

from gateway.domain.units import FloatArray
from tests import oracles
from tests.portal.by_hand import MIDDLES_MM, SIDE, drawn, seen_by_pylinac
from tests.portal.simulated import MIDDLES, MLC, exposed, file_of, row

CENTRES = np.linspace(-67.5, 67.5, 10)
SPACING_MM = 15.0
GAP_MM = 3.3
JAWS = (-80.0, 80.0, -95.0, 95.0)
SIZES_MM = (0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.8, 2.0, 1.0)
LEAVES = tuple(range(14, 42, 3))
MU = 40.0
SEEN_MM = 0.01
SCALE = 0.01
"""The field is larger than the one that gives 1 CU for a MU."""
FLAW = 0.012
"""Of a picket's height: 0.6 % of a tip, 0.3 % of the source (how they are drawn), and noise."""


def fence(opens: float) -> tuple[FloatArray, FloatArray]:
    """Both banks (pickets, pairs), mm; one leaf a picket off: 1 widens its gap, -1 narrows it."""
    low = np.tile(CENTRES[:, np.newaxis] - 0.5 * GAP_MM, (1, MLC.pairs))
    high = low + GAP_MM
    for picket, (leaf, size) in enumerate(zip(LEAVES, SIZES_MM, strict=True)):
        bank, sign = (high, opens) if picket % 2 else (low, -opens)
        bank[picket, leaf - 1] += sign * size
    return low, high


def rows_of(low: FloatArray, high: FloatArray) -> FloatArray:
    return np.array([row(JAWS, *banks) for banks in zip(low, high, strict=True)])


@pytest.mark.parametrize("opens", [1.0, -1.0])
def test_a_picket_fence_looks_as_closed_forms_draw_it(opens: float) -> None:
    low, high = fence(opens)
    frame = exposed(rows_of(low, high), MU, seed=1)
    whole = (frame.pixels * frame.cu_per_count)[::-1]
    cut = (whole.shape[0] - SIDE) // 2
    ours, theirs = whole[cut:-cut, cut:-cut], drawn(low, high, JAWS)
    inner = np.ix_(np.abs(MIDDLES_MM) < 85.0, np.abs(MIDDLES_MM) < 73.0)
    ours, theirs = ours[inner], theirs[inner]
    scale = (ours * theirs).sum() / (theirs**2).sum()
    assert scale == pytest.approx(MU, rel=SCALE)
    apart = np.abs(ours - scale * theirs) / ours.max()
    assert apart.max() < FLAW


@pytest.mark.peer
@pytest.mark.parametrize("opens", [1.0, -1.0])
def test_pylinac_sees_the_share_that_the_median_over_a_leafs_width_leaves(
    tmp_path: Path, opens: float
) -> None:
    """Errors of 0.3 to 2 mm, either bank and way.

    What is missing is taken by three things: the neighbours that the median brings in, the tongues
    beside a leaf that stands out, and the line through the picket, which follows its one leaf.
    """
    low, high = fence(opens)
    path = file_of(tmp_path / "pf.dcm", exposed(rows_of(low, high), 10.0, seed=1))
    gaps = oracles.ask("picket_fence", path=path)["gaps"]
    theirs = {(gap["leaf"], gap["picket"]): gap["error_mm"][0] for gap in gaps}
    leaves = sorted({leaf for leaf, _ in theirs})
    places = MIDDLES[np.array(leaves) - 1]
    image = drawn(low, high, JAWS)
    for picket, centre in enumerate(CENTRES):
        seen = [seen_by_pylinac(image, y, centre, SPACING_MM) for y in places]
        expected = seen - np.polyval(np.polyfit(places, seen, 1), places)
        found = [theirs[leaf, picket] for leaf in leaves]
        assert found == pytest.approx(expected, abs=SEEN_MM)
