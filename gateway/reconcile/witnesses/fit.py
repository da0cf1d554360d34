"""One linear estimate of everything that an image may show, about a prediction of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.portal_image import ImageGeometry
from gateway.domain.units import BoolArray, FloatArray
from gateway.domain.witnesses import ImageWitness
from gateway.kernels.image import Float32Array
from gateway.reconcile.witnesses.cells import Cells, Region, isocentre_places
from gateway.reconcile.witnesses.edges import Edges, Strips
from gateway.reconcile.witnesses.exposures import Exposures
from gateway.reconcile.witnesses.kinks import kinks
from gateway.reconcile.witnesses.noise import cell_variance
from gateway.reconcile.witnesses.normal import Normal, normal_equations
from gateway.reconcile.witnesses.parameters import Parameters, candidates
from gateway.reconcile.witnesses.prediction import Predictor, gradients, panel_answer, shifted
from gateway.reconcile.witnesses.response import edge_responses
from gateway.reconcile.witnesses.selection import BASE, Selected, observable, select
from gateway.reconcile.witnesses.sensitivity import Sensitivity
from gateway.reconcile.witnesses.thresholds import family_threshold

_MARGIN_MM = 10.0
_TURN_DEG = 0.5
"""A collimator that turns farther while the beam is on smears the leaves: none is judged."""
MANY = 60
_COARSE_MM = 4.0
PANEL_PLACES = (1, 2)
_MOSTLY = 0.3
"""A panel that stands aside leaves less than this part of the difference; one bank leaves half."""
_FARTHEST_MM = 30.0
_ASKED_MM = 0.3
_POOR = 20.0
"""Chi-square for each cell, from which on more is looked for."""
_MORE = 9.0
"""The same with everything off by what is not certain of it, from which on something is not
explained: three times noise."""


@dataclass(frozen=True, slots=True)
class Look:
    """One linear estimate: what is ``found`` of every parameter, and how far that ``moved``.

    ``chi2`` is what is left of so many ``cells``; ``chi2_near`` what is left when everything may
    be off what was found by what is not certain of it.
    """

    selected: Selected
    found: FloatArray
    moved: float
    seen: BoolArray
    threshold: float
    chi2: float
    chi2_near: float
    cells: int

    @property
    def shows_more(self) -> bool:
        """Whether more is left than noise and uncertain places make."""
        return self.chi2_near > _MORE * self.cells

    @property
    def is_poor(self) -> bool:
        """Whether much more is left than noise."""
        return self.chi2 > _POOR * self.cells

    @property
    def judged(self) -> int:
        """How many candidates there are, dose among them."""
        return int(self.seen.sum()) + len(BASE)


class Fit:
    """Everything of an image and a trajectory that does not change from round to round."""

    def __init__(self, witness: ImageWitness, exposures: Exposures) -> None:
        machine = witness.machine
        self.parameters = Parameters(machine.layout)
        self._witness = witness
        self._exposures = exposures
        self._strips = Strips(machine)
        edges = self._strips.edges(exposures.positions)
        aside_mm = self._strips.aside_mm(witness.panel.sid_mm)
        near = kinks(edges, exposures.meterset_mu, self._strips.jaws[1], aside_mm)
        self._kinks = {name: kink for name, kink in near.items() if name in self.parameters.jaws}
        self.candidates = candidates(self.parameters, tuple(machine.mlcs), self._kinks)
        self._responses = edge_responses(machine, witness.panel, witness.mode, self._strips.travel)
        along = all(name in self.parameters.jaws for name in self._strips.jaws[0])
        self._jaws_move = along and not machine.fixed_jaws
        self._predictor = Predictor(machine, witness.panel, witness.mode)
        span_mu = (witness.start_mu, witness.end_mu)
        self._answer = panel_answer(witness.panel, witness.readouts, span_mu)
        turn = exposures.positions[:, machine.layout.scalars.index(Axis.COLLIMATOR)]
        self._turns = bool(turn.size and np.ptp(turn) > _TURN_DEG)
        self.shown = self._shown(edges)
        share = exposures.meterset_mu / max(exposures.total_mu, 1e-12)
        self._collimator_deg = float(turn @ share)

    def predicted(self, values: FloatArray) -> Float32Array:
        """The image with ``values`` in it, dose excepted."""
        offsets = self.parameters.offsets(values)
        image = self._predictor.image(self._exposures, offsets)
        image *= np.float32(self._answer)
        return self.aside(image, values)

    def aside(self, image: Float32Array, values: FloatArray) -> Float32Array:
        """``image`` as seen from where ``values`` have the panel."""
        pitch = self._witness.image.geometry.pitch_mm
        return shifted(image, values[1] / pitch[1], -values[2] / pitch[0])

    @property
    def opposite_jaws(self) -> list[tuple[int, int]]:
        """Each jaw's place with that of the one opposite."""
        places = self.parameters.jaws
        pairs = [(places.get(one), places.get(other)) for one, other in self._strips.jaws]
        both = [(one, other) for one, other in pairs if one is not None and other is not None]
        return [*both, *((other, one) for one, other in both)]

    def look(self, image: Float32Array, values: FloatArray, most: int = MANY) -> Look:
        """The estimate about the prediction ``image``, which has ``values`` in it."""
        normal = self.normal(image, values)
        seen = observable(normal, self.candidates, self.shown)
        threshold = family_threshold(3 * (int(seen.sum()) + len(BASE)))
        selected = select(normal, self.candidates, self.shown, threshold, most)
        found = selected.parameters(self.candidates)
        moved = float(np.abs(found - values)[1:].max())
        columns = selected.columns(self.candidates)
        chi2 = normal.chi2_at(columns)
        chi2_near = normal.chi2_near(columns, self.candidates.slack)
        found = found.clip(-_FARTHEST_MM, _FARTHEST_MM)
        return Look(selected, found, moved, seen, threshold, chi2, chi2_near, normal.cells)

    def from_far(self, image: Float32Array, threshold: float) -> FloatArray:
        """Where to begin when the image is far from ``image``: the one thing that explains most.

        Looked at coarsely, and with the panel where it explains most by itself.
        """
        values = self._panel_first(image)
        return self.coarse(self.aside(image, values), values, threshold, 1)

    def coarse(
        self, image: Float32Array, values: FloatArray, threshold: float, most: int
    ) -> FloatArray:
        """At most so many causes, by means over what edges may have moved by."""
        coarse = self.normal(image, values, _COARSE_MM)
        selected = select(coarse, self.candidates, self.shown, threshold, most)
        return selected.parameters(self.candidates).clip(-_FARTHEST_MM, _FARTHEST_MM)

    def _panel_first(self, image: Float32Array) -> FloatArray:
        """Dose and the panel's place by themselves, from far; 0 where they explain too little."""
        values = np.zeros(self.parameters.count)
        before = self.normal(image, values)
        base = [*BASE, *PANEL_PLACES]
        for coarse_mm in (_COARSE_MM, 0.0, 0.0):
            normal = self.normal(self.aside(image, values), values, coarse_mm)
            matrix = normal.matrix[np.ix_(base, base)] + 1e-9 * np.eye(len(base))
            values[base] = np.linalg.solve(matrix, normal.vector[base])
            values = values.clip(-_FARTHEST_MM, _FARTHEST_MM)
        after = self.normal(self.aside(image, values), values)
        explained = after.chi2_at(self.candidates.columns(values)) < _MOSTLY * before.chi2
        return values if explained else np.zeros_like(values)

    def _shown(self, edges: Edges) -> BoolArray:
        """Which candidates the jaws do not hide."""
        shown = np.ones(len(self.candidates.items), dtype=np.bool_)
        for (device, _), place in self.parameters.banks.items():
            shown[place] = self._strips.shown(edges, device)
        return shown

    def normal(self, predicted: Float32Array, values: FloatArray, coarse_mm: float = 0.0) -> Normal:
        """The normal equations about ``predicted``, with parameters counted from 0.

        Means over ``coarse_mm`` see where edges are that have moved by about as much.
        """
        witness = self._witness
        positions = self._exposures.positions + self.parameters.offsets(values)
        exposures = Exposures(positions, self._exposures.meterset_mu)
        edges = self._strips.edges(positions)
        geometry = self._geometry(values)
        cells = self._cells(edges, geometry, float(values[3]))
        cu, seen = cells.mean(predicted), cells.mean(witness.image.pixels)
        sensitivity = Sensitivity(edges, self._seen(exposures), self._responses, cells)
        images = self._images(predicted, geometry, cells, cu)
        normal = normal_equations(
            self.parameters,
            len(self.candidates.combinations),
            cells,
            sensitivity,
            [*enumerate(images), *self._jaws_across(edges, sensitivity, cells, values)],
            self._strips.jaws[0],
            seen - cu,
            cell_variance(witness, self._level(cu, seen, coarse_mm), cells.counts),
            cells.within(coarse_mm),
        )
        geometric = values.copy()
        geometric[0] = 0.0
        return normal.about(self.candidates.columns(geometric))

    def _jaws_across(
        self, edges: Edges, sensitivity: Sensitivity, cells: Cells, values: FloatArray
    ) -> Iterator[tuple[int, FloatArray]]:
        """What changes with each jaw across the travel, before and beyond its kink; by column.

        Where a jaw near a kink is known to be off, the forward model itself is asked.
        """
        extra = self.parameters.count
        for side, name in enumerate(self._strips.jaws[1]):
            if name not in self.parameters.jaws:
                continue
            place, kink = self.parameters.jaws[name], self._kinks.get(name)
            if kink is None:
                yield place, sensitivity.across(side)
                continue
            at, value = edges.across[:, side], float(values[place])
            before = sensitivity.across_at(side, *kink.before(at))
            past = sensitivity.across_at(side, *kink.past(at))
            if value != 0.0 and kink.parted(value)[1] == 0.0:
                before = self._asked(place, cells, values)
            elif value != 0.0:
                past = self._asked(place, cells, values)
            yield place, before
            yield extra, past
            extra += 1

    def _asked(self, place: int, cells: Cells, values: FloatArray) -> FloatArray:
        """The change of the cells with one parameter, by the forward model."""
        moved = np.zeros_like(values)
        moved[place] = _ASKED_MM
        change = self.predicted(values + moved) - self.predicted(values - moved)
        return cells.mean(change) / (2.0 * _ASKED_MM)

    def _level(self, predicted: FloatArray, seen: FloatArray, coarse_mm: float) -> FloatArray:
        """The signal that the model's error is a part of; looked at coarsely the same everywhere.

        Where an edge has gone from, or to, little is left to weigh it by.
        """
        level = np.maximum(predicted, seen)
        return np.full_like(level, level.max(initial=0.0)) if coarse_mm else level

    def _seen(self, exposures: Exposures) -> Exposures:
        """What leaves and jaws can be judged by: nothing where the collimator turns."""
        if not self._turns:
            return exposures
        return Exposures(exposures.positions, np.zeros_like(exposures.meterset_mu))

    def _geometry(self, values: FloatArray) -> ImageGeometry:
        """Where the panel stands when it is as far aside as ``values`` have it."""
        believed = self._witness.image.geometry
        x, y = believed.panel_mm
        return replace(believed, panel_mm=(x + float(values[1]), y + float(values[2])))

    def _cells(self, edges: Edges, geometry: ImageGeometry, turned_deg: float) -> Cells:
        image = self._witness.image
        shape = (image.pixels.shape[0], image.pixels.shape[1])
        angle = self._collimator_deg + turned_deg
        travel = self._strips.travel
        return Cells(geometry, shape, angle, travel, _region(edges, self._jaws_move))

    def _images(
        self, predicted: Float32Array, geometry: ImageGeometry, cells: Cells, cu: FloatArray
    ) -> Sequence[FloatArray]:
        """The change with dose, with the panel's place (x, y) and with the collimator's angle."""
        scale = geometry.sad_mm / geometry.sid_mm
        by_column, by_row = gradients(predicted)
        by_column /= np.float32(geometry.pitch_mm[1])
        by_row /= np.float32(-geometry.pitch_mm[0])
        x, y = isocentre_places(geometry, (predicted.shape[0], predicted.shape[1]))
        x32, y32 = x.astype(np.float32)[np.newaxis, :], y.astype(np.float32)[:, np.newaxis]
        turning = (y32 * by_column - x32 * by_row) * np.float32(np.pi / 180.0 / scale)
        return (cu, cells.mean(by_column), cells.mean(by_row), cells.mean(turning))


def _region(edges: Edges, jaws_move: bool) -> Region:
    """The field with a margin, as far as what leaves leak goes where jaws end that."""
    start = np.maximum(edges.boundaries[:-1], edges.across[:, :1])
    stop = np.minimum(edges.boundaries[1:], edges.across[:, 1:])
    is_open = (edges.high > edges.low) & (stop > start)
    if not is_open.any():
        return Region((0.0, 0.0), (0.0, 0.0))
    low, high = float(edges.low[is_open].min()), float(edges.high[is_open].max())
    if jaws_move:
        low, high = min(low, float(edges.along.min())), max(high, float(edges.along.max()))
    return Region(
        (low - _MARGIN_MM, high + _MARGIN_MM),
        (float(start[is_open].min()) - _MARGIN_MM, float(stop[is_open].max()) + _MARGIN_MM),
    )
