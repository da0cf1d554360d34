"""The fictional targets that modulated fields are shaped to, and smooth random modulation."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class Target:
    """An ellipse in the beam's-eye view at the isocentre plane (mm)."""

    half_width_mm: float
    half_height_mm: float

    def half_chord_mm(self, y: FloatArray) -> FloatArray:
        """Half of the width at ``y``, of ``y``'s shape; 0 outside."""
        inside = np.clip(1.0 - (y / self.half_height_mm) ** 2, 0.0, None)
        chord: FloatArray = self.half_width_mm * np.sqrt(inside)
        return chord


@dataclass(frozen=True, slots=True)
class SmoothField:
    """A random function of path (0 to 1) and y (mm) made of few waves, within -1 to 1.

    Layers of leaves that sample the same field shape the same aperture.
    """

    amplitude: FloatArray
    path_cycles: FloatArray
    y_cycles_per_mm: FloatArray
    phase: FloatArray

    @classmethod
    def drawn(
        cls, random: np.random.Generator, path_cycles: float, y_length_mm: float, waves: int = 6
    ) -> "SmoothField":
        """Waves of at most ``path_cycles`` over the path, no shorter than ``y_length_mm``."""
        amplitude = random.uniform(0.5, 1.0, waves)
        return cls(
            amplitude / amplitude.sum(),
            random.uniform(0.2, 1.0, waves) * path_cycles,
            random.uniform(-1.0, 1.0, waves) / y_length_mm,
            random.uniform(0.0, 2.0 * np.pi, waves),
        )

    def at(self, path: FloatArray, y: FloatArray) -> FloatArray:
        """Values ``(path.size, y.size)``."""
        angle = (
            2.0
            * np.pi
            * (path[:, None, None] * self.path_cycles + y[None, :, None] * self.y_cycles_per_mm)
        )
        values: FloatArray = (np.sin(angle + self.phase) * self.amplitude).sum(axis=2)
        return values
