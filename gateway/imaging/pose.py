"""Where panel and source stand at a gantry angle, as shifts and a scale of what is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.optics import Harmonic
from gateway.domain.units import FloatArray
from gateway.imaging.phantom import View


@dataclass(frozen=True, slots=True)
class Poses:
    """For ``k`` exposures, in mm at the isocentre plane.

    ``shift_mm`` (k, 2) and ``scale`` (k,) bring what leaves and jaws shape to the panel's pixels;
    ``jaws_mm`` (k, 4) is where the jaws' shadow lies beside the leaves', as limits have it.
    ``inverse_square`` (k,) is the dose of a panel that stands deeper or higher.
    """

    shift_mm: FloatArray
    scale: FloatArray
    jaws_mm: FloatArray
    inverse_square: FloatArray


class PanelPose:
    """The sag of one machine's source and panel, and a ``shift_mm`` of the panel that is constant.

    The sag of the source moves each device's shadow by what that device's distance makes of it;
    of several layers of leaves, all move as the first.
    """

    def __init__(
        self, machine: MachineModel, panel: PanelModel, shift_mm: tuple[float, float]
    ) -> None:
        self._panel = panel
        self._sad_mm = machine.sad_mm
        self._shift_mm = np.array(shift_mm)
        self._source = machine.optics.sag
        leaves = [mlc.source_distance_mm for mlc in machine.mlcs.values()]
        self._leaves = 1.0 / leaves[0] if leaves and leaves[0] is not None else None
        self._jaws = {
            name: 1.0 / distance for name, distance in machine.optics.jaw_distance_mm.items()
        }

    @property
    def turns(self) -> bool:
        """Whether anything depends on the gantry angle."""
        return not (self._panel.sag.is_none and self._source.is_none)

    def at(self, gantry_deg: FloatArray, collimator_deg: FloatArray, travel: str) -> Poses:
        """The poses of ``k`` exposures; ``travel`` is the leaves' axis."""
        size = gantry_deg.size
        panel, sad, nominal = self._panel, self._sad_mm, self._panel.sid_mm
        if not self.turns:
            shift = np.tile(-self._shift_mm * sad / nominal, (size, 1))
            return Poses(shift, np.ones(size), np.zeros((size, 4)), np.ones(size))
        sag = _along(gantry_deg)
        stands = np.column_stack((sag(panel.sag.x), sag(panel.sag.y))) + self._shift_mm
        sid = nominal + sag(panel.sag.distance)
        source = np.column_stack((sag(self._source.x), sag(self._source.y)))
        reference = 1.0 / sad if self._leaves is None else self._leaves
        shadow = -source * (sid * reference - 1.0)[:, np.newaxis]
        return Poses(
            (shadow - stands) * sad / nominal,
            sid / nominal,
            self._jaws_beside(source, reference, collimator_deg, travel),
            (nominal / sid) ** 2,
        )

    def view(self, gantry_deg: float, couch_deg: float) -> View:
        """From where the panel sees what stands in the beam."""
        sag, source = self._panel.sag, self._source
        aside, along = self._shift_mm
        return View(
            gantry_deg,
            couch_deg,
            (source.x.at(gantry_deg), source.y.at(gantry_deg)),
            (float(aside) + sag.x.at(gantry_deg), float(along) + sag.y.at(gantry_deg)),
            self._panel.sid_mm + sag.distance.at(gantry_deg),
            self._sad_mm,
        )

    def _jaws_beside(
        self, source: FloatArray, reference: float, collimator_deg: FloatArray, travel: str
    ) -> FloatArray:
        angle = np.radians(collimator_deg)
        turned = {
            "X": np.cos(angle) * source[:, 0] + np.sin(angle) * source[:, 1],
            "Y": -np.sin(angle) * source[:, 0] + np.cos(angle) * source[:, 1],
        }
        beside = {
            name: -self._sad_mm * (self._jaws.get(name, reference) - reference) * moved
            for name, moved in turned.items()
        }
        along, across = beside[travel], beside["Y" if travel == "X" else "X"]
        return np.column_stack((along, along, across, across))


def _along(gantry_deg: FloatArray) -> Callable[[Harmonic], FloatArray]:
    cosine, sine = np.cos(np.radians(gantry_deg)), np.sin(np.radians(gantry_deg))

    def at(harmonic: Harmonic) -> FloatArray:
        length: FloatArray = harmonic.constant + harmonic.cosine * cosine + harmonic.sine * sine
        return length

    return at
