"""A phantom between the machine and the panel: the beam of each angle by what comes through."""

from collections.abc import Iterator

import numpy as np

from gateway.domain.geometry import PixelGrid
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.phantom import Phantom
from gateway.domain.units import FloatArray
from gateway.imaging.penumbra import source_blur_mm
from gateway.imaging.phantom import transmission
from gateway.imaging.pose import PanelPose
from gateway.imaging.response import PanelResponse, gaussian_taps
from gateway.kernels.image import Float32Array, blurred

_STEP_DEG = 0.5
"""Exposures at angles closer than this are seen from the first of them: 0.09 mm of a ball bearing
10 mm from the isocentre, in a turning beam."""


class Shadow:
    """The beam that has come through the phantom so far, and the angles of what is being drawn.

    The phantom is blurred by the source as far as what lies at the isocentre is.
    """

    def __init__(
        self,
        phantom: Phantom,
        machine: MachineModel,
        panel: PanelModel,
        response: PanelResponse,
        pose: PanelPose,
    ) -> None:
        self._phantom = phantom
        self._response = response
        self._pose = pose
        sigma = source_blur_mm(machine, machine.sad_mm, panel.sid_mm)
        self._taps = gaussian_taps(sigma / panel.pitch_mm)
        between, margin = response.between, 2 * (self._taps.size - 1)
        self._grid = PixelGrid(between.rows + margin, between.columns + margin, panel.pitch_mm)
        self._angles: tuple[float, float] | None = None
        self._through: Float32Array | None = None
        self._sum = np.zeros((between.rows, between.columns), np.float32)

    def parts(self, gantry_deg: FloatArray, couch_deg: FloatArray) -> Iterator[slice]:
        """Successive exposures that are seen from one angle."""
        start = 0
        for place in range(1, gantry_deg.size + 1):
            if place == gantry_deg.size or (
                max(
                    abs(float(gantry_deg[place] - gantry_deg[start])),
                    abs(float(couch_deg[place] - couch_deg[start])),
                )
                >= _STEP_DEG
            ):
                yield slice(start, place)
                start = place

    def turn(self, gantry_deg: float, couch_deg: float, buffer: FloatArray) -> None:
        """What is drawn from now on is seen from here; what was drawn before is let through."""
        angles = (gantry_deg, couch_deg)
        if self._angles is not None:
            turned = max(abs(one - other) for one, other in zip(angles, self._angles, strict=True))
            if turned < _STEP_DEG and self._through is not None:
                return
            self._let_through(buffer)
        view = self._pose.view(gantry_deg, couch_deg)
        self._through = blurred(transmission(self._phantom, self._grid, view), self._taps)
        self._angles = angles

    def take(self, buffer: FloatArray) -> Float32Array:
        """The beam that reaches the panel, since the last take."""
        self._let_through(buffer)
        beam, self._sum = self._sum, np.zeros_like(self._sum)
        return beam

    def clear(self) -> None:
        """Forget it."""
        self._sum[:] = 0.0

    def _let_through(self, buffer: FloatArray) -> None:
        if self._through is None:
            return
        beam = self._response.before_the_panel(buffer)
        beam *= self._through
        self._sum += beam
