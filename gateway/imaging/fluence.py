"""The dose that reaches the panel, pixel by pixel, in calibrated units."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.phantom import Phantom
from gateway.domain.units import FloatArray
from gateway.imaging.collimation import Collimation
from gateway.imaging.penumbra import Penumbra
from gateway.imaging.plane import strip_frames
from gateway.imaging.pose import PanelPose
from gateway.imaging.response import PanelResponse
from gateway.imaging.shadow import Shadow
from gateway.imaging.strips import Strips
from gateway.kernels.aperture import accumulate_apertures
from gateway.kernels.image import Float32Array

_EVERYWHERE = np.array([[-1e4, 1e4, -1e4, 1e4]])
"""Limits that no jaw gives, mm: beyond any panel."""


class FluenceAccumulator:
    """Sums the exposures of a frame: exact apertures with their penumbra, one blur per frame.

    One CU is the signal of 1 MU in a 100 mm x 100 mm field (isocentre plane) on the central axis.
    ``mode`` names the beam mode whose profile and head scatter are taken; without it the beam is
    level. ``jaw_transmission`` is what passes the jaws. ``panel_shift_mm`` is how far the panel
    stands aside of where its machine believes it to be, gantry axes, on the panel's plane.
    ``phantom`` is what stands in the beam.
    """

    def __init__(
        self,
        machine: MachineModel,
        panel: PanelModel,
        *,
        mode: str | None = None,
        jaw_transmission: float = 0.0,
        panel_shift_mm: tuple[float, float] = (0.0, 0.0),
        phantom: Phantom | None = None,
    ) -> None:
        self._collimation = Collimation(machine, Penumbra.of(machine, panel.sid_mm))
        self._pose = PanelPose(machine, panel, panel_shift_mm)
        optics = machine.optics.mode(mode)
        self._head_scatter = optics.head_scatter
        self._jaw_transmission = jaw_transmission
        self._response = PanelResponse(
            machine,
            panel,
            profile=optics.profile,
            source_blur_mm=self._collimation.penumbra.blur_mm,
            apart=phantom is not None,
            shift_mm=panel_shift_mm,
        )
        self._size = machine.layout.size
        self._buffer = self._response.buffer()
        self._shadow: Shadow | None = None
        if phantom is not None:
            self._shadow = Shadow(phantom, machine, panel, self._response, self._pose)

    @property
    def flood(self) -> Float32Array:
        """What the calibrated image has been divided by, (rows, columns), 1 on the axis."""
        return self._response.flood

    def add(self, positions: FloatArray, meterset_mu: FloatArray) -> None:
        """Expose: ``positions`` (k, layout.size) with ``meterset_mu`` (k,) MU given at each.

        Consecutive rows that shape the beam alike are drawn once. Raises ValueError for wrong
        shapes, for positions that are not finite and for a meterset that is not, or negative.
        """
        if positions.ndim != 2 or positions.shape != (meterset_mu.size, self._size):
            raise ValueError(
                f"positions {positions.shape} and meterset {meterset_mu.shape} do not fit "
                f"a layout of {self._size} positions"
            )
        if not (np.isfinite(meterset_mu) & (meterset_mu >= 0.0)).all():
            raise ValueError("a meterset is negative or not finite")
        if not np.isfinite(positions).all():
            raise ValueError("a position is not finite")
        given = meterset_mu > 0.0
        if not given.any():
            return
        positions, meterset_mu = positions[given], meterset_mu[given]
        turning = self._pose.turns or self._shadow is not None
        also = (Axis.GANTRY, Axis.COUCH_ROTATION) if turning else ()
        first = np.flatnonzero(self._collimation.shape_changes(positions, also))
        positions, meterset_mu = positions[first], np.add.reduceat(meterset_mu, first)
        if self._shadow is None:
            self._draw(positions, meterset_mu)
            return
        gantry = self._collimation.scalar(Axis.GANTRY, positions)
        couch = self._collimation.scalar(Axis.COUCH_ROTATION, positions)
        for part in self._shadow.parts(gantry, couch):
            self._shadow.turn(float(gantry[part.start]), float(couch[part.start]), self._buffer)
            self._draw(positions[part], meterset_mu[part])

    def take(self) -> Float32Array:
        """The image (rows, columns) in CU of all that was added since the last take."""
        if self._shadow is None:
            return self._response.image(self._response.before_the_panel(self._buffer))
        return self._response.image(self._shadow.take(self._buffer))

    def clear(self) -> None:
        """Forget all that was added since the last take."""
        self._buffer[:] = 0.0
        if self._shadow is not None:
            self._shadow.clear()

    def _draw(self, positions: FloatArray, meterset_mu: FloatArray) -> None:
        collimation, travel = self._collimation, self._collimation.travel
        angles = collimation.collimator_deg(positions)
        poses = self._pose.at(collimation.scalar(Axis.GANTRY, positions), angles, travel)
        frames = strip_frames(self._response.grid, angles, travel, poses.shift_mm, poses.scale)
        cu = meterset_mu * poses.inverse_square * self._head_scatter_of(positions)
        penumbra = collimation.penumbra
        layers = collimation.layers(positions, 0)
        for part, weight in enumerate(penumbra.weights):
            limits = collimation.limits(positions, part) + poses.jaws_mm
            if part > 0 and not penumbra.has_the_leaves_of(part, part - 1):
                layers = collimation.layers(positions, part)
            leaks = self._jaw_transmission
            for layer in layers:
                self._add(layer.strips, limits, frames, cu * ((layer.share - leaks) * weight))
                leaks = 0.0
        if self._jaw_transmission > 0.0:
            everywhere = np.repeat(_EVERYWHERE, cu.size, axis=0)
            nothing = Strips.unlimited(cu.size)
            self._add(nothing, everywhere, frames, cu * self._jaw_transmission)

    def _add(
        self, strips: Strips, limits: FloatArray, frames: FloatArray, weights: FloatArray
    ) -> None:
        accumulate_apertures(
            self._buffer,
            strips.boundaries,
            np.ascontiguousarray(strips.low),
            np.ascontiguousarray(strips.high),
            limits,
            frames,
            weights,
        )

    def _head_scatter_of(self, positions: FloatArray) -> FloatArray | float:
        """The head scatter of each exposure's field: 4 area / perimeter is its equivalent side."""
        curve = self._head_scatter
        if curve.is_level:
            return 1.0
        along, across = self._collimation.field_mm(positions)
        side = 2.0 * along * across / np.maximum(along + across, 1e-9)
        factors: FloatArray = np.interp(side, curve.places, curve.values)
        return factors
