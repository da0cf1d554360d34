"""Couch controllers that misbehave: each overrides one thing of a sound one."""

from simulators.couch.jog import Point
from simulators.couch.machine import CouchDrive, CouchState
from simulators.couch.session import CouchSession
from simulators.saboteurs.garbage import GARBAGE


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

    def reaches(self, _axis: str, _position: float, /) -> bool:
        """Always."""
        return True

    def advance(self, t_ns: int) -> int | None:
        """No limit switch either."""
        super().advance(t_ns)
        if self.state is CouchState.ALARM:
            self.unlock()
        return None


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
