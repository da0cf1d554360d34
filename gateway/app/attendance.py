"""Who is beside a delivery while it runs."""

from dataclasses import dataclass, field

from gateway.ports.observer import Observer, Unobserved


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who watches."""

    observer: Observer = field(default_factory=Unobserved)
