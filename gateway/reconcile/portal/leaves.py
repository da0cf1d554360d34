"""The tips of every leaf pair that is seen open, calibrated by the forward model."""

from collections.abc import Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.measured_image import MeasuredLeaves
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.field import WINDOW_MM, field_of, outline
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.gaps import Gaps, SeenGaps, gaps_of, half_height
from gateway.reconcile.portal.leaf_sides import rough_gaps
from gateway.reconcile.portal.model import ModelView, only_mlc, positions_row, travel_of
from gateway.reconcile.portal.narrow import fitted_gaps
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.survey import survey

NARROW_MM = 6.0
"""Gaps below this are fitted by the model: half of a narrow peak's height is not at its edges."""
AT_JAW_MM = 1.0
"""An edge this close to where a jaw is said to stand is the jaw's."""
MODEL_MM = 0.03
"""What the forward model may leave in a calibrated tip, beside noise (see docs)."""
_ROUNDS = 2


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
    field = field_of(found := outline(looked, mlc.boundaries_mm))
    angle = field.collimator_deg.value
    view = found.view.turned(angle)
    jaws = {axis: edge.value for axis, edge in field.edges_mm.items() if axis in _across(view)}
    jaws |= dict(jaws_mm or {})
    gaps = _open_gaps(rough_gaps(looked, mlc.boundaries_mm), mlc.boundaries_mm, jaws, view)
    rough = gaps_of(mlc, *gaps, np.full(gaps[0].size, WINDOW_MM))
    seen = half_height(view, rough)
    good = np.isfinite(seen.low) & np.isfinite(seen.high) & seen.even
    if not good.any():
        raise Unmeasurable("no leaf pair is seen open")
    edges = rough.chosen(good).at(seen.low[good], seen.high[good])
    model = _Model(ModelView(image, machine, panel), machine, angle, jaws)
    tips = model.calibrated(view, edges)
    noise = np.sqrt(seen.spread[good] ** 2 / rough.across.shape[1])
    turn = np.radians(field.collimator_deg.u) * edges.across.mean(axis=1)
    u = np.sqrt(np.maximum(noise, np.median(noise)) ** 2 + MODEL_MM**2 + turn**2)
    low_jaw, high_jaw = (jaws.get(axis, np.nan) for axis in _along(view))
    low_u = np.where(np.abs(edges.low - low_jaw) < AT_JAW_MM, np.nan, u)
    high_u = np.where(np.abs(edges.high - high_jaw) < AT_JAW_MM, np.nan, u)
    return MeasuredLeaves(
        device=mlc.type,
        collimator_deg=field.collimator_deg,
        pairs=(edges.pair + 1).astype(np.int32),
        low_mm=np.where(np.isnan(low_u), np.nan, tips.low),
        high_mm=np.where(np.isnan(high_u), np.nan, tips.high),
        low_u=low_u,
        high_u=high_u,
        offset_mm=float(0.5 * np.mean(edges.width - tips.width)),
    )


class _Model:
    """The forward model of one aperture, its leaves at measured places."""

    def __init__(
        self, model: ModelView, machine: MachineModel, angle_deg: float, jaws: Mapping[Axis, float]
    ) -> None:
        self._model = model
        self._machine = machine
        self._angle_deg = angle_deg
        self._jaws = jaws
        self._pairs = only_mlc(machine).pairs

    def view(self, gaps: Gaps) -> BeamView:
        low, high = np.full((2, self._pairs), np.nan)
        low[gaps.pair], high[gaps.pair] = gaps.low, gaps.high
        row = positions_row(self._machine, self._angle_deg, self._jaws, low, high)
        return self._model.view(row[np.newaxis], np.ones(1), self._angle_deg)

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
    return (Axis.Y1, Axis.Y2) if view.travel == "X" else (Axis.X1, Axis.X2)


def _along(view: BeamView) -> tuple[Axis, Axis]:
    return (Axis.X1, Axis.X2) if view.travel == "X" else (Axis.Y1, Axis.Y2)


def _open_gaps(
    gaps: FloatArray, boundaries: FloatArray, jaws: Mapping[Axis, float], view: BeamView
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pairs (from 0) that are open and not under a jaw, and about where."""
    start, end = (jaws.get(axis, np.nan) for axis in _across(view))
    quarter = 0.25 * np.diff(boundaries)
    hidden = (boundaries[:-1] + quarter < start) | (boundaries[1:] - quarter > end)
    pairs = np.flatnonzero(~np.isnan(gaps).any(axis=1) & ~hidden)
    if not pairs.size:
        raise Unmeasurable("no leaf pair is seen open")
    return pairs.astype(np.float64), gaps[pairs, 0], gaps[pairs, 1]
