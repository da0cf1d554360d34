"""What is known of one beam when it is reconciled."""

from dataclasses import dataclass

from gateway.domain.delivery import BeamDelivery, FrameKind, PortalFrame, ReadBack
from gateway.domain.plan import Beam
from gateway.domain.program import MachineProgram
from gateway.domain.telemetry import BeamTelemetry
from gateway.domain.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """A portal frame without its pixels, in the order of arrival."""

    kind: FrameKind
    number: int
    start_time_ns: int
    end_time_ns: int
    start_meterset_mu: float
    end_meterset_mu: float
    saturated: int

    @classmethod
    def of(cls, frame: PortalFrame) -> "FrameRecord":
        """The record of ``frame``."""
        return cls(
            frame.kind,
            frame.number,
            frame.start_time_ns,
            frame.end_time_ns,
            frame.start_meterset_mu,
            frame.end_meterset_mu,
            frame.saturated,
        )


@dataclass(frozen=True, slots=True)
class LinkIncident:
    """Something the gateway saw happen to a device's link during the beam.

    ``code`` is one of ``link-lost``, ``stale-telemetry``, ``protocol-error``; ``device`` is
    ``linac``, ``couch`` or ``imager``; ``control_point`` is where the beam stood, if known.
    """

    device: str
    code: str
    text: str
    control_point: float | None


@dataclass(frozen=True, slots=True)
class BeamEvidence:
    """Plan, program and everything that came back for one beam of one session.

    ``telemetry`` and ``delivered`` are None when the beam was never started; ``read_back`` is the
    machine's verified state before the beam, None when it never got that far. ``frames_sent`` is
    how many frames the panel says it acquired (None: no imager, or it was lost).
    """

    beam: Beam
    program: MachineProgram
    planned: Trajectory
    delivered: Trajectory | None
    telemetry: BeamTelemetry | None
    read_back: ReadBack | None
    delivery: BeamDelivery
    mu_per_pulse: float
    frames: tuple[FrameRecord, ...]
    frames_sent: int | None
    incidents: tuple[LinkIncident, ...]


@dataclass(frozen=True, slots=True)
class WitnessedBeam:
    """What each witness says of one beam. A witness that is absent is None.

    ``planned`` is what the plan says; ``telemetry`` what the machine told this gateway, ``log``
    what it wrote down by itself, from ``log_source``. ``start_meterset_mu`` and
    ``end_meterset_mu`` bound what the session was to deliver. ``mu_per_pulse`` is the machine's
    dose pulse, ``log_resolution_mu`` how finely the log counts; None: it tells shares of a dose
    that the plan's meterset was put in for.
    """

    beam: Beam
    planned: Trajectory
    telemetry: Trajectory | None
    log: Trajectory | None
    log_source: str
    start_meterset_mu: float
    end_meterset_mu: float
    mu_per_pulse: float
    log_resolution_mu: float | None
