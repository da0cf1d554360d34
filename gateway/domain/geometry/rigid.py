"""Rotations and rigid transforms of points in space."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray, frozen


def rotation_x(angle_deg: float) -> FloatArray:
    """Right-handed rotation about x, (3, 3)."""
    cosine, sine = _turn(angle_deg)
    return frozen([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])


def rotation_y(angle_deg: float) -> FloatArray:
    """Right-handed rotation about y, (3, 3)."""
    cosine, sine = _turn(angle_deg)
    return frozen([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])


def rotation_z(angle_deg: float) -> FloatArray:
    """Right-handed rotation about z, (3, 3)."""
    cosine, sine = _turn(angle_deg)
    return frozen([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _turn(angle_deg: float) -> tuple[float, float]:
    angle = np.radians(angle_deg)
    return float(np.cos(angle)), float(np.sin(angle))


@dataclass(frozen=True, slots=True)
class Rigid:
    """Coordinates of one system expressed in another: ``rotation @ p + translation``.

    ``rotation`` is (3, 3) and orthonormal, ``translation`` (3,) mm: where the inner system's
    origin lies in the outer one.
    """

    rotation: FloatArray
    translation: FloatArray

    @classmethod
    def turned(cls, rotation: FloatArray) -> "Rigid":
        """About a shared origin."""
        return cls(rotation, frozen(np.zeros(3)))

    @classmethod
    def moved(cls, x: float, y: float, z: float) -> "Rigid":
        """Parallel axes, the inner origin at (x, y, z) mm."""
        return cls(frozen(np.eye(3)), frozen([x, y, z]))

    @property
    def inverse(self) -> "Rigid":
        """The way back."""
        back = self.rotation.T
        return Rigid(frozen(back), frozen(-back @ self.translation))

    @property
    def matrix(self) -> FloatArray:
        """The homogeneous (4, 4) matrix."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.translation
        return matrix

    def __call__(self, points_mm: FloatArray) -> FloatArray:
        """``points_mm`` (..., 3) in the outer system."""
        return points_mm @ self.rotation.T + self.translation

    def __matmul__(self, inner: "Rigid") -> "Rigid":
        """First ``inner``, then this."""
        return Rigid(
            frozen(self.rotation @ inner.rotation),
            frozen(self.rotation @ inner.translation + self.translation),
        )
