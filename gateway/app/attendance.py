"""Who is beside a delivery while it runs."""

from dataclasses import dataclass, field

from gateway.app.control import Control, unasked
from gateway.ports.observer import Observer, Unobserved


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who watches, and by what its operators hold, resume and abort."""

    observer: Observer = field(default_factory=Unobserved)
    control: Control = field(default_factory=unasked)
