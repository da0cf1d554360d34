"""Couch controllers that misbehave: each overrides one thing of a sound one."""

from collections.abc import Mapping

from gateway.domain.axes import Axis
from gateway.domain.machine import CouchModel
from gateway.domain.room import CouchAxisMap
from simulators.couch.jog import Point
from simulators.couch.machine import CouchDrive, CouchState
from simulators.couch.session import CouchSession
from simulators.saboteurs.garbage import GARBAGE

_FAR_MM = 1e6


class CouchIgnoresStop(CouchDrive):
    """Jog cancel does nothing."""

    def cancel(self) -> None:
        """Nothing."""


class CouchLiesIdle(CouchSession):
    """Every report says Idle."""

    def report(self, _state: CouchState, position: Point, speed: float, /) -> bytes:
        """Idle."""
        return super().report(CouchState.IDLE, position, speed)


class CouchLeavesTravel(CouchDrive):
    """Targets outside the travel are taken."""

    def __init__(
        self, couch: CouchModel, axes: Mapping[Axis, CouchAxisMap], position: Point | None
    ) -> None:
        super().__init__(couch, axes, position)
        self.travel = dict.fromkeys(self.travel, (-_FAR_MM, _FAR_MM))


class BabblingCouch(CouchSession):
    """Every answer is followed by bytes that mean nothing."""

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """Garbage after what is right."""
        return super().receive(data, t_ns) + GARBAGE


class SilentCouch(CouchSession):
    """Nothing is ever answered."""

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """Carried out, not answered."""
        super().receive(data, t_ns)
        return b""
