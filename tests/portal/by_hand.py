"""A picket fence drawn without the forward model, and what pylinac makes of it by its own rule.

Closed forms of the tips' transmission, means over pixels, strips beside leaves that stand out,
and one Fourier transform for all blur. Only the machine's and the panel's data are the gateway's.
"""

import numpy as np

from gateway.domain.units import FloatArray
from tests.portal.simulated import MACHINE, MLC, PANEL

SIDE = 900
PITCH_MM = PANEL.pitch_mm * MACHINE.sad_mm / PANEL.sid_mm
EDGES_MM: FloatArray = (np.arange(SIDE + 1) - SIDE / 2) * PITCH_MM
MIDDLES_MM = 0.5 * (EDGES_MM[1:] + EDGES_MM[:-1])
LEAF_MM = 5.0
_FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def sigma_mm() -> float:
    """All Gaussian blur of a leaf's edge, at the isocentre plane.

    A source of width s throws a shadow of s (SID - d) / d on the panel, not s (SAD - d) / d: the
    panel lies beyond the isocentre.
    """
    distance = MLC.source_distance_mm
    assert distance is not None
    source = MACHINE.optics.source_fwhm_mm / _FWHM_PER_SIGMA
    shadow = source * (PANEL.sid_mm - distance) / distance
    return float(np.hypot(shadow, PANEL.blur_sigma_mm) * MACHINE.sad_mm / PANEL.sid_mm)


def drawn(low: FloatArray, high: FloatArray, jaws: tuple[float, float, float, float]) -> FloatArray:
    """Pickets (n, pairs) between both banks, one after the other: (SIDE, SIDE), y and x ascending.

    An open field is n. Jaws are sharp.
    """
    half_open = (np.sqrt(MLC.transmission) - MLC.transmission) / (1.0 - MLC.transmission)
    clear = _covered(jaws[0], jaws[1])
    sum_ = np.zeros((SIDE, SIDE))
    for lows, highs in zip(low, high, strict=True):
        gaps = np.array([_gap(*tips) for tips in zip(lows, highs, strict=True)])
        beside = np.minimum(gaps[1:], gaps[:-1])
        seams = MLC.boundaries_mm[1:-1]
        starts = np.r_[MLC.boundaries_mm[0], seams + MLC.tongue_mm]
        ends = np.r_[seams - MLC.tongue_mm, MLC.boundaries_mm[-1]]
        strips = [
            (starts, ends, gaps),
            (seams - MLC.tongue_mm, seams, beside + half_open * (gaps[:-1] - beside)),
            (seams, seams + MLC.tongue_mm, beside + half_open * (gaps[1:] - beside)),
        ]
        for begins, stops, openings in strips:
            for begin, stop, opening in zip(begins, stops, openings, strict=True):
                rows = _covered(max(begin, jaws[2]), min(stop, jaws[3]))
                through = MLC.transmission + (1.0 - MLC.transmission) * opening
                here = np.flatnonzero(rows)
                sum_[here] += rows[here, np.newaxis] * through * clear
    return _blurred(sum_)


def seen_by_pylinac(image: FloatArray, y_mm: float, picket_mm: float, spacing_mm: float) -> float:
    """Where the gap's middle is: half height of the median over the leaf's whole width (mm)."""
    first, last = (int(SIDE / 2 + (y_mm + side * 0.5 * LEAF_MM) / PITCH_MM) for side in (-1, 1))
    left, right = (
        int((SIDE - 1) / 2 + (picket_mm + side * 0.5 * spacing_mm) / PITCH_MM) for side in (-1, 1)
    )
    profile = np.median(image[first:last, left:right], axis=0)
    top = int(profile.argmax())
    beside = max(profile[:top].min(), profile[top:].min())
    level = 0.5 * (profile[top] + beside)
    before = top - int((profile[top::-1] < level).argmax())
    after = top + int((profile[top:] < level).argmax())
    low = before + (level - profile[before]) / (profile[before + 1] - profile[before])
    high = after - (level - profile[after]) / (profile[after - 1] - profile[after])
    return float((0.5 * (low + high) + left - (SIDE - 1) / 2) * PITCH_MM)


def _covered(low_mm: float, high_mm: float) -> FloatArray:
    """How much of each pixel of a line lies between two places."""
    inside = np.minimum(EDGES_MM[1:], high_mm) - np.maximum(EDGES_MM[:-1], low_mm)
    covered: FloatArray = np.maximum(inside, 0.0) / PITCH_MM
    return covered


def _gap(low_mm: float, high_mm: float) -> FloatArray:
    """The mean opening of each pixel of a line: 1 in the gap, exp(-2 sqrt(s / D)) behind a tip."""
    leaf_gap = MLC.dosimetric_leaf_gap_mm

    def behind(depth: FloatArray) -> FloatArray:
        root = 2.0 * np.sqrt(np.maximum(depth, 0.0) / leaf_gap)
        passed: FloatArray = 0.5 * leaf_gap * (1.0 - (1.0 + root) * np.exp(-root))
        return passed

    until = np.clip(EDGES_MM - low_mm, 0.0, max(high_mm - low_mm, 0.0))
    until = until + behind(EDGES_MM - high_mm) - behind(low_mm - EDGES_MM)
    opening: FloatArray = np.diff(until) / PITCH_MM
    return opening


def _blurred(image: FloatArray) -> FloatArray:
    waves = 2.0 * np.pi * np.fft.fftfreq(SIDE, PITCH_MM)
    squared = waves[:, np.newaxis] ** 2 + waves**2
    transfer = np.exp(-0.5 * squared * sigma_mm() ** 2)
    transfer *= 1.0 - sum(tail.share for tail in PANEL.scatter)
    for tail in PANEL.scatter:
        reach = tail.range_mm * MACHINE.sad_mm / PANEL.sid_mm
        transfer += tail.share / (1.0 + squared * reach**2) ** 1.5
    spread: FloatArray = np.fft.ifft2(np.fft.fft2(image) * transfer).real
    return spread
