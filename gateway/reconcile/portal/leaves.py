"""The tips of every leaf pair that is seen open, calibrated by the forward model."""

from collections.abc import Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, MlcModel, PanelModel
from gateway.domain.measured_image import Measured, MeasuredLeaves
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.field import STRAIGHT_MM, WINDOW_MM, Outline, field_of, outline
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.gaps import Gaps, SeenGaps, gaps_of, half_height
from gateway.reconcile.portal.leaf_sides import rough_gaps
from gateway.reconcile.portal.model import ModelView, only_mlc, positions_row, travel_of
from gateway.reconcile.portal.narrow import fitted_gaps
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.survey import survey

NARROW_MM = 6.0
"""Gaps below this are fitted by the model: half of a narrow peak's height is not at its edges."""
MOST = 0.5
AT_JAW_MM = 1.0
"""An edge this close to where a jaw is said to stand is the jaw's."""
MODEL_MM = 0.03
"""What the forward model may leave in a calibrated tip, beside noise (see docs)."""
_ROUNDS = 2
_AXES = {"X": (Axis.X1, Axis.X2), "Y": (Axis.Y1, Axis.Y2)}


def measure_leaves(
    image: PortalImage,
    machine: MachineModel,
    panel: PanelModel,
    jaws_mm: Mapping[Axis, float] | None = None,
) -> MeasuredLeaves:
    """The leaf tips of the one field in ``image``.

    Edges along the leaves' travel are taken for tips but where ``jaws_mm`` says that a jaw stands.
    ``panel`` gives the blur; its geometry is the image's own. Raises Unmeasurable where no pair
    is seen open.
    """
    mlc = only_mlc(machine)
    looked = survey(BeamView.of(image, travel_of(machine)), image.collimator_deg)
    found = outline(looked, mlc.boundaries_mm)
    field = field_of(found)
    angle = field.collimator_deg
    jaws = _jaws_across(found) | dict(jaws_mm or {})
    rough = _open_gaps(mlc, rough_gaps(looked, mlc.boundaries_mm), jaws, found.view)
    shown = ModelView(image, machine, panel)
    view = found.view.turned(angle.value)
    model = _Model(shown, machine, angle.value, jaws)
    edges, noise = _edges(view, rough)
    tips = model.calibrated(view, edges)
    off_deg = model.angle_off_deg(tips) if found.angle is not None else 0.0
    if off_deg:
        angle = Measured((angle.value - off_deg) % 360.0, angle.u)
        view = view.turned(angle.value)
        edges, noise = _edges(view, rough)
        tips = _Model(shown, machine, angle.value, jaws).calibrated(view, edges)
    ends = tuple(jaws.get(axis, np.nan) for axis in _along(view))
    return _measured(mlc, angle, edges, tips, noise, ends)


def _measured(
    mlc: MlcModel,
    angle: Measured,
    edges: Gaps,
    tips: Gaps,
    noise: FloatArray,
    jaws_mm: tuple[float, ...],
) -> MeasuredLeaves:
    """Tips with their uncertainties; no tip where an edge is at one of the jaws ``jaws_mm``."""
    turn = np.radians(angle.u) * edges.across.mean(axis=1)
    u = np.sqrt(np.maximum(noise, np.median(noise)) ** 2 + MODEL_MM**2 + turn**2)
    low_u = np.where(np.abs(edges.low - jaws_mm[0]) < AT_JAW_MM, np.nan, u)
    high_u = np.where(np.abs(edges.high - jaws_mm[1]) < AT_JAW_MM, np.nan, u)
    return MeasuredLeaves(
        device=mlc.type,
        collimator_deg=angle,
        pairs=(edges.pair + 1).astype(np.int32),
        low_mm=np.where(np.isnan(low_u), np.nan, tips.low),
        high_mm=np.where(np.isnan(high_u), np.nan, tips.high),
        low_u=low_u,
        high_u=high_u,
        offset_mm=float(0.5 * np.mean(edges.width - tips.width)),
    )


def _edges(view: BeamView, rough: Gaps) -> tuple[Gaps, FloatArray]:
    """The half-height edges of the pairs that show both, and their noise (mm)."""
    seen = half_height(view, rough)
    good = np.isfinite(seen.low) & np.isfinite(seen.high) & seen.even
    if not good.any():
        raise Unmeasurable("no leaf pair is seen open")
    noise = seen.spread[good] / np.sqrt(rough.across.shape[1])
    return rough.chosen(good).at(seen.low[good], seen.high[good]), noise


