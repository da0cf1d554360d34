"""What faults may lay their hands on."""

from typing import Protocol

from simulators.linac.messages import Event


class Site(Protocol):
    """A simulated room as a saboteur sees it."""

    def kill_link(self, device: str) -> None:
        """Cut the device's connections, now and for good."""
        ...

    def mute_telemetry(self) -> None:
        """Send no more telemetry of the linac."""
        ...

    def babble(self, device: str, data: bytes) -> None:
        """Send bytes that no one asked for on the device's connections."""
        ...

    def creep_couch(self, wire_axis: str, distance_mm: float) -> None:
        """Move the couch under its drive, along an axis of its controller."""
        ...

    def open_door(self) -> list[Event]:
        """Open the treatment room's door."""
        ...

    def press_emergency_stop(self) -> list[Event]:
        """Press it."""
        ...
