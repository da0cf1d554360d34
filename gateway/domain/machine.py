"""What a machine, a couch and a portal imager can do: the data of ``config/``, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.axes import JAW_DEVICES, Axis, AxisLayout
from gateway.domain.optics import (
    NO_GHOSTING,
    NO_SAG,
    BeamOptics,
    Ghosting,
    LagTerm,
    Sag,
    ScatterTail,
)
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class AxisLimits:
    """Range, speed and acceleration of one axis (mm or degree, per second)."""

    minimum: float
    maximum: float
    speed: float
    acceleration: float


@dataclass(frozen=True, slots=True)
class MlcModel:
    """One layer of leaves. ``boundaries_mm`` has pairs + 1 values at the isocentre plane.

    ``minimum`` and ``maximum`` are the travel of a leaf as seen from its own side: the positive
    bank moves in [-overtravel_mm, retract_mm], the negative bank mirrored. ``span_mm`` is the
    farthest that leaves of one bank may be apart (None: no limit). ``minimum_gap_mm`` holds for
    moving pairs only. ``source_distance_mm`` is from the source to the middle of the leaves (None:
    not known). ``tongue_mm`` is how far a leaf's side reaches into the gap beside it.
    """

    type: str
    boundaries_mm: FloatArray
    speed: float
    acceleration: float
    retract_mm: float
    overtravel_mm: float
    span_mm: float | None
    minimum_gap_mm: float
    interdigitation: bool
    transmission: float
    tip_radius_mm: float
    dosimetric_leaf_gap_mm: float
    source_distance_mm: float | None = None
    tongue_mm: float = 0.0

    @property
    def pairs(self) -> int:
        """Number of leaf pairs."""
        return int(self.boundaries_mm.size) - 1


@dataclass(frozen=True, slots=True)
class BeamMode:
    """An energy the machine offers, e.g. ``6X``, ``6FFF``, ``9E``.

    ``nominal_energy`` in MV (photons) or MeV (electrons); ``fluence_mode`` is the DICOM Fluence
    Mode with FFF as ``NON_STANDARD``.
    """

    name: str
    radiation_type: str
    nominal_energy: float
    fluence_mode: str
    maximum_dose_rate_mu_per_min: float


@dataclass(frozen=True, slots=True)
class ServoModel:
    """How the simulated machine follows its program. Used by simulators only."""

    time_constant_s: float
    position_noise_mm: float
    encoder_step_mm: float
    leaf_hold_tolerance_mm: float
    jaw_hold_tolerance_mm: float
    angle_hold_tolerance_deg: float


@dataclass(frozen=True, slots=True)
class TrajectoryLogModel:
    """The trajectory log a machine leaves of every beam, by the numbers that stand in the file.

    ``scale`` is 1 (machine) or 2 (modified IEC 61217), ``mlc_model`` 2 (NDS120) or 3 (NDS120HD).
    """

    version: str
    scale: int
    mlc_model: int


@dataclass(frozen=True, slots=True)
class MachineModel:
    """A linac. ``axes`` has no couch translations: those belong to :class:`CouchModel`.

    ``jaw_types`` are the jaw device types a plan may use; ``fixed_jaws`` whether they cannot
    move (Halcyon). ``provenance`` maps each configured value's dotted name to where it is from.
    ``trajectory_log`` is None for a machine that leaves none.
    """

    name: str
    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    sad_mm: float
    axes: Mapping[Axis, AxisLimits]
    jaw_types: tuple[str, ...]
    fixed_jaws: bool
    mlcs: Mapping[str, MlcModel]
    beam_modes: tuple[BeamMode, ...]
    minimum_dose_rate_mu_per_min: float
    mu_per_pulse: float
    sample_period_s: float
    servo: ServoModel
    optics: BeamOptics = field(default_factory=BeamOptics)
    provenance: Mapping[str, str] = field(default_factory=dict)
    trajectory_log: TrajectoryLogModel | None = None

    @property
    def layout(self) -> AxisLayout:
        """The order of positions in this machine's samples."""
        return AxisLayout(
            tuple(axis for axis in Axis if axis in self.axes),
            tuple((mlc.type, mlc.pairs) for mlc in self.mlcs.values()),
        )

    @property
    def jaw_axes(self) -> tuple[Axis, ...]:
        """The jaw axes that exist here."""
        return tuple(axis for kind in self.jaw_types for axis in JAW_DEVICES[kind])


@dataclass(frozen=True, slots=True)
class CouchModel:
    """The three linear drives of the couch; axes are COUCH_TRANSLATIONS."""

    name: str
    axes: Mapping[Axis, AxisLimits]
    poll_period_s: float
    staleness_s: float


@dataclass(frozen=True, slots=True)
class PanelModel:
    """A portal imager. ``pitch_mm`` is the pixel pitch at the detector surface.

    Its kernel is a Gaussian of ``blur_sigma_mm`` and the tails of ``scatter``, their shares and the
    Gaussian's adding up to 1. ``lag`` is by readouts. ``row_readout`` is the part of a frame's time
    in which its rows are read one after another (0: between the pulses). ``sag`` is where the
    panel's centre stands beside (0, 0) at ``sid_mm``.
    """

    name: str
    manufacturer: str
    model_name: str
    serial_number: str
    rows: int
    columns: int
    pitch_mm: float
    sid_mm: float
    blur_sigma_mm: float
    quanta_per_cu: float
    electronic_noise_counts: float
    dark_counts: float
    bits: int
    maximum_frame_rate_hz: float
    scatter: tuple[ScatterTail, ...] = ()
    lag: tuple[LagTerm, ...] = ()
    ghosting: Ghosting = NO_GHOSTING
    dead_pixel_share: float = 0.0
    row_readout: float = 0.0
    sag: Sag = NO_SAG