class _Model:
    """The forward model of one aperture, its leaves at measured places.

    Of a pair that a jaw hides but for a strip nothing is seen: it stands as its neighbour does.
    """

    def __init__(
        self, model: ModelView, machine: MachineModel, angle_deg: float, jaws: Mapping[Axis, float]
    ) -> None:
        self._model = model
        self._machine = machine
        self._angle_deg = angle_deg
        self._jaws = jaws
        self._mlc = only_mlc(machine)
        self._hidden = _partly_hidden(self._mlc, jaws, travel_of(machine))

    def view(self, gaps: Gaps) -> BeamView:
        low, high = np.full((2, self._mlc.pairs), np.nan)
        low[gaps.pair], high[gaps.pair] = gaps.low, gaps.high
        for beyond, end in ((self._hidden < gaps.pair[0], 0), (self._hidden > gaps.pair[-1], -1)):
            low[self._hidden[beyond]] = gaps.low[end]
            high[self._hidden[beyond]] = gaps.high[end]
        row = positions_row(self._machine, self._angle_deg, self._jaws, low, high)
        return self._model.view(row[np.newaxis], np.ones(1), self._angle_deg)

    def angle_off_deg(self, tips: Gaps) -> float:
        """How far off the model's collimator angle is seen, where the model's stands exactly."""
        looked = survey(self.view(tips).turned(0.0), self._angle_deg)
        found = outline(looked, self._mlc.boundaries_mm)
        if found.angle is None:
            return 0.0
        off = field_of(found).collimator_deg.value - self._angle_deg
        return (off + 180.0) % 360.0 - 180.0

    def calibrated(self, view: BeamView, edges: Gaps) -> Gaps:
        """Where tips stand whose model shows its edges where the image has them."""
        tips = edges
        for _ in range(_ROUNDS):
            shown: SeenGaps = half_height(self.view(tips), edges)
            low = tips.low + np.nan_to_num(edges.low - shown.low)
            high = tips.high + np.nan_to_num(edges.high - shown.high)
            tips = tips.at(low, np.maximum(high, low))
        narrow = tips.width < NARROW_MM
        if narrow.any():
            tips = fitted_gaps(view, self.view, tips, narrow)
        return tips


def _across(view: BeamView) -> tuple[Axis, Axis]:
    return _AXES["Y" if view.travel == "X" else "X"]


def _along(view: BeamView) -> tuple[Axis, Axis]:
    return _AXES[view.travel]


def _jaws_across(found: Outline) -> dict[Axis, float]:
    """Where jaws across the travel stand: a side half of which, at least, is at one place.

    The rest of such a side are pairs that do not reach the jaw.
    """
    jaws = {}
    for axis in _across(found.view):
        if axis in found.sides:
            _, edge = found.sides[axis]
            place = edge.place[edge.found]
            middle = float(np.median(place))
            if (np.abs(place - middle) < STRAIGHT_MM).mean() >= MOST:
                jaws[axis] = middle
    return jaws


def _partly_hidden(
    mlc: MlcModel, jaws: Mapping[Axis, float], travel: str
) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """The pairs (from 0) that a jaw across the travel cuts."""
    axes = _AXES["Y" if travel == "X" else "X"]
    cut = np.zeros(mlc.pairs, np.bool_)
    for axis in axes:
        if axis in jaws:
            cut |= (mlc.boundaries_mm[:-1] < jaws[axis]) & (mlc.boundaries_mm[1:] > jaws[axis])
    return np.flatnonzero(cut)


def _open_gaps(mlc: MlcModel, gaps: FloatArray, jaws: Mapping[Axis, float], view: BeamView) -> Gaps:
    """Pairs that are open and not under a jaw, about where they are."""
    start, end = (jaws.get(axis, np.nan) for axis in _across(view))
    quarter = 0.25 * np.diff(mlc.boundaries_mm)
    hidden = mlc.boundaries_mm[:-1] + quarter < start
    hidden |= mlc.boundaries_mm[1:] - quarter > end
    pairs = np.flatnonzero(~np.isnan(gaps).any(axis=1) & ~hidden)
    if not pairs.size:
        raise Unmeasurable("no leaf pair is seen open")
    whole = np.full(pairs.size, WINDOW_MM)
    return gaps_of(mlc, pairs.astype(np.float64), gaps[pairs, 0], gaps[pairs, 1], whole)
