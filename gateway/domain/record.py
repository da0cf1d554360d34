"""What a treatment record and its images are written from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.delivery import BeamDelivery, MachineIdentity, PanelIdentity, PortalFrame
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.trajectory import Trajectory
from gateway.domain.worklist import Verification


@dataclass(frozen=True, slots=True)
class RecordContext:
    """The delivery that objects belong to.

    ``uid(purpose)`` gives the UID of a purpose ("record", "image-series", "image:3", ...), always
    the same for the same delivery. ``started_ns`` and ``written_ns`` are nanoseconds since the
    epoch, UTC; DICOM dates and times derive from them and from nothing else.
    """

    plan: TreatmentPlan
    delivery_id: str
    fraction_number: int
    machine: MachineIdentity
    machine_name: str
    panel: PanelIdentity | None
    sad_mm: float
    operators: tuple[str, ...]
    uid: Callable[[str], str]
    started_ns: int
    written_ns: int
    software_version: str


@dataclass(frozen=True, slots=True)
class RecordedBeam:
    """One beam of the session with what was measured of it.

    ``delivered`` is None when the beam was never on. ``continuation`` is true when this session
    continued an earlier partial delivery of the beam. ``verification`` is what an external system
    said of it, None where none was asked.
    """

    beam: Beam
    delivery: BeamDelivery
    delivered: Trajectory | None
    frames: Sequence[PortalFrame]
    continuation: bool
    verification: Verification | None = None
